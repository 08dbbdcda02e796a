"""What is recorded of a command and of a connection: the parts that records are made of."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smtpmock.protocol.auth import Attempt
    from smtpmock.rules.rule import Rule


class Exchange(NamedTuple):
    """A command and its reply.

    Attributes:
        request: The command line as it came, without surrounding white space; "" for the greeting, the end of
            data and what the server said unasked. Bytes that are not UTF-8 are surrogate escapes.
        reply: The lines of the reply, separated by line feeds.
        timestamp: When the request was read, in seconds since the epoch.
        delay: Seconds that the reply was held back.
        setting: The name of the setting whose text was answered; None where no setting has that text.
        accepted: Whether the command succeeded.
        stage: What was asked for: "connect", "EHLO", "RCPT TO", "message", …; "" for what is not a command.
        rule: The rule that decided; None where the settings did.
    """

    request: str
    reply: str
    timestamp: float
    delay: float = 0.0
    setting: str | None = None
    accepted: bool = False
    stage: str = ""
    rule: Rule | None = None

    @property
    def then(self) -> str | None:
        """What the rule did instead of a reply, or behind it: "close", "half", …; None for nothing of that kind."""
        return None if self.rule is None else self.rule.then

    @property
    def time(self) -> datetime:
        """When the request was read (UTC)."""
        return datetime.fromtimestamp(self.timestamp, timezone.utc)


class Origin(NamedTuple):
    """Where the messages of one session come from.

    Attributes:
        session_id: The number of the session, counted from 1 for each server.
        client: The client's address.
        client_port: The client's port.
        server: The name or address of the server, as it stands in a trace header.
        started: When the connection was accepted, in seconds since the epoch.
    """

    session_id: int
    client: str
    client_port: int
    server: str
    started: float


class TLS(NamedTuple):
    """What TLS agreed on.

    Attributes:
        version: The version of the protocol, as in "TLSv1.3".
        cipher: The name of the cipher.
        server_name: The name that the client asked for (SNI); "" if it did not.
        client_certificate: What the client's certificate says, as `ssl.SSLSocket.getpeercert` tells it; None without.
    """

    version: str
    cipher: str
    server_name: str
    client_certificate: Mapping[str, Any] | None


class Negotiated(NamedTuple):
    """What a session has negotiated so far.

    Attributes:
        extensions: The extensions that were announced to it.
        tls: What TLS agreed on; None without TLS.
        tls_error: Why the TLS handshake failed; "" if it did not.
        user: Who has logged in; "" if nobody has.
        attempts: The attempts to log in.
    """

    extensions: frozenset[str] = frozenset()
    tls: TLS | None = None
    tls_error: str = ""
    user: str = ""
    attempts: tuple[Attempt, ...] = ()


NOTHING_NEGOTIATED = Negotiated()
