"""The link to Redis: what many greenlets ask at the same moment leaves in one pipeline, their writes in one command.

Each command may be sent again after a broken connection, so each has to be one that can be done twice.
"""

from __future__ import annotations

from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Any

import gevent
from gevent.event import Event
from redis.exceptions import AuthenticationError, NoScriptError, RedisError, ResponseError

from smtpmock.errors import StartError, StoreError
from smtpmock.stores.answers import Answers, Awaited
from smtpmock.stores.redis.connection import make_connection, pack_words
from smtpmock.stores.redis.scripts import GROUPED, scripts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_MOST_AT_ONCE = 500
_LARGEST_GROUP = 1_048_576  # bytes after which a command takes no further request: others have to wait for it
_MOST_WAITING = 10_000
_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 0.25  # seconds between attempts to connect
_IDLE_SECONDS = 1.0  # after which a connection that no server holds is closed
_NOT_READY = ("LOADING", "BUSY", "MASTERDOWN", "TRYAGAIN")
"""The errors of a Redis that has to be asked again."""


class _NotReadyError(Exception):
    """An answer after which the connection is made anew, and the commands are sent again."""


class Request(Awaited):
    """A command that was given to the link; once it is given up, it is not sent if it was not sent yet.

    Attributes:
        script: The name of its script.
        words: Its arguments, in the protocol of Redis.
        count: The number of its arguments.
    """

    __slots__ = ("count", "script", "words")

    def __init__(self, script: str, arguments: Sequence[Any]) -> None:
        super().__init__()
        self.script = script
        self.words = pack_words(arguments)
        self.count = len(arguments)


