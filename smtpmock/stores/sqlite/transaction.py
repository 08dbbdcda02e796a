"""Writing in one step: messages, sessions, and the counts that belong to them."""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from smtpmock.records.packed import pack, pack_texts
from smtpmock.stores.base import Entry
from smtpmock.stores.sqlite.conditions import condition, id_in_keys, index_form, keys_of
from smtpmock.stores.sqlite.entries import matching
from smtpmock.stores.sqlite.rows import ENTRY, State, entry

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from smtpmock.queries.query import Query
    from smtpmock.records.change import Topic
    from smtpmock.records.exchange import Exchange
    from smtpmock.records.message import MessageRecord
    from smtpmock.stores.sqlite.rows import Head

    Told = tuple[Topic, str, tuple[str, ...], int, bool]
    """A change, as it is told to those who follow the store."""

EXCHANGES_PER_MESSAGE = 10
"""The most exchanges to keep for each message that may be kept, if there is a bound."""


_ROWS_AT_ONCE = 64

_KEYS = "SELECT k.value, m.number FROM messages m, json_each(m.keys) k"
"""The keys of records, as rows of their table."""

_AMONG = "number IN (SELECT value FROM json_each(?))"


class Bounds(NamedTuple):
    """The most that is kept; None for no limit.

    Attributes:
        messages: The records, and the ended sessions.
        bytes: The bytes of messages, if there is more than one.
        seconds: The age of records and ended sessions.
    """

    messages: int | None
    bytes: int | None
    seconds: float | None


class SessionFacts(NamedTuple):
    """The facts that have become known of a session since it was written last.

    Attributes:
        number: Its number.
        id: Its id.
        head: What it consists of, besides the following; None if that is written already.
        ended: When it ended; None while it is open.
        first: The place of the first new exchange in the session.
        exchanges: The new exchanges.
        forgotten: The number of exchanges at its beginning that are not kept.
    """

    number: int
    id: str
    head: Head | None
    ended: float | None
    first: int
    exchanges: tuple[Exchange, ...]
    forgotten: int


class AlreadyThereError(Exception):
    """A record that is to be added is there already."""


