"""The events of a mailbox: the last ones, numbered, for any number of readers, each at its own place.

Nothing is kept for a reader but its place: one that is too slow finds that what it has missed is no longer there. While
nobody reads, nothing is recorded, except for a while after the last reader has left, who may come back.

A gatherer is a reader that is told what has happened in groups, however much that is. What has happened since the last
group is kept for each of them, in few words.
"""

from __future__ import annotations

import json
from collections import deque
from functools import partial
from itertools import islice
from secrets import token_hex
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

import gevent
from gevent.event import Event as Flag

from smtpmock.http.gathered import MOST_IDS, Gathered, States, gather
from smtpmock.runtime.hub import get_hub
from smtpmock.runtime.wakeup import make_wakeup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from smtpmock.mailbox.mailbox import Mailbox
    from smtpmock.records.change import Change
    from smtpmock.runtime.wakeup import Wakeup

MOST_EVENTS = 1_000
"""The number of events that are kept."""

LINGER_SECONDS = 60.0
"""The seconds for which events are recorded after the last reader has left."""

_PAUSE = 0.05  # seconds between two batches
_PAUSE_OF_GATHERERS = 0.02  # while there are no other readers; it doubles while changes keep coming
_LONGEST_PAUSE = 0.25
_TOGETHER = 0.03  # seconds for which a group waits for what comes right after its beginning
_PAUSE_FOR_EACH_READER = 0.0001  # a batch costs each of them a write
_OF_A_STATE = frozenset(("updated", "applied"))  # told once in a batch, as it is at its end
_as_json = json.JSONEncoder().encode


class Event(NamedTuple):
    """An event.

    Attributes:
        number: Its number.
        topic: The kind of thing that it is about, as in a `Change`.
        action: What happened, as in a `Change`.
        ids: The ids of what it is about: one, unless it is a purge.
        text: What is told, as JSON.
    """

    number: int
    topic: str
    action: str
    ids: tuple[str, ...]
    text: str


