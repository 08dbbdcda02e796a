"""The questions of readers to the file, in whichever thread they are."""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING, Any

from smtpmock.errors import StoreError
from smtpmock.stores.base import Entry, SessionEntry
from smtpmock.stores.sqlite.conditions import Condition, condition, session_in_keys
from smtpmock.stores.sqlite.rows import ENTRY, State, entry, session
from smtpmock.stores.sqlite.schema import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from smtpmock.queries.query import Query, SessionQuery

MOST_COUNTED = 10_000
"""The most matches of a query that are counted for a page."""

MOST_EXAMINED = 300
"""The records that are examined to count the matches of a query which SQLite cannot decide, after the page is full."""


class Reader:
    """A reader of a file, with as many connections as there are readers at the same time.

    Args:
        path: The file.
        timeout: The seconds to wait for it.
    """

    def __init__(self, path: Path, timeout: float) -> None:
        self._path = path
        self._timeout = timeout
        self._idle: list[sqlite3.Connection] = []
        self._keeps = False

    def open(self) -> None:
        """Keep connections for the next reader from now on."""
        self._keeps = True

    def close(self) -> None:
        """Close the connections that nobody uses."""
        self._keeps = False
        while self._idle:
            self._idle.pop().close()

    def abandon(self) -> list[sqlite3.Connection]:
        """Return the connections, which a forked child must not close."""
        self._keeps = False
        return self._idle

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection | None]:
        """Give a connection that sees one state of the file; None if the file does not exist.

        Raises:
            StoreError: If the file cannot be read.
        """
        try:
            found = self._take()
            if found is None:
                yield None
                return
            try:
                found.execute("BEGIN")
                yield found
                found.execute("COMMIT")
            except BaseException:
                found.close()
                raise
            self._idle.append(found)
            if not self._keeps:  # or no longer
                self.close()
        except (sqlite3.Error, ValueError) as error:
            raise StoreError(f"Cannot read the store {self._path}: {error}") from None

    def _take(self) -> sqlite3.Connection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return connect(self._path, self._timeout) if self._path.exists() else None

    def state(self) -> State:
        """Return the counts."""
        with self.connection() as found:
            return State() if found is None else State(*found.execute("SELECT * FROM state").fetchone())

    def select(self, query: Query | None, after: int, limit: int | None) -> list[Entry]:
        """Return the entries that match, in order of arrival."""
        with self.connection() as found:
            if found is None:
                return []
            asked = None if query is None else condition(query)
            return list(matching(found, query, asked, after, limit))

    def page(self, query: Query, after: int, limit: int) -> tuple[list[Entry], int]:
        """Return the first entries that match after a number, and how many match, as far as that is counted."""
        with self.connection() as found:
            if found is None:
                return [], 0
            asked = condition(query)
            entries = list(matching(found, query, asked, after, limit))
            return entries, _count(found, query, asked, entries, after)

    def sessions(self, query: SessionQuery | None) -> list[SessionEntry]:
        """Return the sessions that match, in the order in which they began."""
        with self.connection() as found:
            if found is None:
                return []
            after = 0 if query is None else query.after
            rows = found.execute(
                "SELECT number, ended, forgotten, head FROM sessions WHERE number > ? ORDER BY number", (after,)
            )
            chunks = found.execute(
                "SELECT session, first, items FROM exchanges WHERE session > ? ORDER BY session, first", (after,)
            )
            said = {number: list(part) for number, part in groupby(chunks, lambda row: row[0])}
            records = {
                number: session(tuple(rest), [(first, items) for _, first, items in said.get(number, ())])
                for number, *rest in rows
            }
            return [
                SessionEntry(record, _entries_of(found, number))
                for number, record in records.items()
                if query is None or query.matches(record)
            ]


def _entries_of(connection: sqlite3.Connection, session: int) -> tuple[Entry, ...]:
    return tuple(matching(connection, None, Condition((), (), (session_in_keys(session),), None, "", True), 0, None))


