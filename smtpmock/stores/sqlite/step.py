"""Something to write, and who waits for it."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

from gevent import get_hub
from gevent.hub import Waiter

from smtpmock.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from smtpmock.records.message import MessageRecord
    from smtpmock.stores.base import Entry
    from smtpmock.stores.sqlite.open_session import OpenSession
    from smtpmock.stores.sqlite.transaction import Transaction


class Step:
    """Something to write, and who waits for it.

    Args:
        take: What to do.
        waits: True if somebody waits for the result; else it is tried again when it fails.

    Attributes:
        waits: True if somebody waits for the result.
        waiter: Who waits; None if nobody does, or not yet.
        has_begun: True once it has begun.
        is_given_up: True once whoever waited has been told that it failed.
    """

    __slots__ = ("_take", "has_begun", "is_given_up", "waiter", "waits")

    is_urgent = False
    """True if it is given up after `store_timeout` even if it has begun."""

    def __init__(self, take: Callable[[Transaction], Any] | None = None, *, waits: bool = True) -> None:
        self._take = take
        self.waits = waits
        self.waiter: Waiter[Any] | None = None
        self.has_begun = False
        self.is_given_up = False

    @property
    def is_question(self) -> bool:
        """True if somebody waits for it who is not a client with a message: a reader, or a purge."""
        return self.waits and not self.is_urgent

    def __call__(self, transaction: Transaction) -> Any:
        """Do it, unless whoever waited has been told that it failed."""
        self.has_begun = True
        return None if self.is_given_up else self.take(transaction)

    def take(self, transaction: Transaction) -> Any:
        """Do it."""
        return None if self._take is None else self._take(transaction)

    def done(self, result: Any) -> None:
        """Do what follows in the hub thread, before anybody is told."""


class Waiting:
    """Those who wait for steps. One timer for all costs less than one for each.

    Args:
        seconds: The seconds after which a step has failed.
        problem: The text of the error then.
    """

    def __init__(self, seconds: float, problem: str) -> None:
        self._seconds = seconds
        self._problem = problem
        self._ends: dict[Step, float] = {}
        self._loop = get_hub().loop
        self._timer = self._loop.timer(seconds)
        self._is_watching = False

    def close(self) -> None:
        """Close the timer."""
        self._timer.close()

    def wait(self, step: Step) -> Any:
        """Wait for a step; return its result.

        Raises:
            StoreError: If it fails.
        """
        self._ends[step] = monotonic() + self._seconds
        if not self._is_watching:
            self._watch(self._seconds)
        step.waiter = Waiter()
        try:
            return step.waiter.get()
        finally:
            del self._ends[step]

    def answer(self, steps: Sequence[Step], results: Sequence[Any]) -> None:
        """Return the results of steps to those who wait for them, soon: only the greenlet of the loop may switch."""
        self._loop.run_callback(_answer, steps, results)

    def fail(self, steps: Sequence[Step], error: StoreError) -> None:
        """Raise an error where somebody waits for one of some steps, soon."""
        self._loop.run_callback(_fail, steps, error)

    def _watch(self, seconds: float) -> None:
        self._is_watching = True
        self._timer.close()
        self._timer = self._loop.timer(seconds)
        self._timer.start(self._give_up)

    def _give_up(self) -> None:
        """Tell those who have waited for too long that it has failed."""
        self._is_watching = False
        now = monotonic()
        for step, end in tuple(self._ends.items()):
            if end > now:
                self._watch(end - now)
                return
            if step.is_urgent or not step.has_begun:  # else much is to be done
                _fail((step,), StoreError(self._problem))
                step.is_given_up = True


def _answer(steps: Sequence[Step], results: Sequence[Any]) -> None:
    for step, result in zip(steps, results, strict=True):
        if step.waiter is not None and not step.is_given_up:
            step.waiter.switch(result)


def _fail(steps: Sequence[Step], error: StoreError) -> None:
    for step in steps:
        if step.waiter is not None and not step.is_given_up:
            step.waiter.throw(error)


class Addition(Step):
    """A record to store.

    Args:
        record: The record.
        session: Its session; None if it has ended.
    """

    __slots__ = ("_record", "_session")

    is_urgent = True

    def __init__(self, record: MessageRecord, session: OpenSession | None) -> None:
        super().__init__(waits=record.accepted)
        self._record = record
        self._session = session

    def take(self, transaction: Transaction) -> Entry | None:
        """Store it, unless a purge has removed it."""
        session = self._session
        is_gone = session is not None and session.purged == self._record.id
        return None if is_gone else transaction.add(self._record)

    def done(self, result: Entry | None) -> None:
        """Remember which record the session may still add to."""
        if result is not None and self._session is not None:
            self._session.last_id = self._record.id
