"""Waiting in a thread or greenlet outside for something that happens in the hub.

A wake-up is made for one wait. Setting it is safe from any thread and never blocks; waiting for it blocks only the one
who waits: a thread without a hub as a whole, in one with a hub (a patched process) the greenlet alone, in an event loop
the task alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from gevent import getcurrent
from gevent.event import Event
from gevent.monkey import get_original

from smtpmock.errors import ServerStateError
from smtpmock.runtime.gevent_internals import hub_of_this_thread
from smtpmock.runtime.tasks import TaskGreenlet

if TYPE_CHECKING:
    from gevent.hub import Hub

SHORTEST_TIMER = 0.001
"""In seconds; libuv warns of less."""

_allocate_lock = get_original("_thread", "allocate_lock")


class Wakeup(Protocol):
    """An object that wakes one waiter, once."""

    def set(self) -> None:
        """Wake the waiter, now or as soon as it waits."""

    def wait(self, timeout: float | None) -> None:
        """Wait until set, at most so many seconds (None: without limit)."""

    def close(self) -> None:
        """Release what the wait needed. Call it in the end, whatever happened."""


class _ThreadWakeup:
    """A native lock: a signal that arrives during the wait is handled, and may end it with an exception."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = _allocate_lock()
        self._lock.acquire()

    def set(self) -> None:
        try:
            self._lock.release()
        except RuntimeError:
            pass  # set before

    def wait(self, timeout: float | None) -> None:
        self._lock.acquire(True, -1 if timeout is None else timeout)

    def close(self) -> None:
        pass


class _GreenletWakeup:
    """An event of the waiter's own hub; other threads set it through a watcher, because events do not cross threads."""

    __slots__ = ("_event", "_hub", "_loop", "_watcher")

    def __init__(self, hub: Hub) -> None:
        self._event = Event()
        self._hub = hub
        self._loop: Any = hub.loop
        self._watcher = self._loop.async_()
        self._watcher.start(self._event.set)

    def set(self) -> None:
        if hub_of_this_thread() is self._hub:
            self._event.set()  # the waiter runs in this round of the loop; a watcher would fire in the next one
            return
        try:
            self._watcher.send()
        except Exception:  # noqa: S110  # each loop has its own
            pass  # the waiter has gone, or its loop has: that is no concern of whoever wakes it

    def wait(self, timeout: float | None) -> None:
        if timeout is None:
            self._event.wait()
            return
        timer = self._loop.timer(max(timeout, SHORTEST_TIMER))
        timer.start(self._event.set)
        try:
            self._event.wait()
        finally:
            timer.stop()
            timer.close()

    def close(self) -> None:
        self._watcher.close()  # not stop(): libuv would deliver what was sent before, to nobody


def make_wakeup() -> Wakeup:
    """Return a wake-up for the caller.

    Raises:
        ServerStateError: If the caller is a hub, which must never wait.
    """
    current = getcurrent()
    if isinstance(current, TaskGreenlet):
        return current.make_wakeup()
    hub = hub_of_this_thread()
    if hub is None:
        return _ThreadWakeup()
    if current is hub:
        raise ServerStateError("A callback of the hub cannot wait: spawn a greenlet that does.")
    return _GreenletWakeup(hub)
