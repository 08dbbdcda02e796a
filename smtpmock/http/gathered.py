"""Changes, gathered: what has happened in a while, told in few words however much it was.

There is one kind of collection for messages (with what was removed of them), one for sessions and one for rules.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from typing_extensions import Self

    from smtpmock.records.change import Change

MOST_IDS = 100
"""The most ids that stand together; of more, the count or the numbers are told."""

MOST_PARTS = 1_000
"""The most parts that changes are told in; if there would be more, the lists have to be read again."""


_ACTION, _IDS = itemgetter(1), itemgetter(2)  # of a change


class States(NamedTuple):
    """The functions that return the present states of messages and of rules, for what is told of them.

    Attributes:
        messages: Returns the states of messages, by their ids; those that were removed are left out.
        rules: Returns the states of all rules, by their ids.
    """

    messages: Callable[[Iterable[str]], dict[str, dict[str, Any]]]
    rules: Callable[[], dict[str, dict[str, Any]]]


class Gathered(ABC):
    """Changes of one kind.

    Attributes:
        name: The name of the event that tells them.
        is_lost: True if they are too many to tell, or some are not known.
    """

    name: ClassVar[str]

    def __init__(self) -> None:
        self.is_lost = False

    @abstractmethod
    def __bool__(self) -> bool:
        """Return True if anything has changed."""

    @abstractmethod
    def add(self, changes: Sequence[Change]) -> None:
        """Add changes, in order. SMTP waits for that: for 600 at once it takes two thirds of the time."""

    @abstractmethod
    def merge(self, later: Self) -> None:
        """Add what was gathered later."""

    @abstractmethod
    def told(self, states: States) -> list[dict[str, Any]]:
        """Return what is told, as JSON, in an order in which it can be carried out."""


class Ids:
    """The ids of what was counted, unless it is too much."""

    __slots__ = ("count", "known")

    def __init__(self) -> None:
        self.count = 0
        self.known: list[str] = []

    def add(self, ids: Iterable[str], count: int = 1) -> None:
        """Add ids that stand for so many."""
        self.count += count
        if self.count <= MOST_IDS:
            self.known += ids
        elif self.known:
            self.known = []

    def told(self) -> dict[str, Any]:
        """Return the ids as JSON; nothing if they are too many."""
        return {"ids": self.known} if self.count <= MOST_IDS else {}


class _Run:
    """New messages with the same outcome, whose numbers follow one another."""

    __slots__ = ("first", "ids", "is_accepted", "last")

    def __init__(self, first: int, *, is_accepted: bool) -> None:
        self.first = first
        self.last = first - 1
        self.is_accepted = is_accepted
        self.ids = Ids()


class GatheredMessages(Gathered):
    """Changes of messages, and which of them are there no more.

    Example:
        >>> from smtpmock.records.change import Change
        >>> gathered = GatheredMessages()
        >>> gathered.add([Change("message", "added", (f"m-{number}",), number, True) for number in range(1, 5001)])
        >>> gathered.told(States(lambda ids: {}, dict))
        [{'action': 'added', 'first': 1, 'last': 5000, 'accepted': True}]
    """

    name = "messages"

    def __init__(self) -> None:
        super().__init__()
        self._forget()
        self._is_emptied = False

    def _forget(self) -> None:
        self._added: list[_Run] = []
        self._changed: dict[str, tuple[str, int, bool]] = {}
        self._removed: dict[str, str] = {}
        self._dropped = 0
        self.is_lost = False

    def __bool__(self) -> bool:
        return bool(self._added or self._changed or self._removed or self._dropped or self._is_emptied or self.is_lost)

    def add(self, changes: Sequence[Change]) -> None:
        """Add changes, in order."""
        for topic, action, ids, number, is_accepted in changes:
            if action == "added":
                self._extend(number, number, is_accepted, ids)
            elif action == "all":
                self._forget()
                self._is_emptied = True
            elif not ids:
                self.is_lost = True
            elif action == "dropped" and number:
                self._dropped = max(self._dropped, number)
            elif topic == "purge":
                self._remove(dict.fromkeys(ids, action))
            else:
                for known in ids:
                    self._change(known, action, number, is_accepted)

    def merge(self, later: Self) -> None:
        """Add what was gathered later."""
        if later._is_emptied:
            self._forget()
            self._is_emptied = True
        for run in later._added:
            self._extend(run.first, run.last, run.is_accepted, run.ids.known)
        for known, (action, number, is_accepted) in later._changed.items():
            self._change(known, action, number, is_accepted)
        self._remove(later._removed)
        self._dropped = max(self._dropped, later._dropped)
        self.is_lost = self.is_lost or later.is_lost

    def told(self, states: States) -> list[dict[str, Any]]:
        """Return what is told, as JSON, in an order in which it can be carried out."""
        told: list[dict[str, Any]] = [{"action": "all", "ids": []}] if self._is_emptied else []
        for run in self._added:
            numbers = {"first": run.first, "last": run.last, "accepted": run.is_accepted}
            told.append({"action": "added", **numbers, **run.ids.told()})
        present = states.messages(known for known, (action, *_) in self._changed.items() if action == "updated")
        for known, (action, number, is_accepted) in self._changed.items():
            state = present.get(known, {}) if action == "updated" else {"number": number, "accepted": is_accepted}
            told.append({"action": action, "id": known, **state})
        by_action: dict[str, list[str]] = {}
        for known, action in self._removed.items():
            by_action.setdefault(action, []).append(known)
        for action, ids in by_action.items():
            told += ({"action": action, "ids": ids[at : at + MOST_IDS]} for at in range(0, len(ids), MOST_IDS))
        if self._dropped:
            told.append({"action": "dropped", "last": self._dropped})
        return told

    def _extend(self, first: int, last: int, is_accepted: bool, ids: Iterable[str]) -> None:
        run = self._added[-1] if self._added else None
        if run is None or run.last + 1 != first or run.is_accepted is not is_accepted:
            run = _Run(first, is_accepted=is_accepted)
            self._added.append(run)
            self._check(self._added)
        run.last = last
        run.ids.add(ids, last - first + 1)

    def _change(self, known: str, action: str, number: int, is_accepted: bool) -> None:
        if action == "amended" and (known in self._changed or (self._added and number >= self._added[0].first)):
            return  # what is told of it says so already: ask for it
        self._changed[known] = (action, number, is_accepted)
        self._check(self._changed)

    def _remove(self, removed: dict[str, str]) -> None:
        self._removed.update(removed)
        for known in removed:
            self._changed.pop(known, None)
        self._check(self._removed)

    def _check(self, parts: list[_Run] | dict[str, Any]) -> None:
        if len(parts) > MOST_PARTS:
            self._forget()
            self.is_lost = True


class GatheredSessions(Gathered):
    """Changes of sessions.

    Example:
        >>> from smtpmock.records.change import Change
        >>> gathered = GatheredSessions()
        >>> gathered.add([Change("session", "began", ("s-1",))])
        >>> gathered.told(States(lambda ids: {}, dict))
        [{'action': 'began', 'count': 1, 'ids': ['s-1']}]
    """

    name = "sessions"

    def __init__(self) -> None:
        super().__init__()
        self._ids: dict[str, Ids] = {}

    def __bool__(self) -> bool:
        return bool(self._ids or self.is_lost)

    def add(self, changes: Sequence[Change]) -> None:
        """Add changes, in order."""
        for action, count in Counter(map(_ACTION, changes)).items():
            ids = chain.from_iterable(change.ids for change in changes if change.action == action)
            self._ids.setdefault(action, Ids()).add(ids, count)
        self.is_lost = self.is_lost or () in map(_IDS, changes)

    def merge(self, later: Self) -> None:
        """Add what was gathered later."""
        for action, ids in later._ids.items():
            self._ids.setdefault(action, Ids()).add(ids.known, ids.count)
        self.is_lost = self.is_lost or later.is_lost

    def told(self, _: States) -> list[dict[str, Any]]:
        """Return what is told, as JSON, in an order in which it can be carried out."""
        return [{"action": action, "count": ids.count, **ids.told()} for action, ids in self._ids.items()]


class GatheredRules(Gathered):
    """Changes of rules: of each, the last.

    Example:
        >>> from smtpmock.records.change import Change
        >>> gathered = GatheredRules()
        >>> gathered.add([Change("rule", "applied", ("rule-1",))] * 5)
        >>> gathered.told(States(lambda ids: {}, lambda: {"rule-1": {"hits": 5}}))
        [{'action': 'applied', 'id': 'rule-1', 'hits': 5}]
    """

    name = "rules"

    def __init__(self) -> None:
        super().__init__()
        self._actions: dict[str, str] = {}

    def __bool__(self) -> bool:
        return bool(self._actions or self.is_lost)

    def add(self, changes: Sequence[Change]) -> None:
        """Add changes, in order."""
        self._update({known: change.action for change in changes for known in change.ids})
        self.is_lost = self.is_lost or () in map(_IDS, changes)

    def merge(self, later: Self) -> None:
        """Add what was gathered later."""
        self._update(later._actions)
        self.is_lost = self.is_lost or later.is_lost

    def told(self, states: States) -> list[dict[str, Any]]:
        """Return what is told, as JSON, in an order in which it can be carried out."""
        present = states.rules()
        return [{"action": action, "id": known, **present.get(known, {})} for known, action in self._actions.items()]

    def _update(self, actions: dict[str, str]) -> None:
        self._actions.update(actions)
        if len(self._actions) > MOST_PARTS:
            self._actions.clear()
            self.is_lost = True


KINDS: dict[str, type[Gathered]] = {
    "message": GatheredMessages,
    "purge": GatheredMessages,
    "session": GatheredSessions,
    "rule": GatheredRules,
}
"""The kind of collection that takes the changes of a topic."""


def gather(changes: Iterable[Change]) -> dict[type[Gathered], Gathered]:
    """Return changes, gathered by their kinds."""
    by_kind: defaultdict[type[Gathered], list[Change]] = defaultdict(list)
    for change in changes:
        by_kind[KINDS[change[0]]].append(change)
    found: dict[type[Gathered], Gathered] = {}
    for kind, some in by_kind.items():
        found[kind] = kind()
        found[kind].add(some)
    return found
