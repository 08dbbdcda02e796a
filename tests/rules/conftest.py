"""What the tests of rules over sockets use."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from smtpmock import SMTPMock

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECONDS = 120


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
    """A server that records everything."""
    with SMTPMock(multiple_rcptto=True, multiple_message_receiving=True) as running:
        yield running
    assert running.errors == []
