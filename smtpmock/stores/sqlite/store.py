"""The store: what the hub thread knows of it, and the greenlet that writes in groups, or has a thread do so."""

from __future__ import annotations

from functools import partial
from secrets import token_hex
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

import gevent
from gevent.event import Event
from gevent.lock import BoundedSemaphore

from smtpmock.errors import StoreError
from smtpmock.queries.query import Mark
from smtpmock.records.change import Callbacks
from smtpmock.records.exchange import Exchange
from smtpmock.records.session import Origin
from smtpmock.stores.answers import Answers
from smtpmock.stores.sqlite.database import Database, LockedError
from smtpmock.stores.sqlite.open_session import OpenSession
from smtpmock.stores.sqlite.reading import Reader
from smtpmock.stores.sqlite.rows import State, entry, make_session_id
from smtpmock.stores.sqlite.step import Addition, Step
from smtpmock.stores.sqlite.transaction import EXCHANGES_PER_MESSAGE
from smtpmock.stores.sqlite.writer import Writer
from smtpmock.stores.threads import in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from smtpmock.queries.query import Query, SessionQuery
    from smtpmock.records.change import Change
    from smtpmock.records.message import MessageRecord
    from smtpmock.records.session import Erasure, Negotiated, Observation
    from smtpmock.stores.base import Entry, ServerThread, SessionEntry, Tally
    from smtpmock.stores.sqlite.database import Written
    from smtpmock.stores.sqlite.transaction import Bounds, SessionFacts

T = TypeVar("T")

_LINGER = 1.0
"""The seconds for which facts about sessions are gathered while nobody waits for them."""

_GATHER = 0.004
"""The seconds for which messages of sessions that are active at the same time are gathered: a write costs as much."""

_FEW = 4
"""The most active sessions whose messages are written at once."""

_RETRY = 0.5
"""The seconds after which a write that failed is tried again."""

_MOST_STEPS = 10_000
"""The most records of failed attempts to hold while nothing can be written."""

_LULL = 0.2
"""The seconds without a new record after which subjects are indexed."""

_INDEXED_AT_ONCE = 100
_MOST_TO_INDEX = 20_000
"""The records whose subjects are not indexed yet, from which on that is done under load as well."""

_REMOVALS = ("all", "purged", "dropped")
"""The changes after which a record never comes back."""

_abandoned: list[Any] = []
"""The connections of parent processes: to close one here would disturb the parent."""


