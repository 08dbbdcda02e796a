"""Reading the mail and the sessions of a server, and removing them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from smtpmock.errors import QueryError
from smtpmock.mailbox.explaining import Explaining, as_messages, as_sessions
from smtpmock.queries.query import Query, SessionQuery
from smtpmock.text import invalid

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from pathlib import Path

    from typing_extensions import Unpack

    from smtpmock.messages.message import Message
    from smtpmock.messages.session import Session
    from smtpmock.queries.query import Mark
    from smtpmock.queries.words import QueryWords, SessionWords
    from smtpmock.records.change import Change
    from smtpmock.stores.base import Tally

_LONGEST_TAG = 200

_LONGEST_NAME = 60  # characters of a subject in the name of a file


class Reading(Explaining):
    """The part of a mailbox that returns what is there, at once."""

    def __len__(self) -> int:
        """Return the number of accepted messages."""
        return self._backend.page(Query({}), 0, 1)[1]

    def messages(self, **query: Unpack[QueryWords]) -> list[Message]:
        """Return the accepted messages that match, in order of arrival.

        Args:
            **query: Criteria, as listed at https://smtpmock.github.io/smtpmock/queries/. `accepted=None` includes
                attempts that failed.

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

    def page(
        self, after: int = 0, limit: int = 50, before: int | None = None, **query: Unpack[QueryWords]
    ) -> tuple[list[Message], int]:
        """Return a part of the accepted messages that match, in order of arrival, and the number of all that match.

        Args:
            after: The number of the message after which the part begins.
            limit: The most messages to return.
            before: The number of the message before which the part ends: it then has the last ones; None for the first.
            **query: Criteria, as listed at https://smtpmock.github.io/smtpmock/queries/.

        Raises:
            QueryError: If a criterion is unknown or its value is invalid.

        Example:
            >>> from smtplib import SMTP
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
            ...     for subject in ("first", "second", "third"):
            ...         _ = client.sendmail("a@example.com", "b@example.com", f"Subject: {subject}")
            ...     messages, total = mock.page(after=1, limit=1)
            >>> [message.subject for message in messages], total
            (['second'], 3)
        """
        found, total = self._backend.page(Query(query), after, limit, before)
        return as_messages(found), total

    def tally(self) -> Tally:
        """Return the numbers of accepted messages and of unread ones, and the tags of all.

        Example:
            >>> from smtplib import SMTP
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
            ...     for subject in ("first", "second"):
            ...         _ = client.sendmail("a@example.com", "b@example.com", f"Subject: {subject}")
            ...     _ = mock.update_messages(read=True, tags=["seen"], subject="first")
            ...     mock.tally()
            Tally(messages=2, unread=1, tags=('seen',))
        """
        return self._backend.tally()

    def message(self, **query: Unpack[QueryWords]) -> Message:
        """Return the only accepted message that matches.

        Args:
            **query: Criteria, as listed at https://smtpmock.github.io/smtpmock/queries/.

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

    def update_messages(
        self, *, read: bool | None = None, tags: Collection[str] | None = None, **query: Unpack[QueryWords]
    ) -> list[Message]:
        """Mark messages as read or unread, or replace their tags. To read them here marks nothing as read.

        Args:
            read: True to mark them as read, False to mark them as unread; None to leave that as it is.
            tags: Their tags from now on; None to leave them as they are.
            **query: Criteria, as listed at https://smtpmock.github.io/smtpmock/queries/; without any, all accepted
                messages.

        Returns:
            The messages that match, as they are now.

        Raises:
            QueryError: If a value or a criterion is invalid.

        Example:
            >>> from smtplib import SMTP
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
            ...     _ = client.sendmail("a@example.com", "b@example.com", "Subject: Welcome")
            ...     [message] = mock.update_messages(read=True, tags=["greeting"], subject="Welcome")
            >>> message.is_read, message.tags, len(mock.messages(search="tag:greeting is:unread"))
            (True, ('greeting',), 0)
        """
        _check_update(read, tags)
        ids = [entry.record.id for entry in self._backend.select(Query(query))]
        self._backend.update(ids, is_read=read, tags=None if tags is None else tuple(dict.fromkeys(tags)))
        return as_messages(self._backend.select(Query({"id": ids}, accepted=None)))

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

    def save_messages(self, folder: str | os.PathLike[str], **query: Unpack[QueryWords]) -> list[Path]:
        """Write the accepted messages that match to new files in a folder, such as "0001-Welcome.eml".

        The folder is created if it does not exist. The files stay in it whatever the messages contain, and no existing
        file is overwritten.

        Args:
            folder: The folder.
            **query: Criteria, as listed at https://smtpmock.github.io/smtpmock/queries/.

        Returns:
            The paths of the files, in order of arrival.

        Raises:
            OSError: If the folder or a file cannot be written.
            QueryError: If a criterion is unknown or its value is invalid.

        Example:
            >>> import tempfile
            >>> from smtplib import SMTP
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
            ...     _ = client.sendmail("a@example.com", "b@example.com", "Subject: ../Welcome?")
            ...     with tempfile.TemporaryDirectory() as folder:
            ...         [path.name for path in mock.save_messages(folder)]
            ['0001-Welcome_.eml']
        """
        from smtpmock.mail.files import safe_name, write_new

        paths = []
        for message in self.messages(**query):
            name = "".join(safe_name(message.subject[:_LONGEST_NAME], ""))
            stem = f"{message.number:04}-{name}" if name else f"{message.number:04}"
            paths.append(write_new(folder, stem, ".eml", message.raw))
        return paths

    def sessions(self, **query: Unpack[SessionWords]) -> list[Session]:
        """Return the sessions that match, open ones included, in the order in which they began.

        Args:
            **query: Criteria: `client`, `helo_name`, `id` and `since`.

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
        return as_sessions(self._backend.sessions(SessionQuery(query) if query else None))

    def session_page(
        self, after: int = 0, limit: int = 50, before: int | None = None, **query: Unpack[SessionWords]
    ) -> tuple[list[Session], int]:
        """Return a part of the sessions that match, in the order in which they began, and the number of all that match.

        Args:
            after: The number of the session after which the part begins.
            limit: The most sessions to return.
            before: The number of the session before which the part ends: it then has the last ones; None for the first.
            **query: Criteria: `client`, `helo_name`, `id` and `since`.

        Raises:
            QueryError: If a criterion is unknown or its value is invalid.

        Example:
            >>> from smtplib import SMTP
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock:
            ...     for _ in range(3):
            ...         SMTP(mock.host, mock.port).close()
            ...     first, total = mock.session_page(limit=2)
            ...     last, _ = mock.session_page(limit=1, before=first[-1].number + 2)
            >>> [session.number for session in first + last], total
            ([1, 2, 3], 3)
        """
        found, total = self._backend.session_page(SessionQuery(query), after, limit, before)
        return as_sessions(found), total

    def subscribe(self, callback: Callable[[Change], object]) -> Callable[[], None]:
        """Call a function with each change: of messages, sessions and rules.

        Args:
            callback: The function. It is called in the thread that makes the change, usually that of the servers, and
                must neither block nor raise.

        Returns:
            A function that ends this.

        Example:
            >>> from smtpmock import SMTPMock
            >>> mock, changes = SMTPMock(), []
            >>> unsubscribe = mock.subscribe(changes.append)
            >>> rule = mock.fail_next()
            >>> [(change.topic, change.action, change.ids) for change in changes]
            [('rule', 'added', ('rule-1',))]
            >>> unsubscribe()
        """
        return self._backend.subscribe(callback)

    @property
    def dropped(self) -> int:
        """The number of records that were dropped because of `max_messages`, `max_bytes` or `max_age`."""
        return self._backend.dropped


def _check_update(read: object, tags: object) -> None:
    if not (read is None or isinstance(read, bool)):
        raise QueryError(invalid("read", read, "True, False, or None for no change"))
    if tags is not None and (isinstance(tags, str) or not isinstance(tags, Collection)):
        raise QueryError(invalid("tags", tags, "a list of texts"))
    for tag in tags or ():
        if not isinstance(tag, str) or not tag.strip() or len(tag) > _LONGEST_TAG or not _is_text(tag):
            raise QueryError(invalid("tag", tag, f"a text of 1 to {_LONGEST_TAG} characters"))


def _is_text(tag: str) -> bool:
    """Return True if UTF-8 can encode it: a lone surrogate is no character."""
    return tag.isascii() or not any("\ud800" <= character <= "\udfff" for character in tag)
