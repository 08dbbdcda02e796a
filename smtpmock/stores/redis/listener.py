"""The messages that servers and readers send each other at once, over publish and subscribe of Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gevent
from gevent.event import Event
from redis.exceptions import RedisError

from smtpmock.errors import StoreError
from smtpmock.records.change import Callbacks
from smtpmock.stores.redis.connection import make_connection

if TYPE_CHECKING:
    from collections.abc import Callable

    from smtpmock.records.change import Change
    from smtpmock.stores.base import ServerThread
    from smtpmock.stores.redis.connection import CooperativeConnection

_PAUSE = 0.1  # seconds between attempts to connect


class Listener:
    """A subscriber to channels. All of it belongs to the hub thread.

    Args:
        url: The URL of the database.
        prefix: The beginning of the names of all channels.
        timeout: The seconds after which a subscription has failed.
    """

    def __init__(self, url: str, prefix: str, timeout: float) -> None:
        self._prefix = prefix
        self._timeout = timeout
        self._url = url
        self._connection: CooperativeConnection | None = None
        self._heard: dict[bytes, Callable[[bytes | None], object]] = {}
        self._confirmed: dict[bytes, Event] = {}
        self._interrupted: set[bytes] = set()
        self._greenlet: gevent.Greenlet[..., Any] | None = None

    def follow(self, channel: str, heard: Callable[[bytes | None], object]) -> None:
        """Call a function with each message on a channel; with None if some may have been missed.

        Raises:
            StoreError: If Redis does not confirm it in time.
        """
        name = f"{self._prefix}{channel}".encode()
        if name not in self._heard:
            self._heard[name] = heard
            self._confirmed[name] = Event()
            self._send("SUBSCRIBE", name)
            if self._greenlet is None:
                self._greenlet = gevent.spawn(self._run)
        if not self._confirmed[name].wait(self._timeout):
            raise StoreError("Redis cannot be reached: no answer in time")

    def leave(self, channel: str) -> None:
        """Hear a channel no more."""
        name = f"{self._prefix}{channel}".encode()
        if self._heard.pop(name, None) is not None:
            del self._confirmed[name]
            if not self._heard:
                self.close()
            else:
                self._send("UNSUBSCRIBE", name)

    def reset(self) -> None:
        """Make the connection anew: it may be dead."""
        if self._greenlet is not None:
            self._greenlet.kill(block=False)
            self._greenlet = gevent.spawn(self._run)

    def close(self) -> None:
        """Hear nothing any more."""
        self._heard.clear()
        self._confirmed.clear()
        greenlet, self._greenlet = self._greenlet, None
        if greenlet is not None:
            greenlet.kill(block=False)

    def abandon(self) -> None:
        """Close the descriptor in a forked child, where nothing else is left of it."""
        if self._connection is not None:
            self._connection.abandon()

    def _run(self) -> None:
        while True:
            connection = make_connection(self._url, None, self._timeout)
            try:
                connection.connect()
                self._connection = connection
                self._send("SUBSCRIBE", *self._heard)
                while True:
                    self._hear(connection.read_response())
            except (RedisError, OSError):
                self._give_up(connection)
                gevent.sleep(_PAUSE)
            finally:
                self._give_up(connection)

    def _give_up(self, connection: CooperativeConnection) -> None:
        connection.disconnect()
        if self._connection is connection:
            self._connection = None
            for name, confirmed in self._confirmed.items():
                if confirmed.is_set():
                    self._interrupted.add(name)
                    confirmed.clear()

    def _hear(self, message: list[Any]) -> None:
        kind, name, data = message
        heard = self._heard.get(name)
        if heard is None:
            return  # it was left meanwhile
        if kind == b"subscribe":
            self._confirmed[name].set()
            if name in self._interrupted:
                self._interrupted.discard(name)
                heard(None)
        elif kind == b"message":
            heard(data)

    def _send(self, *command: Any) -> None:
        if self._connection is not None:
            try:
                self._connection.send_command(*command, check_health=False)
            except (RedisError, OSError):
                pass  # whoever reads notices, and begins anew


class SharedCallbacks(Callbacks):
    """The functions that are called with each change at any server; a channel is followed while there are any.

    Args:
        listener: A function that returns the listener; a forked child has another.
        channel: The channel on which servers tell their changes.
        heard: The function to call with each message on it, or with None if some may have been missed.
        thread: A function that returns the thread of the servers.
    """

    def __init__(
        self,
        listener: Callable[[], Listener],
        channel: str,
        heard: Callable[[bytes | None], object],
        thread: Callable[[], ServerThread],
    ) -> None:
        super().__init__()
        self._listener = listener
        self._channel = channel
        self._heard = heard
        self._thread = thread

    def add(self, callback: Callable[[Change], object]) -> Callable[[], None]:
        """Call a function with each change; return a function that ends this."""
        remove = super().add(callback)
        try:
            self._thread().call(self._follow)
        except BaseException:
            remove()
            raise

        def unsubscribe() -> None:
            remove()
            self._thread().post(self._leave)

        return unsubscribe

    def _follow(self) -> None:
        self._listener().follow(self._channel, self._heard)

    def _leave(self) -> None:
        if not self:
            self._listener().leave(self._channel)