class Link:
    """The link to Redis. All of it belongs to the hub thread.

    Args:
        url: The URL of the database.
        prefix: The beginning of all keys.
        timeout: The seconds after which a command has failed.
        prepare: A function that is called with each new connection, to ask it for what has to be known first.
        changed: A function that is called when the link is broken (with the reason) or works again (with "").

    Attributes:
        is_held: True while a server needs it: then it is made anew by itself, and nobody waits for it in vain.
    """

    def __init__(
        self,
        url: str,
        prefix: str,
        timeout: float,
        prepare: Callable[[Callable[..., Any]], object],
        changed: Callable[[str], object],
    ) -> None:
        self._prefix = prefix
        self._timeout = timeout
        self._prepare = prepare
        self._changed = changed
        self._connection = make_connection(url, timeout, timeout)
        self._is_connected = False
        self._is_stale = False
        self._queue: deque[Request] = deque()
        self._answers = Answers()
        self._wanted = Event()
        self._greenlet: gevent.Greenlet[..., Any] | None = None
        self._down_since: float | None = None
        self._reason = ""
        self.is_held = False

    @property
    def is_down(self) -> bool:
        """True if the last attempt to reach Redis has failed."""
        return self._down_since is not None

    @property
    def is_full(self) -> bool:
        """True if so much waits for Redis that what is not needed is better left out."""
        return len(self._queue) > _MOST_WAITING

    def tell(self, script: str, *args: Any) -> Request:
        """Send a command that nobody has to wait for; it is sent again until Redis has answered."""
        request = Request(script, (len(args), *args) if script in GROUPED else args)
        self._queue.append(request)
        self._wanted.set()
        if self._greenlet is None:
            self._greenlet = gevent.spawn(self._run)
        return request

    def ask(self, script: str, *args: Any) -> Any:
        """Return the answer to a command.

        Raises:
            StoreError: If Redis does not answer in time, or refuses it.
        """
        return self.wait(self.tell(script, *args))

    def seconds(self) -> float:
        """Return the seconds to wait for an answer now: none once Redis has been away for as long as that."""
        if self._down_since is None or not self.is_held:
            return self._timeout
        return max(0.0, self._down_since + self._timeout - monotonic())

    def wait(self, request: Request, *, is_needed: bool = False) -> Any:
        """Return the answer to a request.

        Args:
            request: The request.
            is_needed: True to send it even if nobody waits for it any more.

        Raises:
            StoreError: If Redis does not answer in time, or refuses it.
        """
        began = monotonic()
        try:
            return self._answers.wait(request, self.seconds())
        except TimeoutError:
            request.is_given_up = not is_needed
            self._note_down(began, "no answer in time")
            raise StoreError(f"Redis cannot be reached: {self._reason}") from None
        except BaseException:
            request.is_given_up = not is_needed
            raise

    def reset(self) -> None:
        """Make the connection anew before the next command."""
        self._is_stale = True

    def close(self) -> None:
        """Close the connection; the next command opens it again."""
        greenlet, self._greenlet = self._greenlet, None
        if greenlet is not None:
            greenlet.kill()
        self._disconnect()
        self._down_since = None
        self._answers.close()
        self._fail_all("The link to Redis was closed")

    def abandon(self) -> None:
        """Close the descriptor in a forked child, where nothing else is left of it."""
        self._connection.abandon()

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        try:
            while self._has_work():
                try:
                    if self._is_stale:
                        self._disconnect()
                    if not self._is_connected:
                        self._connect()
                        pause = _FIRST_PAUSE
                    self._exchange(self._take())
                except (RedisError, OSError, _NotReadyError) as error:
                    self._break(error)
                    gevent.sleep(pause)
                    pause = min(2 * pause, _LONGEST_PAUSE)
        finally:
            self._greenlet = None
            self._disconnect()

    def _has_work(self) -> bool:
        """Wait for something to do; return False if there is nothing."""
        self._queue = deque(request for request in self._queue if not request.is_given_up)
        if not self._queue and (self._is_connected or not self.is_held):
            self._wanted.clear()
            self._wanted.wait(_IDLE_SECONDS)
        return bool(self._queue) or self.is_held

    def _take(self) -> list[Request]:
        return [self._queue.popleft() for _ in range(min(len(self._queue), _MOST_AT_ONCE))]

    def _exchange(self, batch: list[Request]) -> None:
        """Send commands in one pipeline, and hand out their answers."""
        connection = self._connection
        unanswered = deque(_groups(batch))
        try:
            if batch:
                packed = b"".join([part for group in unanswered for part in self._pack(group)])
                connection.send_packed_command([packed], check_health=False)
            while unanswered:
                self._hand_out(unanswered)
        finally:
            self._queue.extendleft(request for group in reversed(unanswered) for request in reversed(group))
        if self._down_since is not None:
            self._down_since = None
            self._changed("")

    def _pack(self, group: list[Request]) -> list[bytes]:
        """Return the command for requests of the same script."""
        script = group[0].script
        head = pack_words(("EVALSHA", scripts()[script].digest, 1, self._prefix))
        return [b"*%d\r\n" % (4 + sum(one.count for one in group)), head, *(one.words for one in group)]

    def _hand_out(self, unanswered: deque[list[Request]]) -> None:
        """Read an answer, and pass it on."""
        try:
            answer = self._connection.read_response()
        except ResponseError as error:
            if isinstance(error, NoScriptError) or str(error).startswith(_NOT_READY):
                raise _NotReadyError(str(error)) from None
            self._answers.fail(unanswered.popleft(), StoreError(f"Redis refuses: {error}"))
        else:
            group = unanswered.popleft()
            self._answers.give(group, answer.split(b",") if group[0].script in GROUPED else [answer])

    def _connect(self) -> None:
        self._connection.connect()
        for script in scripts().values():
            self._command("SCRIPT", "LOAD", script.text)
        self._prepare(lambda name, *args: self._command("EVALSHA", scripts()[name].digest, 1, self._prefix, *args))
        self._is_connected = True

    def _command(self, *command: Any) -> Any:
        self._connection.send_command(*command, check_health=False)
        try:
            return self._connection.read_response()
        except AuthenticationError:
            raise
        except ResponseError as error:
            raise _NotReadyError(str(error)) from None

    def _break(self, error: Exception) -> None:
        is_in_vain = isinstance(error, StartError | AuthenticationError) or not (self._is_connected or self.is_held)
        self._disconnect()
        if is_in_vain:  # to try again; a reader without a server does not wait for one of Redis to start
            self._fail_all(f"Redis cannot be reached: {error}")
        self._note_down(monotonic(), str(error))

    def _fail_all(self, problem: str) -> None:
        requests, self._queue = self._queue, deque()
        self._answers.fail(requests, StoreError(problem))

    def _note_down(self, since: float, reason: str) -> None:
        if self._down_since is None:
            self._down_since = since
            self._reason = reason
            self._changed(reason)

    def _disconnect(self) -> None:
        self._is_connected = self._is_stale = False
        self._connection.disconnect()


def _groups(batch: Iterable[Request]) -> Iterator[list[Request]]:
    """Put requests that one command can do together: those that follow each other, up to a size."""
    group: list[Request] = []
    size = 0
    for request in batch:
        is_together = group and request.script in GROUPED and request.script == group[0].script
        if group and (not is_together or size > _LARGEST_GROUP):
            yield group
            group, size = [], 0
        group.append(request)
        size += len(request.words)
    if group:
        yield group
