"""The mailbox, with which tests read, wait, assert and explain. It knows a backend, but no socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpmock.conformance.catalogue import LEVELS, drop_ignored
from smtpmock.errors import ExpectationError, MessageTimeoutError, QueryError
from smtpmock.messages.message import Message
from smtpmock.messages.session import Session
from smtpmock.queries.query import Query, SessionQuery
from smtpmock.scripting import Scripting
from smtpmock.text import alternatives, pluralize

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import TypeGuard

    from typing_extensions import Unpack

    from smtpmock.backend import Backend
    from smtpmock.conformance.catalogue import Level, Violation
    from smtpmock.queries.query import Mark
    from smtpmock.queries.words import QueryWords, SessionWords
    from smtpmock.stores.base import Entry


class Mailbox(Scripting):
    """The mail that arrived, and the calls with which tests examine it.

    Every call refers to accepted mail unless `accepted=False` (failed attempts) or `accepted=None` (both) says
    otherwise.

    Args:
        backend: The backend that answers.
        timeout: The default timeout of waits, in seconds.
        ignore_violations: Codes of violations that every call ignores.
    """

    def __init__(self, backend: Backend, *, timeout: float, ignore_violations: Collection[str] = ()) -> None:
        self._backend = backend
        self._default_timeout = timeout
        self._ignored = tuple(ignore_violations)

    def __len__(self) -> int:
        """Return the number of accepted messages."""
        return len(self._backend.select(Query({})))

    def __bool__(self) -> bool:
        """Return True, even if there are no messages."""
        return True

    # Reading.

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
        return _messages(self._backend.select(Query(query)))

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
        return _messages(self._backend.purge(Query(query, accepted=None) if query else None))

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
        """The number of records that were dropped because there were more than `max_messages`."""
        return self._backend.dropped

    # Waiting. A wait removes nothing.

    def wait_for_messages(
        self, count: int = 1, timeout: float | None = None, **query: Unpack[QueryWords]
    ) -> list[Message]:
        """Wait until at least `count` accepted messages match.

        Args:
            count: The number of messages to wait for.
            timeout: The most seconds to wait; None for the setting `timeout`.
            **query: Criteria, as listed in docs/queries.md.

        Returns:
            All messages that match.

        Raises:
            MessageTimeoutError: If too few have arrived when the timeout expires; its `messages` are those that have.
            QueryError: If a criterion is unknown or its value is invalid.
            ServerStateError: If the server was never started, or is stopped during the wait.

        Example:
            >>> from smtplib import SMTP
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
            ...     _ = client.sendmail("a@example.com", "b@example.com", "Subject: Welcome")
            ...     len(mock.wait_for_messages(1, timeout=5))
            1
        """
        asked = Query(query)
        _check_count(count)
        found = self._backend.wait(asked, count, self._seconds(timeout))
        if len(found) < count:
            raise self._late(f"timeout waiting for {count} messages{_with(asked)}, got {len(found)}", asked)
        return _messages(found)

    def wait_for_messages_and_purge(self, count: int = 1, timeout: float | None = None) -> list[Message]:
        """Wait as `wait_for_messages` does, then empty the inbox; return the accepted messages that were removed.

        Raises:
            MessageTimeoutError: If too few have arrived when the timeout expires; they stay in the inbox.

        Example:
            >>> from smtplib import SMTP
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
            ...     _ = client.sendmail("a@example.com", "b@example.com", "Subject: Welcome")
            ...     len(mock.wait_for_messages_and_purge(1, timeout=5)), len(mock)
            (1, 0)
        """
        self.wait_for_messages(count, timeout)
        return self.messages_and_purge()

    def wait_for_message(self, timeout: float | None = None, **query: Unpack[QueryWords]) -> Message:
        """Wait for an accepted message that matches, and return it if no other one does.

        Args:
            timeout: The most seconds to wait; None for the setting `timeout`.
            **query: Criteria, as listed in docs/queries.md.

        Raises:
            MessageTimeoutError: If none has arrived when the timeout expires; the text shows the nearest ones.
            ExpectationError: If more than one matches.
            QueryError: If a criterion is unknown or its value is invalid.
            ServerStateError: If the server was never started, or is stopped during the wait.

        Example:
            >>> from smtplib import SMTP
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
            ...     _ = client.sendmail("a@example.com", "b@example.com", "Subject: Welcome")
            ...     mock.wait_for_message(recipient="b@example.com").subject
            'Welcome'
        """
        asked = Query(query)
        found = self._backend.wait(asked, 1, self._seconds(timeout))
        if not found:
            raise self._late(f"No message{_with(asked)} arrived within {self._seconds(timeout):g} s.", asked)
        return self._only(found, asked)

    def assert_no_message(self, within: float = 0.2, **query: Unpack[QueryWords]) -> None:
        """Make sure that no accepted message matches, now or within the given time.

        The call fails as soon as one does, and succeeds only after the whole time.

        Args:
            within: The seconds to wait.
            **query: Criteria, as listed in docs/queries.md.

        Raises:
            ExpectationError: If a message matches; the text shows it.
            QueryError: If a criterion is unknown, its value is invalid, or the time is negative: such an assertion
                    could not fail.
            ServerStateError: If the server was never started, or is stopped during the wait.

        Example:
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock:
            ...     mock.assert_no_message(within=0, recipient="bob@example.com")
        """
        asked = Query(query)
        if not _is_seconds(within) or within < 0:
            raise QueryError(f"Invalid within {within!r}: expected a number of seconds, 0 or more")
        found = self._backend.wait(asked, 1, within)
        if found:
            headline = f"{pluralize(len(found), 'message')}{_with(asked)} arrived, but none was expected."
            raise self._failed(headline, asked, found)

    def assert_message_count(self, count: int | None = None, **query: Unpack[QueryWords]) -> None:
        """Make sure that exactly `count` accepted messages match; without a count, at least one.

        Raises:
            ExpectationError: If more or fewer messages match; the text shows what arrived.
            QueryError: If the count is invalid, a criterion is unknown, or its value is invalid.
            ServerStateError: If the server was never started.

        Example:
            >>> from smtplib import SMTP
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
            ...     _ = client.sendmail("a@example.com", "b@example.com", "Subject: Welcome")
            ...     mock.assert_message_count(1, subject="Welcome")
        """
        asked = Query(query)
        if count is not None:
            _check_count(count)
        self._backend.check_ran()
        found = self._backend.select(asked)
        if len(found) == count or (found and count is None):
            return
        if count is None:
            headline = f"No message{_with(asked)} has arrived."
        else:
            wanted = pluralize(count, "message") if count else "no message"
            headline = f"Expected {wanted}{_with(asked)}, but {len(found) or 'none'} arrived."
        raise self._failed(headline, asked, found if count is not None and len(found) > count else None)

    def wait_for_session(self, timeout: float | None = None, **query: Unpack[SessionWords]) -> Session:
        """Wait until a session that matches has ended, and return the first such session.

        Args:
            timeout: The most seconds to wait; None for the setting `timeout`.
            **query: Criteria: `client`, `helo_name` and `since`.

        Raises:
            MessageTimeoutError: If none has ended when the timeout expires; the text shows the sessions that exist.
            QueryError: If a criterion is unknown or its value is invalid.
            ServerStateError: If the server was never started, or is stopped during the wait.

        Example:
            >>> from smtplib import SMTP
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock:
            ...     _ = SMTP(mock.host, mock.port).quit()
            ...     mock.wait_for_session().exchanges[-1].reply
            '221 Closing connection'
        """
        asked = SessionQuery(query)
        found = self._backend.wait_for_session(asked, self._seconds(timeout))
        if found is None:
            headline = f"No session{_with(asked)} ended within {self._seconds(timeout):g} s."
            raise self._late(headline, Query({}, accepted=None))
        return Session(found)

    # Violations of the standards.

    def assert_no_violations(
        self, ignore: str | Collection[str] = (), *, level: Level = "must", **query: Unpack[QueryWords]
    ) -> None:
        """Make sure that the accepted messages, and the sessions that sent them, comply with the standards.

        Args:
            ignore: Codes of violations to ignore, as listed in docs/violations.md.
            level: "must" for requirements, "should" to include recommendations (RFC 2119).
            **query: Criteria for the messages to check, with their sessions; by default, all messages and sessions.

        Raises:
            ExpectationError: If there are violations; the text lists them with their standards and places.
            QueryError: If a code, the level or a criterion is unknown.
            ServerStateError: If the server was never started.

        Example:
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock:
            ...     mock.assert_no_violations(ignore=["missing-date"], level="should")
        """
        self._backend.check_ran()
        found = self._judge(ignore, level, query)
        if found:
            from smtpmock.reports.explanation import explain_violations

            raise ExpectationError(explain_violations(found), _messages(self._backend.select(Query(query))))

    def violations(
        self, ignore: str | Collection[str] = (), *, level: Level = "should", **query: Unpack[QueryWords]
    ) -> list[Violation]:
        """Return the violations of sessions, then those of messages; see `assert_no_violations`.

        Example:
            >>> from smtplib import SMTP
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
            ...     _ = client.sendmail("a@example.com", "b@example.com", "Subject: Welcome")
            ...     [violation.code for violation in mock.violations(level="must")]
            ['missing-from', 'missing-date']
        """
        return [violation for _, violation in self._judge(ignore, level, query)]

    def _judge(
        self, ignore: str | Collection[str], level: Level, query: Mapping[str, object]
    ) -> list[tuple[str, Violation]]:
        """Return the violations that are not ignored, each with its session or message as text."""
        if level not in LEVELS:
            raise QueryError(f"Invalid level {level!r}: expected {alternatives(LEVELS)}")
        codes = (*self._ignored, *([ignore] if isinstance(ignore, str) else ignore))
        drop_ignored((), codes)  # an unknown code is refused even if nothing has arrived
        messages = _messages(self._backend.select(Query(query)))
        meant = {message.session_id for message in messages}
        judged: list[Session | Message] = [one for one in self.sessions() if not query or one.id in meant]
        judged += messages
        return [
            (repr(one), violation)
            for one in judged
            for violation in drop_ignored(one.violations, codes)
            if level == "should" or violation.level == "must"
        ]

    # Explaining.

    def _seconds(self, timeout: float | None) -> float:
        if timeout is None:
            return self._default_timeout
        if _is_seconds(timeout):  # below 0, it expires at once, as in go-smtp-mock
            return timeout
        raise QueryError(f"Invalid timeout {timeout!r}: expected a number of seconds")

    def _only(self, found: Sequence[Entry], query: Query) -> Message:
        if len(found) == 1:
            return Message(found[0])
        if not found:
            raise self._failed(f"No message{_with(query)} has arrived.", query)
        headline = f"{len(found)} messages{_with(query)} have arrived, but exactly one was expected."
        raise self._failed(headline, query, found)

    def _failed(self, headline: str, query: Query, found: Sequence[Entry] | None = None) -> ExpectationError:
        shown = self._backend.select(Query({}, accepted=None)) if found is None else found
        return ExpectationError(self._backend.explain(headline, query, found), _messages(shown))

    def _late(self, headline: str, query: Query) -> MessageTimeoutError:
        shown = self._backend.select(Query({}, accepted=None))
        return MessageTimeoutError(self._backend.explain(headline, query), _messages(shown))


def _check_count(count: object) -> None:
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise QueryError(f"Invalid count {count!r}: expected an integer of at least 0")


def _is_seconds(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value


def _messages(entries: Sequence[Entry]) -> list[Message]:
    return list(map(Message, entries))


def _with(query: Query | SessionQuery) -> str:
    """Return the criteria as a part of a sentence."""
    return f" with {query}" if query.terms else ""
