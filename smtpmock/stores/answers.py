"""Greenlets of the hub that wait for the answers of a store."""

from __future__ import annotations

import math
from time import monotonic
from typing import TYPE_CHECKING, Any

from gevent import get_hub
from gevent.hub import Waiter

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SHORTEST_TIMER = 0.001  # seconds; libuv warns of less


class Awaited:
    """Something that a greenlet may wait for, now or when there is an answer already.

    Attributes:
        waiter: Who waits for it; None if nobody does, or not yet.
        outcome: The answer or the error that came before anybody waited; None if none did.
        is_given_up: True once whoever waited has been told that it failed.
    """

    __slots__ = ("is_given_up", "outcome", "waiter")

    def __init__(self) -> None:
        self.waiter: Waiter[Any] | None = None
        self.outcome: tuple[Any, Exception | None] | None = None
        self.is_given_up = False

    @property
    def can_expire(self) -> bool:
        """True if it fails when its time is over."""
        return True


class Answers:
    """The answers of a store, and those who wait for them. It belongs to the hub thread.

    One timer for all costs less than one for each, and so does one callback of the loop for all answers of a group.
    """

    def __init__(self) -> None:
        self._ends: dict[Awaited, float] = {}
        self._timer: Any = None
        self._due = math.inf

    def close(self) -> None:
        """Close the timer."""
        if self._timer is not None:
            self._timer.close()
        self._timer, self._due = None, math.inf

    def wait(self, awaited: Awaited, seconds: float) -> Any:
        """Wait for an answer; return it.

        Args:
            awaited: What to wait for; only one greenlet can.
            seconds: The time that it may take.

        Raises:
            TimeoutError: If it takes longer.
            Exception: The error with which it fails.
        """
        if awaited.outcome is not None:
            answer, error = awaited.outcome
            if error is not None:
                raise error
            return answer
        end = self._ends[awaited] = monotonic() + seconds
        if end < self._due:
            self._watch(end)
        awaited.waiter = Waiter()
        try:
            return awaited.waiter.get()
        finally:
            del self._ends[awaited]

    def give(self, several: Sequence[Awaited], answers: Sequence[Any]) -> None:
        """Return answers to those who wait for them, soon: only the greenlet of the loop may switch."""
        get_hub().loop.run_callback(_give, several, answers)

    def fail(self, several: Sequence[Awaited], error: Exception) -> None:
        """Raise an error where somebody waits for one of several answers, soon."""
        get_hub().loop.run_callback(_fail, several, error)

    def _watch(self, end: float) -> None:
        self.close()
        self._due = end
        self._timer = get_hub().loop.timer(max(end - monotonic(), _SHORTEST_TIMER), ref=False)
        self._timer.start(self._expire)

    def _expire(self) -> None:
        """Raise an error where somebody has waited for too long, and look again when the next one has."""
        self.close()
        now = monotonic()
        late = [awaited for awaited, end in self._ends.items() if end <= now and awaited.can_expire]
        _fail(late, TimeoutError())
        due = min((end for end in self._ends.values() if end > now), default=math.inf)
        if due < self._due:
            self._watch(due)


def _give(several: Iterable[Awaited], answers: Iterable[Any]) -> None:
    for awaited, answer in zip(several, answers, strict=True):
        if not awaited.is_given_up:
            if awaited.waiter is None:
                awaited.outcome = answer, None
            else:
                awaited.waiter.switch(answer)


def _fail(several: Iterable[Awaited], error: Exception) -> None:
    for awaited in several:
        if not awaited.is_given_up:
            if awaited.waiter is None:
                awaited.outcome = None, error
            else:
                awaited.waiter.throw(error)
