"""The rules of a server and their counters: the interface, and its implementation in memory."""

from __future__ import annotations

from collections import deque
from functools import partial
from itertools import count
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from smtpmock.errors import RuleError
from smtpmock.records.change import Callbacks
from smtpmock.rules.recent import RecentKeys
from smtpmock.text import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from smtpmock.records.change import Change
    from smtpmock.rules.rule import Rule


_LONGEST_ADVANCE = 1e12  # seconds
MOST_ENDED = 1_000
"""The most unused rules of finished `with` blocks to remember."""


class Clock:
    """The clock of greylisting and rate limits: it runs normally, and a test can move it forward.

    Example:
        >>> clock = Clock()
        >>> before = clock.time()
        >>> clock.advance(300)
        >>> clock.time() - before >= 300
        True
    """

    def __init__(self) -> None:
        self._ahead = 0.0

    def time(self) -> float:
        """Return the seconds since an arbitrary moment."""
        return monotonic() + self._ahead

    @property
    def ahead(self) -> float:
        """The number of seconds by which it has been moved forward."""
        return self._ahead

    def advance(self, seconds: float) -> None:
        """Move the clock forward.

        Args:
            seconds: The number of seconds, at least 0.

        Raises:
            RuleError: If the number is negative or not a number.
        """
        check_advance(seconds)
        self._ahead += seconds

    def reset(self) -> None:
        """Return to the normal time."""
        self._ahead = 0.0


def check_advance(seconds: object) -> None:
    """Refuse anything but a number of seconds by which a clock can be moved forward.

    Raises:
        RuleError: If it is not such a number.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= _LONGEST_ADVANCE:
        raise RuleError(f"Invalid advance of the clock {quote(seconds)}: expected a number of seconds, 0 or more.")


class RuleBook(Protocol):
    """The rules of a server and their counters.

    Attributes:
        clock: The clock of greylisting and rate limits.
    """

    clock: Clock

    @property
    def refresh(self) -> Callable[[], bool] | None:
        """A function that waits until the rules are up to date, and returns False if that cannot be known.

        It has to be called before each command; None if the rules are always up to date.
        """

    def catch_up(self) -> None:
        """Bring the rules up to date for somebody who lists them, in any thread."""

    @property
    def rules(self) -> Sequence[Rule]:
        """The active rules, oldest first; always the same list, which sessions check before each command."""

    def add(self, rule: Rule) -> str:
        """Add a rule, which takes effect at once; return its id."""

    def remove(self, rule_id: str) -> None:
        """Remove a rule, if it exists."""

    def clear(self) -> None:
        """Remove all rules, and forget the unused ones."""

    def count(self, rule_id: str, key: str) -> int:
        """Count one more match of a rule with a key, atomically; return the number of these matches.

        The further condition of a rule that servers share is examined here, see `decide`. If there are many keys, those
        that were counted longest ago may be forgotten.
        """

    def note_consulted(self, asked: Iterable[str], applied: Collection[str]) -> None:
        """Note that rules were asked, and that some of them applied."""

    def unused(self) -> list[Rule]:
        """Return the rules that were added and never applied, including those of finished `with` blocks."""

    def subscribe(self, callback: Callable[[Change], object]) -> Callable[[], None]:
        """Call a function with each change: a rule was added, removed or applied; return a function that ends this.

        The callback must neither block nor raise.
        """


class MemoryRuleBook:
    """The rules of a server in memory. Only the hub thread counts; any thread may add and remove rules."""

    refresh: Callable[[], bool] | None = None

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self.clock = Clock()
        self._numbers = count(1)
        self._by_id: dict[str, Rule] = {}
        self._counts: dict[str, RecentKeys[int]] = {}
        self._ended_unused: deque[Rule] = deque(maxlen=MOST_ENDED)
        self._callbacks = Callbacks()

    @property
    def rules(self) -> list[Rule]:
        """The active rules, oldest first; always the same list."""
        return self._rules

    def catch_up(self) -> None:
        """Do nothing: the rules are here."""

    def add(self, rule: Rule) -> str:
        """Add a rule, which takes effect at once; return its id."""
        rule_id = f"rule-{next(self._numbers)}"
        rule.belong(rule_id, partial(self.remove, rule_id), partial(self._ended_unused.append, rule))
        self._by_id[rule_id] = rule
        self._rules.append(rule)
        self._callbacks.call("rule", "added", (rule_id,))
        return rule_id

    def remove(self, rule_id: str) -> None:
        """Remove a rule, if it exists."""
        rule = self._by_id.pop(rule_id, None)
        if rule is not None:
            try:
                self._rules.remove(rule)
            except ValueError:
                pass  # all were removed meanwhile
            self._counts.pop(rule_id, None)
            self._callbacks.call("rule", "removed", (rule_id,))

    def clear(self) -> None:
        """Remove all rules, and forget the unused ones."""
        removed = tuple(self._by_id)
        self._rules.clear()
        self._by_id.clear()
        self._counts.clear()
        self._ended_unused.clear()
        if removed:
            self._callbacks.call("rule", "removed", removed)

    def count(self, rule_id: str, key: str) -> int:
        """Count one more match of a rule with a key; return the number of these matches."""
        counts = self._counts.get(rule_id)
        if counts is None:
            counts = self._counts[rule_id] = RecentKeys()
        counted = counts.get(key, 0) + 1
        counts.put(key, counted)
        return counted

    def note_consulted(self, asked: Iterable[str], applied: Collection[str]) -> None:
        """Note that rules were asked, and that some of them applied."""
        for rule_id in asked:
            rule = self._by_id.get(rule_id)
            if rule is not None:
                rule.usage.asked += 1
        for rule_id in applied:
            rule = self._by_id.get(rule_id)
            if rule is not None:
                rule.usage.hits += 1
        if applied and self._callbacks:
            self._callbacks.call("rule", "applied", tuple(applied))

    def subscribe(self, callback: Callable[[Change], object]) -> Callable[[], None]:
        """Call a function with each change; return a function that ends this."""
        return self._callbacks.add(callback)

    def unused(self) -> list[Rule]:
        """Return the rules that were added and never applied, including those of finished `with` blocks."""
        return [rule for rule in (*self._ended_unused, *self._rules) if not rule.hits and not rule.profile]
