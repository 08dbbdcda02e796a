"""The store that keeps records and sessions in memory.

Only the hub thread changes the store, so no lock is needed; any thread may read.
"""

from __future__ import annotations

import os
from bisect import bisect_left, bisect_right
from collections import deque
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from smtpmock.queries.criteria import tried_recipients
from smtpmock.queries.query import Mark
from smtpmock.records.change import Callbacks
from smtpmock.records.exchange import Exchange
from smtpmock.records.session import NOTHING_NEGOTIATED, Erasure, Negotiated, Observation, Origin, SessionRecord
from smtpmock.rfc.grammar import address_key
from smtpmock.stores.base import Entry, SessionEntry, Tally, tally
from smtpmock.stores.paging import by_number, part

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Iterable

    from smtpmock.queries.query import Query, SessionQuery
    from smtpmock.records.change import Change
    from smtpmock.records.message import MessageRecord

    Index = dict[str, dict[int, None]]
    """The numbers of the records that have an address, by its key."""

_tuple = tuple.__new__  # a named tuple's own constructor takes 0.2 us more

EXCHANGES_PER_MESSAGE = 10
"""The most exchanges to keep for each message that may be kept, if there is a bound."""


MOST_ERASURES = 10
"""The most erased messages of a session to remember."""


class RecordedSession:
    """A session while it is being recorded."""

    __slots__ = (
        "ended",
        "erasures",
        "exchanges",
        "forgotten",
        "ids",
        "negotiated",
        "observations",
        "origin",
        "purged",
    )

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.exchanges: list[Exchange] = []
        self.negotiated = NOTHING_NEGOTIATED
        self.observations: tuple[Observation, ...] = ()
        self.erasures: tuple[Erasure, ...] = ()
        self.ids: dict[str, None] = {}
        self.ended: float | None = None
        self.forgotten = 0
        self.purged = ""  # the record that was removed last, which the session may still add to

    @property
    def number(self) -> int:
        """Its position in the order in which sessions began."""
        return self.origin.session_number

    def record(self) -> SessionRecord:
        """Return the facts so far."""
        return SessionRecord(
            self.origin,
            self.ended,
            tuple(self.exchanges),
            self.negotiated,
            self.observations,
            self.forgotten,
            self.erasures,
        )

    def forget_beginning(self, most: int) -> None:
        """Drop the first exchanges, so that at most `most` are left."""
        excess = len(self.exchanges) - most
        if excess > 0:
            del self.exchanges[:excess]
            self.forgotten += excess

    def forget_ids(self, kept: Container[str]) -> None:
        """Forget the ids of records that are no longer kept."""
        self.ids = {known: None for known in self.ids if known in kept}


