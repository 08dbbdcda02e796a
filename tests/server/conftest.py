"""Fixtures of the tests of the server."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from smtpmock import SMTPMock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager


OPEN_DESCRIPTORS = Path("/proc/self/fd")


@pytest.fixture
def mock() -> Iterator[SMTPMock]:
    """A server with the default settings."""
    with SMTPMock() as running:
        yield running
    assert running.errors == []


@pytest.fixture
def descriptors() -> Callable[[], set[int]]:
    """Tells the descriptors that are open; those that the process keeps for all servers are open already."""
    if not OPEN_DESCRIPTORS.is_dir():
        pytest.skip(f"needs {OPEN_DESCRIPTORS}")
    with SMTPMock():
        pass

    def is_open(descriptor: int) -> bool:
        try:
            os.fstat(descriptor)
        except OSError:
            return False  # the one through which the directory was read
        return True

    def known() -> Iterator[int]:
        return (int(entry.name) for entry in OPEN_DESCRIPTORS.iterdir())

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
