"""The server: a gevent StreamServer, one greenlet per session, start and stop."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import gevent
from gevent.monkey import get_original
from gevent.socket import socket

from smtpmock.conformance.catalogue import not_ignored
from smtpmock.errors import (
    ExpectationError,
    MessageTimeoutError,
    QueryError,
    ServerStateError,
    SettingError,
    SMTPMockError,
)
from smtpmock.protocol.behaviour import Behaviour
from smtpmock.queries.query import Query, SessionQuery
from smtpmock.reports.explanation import Scene, explain, explain_violations
from smtpmock.runtime import hub, log
from smtpmock.runtime.acceptor import RunningServer
from smtpmock.runtime.listener import bare, listen
from smtpmock.scripting import Clock, Scripted
from smtpmock.settings.declarations import Settings, changed
from smtpmock.stores.memory import Inbox
from smtpmock.text import counted

if TYPE_CHECKING:
    import logging
    import ssl
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path
    from types import TracebackType

    from typing_extensions import Self

    from smtpmock.conformance.catalogue import Violation
    from smtpmock.messages.message import Message
    from smtpmock.queries.query import Mark
    from smtpmock.records.session import Session
    from smtpmock.rules.rule import Rule
    from smtpmock.runtime.tls import Handshaker

_close_descriptor = get_original("os", "close")

_servers: weakref.WeakSet[SMTPMock] = weakref.WeakSet()
"""The servers that run."""


class SMTPMock(Scripted):
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
        if settings is not None and not isinstance(settings, Settings):
            raise SettingError(f"The settings cannot be {settings!r}: allowed is a Settings, and settings by name.")
        if logger is not None and not hasattr(logger, "makeRecord"):
            raise SettingError(f"The logger cannot be {logger!r}: allowed is a logging.Logger.")
        self.settings = Settings(**(values if settings is None else {**changed(settings), **values}))
        self._behaviour = Behaviour(self.settings)
        self._log = log.Log(
            logger or log.LOGGER,
            to_stdout=self.settings.log_to_stdout,
            activity=self.settings.log_server_activity,
        )
        self._inbox = Inbox(self.settings.max_messages)
        self._port = self.settings.port
        # Taking the only item of a list is atomic: of several threads that start or stop, one succeeds.
        self._startable = [True]
        self._stoppable: list[RunningServer] = []
        self._forked = False
        self.clock = Clock()
        self._unused_rules: list[Rule] = []
        self.errors: list[BaseException] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.is_running:
            self.stop()
        if error is None and self.settings.strict:
            self.assert_rules_used()

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
            the_hub = hub.get_hub()
            handshaker = self._make_handshaker()
            listener = listener or listen(self.settings.host, self.settings.port)
        except BaseException as error:
            self._startable.append(True)
            if listener is not None:
                listener.close()
            if isinstance(error, SMTPMockError):
                self._log.error(str(error))
            raise
        self._port = listener.getsockname()[1]
        # Whoever takes the only item answers for it: the hub, or else the one who was interrupted before.
        waiting = [(listener.family, listener.type, listener.proto, listener.detach())]
        try:
            the_hub.call(self._open, waiting, handshaker)
        except BaseException:
            if waiting:
                _close_descriptor(waiting.pop()[3])
                self._startable.append(True)
            raise

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

    def _make_handshaker(self) -> Handshaker | None:
        if not self.settings.tls:
            return None
        from smtpmock.runtime.tls import Handshaker

        return Handshaker(self.settings, self.host)

    @property
    def url(self) -> str:
        """Where the server listens, as in "smtp://127.0.0.1:2525"; "smtps" with implicit TLS."""
        scheme = "smtps" if self.settings.tls == "implicit" else "smtp"
        return f"{scheme}://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @property
    def ca_certificate(self) -> Path:
        """The path of the certificate of the authority that issued the server's, for clients that are to trust it.

        Raises:
            SettingError: If the package that makes certificates is not installed.
        """
        from smtpmock.runtime.certificates import certificates

        return certificates().ca

    def client_context(self, *, certificate: bool = False) -> ssl.SSLContext:
        """A context with which a client trusts the server.

        Args:
            certificate: Whether the client shows a certificate of its own, which the server trusts.

        Raises:
            SettingError: If the package that makes certificates is not installed.

        Example:
            >>> from smtplib import SMTP
            >>> with SMTPMock(tls="starttls") as mock, SMTP("localhost", mock.port) as client:
            ...     client.starttls(context=mock.client_context())[0]
            220
        """
        import ssl

        from smtpmock.runtime.certificates import certificates

        context = ssl.create_default_context(cafile=self.settings.certfile or certificates().ca)
        if certificate:
            context.load_cert_chain(certificates().client())
        return context

    # What was received.

    def messages(self, **query: Any) -> list[Message]:
        """The records that match, in order of appearance; without criteria all, failed ones included.

        Args:
            **query: Criteria, as listed in docs/queries.md. `consistent=True` leaves failed records out.

        Raises:
            QueryError: If a criterion is unknown or its value cannot be asked for.
        """
        return self._inbox.select(Query(query, consistent=None)) if query else self._inbox.messages()

    def message(self, **query: Any) -> Message:
        """The only accepted message that matches.

        Args:
            **query: Criteria, as listed in docs/queries.md.

        Raises:
            ExpectationError: If there is none, or more than one; the text shows what there is.
            QueryError: If a criterion is unknown or its value cannot be asked for.
        """
        asked = Query(query)
        return self._only(self._inbox.select(asked), asked, "has arrived")

    def mark(self) -> Mark:
        """This moment: with `since=` it means what arrives from now on."""
        return self._inbox.mark()

    def purge(self) -> list[Message]:
        """Empties the inbox and forgets the sessions that have ended, in one step; returns the records it took out.

        A record that was taken out never comes back, whatever its session does next.
        """
        # Only the hub thread changes the inbox; in the child after a fork there is none.
        return self._inbox.purge() if self._forked else hub.get_hub().call(self._inbox.purge)

    def messages_and_purge(self) -> list[Message]:
        """Takes all records out of the inbox and returns them; see `purge`."""
        return self.purge()

    def sessions(self) -> list[Session]:
        """The sessions so far, those that go on included, in the order in which they began."""
        return self._inbox.sessions()

    @property
    def dropped(self) -> int:
        """How many records had to go because there were more than `max_messages`."""
        return self._inbox.dropped

    # Waiting. A wait consumes nothing.

    def wait_for_messages(self, count: int = 1, timeout: float | None = None, **query: Any) -> list[Message]:
        """Waits until there are so many matching records; without criteria all count, failed ones included.

        Args:
            count: How many there have to be, at least.
            timeout: How many seconds to wait, at most; None for the setting `timeout`.
            **query: Criteria, as listed in docs/queries.md.

        Returns:
            All matching records.

        Raises:
            MessageTimeoutError: If there are fewer when the time is up; it has what arrived as `messages`.
            QueryError: If a criterion is unknown or its value cannot be asked for.
        """
        asked = Query(query, consistent=None)
        if not isinstance(count, int) or count < 0:
            raise QueryError(f"A wait cannot be for {count!r} messages: allowed is a whole number, 0 or more.")
        found = self._wait(asked, count, timeout)
        if len(found) < count:
            raise self._late(f"timeout waiting for {count} messages{_with(asked)}, got {len(found)}", asked)
        return found

    def wait_for_messages_and_purge(self, count: int = 1, timeout: float | None = None) -> list[Message]:
        """Waits as `wait_for_messages` does, then empties the inbox; returns the records it took out.

        Raises:
            MessageTimeoutError: If there are too few when the time is up; they stay in the inbox.
        """
        self.wait_for_messages(count, timeout)
        return self.purge()

    def wait_for_message(self, timeout: float | None = None, **query: Any) -> Message:
        """Waits for an accepted message that matches, and returns it if it is the only one.

        Args:
            timeout: How many seconds to wait, at most; None for the setting `timeout`.
            **query: Criteria, as listed in docs/queries.md.

        Raises:
            MessageTimeoutError: If there is none when the time is up; the text shows what came near.
            ExpectationError: If there is more than one.
            QueryError: If a criterion is unknown or its value cannot be asked for.
        """
        asked = Query(query)
        found = self._wait(asked, 1, timeout)
        if not found:
            raise self._late(f"No message{_with(asked)} arrived within {self._seconds(timeout):g} s.", asked)
        return self._only(found, asked, "has arrived")

    def assert_no_message(self, within: float = 0.2, **query: Any) -> None:
        """Makes sure that no accepted message that matches is there or arrives.

        It fails as soon as there is one, and passes only after the whole time.

        Args:
            within: How many seconds to wait.
            **query: Criteria, as listed in docs/queries.md.

        Raises:
            ExpectationError: If there is one; the text shows it.
            QueryError: If a criterion is unknown, its value cannot be asked for, or the time is negative: such an
                assertion could not fail.
        """
        asked = Query(query)
        if self._seconds(within) < 0:
            raise QueryError(f"Nothing can be waited for within {within!r} seconds: allowed is a number, 0 or more.")
        found = self._wait(asked, 1, within)
        if found:
            headline = f"{counted(len(found), 'message')}{_with(asked)} arrived, where none should."
            raise ExpectationError(explain(headline, self._scene(found), asked), found)

    def wait_for_session(self, timeout: float | None = None, **query: Any) -> Session:
        """Waits until a session has ended, and returns the first that has.

        Args:
            timeout: How many seconds to wait, at most; None for the setting `timeout`.
            **query: `client`, `helo_name`, `since`: which sessions are meant.

        Raises:
            MessageTimeoutError: If none has when the time is up; the text shows which there are.
            QueryError: If a criterion is unknown or its value cannot be asked for.
        """
        asked = SessionQuery(query)
        found: list[Session] = []

        def ended() -> bool:
            found[:] = [
                session for session in self.sessions() if session.ended_at is not None and asked.matches(session)
            ]
            return bool(found)

        if not self._wait_until(ended, timeout):
            raise self._late(f"No session{_with(asked)} ended within {self._seconds(timeout):g} s.", Query({}))
        return found[0]

    def assert_no_violations(self, ignore: str | Collection[str] = (), **query: Any) -> None:
        """Makes sure that the accepted messages, and the sessions that brought them, keep the standards.

        Args:
            ignore: Codes of violations that do not matter, or one code, as listed in docs/violations.md.
            **query: Criteria for the messages that are meant; without them all sessions are.

        Raises:
            ExpectationError: If there are violations; the text lists them with the standard and the place.
            QueryError: If a code or a criterion does not exist.
        """
        found = self._judge(ignore, query)
        if found:
            raise ExpectationError(explain_violations(found), self._inbox.select(Query(query)))

    def violations(self, ignore: str | Collection[str] = (), **query: Any) -> list[Violation]:
        """What `assert_no_violations` would list: the violations of sessions first, then those of messages."""
        return [violation for _, violation in self._judge(ignore, query)]

    def _judge(self, ignore: str | Collection[str], query: Mapping[str, Any]) -> list[tuple[str, Violation]]:
        """The violations that are not ignored, each with what it was found in."""
        not_ignored((), ignore)  # a code that does not exist is refused whatever there is
        messages = self._inbox.select(Query(query))
        meant = {message.session_id for message in messages}
        judged: list[Session | Message] = [one for one in self.sessions() if not query or one.id in meant]
        judged += messages
        return [(repr(one), violation) for one in judged for violation in not_ignored(one.violations, ignore)]

    def _wait(self, query: Query, count: int, timeout: float | None) -> list[Message]:
        found: list[Message] = []
        self._wait_until(self._inbox.collector(query, count, found), timeout)
        return found

    def _wait_until(self, condition: Callable[[], bool], timeout: float | None) -> bool:
        if self._forked:
            raise ServerStateError("The server belongs to the parent process: nothing arrives here.")
        return self._inbox.wait(condition, self._seconds(timeout))

    def _seconds(self, timeout: float | None) -> float:
        if timeout is None:
            return self.settings.timeout
        if isinstance(timeout, int | float) and timeout == timeout:  # below 0: the time is up, as in go-smtp-mock
            return timeout
        raise QueryError(f"A wait cannot last {timeout!r} seconds: allowed is a number.")

    # Explaining.

    def _only(self, found: list[Message], query: Query, how: str) -> Message:
        if len(found) == 1:
            return found[0]
        if not found:
            raise ExpectationError(explain(f"No message{_with(query)} {how}.", self._scene(), query), self.messages())
        headline = f"{len(found)} messages{_with(query)} have arrived, where exactly one should."
        raise ExpectationError(explain(headline, self._scene(found), query), found)

    def _late(self, headline: str, query: Query) -> MessageTimeoutError:
        scene = self._scene()
        return MessageTimeoutError(explain(headline, scene, query), scene.messages)

    def _scene(self, messages: list[Message] | None = None) -> Scene:
        address = f"{self.host}:{self.port}"
        return Scene(address, self.messages() if messages is None else messages, self.sessions(), self.dropped)

    # In the hub thread.

    def _open(self, waiting: list[tuple[int, int, int, int]], handshaker: Handshaker | None) -> None:
        try:
            family, kind, protocol, descriptor = waiting.pop()
        except IndexError:
            return  # the start was interrupted
        listener = socket(family, kind, protocol, fileno=descriptor)
        try:
            running = RunningServer(
                listener, self.host, self._behaviour, self._inbox, self._log, self._failed, handshaker
            )
        except BaseException:
            listener.close()
            self._startable.append(True)
            raise
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


def _with(query: Query | SessionQuery) -> str:
    """What was asked for, as a part of a sentence."""
    return f" with {query}" if query.conditions else ""


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
