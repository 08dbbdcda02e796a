"""The sessions in the file, with what was said in them and the records that are still there."""

from __future__ import annotations

import json
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from smtpmock.stores.base import SessionEntry
from smtpmock.stores.sqlite.conditions import session_in_keys
from smtpmock.stores.sqlite.entries import HIGHEST, MOST_COUNTED, MOST_EXAMINED, page_end
from smtpmock.stores.sqlite.rows import ENTRY, session, session_number
from smtpmock.stores.sqlite.unread import UnreadEntries

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from smtpmock.queries.query import SessionQuery
    from smtpmock.records.session import SessionRecord

_AT_ONCE = 100
"""The sessions for which one question gives what was said in them, and one the records."""


def read_sessions(
    connection: sqlite3.Connection,
    query: SessionQuery,
    after: int = 0,
    limit: int | None = None,
    before: int | None = None,
) -> list[SessionEntry]:
    """Return the first sessions that match and have a number above `after`, or the last ones below `before`."""
    found: list[SessionEntry] = []
    at_once = _AT_ONCE if limit is None or query.terms else min(limit, _AT_ONCE)
    for records in _records(connection, query, max(after, query.after), before, at_once):
        matching_ones = list(filter(query.matches, records))
        found += _with_entries(connection, matching_ones if limit is None else matching_ones[: limit - len(found)])
        if limit is not None and len(found) >= limit:
            break
    return found if before is None else found[::-1]


def count_sessions(
    connection: sqlite3.Connection, query: SessionQuery, page: list[SessionEntry], after: int, before: int | None
) -> int:
    """Return how many sessions match, as far as that is counted.

    Args:
        connection: The connection.
        query: The query.
        page: The sessions on a page, all of which match.
        after: The number before the page.
        before: The number behind the page, if it is read from there.
    """
    if not query.terms and not query.after:
        open_ones = "(SELECT count(*) FROM sessions WHERE ended IS NULL)"
        return int(connection.execute(f"SELECT ended + {open_ones} FROM state").fetchone()[0])
    if all(term.field == "id" for term in query.terms):
        where, values = _condition(query, query.after, None)
        counted = f"SELECT count(*) FROM (SELECT 1 FROM sessions WHERE {where} LIMIT {MOST_COUNTED})"
        return int(connection.execute(counted, values).fetchone()[0])
    total = examined = 0
    edge, sign = page_end(page, after, before)
    for records in _records(connection, query, query.after, None if before is None else HIGHEST, _AT_ONCE):
        for record in records:
            examined += (record.origin.session_number - edge) * sign > 0
            if examined > MOST_EXAMINED:
                return total
            total += query.matches(record)
    return total


def _records(
    connection: sqlite3.Connection, query: SessionQuery, after: int, before: int | None, at_once: int
) -> Iterator[list[SessionRecord]]:
    """Yield the sessions that may match, some at a time, in their order; from the last one on if `before` is given."""
    where, values = _condition(query, after, before)
    order = "number" if before is None else "number DESC"
    rows = connection.execute(
        f"SELECT number, ended, forgotten, head FROM sessions WHERE {where} ORDER BY {order}", values
    )
    while some := rows.fetchmany(at_once):
        chunks = connection.execute(
            "SELECT session, first, items FROM exchanges WHERE session IN (SELECT value FROM json_each(?)) "
            "ORDER BY session, first",
            (json.dumps([number for number, *_ in some]),),
        )
        said = {number: [row[1:] for row in part] for number, part in groupby(chunks, itemgetter(0))}
        yield [session(row[1:], said.get(row[0], ())) for row in some]


def _condition(query: SessionQuery, after: int, before: int | None) -> tuple[str, tuple[Any, ...]]:
    """Return the condition on the columns of `sessions` that SQLite decides, and its parameters."""
    terms = ["number > ?"]
    values: list[Any] = [after]
    if before is not None:
        terms.append("number < ?")
        values.append(before)
    for term in query.terms:
        if term.field == "id":  # the number, which the id ends with, is looked up
            terms.append("number IN (SELECT value FROM json_each(?)) AND id IN (SELECT value FROM json_each(?))")
            values += json.dumps(list(map(session_number, term.value))), json.dumps(list(term.value))
    return " AND ".join(terms), tuple(values)


def _with_entries(connection: sqlite3.Connection, records: Sequence[SessionRecord]) -> list[SessionEntry]:
    """Return sessions with their records."""
    keys = [session_in_keys(record.origin.session_number) for record in records]
    rows: dict[str, list[tuple[Any, ...]]] = {key: [] for key in keys}
    asked = json.dumps(keys)
    for statement in _OF_SESSIONS if keys else ():
        for key, *row in connection.execute(statement, (asked,)):
            rows[key].append(tuple(row))
    return [
        SessionEntry(record, UnreadEntries(rows[key]) if rows[key] else ())
        for key, record in zip(keys, records, strict=True)
    ]


_ASKED = "IN (SELECT value FROM json_each(?))"
_OF_SESSIONS = (
    f"SELECT k.key, {ENTRY} FROM keys k CROSS JOIN messages m ON m.number = k.number WHERE k.key {_ASKED} "
    "ORDER BY m.number",
    f"SELECT k.value, {ENTRY} FROM messages m, json_each(m.keys) k WHERE m.number > (SELECT settled FROM state) "
    f"AND k.value {_ASKED} ORDER BY m.number",
)
"""The records of some sessions: those whose keys are in their table, and those whose keys are not there yet."""
