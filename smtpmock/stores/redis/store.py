"""The store in Redis: sessions write to it in groups, and every server and reader sees the same records."""

from __future__ import annotations

import json
import math
from functools import partial
from secrets import token_hex
from time import monotonic
from typing import TYPE_CHECKING, Any

import gevent

from smtpmock.errors import StartError, StoreError
from smtpmock.records.packed import pack
from smtpmock.records.session import Origin
from smtpmock.stores.base import Entry
from smtpmock.stores.redis.connection import database
from smtpmock.stores.redis.lease import Lease
from smtpmock.stores.redis.link import Link
from smtpmock.stores.redis.listener import Listener, SharedCallbacks
from smtpmock.stores.redis.reader import Reader
from smtpmock.stores.redis.writing import OpenSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from smtpmock.queries.query import Mark, Query, SessionQuery
    from smtpmock.records.change import Change
    from smtpmock.records.exchange import Exchange
    from smtpmock.records.message import MessageRecord
    from smtpmock.records.session import Erasure, Negotiated, Observation
    from smtpmock.stores.base import ServerThread, SessionEntry, Tally
    from smtpmock.stores.redis.link import Request
    from smtpmock.stores.redis.mirror import Mirror

FORMAT = "1"
"""The version of what is stored; a store of another version is refused."""

_FLUSH_SECONDS = 0.05  # after which facts are visible to others
_SHORTEST_PAUSE = 0.005
_MOST_WAITING = 10_000  # sessions whose facts wait for Redis while it is away


