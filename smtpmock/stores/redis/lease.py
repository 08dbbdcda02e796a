"""The lease of a server: while it holds, the server has all rules; they are fetched before it is renewed."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

import gevent
from gevent.lock import BoundedSemaphore

from smtpmock.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from smtpmock.stores.redis.link import Link

_BEAT_SECONDS = 0.3


class Lease:
    """The lease of a server in Redis. All of it belongs to the hub thread.

    Args:
        server: The name of the server.
        link: A function that returns the link to Redis.

    Attributes:
        until: The time on the monotonic clock until which it holds.
        fetch: A function that fetches the rules and returns their version; None if nobody needs them.
    """

    def __init__(self, server: str, link: Callable[[], Link]) -> None:
        self._server = server
        self._link = link
        self.until = 0.0
        self.fetch: Callable[[], int] | None = None
        self._version = 0
        self._one_at_a_time = BoundedSemaphore()
        self._beating: gevent.Greenlet[..., Any] | None = None

    @property
    def holds(self) -> bool:
        """True while it holds."""
        return monotonic() < self.until

    @property
    def is_kept(self) -> bool:
        """True while it is renewed again and again."""
        return self._beating is not None

    def forget(self) -> None:
        """Note that the store is another one than before."""
        self._version = 0 if self.fetch is None else -1

    def take(self) -> None:
        """Take the lease, and keep it.

        Raises:
            StoreError: If Redis cannot be reached.
        """
        self.renew()
        self._beating = gevent.spawn(self._keep)

    def give_back(self) -> None:
        """End the lease.

        Raises:
            StoreError: If Redis cannot be reached.
        """
        self.until = 0.0
        if self._beating is not None:
            self._beating.kill()
            self._beating = None
            if not self._link().is_down:
                self._link().ask("leave", self._server)

    def abandon(self) -> None:
        """Give it up in a forked child: the parent goes on with it."""
        self.until = 0.0
        self._beating = None
        self._one_at_a_time = BoundedSemaphore()

    def renew(self, *, if_expired: bool = False) -> None:
        """Renew the lease; bring the rules up to date first.

        Raises:
            StoreError: If Redis cannot be reached.
        """
        with self._one_at_a_time:
            if if_expired and self.holds:
                return
            while True:
                began = monotonic()
                version, milliseconds = self._link().ask("beat", self._server, self._version)
                if version == -1:  # emptied while the connection stood: the next one prepares the store
                    self._link().reset()
                elif self.fetch is None or version == self._version:
                    break
                else:
                    self._version = self.fetch()
            self.until = began + milliseconds / 1000

    def _keep(self) -> None:
        while True:
            gevent.sleep(_BEAT_SECONDS)
            try:
                self.renew()
            except StoreError:
                continue  # of which the log was told
