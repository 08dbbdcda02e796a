"""The events of a mailbox: the last ones, numbered, for any number of readers, each at its own place.

Nothing is kept for a reader but its place: one that is too slow finds that what it has missed is no longer there. While
nobody reads, nothing is recorded, except for a while after the last reader has left, who may come back.
"""

from __future__ import annotations

import json
from collections import deque
from itertools import islice
from secrets import token_hex
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

import gevent
from gevent.event import Event as Flag

from smtpmock.runtime.hub import get_hub
from smtpmock.runtime.wakeup import make_wakeup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from smtpmock.mailbox.mailbox import Mailbox
    from smtpmock.messages.message import Message
    from smtpmock.records.change import Change
    from smtpmock.rules.rule import Rule
    from smtpmock.runtime.wakeup import Wakeup

MOST_EVENTS = 1_000
"""The number of events that are kept."""

MOST_IDS = 100
"""The most ids in an event about a purge; further ones follow in the next."""

LINGER_SECONDS = 60.0
"""The seconds for which events are recorded after the last reader has left."""

_PAUSE = 0.02  # seconds between two batches
_PAUSE_FOR_EACH_READER = 0.0001  # a batch costs each of them a write
_OF_A_STATE = frozenset(("amended", "updated", "applied"))  # told once in a batch, as it is at its end
_as_json = json.JSONEncoder().encode


class Event(NamedTuple):
    """An event.

    Attributes:
        number: Its number.
        topic: The kind of thing that it is about, as in a `Change`.
        data: What happened: the action, the id, or the ids of a purge, and what is known about a message or a rule.
        text: The same as JSON.
    """

    number: int
    topic: str
    data: Mapping[str, Any]
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
        self._left = 0.0
        self._unsubscribe: Callable[[], None] | None = None
        self._due = Flag()
        self._waiting: dict[int, Wakeup] = {}
        self._begin()

    def _begin(self) -> None:
        """Begin anew, so that no earlier place is known."""
        self._prefix = token_hex(4)
        self._last = 0
        self._events: deque[Event] = deque(maxlen=MOST_EVENTS)
        self._pending: list[Change] = []

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
        wakeup = make_wakeup()
        self._waiting[id(wakeup)] = wakeup
        try:
            if self._last == number and not self._is_closed:
                wakeup.wait(seconds)
        finally:
            del self._waiting[id(wakeup)]
            wakeup.close()

    def leave(self) -> None:
        """Note that a reader has left."""
        get_hub().call(self._leave)

    # In the hub thread.

    def _open(self, last_id: str) -> Reader:
        if self._unsubscribe is None and not self._is_closed:
            self._unsubscribe = self._mailbox.subscribe(self._note)
            gevent.spawn(self._run)
        self._readers += 1
        prefix, _, number = last_id.rpartition("-")
        if not last_id:
            return Reader(self, self._last)
        known = prefix == self._prefix and number.isascii() and number.isdigit() and len(number) < 20
        return Reader(self, int(number) if known and int(number) <= self._last else None)

    def _leave(self) -> None:
        self._readers -= 1
        self._left = monotonic()

    def _note(self, change: Change) -> None:
        the_hub = get_hub()
        if the_hub.is_current:
            self._add(change)
        else:
            the_hub.post(self._add, change)

    def _add(self, change: Change) -> None:
        self._pending.append(change)  # which does not grow for long: it is emptied in this thread, too
        self._due.set()

    def _run(self) -> None:
        """Publish what is pending, in batches, until nobody has read for a while."""
        while not self._is_closed and (self._readers or self._left + LINGER_SECONDS > monotonic()):
            if self._due.wait(LINGER_SECONDS):
                self._due.clear()
                try:
                    self._publish()
                except Exception as error:
                    self._failed(error)
                gevent.sleep(_PAUSE + _PAUSE_FOR_EACH_READER * self._readers)
        if not self._is_closed:
            self._end()
            self._begin()

    def _end(self) -> None:
        """Record nothing more."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def _publish(self) -> None:
        changes, self._pending = self._pending, []
        if not changes:
            return  # it was woken to end
        ids = list(dict.fromkeys(known for change in changes if change.topic == "message" for known in change.ids))
        messages = {message.id: message for message in self._mailbox.messages(id=ids, accepted=None)} if ids else {}
        for topic, data in _described(changes, messages, self._mailbox.rules):
            self._last += 1
            self._events.append(Event(self._last, topic, data, _as_json(data)))
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


def _described(
    changes: Sequence[Change], messages: Mapping[str, Message], rules: Sequence[Rule]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the topic and the data of each event: purges of the same kind together, what is about a state once."""
    told: set[tuple[str, str]] = set()
    removed: list[str] = []
    hits: dict[str, int] | None = None
    for (topic, action, ids), next_one in zip(changes, (*changes[1:], None), strict=True):
        if topic == "session":
            yield topic, {"action": action, "id": ids[0]}
        elif topic == "purge":
            removed += () if action == "all" else ids
            if next_one is None or next_one[:2] != (topic, action):
                for start in range(0, max(len(removed), 1), MOST_IDS):
                    yield topic, {"action": action, "ids": removed[start : start + MOST_IDS]}
                removed = []
        elif topic == "rule":
            if hits is None:
                hits = {rule.id: rule.hits for rule in rules}
            for known in _untold(topic, action, ids, told):
                yield topic, {"action": action, "id": known, **({"hits": hits[known]} if known in hits else {})}
        else:
            for known in _untold(topic, action, ids, told):
                yield topic, {"action": action, "id": known, **_state(messages.get(known))}


def _untold(topic: str, action: str, ids: Iterable[str], told: set[tuple[str, str]]) -> Iterator[str]:
    """Yield the ids of what is to be told: a state, such as how often a rule has applied, only once in a batch."""
    for known in ids:
        is_known = (action, known) in told or (action == "amended" and (topic, known) in told)
        if action not in _OF_A_STATE or not is_known:
            told.update(((action, known), (topic, known)))
            yield known


def _state(message: Message | None) -> dict[str, Any]:
    if message is None:  # it is no longer there
        return {}
    return {"number": message.number, "accepted": message.accepted, "is_read": message.is_read}
