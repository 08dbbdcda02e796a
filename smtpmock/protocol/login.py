"""The dialogue of AUTH in a session (RFC 4954): what is asked, answered and recorded; never the credentials."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING

from smtpmock.protocol.auth import HIDDEN, Attempt, MalformedError, decoded, dialogue, reason
from smtpmock.protocol.commands import LOGIN
from smtpmock.records.exchange import Exchange

if TYPE_CHECKING:
    from smtpmock.protocol.auth import Claim, Dialogue
    from smtpmock.protocol.connection import Connection


# Those of the registry of SASL that clients have: another word may as well be credentials.
_MECHANISM = re.compile(
    "PLAIN|LOGIN|EXTERNAL|ANONYMOUS|(?:CRAM|DIGEST)-MD5|XOAUTH2?|OAUTHBEARER|NTLM|GSSAPI|GSS-SPNEGO|KERBEROS_V4|OTP"
    "|SCRAM-SHA-(?:1|256|512)(?:-PLUS)?",
    re.IGNORECASE,
)


class Login:
    """An attempt to log in.

    Args:
        connection: The session that it belongs to.
    """

    __slots__ = ("_claim", "_connection", "_dialogue", "_is_noted", "_mechanism", "_request")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._mechanism = ""
        self._is_noted = False
        self._request = "AUTH"
        self._dialogue: Dialogue | None = None
        self._claim: Claim | None = None  # one that does not hold, while the client is told why

    def begin(self, argument: str, challenge: bytes) -> None:
        """The client sent AUTH.

        Args:
            argument: What followed it.
            challenge: What a challenge is made of.
        """
        mechanism, *initial = argument.split()[:3] or [""]
        self._mechanism = mechanism.upper()
        self._request = shown(f"AUTH{argument}".encode("utf-8", "surrogateescape"), None)
        refusal = self._refusal(argument)
        if refusal is not None:
            self._end(refusal)
            return
        response = decoded(initial[0].encode("utf-8", "surrogateescape"), is_initial=True) if initial else None
        if initial and response is None:
            self._end("msg_invalid_auth_base64")
            return
        self._dialogue = dialogue(self._mechanism, response, challenge)
        self._advance(None)

    def answer(self, line: bytes) -> None:
        """The client sent a response.

        Args:
            line: The line without surrounding white space.
        """
        self._request = HIDDEN
        response = decoded(line)
        if line == b"*":
            self._request = "*"
            self._end("msg_auth_cancelled", self._claim)
        elif self._claim is not None:
            self._end("msg_auth_failed", self._claim)
        elif response is None:
            self._end("msg_invalid_auth_base64")
        else:
            self._advance(response)

    def _refusal(self, argument: str) -> str | None:
        connection = self._connection
        settings = connection.behaviour.settings
        words = argument.split()
        if settings.require_tls and not connection.is_secure:
            return "msg_tls_required"
        helo, mailfrom = connection.transaction.helo, connection.transaction.mailfrom
        in_transaction = mailfrom is not None and mailfrom.accepted and connection.transaction.end_of_data is None
        if connection.log.negotiated.user or in_transaction or helo is None or not helo.accepted:
            return "msg_invalid_cmd_auth_sequence"
        if not 1 <= len(words) <= 2:
            return "msg_invalid_cmd_auth_arg"
        if words[0].upper() not in connection.behaviour.mechanisms:
            return "msg_auth_mechanism_unknown"
        if not connection.behaviour.allows_auth(secure=connection.is_secure):
            return "msg_auth_encryption_required"
        return None

    def _advance(self, response: bytes | None) -> None:
        assert self._dialogue is not None
        try:
            challenge = next(self._dialogue) if response is None else self._dialogue.send(response)
        except StopIteration as done:
            self._judge(done.value)
        except MalformedError:
            self._end("msg_invalid_auth_base64")
        else:
            self._challenge(challenge)

    def _judge(self, claim: Claim) -> None:
        why = reason(self._mechanism)
        if claim.holds(self._connection.behaviour.settings.auth):
            self._end(None, claim)
        elif why is None:
            self._end("msg_auth_failed", claim)
        else:
            self._claim = claim
            self.note(succeeded=False)  # not every client waits for the end
            self._challenge(why)

    def _challenge(self, challenge: bytes) -> None:
        text = f"334 {b64encode(challenge).decode('ascii')}"
        self._connection.say(Exchange(self._request, text, self._connection.now, accepted=True, stage="AUTH"))

    def _end(self, refusal: str | None, claim: Claim | None = None) -> None:
        """Answers for good: by a rule for AUTH, or with the setting."""
        self._claim = claim
        self._connection.answer(LOGIN, self._request, refusal, claim.user if claim else None)

    def note(self, *, succeeded: bool) -> None:
        """Notes the attempt, if it came to one, and only once."""
        if self._claim is None:
            return
        attempts = self._connection.log.negotiated.attempts[: -1 if self._is_noted else None]
        self._is_noted = True
        user = self._claim.user
        attempt = Attempt(self._mechanism, user, succeeded)
        self._connection.negotiate(attempts=(*attempts, attempt), user=user if succeeded else "")


def shown(line: bytes, login: Login | None, *, is_response: bool = False) -> str:
    """A line that may hold credentials, as it is recorded.

    Args:
        line: The line.
        login: The attempt that it belongs to, if any.
        is_response: Whether it may be a response that came too late.

    Example:
        >>> shown(b"AUTH PLAIN AGJvYgBzZWNyZXQ=", None)
        'AUTH PLAIN (credentials)'
    """
    if login is not None or (is_response and line[:4].upper() != b"AUTH"):
        return HIDDEN
    text = line.decode("utf-8", "surrogateescape")
    words = text.split(" ", 2)
    if text[:4].upper() != "AUTH" or text.upper() == "AUTH":
        return text
    if words[0].upper() != "AUTH" or not _MECHANISM.fullmatch(words[1]):  # what it is nobody knows
        return f"{text[:4]} {HIDDEN}"
    return " ".join((*words[:2], *([HIDDEN] if words[2:] else ())))
