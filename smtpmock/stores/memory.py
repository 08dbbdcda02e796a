"""Kept messages and sessions: add, select, wait, purge.

Only the hub thread changes what is kept, so that nothing needs a lock; any thread reads.
"""

from __future__ import annotations

from collections import deque
from time import monotonic
from typing import TYPE_CHECKING

from smtpmock.queries.query import Mark
from smtpmock.records.session import Session
from smtpmock.rfc.grammar import address_key
from smtpmock.runtime.wakeup import make_wakeup

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from smtpmock.messages.message import Message, Record
    from smtpmock.queries.query import Query
    from smtpmock.records.session import SessionLog
    from smtpmock.runtime.wakeup import Wakeup

    Index = dict[str, dict[int, None]]
    """The numbers of the records that have an address, by its key."""

EXCHANGES_PER_MESSAGE = 10
"""How many exchanges are kept for each message that may be kept, where there is a bound."""

_LONGEST_NAP = 86_400.0
"""Seconds after which a wait looks again: what a lock can be asked to wait for has an end."""


class Inbox:
    """The records and sessions of a server, in order of appearance.

    Args:
        bound: How many records and ended sessions are kept, at most; None for all.

    Attributes:
        bound: How many records and ended sessions are kept, at most; None for all.
        dropped: How many records had to go because of the bound.
        open_sessions: How many sessions are going on.
    """

    __slots__ = (
        "_ended",
        "_ended_exchanges",
        "_indexes",
        "_last",
        "_last_session",
        "_oldest",
        "_records",
        "_sessions",
        "_taken",
        "_waiters",
        "bound",
        "dropped",
        "open_sessions",
    )

    def __init__(self, bound: int | None = None) -> None:
        self.dropped = 0
        self.open_sessions = 0
        self.bound = bound
        self._last = 0
        self._last_session = 0
        self._taken = 0  # how many records and purges have gone
        self._waiters: dict[int, Wakeup] = {}
        self._sessions: dict[int, SessionLog] = {}
        self._clear()

    def _clear(self) -> None:
        self._records: dict[int, Record] = {}
        self._indexes: dict[str, Index] = {"recipient": {}, "sender": {}}
        self._oldest = self._last + 1
        self._ended: deque[SessionLog] = deque()
        self._ended_exchanges = 0

    # In the hub thread.

    def begin(self, session: SessionLog) -> None:
        """A session has begun."""
        self._sessions[session.origin.session_id] = session
        self.open_sessions += 1
        self.wake()

    def next_session(self) -> int:
        """The number of a new session."""
        self._last_session += 1
        return self._last_session

    def end(self, session: SessionLog, now: float) -> None:
        """A session has ended.

        Args:
            session: The session.
            now: Seconds since the epoch.
        """
        session.ended = now
        self.open_sessions -= 1
        if self.bound is not None:
            most = self.bound * EXCHANGES_PER_MESSAGE
            _forget_beginning(session, most)
            self._ended.append(session)
            self._ended_exchanges += len(session.exchanges)
            while len(self._ended) > self.bound or self._ended_exchanges > most:
                oldest = self._ended.popleft()
                self._ended_exchanges -= len(oldest.exchanges)
                self._sessions.pop(oldest.origin.session_id, None)
        self.wake()

    def keep(self, record: Record, message: Message, session: SessionLog) -> None:
        """Shows a message for the record of a session: as a new one, or in place of what it showed."""
        if record.gone:
            return
        if record.number:
            message.number = record.number
            record.message = message
        else:
            message.number = record.number = self._last + 1
            record.message = message
            self._records[record.number] = record
            _enter(self._indexes["sender"], message.sender, record.number)
            for recipient in message.recipients:
                _enter(self._indexes["recipient"], recipient, record.number)
            self._last = record.number  # a reader that knows the number finds the record
            session.records.append(record)
            if self.bound is not None and len(self._records) > self.bound:
                self._drop_oldest()
        self.wake()

    def erase(self, record: Record) -> None:
        """Takes a record out."""
        if self._records.pop(record.number, None) is not None:
            assert record.message is not None
            self._taken += 1
            _leave(self._indexes["sender"], record.message.sender, record.number)
            for recipient in record.message.recipients:
                _leave(self._indexes["recipient"], recipient, record.number)
            record.go()
            self.wake()

    def purge(self) -> list[Message]:
        """Takes all records out, and the sessions that have ended; returns what the records showed."""
        records = self._records
        self._clear()
        self._sessions = {number: session for number, session in self._sessions.items() if session.ended is None}
        taken = _shown(records.values())
        for record in records.values():
            record.go()
        self._taken += 1
        self.wake()
        return taken

    def wake(self) -> None:
        """Lets all who wait look again."""
        if self._waiters:
            for waiter in tuple(self._waiters.values()):
                waiter.set()

    def trim(self, session: SessionLog) -> None:
        """Forgets what a long session has said too long ago, where there is a bound."""
        if self.bound is None:
            return
        if len(session.records) > 2 * self.bound:
            session.records = [record for record in session.records if not record.gone]
        most = self.bound * EXCHANGES_PER_MESSAGE
        if len(session.exchanges) > most + self.bound:  # not at each command
            _forget_beginning(session, most)

    def _drop_oldest(self) -> None:
        while self._oldest not in self._records:
            self._oldest += 1
        self.erase(self._records[self._oldest])
        self.dropped += 1

    # In any thread.

    def mark(self) -> Mark:
        """The present moment."""
        return Mark(self._last, self._last_session)

    def messages(self) -> list[Message]:
        """What is kept, in order of appearance."""
        return _shown(list(self._records.values()))

    def select(self, query: Query, after: int = 0) -> list[Message]:
        """What is kept and was asked for, in order of appearance.

        Args:
            query: What is asked for.
            after: The number of a record that is too old, with all before it.
        """
        records = self._records
        after = max(after, query.after)
        looked_up = (self._indexes[word].get(key, {}) for word, key in query.keys.items())
        fewest: Collection[int] = min(looked_up, key=len, default=records)
        last = self._last
        numbers = range(after + 1, last + 1) if last - after < len(fewest) else list(fewest)
        found = (records.get(number) for number in numbers if number > after)
        return [message for message in _shown(record for record in found if record) if query.matches(message)]

    def present(self, messages: Iterable[Message]) -> list[Message]:
        """Those of the messages that are still kept, as they are now."""
        found = (self._records.get(message.number) for message in messages)
        return _shown(record for record in found if record)

    def sessions(self) -> list[Session]:
        """The sessions so far, in the order in which they began."""
        return [Session(session) for session in list(self._sessions.values())]

    def __len__(self) -> int:
        return len(self._records)

    def wait(self, condition: Callable[[], bool], timeout: float) -> bool:
        """Waits until the condition holds, at most `timeout` seconds; returns whether it does.

        The condition is looked at in the thread that waits, first at once and then after each change.
        """
        end = monotonic() + timeout
        while not condition():
            wakeup = make_wakeup()
            self._waiters[id(wakeup)] = wakeup
            try:
                if condition():  # it may have come true before the wake-up was known
                    return True
                remaining = end - monotonic()
                if remaining <= 0:
                    return False
                wakeup.wait(min(remaining, _LONGEST_NAP))
            finally:
                self._waiters.pop(id(wakeup), None)
                wakeup.close()
        return True

    def collector(self, query: Query, count: int, found: list[Message]) -> Callable[[], bool]:
        """A condition to wait for: that so many messages match; it keeps those that do in `found`."""
        seen = taken = 0

        def enough() -> bool:
            nonlocal seen, taken
            last, now_taken = self._last, self._taken
            arrived = self.select(query, after=seen)
            seen = max(last, arrived[-1].number if arrived else 0)
            found.extend(arrived)
            if len(found) >= count or now_taken != taken:  # what was found before may be gone, or say more by now
                found[:] = [message for message in self.present(found) if query.matches(message)]
                taken = now_taken
            return len(found) >= count

        return enough


def _forget_beginning(session: SessionLog, most: int) -> None:
    """Forgets what a session said first, so that no more than so many exchanges are left."""
    excess = len(session.exchanges) - most
    if excess > 0:
        del session.exchanges[:excess]
        session.forgotten += excess


def _enter(index: Index, address: str, number: int) -> None:
    key = address_key(address)
    numbers = index.get(key)
    if numbers is None:
        index[key] = {number: None}
    else:
        numbers[number] = None


def _leave(index: Index, address: str, number: int) -> None:
    key = address_key(address)
    numbers = index.get(key, {})
    numbers.pop(number, None)
    if not numbers:
        index.pop(key, None)


def _shown(records: Iterable[Record]) -> list[Message]:
    # Once, for it may be gone the next time.
    return [message for record in records if (message := record.message) is not None]
