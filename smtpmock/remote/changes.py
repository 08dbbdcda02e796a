"""Waiting for a condition that only the client can decide: it is checked after each event of the server."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

from smtpmock.records.change import Change
from smtpmock.remote.client import UnreachableError
from smtpmock.runtime import hub
from smtpmock.runtime.wakeup import make_wakeup

if TYPE_CHECKING:
    from collections.abc import Callable

    from smtpmock.remote.client import Client

_LONGEST_NAP = 60.0
_PAUSE = 0.1
"""Seconds after which a server that cannot be reached is asked again."""


def wait_for_change(client: Client, condition: Callable[[], bool], timeout: float) -> None:
    """Wait until a condition holds; a server that cannot be reached is asked again until the time is over.

    Args:
        client: The client of the server.
        condition: The condition, which asks the server.
        timeout: The most seconds to wait.

    Raises:
        SMTPMockError: If the server cannot be reached in the end, or refuses.
    """
    end = monotonic() + timeout
    while True:
        with _Events(client) as events:
            while True:
                events.wait(end)  # first for the beginning: nothing is missed after it
                is_over, has_ended = monotonic() >= end, events.have_ended
                try:
                    if condition():
                        return
                except UnreachableError:
                    if is_over:
                        raise
                    has_ended = True
                if is_over:
                    return
                if has_ended:
                    break
            events.pause(min(_PAUSE, max(end - monotonic(), 0)))


def subscribe(client: Client, callback: Callable[[Change], object]) -> Callable[[], None]:
    """Call a function with each change at the server from now on; return what ends this.

    While the server cannot be reached nothing is told, and afterwards what has happened meanwhile.

    Args:
        client: The client of the server.
        callback: The function to call in the hub thread.

    Raises:
        SMTPMockError: If the server cannot be reached.
    """
    with closing(make_wakeup()) as wakeup:
        outcome: list[Exception | None] = []

        def tell(event: dict[str, Any]) -> None:
            if not outcome:
                outcome.append(None)
                wakeup.set()
            if "action" in event:
                ids = event.get("ids") or ([event["id"]] if "id" in event else [])
                callback(Change(event["topic"], event["action"], tuple(ids)))

        def end(error: Exception) -> None:
            if not outcome:
                outcome.append(error)
                wakeup.set()

        greenlet = client.follow(tell, end, goes_on=True)
        while not outcome:
            wakeup.wait(None)
    if outcome[0] is not None:
        raise outcome[0]
    return lambda: hub.get_hub().post(partial(greenlet.kill, block=False))


class _Events:
    """Notices of the server, for one waiting thread or task."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._news = 0
        self.have_ended = False

    def __enter__(self) -> _Events:
        self._wakeup = make_wakeup()
        self._greenlet = self._client.follow(self._told, self._ended)
        return self

    def __exit__(self, *_: object) -> None:
        hub.get_hub().post(partial(self._greenlet.kill, block=False))
        self._wakeup.close()

    def wait(self, end: float) -> None:
        """Wait for news, or until they end, or until a moment."""
        while not self._news and not self.have_ended and (left := end - monotonic()) > 0:
            self._sleep(min(left, _LONGEST_NAP))
        self._news = 0

    def pause(self, seconds: float) -> None:
        """Wait for some time."""
        self._sleep(seconds)

    def _sleep(self, seconds: float) -> None:
        used = self._wakeup
        try:
            used.wait(seconds)
        finally:
            self._wakeup = make_wakeup()
            used.close()

    # In the hub thread.

    def _told(self, _: dict[str, Any]) -> None:
        self._news += 1
        self._wakeup.set()

    def _ended(self, _: Exception) -> None:
        self.have_ended = True
        self._wakeup.set()
