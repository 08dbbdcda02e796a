"""AUTH (RFC 4954): the mechanisms as dialogues, independent of sockets and replies.

Secrets do not leave this module: only the user, the mechanism and the outcome are recorded.
"""

from __future__ import annotations

import hmac
import json
import re
from base64 import b64decode
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    Dialogue: TypeAlias = Generator[bytes, bytes, "Claim"]
    """A dialogue, which yields challenges, takes responses and returns what the client claims."""

HIDDEN = "(credentials)"
"""The text recorded in place of credentials."""

UNNAMED = "(unnamed)"
"""The user of a token that came without a name, if nothing else tells whose it is."""

_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_GS2_HEADER = re.compile(rb"[ny],(?:a=(?P<identity>(?:[^,=\x01]|=2C|=3D)+))?,\x01")
_TELLS_WHY = ("XOAUTH2", "OAUTHBEARER")
_WHY = json.dumps({"status": "invalid_token", "schemes": "bearer"}).encode()


class Claim:
    """The identity that a client claims, and its proof."""

    __slots__ = ("_proof", "_secret", "user")

    def __init__(self, user: bytes, secret: bytes = b"", proof: Callable[[bytes], bool] | None = None) -> None:
        self.user = user.decode("utf-8", "surrogateescape")
        self._secret = secret
        self._proof = proof

    def __repr__(self) -> str:
        return f"<Claim of {self.user!r}>"

    def holds(self, accounts: Any) -> bool:
        """Return True if the claim is true; the user of a token without a name is the one it belongs to.

        Args:
            accounts: "any", a mapping of users to passwords or tokens, or a function of both.
        """
        held = self._is_true(accounts)
        self.user = self.user or UNNAMED
        return held

    def _is_true(self, accounts: Any) -> bool:
        if accounts == "any":
            return True
        secret = self._secret.decode("utf-8", "surrogateescape")
        if callable(accounts):
            return bool(accounts(self.user, secret))
        if not self.user:
            self.user = next((name for name, known in accounts.items() if self._is_proved_by(known)), "")
            return bool(self.user)
        return self.user in accounts and self._is_proved_by(accounts[self.user])

    def _is_proved_by(self, expected: Any) -> bool:
        known = str(expected).encode("utf-8", "surrogateescape")
        return self._proof(known) if self._proof is not None else hmac.compare_digest(known, self._secret)


class MalformedError(Exception):
    """A response that is invalid for the mechanism."""


def dialogue(mechanism: str, initial: bytes | None, challenge: bytes) -> Dialogue:
    """Return the dialogue of a mechanism.

    Args:
        mechanism: One of `smtpmock.rfc.extensions.MECHANISMS`.
        initial: The initial response; None if there was none.
        challenge: The bytes of which a challenge is made, different each time.
    """
    return _DIALOGUES[mechanism](initial, challenge)


def reason(mechanism: str) -> bytes | None:
    """Return the explanation of a failure that a mechanism sends, to be acknowledged; None if it sends none."""
    return _WHY if mechanism in _TELLS_WHY else None


def decode_response(response: bytes, *, is_initial: bool = False) -> bytes | None:
    """Return a response decoded; None if it is not base64 (RFC 4954 section 4: ``=`` for an empty initial response)."""
    if is_initial and response == b"=":
        return b""
    return b64decode(response) if _BASE64.fullmatch(response) else None


def _plain(initial: bytes | None, _: bytes) -> Dialogue:
    """Conduct the dialogue of PLAIN (RFC 4616)."""
    response = (yield b"") if initial is None else initial
    parts = response.split(b"\0")
    if len(parts) != 3 or not parts[1]:
        raise MalformedError
    return Claim(parts[1], parts[2])


def _login(initial: bytes | None, _: bytes) -> Dialogue:
    user = (yield b"Username:") if initial is None else initial
    if not user or b"\0" in user:  # for example, the response of another mechanism, password and all
        raise MalformedError
    return Claim(user, (yield b"Password:"))


def _cram_md5(initial: bytes | None, challenge: bytes) -> Dialogue:
    """Conduct the dialogue of CRAM-MD5 (RFC 2195)."""
    if initial is not None:
        raise MalformedError
    user, space, digest = (yield challenge).rpartition(b" ")
    if not space or not user:
        raise MalformedError
    return Claim(
        user,
        proof=lambda password: hmac.compare_digest(
            hmac.new(password, challenge, "md5").hexdigest().encode(), digest.lower()
        ),
    )


def _xoauth2(initial: bytes | None, _: bytes) -> Dialogue:
    response = (yield b"") if initial is None else initial
    fields = _fields(response)
    if not fields.get(b"user"):
        raise MalformedError
    return _bearer(fields[b"user"], fields)


def _oauthbearer(initial: bytes | None, _: bytes) -> Dialogue:
    """Conduct the dialogue of RFC 7628; the name, written as in RFC 5801 section 4, may be left to the token."""
    response = (yield b"") if initial is None else initial
    match = _GS2_HEADER.match(response)
    if match is None:
        raise MalformedError
    identity = (match["identity"] or b"").replace(b"=2C", b",").replace(b"=3D", b"=")
    return _bearer(identity, _fields(response[match.end() :]))


def _fields(response: bytes) -> Mapping[bytes, bytes]:
    pairs = (field.partition(b"=") for field in response.split(b"\x01") if field)
    return {name.lower(): value for name, _, value in pairs}


def _bearer(user: bytes, fields: Mapping[bytes, bytes]) -> Claim:
    scheme, _, token = fields.get(b"auth", b"").partition(b" ")
    if scheme.lower() != b"bearer" or not token:
        raise MalformedError
    return Claim(user, token)


_DIALOGUES: Mapping[str, Callable[[bytes | None, bytes], Dialogue]] = {
    "PLAIN": _plain,
    "LOGIN": _login,
    "CRAM-MD5": _cram_md5,
    "XOAUTH2": _xoauth2,
    "OAUTHBEARER": _oauthbearer,
}