class MemoryStore:
    """The records and sessions of a server, in order of arrival.

    Args:
        bound: The most records, and the most ended sessions, to keep; None for no limit.
        most_bytes: The most bytes of messages to keep, if more than one is kept; None for no limit.
        max_age: The most seconds to keep records and ended sessions for; None for no limit.

    Attributes:
        bound: The most records, and the most ended sessions, to keep; None for no limit.
        most_bytes: The most bytes of messages to keep, if more than one is kept; None for no limit.
        max_age: The most seconds to keep records and ended sessions for; None for no limit.
        can_refuse: False: memory takes every record.
        dropped: The number of records that were dropped because of a bound.
        open_sessions: The number of open sessions.
    """

    can_refuse = False

    def __init__(self, bound: int | None = None, most_bytes: int | None = None, max_age: float | None = None) -> None:
        self.bound = bound
        self.most_bytes = most_bytes
        self.max_age = max_age
        self.dropped = 0
        self.open_sessions = 0
        self._logins: dict[str, int] = {}
        self._prefix = os.urandom(4).hex()
        self._last = 0
        self._last_session = 0
        self._changes = 0
        self._callbacks = Callbacks()
        self._sessions: dict[str, RecordedSession] = {}
        self._clear()

    def _clear(self) -> None:
        self._entries: dict[int, Entry] = {}
        self._numbers: dict[str, int] = {}
        self._indexes: dict[str, Index] = {"recipient": {}, "sender": {}}
        self._oldest = self._last + 1
        self._bytes = 0
        self._accepted = 0
        self._ended: deque[RecordedSession] = deque()
        self._ended_exchanges = 0

    def open(self) -> None:
        """Do nothing: memory is there."""

    def close(self) -> None:
        """Do nothing: what was received stays until it is purged."""

    def abandon(self) -> None:
        """Do nothing: a forked child has a copy."""

    # In the hub thread.

    def begin(self, client: str, client_port: int, server: str, now: float) -> Origin:
        """Begin a session; return its origin, with its id and number."""
        self._last_session = number = self._last_session + 1
        session_id = f"{self._prefix}-{number}"
        origin = _tuple(Origin, (session_id, number, client, client_port, server, now))
        self._sessions[session_id] = RecordedSession(origin)
        self.open_sessions += 1
        if self._callbacks:
            self._callbacks.call("session", "began", (session_id,))
        return origin

    def append(self, session_id: str, fact: Exchange | Negotiated | Observation | Erasure) -> None:
        """Add a fact to a session; if there is a bound, drop the beginning of a long one."""
        session = self._sessions[session_id]
        if type(fact) is Exchange:
            session.exchanges.append(fact)
            # Not at each command: to delete from a list takes time in proportion to the rest of it.
            if self.bound is not None and len(session.exchanges) > (EXCHANGES_PER_MESSAGE + 1) * self.bound:
                session.forget_beginning(self.bound * EXCHANGES_PER_MESSAGE)
        elif type(fact) is Negotiated:
            if fact.user != session.negotiated.user:
                self._count_login(session.negotiated.user, -1)
                self._count_login(fact.user, 1)
            session.negotiated = fact
        elif type(fact) is Observation and fact.code not in [known.code for known in session.observations]:
            session.observations += (fact,)  # the first of each kind
        elif type(fact) is Erasure:
            session.erasures = (*session.erasures[1 - MOST_ERASURES :], fact)

    def recorder(self, session_id: str) -> Callable[[Exchange], object]:
        """Return the function that adds an exchange: without a bound that of a list, which takes 0.1 us less."""
        return self._sessions[session_id].exchanges.append if self.bound is None else partial(self.append, session_id)

    def end(self, session_id: str, now: float) -> None:
        """End a session."""
        session = self._sessions[session_id]
        session.ended = max(now, session.origin.started)  # the clock may have been set back
        self.open_sessions -= 1
        self._count_login(session.negotiated.user, -1)
        if self.bound is not None:
            most = self.bound * EXCHANGES_PER_MESSAGE
            session.forget_beginning(most)
            self._ended.append(session)
            self._ended_exchanges += len(session.exchanges)
            while len(self._ended) > self.bound or self._ended_exchanges > most:
                oldest = self._ended.popleft()
                self._ended_exchanges -= len(oldest.exchanges)
                self._sessions.pop(oldest.origin.session_id, None)
        if self._callbacks:
            self._callbacks.call("session", "ended", (session_id,))

    def settle(self, session_id: str) -> None:
        """Do nothing: readers see everything at once."""

    def open_logins(self, user: str) -> int:
        """Return the number of open sessions in which a user is logged in."""
        return self._logins.get(user, 0)

    def _count_login(self, user: str, change: int) -> None:
        if user:
            count = self._logins.pop(user, 0) + change
            if count:
                self._logins[user] = count

    def add(self, record: MessageRecord) -> Entry | None:
        """Store a record; None if a purge has already removed it."""
        record_id = record.id
        session = self._sessions.get(record.origin.session_id)
        if session is not None and session.purged == record_id:
            return None
        if record_id in self._numbers:
            return self._entries[self._numbers[record_id]]
        number = self._last + 1
        entry = _tuple(Entry, (number, record, False, ()))
        self._entries[number] = entry
        self._numbers[record_id] = number
        self._index(entry)
        self._bytes += len(record.content.raw)
        self._accepted += record.accepted
        self._last = number  # a reader that knows the number finds the record
        if session is not None:
            if self.bound is not None and len(session.ids) > 2 * self.bound:
                session.forget_ids(self._numbers)
            session.ids[record_id] = None
        if self.bound is not None and len(self._entries) > self.bound:
            self._drop_oldest()
        if self.most_bytes is not None:
            while self._bytes > self.most_bytes and len(self._entries) > 1:  # the newest was answered with 250
                self._drop_oldest()
        if self._callbacks:
            self._callbacks.call("message", "added", (record.id,), number, record.accepted)
        return entry

    def amend(self, record: MessageRecord) -> None:
        """Replace the record with the same id; one that was purged meanwhile stays away."""
        number = self._numbers.get(record.id)
        if number is None:
            return
        entry = self._entries[number]
        before = entry.record
        self._entries[number] = amended = _tuple(Entry, (number, record, *entry[2:]))
        if not record.differs_only_in_its_end(before):  # QUIT comes behind nearly every message, and changes no figure
            if before.recipients != record.recipients or before.refused_recipients != record.refused_recipients:
                self._leave_indexes(entry)
                self._index(amended)
            self._bytes += len(record.content.raw) - len(before.content.raw)
            self._accepted += record.accepted - before.accepted
            self._changes += 1
        if self._callbacks:
            is_new = record.accepted and not before.accepted
            self._callbacks.call("message", "accepted" if is_new else "amended", (record.id,), number, record.accepted)

    def erase(self, ids: Iterable[str]) -> int:
        """Remove records; return the number of those that existed."""
        taken = [self._take(self._numbers[record_id]) for record_id in ids if record_id in self._numbers]
        for entry in taken:
            session = self._sessions.get(entry.record.origin.session_id)
            if session is not None:
                session.ids.pop(entry.record.id, None)
        if taken:
            self._callbacks.call("purge", "erased", _ids(taken))
        return len(taken)

    def update(self, ids: Iterable[str], *, is_read: bool | None = None, tags: Iterable[str] | None = None) -> int:
        """Mark entries as read or unread, or tag them; return the number of those that existed."""
        updated = []
        for number in [self._numbers[record_id] for record_id in ids if record_id in self._numbers]:
            entry = self._entries[number]
            self._entries[number] = entry._replace(
                is_read=entry.is_read if is_read is None else is_read, tags=entry.tags if tags is None else tuple(tags)
            )
            updated.append(entry)
        if updated:
            self._changes += 1
            self._callbacks.call("message", "updated", _ids(updated))
        return len(updated)

    def purge(self, query: Query | None = None) -> list[Entry]:
        """Remove and return the records that match, in one step; without a query, all of them and ended sessions."""
        if query is None:
            taken = list(self._entries.values())
            self._clear()
            self._sessions = {known: session for known, session in self._sessions.items() if session.ended is None}
        else:
            taken = self.select(query)
            for entry in taken:
                self._take(entry.number)
        for entry in taken:
            self._keep_away(entry)
        for session_id in {entry.record.origin.session_id for entry in taken}:
            if session_id in self._sessions:
                self._sessions[session_id].forget_ids(self._numbers)
        self._changes += 1
        self._callbacks.call("purge", "all" if query is None else "purged", _ids(taken))
        return taken

    def _index(self, entry: Entry) -> None:
        number, record = entry.number, entry.record
        _enter(self._indexes["sender"], record.sender, number)
        recipients = self._indexes["recipient"]
        for recipient in tried_recipients(record):
            _enter(recipients, recipient, number)

    def _take(self, number: int) -> Entry:
        entry = self._entries.pop(number)
        del self._numbers[entry.record.id]
        self._bytes -= len(entry.record.content.raw)
        self._accepted -= entry.record.accepted
        self._leave_indexes(entry)
        self._changes += 1
        return entry

    def _leave_indexes(self, entry: Entry) -> None:
        _leave(self._indexes["sender"], entry.record.sender, entry.number)
        for recipient in tried_recipients(entry.record):
            _leave(self._indexes["recipient"], recipient, entry.number)

    def expire(self, now: float) -> None:
        """Drop the records and the ended sessions that are older than `max_age`."""
        if self.max_age is None:
            return
        oldest = now - self.max_age
        while self._entries and self._entries[self._oldest_number()].record.received < oldest:
            self._drop_oldest()
        expired = {
            known for known, session in self._sessions.items() if session.ended is not None and session.ended < oldest
        }
        if not expired:
            return
        for session_id in expired:
            del self._sessions[session_id]
        if self.bound is not None:
            self._ended = deque(session for session in self._ended if session.origin.session_id not in expired)
            self._ended_exchanges = sum(len(session.exchanges) for session in self._ended)

    def _oldest_number(self) -> int:
        while self._oldest not in self._entries:
            self._oldest += 1
        return self._oldest

    def _drop_oldest(self) -> None:
        entry = self._take(self._oldest_number())
        self._keep_away(entry)
        self.dropped += 1
        if self._callbacks:
            self._callbacks.call("purge", "dropped", (entry.record.id,), entry.number)

    def _keep_away(self, entry: Entry) -> None:
        """Make sure that a removed record stays away, even if its session adds to it."""
        session = self._sessions.get(entry.record.origin.session_id)
        if session is not None and next(reversed(session.ids), "") == entry.record.id:
            session.purged = entry.record.id

    # In any thread.

    def select(self, query: Query | None = None, after: int = 0, limit: int | None = None) -> list[Entry]:
        """Return the entries that match, in order of arrival."""
        entries = self._entries
        if query is None:
            found = [entry for entry in list(entries.values()) if entry.number > after]
            return found if limit is None else found[:limit]
        after = max(after, query.after)
        looked_up: list[Collection[int]] = [self._indexes[field].get(key, {}) for field, key in query.keys.items()]
        if query.ids is not None:
            looked_up.append(sorted(filter(None, map(self._numbers.get, query.ids))))
        fewest = min(looked_up, key=len, default=entries)
        last = self._last
        numbers = range(after + 1, last + 1) if last - after < len(fewest) else list(fewest)
        matching = []
        for number in numbers:
            if number > after and (entry := entries.get(number)) is not None and query.matches(entry):
                matching.append(entry)
                if limit is not None and len(matching) >= limit:
                    break
        return matching

    def page(self, query: Query, after: int, limit: int, before: int | None = None) -> tuple[list[Entry], int]:
        """Return the first entries that match and have a number above `after`, and the number of all that match."""
        if query.terms:
            found = self.select(query)
            return part(found, after, limit, before), len(found)
        if before is None:
            return self.select(query, after, limit), self._count(query)
        return self._newest(query, after, limit, before), self._count(query)

    def _newest(self, query: Query, after: int, limit: int, before: int) -> list[Entry]:
        """Return the last entries between two numbers, of a query without terms."""
        entries = self._entries
        numbers = list(entries)
        first = bisect_right(numbers, max(after, query.after))
        found = (entries.get(number) for number in reversed(numbers[first : bisect_left(numbers, before)]))
        matching = (entry for entry in found if entry is not None and query.matches(entry))
        return list(islice(matching, limit))[::-1]

    def _count(self, query: Query) -> int:
        """Return the number of entries that match; of all that were accepted, or refused, it is known."""
        if query.terms or query.after:
            return len(self.select(query))
        if query.accepted is None:
            return len(self._entries)
        return self._accepted if query.accepted else len(self._entries) - self._accepted

    def tally(self) -> Tally:
        """Return the tally of all accepted records."""
        return tally(entry for entry in list(self._entries.values()) if entry.record.accepted)

    def sessions(self, query: SessionQuery | None = None) -> list[SessionEntry]:
        """Return the sessions that match, open ones included, in the order in which they began."""
        found = []
        for session in self._candidates(query):
            record = session.record()
            if query is None or query.matches(record):
                found.append(SessionEntry(record, self._entries_of(session)))
        return found

    def session_page(
        self, query: SessionQuery, after: int, limit: int, before: int | None = None
    ) -> tuple[list[SessionEntry], int]:
        """Return the first sessions that match and have a number above `after`, and the number of all that match."""
        if query.terms:
            found = self.sessions(query)
            return part(found, after, limit, before), len(found)
        sessions = self._candidates(query)
        shown = part(sessions, after, limit, before)
        return [SessionEntry(session.record(), self._entries_of(session)) for session in shown], len(sessions)

    def ended_sessions(self) -> list[str]:
        """Return the ids of the sessions that have ended, in the order in which they began."""
        return [session.origin.session_id for session in list(self._sessions.values()) if session.ended is not None]

    def _candidates(self, query: SessionQuery | None) -> list[RecordedSession]:
        """Return the sessions that may match, in the order in which they began."""
        if query is None:
            return list(self._sessions.values())
        if query.ids is None:
            sessions = list(self._sessions.values())
        else:
            sessions = sorted(filter(None, map(self._sessions.get, query.ids)), key=by_number)
        return sessions[bisect_right(sessions, query.after, key=by_number) :]

    def _entries_of(self, session: RecordedSession) -> tuple[Entry, ...]:
        """Return the records of a session that are still there."""
        numbers = (self._numbers.get(record_id) for record_id in tuple(session.ids))
        entries = (self._entries.get(number) for number in numbers if number is not None)
        return tuple(entry for entry in entries if entry is not None)

    def mark(self) -> Mark:
        """Return a mark for the present moment."""
        return Mark(self._last, self._last_session)

    def changes(self) -> int:
        """Return a number that grows whenever a record is removed or changed, except by what follows its message."""
        return self._changes

    def subscribe(self, callback: Callable[[Change], object]) -> Callable[[], None]:
        """Call a function with each change; return a function that ends this."""
        return self._callbacks.add(callback)

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self._entries)


def _ids(entries: Iterable[Entry]) -> tuple[str, ...]:
    return tuple(entry.record.id for entry in entries)


def _enter(index: Index, address: str, number: int) -> None:
    key = address_key(address)
    if key in index:
        index[key][number] = None
    else:
        index[key] = {number: None}


def _leave(index: Index, address: str, number: int) -> None:
    key = address_key(address)
    numbers = index.get(key, {})
    numbers.pop(number, None)
    if not numbers:
        index.pop(key, None)
