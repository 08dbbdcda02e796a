"""What a mailbox asks: the interface between the surface that tests see and what answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smtpmock.queries.query import Mark, Query, SessionQuery
    from smtpmock.rules.book import Clock
    from smtpmock.rules.rule import Rule
    from smtpmock.stores.base import Entry, SessionEntry


class Backend(Protocol):
    """What a mailbox asks."""

    @property
    def dropped(self) -> int:
        """How many records had to go because of a bound."""

    @property
    def open_sessions(self) -> int:
        """How many sessions are going on."""

    @property
    def clock(self) -> Clock:
        """The time that greylisting and rate limits go by."""

    @property
    def rules(self) -> Sequence[Rule]:
        """The rules that hold, the oldest first."""

    def check_ran(self) -> None:
        """Make sure that the server has run.

        Raises:
            ServerStateError: If it never did: no message could have arrived.
        """

    def select(self, query: Query) -> list[Entry]:
        """Return the records that match, in order of appearance."""

    def sessions(self, query: SessionQuery | None = None) -> list[SessionEntry]:
        """Return the sessions that match, in the order in which they began."""

    def mark(self) -> Mark:
        """Return the present moment."""

    def purge(self, query: Query | None = None) -> list[Entry]:
        """Take out the records that match, in one step; without a query all of them, and the ended sessions."""

    def wait(self, query: Query, count: int, timeout: float) -> list[Entry]:
        """Return the records that match, as soon as there are so many or the time is up.

        Raises:
            ServerStateError: If the server never ran, or is stopped meanwhile.
        """

    def wait_for_session(self, query: SessionQuery, timeout: float) -> SessionEntry | None:
        """Return the first session that matches and has ended, as soon as there is one; None if the time is up.

        Raises:
            ServerStateError: If the server never ran, or is stopped meanwhile.
        """

    def explain(self, headline: str, query: Query, entries: Sequence[Entry] | None = None) -> str:
        """Return the text of a failed expectation.

        Args:
            headline: What was expected and what came instead, in one sentence.
            query: What was asked for.
            entries: The records to show; None for all.
        """

    def add_rule(self, rule: Rule) -> None:
        """Add a rule, which holds at once.

        Raises:
            RuleError: If it could never apply.
        """

    def clear_rules(self) -> None:
        """Remove all rules."""

    def unused_rules(self) -> list[Rule]:
        """Return the rules that have not applied, those of ended `with` blocks included."""
