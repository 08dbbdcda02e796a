"""The records in the file that match a query: read, and counted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from smtpmock.stores.sqlite.rows import ENTRY, entry

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from smtpmock.queries.query import Query
    from smtpmock.stores.base import Entry, SessionEntry
    from smtpmock.stores.sqlite.conditions import Condition

HIGHEST = 2**62
"""A number that no record and no session reaches."""

MOST_COUNTED = 10_000
"""The most matches of a query that are counted for a page."""

MOST_EXAMINED = 300
"""The records that are examined to count the matches of a query which SQLite cannot decide, after the page is full."""


def matching(
    connection: sqlite3.Connection,
    query: Query | None,
    asked: Condition | None,
    after: int,
    limit: int | None,
    before: int | None = None,
) -> Iterator[Entry]:
    """Yield the first entries that match; with `before`, the last ones below that number, the last one first."""
    most = -1 if limit is None else limit
    after = after if query is None else max(after, query.after)
    decides = query is not None and asked is not None and not asked.is_exact
    for sql, values in _ordered(connection, asked, after, before):
        if most == 0:
            return
        bound = "" if decides or limit is None else f" LIMIT {most}"
        for row in connection.execute(f"{sql}{bound}", values):
            found = entry(row)
            if not decides or query.matches(found):  # type: ignore[union-attr]  # `decides` says that there is a query
                yield found
                most -= 1
                if most == 0:
                    return


def count(
    connection: sqlite3.Connection, query: Query, asked: Condition, page: list[Entry], after: int, before: int | None
) -> int:
    """Return how many match, as far as that is counted.

    Args:
        connection: The connection.
        query: The query.
        asked: The query in SQL.
        page: The entries on a page, all of which match.
        after: The number before the page.
        before: The number behind the page, if it is read from there.
    """
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
    edge, sign = page_end(page, after, before)
    for sql, values in _ordered(connection, asked, query.after, None if before is None else HIGHEST):
        for row in connection.execute(sql, values):
            if row[0] in numbers:
                total += 1
                continue
            examined += (row[0] - edge) * sign > 0
            if examined > MOST_EXAMINED:
                return total
            total += query.matches(entry(row))
    return total


def page_end(page: Sequence[Entry | SessionEntry], after: int, before: int | None) -> tuple[int, int]:
    """Return the number at which a page ends, and the sign of the direction in which it is read.

    Args:
        page: What is on it, in order.
        after: The number before the page.
        before: The number behind the page, if it is read from there.
    """
    if before is None:
        return page[-1].number if page else after, 1
    return page[0].number if page else before, -1


def _ordered(
    connection: sqlite3.Connection, asked: Condition | None, after: int, before: int | None
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield the statements for the entries after a number, or from another one down, in their order."""
    statements = list(_statements(connection, asked, after, ENTRY))
    if before is None:
        yield from ((f"{sql} ORDER BY {order}", values) for sql, order, values in statements)
        return
    for sql, order, values in reversed(statements):
        yield f"{sql} AND {order} < ? ORDER BY {order} DESC", (*values, before)


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
        ids, among = json.dumps(asked.ids), "IN (SELECT value FROM json_each(?))"
        source = f"keys k CROSS JOIN messages m ON m.number = k.number WHERE k.key {among} AND k.number > ?"
        yield f"SELECT {columns} FROM {source}{rest}", "k.number", (ids, after, *values)
        after = max(after, settled)
        rest += f" AND EXISTS (SELECT 1 FROM json_each(m.keys) WHERE value {among})"
        values.append(ids)
    elif asked.keys:
        source = "keys k CROSS JOIN messages m ON m.number = k.number WHERE k.key = ? AND k.number > ?"
        yield f"SELECT {columns} FROM {source}{rest}", "k.number", (asked.keys[0], after, *values)
        after = max(after, settled)
    elif asked.subject and indexed > after:
        source = "subjects s CROSS JOIN messages m ON m.number = s.rowid WHERE subjects MATCH ? AND s.rowid > ?"
        yield f"SELECT {columns} FROM {source}{rest}", "s.rowid", (asked.subject, after, *values)
        after = indexed
    yield f"SELECT {columns} FROM messages m WHERE m.number > ?{rest}", "m.number", (after, *values)
