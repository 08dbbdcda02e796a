"""Reading the mail and the sessions of a server, and removing them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpmock.mailbox.explaining import Explaining, as_messages
from smtpmock.messages.session import Session
from smtpmock.queries.query import Query, SessionQuery

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from smtpmock.messages.message import Message
    from smtpmock.queries.query import Mark
    from smtpmock.queries.words import QueryWords, SessionWords


class Reading(Explaining):
    """The part of a mailbox that returns what is there, at once."""

    def __len__(self) -> int:
        """Return the number of accepted messages."""
        return len(self._backend.select(Query({})))

    def messages(self, **query: Unpack[QueryWords]) -> list[Message]:
        """Return the accepted messages that match, in order of arrival.

        Args:
            **query: Criteria, as listed in docs/queries.md. `accepted=None` includes attempts that failed.

        Raises:
            QueryError: If a criterion is unknown or its value is invalid.

        Example:
            >>> from smtplib import SMTP
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
            ...     _ = client.sendmail("a@example.com", "b@example.com", "Subject: Welcome")
            ...     [message.sender for message in mock.messages(subject="Welcome")]
            ['a@example.com']
        """
        return as_messages(self._backend.select(Query(query)))

    def message(self, **query: Unpack[QueryWords]) -> Message:
        """Return the only accepted message that matches.

        Args:
            **query: Criteria, as listed in docs/queries.md.

        Raises:
            ExpectationError: If no message matches, or more than one does; the text shows what arrived.
            QueryError: If a criterion is unknown or its value is invalid.
            ServerStateError: If the server was never started.

        Example:
            >>> from smtplib import SMTP
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
            ...     _ = client.sendmail("a@example.com", "b@example.com", "Subject: Welcome")
            ...     mock.message(recipient="b@example.com").subject
            'Welcome'
        """
        asked = Query(query)
        self._backend.check_ran()
        return self._only(self._backend.select(asked), asked)

    def mark(self) -> Mark:
        """Return a mark for the present moment: `since=mark` selects what arrives after it.

        Example:
            >>> from smtplib import SMTP
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
            ...     _ = client.sendmail("a@example.com", "b@example.com", "Subject: before")
            ...     mark = mock.mark()
            ...     _ = client.sendmail("a@example.com", "b@example.com", "Subject: after")
            ...     [message.subject for message in mock.messages(since=mark)]
            ['after']
        """
        return self._backend.mark()

    def purge(self, **query: Unpack[QueryWords]) -> list[Message]:
        """Remove and return records, in one step; without criteria, all of them and all sessions that have ended.

        A removed record never comes back, whatever its session does next.

        Args:
            **query: Criteria for the records to remove, whatever their outcome unless `accepted` is given.

        Returns:
            The records that were removed.

        Example:
            >>> from smtplib import SMTP
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
            ...     _ = client.sendmail("a@example.com", "b@example.com", "Subject: Welcome")
            ...     len(mock.purge(subject="Welcome")), len(mock)
            (1, 0)
        """
        if query:
            return as_messages(self._backend.purge(Query(query, accepted=None)))
        self._unmet.clear()
        return as_messages(self._backend.purge())

    def messages_and_purge(self) -> list[Message]:
        """Purge everything, and return the accepted messages that were removed; see `purge`.

        Example:
            >>> from smtplib import SMTP
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
            ...     _ = client.sendmail("a@example.com", "b@example.com", "Subject: Welcome")
            ...     len(mock.messages_and_purge()), len(mock)
            (1, 0)
        """
        return [message for message in self.purge() if message.accepted]

    def sessions(self, **query: Unpack[SessionWords]) -> list[Session]:
        """Return the sessions that match, open ones included, in the order in which they began.

        Args:
            **query: Criteria: `client`, `helo_name` and `since`.

        Raises:
            QueryError: If a criterion is unknown or its value is invalid.

        Example:
            >>> from smtplib import SMTP
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock, SMTP(mock.host, mock.port, "client.example") as client:
            ...     _ = client.ehlo()
            ...     [len(session.exchanges) for session in mock.sessions(helo_name="client.example")]
            [2]
        """
        return list(map(Session, self._backend.sessions(SessionQuery(query) if query else None)))

    @property
    def dropped(self) -> int:
        """The number of records that were dropped because of `max_messages` or `max_bytes`."""
        return self._backend.dropped