class Transaction:
    """A step: all of it is written, or nothing.

    Args:
        connection: The connection, in a transaction of SQLite.
        bounds: What is kept.
        recent: The numbers of the records whose keys are not in the table of keys yet, by their ids.
        is_careful: True if a record that is added may be there already; else that is an error, which is faster than to
            ask first.

    Attributes:
        told: The changes, to be told once they are committed.
        removed: True if a record was removed or changed in a way that a query sees.
        added: The numbers of the records that were added, by their ids.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        bounds: Bounds,
        recent: Mapping[str, int],
        *,
        is_careful: bool,
    ) -> None:
        self._connection = connection
        self._bounds = bounds
        self._before = State(*connection.execute("SELECT * FROM state").fetchone())
        self._state = self._before._asdict()
        self.told: list[Told] = []
        self.removed = False
        self.added: dict[str, int] = {}
        self._recent = recent
        self._is_careful = is_careful
        self._new_messages: list[tuple[Any, ...]] = []

    def finish(self, *, settles: bool) -> State:
        """Apply the bounds and write the counts; return them.

        Args:
            settles: True if all that is known of sessions is written, and the keys of new records are to be.
        """
        self._insert()
        self._drop()
        if settles and self._state["settled"] < self._state["last"]:
            self._enter_keys("m.number > ?", self._state["settled"])
            self._state["settled"] = self._state["last"]
        state = State(**self._state)
        if state != self._before:
            columns = ", ".join(f"{name} = ?" for name in State._fields)
            self._connection.execute(f"UPDATE state SET {columns}", state)
        return state

    # Sessions.

    def write_sessions(self, changed: Sequence[SessionFacts]) -> None:
        """Write what has become known of sessions."""
        state = self._state
        heads, chunks = [], []
        for facts in changed:
            behind = facts.first + len(facts.exchanges)
            if facts.exchanges:
                chunks.append((facts.number, facts.first, behind, pack(facts.exchanges)))
            if facts.head is not None:
                kept = behind - facts.forgotten
                heads.append((facts.number, facts.id, facts.ended, facts.forgotten, kept, pack(facts.head)))
                state["last_session"] = max(state["last_session"], facts.number)
                if facts.ended is not None:
                    state["ended"] += 1
                    state["ended_exchanges"] += kept
        self._insert_rows("exchanges", chunks)
        self._insert_rows(
            "sessions",
            heads,
            "ON CONFLICT (number) DO UPDATE SET ended = excluded.ended, forgotten = excluded.forgotten, "
            "exchanges = excluded.exchanges, head = excluded.head",
        )
        for facts in changed:
            if facts.forgotten and facts.head is not None:
                self._connection.execute(
                    "DELETE FROM exchanges WHERE session = ? AND behind <= ?", (facts.number, facts.forgotten)
                )

    # Records.

    def add(self, record: MessageRecord) -> Entry:
        """Store a record, unless one with its id is known; return the entry."""
        if self._is_careful or record.id in self._recent or record.id in self.added:
            known = self._find(record.id)
            if known is not None:
                return known
        state = self._state
        number = state["last"] = self.added[record.id] = state["last"] + 1
        raw = record.content.raw
        size, accepted = len(raw), record.accepted
        row = (
            number,
            record.id,
            accepted,
            record.received,
            size,
            False,
            "[]",
            _keys(record),
            pack(record),
            raw,
        )
        self._new_messages.append(row)
        state["last_session"] = max(state["last_session"], record.origin.session_number)
        state["records"] += 1
        state["accepted"] += accepted
        state["bytes"] += size
        self._tell("message", "added", (record.id,), number, accepted)
        return Entry(number, record)

    def amend(self, record: MessageRecord) -> bool:
        """Replace the record with the same id; return False if there is none."""
        found = self._find(record.id)
        if found is None:
            return False
        number, known, _, _ = found
        raw, state = record.content.raw, self._state
        keys = _keys(record)
        are_keys_new = keys != _keys(known)
        if are_keys_new:
            self._leave_keys("number = ?", number)
        self._connection.execute(
            "UPDATE messages SET accepted = ?, received = ?, size = ?, keys = ?, head = ? WHERE number = ?",
            (record.accepted, record.received, len(raw), keys, pack(record), number),
        )
        if are_keys_new and number <= state["settled"]:
            self._enter_keys("number = ?", number)
        if raw != known.content.raw:
            self._connection.execute("UPDATE messages SET content = ? WHERE number = ?", (raw, number))
            state["indexed"] = min(state["indexed"], number - 1)
        state["accepted"] += record.accepted - known.accepted
        state["bytes"] += len(raw) - len(known.content.raw)
        self.removed = self.removed or not record.differs_only_in_its_end(known)
        action = "accepted" if record.accepted and not known.accepted else "amended"
        self._tell("message", action, (record.id,), number, record.accepted)
        return True

    def erase(self, ids: tuple[str, ...]) -> int:
        """Remove records; return the number of those that existed."""
        taken = self._take(_AMONG, self._numbers(ids))
        if taken:
            self._tell("purge", "erased", tuple(taken))
        return len(taken)

    def update(self, ids: tuple[str, ...], is_read: bool | None, tags: tuple[str, ...] | None) -> int:
        """Mark records as read or unread, or tag them; return the number of those that existed."""
        self._insert()
        written = None if tags is None else json.dumps(tags)
        asked = self._numbers(ids)
        rows = self._connection.execute(f"SELECT id FROM messages WHERE {_AMONG} ORDER BY number", (asked,)).fetchall()
        self._connection.execute(
            f"UPDATE messages SET is_read = coalesce(?, is_read), tags = coalesce(?, tags) WHERE {_AMONG}",
            (is_read, written, asked),
        )
        if rows:
            self.removed = True
            self._tell("message", "updated", tuple(record_id for (record_id,) in rows))
        return len(rows)

    def purge(self, query: Query | None) -> list[tuple[Any, ...]]:
        """Remove records that match, without a query all of them and ended sessions; return their rows."""
        self._insert()
        where, value = "1", ""
        if query is not None:
            found = matching(self._connection, query, condition(query), 0, None)
            where, value = _AMONG, json.dumps([one.number for one in found])
        values = () if query is None else (value,)
        taken = self._connection.execute(f"SELECT {ENTRY} FROM messages m WHERE {where} ORDER BY number", values)
        rows = taken.fetchall()
        ids = tuple(self._take(where, *values))
        if query is None:
            self._connection.execute(
                "DELETE FROM exchanges WHERE session IN (SELECT number FROM sessions WHERE ended IS NOT NULL)"
            )
            self._connection.execute("DELETE FROM sessions WHERE ended IS NOT NULL")
            self._state["ended"] = self._state["ended_exchanges"] = 0
        self.removed = True
        self._tell("purge", "all" if query is None else "purged", ids)
        return rows

    def expire(self, now: float) -> None:
        """Drop the records and the ended sessions that are too old."""
        assert self._bounds.seconds is not None
        self._insert()
        oldest = now - self._bounds.seconds
        young = self._connection.execute("SELECT min(number) FROM messages WHERE received >= ?", (oldest,)).fetchone()
        self._drop_records("number < ?", self._state["last"] + 1 if young[0] is None else young[0])
        self._drop_sessions("ended < ?", oldest)

    # The index of subjects.

    def index(self, most: int) -> bool:
        """Index the subjects of some more records, or forget those of removed ones; return False if that was all."""
        self._insert()
        indexed = self._state["indexed"]
        rows = self._connection.execute(
            f"SELECT {ENTRY} FROM messages m WHERE number > ? ORDER BY number LIMIT ?", (indexed, most)
        ).fetchall()
        for row in rows:
            found = entry(row)
            self._connection.execute("DELETE FROM subjects WHERE rowid = ?", (found.number,))
            self._connection.execute(
                "INSERT INTO subjects (rowid, subject) VALUES (?, ?)",
                (found.number, index_form(found.record.content.subject)),
            )
        self._state["indexed"] = rows[-1][0] if rows else self._state["last"]
        return len(rows) == most

    def forget_subjects(self, most: int) -> bool:
        """Remove the subjects of some removed records from the index; return False if that was all."""
        gone = self._connection.execute(
            "SELECT rowid FROM subjects WHERE rowid NOT IN (SELECT number FROM messages) LIMIT ?", (most,)
        ).fetchall()
        self._connection.executemany("DELETE FROM subjects WHERE rowid = ?", gone)
        return len(gone) == most

    # Parts.

    def _tell(
        self, topic: Topic, action: str, ids: tuple[str, ...], number: int = 0, is_accepted: bool = False
    ) -> None:
        self.told.append((topic, action, ids, number, is_accepted))

    def _number(self, record_id: str) -> int | None:
        """Return the number that a record has, or had before it was removed; None if there is none."""
        number = self.added.get(record_id) or self._recent.get(record_id)
        if number is None:
            found = self._connection.execute(
                "SELECT number FROM keys WHERE key = ?", (id_in_keys(record_id),)
            ).fetchone()
            number = None if found is None else found[0]
        return number

    def _numbers(self, ids: Iterable[str]) -> str:
        """Return the numbers of some records as JSON, those that were removed included."""
        return json.dumps([number for number in map(self._number, ids) if number is not None])

    def _find(self, record_id: str) -> Entry | None:
        number = self._number(record_id)
        if number is None:
            return None
        self._insert()
        row = self._connection.execute(f"SELECT {ENTRY} FROM messages m WHERE number = ?", (number,)).fetchone()
        return None if row is None else entry(row)

    def _enter_keys(self, where: str, *values: Any) -> None:
        self._connection.execute(f"INSERT OR IGNORE INTO keys {_KEYS} WHERE {where} ORDER BY 1, 2", values)

    def _leave_keys(self, where: str, *values: Any) -> None:
        self._connection.execute(f"DELETE FROM keys WHERE (key, number) IN ({_KEYS} WHERE {where})", values)

    def _insert(self) -> None:
        """Insert the records that were added, all at once.

        Raises:
            AlreadyThereError: If one of them is there already.
        """
        if self._new_messages:
            if not self._is_careful:
                ids = pack_texts(id_in_keys(row[1]) for row in self._new_messages)
                among = "k.key IN (SELECT value FROM json_each(?))"
                known = f"SELECT 1 FROM keys k CROSS JOIN messages m ON m.number = k.number WHERE {among} LIMIT 1"
                if self._connection.execute(known, (ids,)).fetchone() is not None:
                    raise AlreadyThereError
            self._insert_rows("messages", self._new_messages)
            self._new_messages = []

    def _insert_rows(self, table: str, rows: Sequence[tuple[Any, ...]], conflict: str = "") -> None:
        """Insert rows into a table, many with one statement: each gives up the interpreter to other threads once."""
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            some = rows[start : start + _ROWS_AT_ONCE]
            marks = f"({', '.join('?' * len(some[0]))})"
            self._connection.execute(
                f"INSERT INTO {table} VALUES {', '.join([marks] * len(some))} {conflict}", [*chain.from_iterable(some)]
            )

    def _take(self, where: str, *values: Any) -> dict[str, int]:
        """Remove the records that a condition selects; return their numbers by their ids."""
        self._insert()
        rows: Sequence[tuple[int, str, int, int]] = self._connection.execute(
            f"SELECT number, id, accepted, size FROM messages WHERE {where} ORDER BY number", values
        ).fetchall()
        if not rows:
            return {}
        numbers = json.dumps([row[0] for row in rows])
        self._leave_keys(_AMONG, numbers)
        self._connection.execute(f"DELETE FROM messages WHERE {_AMONG}", (numbers,))
        state = self._state
        state["records"] -= len(rows)
        state["accepted"] -= sum(row[2] for row in rows)
        state["bytes"] -= sum(row[3] for row in rows)
        self.removed = True
        return {row[1]: row[0] for row in rows}

    def _drop(self) -> None:
        """Drop what the bounds do not allow, the oldest first."""
        state = self._state
        if self._bounds.messages is not None:
            excess = state["records"] - self._bounds.messages
            if excess > 0:
                self._drop_records("number IN (SELECT number FROM messages ORDER BY number LIMIT ?)", excess)
            while state["ended"] > self._bounds.messages or (
                state["ended_exchanges"] > self._bounds.messages * EXCHANGES_PER_MESSAGE
            ):
                self._drop_sessions(
                    "number = (SELECT number FROM sessions WHERE ended IS NOT NULL ORDER BY ended, number LIMIT ?)", 1
                )
        while self._bounds.bytes is not None and state["bytes"] > self._bounds.bytes and state["records"] > 1:
            self._drop_records("number = (SELECT min(number) FROM messages WHERE number > ?)", 0)

    def _drop_records(self, where: str, value: Any) -> None:
        for record_id, number in self._take(where, value).items():
            self._state["dropped"] += 1
            self.told.insert(self._place_of_drops, ("purge", "dropped", (record_id,), number, False))

    @property
    def _place_of_drops(self) -> int:
        """Insert the change of a drop before that of the last message, whose place it made."""
        added = [place for place, told in enumerate(self.told) if told[1] == "added"]
        return added[-1] if added else len(self.told)

    def _drop_sessions(self, where: str, value: Any) -> None:
        rows: Iterable[tuple[int, int]] = self._connection.execute(
            f"SELECT number, exchanges FROM sessions WHERE ended IS NOT NULL AND {where}", (value,)
        ).fetchall()
        for number, exchanges in rows:
            self._connection.execute("DELETE FROM exchanges WHERE session = ?", (number,))
            self._connection.execute("DELETE FROM sessions WHERE number = ?", (number,))
            self._state["ended"] -= 1
            self._state["ended_exchanges"] -= exchanges


def _keys(record: MessageRecord) -> str:
    return pack_texts(keys_of(record))