class EventLog:
    """The last events of a mailbox.

    Args:
        mailbox: The mailbox.
        failed: The function to call with an unexpected exception.
    """

    def __init__(self, mailbox: Mailbox, failed: Callable[[BaseException], object]) -> None:
        self._mailbox = mailbox
        self._failed = failed
        self._is_closed = False
        self._readers = 0
        self._left = float("-inf")
        self._gatherers: dict[Gatherer, None] = {}
        self._unsubscribe: Callable[[], None] | None = None
        self._due = Flag()
        self._waiting: dict[int, Wakeup] = {}
        self._pending: deque[Change] = deque()
        self._is_due = False
        self._begin()

    def _begin(self) -> None:
        """Begin anew, so that no earlier place is known."""
        self._prefix = token_hex(4)
        self._last = 0
        self._events: deque[Event] = deque(maxlen=MOST_EVENTS)

    @property
    def is_closed(self) -> bool:
        """True once there will be no further events."""
        return self._is_closed

    def open(self, last_id: str = "") -> Reader:
        """Return a reader, which has to be closed.

        Args:
            last_id: The id of the last event that it knows; "" to begin with the next one.
        """
        return get_hub().call(self._open, last_id)

    def gather(self, interval: float) -> Gatherer:
        """Return a reader that is told of changes in groups, which has to be closed.

        Args:
            interval: The least seconds between two groups of the same kind.
        """
        return get_hub().call(self._gather, interval)

    def close(self) -> None:
        """Tell all readers that there will be no further events. Call it in the hub thread."""
        self._is_closed = True
        self._end()
        self._due.set()
        self._wake()

    # What readers ask.

    def id_of(self, number: int) -> str:
        """Return the id of an event: numbers begin again when recording does."""
        return f"{self._prefix}-{number}"

    def after(self, number: int) -> list[Event] | None:
        """Return the events after the one with a number; None if some of them are no longer kept."""
        missing = self._last - number
        if missing > len(self._events):
            return None
        return list(islice(reversed(self._events), missing))[::-1]

    @property
    def last(self) -> int:
        """The number of the last event."""
        return self._last

    def wait(self, number: int, seconds: float) -> None:
        """Wait until there is an event after the one with a number, the log is closed, or the time is over."""
        self.wait_while(lambda: self._last == number, seconds)

    def wait_while(self, condition: Callable[[], bool], seconds: float) -> None:
        """Wait, if a condition holds, until something is published, the log is closed, or the time is over."""
        wakeup = make_wakeup()
        self._waiting[id(wakeup)] = wakeup
        try:
            if condition() and not self._is_closed:
                wakeup.wait(seconds)
        finally:
            del self._waiting[id(wakeup)]
            wakeup.close()

    def leave(self) -> None:
        """Note that a reader has left."""
        get_hub().call(self._leave)

    def leave_gatherer(self, gatherer: Gatherer) -> None:
        """Note that a gatherer has left."""
        get_hub().call(self._leave_gatherer, gatherer)

    # In the hub thread.

    def _open(self, last_id: str) -> Reader:
        self._follow()
        self._readers += 1
        prefix, _, number = last_id.rpartition("-")
        if not last_id:
            return Reader(self, self._last)
        known = prefix == self._prefix and number.isascii() and number.isdigit() and len(number) < 20
        return Reader(self, int(number) if known and int(number) <= self._last else None)

    def _leave(self) -> None:
        self._readers -= 1
        self._left = monotonic()

    def _gather(self, interval: float) -> Gatherer:
        self._follow()
        gatherer = Gatherer(self, self._mailbox, interval)
        self._gatherers[gatherer] = None
        return gatherer

    def _leave_gatherer(self, gatherer: Gatherer) -> None:
        del self._gatherers[gatherer]
        self._due.set()  # there may be nobody left

    def _follow(self) -> None:
        if self._unsubscribe is None and not self._is_closed:
            self._unsubscribe = self._mailbox.subscribe(self._note)
            gevent.spawn(self._run)

    def _note(self, change: Change) -> None:
        """Note a change, in any thread; this is what SMTP pays while somebody listens."""
        self._pending.append(change)  # which does not grow for long: the same thread empties it
        if not self._is_due:
            self._is_due = True
            get_hub().post(self._due.set)

    def _run(self) -> None:
        """Publish what is pending, in batches, until nobody has read for a while."""
        pause = _PAUSE_OF_GATHERERS
        while not self._is_closed and (self._is_recorded() or self._gatherers):
            pause = min(2 * pause, _LONGEST_PAUSE) if self._due.is_set() else _PAUSE_OF_GATHERERS
            if self._due.wait(LINGER_SECONDS):
                self._due.clear()
                try:
                    self._publish()
                except Exception as error:
                    self._failed(error)
                readers = self._readers + len(self._gatherers)
                gevent.sleep((_PAUSE if self._is_recorded() else pause) + _PAUSE_FOR_EACH_READER * readers)
        if not self._is_closed:
            self._end()
            self._begin()
            self._pending.clear()
            self._is_due = False

    def _is_recorded(self) -> bool:
        """Return True while there are readers of single events, or one may come back."""
        return self._readers > 0 or self._left + LINGER_SECONDS > monotonic()

    def _end(self) -> None:
        """Record nothing more."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def _publish(self) -> None:
        self._is_due = False
        changes = [self._pending.popleft() for _ in range(len(self._pending))]
        if self._gatherers:
            gathered = gather(changes)
            for gatherer in self._gatherers:
                gatherer.add(gathered)
        if self._is_recorded():
            for topic, action, ids, text in _described(changes, self._mailbox):
                self._last += 1
                self._events.append(Event(self._last, topic, action, ids, text))
        else:
            self._begin()
        self._wake()

    def _wake(self) -> None:
        for wakeup in tuple(self._waiting.values()):
            wakeup.set()


class Reader:
    """A reader of events.

    Args:
        log: The events.
        number: The number of the last event that it knows; None if what follows it is no longer kept.
    """

    def __init__(self, log: EventLog, number: int | None) -> None:
        self._log = log
        self._number = log.last if number is None else number
        self._has_lost = number is None

    @property
    def is_closed(self) -> bool:
        """True once there will be no further events."""
        return self._log.is_closed

    @property
    def last_id(self) -> str:
        """The id of the last event that it has read."""
        return self._log.id_of(self._number)

    def read(self, seconds: float) -> Sequence[Event] | None:
        """Return the next events as soon as there are some; none after a time, or when the log is closed.

        Args:
            seconds: The most seconds to wait.

        Returns:
            The events; None, once, if some were lost: what follows comes after now.
        """
        if not self._has_lost:
            self._log.wait(self._number, seconds)
        events = None if self._has_lost else self._log.after(self._number)
        self._has_lost = False
        self._number = self._log.last
        return events

    def close(self) -> None:
        """Leave."""
        self._log.leave()


class _Group:
    """The changes of a kind since a gatherer was last told of any.

    Attributes:
        gathered: The changes.
        due: The moment from which it may be told.
    """

    def __init__(self, kind: type[Gathered]) -> None:
        self._kind = kind
        self.gathered = kind()
        self.due = 0.0

    def add(self, later: Gathered) -> None:
        """Add what was gathered later."""
        if not self.gathered:
            self.due = max(self.due, monotonic() + _TOGETHER)
        self.gathered.merge(later)

    def take(self, interval: float) -> Gathered:
        """Return what is to be told now, and begin anew."""
        taken, self.gathered = self.gathered, self._kind()
        self.due = monotonic() + interval
        return taken


class Gatherer:
    """A reader that is told in groups what has happened.

    Args:
        log: The events.
        mailbox: The mailbox.
        interval: The least seconds between two groups of the same kind.
    """

    def __init__(self, log: EventLog, mailbox: Mailbox, interval: float) -> None:
        self._log = log
        self._interval = interval
        self._states = States(partial(_message_states, mailbox), partial(_rule_states, mailbox))
        self._groups: dict[type[Gathered], _Group] = {}
        self._added = 0  # times

    @property
    def is_closed(self) -> bool:
        """True once there will be no further events."""
        return self._log.is_closed

    def add(self, gathered: Mapping[type[Gathered], Gathered]) -> None:
        """Add changes. Call it in the hub thread."""
        self._added += 1
        for kind, later in gathered.items():
            group = self._groups.get(kind)
            if group is None:
                group = self._groups[kind] = _Group(kind)
            group.add(later)

    def read(self, seconds: float) -> list[tuple[str, str]]:
        """Return the next groups as soon as there are some; none after a time, or when the log is closed.

        Args:
            seconds: The most seconds to wait.

        Returns:
            The name of each event with what is told, as JSON.
        """
        end = monotonic() + seconds
        while not self.is_closed:
            added = self._added
            waiting = [group for group in tuple(self._groups.values()) if group.gathered]
            now = monotonic()
            told = [self._told(group.take(self._interval)) for group in waiting if group.due <= now]
            if told or now >= end:
                return told
            until = min((group.due for group in waiting), default=end)
            self._log.wait_while(partial(self._is_unchanged, added), min(until, end) - now)
        return []

    def close(self) -> None:
        """Leave."""
        self._log.leave_gatherer(self)

    def _is_unchanged(self, times: int) -> bool:
        return self._added == times

    def _told(self, gathered: Gathered) -> tuple[str, str]:
        if gathered.is_lost:
            return "reset", "{}"
        return gathered.name, _as_json({"changes": gathered.told(self._states)})


def _described(changes: Sequence[Change], mailbox: Mailbox) -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    """Yield the topic, the action, the ids and the JSON of each event.

    Purges of the same kind are one event, and what is about a state, such as the uses of a rule, is told once.
    Most events are about sessions and new messages: their JSON is written here, since ids need no escape.
    """
    told: set[tuple[str, str]] = set()
    removed: list[str] = []
    hits: dict[str, dict[str, Any]] | None = None
    for change, next_one in zip(changes, (*changes[1:], None), strict=False):
        topic, action, ids, number, is_accepted = change
        if topic == "session":
            yield topic, action, ids, f'{{"action": "{action}", "id": "{ids[0]}"}}'
        elif topic == "message" and number:
            if action != "amended" or (topic, ids[0]) not in told:
                told.add((topic, ids[0]))
                accepted = "true" if is_accepted else "false"
                text = f'{{"action": "{action}", "id": "{ids[0]}", "number": {number}, "accepted": {accepted}}}'
                yield topic, action, ids, text
        elif topic == "purge":
            removed += () if action == "all" else ids
            if next_one is None or next_one[:2] != (topic, action):
                for start in range(0, max(len(removed), 1), MOST_IDS):
                    part = tuple(removed[start : start + MOST_IDS])
                    yield topic, action, part, _as_json({"action": action, "ids": part})
                removed = []
        else:
            new = [known for known in ids if action not in _OF_A_STATE or (action, known) not in told]
            told.update((action, known) for known in new)
            if topic == "rule" and hits is None:
                hits = _rule_states(mailbox)
            states = _message_states(mailbox, new) if topic == "message" else hits or {}
            for known in new:
                yield topic, action, (known,), _as_json({"action": action, "id": known, **states.get(known, {})})


def _message_states(mailbox: Mailbox, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    asked = list(ids)
    return {
        message.id: {"number": message.number, "accepted": message.accepted, "is_read": message.is_read}
        for message in (mailbox.messages(id=asked, accepted=None) if asked else ())
    }


def _rule_states(mailbox: Mailbox) -> dict[str, dict[str, Any]]:
    return {rule.id: {"hits": rule.hits} for rule in mailbox.rules}
