"""The dialogue of AUTH in a session (RFC 4954): challenges, replies and records, never the credentials."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING, Any, NamedTuple

from smtpmock.protocol.auth import HIDDEN, MalformedError, decode_response, dialogue, reason
from smtpmock.records.session import Attempt
from smtpmock.rfc.replies import Reply
from smtpmock.text import readable

if TYPE_CHECKING:
    from smtpmock.protocol.auth import Claim, Dialogue
    from smtpmock.protocol.session_state import SessionState


# The registered SASL mechanisms that clients support: any other word may be a credential.
_MECHANISM = re.compile(
    "PLAIN|LOGIN|EXTERNAL|ANONYMOUS|(?:CRAM|DIGEST)-MD5|XOAUTH2?|OAUTHBEARER|NTLM|GSSAPI|GSS-SPNEGO|KERBEROS_V4|OTP"
    "|SCRAM-SHA-(?:1|256|512)(?:-PLUS)?",
    re.IGNORECASE,
)


MOST_ATTEMPTS = 100
"""The most login attempts that a session remembers; its exchanges show all."""

_VERB = re.compile(rb"[^A-Z]*A[^A-Z]*U[^A-Z]*T[^A-Z]*H", re.IGNORECASE)


class Step(NamedTuple):
    """The next step of the server in a login.

    Attributes:
        challenge: The reply that asks for a response; None at the end of the dialogue.
        refusal: The setting that refuses the login, at the end; None if it succeeds.
        failed: True if the login has failed already, although the client has yet to be told why.
    """

    challenge: Reply | None = None
    refusal: str | None = None
    failed: bool = False


class Login:
    """An attempt to log in.

    Args:
        state: The state of the session.

    Attributes:
        line: The AUTH command, as it is recorded: without credentials.
        request: The line to answer, as it is recorded.
    """

    __slots__ = ("_claim", "_dialogue", "_is_explained", "_is_noted", "_mechanism", "_state", "line", "request")

    def __init__(self, state: SessionState) -> None:
        self._state = state
        self._mechanism = ""
        self._is_noted = False
        self._is_explained = False  # True if the client was told why its claim is false
        self._dialogue: Dialogue | None = None
        self._claim: Claim | None = None
        self.line = self.request = "AUTH"

    @property
    def user(self) -> str | None:
        """The name that the client gave; None if it has not given one yet."""
        return readable(self._claim.user) if self._claim is not None else None

    def begin(self, argument: str, challenge: bytes) -> Step:
        """Answer the AUTH command.

        Args:
            argument: The text after it.
            challenge: The bytes of which a challenge is made.
        """
        mechanism, *initial = argument.split()[:3] or [""]
        self._mechanism = mechanism.upper()
        self.line = self.request = readable(mask_credentials(f"AUTH{argument}".encode("utf-8", "surrogateescape")))
        refusal = self._refusal(argument)
        if refusal is not None:
            return Step(refusal=refusal)
        response = decode_response(initial[0].encode("utf-8", "surrogateescape"), is_initial=True) if initial else None
        if initial and response is None:
            return Step(refusal="msg_invalid_auth_base64")
        self._dialogue = dialogue(self._mechanism, response, challenge)
        return self._advance(None)

    def answer(self, line: bytes) -> Step:
        """Answer a response from the client.

        Args:
            line: The line without surrounding white space.
        """
        self.request = HIDDEN
        response = decode_response(line)
        if line == b"*":
            self.request = "*"
            return Step(refusal="msg_auth_cancelled")
        if self._is_explained:
            return Step(refusal="msg_auth_failed")
        if response is None:
            return Step(refusal="msg_invalid_auth_base64")
        return self._advance(response)

    def attempt_changes(self, *, succeeded: bool) -> dict[str, Any]:
        """Return what the attempt changes in `Negotiated`, if a name was given; it is recorded once."""
        user = self.user
        if user is None:
            return {}
        attempts = self._state.negotiated.attempts[: -1 if self._is_noted else None][1 - MOST_ATTEMPTS :]
        self._is_noted = True
        attempt = Attempt(self._mechanism, user, succeeded)
        return {"attempts": (*attempts, attempt), "user": user if succeeded else ""}

    def _refusal(self, argument: str) -> str | None:
        state = self._state
        settings = state.behaviour.settings
        words = argument.split()
        if settings.require_tls and not state.is_secure:
            return "msg_tls_required"
        helo = state.transaction.helo
        if state.negotiated.user or state.transaction.is_open or helo is None or not helo.accepted:
            return "msg_invalid_cmd_auth_sequence"
        if not 1 <= len(words) <= 2:
            return "msg_invalid_cmd_auth_arg"
        if words[0].upper() not in state.behaviour.mechanisms:
            return "msg_auth_mechanism_unknown"
        if not state.behaviour.allows_auth(secure=state.is_secure):
            return "msg_auth_encryption_required"
        return None

    def _advance(self, response: bytes | None) -> Step:
        assert self._dialogue is not None
        try:
            challenge = next(self._dialogue) if response is None else self._dialogue.send(response)
        except StopIteration as done:
            return self._judge(done.value)
        except MalformedError:
            return Step(refusal="msg_invalid_auth_base64")
        return Step(_challenge(challenge))

    def _judge(self, claim: Claim) -> Step:
        self._claim = claim
        if claim.holds(self._state.behaviour.settings.auth):
            return Step()
        why = reason(self._mechanism)
        if why is None:
            return Step(refusal="msg_auth_failed")
        self._is_explained = True
        return Step(_challenge(why), failed=True)


def _challenge(text: bytes) -> Reply:
    return Reply(f"334 {b64encode(text).decode('ascii')}")


def is_login(line: bytes) -> bool:
    """Return True if a line begins with AUTH, in whatever a client that is broken puts before it and between."""
    return _VERB.match(line) is not None


def mask_credentials(line: bytes, *, is_response: bool = False) -> str:
    """Return a line that may hold credentials, as it is recorded.

    Args:
        line: The line.
        is_response: True if it may be a response to a challenge, even one that comes too late.

    Example:
        >>> mask_credentials(b"AUTH PLAIN AGJvYgBzZWNyZXQ=")
        'AUTH PLAIN (credentials)'
    """
    found = _VERB.match(line)
    if found is None:
        return HIDDEN if is_response else line.decode("utf-8", "surrogateescape")
    if found.end() == len(line):
        return line.decode("utf-8", "surrogateescape")
    if found.end() != 4:
        return f"{found[0].decode('utf-8', 'surrogateescape')} {HIDDEN}"
    text = line.decode("utf-8", "surrogateescape")
    words = text.split(" ", 2)
    if words[0].upper() != "AUTH" or not _MECHANISM.fullmatch(words[1]):  # what it is nobody knows
        return f"{text[:4]} {HIDDEN}"
    return " ".join((*words[:2], *([HIDDEN] if words[2:] else ())))
