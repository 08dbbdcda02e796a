"""The greenlet that has a store drop what is too old."""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING

import gevent

from smtpmock.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from smtpmock.stores.base import Store

_CHECKS_IN_AN_AGE = 10
_SHORTEST_PAUSE = 0.05
_LONGEST_PAUSE = 60.0


class Expiry:
    """The expiry of records older than `max_age`, a tenth of that time late at most; it belongs to the hub thread.

    Args:
        store: The store.
        max_age: The age in seconds.
        warn: The function to call with the reason why a store cannot.
    """

    def __init__(self, store: Store, max_age: float, warn: Callable[[str], object]) -> None:
        pause = min(max(max_age / _CHECKS_IN_AN_AGE, _SHORTEST_PAUSE), _LONGEST_PAUSE)
        self._greenlet = gevent.spawn(_run, store, pause, warn)

    def close(self) -> None:
        """End it."""
        self._greenlet.kill()


def _run(store: Store, pause: float, warn: Callable[[str], object]) -> None:
    while True:
        try:
            store.expire(time())
        except StoreError as error:
            warn(str(error))
        gevent.sleep(pause)
