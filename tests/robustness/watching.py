"""Waiting for what no call of the mock waits for, and taking what the process has."""

from __future__ import annotations

import os
import resource
from contextlib import contextmanager, suppress
from threading import Event
from typing import TYPE_CHECKING

import gevent

from smtpmock.runtime import hub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from smtpmock import SMTPMock


def wait_until(mock: SMTPMock, condition: Callable[[], bool], seconds: float = 60) -> bool:
    """Wait until a condition holds, which is looked at after each change of the store; return False if it is late."""
    changed = Event()
    unsubscribe = mock._store.subscribe(lambda _: changed.set())
    try:
        while not condition():
            if not changed.wait(seconds):
                return False
            changed.clear()
        return True
    finally:
        unsubscribe()


def open_sessions(mock: SMTPMock) -> int:
    """Return how many sessions are going on."""
    return sum(session.ended_at is None for session in mock.sessions())


def settled() -> None:
    """Wait until the hub has done what it was told so far, greenlets included."""
    the_hub = hub.get_hub()
    for _ in range(3):
        the_hub.call(gevent.sleep, 0)


@contextmanager
def no_descriptors(limit: int = 60) -> Iterator[None]:
    """Leave this process no descriptor: take all that are free below a limit, which stays, and give them back."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, most))
    taken = []
    try:
        with suppress(OSError):
            while True:
                taken.append(os.dup(0))
        yield
    finally:
        for descriptor in taken:
            os.close(descriptor)
