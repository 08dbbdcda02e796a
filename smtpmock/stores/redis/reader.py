"""The reader of a store in Redis, which brings a mirror up to date before each read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gevent.event import AsyncResult
from gevent.lock import BoundedSemaphore

from smtpmock.errors import StoreError
from smtpmock.stores.redis.mirror import Mirror

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from smtpmock.stores.base import Entry
    from smtpmock.stores.redis.link import Link, Request

_MOST_AT_ONCE = 500  # changes to read


class Reader:
    """The state that this process has read. It belongs to the hub thread, but for the mirror, which any thread may ask.

    Args:
        link: A function that returns the link to Redis.

    Attributes:
        mirror: The records and sessions, as they were at the last read.
        last: The numbers of the last message and of the last session.
        dropped: The number of records that were dropped because of a bound.
        open_sessions: The number of open sessions.
    """

    def __init__(self, link: Callable[[], Link]) -> None:
        self._link = link
        self.mirror = Mirror()
        self.last: tuple[int, int] = (0, 0)
        self.dropped = 0
        self.open_sessions = 0
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget who reads: in a forked child that is nobody."""
        self._messages = _Reading(self._read_messages)
        self._sessions = _Reading(self._read_sessions)

    def read_messages(self) -> None:
        """Bring the messages up to date."""
        self._messages.run()

    def read_sessions(self) -> None:
        """Bring the sessions up to date."""
        self._sessions.run()

    def purge(self) -> list[Entry]:
        """Remove and return all messages, and remove ended sessions, in one step."""
        taken: list[Entry] = self._messages.alone(self._purge)
        return taken

    def _read_messages(self) -> None:
        mirror = self.mirror
        arrived: list[Sequence[bytes]] = []
        token, position = mirror.token, mirror.position
        while True:
            answer = self._link().ask("messages", token, position, _MOST_AT_ONCE, 0)
            token, position, is_all = self._note_state(answer)
            if answer[1]:
                mirror, arrived = mirror.successor(), []
            arrived += _groups(answer[8], 5)
            if is_all:
                break
        self._apply(mirror, arrived)
        mirror.token, mirror.position = token, position
        mirror.note_last(*self.last)
        self.mirror = mirror

    def _purge(self) -> list[Entry]:
        mirror = self.mirror
        answer = self._link().ask("messages", mirror.token, mirror.position, -1, 1)
        token, position, _ = self._note_state(answer)
        before = mirror.successor() if answer[1] else mirror
        self._apply(before, _groups(answer[8], 5))
        taken = list(Mirror.select(before))
        self.mirror = mirror.successor()
        self.mirror.token, self.mirror.position = token, position
        self.mirror.note_last(*self.last)
        return taken

    def _note_state(self, answer: list[Any]) -> tuple[bytes, int, bool]:
        token, _, is_all, position, last, last_session, self.dropped, self.open_sessions, _ = answer
        self.last = last, last_session
        return token, int(position), bool(is_all)

    def _apply(self, mirror: Mirror, arrived: Sequence[Sequence[bytes]]) -> None:
        # One that was changed before it was read first comes behind later ones.
        for number, record, raw, tags, session_number in sorted(arrived, key=lambda one: int(one[0])):
            if record:
                mirror.put(int(number), record, raw, tags, int(session_number))
            else:
                mirror.remove(int(number))

    def _read_sessions(self) -> None:
        mirror = self.mirror
        token, position = mirror.session_token, mirror.session_position
        found: dict[str, tuple[dict[bytes, bytes], Request | None, int]] = {}
        while True:
            answer = self._link().ask("sessions", token, position, _MOST_AT_ONCE)
            token, is_reset, is_all, position, changed = answer
            if is_reset:
                mirror.forget_sessions()
                found.clear()
            for session_id, pairs, count in _groups(changed, 3):
                name, fields = session_id.decode(), dict(zip(pairs[::2], pairs[1::2], strict=True))
                lost, known = int(fields.get(b"lost", 0)), mirror.count_pieces(name)
                is_behind = lost + count > known
                request = self._link().tell("dialogue", name, max(0, known - lost)) if is_behind else None
                found[name] = fields, request, lost + count
            if is_all:
                break
        pieces = {name: self._link().wait(request) for name, (_, request, _) in found.items() if request is not None}
        # One that has gone on since it was changed last comes behind later ones, too.
        for name in sorted(found, key=lambda one: int(found[one][0].get(b"number", 0))):
            fields, _, count = found[name]
            if fields:
                mirror.put_session(name, fields, pieces.get(name, ()), count)
            else:
                mirror.remove_session(name)
        mirror.session_token, mirror.session_position = token, int(position)


class _Reading:
    """A function that is run for all who ask for it, as often as it takes for everyone to see what was there before."""

    def __init__(self, function: Callable[[], object]) -> None:
        self._function = function
        self._one_at_a_time = BoundedSemaphore()
        self._next: AsyncResult[None] | None = None

    def run(self) -> None:
        """Wait for a run of the function that begins from now on."""
        if self._next is not None:
            self._next.get()
            return
        mine = self._next = AsyncResult()
        try:
            with self._one_at_a_time:
                self._next = None
                self._function()
        except BaseException as error:
            if self._next is mine:
                self._next = None
            mine.set_exception(error if isinstance(error, Exception) else StoreError("The read was interrupted"))
            raise
        mine.set(None)

    def alone(self, function: Callable[[], Any]) -> Any:
        """Call another function while this one does not run."""
        with self._one_at_a_time:
            return function()


def _groups(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [items[place : place + size] for place in range(0, len(items), size)]
