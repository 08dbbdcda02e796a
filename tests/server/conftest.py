"""What the tests of the server use."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from smtpmock import SMTPMock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

_SECONDS = 180


@pytest.fixture(autouse=True)
def _no_test_hangs() -> Iterator[None]:
    def give_up(*_: object) -> None:
        pytest.fail(f"not done after {_SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(_SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def mock() -> Iterator[SMTPMock]:
    """A server with the default settings."""
    with SMTPMock() as running:
        yield running
    assert running.errors == []


@pytest.fixture
def descriptors() -> Callable[[], set[int]]:
    """Tells the descriptors that are open; those that the process keeps for all servers are open already."""
    with SMTPMock():
        pass

    def is_open(descriptor: int) -> bool:
        try:
            os.fstat(descriptor)
        except OSError:
            return False  # the one through which the directory was read
        return True

    def known() -> Iterator[int]:
        return (int(entry.name) for entry in Path("/proc/self/fd").iterdir())

    return lambda: {descriptor for descriptor in known() if is_open(descriptor)}


@pytest.fixture
def run_in_threads() -> Callable[..., AbstractContextManager[Callable[[], bool]]]:
    """Runs a function in so many threads during a block; their errors come to light at its end."""

    @contextmanager
    def run_in_threads(count: int, function: Callable[[], object]) -> Iterator[Callable[[], bool]]:
        with ThreadPoolExecutor(count) as pool:
            calls = [pool.submit(function) for _ in range(count)]
            yield lambda: not all(call.done() for call in calls)
        for call in calls:
            call.result()

    return run_in_threads