class RedisStore:
    """The records and sessions that several servers and readers share.

    Sessions begin, go on and end without waiting: what they have to tell leaves within 50 ms, or with the next message.
    A message is stored before its reply is made. Readers have a mirror, which is brought up to date before each read.

    Args:
        url: The URL of the database.
        warn: The function to call with what users should know.
        thread: A function that returns the thread of the servers.
        bound: The most records, and the most ended sessions, to keep; None for no limit.
        most_bytes: The most bytes of messages to keep, if more than one is kept; None for no limit.
        max_age: The most seconds to keep records and ended sessions for; None for no limit.
        timeout: The seconds after which Redis is given up.

    Attributes:
        can_refuse: True: Redis may be away.
        server: The name of this server among those that share the store.
        timeout: The seconds after which Redis is given up.
        lease: The lease of this server.
        link: The link to Redis.
        listener: What other servers and readers tell this one.
    """

    can_refuse = True

    def __init__(
        self,
        url: str,
        warn: Callable[[str], object],
        thread: Callable[[], ServerThread],
        *,
        bound: int | None = None,
        most_bytes: int | None = None,
        max_age: float | None = None,
        timeout: float = 5.0,
    ) -> None:
        self.server = token_hex(4)
        self._thread = thread
        self._warn = warn
        self._bound = bound or 0
        self._most_bytes = most_bytes or 0
        self._max_age = max_age
        self.timeout = timeout
        self._url = url
        self._make_links()
        self._shown = url.rpartition("@")[2].removeprefix("redis://")
        self._token = b""
        self._offset = 0.0  # of the time of Redis against the monotonic clock here
        self._begun = 0
        self._sessions: dict[str, OpenSession] = {}
        self._dirty: dict[str, OpenSession] = {}
        self._timer: Any = None
        self.lease = Lease(self.server, lambda: self.link)
        self._reader = Reader(lambda: self.link)
        self._callbacks = SharedCallbacks(lambda: self.listener, "record:changes", self._hear, thread)

    def _make_links(self) -> None:
        prefix = f"smtpmock:{database(self._url)}:"
        self.link = Link(self._url, prefix, self.timeout, self._prepare, self._link_changed)
        self.listener = Listener(self._url, prefix, self.timeout)

    # The life of the store, in the hub thread.

    def open(self) -> None:
        """Connect to Redis, and take a lease.

        Raises:
            StartError: If Redis cannot be reached, or its store has another format.
        """
        self.link.is_held = True
        try:
            self.lease.take()
            self.listener.follow("rules", self._hear_of_rules)
        except StoreError as error:
            self.link.is_held = False
            self.link.close()
            raise StartError(f"Failed to open the store redis://{self._shown}: {error}") from None

    def _hear_of_rules(self, _: bytes | None) -> None:
        gevent.spawn(self._renew_lease)

    def _renew_lease(self) -> None:
        try:
            self.lease.renew()
        except StoreError:
            pass  # of which the log was told; it is renewed before the next command

    def close(self) -> None:
        """Write what is left, give the lease back, and close the connections."""
        try:
            self.flush()
            self.lease.give_back()
        except StoreError as error:
            self._warn(f"Redis was not told of the end of the server: {error}")
        if self._timer is not None:
            self._timer.close()
            self._timer = None
        self._dirty.clear()
        self._sessions.clear()
        self.link.is_held = False
        self.listener.close()
        self.link.close()

    def abandon(self) -> None:
        """Give up the connections, which belong to the parent process."""
        self.link.abandon()
        self.listener.abandon()
        self._make_links()
        self._sessions.clear()
        self._dirty.clear()
        self._timer = None
        self.lease.abandon()
        self._reader.begin_anew()

    def _prepare(self, ask: Callable[..., Any]) -> None:
        """Find out about the store behind a new connection."""
        began = monotonic()
        found, token, now = ask("init", FORMAT, token_hex(8), *self._reader.last)
        if found != FORMAT.encode():
            raise StartError(
                f"The store redis://{self._shown} was written by another version of smtpmock (format "
                f"{found.decode()}, expected {FORMAT}): empty the database, or use another one"
            )
        self._offset = now / 1000 - (began + monotonic()) / 2
        if token != self._token:
            if self._token:
                self._warn(f"The store redis://{self._shown} was emptied")
            self._token = token
            self.lease.forget()
            for session in self._sessions.values():
                session.is_known = False
                self._note(session)

    def _link_changed(self, reason: str) -> None:
        if reason:
            self._warn(f"Redis cannot be reached at {self._shown}: {reason}")
            self.listener.reset()
        else:
            self._warn(f"Redis can be reached again at {self._shown}")
            self._schedule()

    # Sessions, in the hub thread.

    def begin(self, client: str, client_port: int, server: str, now: float) -> Origin:
        """Begin a session; its number, which Redis gives it, is known to readers only."""
        self._begun += 1
        origin = Origin(f"{self.server}-{self._begun}", 0, client, client_port, server, now)
        session = self._sessions[origin.session_id] = OpenSession(origin)
        self._note(session)
        return origin

    def append(self, session_id: str, fact: Exchange | Negotiated | Observation | Erasure) -> None:
        """Add a fact to a session."""
        session = self._sessions[session_id]
        session.append(fact)
        if session_id not in self._dirty:
            self._note(session)

    def recorder(self, session_id: str) -> Callable[[Exchange], object]:
        """Return the function that adds an exchange to a session."""
        return partial(self.append, session_id)

    def end(self, session_id: str, now: float) -> None:
        """End a session."""
        session = self._sessions.pop(session_id)
        session.ended = max(now, session.origin.started)
        self._note(session)

    def settle(self, session_id: str) -> None:
        """Wait until every reader sees what was told of a session, if Redis can be reached."""
        session = self._dirty.get(session_id)
        if session is not None and not self.link.is_down:
            try:
                self.link.wait(self._tell(session), is_needed=True)
            except StoreError as error:
                self._warn(f"Redis was not told of the end of a session yet: {error}")

    def _note(self, session: OpenSession) -> None:
        if session.origin.session_id not in self._dirty:
            session.since = monotonic()
            self._dirty[session.origin.session_id] = session
        if self._timer is None:
            self._schedule()

    def _schedule(self) -> None:
        if self._dirty and self._timer is None:
            oldest = next(iter(self._dirty.values()))
            due = oldest.since + _FLUSH_SECONDS - monotonic()
            self._timer = gevent.get_hub().loop.timer(max(due, _SHORTEST_PAUSE))
            self._timer.start(self._flush_old)

    def _flush_old(self) -> None:
        """Send what has waited for long: what is younger may leave with a message."""
        self.flush(monotonic() - _FLUSH_SECONDS)
        if not self.link.is_down:
            self._schedule()

    def flush(self, until: float = math.inf) -> None:
        """Send what sessions have had to tell since a time or longer, unless Redis is away: then it waits."""
        if self._timer is not None:
            self._timer.close()
            self._timer = None
        if self.link.is_down:
            for session_id in list(self._dirty)[:-_MOST_WAITING]:
                del self._dirty[session_id]
            return
        for session in list(self._dirty.values()):
            if session.since > until:
                break
            if session.is_busy:  # what it has to tell now waits for an answer first
                self._dirty.pop(session.origin.session_id)
                self._note(session)
            else:
                self._tell(session)

    def _tell(self, session: OpenSession, record: tuple[Any, ...] = ()) -> Request:
        self._dirty.pop(session.origin.session_id, None)
        return self.link.tell("write", *session.taken(self.server, self._bound, self._most_bytes), *record)

    # Records, in the hub thread.

    def add(self, record: MessageRecord) -> Entry | None:
        """Store a record; None if a purge has already removed it.

        Raises:
            StoreError: If Redis does not take it in time.
        """
        return self._thread().call(self._add, record)

    def _add(self, record: MessageRecord) -> Entry | None:
        deadline = int((monotonic() + self.link.seconds() + self._offset) * 1000)
        raw = record.content.raw
        number = self._write(record, (f"a {self._named(record)} {record.received} {deadline}", pack(record), raw))
        if number < 0:
            raise StoreError("Redis took the message too late")
        return Entry(number, record) if number else None

    def amend(self, record: MessageRecord) -> None:
        """Replace the record with the same id; one that was purged meanwhile stays away."""
        session = self._sessions.get(record.origin.session_id)
        is_same = session is not None and session.content is record.content and bool(record.content.raw)
        raw = b"" if is_same else record.content.raw
        self._write(record, (f"m {self._named(record)}", pack(record), raw))

    def _named(self, record: MessageRecord) -> str:
        return f"{record.id} {record.accepted:d} {len(record.content.raw)}"

    def _write(self, record: MessageRecord, operation: tuple[Any, ...]) -> int:
        """Write an operation on a record, with what its session has to tell; return its result."""
        session = self._sessions.get(record.origin.session_id) or OpenSession.over(record.origin)
        session.is_busy = True
        before = session.state()
        try:
            answer = self._ask(session, operation)
            session.content = record.content
        except BaseException:
            session.restore(before)
            raise
        finally:
            session.is_busy = False
        return answer[-1]

    def _ask(self, session: OpenSession, operation: tuple[Any, ...]) -> list[int]:
        before = session.state()
        answer: bytes = self.link.wait(self._tell(session, operation))
        if answer == b"-2":  # emptied while the connection stood
            self.link.reset()
            self.lease.renew()
            session.restore(before)
            session.is_known = False
            answer = self.link.wait(self._tell(session, operation))
        return list(map(int, answer.split()))

    def erase(self, ids: Iterable[str]) -> int:
        """Remove records; return the number of those that existed."""
        operations = [f"d {one}" for one in ids]
        if not operations:
            return 0
        session = OpenSession.without_session()
        return sum(self._ask(session, tuple(operations)))

    def update(self, ids: Iterable[str], *, is_read: bool | None = None, tags: Iterable[str] | None = None) -> int:
        """Mark entries as read or unread, or tag them; return the number of those that existed."""
        return int(self._thread().call(self._update, tuple(ids), is_read, tags))

    def _update(self, ids: Iterable[str], is_read: bool | None, tags: Iterable[str] | None) -> int:
        flag = "" if is_read is None else str(int(is_read))
        return int(self.link.ask("update", flag, "" if tags is None else json.dumps(list(tags)), *ids))

    def purge(self, query: Query | None = None) -> list[Entry]:
        """Remove and return the records that match, in one step; without a query, all of them and ended sessions."""
        return self._thread().call(self._purge, query)

    def _purge(self, query: Query | None) -> list[Entry]:
        self.flush()
        if query is None:
            return self._reader.purge()
        self._reader.read_messages()
        found = {entry.number: entry for entry in self._reader.mirror.select(query)}
        removed = self.link.ask("remove", *found) if found else []
        return [found[number] for number in removed]

    def expire(self, now: float) -> None:
        """Drop the records and the ended sessions that are older than `max_age`."""
        if self._max_age is not None:
            self.flush()
            self.link.ask("expire", now - self._max_age)

    # Reading, in any thread.

    @property
    def dropped(self) -> int:
        """The number of records that were dropped because of a bound."""
        self._read()
        return self._reader.dropped

    @property
    def open_sessions(self) -> int:
        """The number of open sessions at all servers."""
        self._read()
        return self._reader.open_sessions

    def open_logins(self, user: str) -> int:
        """Return the number of open sessions in which a user is logged in."""
        return sum(
            session.record.ended is None and session.record.negotiated.user == user for session in self.sessions()
        )

    def select(self, query: Query | None = None, after: int = 0, limit: int | None = None) -> list[Entry]:
        """Return the entries that match, in order of arrival."""
        return self._read().select(query, after, limit)

    def page(self, query: Query, after: int, limit: int, before: int | None = None) -> tuple[list[Entry], int]:
        """Return the first entries that match and have a number above `after`, and the number of all that match."""
        return self._read().page(query, after, limit, before)

    def tally(self) -> Tally:
        """Return the tally of all accepted records."""
        return self._read().tally()

    def sessions(self, query: SessionQuery | None = None) -> list[SessionEntry]:
        """Return the sessions that match, open ones included, in the order in which they began."""
        return self._read(with_sessions=True).sessions(query)

    def session_page(
        self, query: SessionQuery, after: int, limit: int, before: int | None = None
    ) -> tuple[list[SessionEntry], int]:
        """Return the first sessions that match and have a number above `after`, and the number of all that match."""
        return self._read(with_sessions=True).session_page(query, after, limit, before)

    def ended_sessions(self) -> list[str]:
        """Return the ids of the sessions that have ended, in the order in which they began."""
        return self._read(with_sessions=True).ended_sessions()

    def mark(self) -> Mark:
        """Return a mark for the present moment."""
        return self._read().mark()

    def changes(self) -> int:
        """Return a number that grows whenever a record is removed or changed, except by what follows its message."""
        return self._read().changes()

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self._read())

    def subscribe(self, callback: Callable[[Change], object]) -> Callable[[], None]:
        """Call a function with each change; return a function that ends this."""
        return self._callbacks.add(callback)

    def _hear(self, told: bytes | None) -> None:
        if told is None:  # some may have been missed
            self._callbacks.call("message", "updated", ())
            self._callbacks.call("session", "ended", ())
        else:
            topic, action, ids, number, is_accepted = json.loads(told)
            self._callbacks.call(topic, action, tuple(ids), number, is_accepted)

    def _read(self, *, with_sessions: bool = False) -> Mirror:
        self._thread().call(self._bring_up_to_date, with_sessions)
        return self._reader.mirror

    def _bring_up_to_date(self, with_sessions: bool) -> None:
        self.flush()  # what this server has to tell comes before
        if with_sessions:
            self._reader.read_sessions()
        self._reader.read_messages()
