"""Waiting for mail and sessions, without polling. A wait removes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpmock.errors import QueryError
from smtpmock.mailbox.explaining import as_messages, as_sessions, check_count, is_seconds, with_criteria
from smtpmock.mailbox.reading import Reading
from smtpmock.queries.query import Query, SessionQuery
from smtpmock.text import invalid, pluralize

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from smtpmock.messages.message import Message
    from smtpmock.messages.session import Session
    from smtpmock.queries.words import QueryWords, SessionWords
    from smtpmock.rules.rule import Rule


class Waiting(Reading):
    """The part of a mailbox that waits for what has not arrived yet."""

    def wait_for_messages(
        self, count: int = 1, timeout: float | None = None, **query: Unpack[QueryWords]
    ) -> list[Message]:
        """Wait until at least `count` accepted messages match.

        Args:
            count: The number of messages to wait for.
            timeout: The most seconds to wait; None for the setting `timeout`.
            **query: Criteria, as listed at https://smtpmock.github.io/smtpmock/queries/.

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
        check_count(count)
        found = self._backend.wait(asked, count, self._seconds(timeout))
        if len(found) < count:
            wanted = f"{pluralize(count, 'message')}{with_criteria(asked)}"
            self._note_unmet("wait", wanted, asked, self._seconds(timeout))
            waited = f"timeout waiting for {count} messages{with_criteria(asked)}, got {len(found)}"
            raise self._late(f"{waited} {self._within(timeout)}", asked)
        self._note_met(asked)
        return as_messages(found)

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
            **query: Criteria, as listed at https://smtpmock.github.io/smtpmock/queries/.

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
            self._note_unmet("wait", f"a message{with_criteria(asked)}", asked, self._seconds(timeout))
            raise self._late(f"No message{with_criteria(asked)} arrived {self._within(timeout)}.", asked)
        return self._only(found, asked)

    def assert_no_message(self, within: float = 0.2, **query: Unpack[QueryWords]) -> None:
        """Make sure that no accepted message matches, now or within the given time.

        The call fails as soon as one does, and succeeds only after the whole time.

        Args:
            within: The seconds to wait.
            **query: Criteria, as listed at https://smtpmock.github.io/smtpmock/queries/.

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
        if not is_seconds(within) or within < 0:
            raise QueryError(invalid("within", within, "a number of seconds, 0 or more"))
        found = self._backend.wait(asked, 1, within)
        if found:
            headline = f"{pluralize(len(found), 'message')}{with_criteria(asked)} arrived, but none was expected."
            raise self._failed(headline, asked, found)

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
            headline = f"No session{with_criteria(asked)} ended {self._within(timeout)}."
            raise self._late(headline, Query({}, accepted=None))
        return as_sessions([found])[0]

    def wait_for_rule(self, rule: Rule, times: int = 1, timeout: float | None = None) -> None:
        """Wait until a rule has applied.

        Args:
            rule: The rule, as `on` returned it.
            times: The number of times.
            timeout: The most seconds to wait; None for the setting `timeout`.

        Raises:
            MessageTimeoutError: If it has not when the timeout expires; the text says how often it was asked.
            QueryError: If the number or the timeout is invalid.
            ServerStateError: If the server was never started, or is stopped during the wait.

        Example:
            >>> from smtplib import SMTP
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
            ...     rule = mock.fail_next(stage="NOOP")
            ...     _ = client.noop()
            ...     mock.wait_for_rule(rule)
        """
        check_count(times)
        if not self._backend.wait_for_rule(rule, times, self._seconds(timeout)):
            headline = f"The rule {rule} was not used {pluralize(times, 'time')} {self._within(timeout)}."
            used = f"It was used {pluralize(rule.hits, 'time')} and asked {pluralize(rule.asked, 'time')}."
            raise self._late(f"{headline} {used}", Query({}, accepted=None))
