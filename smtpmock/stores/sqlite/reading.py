"""The questions of readers to the file, in whichever thread they are."""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from smtpmock.errors import StoreError
from smtpmock.queries.query import SessionQuery
from smtpmock.stores.base import Tally
from smtpmock.stores.sqlite.conditions import condition
from smtpmock.stores.sqlite.entries import count, matching
from smtpmock.stores.sqlite.rows import State
from smtpmock.stores.sqlite.schema import connect
from smtpmock.stores.sqlite.sessions import count_sessions, read_sessions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from smtpmock.queries.query import Query
    from smtpmock.stores.base import Entry, SessionEntry


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

    def page(self, query: Query, after: int, limit: int, before: int | None) -> tuple[list[Entry], int]:
        """Return the first entries that match after a number, or the last ones before one, and how many match."""
        with self.connection() as found:
            if found is None:
                return [], 0
            asked = condition(query)
            entries = list(matching(found, query, asked, after, limit, before))
            page = entries if before is None else entries[::-1]
            return page, count(found, query, asked, page, after, before)

    def tally(self) -> Tally:
        """Return the tally of all accepted records: those that are read or tagged are in an index each."""
        with self.connection() as found:
            if found is None:
                return Tally()
            [messages] = found.execute("SELECT accepted FROM state").fetchone()
            [read] = found.execute("SELECT count(*) FROM messages WHERE is_read AND accepted").fetchone()
            rows = found.execute("SELECT DISTINCT tags FROM messages WHERE tags != '[]' AND accepted")
            tags = {tag for (written,) in rows for tag in json.loads(written)}
            return Tally(messages, messages - read, tuple(sorted(tags)))

    def sessions(self, query: SessionQuery | None) -> list[SessionEntry]:
        """Return the sessions that match, in the order in which they began."""
        with self.connection() as found:
            return [] if found is None else read_sessions(found, query or SessionQuery({}))

    def ended_sessions(self) -> list[str]:
        """Return the ids of the sessions that have ended, in the order in which they began."""
        with self.connection() as found:
            rows = found.execute("SELECT id FROM sessions WHERE ended IS NOT NULL ORDER BY number") if found else ()
            return [session_id for (session_id,) in rows]

    def session_page(
        self, query: SessionQuery, after: int, limit: int, before: int | None
    ) -> tuple[list[SessionEntry], int]:
        """Return the first sessions that match after a number, or the last ones before one, and how many match."""
        with self.connection() as found:
            if found is None:
                return [], 0
            page = read_sessions(found, query, after, limit, before)
            return page, count_sessions(found, query, page, after, before)
