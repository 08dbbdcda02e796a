"""Run a function in a thread of a pool, while other greenlets go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from gevent.threadpool import ThreadPool

T = TypeVar("T")


def in_thread(pool: ThreadPool, function: Callable[..., T], *args: object, **words: object) -> T:
    """Run a function in a thread; return what it returns, or raise what it raises, of which a pool would complain."""

    def run() -> tuple[T | None, Exception | None]:
        try:
            return function(*args, **words), None
        except Exception as error:
            return None, error

    value, error = pool.apply(run)
    if error is not None:
        raise error
    return value  # type: ignore[return-value]
