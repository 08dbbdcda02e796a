"""The server: a gevent StreamServer, one greenlet per session, start and stop."""

from __future__ import annotations

import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import gevent
from gevent.socket import socket

from smtpmock import hub, log
from smtpmock.errors import MessageTimeoutError, ServerStateError, SMTPMockError
from smtpmock.inbox import Inbox
from smtpmock.listener import bare, listen
from smtpmock.protocol.behaviour import Behaviour
from smtpmock.running import RunningServer
from smtpmock.settings import known, make

if TYPE_CHECKING:
    import logging
    from types import TracebackType

    from typing_extensions import Self

    from smtpmock.messages import Message, Session
    from smtpmock.settings import Settings

_servers: weakref.WeakSet[SMTPMock] = weakref.WeakSet()
"""The servers that run."""


class SMTPMock:
    r"""An SMTP server for tests.

    It can be started, stopped and started again; what it received stays. As a context manager it is started at the
    beginning and stopped at the end.

    Args:
        settings: The settings; those given by name come on top.
        logger: Where the log goes instead of to the logger "smtpmock".
        **values: The settings by name, as listed in docs/settings.md; the defaults for the rest.

    Attributes:
        settings: All settings.
        errors: Exceptions that ended a session by mistake; none, unless smtpmock or a function it was given is wrong.

    Raises:
        SettingError: If a setting is unknown or its value not allowed.

    Example:
        >>> from smtplib import SMTP
        >>> with SMTPMock(not_registered_emails=["nobody@example.com"]) as mock, SMTP(mock.host, mock.port) as client:
        ...     _ = client.sendmail("a@example.com", ["b@example.com"], "Subject: hi\r\n\r\nhello")
        ...     [message] = mock.messages()
        >>> message.raw
        b'Subject: hi\r\n\r\nhello\r\n'
    """

    def __init__(
        self, settings: Settings | None = None, *, logger: logging.Logger | None = None, **values: Any
    ) -> None:
        self.settings = make(values) if settings is None else replace(settings, **known(values))
        self._behaviour = Behaviour(self.settings)
        self._log = log.Log(
            logger or log.LOGGER,
            to_stdout=self.settings.log_to_stdout,
            activity=self.settings.log_server_activity,
        )
        self._inbox = Inbox()
        self._port = self.settings.port
        # Taking the only item of a list is atomic: of several threads that start or stop, one succeeds.
        self._startable = [True]
        self._stoppable: list[RunningServer] = []
        self._forked = False
        self.errors: list[BaseException] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.is_running:
            self.stop()

    def __repr__(self) -> str:
        state = f"on {self.host}:{self.port}" if self.is_running else "not running"
        return f"<SMTPMock {state}, {len(self._inbox)} messages>"

    @property
    def is_running(self) -> bool:
        """Whether the server accepts connections."""
        return bool(self._stoppable)

    @property
    def host(self) -> str:
        """The address or name that the server listens on."""
        return bare(self.settings.host)

    @property
    def port(self) -> int:
        """The port that the server listens on; before the first start the one that was asked for."""
        return self._port

    def start(self) -> None:
        """Starts the server: when this returns, it accepts connections.

        Raises:
            ServerStateError: If it runs already.
            StartError: If the address or the port cannot be had.
        """
        self.start_on(None)

    def start_on(self, listener: Any) -> None:
        """Starts the server on a socket that listens already.

        Args:
            listener: The socket, which the server takes over; None to open one.
        """
        try:
            self._startable.pop()
        except IndexError:
            raise ServerStateError("Unable to start SMTP mock server. Server must be inactive") from None
        try:
            if listener is None:
                listener = listen(self.settings.host, self.settings.port)
            self._port = listener.getsockname()[1]
            hub.get_hub().call(self._open, listener.family, listener.type, listener.proto, listener.detach())
        except SMTPMockError as error:
            self._log.error(str(error))
            raise
        finally:
            if not self._stoppable:
                self._startable.append(True)

    def stop(self) -> None:
        """Stops the server: when this returns, no session runs and the port is free.

        Sessions between two commands are told 421 and closed at once; others have `shutdown_timeout` seconds to come
        to that point. A delayed reply is given without further delay.

        Raises:
            ServerStateError: If it does not run.
        """
        if self._forked:
            return
        try:
            running = self._stoppable.pop()
        except IndexError:
            raise ServerStateError("Unable to stop SMTP mock server. Server must be active") from None
        self._log.warning("SMTP mock server is in the shutdown mode and won't accept new connections")
        the_hub = hub.get_hub()
        if the_hub.is_current:
            gevent.spawn(self._close, running)
            return
        the_hub.call(self._close, running)
        log.flush()

    # What was received.

    def messages(self) -> list[Message]:
        """All records, failed ones included, in order of appearance."""
        return self._inbox.messages()

    def messages_and_purge(self) -> list[Message]:
        """Takes all records out of the inbox and returns them, in one step; see `purge`."""
        return self.purge()

    def purge(self) -> list[Message]:
        """Empties the inbox and forgets the sessions that have ended; returns the records it took out."""
        # Only the hub thread changes the inbox; in the child after a fork there is none.
        return self._inbox.purge() if self._forked else hub.get_hub().call(self._inbox.purge)

    def wait_for_messages(self, count: int, timeout: float) -> list[Message]:
        """Waits until there are so many records, failed ones included; consumes nothing.

        Args:
            count: How many there have to be, at least.
            timeout: How many seconds to wait, at most.

        Returns:
            All records.

        Raises:
            MessageTimeoutError: If there are fewer when the time is up; it has them as `messages`.
        """
        if self._forked:
            raise ServerStateError("The server belongs to the parent process: nothing arrives here.")
        if not self._inbox.wait(lambda: len(self._inbox) >= count, timeout):
            arrived = self.messages()
            raise MessageTimeoutError(f"timeout waiting for {count} messages, got {len(arrived)}", arrived)
        return self.messages()

    def wait_for_messages_and_purge(self, count: int, timeout: float) -> list[Message]:
        """Waits as `wait_for_messages` does, then empties the inbox; returns the records it took out.

        Raises:
            MessageTimeoutError: If there are too few when the time is up; they stay in the inbox.
        """
        self.wait_for_messages(count, timeout)
        return self.messages_and_purge()

    def sessions(self) -> list[Session]:
        """The sessions so far, those that go on included, in the order in which they began."""
        return self._inbox.sessions()

    # In the hub thread.

    def _open(self, family: int, kind: int, protocol: int, descriptor: int) -> None:
        listener = socket(family, kind, protocol, fileno=descriptor)
        running = RunningServer(listener, self.host, self._behaviour, self._inbox, self._log, self._failed)
        self._stoppable.append(running)
        _servers.add(self)
        self._log.info(f"SMTP mock server started on port: {self._port}")

    def _failed(self, error: BaseException) -> None:
        """A session ended by a mistake of ours."""
        self.errors.append(error)
        self._log.error(f"SMTP session failed: {type(error).__name__}: {error}")

    def _close(self, running: RunningServer, grace: float | None = None) -> None:
        try:
            in_time = running.close(self.settings.shutdown_timeout if grace is None else grace)
            how = "stopped successfully" if in_time else "force stopped by timeout"
            self._log.info(f"SMTP mock server was {how}")
        finally:
            _servers.discard(self)
            self._startable.append(True)


def _shut_down() -> None:
    """The interpreter exits."""
    for server in tuple(_servers):
        while server._stoppable:
            server._close(server._stoppable.pop(), grace=0.0)


def _forked() -> None:
    """This is the child after a fork: what ran belongs to the parent."""
    for server in tuple(_servers):
        server._forked = True
        while server._stoppable:
            server._stoppable.pop().abandon()
    _servers.clear()


hub.on_shutdown(_shut_down)
hub.after_fork(_forked)
