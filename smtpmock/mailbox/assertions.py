"""Assertions about what has arrived, violations of the standards included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpmock.errors import ExpectationError, QueryError
from smtpmock.mailbox.explaining import as_messages, check_count, with_criteria
from smtpmock.mailbox.reading import Reading
from smtpmock.queries.query import Query
from smtpmock.rfc.grammar import address_key
from smtpmock.text import alternatives, invalid, listed, pluralize

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from typing_extensions import Unpack

    from smtpmock.conformance.catalogue import Level, Violation
    from smtpmock.messages.message import Message
    from smtpmock.messages.session import Session
    from smtpmock.queries.words import QueryWords

_MOST_RECIPIENTS = 20  # missing or unexpected, by name


class Assertions(Reading):
    """The part of a mailbox that decides at once, by what is there."""

    _ignored: tuple[str, ...]

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
            check_count(count)
        self._backend.check_ran()
        found = self._backend.select(asked)
        if len(found) == count or (found and count is None):
            self._note_met(asked)
            return
        if len(found) < (1 if count is None else count):
            self._note_unmet("check", f"{pluralize(count or 1, 'message')}{with_criteria(asked)}", asked)
        if count is None:
            headline = f"No message{with_criteria(asked)} has arrived."
        else:
            wanted = pluralize(count, "message") if count else "no message"
            headline = f"Expected {wanted}{with_criteria(asked)}, but {len(found) or 'none'} arrived."
        raise self._failed(headline, asked, found if count is not None and len(found) > count else None)

    def assert_recipients(self, recipients: Collection[str], **query: Unpack[QueryWords]) -> None:
        """Make sure that the accepted messages that match have exactly these recipients, all together.

        The order does not matter, nor how many messages a recipient gets. Domains are compared without case.

        Args:
            recipients: The addresses that are expected in the envelopes.
            **query: Criteria for the messages, as listed at https://smtpmock.github.io/smtpmock/queries/.

        Raises:
            ExpectationError: If recipients are missing or unexpected; the text names them.
            QueryError: If the recipients are no collection of texts, a criterion is unknown, or its value is invalid.
            ServerStateError: If the server was never started.

        Example:
            >>> from smtplib import SMTP
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
            ...     _ = client.sendmail("a@example.com", ["b@example.com", "c@example.com"], "Subject: Welcome")
            ...     mock.assert_recipients({"c@example.com", "b@example.com"}, subject="Welcome")
        """
        asked = Query(query)
        if isinstance(recipients, str) or not all(isinstance(address, str) for address in recipients):
            raise QueryError(invalid("recipients", recipients, "a collection of addresses"))
        self._backend.check_ran()
        found = self._backend.select(asked)
        wanted = {address_key(address): address for address in recipients}
        reached = {address_key(address): address for entry in found for address in entry.record.recipients}
        missing = [address for key, address in wanted.items() if key not in reached]
        unexpected = [address for key, address in reached.items() if key not in wanted]
        if not missing and not unexpected:
            self._note_met(asked)
            return
        got = f"{len(wanted) - len(missing)} of {pluralize(len(wanted), 'expected recipient')}"
        headline = f"Messages{with_criteria(asked)} arrived for {got}."
        headline += f" Missing: {listed(missing, _MOST_RECIPIENTS)}." if missing else ""
        headline += f" Unexpected: {listed(unexpected, _MOST_RECIPIENTS)}." if unexpected else ""
        if missing:
            self._note_unmet(
                "check", f"messages for {pluralize(len(wanted), 'recipient')}{with_criteria(asked)}", asked
            )
        raise self._failed(headline, asked, found if found else None)

    def assert_no_violations(
        self, ignore: str | Collection[str] = (), *, level: Level = "must", **query: Unpack[QueryWords]
    ) -> None:
        """Make sure that the accepted messages, and the sessions that sent them, comply with the standards.

        Args:
            ignore: Codes of violations to ignore, as listed at https://smtpmock.github.io/smtpmock/violations/.
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

            raise ExpectationError(explain_violations(found), as_messages(self._backend.select(Query(query))))

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
        from smtpmock.conformance.catalogue import LEVELS, drop_ignored

        if level not in LEVELS:
            raise QueryError(invalid("level", level, alternatives(LEVELS)))
        codes = (*self._ignored, *([ignore] if isinstance(ignore, str) else ignore))
        drop_ignored((), codes)  # an unknown code is refused even if nothing has arrived
        messages = as_messages(self._backend.select(Query(query)))
        meant = {message.session_id for message in messages}
        judged: list[Session | Message] = [*(self.sessions(id=meant) if query else self.sessions()), *messages]
        return [
            (repr(one), violation)
            for one in judged
            for violation in drop_ignored(one.violations, codes)
            if level == "should" or violation.level == "must"
        ]
