"""Short by default; SMTPMOCK_LONG=1 makes them long. With -s the figures can be read."""

from __future__ import annotations

import os
import resource
import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG = os.environ.get("SMTPMOCK_LONG", "") not in ("", "0")


@pytest.fixture(autouse=True)
def _no_test_hangs() -> Iterator[None]:
    seconds = 1800 if LONG else 120

    def give_up(*_: object) -> None:
        pytest.fail(f"not done after {seconds} seconds")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def many_descriptors() -> Iterator[int]:
    """As many descriptors as this process may have; tells how many."""
    usual, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    yield most
    resource.setrlimit(resource.RLIMIT_NOFILE, (usual, most))
