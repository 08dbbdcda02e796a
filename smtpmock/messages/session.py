"""A connection, as users see it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from smtpmock.messages.message import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from typing_extensions import Self

    from smtpmock.conformance.catalogue import Violation
    from smtpmock.records.exchange import Exchange
    from smtpmock.records.session import TLS, Attempt
    from smtpmock.stores.base import SessionEntry


class Session:
    """A connection from its acceptance to its end, or to the present moment.

    Example:
        >>> from smtplib import SMTP
        >>> from smtpmock import SMTPMock
        >>> with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
        ...     _ = client.noop()
        ...     [session] = mock.sessions()
        >>> [exchange.reply for exchange in session.exchanges]
        ['220 Welcome', '250 Ok']
    """

    __slots__ = ("_entry", "_record")

    def __init__(self, entry: SessionEntry) -> None:
        self._entry = entry
        self._record = entry.record

    def __repr__(self) -> str:
        state = "open" if self.ended_at is None else "ended"
        return f"<Session {self.number} from {self.client}, {len(self.exchanges)} exchanges, {state}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Session) and self._entry == other._entry

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def id(self) -> str:
        """An opaque, URL-safe identifier that is never reused."""
        return self._record.id

    @property
    def number(self) -> int:
        """Its position among the sessions of its server, counted from 1."""
        return self._record.origin.session_number

    @property
    def client(self) -> str:
        """The client's address."""
        return self._record.origin.client

    @property
    def client_port(self) -> int:
        """The client's port."""
        return self._record.origin.client_port

    @property
    def started_at(self) -> datetime:
        """The time at which the connection was accepted (UTC)."""
        return datetime.fromtimestamp(self._record.origin.started, timezone.utc)

    @property
    def ended_at(self) -> datetime | None:
        """The time at which it ended (UTC); None while it is open."""
        ended = self._record.ended
        return None if ended is None else datetime.fromtimestamp(ended, timezone.utc)

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """All commands and replies, beginning with the greeting."""
        return self._record.exchanges

    @property
    def messages(self) -> tuple[Message, ...]:
        """The records of the session that are in the inbox."""
        return tuple(map(Message, self._entry.entries))

    @property
    def extensions(self) -> frozenset[str]:
        """The extensions that were announced to the client."""
        return self._record.negotiated.extensions

    @property
    def tls(self) -> TLS | None:
        """The result of the TLS handshake; None without TLS."""
        return self._record.negotiated.tls

    @property
    def tls_error(self) -> str:
        """The reason why the TLS handshake failed; "" if it did not."""
        return self._record.negotiated.tls_error

    @property
    def user(self) -> str:
        """The user who has logged in; "" if nobody has."""
        return self._record.negotiated.user

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """The last 100 login attempts."""
        return self._record.negotiated.attempts

    @property
    def helo_name(self) -> str:
        """The name that the client gave in its last accepted HELO or EHLO; "" if none was accepted."""
        return self._record.helo_name

    @property
    def violations(self) -> tuple[Violation, ...]:
        """The violations by the client, except those in its messages; see https://smtpmock.github.io/smtpmock/violations/."""
        from smtpmock.conformance.conversation import session_violations

        return session_violations(self._record)

    def to_json(self) -> dict[str, Any]:
        """Return the session as what `json.dumps` takes, with all that is known of it; `from_json` makes it again.

        Example:
            >>> import json
            >>> from smtplib import SMTP
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
            ...     _ = client.noop()
            ...     [session] = mock.sessions()
            >>> Session.from_json(json.loads(json.dumps(session.to_json()))) == session
            True
        """
        from smtpmock.records.json_form import to_json

        return {"record": to_json(self._record), "messages": [message.to_json() for message in self.messages]}

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Self:
        """Return the session that `to_json` wrote.

        Args:
            written: The result of `to_json`.

        Raises:
            ValueError: If it is something else.
        """
        from smtpmock.records.json_form import from_json
        from smtpmock.records.session import SessionRecord
        from smtpmock.stores.base import SessionEntry

        try:
            record, messages = written["record"], [*written["messages"]]
        except (KeyError, TypeError):
            raise ValueError("Invalid session: expected what Session.to_json returns") from None
        entries = (Message.from_json(message)._entry for message in messages)
        return cls(SessionEntry(from_json(SessionRecord, record), tuple(entries)))

    def transcript(self) -> str:
        """Return the dialogue with timestamps as text: C: for the client, S: for the server."""
        from smtpmock.reports.transcript import transcript

        return transcript(self._entry)

    def html(self) -> str:
        """Return the dialogue as a self-contained fragment of HTML, with everything that was sent escaped."""
        from smtpmock.reports.html import render_sessions

        return render_sessions([self._entry])


def transcripts(sessions: Iterable[Session]) -> str:
    """Return the dialogues of sessions as text; of very long ones, only the end."""
    from smtpmock.reports.transcript import transcripts

    return transcripts([session._entry for session in sessions])


def sessions_html(sessions: Iterable[Session], address: str = "", *, about: Iterable[str] = ()) -> str:
    """Return the dialogues of sessions as a self-contained fragment of HTML.

    Args:
        sessions: The sessions; if there are many, only the last ones are shown.
        address: The address of the server.
        about: The ids of the sessions to expand; by default, the last one and those with refusals.
    """
    from smtpmock.reports.html import render_sessions

    return render_sessions([session._entry for session in sessions], address, about=about)
