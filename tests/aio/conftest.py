"""The event loops in which coroutines of smtpmock are awaited, and a server to await."""

from __future__ import annotations

import weakref
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from smtpmock import SMTPMock
from smtpmock.runtime import tasks
from smtpmock.runtime.tasks import TaskGreenlet

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

ENDLESS = 3600.0
"""Seconds that no test takes: what waits so long was not ended."""

LOOPS: dict[str, tuple[str, dict[str, bool]]] = {
    "asyncio": ("asyncio", {}),
    "uvloop": ("asyncio", {"use_uvloop": True}),
    "trio": ("trio", {}),
}


@pytest.fixture
def mock() -> Iterator[SMTPMock]:
    """A server with the default settings, which nobody waits for when the test has ended."""
    with SMTPMock() as running:
        yield running
        assert waiters(running) == (0, 0, 0)
    assert running.errors == []


@pytest.fixture(params=LOOPS)
def run_async(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Runs a coroutine function in each of the event loops; returns what it returns."""
    if request.param == "uvloop" and find_spec("uvloop") is None:
        pytest.skip("uvloop is not installed")
    backend, options = LOOPS[request.param]

    def run(function: Callable[..., Awaitable[Any]], *args: object) -> Any:
        return anyio.run(function, *args, backend=backend, backend_options=options)

    return run


def waiters(mock: SMTPMock) -> tuple[int, int, int]:
    """Return how many are told of a change in the store, of a change of the rules, and of a stop."""
    return len(mock._store._callbacks), len(mock._book._callbacks), len(mock._local._waiters)


@pytest.fixture
def code_of_tasks(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[TaskGreenlet]]:
    """Tells which greenlets of tasks have not come to their end."""
    made: list[weakref.ref[TaskGreenlet]] = []

    class Noted(TaskGreenlet):
        def __init__(self, function: Callable[..., object]) -> None:
            super().__init__(function)
            made.append(weakref.ref(self))

    monkeypatch.setattr(tasks, "TaskGreenlet", Noted)
    return lambda: [code for reference in made if (code := reference()) is not None and not code.dead]


async def until_waiting(mock: SMTPMock, count: int = 1) -> None:
    """Let other tasks run until so many wait for the server."""
    while len(mock._local._waiters) < count:
        await anyio.lowlevel.checkpoint()
