"""The writer of a file: small messages are written at once, by the hub itself, and all else in a thread of its own."""

from __future__ import annotations

from time import monotonic, thread_time
from typing import TYPE_CHECKING

import gevent
from gevent.threadpool import ThreadPool

from smtpmock.stores.sqlite.database import LockedError
from smtpmock.stores.sqlite.step import Addition
from smtpmock.stores.threads import in_thread

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from smtpmock.stores.sqlite.database import Database, Written
    from smtpmock.stores.sqlite.rows import State
    from smtpmock.stores.sqlite.step import Step
    from smtpmock.stores.sqlite.transaction import SessionFacts

_MOST_AT_ONCE, _MOST_BYTES_AT_ONCE = 100, 262_144
"""The messages, and their bytes, that are written at once, which takes some 5 ms at most.

Nearly all of that is the work of a processor, for most of which the hub would have to wait all the same: with a thread,
50 connections deliver 12 % less (median of 21 rounds).
"""

_TOO_LONG, _PAUSE = 0.025, 10.0
"""If a write waits for longer than the first (in seconds), nothing is written at once for the second."""

_MOST_IN_LOG = 1000
"""The new messages after which the log of SQLite is moved to the file, beside the writer."""


class Writer:
    """The writer of a file. It belongs to the hub thread, and writes one thing after the other.

    Args:
        open_database: A function that opens the file, and raises `StartError` if that is not possible.
    """

    def __init__(self, open_database: Callable[[], Database]) -> None:
        self._pool = ThreadPool(1)
        try:
            self._database = in_thread(self._pool, open_database)
        except BaseException:
            self._pool.kill()
            raise
        self._has_new_log = True  # the first write to it waits for the disk
        self._slow_until = 0.0
        self._moved = self.state.last
        self._moving: gevent.Greenlet[..., None] | None = None

    def close(self) -> None:
        """Close the file."""
        if self._moving is not None:
            self._moving.join()
        self._pool.apply(self._database.close)
        self._pool.kill()

    @property
    def has_index(self) -> bool:
        """True if SQLite can index subjects."""
        return self._database.has_index

    @property
    def state(self) -> State:
        """The counts."""
        return self._database.state

    def connections(self) -> list[sqlite3.Connection]:
        """Return the connections, which a forked child must not close."""
        return self._database.connections()

    def write(self, facts: Sequence[SessionFacts], steps: Sequence[Step], settles: bool) -> Written:
        """Write facts about sessions, then take some steps, all or nothing.

        Args:
            facts: The facts.
            steps: The steps.
            settles: True if this is all that is known of sessions.

        Raises:
            StoreError: If that is not possible now.
        """
        written = None
        if not (facts or settles) and self._is_quick(steps):
            written = self._write_at_once(steps)
        if written is None:
            written = in_thread(self._pool, self._database.write, facts, steps, settles)
            self._has_new_log = settles  # which may have moved a log that is very long to the file
        if settles:
            self._shorten_log()
        return written

    def _is_quick(self, steps: Sequence[Step]) -> bool:
        """Return True if the hub can take some steps itself."""
        if self._has_new_log or len(steps) > _MOST_AT_ONCE or monotonic() < self._slow_until:
            return False
        size = 0
        for step in steps:
            if type(step) is not Addition:
                return False
            size += step.size
        return size <= _MOST_BYTES_AT_ONCE

    def _write_at_once(self, steps: Sequence[Step]) -> Written | None:
        """Take some steps without a thread; return None if they would have to wait."""
        began = monotonic() - thread_time()
        try:
            return self._database.write((), steps, settles=False, at_once=True)
        except LockedError:
            return None
        finally:
            if monotonic() - thread_time() - began > _TOO_LONG:
                self._slow_until = monotonic() + _PAUSE

    def _shorten_log(self) -> None:
        """Have the log moved to the file meanwhile, if it is long."""
        if self.state.last - self._moved >= _MOST_IN_LOG and not self._moving:  # which is false once it has ended
            self._moved = self.state.last
            self._moving = gevent.spawn(self._move_log)

    def _move_log(self) -> None:
        in_thread(gevent.get_hub().threadpool, self._database.move_log)
        self._has_new_log = True  # unless something was written meanwhile
