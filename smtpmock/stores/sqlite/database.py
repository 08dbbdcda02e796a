"""The file while a server writes to it."""

from __future__ import annotations

import sqlite3
from time import time
from typing import TYPE_CHECKING, Any, NamedTuple

from smtpmock.errors import StoreError
from smtpmock.records.exchange import Exchange
from smtpmock.records.packed import pack, unpack_all
from smtpmock.stores.sqlite import schema
from smtpmock.stores.sqlite.rows import ENTRY, Head, State, entry
from smtpmock.stores.sqlite.transaction import AlreadyThereError, Transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from smtpmock.stores.sqlite.transaction import Bounds, SessionFacts, Told

    Step = Callable[[Transaction], Any]
    """Something to write."""


class LockedError(StoreError):
    """Another program has locked the file."""


class Written(NamedTuple):
    """The result of a step of writing.

    Attributes:
        results: What each of its parts returns.
        told: The changes.
        removed: True if a record was removed or changed in a way that a query sees.
    """

    results: list[Any]
    told: list[Told]
    removed: bool


class Database:
    """The file, open for writing and locked for other servers.

    Args:
        path: The file.
        timeout: The seconds to wait while another program has locked the file.
        bounds: What is kept.

    Attributes:
        has_index: True if SQLite can index subjects.
        state: The counts.

    Raises:
        StartError: If the file cannot be used.
    """

    def __init__(self, path: Path, timeout: float, bounds: Bounds) -> None:
        self._path = path
        self._timeout = timeout
        self._bounds = bounds
        self._is_patient = True
        self._mover: sqlite3.Connection | None = None
        self._recent: dict[str, int] = {}
        self.state = State()
        self._holder = schema.lock(path)
        try:
            self._connection = schema.prepare(path, timeout)
        except BaseException:
            self._holder.close()
            raise
        try:
            self.has_index = self._make_index()
            self._complete_sessions()
            self._end_sessions()
            self.write((), (), settles=True)
        except sqlite3.Error as error:
            self.close()
            raise schema.unusable(path, str(error)) from None

    def close(self) -> None:
        """Close the file, for others to use."""
        for connection in self.connections():
            connection.close()

    def connections(self) -> list[sqlite3.Connection]:
        """Return the connections, which a forked child must not close."""
        mover = [] if self._mover is None else [self._mover]
        return [*mover, self._connection, self._holder]

    def move_log(self) -> None:
        """Move what the log of SQLite has to the file, while others read and write."""
        try:
            if self._mover is None:
                self._mover = schema.connect(self._path, 0)
            self._mover.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.Error:
            pass  # the log grows until a writer moves it, which meets the same problem

    def write(
        self, sessions: Sequence[SessionFacts], steps: Sequence[Step], settles: bool, *, at_once: bool = False
    ) -> Written:
        """Write facts about sessions, then take some steps, all or nothing.

        Args:
            sessions: The facts.
            steps: The steps.
            settles: True if this is all that is known of sessions.
            at_once: True to wait neither for other programs nor for the disk: what is written stays in the log for now,
                and the log in the memory of the system.

        Raises:
            LockedError: If another program keeps the file locked.
            StoreError: If that is not possible now for another reason.
        """
        try:
            self._set_patience(not at_once)
            try:
                return self._write(sessions, steps, settles, is_careful=False)
            except AlreadyThereError:
                return self._write(sessions, steps, settles, is_careful=True)
        except (sqlite3.Error, ValueError) as error:
            kind = LockedError if schema.is_locked(error) else StoreError
            raise kind(f"Cannot write to the store {self._path}: {error}") from None

    def _set_patience(self, is_patient: bool) -> None:
        """Wait for locks, and move a log that is long to the file, from now on; or do neither."""
        if is_patient is not self._is_patient:
            milliseconds, pages = (int(self._timeout * 1000), schema.LONGEST_LOG) if is_patient else (0, 0)
            self._connection.execute(f"PRAGMA busy_timeout = {milliseconds}")
            self._connection.execute(f"PRAGMA wal_autocheckpoint = {pages}")
            self._is_patient = is_patient

    def _write(
        self, sessions: Sequence[SessionFacts], steps: Sequence[Step], settles: bool, *, is_careful: bool
    ) -> Written:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            transaction = Transaction(connection, self._bounds, self._recent, is_careful=is_careful)
            transaction.write_sessions(sessions)
            results = [step(transaction) for step in steps]
            state = transaction.finish(settles=settles)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        if settles:
            self._recent.clear()
        else:
            self._recent |= transaction.added
        self.state = state
        return Written(results, transaction.told, transaction.removed)

    def _make_index(self) -> bool:
        try:
            self._connection.execute(schema.SUBJECTS)
        except sqlite3.OperationalError as error:
            if "fts5" in str(error) or "tokenizer" in str(error):
                return False
            raise
        return True

    def _complete_sessions(self) -> None:
        """Add what the last records say of their sessions, if the last server died before it wrote these."""
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        rows = execute(f"SELECT {ENTRY} FROM messages m WHERE number > (SELECT settled FROM state) ORDER BY number")
        for row in rows.fetchall():
            record = entry(row).record
            number, head = record.origin.session_number, Head(record.origin, record.negotiated, (), ())
            execute(
                "INSERT OR IGNORE INTO sessions VALUES (?, ?, NULL, 0, 0, ?)",
                (number, record.origin.session_id, pack(head)),
            )
            [ended] = execute("SELECT ended FROM sessions WHERE number = ?", (number,)).fetchone()
            behind, items = execute(
                "SELECT behind, items FROM exchanges WHERE session = ? ORDER BY first DESC LIMIT 1", (number,)
            ).fetchone() or (0, "[]")
            last = max((known.number for known in unpack_all(Exchange, items)), default=0)
            said = [said for said in (record.helo, *record.exchanges) if said is not None and said.number > last]
            if said and ended is None:
                execute("INSERT INTO exchanges VALUES (?, ?, ?, ?)", (number, behind, behind + len(said), pack(said)))
                execute("UPDATE sessions SET exchanges = exchanges + ? WHERE number = ?", (len(said), number))
        execute("COMMIT")

    def _end_sessions(self) -> None:
        """End the sessions that were open when the last server died: with their last exchange, or at once."""
        self._connection.execute("BEGIN IMMEDIATE")
        rows = self._connection.execute("SELECT number FROM sessions WHERE ended IS NULL").fetchall()
        for (number,) in rows:
            last = self._connection.execute(
                "SELECT items FROM exchanges WHERE session = ? ORDER BY first DESC LIMIT 1", (number,)
            ).fetchone()
            ended = time() if last is None else unpack_all(Exchange, last[0])[-1].timestamp
            self._connection.execute("UPDATE sessions SET ended = ? WHERE number = ?", (ended, number))
            self._connection.execute(
                "UPDATE state SET ended = ended + 1, "
                "ended_exchanges = ended_exchanges + (SELECT exchanges FROM sessions WHERE number = ?)",
                (number,),
            )
        self._connection.execute("COMMIT")
