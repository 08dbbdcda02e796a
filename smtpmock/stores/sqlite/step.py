"""Something to write, and who waits for it; and how a function is run in a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from gevent.event import AsyncResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from gevent.threadpool import ThreadPool

    from smtpmock.stores.sqlite.transaction import Transaction

T = TypeVar("T")


class Step:
    """Something to write, and who waits for it.

    Args:
        take: What to do.
        done: What to call with its result in the hub thread, before anybody is told.
        waits: True if somebody waits for the result; else it is tried again when it fails.
        is_urgent: True if it is given up after `store_timeout` even if it has begun.
    """

    __slots__ = ("done", "has_begun", "is_given_up", "is_urgent", "result", "take")

    def __init__(
        self,
        take: Callable[[Transaction], Any],
        done: Callable[[Any], object] | None = None,
        *,
        waits: bool = True,
        is_urgent: bool = False,
    ) -> None:
        self.take = take
        self.done = done
        self.result: AsyncResult[Any] | None = AsyncResult() if waits else None
        self.is_urgent = is_urgent
        self.has_begun = False
        self.is_given_up = False

    def __call__(self, transaction: Transaction) -> Any:
        """Do it, unless whoever waited has been told that it failed."""
        self.has_begun = True
        return None if self.is_given_up else self.take(transaction)


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
