"""The interface between a mailbox, which tests use, and what answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from smtpmock.mail.content import Content
    from smtpmock.profiles.profile import Profile
    from smtpmock.queries.query import Mark, Query, SessionQuery
    from smtpmock.records.change import Change
    from smtpmock.rules.book import Clock
    from smtpmock.rules.rule import Rule
    from smtpmock.stores.base import Entry, SessionEntry, Tally


class Backend(Protocol):
    """The interface that a mailbox uses: records, sessions, waits and rules."""

    @property
    def address(self) -> str:
        """The address of the server, such as "127.0.0.1:2525", for people."""

    @property
    def is_running(self) -> bool:
        """True while messages can arrive."""

    @property
    def is_online(self) -> bool:
        """True while connections are accepted."""

    def set_online(self, online: bool) -> None:
        """Refuse connections, or accept them again, on the same port.

        Raises:
            ServerStateError: If the server is not running.
            StartError: If the port is no longer available.
        """

    @property
    def dropped(self) -> int:
        """The number of records that were dropped because of a bound."""

    @property
    def clock(self) -> Clock:
        """The clock that greylisting and rate limits use."""

    @property
    def rules(self) -> Sequence[Rule]:
        """The active rules, oldest first."""

    def check_ran(self) -> None:
        """Make sure that the server has been started.

        Raises:
            ServerStateError: If it was never started: no message could have arrived.
        """

    def select(self, query: Query) -> list[Entry]:
        """Return the records that match, in order of arrival."""

    def page(self, query: Query, after: int, limit: int, before: int | None = None) -> tuple[list[Entry], int]:
        """Return the first records that match and have a number above `after`, and the number of all that match.

        With `before`, they are the last ones below that number.
        """

    def tally(self) -> Tally:
        """Return the tally of all accepted records."""

    def sessions(self, query: SessionQuery | None = None) -> list[SessionEntry]:
        """Return the sessions that match, in the order in which they began."""

    def session_page(
        self, query: SessionQuery, after: int, limit: int, before: int | None = None
    ) -> tuple[list[SessionEntry], int]:
        """Return the first sessions that match and have a number above `after`, and the number of all that match.

        With `before`, they are the last ones below that number.
        """

    def ended_sessions(self) -> list[str]:
        """Return the ids of the sessions that have ended, in the order in which they began."""

    def mark(self) -> Mark:
        """Return a mark for the present moment."""

    def update(self, ids: Iterable[str], *, is_read: bool | None = None, tags: Iterable[str] | None = None) -> int:
        """Mark records as read or unread, or tag them; return the number of those that existed."""

    def purge(self, query: Query | None = None) -> list[Entry]:
        """Remove and return the records that match, in one step; without a query, all of them and ended sessions."""

    def wait(self, query: Query, count: int, timeout: float) -> list[Entry]:
        """Return the records that match as soon as there are `count` of them or the timeout expires.

        Raises:
            ServerStateError: If the server was never started, or is stopped during the wait.
        """

    def wait_for_session(self, query: SessionQuery, timeout: float) -> SessionEntry | None:
        """Return the first session that matches and has ended, as soon as there is one; None after the timeout.

        Raises:
            ServerStateError: If the server was never started, or is stopped during the wait.
        """

    def wait_for_rule(self, rule: Rule, times: int, timeout: float) -> bool:
        """Return True as soon as a rule has applied so many times; False after the timeout.

        Raises:
            ServerStateError: If the server was never started, or is stopped during the wait.
        """

    def subscribe(self, callback: Callable[[Change], object]) -> Callable[[], None]:
        """Call a function with each change of the records, the sessions and the rules; return what ends this."""

    def wait_until(self, condition: Callable[[], bool], timeout: float, what: str) -> None:
        """Wait until a condition on the records and the sessions holds, for at most `timeout` seconds.

        Args:
            condition: The condition, which the waiting thread checks at once and then after each change.
            timeout: The most seconds to wait.
            what: The object of the wait, such as "a session".

        Raises:
            ServerStateError: If the server was never started, or is stopped during the wait.
        """

    def deliver(self, content: Content, sender: str, recipients: Sequence[str]) -> Entry:
        """Store a message without SMTP, and return it."""

    def explain(self, headline: str, query: Query, entries: Sequence[Entry] | None = None) -> str:
        """Return the text for a failed expectation.

        Args:
            headline: One sentence that says what was expected and what happened instead.
            query: The query that was not satisfied.
            entries: The records to show; None for all.
        """

    def add_rule(self, rule: Rule) -> Rule:
        """Add a rule, which takes effect at once; return it as it was added.

        Raises:
            RuleError: If the rule could never apply.
        """

    def clear_rules(self) -> None:
        """Remove all rules, and end the use of a profile."""

    @property
    def profile(self) -> Profile | None:
        """The profile that `use_profile` has put in use; None while there is no such profile."""

    def use_profile(self, profile: str | Profile) -> Profile:
        """Add the rules of a profile, and have its settings for the sessions to come; return it.

        Raises:
            SettingError: If there is no such profile, or a running server cannot have its settings.
            RuleError: If one of its rules is invalid or could never apply.
        """

    def clear_profile(self) -> None:
        """End the use of a profile."""

    def unused_rules(self) -> list[Rule]:
        """Return the rules that have never applied, including those of finished `with` blocks."""
