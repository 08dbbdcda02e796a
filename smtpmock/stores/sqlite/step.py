"""Something to write, and who waits for it; and how a function is run in a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from gevent.hub import Waiter

if TYPE_CHECKING:
    from collections.abc import Callable

    from gevent.threadpool import ThreadPool

    from smtpmock.records.message import MessageRecord
    from smtpmock.stores.base import Entry
    from smtpmock.stores.sqlite.open_session import OpenSession
    from smtpmock.stores.sqlite.transaction import Transaction

T = TypeVar("T")


class Step:
    """Something to write, and who waits for it.

    Args:
        take: What to do.
        waits: True if somebody waits for the result; else it is tried again when it fails.

    Attributes:
        waits: True if somebody waits for the result.
        waiter: Who waits; None if nobody does.
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

    def __call__(self, transaction: Transaction) -> Any:
        """Do it, unless whoever waited has been told that it failed."""
        self.has_begun = True
        return None if self.is_given_up else self.take(transaction)

    def take(self, transaction: Transaction) -> Any:
        """Do it."""
        return None if self._take is None else self._take(transaction)

    def wait(self) -> Any:
        """Wait for the result, in the hub thread; return it, or raise the error."""
        self.waiter = Waiter()
        return self.waiter.get()

    def done(self, result: Any) -> None:
        """Do what follows in the hub thread, before anybody is told."""


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


def in_thread(pool: ThreadPool, function: Callable[..., T], *args: object) -> T:
    """Run a function in a thread; return what it returns, or raise what it raises, of which a pool would complain."""

    def run() -> tuple[T | None, Exception | None]:
        try:
            return function(*args), None
        except Exception as error:
            return None, error

    value, error = pool.apply(run)
    if error is not None:
        raise error
    return value  # type: ignore[return-value]