class SQLiteStore:
    """The records and sessions of a server in a file.

    Args:
        path: The file, as an absolute path.
        bounds: What is kept.
        timeout: The seconds after which a write that has not succeeded has failed.
        warn: The function to call with what a user should know.
        thread: A function that returns the thread of the servers.

    Attributes:
        can_refuse: True: the disk may be full.
        open_sessions: The number of open sessions.
    """

    can_refuse = True

    def __init__(
        self,
        path: Path,
        bounds: Bounds,
        timeout: float,
        warn: Callable[[str], object],
        thread: Callable[[], ServerThread],
    ) -> None:
        self._path = path
        self._bounds = bounds
        self._timeout = timeout
        self._warn = warn
        self._thread = thread
        self._reader = Reader(path, timeout)
        self._callbacks = Callbacks()
        self._changes = 0
        self.open_sessions = 0
        self._writer: Writer | None = None
        self._is_abandoned = False
        self._most_exchanges = None if bounds.messages is None else bounds.messages * EXCHANGES_PER_MESSAGE
        self._opened = BoundedSemaphore()
        self._reset()

    def _reset(self) -> None:
        self._prefix = token_hex(4)
        self._sessions: dict[str, OpenSession] = {}
        self._changed: dict[str, OpenSession] = {}
        self._steps: list[Step] = []
        self._is_writing = False
        self._is_closing = False
        self._is_lingering = False
        self._enough = 0
        self._are_facts_due = False
        self._added_at = 0.0
        self._is_failing = False
        self._failure = StoreError()

    # In the hub thread.

    def open(self) -> None:
        """Open the file, which is created if it does not exist."""
        self._opened.acquire()
        try:
            writer = Writer(partial(Database, self._path, self._timeout, self._bounds))
        except BaseException:
            self._opened.release()
            raise
        self._reset()
        self._writer = writer
        self._due = Event()
        self._linger = gevent.get_hub().loop.timer(_LINGER)
        self._answers = Answers()
        self._reader.open()
        self._last_session = writer.state.last_session
        self._writing = gevent.spawn(self._write_groups, writer)
        self._indexer = gevent.spawn(self._index, writer) if writer.has_index else None

    def close(self) -> None:
        """Write what is left and close the file."""
        writer = self._writer
        if writer is None:
            return
        if self._indexer is not None:
            self._indexer.kill()
        self._is_closing = True
        self._due.set()
        self._writing.join()
        self._linger.close()
        self._answers.close()
        self._reader.close()
        self._writer = None
        writer.close()
        self._opened.release()

    def abandon(self) -> None:
        """Give up the file in a forked child."""
        self._is_abandoned = True
        _abandoned.append((self._reader.abandon(), self._writer and self._writer.connections()))
        self._writer = None

    def begin(self, client: str, client_port: int, server: str, now: float) -> Origin:
        """Begin a session; return its origin, with its id and number."""
        self._last_session = number = self._last_session + 1
        origin = Origin(make_session_id(self._prefix, number), number, client, client_port, server, now)
        session = self._sessions[origin.session_id] = OpenSession(origin)
        self.open_sessions += 1
        self._note(session)
        if self._callbacks:
            self._callbacks.call("session", "began", (origin.session_id,))
        return origin

    def append(self, session_id: str, fact: Exchange | Negotiated | Observation | Erasure) -> None:
        """Add a fact to a session."""
        session = self._sessions[session_id]
        if isinstance(fact, Exchange):
            session.waiting.append(fact)
        else:
            session.note(fact)
        if session_id not in self._changed:
            self._note(session)

    def recorder(self, session_id: str) -> Callable[[Exchange], object]:
        """Return the function that adds an exchange to a session."""
        return partial(self.append, session_id)

    def end(self, session_id: str, now: float) -> None:
        """End a session."""
        session = self._sessions[session_id]
        session.ended = max(now, session.origin.started)
        self.open_sessions -= 1
        self._note(session)
        if self._callbacks:
            self._callbacks.call("session", "ended", (session_id,))

    def settle(self, session_id: str) -> None:
        """Do nothing: whoever reads waits for what was told before."""

    def add(self, record: MessageRecord) -> Entry | None:
        """Store a record; a failed attempt is stored later, and None is returned, as for what a purge has removed."""
        self._added_at = monotonic()
        step = Addition(record, self._sessions.get(record.origin.session_id))
        try:
            stored: Entry | None = self._do(step)
        except StoreError:
            if step.is_given_up:  # it may be written all the same, after the client was told that it was not
                self._steps.insert(0, Step(lambda transaction: transaction.erase((record.id,)), waits=False))
            raise
        return stored

    def amend(self, record: MessageRecord) -> None:
        """Replace the record with the same id; one that was purged stays away."""
        self._do(Step(lambda transaction: transaction.amend(record), waits=False))

    def erase(self, ids: Iterable[str]) -> int:
        """Remove records; return the number of those that existed."""
        asked = tuple(ids)
        return int(self._do(Step(lambda transaction: transaction.erase(asked))))

    def update(self, ids: Iterable[str], *, is_read: bool | None = None, tags: Iterable[str] | None = None) -> int:
        """Mark entries as read or unread, or tag them; return the number of those that existed."""
        asked, given = tuple(ids), None if tags is None else tuple(tags)
        return int(self._do(Step(lambda transaction: transaction.update(asked, is_read, given))))

    def purge(self, query: Query | None = None) -> list[Entry]:
        """Remove and return the records that match, in one step; without a query, all of them and ended sessions."""
        self._are_facts_due = True  # it removes ended sessions, too
        rows = self._do(Step(lambda transaction: transaction.purge(query)))
        return in_thread(gevent.get_hub().threadpool, lambda: list(map(entry, rows)))

    def expire(self, now: float) -> None:
        """Drop the records and the ended sessions that are older than `max_age`."""
        if self._bounds.seconds is not None:
            self._are_facts_due = True
            self._do(Step(lambda transaction: transaction.expire(now)))

    def open_logins(self, user: str) -> int:
        """Return the number of open sessions in which a user is logged in."""
        return sum(session.user == user for session in self._sessions.values())

    # Writing, in groups.

    def _note(self, session: OpenSession) -> None:
        """Write what has become known of a session, soon."""
        self._changed[session.origin.session_id] = session
        if not self._is_lingering:
            self._is_lingering = True
            self._linger.close()  # one that is started again has only the time that was left
            self._linger = gevent.get_hub().loop.timer(_LINGER)
            self._linger.start(self._write_facts)

    def _write_facts(self) -> None:
        """Have what is known of sessions written with the next group."""
        self._are_facts_due = True
        self._due.set()

    def _do(self, step: Step) -> Any:
        """Have a step taken; return its result, if somebody waits for it.

        Raises:
            StoreError: If it cannot be taken.
        """
        if self._is_abandoned:
            raise StoreError(f"The store {self._path} belongs to the parent process")
        if self._writer is None:
            return self._do_once(step)
        self._steps.append(step)
        if len(self._steps) >= self._enough or step.is_question:
            self._due.set()
        if not step.waits:
            return None
        try:
            return self._answers.wait(step, self._timeout)
        except TimeoutError:
            step.is_given_up = True
            raise StoreError(f"Cannot write to the store {self._path}: it does not answer") from None

    def _do_once(self, step: Step) -> Any:
        """Take a step while the server does not run."""
        self.open()
        try:
            return self._do(step)
        finally:
            self.close()

    def _settle(self, with_sessions: bool) -> None:
        """Wait until what was known before has been written, or could not be."""
        if not self._is_settled(with_sessions) and self._writer is not None:
            self._are_facts_due = self._are_facts_due or with_sessions
            self._do(Step())

    def _is_settled(self, with_sessions: bool) -> bool:
        """Return True if all that is known has been written."""
        return not (self._steps or self._is_writing or (with_sessions and self._changed))

    def _write_groups(self, writer: Writer) -> None:
        """Write what there is, until the store is closed."""
        while True:
            self._due.wait()
            self._due.clear()
            while self._steps or (self._changed and (self._are_facts_due or self._is_closing)):
                self._gather()
                self._is_writing = True
                try:
                    is_written = self._write_group(writer)
                finally:
                    self._is_writing = False
                if not is_written and not self._is_closing:
                    self._are_facts_due = True
                    self._due.wait(_RETRY)
                    self._due.clear()
                elif not is_written:
                    break
            if self._is_closing:
                return

    def _gather(self) -> None:
        """Wait a little for the messages of other sessions, if there are any."""
        enough = len(self._changed) // 2
        if len(self._changed) <= _FEW or len(self._steps) >= enough or self._is_closing or self._are_facts_due:
            return
        if any(step.is_question for step in self._steps):
            return
        self._enough = enough
        self._due.clear()
        self._due.wait(_GATHER)
        self._enough = 0

    def _write_group(self, writer: Writer) -> bool:
        """Write all that there is; return False if some of it has to be tried again."""
        sessions: dict[str, OpenSession] = {}
        settles = self._are_facts_due or self._is_closing
        if settles:
            sessions, self._changed = self._changed, {}
            self._linger.stop()
            self._is_lingering = self._are_facts_due = False
        steps, self._steps = self._steps, []
        facts = [session.facts(self._most_exchanges) for session in sessions.values()]
        is_written = self._try(writer, facts, steps, settles)
        if not is_written and len(steps) > 1 and not self._is_locked:
            # One after the other: a message that is too large for the disk must not keep others away.
            is_written = self._try(writer, facts, (), settles)
            steps = [step for step in steps if not self._try(writer, (), [step], False)]
        elif is_written:
            steps = []
        if is_written:
            self._forget_ended(sessions)
        else:
            for session, known in zip(sessions.values(), facts, strict=True):
                session.take_back(known)
                self._changed.setdefault(known.id, session)
        waiting = [step for step in steps if step.waits]
        if waiting:
            self._answers.fail(waiting, self._failure)
        self._steps[:0] = [step for step in steps if not step.waits][:_MOST_STEPS]
        has_failed = not is_written or bool(self._steps and steps)
        if has_failed and not self._is_failing:
            self._warn(f"{self._failure}. Until that works, sessions and failed attempts are kept in memory")
        elif self._is_failing and not has_failed:
            self._warn(f"The store {self._path} works again")
        self._is_failing = has_failed
        return not has_failed

    def _try(self, writer: Writer, facts: Sequence[SessionFacts], steps: Sequence[Step], settles: bool) -> bool:
        """Write facts and take steps; return False if that is not possible now."""
        try:
            written = writer.write(facts, steps, settles)
        except StoreError as error:
            self._failure = error
            return False
        self._changes += written.removed
        self._apply(steps, written)
        return True

    @property
    def _is_locked(self) -> bool:
        """True if another program keeps the file locked: then everything has waited long enough."""
        return isinstance(self._failure, LockedError)

    def _apply(self, steps: Sequence[Step], written: Written) -> None:
        """Tell everybody what was written."""
        for step, result in zip(steps, written.results, strict=True):
            step.done(result)
        gone = {record_id for told in written.told if told[1] in _REMOVALS for record_id in told[2]}
        if gone:
            for session in self._sessions.values():
                if session.last_id in gone:
                    session.purged = session.last_id
        if self._callbacks:
            for told in written.told:
                self._callbacks.call(*told)
        if steps:
            self._answers.give(steps, written.results)

    def _forget_ended(self, sessions: dict[str, OpenSession]) -> None:
        for session_id, session in sessions.items():
            if session.ended is not None and session_id not in self._changed:
                self._sessions.pop(session_id, None)

    def _index(self, writer: Writer) -> None:
        """Index the subjects of new records whenever nothing else is to be done, or too many wait."""
        forgotten = self._changes
        while True:
            gevent.sleep(_LULL)
            try:
                while writer.state.indexed < writer.state.last and (
                    monotonic() - self._added_at > _LULL or writer.state.last - writer.state.indexed > _MOST_TO_INDEX
                ):
                    self._do(Step(lambda transaction: transaction.index(_INDEXED_AT_ONCE)))
                    gevent.sleep(0.001)
                if forgotten != self._changes:
                    forgotten = self._changes
                    while self._do(Step(lambda transaction: transaction.forget_subjects(_INDEXED_AT_ONCE))):
                        gevent.sleep(0.001)
            except StoreError as error:
                self._warn(str(error))

    # In any thread.

    def select(self, query: Query | None = None, after: int = 0, limit: int | None = None) -> list[Entry]:
        """Return the entries that match, in order of arrival."""
        return self._read(partial(self._reader.select, query, after, limit))

    def page(self, query: Query, after: int, limit: int, before: int | None = None) -> tuple[list[Entry], int]:
        """Return the first entries that match and have a number above `after`, and the number of all that match."""
        return self._read(partial(self._reader.page, query, after, limit, before))

    def tally(self) -> Tally:
        """Return the tally of all accepted records."""
        return self._read(self._reader.tally)

    def sessions(self, query: SessionQuery | None = None) -> list[SessionEntry]:
        """Return the sessions that match, open ones included, in the order in which they began."""
        return self._read(partial(self._reader.sessions, query), with_sessions=True)

    def session_page(
        self, query: SessionQuery, after: int, limit: int, before: int | None = None
    ) -> tuple[list[SessionEntry], int]:
        """Return the first sessions that match and have a number above `after`, and the number of all that match."""
        return self._read(partial(self._reader.session_page, query, after, limit, before), with_sessions=True)

    def ended_sessions(self) -> list[str]:
        """Return the ids of the sessions that have ended, in the order in which they began."""
        return self._read(self._reader.ended_sessions, with_sessions=True)

    def mark(self) -> Mark:
        """Return a mark for the present moment."""
        state = self._known()
        return Mark(state.last, self._last_session if self._writer is not None else state.last_session)

    def changes(self) -> int:
        """Return a number that grows whenever a record is removed or changed, except by what follows its message."""
        return self._changes

    @property
    def dropped(self) -> int:
        """The number of records that were dropped because of a bound."""
        return self._known().dropped

    def subscribe(self, callback: Callable[[Change], object]) -> Callable[[], None]:
        """Call a function with each change; return a function that ends this."""
        return self._callbacks.add(callback)

    def __len__(self) -> int:
        """Return the number of records."""
        return self._known().records

    def _known(self) -> State:
        """Return the counts, those in the file if the server does not run."""
        writer = self._writer
        if writer is None:
            return self._read(self._reader.state)
        if not self._is_settled(False):
            self._thread().call(self._settle, False)
        return writer.state

    def _read(self, read: Callable[[], T], *, with_sessions: bool = False) -> T:
        """Read what was written before, without blocking the hub."""
        if self._is_abandoned:
            raise StoreError(f"The store {self._path} belongs to the parent process")
        if not self._is_settled(with_sessions):
            self._thread().call(self._settle, with_sessions)
        if self._writer is not None and self._thread().is_current:
            return in_thread(gevent.get_hub().threadpool, read)
        return read()
