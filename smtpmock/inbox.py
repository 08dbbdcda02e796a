"""Kept messages: add, read, wait, purge.

Only the hub thread changes what is kept, so that nothing needs a lock; any thread reads.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from smtpmock.messages import Session
from smtpmock.wakeup import make_wakeup

if TYPE_CHECKING:
    from collections.abc import Callable

    from smtpmock.messages import Message, Record, SessionLog
    from smtpmock.wakeup import Wakeup


class Inbox:
    """The records and sessions of a server, in order of appearance."""

    __slots__ = ("_last", "_last_session", "_records", "_sessions", "_waiters")

    def __init__(self) -> None:
        self._records: dict[int, Record] = {}
        self._sessions: dict[int, SessionLog] = {}
        self._last = 0
        self._last_session = 0
        self._waiters: dict[int, Wakeup] = {}

    # In the hub thread.

    def next_session(self) -> int:
        """The number of a new session."""
        self._last_session += 1
        return self._last_session

    def begin(self, session: SessionLog) -> None:
        """A session has begun."""
        self._sessions[session.origin.session_id] = session
        self.wake()

    def keep(self, record: Record, message: Message) -> None:
        """Shows a message for the record: as a new one, or in place of what it showed."""
        if record.gone:
            return
        if not record.number:
            self._last += 1
            record.number = self._last
        message.number = record.number
        record.message = message
        self._records[record.number] = record
        self.wake()

    def erase(self, record: Record) -> None:
        """Takes a record out."""
        record.gone = True
        if self._records.pop(record.number, None) is not None:
            self.wake()

    def purge(self) -> list[Message]:
        """Takes all records out, and the sessions that have ended; returns what the records showed."""
        records = self._records
        self._records = {}
        self._sessions = {number: session for number, session in self._sessions.items() if session.ended is None}
        for record in records.values():
            record.gone = True
        return [record.message for record in records.values() if record.message is not None]

    def wake(self) -> None:
        """Lets all who wait look again."""
        if self._waiters:
            for waiter in tuple(self._waiters.values()):
                waiter.set()

    # In any thread.

    def messages(self) -> list[Message]:
        """What is kept, in order of appearance."""
        return [record.message for record in list(self._records.values()) if record.message is not None]

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
                wakeup.wait(remaining)
            finally:
                self._waiters.pop(id(wakeup), None)
                wakeup.close()
        return True
