"""The stored facts about a connection: where it came from, what it negotiated, what was said in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smtpmock.records.exchange import Exchange


class Origin(NamedTuple):
    """Where a session comes from.

    Attributes:
        session_id: The id of the session: an opaque, URL-safe text.
        session_number: Its place among the sessions of the server, counted from 1.
        client: The client's address.
        client_port: The client's port.
        server: The name or address of the server, as it stands in a trace header.
        started: When the connection was accepted, in seconds since the epoch.
    """

    session_id: str
    session_number: int
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
        certificate: What the client's certificate says, as pairs; empty without one.
    """

    version: str
    cipher: str
    server_name: str = ""
    certificate: tuple[tuple[str, Any], ...] = ()

    @property
    def client_certificate(self) -> Mapping[str, Any] | None:
        """What the client's certificate says, as `ssl.SSLSocket.getpeercert` returns it; None without one."""
        return dict(self.certificate) or None


class Attempt(NamedTuple):
    """An attempt to log in.

    Attributes:
        mechanism: The mechanism.
        user: The name that was given.
        succeeded: True if it was accepted.
    """

    mechanism: str
    user: str
    succeeded: bool


class Negotiated(NamedTuple):
    """What a session has negotiated so far.

    Attributes:
        extensions: The extensions that were announced to it.
        tls: What TLS agreed on; None without TLS.
        tls_error: Why the TLS handshake failed; "" if it did not.
        user: Who has logged in; "" if nobody has.
        attempts: The last 100 attempts to log in.
    """

    extensions: frozenset[str] = frozenset()
    tls: TLS | None = None
    tls_error: str = ""
    user: str = ""
    attempts: tuple[Attempt, ...] = ()


NOTHING_NEGOTIATED = Negotiated()


class Observation(NamedTuple):
    """Something that the client did wrong and that the exchanges do not show.

    Attributes:
        code: The code of the violation.
        exchange: The number of the exchange that it belongs to; 0 if it belongs to none.
    """

    code: str
    exchange: int = 0


class Erasure(NamedTuple):
    """An accepted message that a later command of its session took out again, as in go-smtp-mock.

    Attributes:
        stage: The command: "RSET", "MAIL FROM", ...
        recipients: Whom the message was for: the first three.
        recipient_count: For how many recipients it was.
    """

    stage: str
    recipients: tuple[str, ...]
    recipient_count: int


class SessionRecord(NamedTuple):
    """A session, from its accepted connection to its end, or as far as it has come.

    Attributes:
        origin: Where it comes from.
        ended: When it ended, in seconds since the epoch; None while it goes on.
        exchanges: What was said, the greeting first.
        negotiated: What was negotiated.
        observations: What the client did wrong that the exchanges do not show.
        forgotten: How many exchanges at the beginning had to go because of a bound.
        erasures: Which accepted messages were erased by its commands: the last ones.
    """

    origin: Origin
    ended: float | None = None
    exchanges: tuple[Exchange, ...] = ()
    negotiated: Negotiated = NOTHING_NEGOTIATED
    observations: tuple[Observation, ...] = ()
    forgotten: int = 0
    erasures: tuple[Erasure, ...] = ()

    @property
    def id(self) -> str:
        """The id of the session."""
        return self.origin.session_id

    @property
    def helo_name(self) -> str:
        """The name of the last accepted HELO or EHLO; "" if there is none."""
        for exchange in reversed(self.exchanges):
            if exchange.accepted and exchange.stage in ("HELO", "EHLO"):
                return exchange.argument or ""
        return ""
