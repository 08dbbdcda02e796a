"""The native thread in which the greenlets live, and the way into it.

A process has one, patched or not; it is started on first use and kept. Everything in it is cooperative: it takes no
lock that another thread can hold.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections import deque
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar, cast

import gevent
from gevent.event import Event
from gevent.monkey import get_original

from smtpmock.errors import ServerStateError, StartError
from smtpmock.runtime.gevent_internals import threadpool_of
from smtpmock.runtime.wakeup import make_wakeup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

_start_new_thread = get_original("_thread", "start_new_thread")
_get_ident = get_original("_thread", "get_ident")
_allocate_lock = get_original("_thread", "allocate_lock")

_SHUTDOWN_SECONDS = 5.0
_SECONDS_OF_THREADS = 1.0  # in which those of the pool end at exit
_STUCK = "What runs in the thread of the servers, such as a function of a rule, does not return: exiting with status 1."
_DESCRIPTORS_NEEDED = 8  # more than a loop needs


class Hub:
    """A gevent hub in a thread of its own."""

    def __init__(self) -> None:
        self._calls: deque[tuple[Callable[..., object], tuple[Any, ...]]] = deque()
        self._ready = _allocate_lock()
        self._finished = _allocate_lock()
        self._ready.acquire()
        self._finished.acquire()
        self._ident = 0
        self._watcher: Any = None
        self._stop: Event | None = None
        _probe_descriptors()
        _keep_spare()
        # A debugger or coverage that watches the creator watches this thread, too.
        _start_new_thread(self._run, (threading.gettrace(), threading.getprofile()))
        self._ready.acquire()

    @property
    def is_current(self) -> bool:
        """Return whether the caller runs in this thread."""
        return bool(_get_ident() == self._ident)

    def post(self, function: Callable[..., object], *args: object) -> None:
        """Schedule a call of a function that does not block, from any thread."""
        try:
            self._calls.append((function, args))
        finally:  # whatever signal comes between the two
            self._watcher.send()

    def spawn(self, function: Callable[..., object], *args: object) -> None:
        """Schedule a function in a greenlet of its own, where it may block, from any thread."""
        self.post(gevent.spawn, function, *args)

    def call(self, function: Callable[..., T], *args: object) -> T:
        """Run a function in a greenlet of this thread; return what it returns, or raise what it raises."""
        if self.is_current:
            return function(*args)
        outcome: list[tuple[bool, Any]] = []
        wakeup = make_wakeup()

        def run() -> None:
            try:
                outcome.append((True, function(*args)))
            except BaseException as error:
                outcome.append((False, error))
            finally:
                wakeup.set()

        try:
            self.spawn(run)
            while not outcome:
                wakeup.wait(None)
        finally:
            wakeup.close()
        succeeded, value = outcome[0]
        if succeeded:
            result: T = value
            return result
        raise value

    def call_interruptibly(self, function: Callable[..., T], *args: object) -> T:
        """Run a function as `call` does; an exception in the waiting thread, such as that of a signal, ends it."""
        if self.is_current:
            make_wakeup().close()  # which a callback of the hub, where nothing may wait, is refused
            return function(*args)
        running: list[gevent.Greenlet[Any, Any]] = []
        is_given_up = False

        def run() -> T:
            if is_given_up:
                raise gevent.GreenletExit
            running.append(cast("gevent.Greenlet[Any, Any]", gevent.getcurrent()))
            try:
                return function(*args)
            finally:
                running.clear()

        try:
            return self.call(run)
        except BaseException:
            is_given_up = True
            self.post(_kill, running)
            raise

    def shut_down(self, before: Callable[[], object]) -> bool:
        """End the thread, after a last call in it; return False if it does not end."""

        def stop() -> None:
            try:
                before()
            finally:
                assert self._stop is not None
                self._stop.set()

        self.spawn(stop)
        return bool(self._finished.acquire(True, _SHUTDOWN_SECONDS))

    def _run(self, trace: Any, profile: Any) -> None:
        if trace is not None:
            sys.settrace(trace)
        if profile is not None:
            sys.setprofile(profile)
        self._ident = _get_ident()
        hub = gevent.get_hub()
        self._watcher = hub.loop.async_()
        self._watcher.start(self._work)
        self._stop = Event()
        self._ready.release()
        self._stop.wait()
        self._watcher.close()
        if _end_threads(hub):
            hub.destroy(destroy_loop=True)
        self._finished.release()

    def _work(self) -> None:
        while self._calls:
            function, args = self._calls.popleft()
            function(*args)


def _end_threads(hub: Any) -> bool:
    """End the threads of the pool; return False if one does not end, such as one that looks up a name.

    To destroy a hub means to wait for them; without that, they end with the process.
    """
    pool = threadpool_of(hub)
    if pool is None:
        return True
    try:
        with gevent.Timeout(_SECONDS_OF_THREADS):
            pool.kill()
    except gevent.Timeout:
        return False
    return True


def _kill(running: list[gevent.Greenlet[Any, Any]]) -> None:
    for greenlet in tuple(running):
        greenlet.kill(block=False)


def _probe_descriptors() -> None:
    """Check that a loop can be created: without descriptors libev would try for ever."""
    probes: list[int] = []
    try:
        for _ in range(_DESCRIPTORS_NEEDED // 2):
            probes += os.pipe()
    except OSError as error:
        raise StartError(f"Failed to start SMTP mock server: {os.strerror(error.errno or 0)}") from error
    finally:
        for probe in probes:
            os.close(probe)


_spare: list[int] = []


def _keep_spare() -> None:
    with suppress(OSError):
        _spare.append(os.open(os.devnull, os.O_RDONLY))


@contextmanager
def spare_descriptor() -> Iterator[None]:
    """Make a descriptor available that was put by, for a process that has no other left, as to import a module."""
    if _spare:
        os.close(_spare.pop())
    try:
        yield
    finally:
        if not _spare:
            _keep_spare()


_hub: Hub | None = None
_making = _allocate_lock()
_shut_down = False
_orphans: list[Hub] = []  # of parent processes; a destructor must not touch what the parent uses
_at_shutdown: list[Callable[[], object]] = []
_after_shutdown: list[Callable[[], object]] = []
_after_fork: list[Callable[[], object]] = []


def get_hub() -> Hub:
    """Return the hub of this process; start it if there is none.

    Raises:
        ServerStateError: If the interpreter is about to exit.
    """
    global _hub
    if _hub is not None:
        return _hub
    if _shut_down:
        raise ServerStateError("The interpreter is shutting down: no server can start.")
    with _making:
        if _hub is None:
            _hub = Hub()
    return _hub


def on_shutdown(function: Callable[[], object]) -> None:
    """Register a function to be called in the hub thread when the interpreter exits."""
    _at_shutdown.append(function)


def after_shutdown(function: Callable[[], object]) -> None:
    """Register a function to be called in the main thread at exit, after the hub thread has ended."""
    _after_shutdown.append(function)


def after_fork(function: Callable[[], object]) -> None:
    """Register a function to be called in the child after a fork, where there is no hub any more."""
    _after_fork.append(function)


@atexit.register
def _exit() -> None:
    """End all sessions without grace: a thread that works while the interpreter shuts down crashes it."""
    global _hub, _shut_down
    _shut_down = True
    has_ended = _hub is None or _hub.shut_down(lambda: [function() for function in _at_shutdown])
    _hub = None
    for function in _after_shutdown:
        function()
    if not has_ended:
        _abort()


def _abort() -> None:
    """Exit with an error, past what the interpreter would still do, and crash in."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is sys.stderr:
                stream.write(f"smtpmock: {_STUCK}\n")
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass  # there is none, or it is closed
    os._exit(1)


def _forget() -> None:
    global _hub, _making
    _making = _allocate_lock()
    if _hub is not None:
        _orphans.append(_hub)
        _hub = None
    for function in _after_fork:
        function()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_forget)
