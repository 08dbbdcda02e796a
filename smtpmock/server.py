"""The server: a gevent StreamServer, one greenlet per session, start and stop."""

from __future__ import annotations

import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import gevent

from smtpmock.consistency import check_together
from smtpmock.errors import MessageTimeoutError, ServerStateError, SettingError, SMTPMockError
from smtpmock.mailbox import registry
from smtpmock.mailbox.explaining import add_evidence, load_readers, wait_for_late_mail
from smtpmock.mailbox.local import LocalBackend
from smtpmock.mailbox.startable import Startable
from smtpmock.protocol.behaviour import Behaviour
from smtpmock.runtime import hub, log
from smtpmock.runtime.acceptor import RunningServer
from smtpmock.runtime.expiry import Expiry
from smtpmock.runtime.listener import bare, listen, reachable
from smtpmock.runtime.running import Running, take_listener
from smtpmock.settings.declarations import SETTINGS, Settings, changed_settings
from smtpmock.stores.opening import make_store
from smtpmock.text import format_address, format_error, invalid, pluralize, unknown

if TYPE_CHECKING:
    import logging
    import ssl
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from typing_extensions import Self, Unpack

    from smtpmock.queries.query import Mark
    from smtpmock.runtime.service import Service
    from smtpmock.runtime.tls import ServerTLS
    from smtpmock.settings.words import SettingWords

    S = TypeVar("S", bound=Service)

_MOST_ERRORS = 100
_NO_HTTP = "The server has no HTTP: set http_port, for example http_port=0"
_NOT_RUNNING = "Unable to stop SMTP mock server. Server must be active"

_servers: weakref.WeakSet[SMTPMock] = weakref.WeakSet()
"""The running servers."""


