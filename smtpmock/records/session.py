"""The stored facts about a connection: its origin, what it negotiated, and its dialogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smtpmock.records.exchange import Exchange


class Origin(NamedTuple):
    """The origin of a session.

    Attributes:
        session_id: The id of the session: an opaque, URL-safe text.
        session_number: Its position among the sessions of the server, counted from 1.
        client: The client's address.
        client_port: The client's port.
        server: The name or address of the server, as it appears in a trace header.
        started: The time at which the connection was accepted, in seconds since the epoch.
    """

    session_id: str
    session_number: int
    client: str
    client_port: int
    server: str
    started: float


class TLS(NamedTuple):
    """The result of a TLS handshake.

    Attributes:
        version: The version of the protocol, such as "TLSv1.3".
        cipher: The name of the cipher.
        server_name: The name that the client asked for (SNI); "" if it did not.
        certificate: The fields of the client's certificate, as pairs; empty without one.
    """

    version: str
    cipher: str
    server_name: str = ""
    certificate: tuple[tuple[str, Any], ...] = ()

    @property
    def client_certificate(self) -> Mapping[str, Any] | None:
        """The client's certificate, as `ssl.SSLSocket.getpeercert` returns it; None without one."""
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
    """The facts that a session has negotiated so far.

    Attributes:
        extensions: The extensions that were announced to the client.
        tls: The result of the TLS handshake; None without TLS.
        tls_error: The reason why the TLS handshake failed; "" if it did not.
        user: The user who has logged in; "" if nobody has.
        attempts: The last 100 login attempts.
    """

    extensions: frozenset[str] = frozenset()
    tls: TLS | None = None
    tls_error: str = ""
    user: str = ""
    attempts: tuple[Attempt, ...] = ()


NOTHING_NEGOTIATED = Negotiated()


class Observation(NamedTuple):
    """A violation by the client that the exchanges do not show.

    Attributes:
        code: The code of the violation.
        exchange: The number of the exchange that it belongs to; 0 if it belongs to none.
    """

    code: str
    exchange: int = 0


class Erasure(NamedTuple):
    """An accepted message that a later command of its session erased, as in go-smtp-mock.

    Attributes:
        stage: The command: "RSET", "MAIL FROM", ...
        recipients: The first three recipients of the message.
        recipient_count: The number of its recipients.
    """

    stage: str
    recipients: tuple[str, ...]
    recipient_count: int


class SessionRecord(NamedTuple):
    """A session, from its accepted connection to its end, or to the present moment.

    Attributes:
        origin: Its origin.
        ended: The time at which it ended, in seconds since the epoch; None while it is open.
        exchanges: Its dialogue, beginning with the greeting.
        negotiated: The facts that it has negotiated.
        observations: The violations by the client that the exchanges do not show.
        forgotten: The number of exchanges at the beginning that were dropped because of a bound.
        erasures: The accepted messages that its commands erased: the last ones.
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
        """The name in the last accepted HELO or EHLO; "" if none was accepted."""
        for exchange in reversed(self.exchanges):
            if exchange.accepted and exchange.stage in ("HELO", "EHLO"):
                return exchange.argument or ""
        return ""
