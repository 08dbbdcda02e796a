"""The surface that tests see: read, wait, assert, explain. It knows a backend, and no socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpmock.conformance.catalogue import LEVELS, not_ignored
from smtpmock.errors import ExpectationError, MessageTimeoutError, QueryError
from smtpmock.messages.message import Message
from smtpmock.messages.session import Session
from smtpmock.queries.query import Query, SessionQuery
from smtpmock.scripting import Scripting
from smtpmock.text import alternatives, counted

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
    """What arrived, and what tests ask of it.

    Every call refers to accepted mail unless `accepted=False` (attempts that failed) or `accepted=None` (both) says
    otherwise.

    Args:
        backend: What answers.
        timeout: Seconds that a wait lasts unless it is told otherwise.
        ignore_violations: Codes of violations that do not matter in any call.
    """

    def __init__(self, backend: Backend, *, timeout: float, ignore_violations: Collection[str] = ()) -> None:
        self._backend = backend
        self._default_timeout = timeout
        self._ignored = tuple(ignore_violations)

    def __len__(self) -> int:
        """Return the number of accepted messages."""
        return len(self._backend.select(Query({})))

    def __bool__(self) -> bool:
        """Return True, however many messages there are."""
        return True

    # What was received.

    def messages(self, **query: Unpack[QueryWords]) -> list[Message]:
        """Return the accepted messages that match, in order of appearance.

        Args:
            **query: Criteria, as listed in docs/queries.md. `accepted=None` includes attempts that failed.

        Raises:
            QueryError: If a criterion is unknown or its value cannot be asked for.
        """
        return _messages(self._backend.select(Query(query)))

    def message(self, **query: Unpack[QueryWords]) -> Message:
        """Return the only accepted message that matches.

        Args:
            **query: Criteria, as listed in docs/queries.md.

        Raises:
            ExpectationError: If there is none, or more than one; the text shows what there is.
            QueryError: If a criterion is unknown or its value cannot be asked for.
            ServerStateError: If the server never ran.
        """
        asked = Query(query)
        self._backend.check_ran()
        return self._only(self._backend.select(asked), asked)

    def mark(self) -> Mark:
        """Return this moment: with `since=` it means what arrives from now on."""
        return self._backend.mark()

    def purge(self, **query: Unpack[QueryWords]) -> list[Message]:
        """Empty the inbox in one step, and forget the sessions that have ended.

        A record that was taken out never comes back, whatever its session does next.

        Args:
            **query: Criteria for the records to take out, of any outcome unless `accepted` is given; without criteria
                everything is taken out.

        Returns:
            The records that it took out.
        """
        return _messages(self._backend.purge(Query(query, accepted=None) if query else None))

    def messages_and_purge(self) -> list[Message]:
        """Purge everything, and return the accepted messages among it; see `purge`."""
        return [message for message in self.purge() if message.accepted]

    def sessions(self, **query: Unpack[SessionWords]) -> list[Session]:
        """Return the sessions that match, those that go on included, in the order in which they began.

        Args:
            **query: `client`, `helo_name` and `since`: which sessions are meant.

        Raises:
            QueryError: If a criterion is unknown or its value cannot be asked for.
        """
        return list(map(Session, self._backend.sessions(SessionQuery(query) if query else None)))

    @property
    def dropped(self) -> int:
        """How many records had to go because there were more than `max_messages`."""
        return self._backend.dropped

    # Waiting. A wait consumes nothing.

    def wait_for_messages(
        self, count: int = 1, timeout: float | None = None, **query: Unpack[QueryWords]
    ) -> list[Message]:
        """Wait until there are so many accepted messages that match.

        Args:
            count: How many there have to be, at least.
            timeout: How many seconds to wait, at most; None for the setting `timeout`.
            **query: Criteria, as listed in docs/queries.md.

        Returns:
            All messages that match.

        Raises:
            MessageTimeoutError: If there are fewer when the time is up; it has what arrived as `messages`.
            QueryError: If a criterion is unknown or its value cannot be asked for.
            ServerStateError: If the server never ran, or is stopped meanwhile.
        """
        asked = Query(query)
        _check_count(count)
        found = self._backend.wait(asked, count, self._seconds(timeout))
        if len(found) < count:
            raise self._late(f"timeout waiting for {count} messages{_with(asked)}, got {len(found)}", asked)
        return _messages(found)

    def wait_for_messages_and_purge(self, count: int = 1, timeout: float | None = None) -> list[Message]:
        """Wait as `wait_for_messages` does, then empty the inbox; return the accepted messages that it took out.

        Raises:
            MessageTimeoutError: If there are too few when the time is up; they stay in the inbox.
        """
        self.wait_for_messages(count, timeout)
        return self.messages_and_purge()

    def wait_for_message(self, timeout: float | None = None, **query: Unpack[QueryWords]) -> Message:
        """Wait for an accepted message that matches, and return it if it is the only one.

        Args:
            timeout: How many seconds to wait, at most; None for the setting `timeout`.
            **query: Criteria, as listed in docs/queries.md.

        Raises:
            MessageTimeoutError: If there is none when the time is up; the text shows what came near.
            ExpectationError: If there is more than one.
            QueryError: If a criterion is unknown or its value cannot be asked for.
            ServerStateError: If the server never ran, or is stopped meanwhile.
        """
        asked = Query(query)
        found = self._backend.wait(asked, 1, self._seconds(timeout))
        if not found:
            raise self._late(f"No message{_with(asked)} arrived within {self._seconds(timeout):g} s.", asked)
        return self._only(found, asked)

    def assert_no_message(self, within: float = 0.2, **query: Unpack[QueryWords]) -> None:
        """Make sure that no accepted message that matches is there or arrives.

        It fails as soon as there is one, and passes only after the whole time.

        Args:
            within: How many seconds to wait.
            **query: Criteria, as listed in docs/queries.md.

        Raises:
            ExpectationError: If there is one; the text shows it.
            QueryError: If a criterion is unknown, its value cannot be asked for, or the time is negative: such an
                assertion could not fail.
            ServerStateError: If the server never ran, or is stopped meanwhile.
        """
        asked = Query(query)
        if not _is_seconds(within) or within < 0:
            raise QueryError(f"Invalid within {within!r}: expected a number of seconds, 0 or more")
        found = self._backend.wait(asked, 1, within)
        if found:
            headline = f"{counted(len(found), 'message')}{_with(asked)} arrived, where none should."
            raise self._failed(headline, asked, found)

    def assert_message_count(self, count: int | None = None, **query: Unpack[QueryWords]) -> None:
        """Make sure that exactly so many accepted messages match; without a count, that at least one does.

        Raises:
            ExpectationError: If there are more or fewer; the text shows what there is.
            QueryError: If the count is invalid, a criterion is unknown, or its value cannot be asked for.
            ServerStateError: If the server never ran.
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
            wanted = counted(count, "message") if count else "no message"
            headline = f"Expected {wanted}{_with(asked)}, but {len(found) or 'none'} arrived."
        raise self._failed(headline, asked, found if count is not None and len(found) > count else None)

    def wait_for_session(self, timeout: float | None = None, **query: Unpack[SessionWords]) -> Session:
        """Wait until a session has ended, and return the first that has.

        Args:
            timeout: How many seconds to wait, at most; None for the setting `timeout`.
            **query: `client`, `helo_name`, `since`: which sessions are meant.

        Raises:
            MessageTimeoutError: If none has when the time is up; the text shows which there are.
            QueryError: If a criterion is unknown or its value cannot be asked for.
            ServerStateError: If the server never ran, or is stopped meanwhile.
        """
        asked = SessionQuery(query)
        found = self._backend.wait_for_session(asked, self._seconds(timeout))
        if found is None:
            headline = f"No session{_with(asked)} ended within {self._seconds(timeout):g} s."
            raise self._late(headline, Query({}, accepted=None))
        return Session(found)

    # The verdict on the client.

    def assert_no_violations(
        self, ignore: str | Collection[str] = (), *, level: Level = "must", **query: Unpack[QueryWords]
    ) -> None:
        """Make sure that the accepted messages, and the sessions that brought them, keep the standards.

        Args:
            ignore: Codes of violations that do not matter, as listed in docs/violations.md.
            level: "must" for what the standards require, "should" for what they recommend, too (RFC 2119).
            **query: Criteria for the messages that are meant; without them all sessions are.

        Raises:
            ExpectationError: If there are violations; the text lists them with the standard and the place.
            QueryError: If a code, the level or a criterion does not exist.
            ServerStateError: If the server never ran.
        """
        self._backend.check_ran()
        found = self._judge(ignore, level, query)
        if found:
            from smtpmock.reports.explanation import explain_violations

            raise ExpectationError(explain_violations(found), _messages(self._backend.select(Query(query))))

    def violations(
        self, ignore: str | Collection[str] = (), *, level: Level = "should", **query: Unpack[QueryWords]
    ) -> list[Violation]:
        """Return the violations of sessions first, then those of messages; see `assert_no_violations`."""
        return [violation for _, violation in self._judge(ignore, level, query)]

    def _judge(
        self, ignore: str | Collection[str], level: Level, query: Mapping[str, object]
    ) -> list[tuple[str, Violation]]:
        """Return the violations that are not ignored, each with what it was found in."""
        if level not in LEVELS:
            raise QueryError(f"Invalid level {level!r}: expected {alternatives(LEVELS)}")
        codes = (*self._ignored, *([ignore] if isinstance(ignore, str) else ignore))
        not_ignored((), codes)  # a code that does not exist is refused whatever there is
        messages = _messages(self._backend.select(Query(query)))
        meant = {message.session_id for message in messages}
        judged: list[Session | Message] = [one for one in self.sessions() if not query or one.id in meant]
        judged += messages
        return [
            (repr(one), violation)
            for one in judged
            for violation in not_ignored(one.violations, codes)
            if level == "should" or violation.level == "must"
        ]

    # Explaining.

    def _seconds(self, timeout: float | None) -> float:
        if timeout is None:
            return self._default_timeout
        if _is_seconds(timeout):  # below 0: the time is up, as in go-smtp-mock
            return timeout
        raise QueryError(f"Invalid timeout {timeout!r}: expected a number of seconds")

    def _only(self, found: Sequence[Entry], query: Query) -> Message:
        if len(found) == 1:
            return Message(found[0])
        if not found:
            raise self._failed(f"No message{_with(query)} has arrived.", query)
        headline = f"{len(found)} messages{_with(query)} have arrived, where exactly one should."
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
    """Return what was asked for, as a part of a sentence."""
    return f" with {query}" if query.terms else ""