class SMTPMock(Startable):
    r"""An SMTP server for tests.

    It can be started, stopped and started again; received messages are kept. As a context manager, it is started at the
    beginning of the block and stopped at its end; an exception that leaves the block gets a note with its evidence.

    Args:
        settings: The settings; those given by name take precedence.
        logger: The logger to use instead of "smtpmock".
        **values: Settings by name, as listed at https://smtpmock.github.io/smtpmock/settings/.

    Attributes:
        settings: All settings, those of a profile in use included.
        errors: The last 100 unexpected exceptions that ended a session; empty unless smtpmock or a function that it was
                given has a bug.

    Raises:
        SettingError: If a setting is unknown, its value is invalid, or it could have no effect.

    Example:
        >>> from smtplib import SMTP
        >>> with SMTPMock(not_registered_emails=["nobody@example.com"]) as mock, SMTP(mock.host, mock.port) as client:
        ...     _ = client.sendmail("a@example.com", ["b@example.com"], "Subject: hi\r\n\r\nhello")
        ...     [message] = mock.messages()
        >>> message.raw
        b'Subject: hi\r\n\r\nhello\r\n'
    """

    def __init__(
        self, settings: Settings | None = None, *, logger: logging.Logger | None = None, **values: Unpack[SettingWords]
    ) -> None:
        if settings is not None and not isinstance(settings, Settings):
            raise SettingError(invalid("settings", settings, "a Settings, and settings by name"))
        if logger is not None and not hasattr(logger, "makeRecord"):
            raise SettingError(invalid("logger", logger, "a logging.Logger"))
        self.settings: Settings = Settings(**(values if settings is None else {**changed_settings(settings), **values}))
        check_together(self.settings)
        self._behaviour = Behaviour(self.settings)
        self._log = log.Log(
            logger or log.LOGGER,
            to_stdout=self.settings.log_to_stdout,
            activity=self.settings.log_server_activity,
        )
        self._store, self._book = make_store(self.settings, self._log.warning, hub.get_hub)
        self._local = LocalBackend(
            self.settings,
            self._store,
            self._book,
            lambda: self.address,
            lambda: self._stoppable[0].smtp if self._stoppable else None,
            self._prepare,
        )
        super().__init__(self._local, timeout=self.settings.timeout, ignore_violations=self.settings.ignore_violations)
        self._port = self.settings.port
        self._http_port = self.settings.http_port
        # Removing the only item of a list is atomic: if several threads start or stop the server, one of them succeeds.
        self._startable = [True]
        self._stoppable: list[Running] = []
        self._forked = False
        self._entered: Mark | None = None
        self.errors: list[BaseException] = []

    if not TYPE_CHECKING:  # to a type checker it would mean that any attribute can be set

        def __setattr__(self, name: str, value: object) -> None:
            """Refuse an unknown attribute, which would have no effect."""
            if name in SETTINGS:
                own = type(self).__name__
                raise AttributeError(f"Settings cannot be changed later: use {own}({name}={value!r})")
            is_public = not name.startswith("_") and name not in ("settings", "errors")
            if is_public and type(self) is SMTPMock and not hasattr(SMTPMock, name):
                raise AttributeError(
                    unknown(
                        "attribute of SMTPMock", name, [known for known in dir(SMTPMock) if not known.startswith("_")]
                    )
                )
            super().__setattr__(name, value)

    def __enter__(self) -> Self:
        try:
            self.start()
        except ServerStateError:
            raise
        except BaseException:  # interrupted while it runs: nobody else would stop it
            with suppress(ServerStateError):
                self.stop()
            raise
        self._entered = self.mark()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        reports = isinstance(error, Exception) and not registry.is_held()
        if self.is_running:
            try:
                if reports and isinstance(error, MessageTimeoutError):
                    wait_for_late_mail([self])
                self.stop()
            except BaseException:  # interrupted, perhaps before the hub knew of it
                hub.get_hub().spawn(self._stop_all)
                raise
        if error is None and self.settings.strict:
            self.assert_rules_used()
        if isinstance(error, Exception) and reports:
            add_evidence(error, self, self._entered)

    def __repr__(self) -> str:
        state = f"on {self.address}" if self.is_running else "not running"
        return f"<SMTPMock {state}, {pluralize(len(self), 'message')}>"

    @property
    def is_running(self) -> bool:
        """True while the server accepts connections."""
        return bool(self._stoppable)

    @property
    def host(self) -> str:
        """The address or name that the server listens on."""
        return bare(self.settings.host)

    @property
    def port(self) -> int:
        """The port that the server listens on; before the first start, the port in the settings."""
        return self._port

    def start(self) -> None:
        """Start the server: when this returns, it accepts connections.

        Raises:
            ServerStateError: If it is already running.
            StartError: If the address, the port or the store is not available.

        Example:
            >>> mock = SMTPMock()
            >>> mock.start()
            >>> mock.is_running
            True
            >>> mock.stop()
        """
        load_readers()  # not in `start_on`, with which the command starts: nobody there reads
        self.start_on(None)

    def start_on(self, listener: Any, http_listener: Any = None) -> None:
        """Start the server on sockets that are already listening.

        Args:
            listener: The socket for SMTP, which the server takes over; None to open one.
            http_listener: The socket for HTTP, likewise; it is opened only if the settings ask for HTTP.
        """
        try:
            self._startable.pop()
        except IndexError:
            raise ServerStateError("Unable to start SMTP mock server. Server must be inactive") from None
        # Whoever removes an item is responsible for it: the hub, or else the thread that was interrupted before.
        waiting, http_waiting = [listener] if listener else [], [http_listener] if http_listener else []
        try:
            the_hub = hub.get_hub()
            tls, http_tls = self._make_tls(self.settings), self._make_http_tls()
            waiting = waiting or [listen(self.settings.host, self.settings.port)]
            self._port = waiting[0].getsockname()[1]
            if self.settings.http_port is not None:
                http_waiting = http_waiting or [listen(self._http_host, self.settings.http_port)]
                self._http_port = http_waiting[0].getsockname()[1]
        except BaseException as error:
            for opened in (*waiting, *http_waiting):
                opened.close()
            self._startable.append(True)
            if isinstance(error, SMTPMockError):
                self._log.error(str(error))
            raise
        try:
            the_hub.call(self._open, waiting, tls)
            if http_waiting:
                self._start_http(http_waiting, http_tls)
        except BaseException:
            while http_waiting:
                http_waiting.pop().close()
            try:
                waiting.pop().close()
                self._startable.append(True)
            except IndexError:  # the hub was faster
                the_hub.spawn(self._stop_all)
            raise

    def stop(self) -> None:
        """Stop the server: when this returns, no session is running and the port is free.

        Sessions between two commands get the reply 421 and are closed at once; others have `shutdown_timeout` seconds
        to reach that point. Delayed replies are sent without further delay.

        Raises:
            ServerStateError: If it is not running.

        Example:
            >>> mock = SMTPMock()
            >>> mock.start()
            >>> mock.stop()
            >>> mock.is_running
            False
        """
        if self._forked:
            return
        if not self._stoppable:
            raise ServerStateError(_NOT_RUNNING)
        the_hub = hub.get_hub()
        if the_hub.is_current:
            gevent.spawn(self._close, self._release())
            return
        # Removed in the hub, which no signal interrupts: there is always somebody responsible for the running server.
        the_hub.call(lambda: self._close(self._release()))
        log.flush()

    def _make_tls(self, settings: Settings) -> ServerTLS | None:
        if not settings.tls:
            return None
        from smtpmock.runtime.tls import ServerTLS

        return ServerTLS(settings, self.host)

    def _prepare(self, settings: Settings) -> Callable[[], None]:
        """Check settings for the sessions to come; return what puts them in force, in the hub thread."""
        check_together(settings)
        behaviour, tls = Behaviour(settings), self._make_tls(settings)

        def change() -> None:
            self.settings, self._behaviour = settings, behaviour
            if self._stoppable:
                self._stoppable[0].smtp.behave(behaviour, tls)

        return change

    def _make_http_tls(self) -> Any:
        if self.settings.http_port is None:
            return None
        from smtpmock.http.installed import check_installed

        check_installed()
        if not self.settings.http_tls:
            return None
        from smtpmock.runtime.tls import https_context

        return https_context(self.settings, bare(self._http_host))

    def _start_http(self, waiting: list[Any], tls: Any) -> None:
        """Serve HTTP: probes from the first moment, everything else as soon as the framework is loaded."""
        from smtpmock.http.early import EarlyHTTP

        def is_ready() -> bool:
            return self.is_online

        def listen_early() -> EarlyHTTP:
            return EarlyHTTP(take_listener(waiting), is_ready, is_plain=tls is None)

        def serve() -> HTTPService:
            service = HTTPService(early.listener, self.host, is_ready, self._log, self._session_failed, tls)
            early.hand_over(service.serve)
            return service

        the_hub, address = hub.get_hub(), waiting[0].getsockname()[0]
        early = the_hub.call(self._open_http, listen_early)
        from smtpmock.http.service import HTTPService

        service = the_hub.call(self._open_http, serve, early)
        from smtpmock.http.app import make_app
        from smtpmock.http.origins import is_loopback

        if not (self.settings.http_auth or is_loopback(address)):
            self._log.warning(f"HTTP on {address} requires no login: all who reach it can read the mail. Set http_auth")
        the_hub.call(service.load, make_app(self, self, self._session_failed, address))

    @property
    def address(self) -> str:
        """The host and the port for clients in one string, such as "127.0.0.1:2525" or "[::1]:2525".

        For a server that listens on all addresses of the machine, the host is that of the loopback interface.

        Example:
            >>> SMTPMock(host="::1", port=2525).address
            '[::1]:2525'
        """
        return format_address(reachable(self.host), self.port)

    @property
    def url(self) -> str:
        """The URL of the server, such as "smtp://127.0.0.1:2525"; the scheme is "smtps" with implicit TLS.

        Example:
            >>> SMTPMock(port=2525).url
            'smtp://127.0.0.1:2525'
        """
        scheme = "smtps" if self.settings.tls == "implicit" else "smtp"
        return f"{scheme}://{self.address}"

    @property
    def _http_host(self) -> str:
        return self.settings.http_host or self.settings.host

    @property
    def http_url(self) -> str:
        """The URL of the inbox and of the API, such as "http://127.0.0.1:8025".

        Raises:
            ServerStateError: If the settings do not ask for HTTP.

        Example:
            >>> SMTPMock(http_port=8025).http_url
            'http://127.0.0.1:8025'
        """
        if self._http_port is None:
            raise ServerStateError(_NO_HTTP)
        scheme = "https" if self.settings.http_tls else "http"
        return f"{scheme}://{format_address(reachable(bare(self._http_host)), self._http_port)}"

    @property
    def ca_certificate(self) -> Path:
        """The path of the certificate of the authority that issued the server's certificate, for clients to trust.

        Raises:
            SettingError: If the package that creates certificates is not installed.

        Example:
            >>> SMTPMock(tls="starttls").ca_certificate.exists()
            True
        """
        from smtpmock.runtime.certificates import certificates

        return certificates().ca

    def client_context(self, *, certificate: bool = False) -> ssl.SSLContext:
        """Return a TLS context with which a client trusts the server.

        Args:
            certificate: True to include a client certificate that the server trusts.

        Raises:
            SettingError: If the package that creates certificates is not installed.

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

    # In the hub thread.

    def _open(self, waiting: list[Any], tls: ServerTLS | None) -> None:
        try:
            self._store.open()
        except SMTPMockError as error:
            self._log.error(str(error))
            raise
        try:
            listener = take_listener(waiting)
        except IndexError:  # the start was interrupted
            self._store.close()
            return
        try:
            running = RunningServer(
                listener, self.host, self._behaviour, self._store, self._book, self._log, self._session_failed, tls
            )
        except BaseException:
            listener.close()
            self._store.close()
            self._startable.append(True)
            raise
        self._local.note_started()
        services = Running(running)
        if self.settings.max_age is not None:
            services.expiry = Expiry(self._store, self.settings.max_age, self._log.warning)
        self._stoppable.append(services)
        _servers.add(self)
        registry.note_used(self)
        self._log.info(f"SMTP mock server started on port: {self._port}")

    def _open_http(self, serve: Callable[[], S], before: Service | None = None) -> S:
        if not self._stoppable or self._stoppable[0].http is not before:
            raise ServerStateError("The server was stopped while it started.")
        service = self._stoppable[0].http = serve()
        return service

    def _release(self) -> Running:
        """Return the running server, for the caller to close."""
        try:
            running = self._stoppable.pop()
        except IndexError:
            raise ServerStateError(_NOT_RUNNING) from None
        self._log.info("SMTP mock server is in the shutdown mode and won't accept new connections")
        return running

    def _stop_all(self, *, at_exit: bool = False) -> None:
        """Close the running server without grace."""
        while self._stoppable:
            self._close(self._stoppable.pop(), grace=0.0, at_exit=at_exit)

    def _session_failed(self, error: BaseException) -> None:
        """Record an unexpected exception that ended a session or a request."""
        self.errors.append(error)
        del self.errors[:-_MOST_ERRORS]
        self._log.error(f"SMTP session failed: {format_error(error)}")

    def _close(self, running: Running, grace: float | None = None, *, at_exit: bool = False) -> None:
        grace = self.settings.shutdown_timeout if grace is None else grace
        try:
            try:
                in_time = running.smtp.close(grace)
            finally:
                self._local.note_stopped(at_exit=at_exit)  # which ends the waits over HTTP, too
                if running.http is not None:
                    running.http.close(grace)
                if running.expiry is not None:
                    running.expiry.close()
                self._store.close()
            how = "stopped successfully" if in_time else "force stopped by timeout"
            self._log.info(f"SMTP mock server was {how}")
        finally:
            _servers.discard(self)
            self._startable.append(True)


def _shut_down() -> None:
    """Stop all servers when the interpreter exits."""
    for server in tuple(_servers):
        server._stop_all(at_exit=True)


def _forked() -> None:
    """Give up the servers in a forked child: they belong to the parent."""
    for server in tuple(_servers):
        server._forked = True
        server._local.note_forked()
        server._store.abandon()
        while server._stoppable:
            server._stoppable.pop().abandon()
    _servers.clear()


hub.on_shutdown(_shut_down)
hub.after_fork(_forked)
