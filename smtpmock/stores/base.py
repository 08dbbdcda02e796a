"""Where records are kept: the interface, and what it hands out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from smtpmock.queries.query import Mark, Query, SessionQuery
    from smtpmock.records.exchange import Exchange
    from smtpmock.records.message import MessageRecord
    from smtpmock.records.session import Erasure, Negotiated, Observation, Origin, SessionRecord


class Entry(NamedTuple):
    """A record in a store, with what belongs to its place there.

    Attributes:
        number: Its place in order of appearance, counted from 1; never used twice.
        record: The record.
        is_read: True once somebody has marked it as read.
        tags: What somebody has tagged it with.
    """

    number: int
    record: MessageRecord
    is_read: bool = False
    tags: tuple[str, ...] = ()


class SessionEntry(NamedTuple):
    """A session in a store, with its records that are there.

    Attributes:
        record: The session as far as it has come.
        entries: Its records, in order of appearance.
    """

    record: SessionRecord
    entries: tuple[Entry, ...] = ()


class Store(Protocol):
    """Where the records and sessions of a server are kept.

    Sessions write; any thread reads. What is returned never changes.

    Attributes:
        dropped: How many records had to go because of a bound.
        open_sessions: How many sessions are going on.
    """

    dropped: int
    open_sessions: int

    def begin(self, client: str, client_port: int, server: str, now: float) -> Origin:
        """Begin a session; return where it comes from, with its id and number."""

    def append(self, session_id: str, fact: Exchange | Negotiated | Observation | Erasure) -> None:
        """Add a fact to a session."""

    def end(self, session_id: str, now: float) -> None:
        """End a session."""

    def add(self, record: MessageRecord) -> Entry | None:
        """Store a record, before the reply to the end of data is made; None if a purge has taken it before."""

    def amend(self, record: MessageRecord) -> bool:
        """Store a record in place of the one with its id; return False if that was purged meanwhile."""

    def erase(self, ids: Iterable[str]) -> int:
        """Take records out; return how many were there."""

    def select(self, query: Query | None = None, after: int = 0, limit: int | None = None) -> list[Entry]:
        """Return the entries that match, in order of appearance.

        Args:
            query: What is asked for; None for all.
            after: The number of the last entry that is too old.
            limit: How many to return, at most; None for all.
        """

    def sessions(self, query: SessionQuery | None = None) -> list[SessionEntry]:
        """Return the sessions that match, open ones included, in the order in which they began."""

    def update(self, ids: Iterable[str], *, is_read: bool | None = None, tags: Iterable[str] | None = None) -> int:
        """Mark entries as read or unread, or tag them; return how many were there."""

    def purge(self, query: Query | None = None) -> list[Entry]:
        """Take out the records that match, in one step; without a query all of them, and the ended sessions."""

    def mark(self) -> Mark:
        """Return the present moment."""

    def changes(self) -> int:
        """Return a number that grows whenever a record was changed or taken out."""

    def subscribe(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Have a callback called after each change, from the thread that made it; return what ends that.

        The callback must neither block nor raise.
        """

    def __len__(self) -> int:
        """Return how many records there are."""
