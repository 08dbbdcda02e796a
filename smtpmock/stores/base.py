"""The interface of stores, and the entries that they return."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from smtpmock.queries.query import Mark, Query, SessionQuery
    from smtpmock.records.change import Change
    from smtpmock.records.exchange import Exchange
    from smtpmock.records.message import MessageRecord
    from smtpmock.records.session import Erasure, Negotiated, Observation, Origin, SessionRecord


T = TypeVar("T")


class Entry(NamedTuple):
    """A record in a store, with its number, its read flag and its tags.

    Attributes:
        number: Its position in order of arrival, counted from 1; never reused.
        record: The record.
        is_read: True once it has been marked as read.
        tags: Its tags.
    """

    number: int
    record: MessageRecord
    is_read: bool = False
    tags: tuple[str, ...] = ()


class Tally(NamedTuple):
    """The numbers and the tags of all accepted records in a store.

    Attributes:
        messages: Their number.
        unread: The number of those that are not marked as read.
        tags: Their tags, each once, sorted.
    """

    messages: int = 0
    unread: int = 0
    tags: tuple[str, ...] = ()


class SessionEntry(NamedTuple):
    """A session in a store, with those of its records that are still there.

    Attributes:
        record: The session so far.
        entries: Its records, in order of arrival.
    """

    record: SessionRecord
    entries: Sequence[Entry] = ()

    @property
    def number(self) -> int:
        """Its position in the order in which sessions began, counted from 1; never reused."""
        return self.record.origin.session_number


def tally(entries: Iterable[Entry]) -> Tally:
    """Return the tally of records, all of which were accepted."""
    messages = unread = 0
    tags: set[str] = set()
    for entry in entries:
        messages += 1
        unread += not entry.is_read
        tags.update(entry.tags)
    return Tally(messages, unread, tuple(sorted(tags)))


class ServerThread(Protocol):
    """The thread of the servers."""

    @property
    def is_current(self) -> bool:
        """Return whether the caller runs in it."""

    def call(self, function: Callable[..., T], *args: object) -> T:
        """Call a function there, where it may wait as greenlets do; return what it returns, or raise what it raises."""

    def post(self, function: Callable[..., object], *args: object) -> None:
        """Schedule a call there of a function that does not wait."""


class Store(Protocol):
    """The interface of a store for the records and sessions of a server.

    Any thread may read: `select`, `page`, `tally`, `sessions`, `session_page`, `ended_sessions`, `mark`, `changes` and
    the length; before the store is opened and after it was closed, too. Everything else is called in the hub thread,
    or in a forked child. A reader sees whatever was written before, and what it is given never changes.

    `begin`, `append` and `end` must not wait, and keep for later what they cannot write at once. The other
    methods may wait, in a way that lets other greenlets run, and raise `StoreError` when the store cannot do what they
    ask, after `store_timeout` seconds at the latest. A store that fails goes on as soon as it can.

    Ids are made before storing. So a write that is tried again is the same write: a record whose id is known is not
    stored twice. Numbers come from the store, grow in the order in which records become visible, and are never used
    again: not after a purge, a bound or a restart.

    Attributes:
        can_refuse: True if it may be unable to take a record, so that the reply to a message depends on its answer.
    """

    can_refuse: bool

    @property
    def dropped(self) -> int:
        """The number of records that were dropped because of a bound."""

    @property
    def open_sessions(self) -> int:
        """The number of open sessions."""

    def open(self) -> None:
        """Open the store when the server starts.

        Raises:
            StartError: If it is unavailable, or cannot be used.
        """

    def close(self) -> None:
        """Write what is left and close the store when the server has stopped; it can be opened again."""

    def abandon(self) -> None:
        """Give up what belongs to the parent process, in a forked child."""

    def begin(self, client: str, client_port: int, server: str, now: float) -> Origin:
        """Begin a session; return its origin, with its id and number."""

    def open_logins(self, user: str) -> int:
        """Return the number of open sessions in which a user is logged in."""

    def append(self, session_id: str, fact: Exchange | Negotiated | Observation | Erasure) -> None:
        """Add a fact to a session."""

    def recorder(self, session_id: str) -> Callable[[Exchange], object]:
        """Return the function that adds an exchange to a session, which is the most frequent fact."""

    def end(self, session_id: str, now: float) -> None:
        """End a session."""

    def settle(self, session_id: str) -> None:
        """Wait until every reader sees what was told of a session, unless the store is away; raise nothing."""

    def add(self, record: MessageRecord) -> Entry | None:
        """Store a record before the reply to the end of data is made.

        Returns:
            Its entry; None if a purge has already removed it, or if it is a failed attempt, on which no reply depends,
            and will be stored.
        """

    def amend(self, record: MessageRecord) -> None:
        """Replace the record with the same id; one that was purged meanwhile stays away."""

    def erase(self, ids: Iterable[str]) -> int:
        """Remove records; return the number of those that existed."""

    def select(self, query: Query | None = None, after: int = 0, limit: int | None = None) -> list[Entry]:
        """Return the entries that match, in order of arrival.

        Args:
            query: The query; None for all.
            after: The number of the last entry that is too old.
            limit: The most entries to return; None for all.
        """

    def page(self, query: Query, after: int, limit: int, before: int | None = None) -> tuple[list[Entry], int]:
        """Return the first entries that match and have a number above `after`, and the number of all that match.

        Args:
            query: The query.
            after: The number of the last entry that is too old.
            limit: The most entries to return.
            before: The number of the first entry that is too young: the last ones before it are returned; None for the
                first ones.
        """

    def tally(self) -> Tally:
        """Return the tally of all accepted records, without reading what they contain."""

    def sessions(self, query: SessionQuery | None = None) -> list[SessionEntry]:
        """Return the sessions that match, open ones included, in the order in which they began."""

    def session_page(
        self, query: SessionQuery, after: int, limit: int, before: int | None = None
    ) -> tuple[list[SessionEntry], int]:
        """Return the first sessions that match and have a number above `after`, and the number of all that match.

        Args:
            query: The query.
            after: The number of the last session that is too old.
            limit: The most sessions to return.
            before: The number of the first session that is too young: the last ones before it are returned; None for
                the first ones.
        """

    def ended_sessions(self) -> list[str]:
        """Return the ids of the sessions that have ended, in the order in which they began."""

    def update(self, ids: Iterable[str], *, is_read: bool | None = None, tags: Iterable[str] | None = None) -> int:
        """Mark entries as read or unread, or tag them; return the number of those that existed."""

    def purge(self, query: Query | None = None) -> list[Entry]:
        """Remove and return the records that match, in one step; without a query, all of them and ended sessions."""

    def expire(self, now: float) -> None:
        """Drop the records and the ended sessions that are older than `max_age`.

        Args:
            now: The time, in seconds since the epoch.
        """

    def mark(self) -> Mark:
        """Return a mark for the present moment."""

    def changes(self) -> int:
        """Return a number that grows whenever a record is removed or changed, except by what follows its message.

        RSET, NOOP and QUIT change what no criterion sees.
        """

    def subscribe(self, callback: Callable[[Change], object]) -> Callable[[], None]:
        """Call a function with each change, in the thread that made it; return a function that ends this.

        The callback must neither block nor raise.
        """

    def __len__(self) -> int:
        """Return the number of records."""
