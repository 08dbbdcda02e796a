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
    from collections.abc import Callable, Iterator, Sequence

    from smtpmock.mailbox.mailbox import Mailbox
    from smtpmock.records.change import Change
    from smtpmock.runtime.wakeup import Wakeup

MOST_EVENTS = 1_000
"""The number of events that are kept."""

MOST_IDS = 100
"""The most ids in an event about a purge; further ones follow in the next."""

LINGER_SECONDS = 60.0
"""The seconds for which events are recorded after the last reader has left."""

_PAUSE = 0.05  # seconds between two batches
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
        self._pending: deque[Change] = deque()
        self._is_due = False

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
        """Note a change, in any thread; this is what SMTP pays while somebody listens."""
        self._pending.append(change)  # which does not grow for long: the same thread empties it
        if not self._is_due:
            self._is_due = True
            get_hub().post(self._due.set)

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
        self._is_due = False
        changes = [self._pending.popleft() for _ in range(len(self._pending))]
        for topic, action, ids, text in _described(changes, self._mailbox):
            self._last += 1
            self._events.append(Event(self._last, topic, action, ids, text))
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
        elif number:
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
                hits = {rule.id: {"hits": rule.hits} for rule in mailbox.rules}
            states = _message_states(mailbox, new) if topic == "message" else hits or {}
            for known in new:
                yield topic, action, (known,), _as_json({"action": action, "id": known, **states.get(known, {})})


def _message_states(mailbox: Mailbox, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    return {
        message.id: {"number": message.number, "accepted": message.accepted, "is_read": message.is_read}
        for message in mailbox.messages(id=ids, accepted=None)
    }
