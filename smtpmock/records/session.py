"""What is recorded of a connection: a session, as it grows and as it is read."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from smtpmock.records.exchange import NOTHING_NEGOTIATED

if TYPE_CHECKING:
    from smtpmock.conformance.catalogue import Violation
    from smtpmock.messages.message import Record
    from smtpmock.records.exchange import Exchange, Origin


class SessionLog:
    """A session while it is recorded.

    Args:
        origin: Where its messages come from.

    Attributes:
        origin: Where its messages come from.
        exchanges: What was said so far.
        records: Its records that appeared in the inbox.
        ended: When it ended, in seconds since the epoch; None while it goes on.
        forgotten: How many exchanges had to go because of a bound.
        noted: What the client did wrong that the exchanges do not show: codes of violations, and to what they belong.
        negotiated: What was negotiated.
    """

    __slots__ = ("ended", "exchanges", "forgotten", "negotiated", "noted", "origin", "records")

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.exchanges: list[Exchange] = []
        self.noted: tuple[tuple[str, Exchange | None], ...] = ()
        self.negotiated = NOTHING_NEGOTIATED
        self.records: list[Record] = []
        self.ended: float | None = None
        self.forgotten = 0

    def note(self, code: str, exchange: Exchange | None = None) -> None:
        """Notes a violation, the first of each kind."""
        if not any(noted == code for noted, _ in self.noted):
            self.noted += ((code, exchange),)


class Session:
    """A connection from its acceptance to its end, or as far as it has come.

    Attributes:
        id: The number of the session, counted from 1 for each server.
        client: The client's address.
        client_port: The client's port.
        started_at: When the connection was accepted (UTC).
        ended_at: When it ended (UTC); None while it goes on.
        exchanges: All commands and replies, the greeting first.
        messages: The records of the session that are in the inbox.
        extensions: The extensions that were announced to the client.
        tls: What TLS agreed on; None without TLS.
        tls_error: Why the TLS handshake failed; "" if it did not.
        user: Who has logged in; "" if nobody has.
        attempts: The attempts to log in.
    """

    __slots__ = (
        "_noted",
        "attempts",
        "client",
        "client_port",
        "ended_at",
        "exchanges",
        "extensions",
        "id",
        "messages",
        "started_at",
        "tls",
        "tls_error",
        "user",
    )

    id: int
    client: str
    client_port: int

    def __init__(self, log: SessionLog) -> None:
        self.id = log.origin.session_id
        self.client = log.origin.client
        self.client_port = log.origin.client_port
        self.started_at = datetime.fromtimestamp(log.origin.started, timezone.utc)
        self.ended_at = None if log.ended is None else datetime.fromtimestamp(log.ended, timezone.utc)
        self.exchanges = tuple(log.exchanges)
        self._noted = log.noted
        self.extensions, self.tls, self.tls_error, self.user, self.attempts = log.negotiated
        shown = [record.message for record in tuple(log.records) if not record.gone]
        self.messages = tuple(message for message in shown if message is not None)

    def transcript(self) -> str:
        """The dialogue with its times, as text: C: for the client, S: for the server; see `report.transcript`."""
        from smtpmock.reports.explanation import transcript

        return transcript(self)

    def html(self) -> str:
        """The dialogue as a fragment of HTML that needs nothing from elsewhere; what a client sent is escaped in it."""
        from smtpmock.reports.html import sessions_shown

        return sessions_shown([self])

    @property
    def violations(self) -> tuple[Violation, ...]:
        """What the client did wrong though the server put up with it, its messages aside; see docs/violations.md."""
        from smtpmock.conformance.conversation import conduct

        return tuple(conduct(self.exchanges, self._noted))

    @property
    def helo_name(self) -> str:
        """The name that the client gave in its last accepted HELO or EHLO; "" if there is none."""
        said = (exchange for exchange in reversed(self.exchanges) if exchange.stage in ("HELO", "EHLO"))
        return next((exchange.request[5:] for exchange in said if exchange.accepted), "")

    def __repr__(self) -> str:
        state = "going on" if self.ended_at is None else "ended"
        return f"<Session {self.id} from {self.client}, {len(self.exchanges)} exchanges, {state}>"
