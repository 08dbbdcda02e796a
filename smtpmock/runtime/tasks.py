"""Waiting in a coroutine with code that blocks: in a greenlet, which hands the thread back to the event loop.

The code is the same as for threads. Where it would block, `make_wakeup` gives it a wake-up of the task that runs it:
the greenlet is left, the task awaits the wake-up, and the greenlet goes on. No thread is needed, and a task that is
cancelled raises in the code what a signal would raise in a thread: its `finally` clauses clean up.

This file imports neither asyncio nor trio: whoever has a task has imported one of them.
"""

from __future__ import annotations

import sys
import weakref
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar, cast

from gevent.monkey import get_original
from greenlet import getcurrent, greenlet

from smtpmock.errors import ServerStateError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import TypeAlias

    from typing_extensions import Self

T = TypeVar("T")

_get_ident = get_original("_thread", "get_ident")


def _nobody() -> None:
    return None


class _AsyncioWakeup:
    """A flag of a task of asyncio."""

    def __init__(self) -> None:
        self._loop = import_module("asyncio").get_running_loop()
        self._is_posted = self._is_set = False
        self._sleeper: Callable[[], Any] = _nobody

    def set(self) -> None:
        if self._is_posted:
            return  # a loop that is busy elsewhere is not flooded
        self._is_posted = True
        try:
            self._loop.call_soon_threadsafe(self._fire)
        except Exception:  # noqa: S110  # each loop has its own
            pass  # the loop is closed: that is no concern of whoever wakes the task

    def wait(self, timeout: float | None) -> None:
        _leave(self, timeout)

    def close(self) -> None:
        pass

    async def sleep(self, timeout: float | None) -> None:
        """Wait until set, at most so many seconds (None: without limit)."""
        if self._is_set:
            return
        sleeper = self._loop.create_future()
        self._sleeper = weakref.ref(sleeper)  # a task that is given up with its loop is not kept alive by the store
        timer = None if timeout is None else self._loop.call_later(timeout, self._end_sleep)
        try:
            await sleeper
        finally:
            if timer is not None:
                timer.cancel()

    def _fire(self) -> None:
        self._is_set = True
        self._end_sleep()

    def _end_sleep(self) -> None:
        sleeper = self._sleeper()
        if sleeper is not None and not sleeper.done():
            sleeper.set_result(None)

    @staticmethod
    async def checkpoint() -> None:
        """Let other tasks run, and notice a cancellation."""
        await import_module("asyncio").sleep(0)


class _TrioWakeup:
    """An event of a task of trio."""

    def __init__(self) -> None:
        self._trio = import_module("trio")
        self._token = self._trio.lowlevel.current_trio_token()
        self._event = self._trio.Event()
        self._is_posted = False

    def set(self) -> None:
        if self._is_posted:
            return
        self._is_posted = True
        try:
            self._token.run_sync_soon(self._event.set)
        except Exception:  # noqa: S110  # each loop has its own
            pass  # the run has ended

    def wait(self, timeout: float | None) -> None:
        _leave(self, timeout)

    def close(self) -> None:
        pass

    async def sleep(self, timeout: float | None) -> None:
        """Wait until set, at most so many seconds (None: without limit)."""
        with self._trio.move_on_after(float("inf") if timeout is None else timeout):
            await self._event.wait()

    @staticmethod
    async def checkpoint() -> None:
        """Let other tasks run, and notice a cancellation."""
        await import_module("trio").lowlevel.checkpoint()


if TYPE_CHECKING:
    TaskWakeup: TypeAlias = _AsyncioWakeup | _TrioWakeup


class TaskGreenlet(greenlet):
    """A greenlet in which code runs that a task has called.

    Attributes:
        make_wakeup: A function that returns a wake-up of the task.
    """

    make_wakeup: Callable[[], TaskWakeup]


def _leave(wakeup: TaskWakeup, timeout: float | None) -> None:
    """Leave the greenlet until the task has awaited the wake-up."""
    parent = getcurrent().parent
    assert parent is not None
    parent.switch((wakeup, timeout))


def _kind_of_task() -> type[TaskWakeup] | None:
    """Return the kind of wake-up for the task that runs in this thread, or None if none does."""
    # In this order: trio may be a guest of asyncio, or its host. Only the innermost is in a task.
    if "asyncio" in sys.modules:
        try:
            if import_module("asyncio").current_task() is not None:
                return _AsyncioWakeup
        except RuntimeError:
            pass  # no loop is running
    if "trio" in sys.modules:
        try:
            import_module("trio").lowlevel.current_task()
        except RuntimeError:
            pass  # it is not running
        else:
            return _TrioWakeup
    return None


def blocks_a_task() -> bool:
    """Return whether the caller, by blocking, keeps a task, and with it all others of its event loop, from running."""
    return not isinstance(getcurrent(), TaskGreenlet) and _kind_of_task() is not None


class AsyncContext:
    """A context manager that a task can enter with `async with` as well; whatever blocks in it blocks only the task."""

    def __enter__(self) -> Self:
        raise NotImplementedError

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        return await run_in_task(self.__enter__)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await run_in_task(self.__exit__, kind, error, trace)


async def checkpoint() -> None:
    """Let other tasks run, and notice a cancellation.

    Raises:
        ServerStateError: If no task of asyncio or trio is running.
    """
    await _this_kind_of_task().checkpoint()


async def run_in_task(function: Callable[..., T], /, *args: object, **words: object) -> T:
    """Call a function that may block, so that it blocks nothing but the task that awaits it.

    What ends the task early, such as its cancellation, is raised in the function, where it waits.

    Raises:
        ServerStateError: If no task of asyncio or trio is running.
    """
    code = TaskGreenlet(function)
    code.make_wakeup = _this_kind_of_task()
    code.gr_context = getcurrent().gr_context  # the context variables of the task
    go_on: Callable[[], Any] = partial(code.switch, *args, **words)
    is_closed = False
    thread = _get_ident()
    try:
        while True:
            code.parent = getcurrent()
            outcome = go_on()
            if code.dead:
                return cast("T", outcome)
            wakeup, timeout = outcome
            try:
                if is_closed:
                    raise GeneratorExit  # nobody will go on with a coroutine that is closed
                await wakeup.sleep(timeout)
                go_on = code.switch
            except BaseException as error:
                if _get_ident() != thread:
                    raise  # collected in another thread than that of its loop, where the greenlet cannot go on
                is_closed = isinstance(error, GeneratorExit)
                go_on = partial(code.throw, error)
    finally:
        del go_on  # it may hold the error, whose traceback holds this frame


def _this_kind_of_task() -> type[TaskWakeup]:
    kind = _kind_of_task()
    if kind is None:
        raise ServerStateError("Coroutines of smtpmock must be awaited in a task of asyncio or trio: none is running.")
    return kind