def matching(
    connection: sqlite3.Connection, query: Query | None, asked: Condition | None, after: int, limit: int | None
) -> Iterator[Entry]:
    """Yield the first entries that match."""
    most = -1 if limit is None else limit
    after = after if query is None else max(after, query.after)
    decides = query is not None and asked is not None and not asked.is_exact
    for sql, order, values in _statements(connection, asked, after, ENTRY):
        if most == 0:
            return
        bound = "" if decides or limit is None else f" LIMIT {most}"
        for row in connection.execute(f"{sql} ORDER BY {order}{bound}", values):
            found = entry(row)
            if not decides or query.matches(found):  # type: ignore[union-attr]  # `decides` says that there is a query
                yield found
                most -= 1
                if most == 0:
                    return


def _count(connection: sqlite3.Connection, query: Query, asked: Condition, page: list[Entry], page_after: int) -> int:
    """Return how many match, as far as that is counted."""
    if asked.is_exact:
        if not query.terms and not query.after:
            accepted, records = connection.execute("SELECT accepted, records FROM state").fetchone()
            return int(records if query.accepted is None else accepted if query.accepted else records - accepted)
        total = 0
        for sql, _, values in _statements(connection, asked, query.after, "m.number"):
            counted = f"SELECT count(*) FROM ({sql} LIMIT {MOST_COUNTED - total})"
            total += connection.execute(counted, values).fetchone()[0]
        return total
    total, examined = 0, 0
    numbers = {found.number for found in page}
    last = page[-1].number if page else page_after
    for sql, order, values in _statements(connection, asked, query.after, ENTRY):
        for row in connection.execute(f"{sql} ORDER BY {order}", values):
            if row[0] in numbers:
                total += 1
                continue
            examined += row[0] > last
            if examined > MOST_EXAMINED:
                return total
            total += query.matches(entry(row))
    return total


def _statements(
    connection: sqlite3.Connection, asked: Condition | None, after: int, columns: str
) -> Iterator[tuple[str, str, tuple[Any, ...]]]:
    """Yield the statements that select the candidates after a number, one after the other.

    The last one reads the records that the table of keys, or the index of subjects, does not have yet. Each comes with
    the column of its first table by which it is sorted: that one is read in this order anyway.
    """
    if asked is None:
        yield f"SELECT {columns} FROM messages m WHERE m.number > ?", "m.number", (after,)
        return
    settled, indexed = connection.execute("SELECT settled, indexed FROM state").fetchone()
    terms = list(asked.terms)
    values = list(asked.values)
    for key in asked.keys:
        terms.append("EXISTS (SELECT 1 FROM json_each(m.keys) WHERE value = ?)")
        values.append(key)
    rest = "".join(f" AND {term}" for term in terms)
    if asked.ids is not None:
        among = "k.key IN (SELECT value FROM json_each(?))"
        source = f"keys k CROSS JOIN messages m ON m.number = k.number WHERE {among} AND k.number > ?"
        yield f"SELECT {columns} FROM {source}{rest}", "k.number", (json.dumps(asked.ids), after, *values)
        after = max(after, settled)
    elif asked.keys:
        source = "keys k CROSS JOIN messages m ON m.number = k.number WHERE k.key = ? AND k.number > ?"
        yield f"SELECT {columns} FROM {source}{rest}", "k.number", (asked.keys[0], after, *values)
        after = max(after, settled)
    elif asked.subject and indexed > after:
        source = "subjects s CROSS JOIN messages m ON m.number = s.rowid WHERE subjects MATCH ? AND s.rowid > ?"
        yield f"SELECT {columns} FROM {source}{rest}", "s.rowid", (asked.subject, after, *values)
        after = indexed
    yield f"SELECT {columns} FROM messages m WHERE m.number > ?{rest}", "m.number", (after, *values)
