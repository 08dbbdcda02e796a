"""HTTP on the hub that serves SMTP: gevent's pywsgi, with limits and an end. The framework is loaded later."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import gevent
from gevent.event import Event
from gevent.pool import Pool
from gevent.pywsgi import WSGIHandler, WSGIServer
from gevent.socket import IPPROTO_TCP, SO_SNDBUF, SOL_SOCKET, TCP_NODELAY

from smtpmock.http.health import probe
from smtpmock.runtime.gevent_internals import SendsTogether, abandon_sockets
from smtpmock.runtime.patient import PatientServer
from smtpmock.text import escape_controls, shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gevent.socket import socket

    from smtpmock.http.app import Application
    from smtpmock.runtime.log import Log

IDLE_SECONDS = 60.0
"""The seconds in which the next bytes of a request have to arrive, and a response has to be taken."""

MOST_CONNECTIONS = 8_192
"""The most connections at the same time; further ones wait."""

_MOST_DISCARDED = 1_048_576  # bytes of a body that nobody has read
_BYTES_OF_A_STREAM = 65_536  # that the system keeps for a client that does not read
_BYTES_SENT_TOGETHER = 32_768  # of a body that is copied behind its head: more are sent in several packets anyway
_SECONDS_OF_STREAMS = 0.2  # in which they end at a stop
_LONGEST_LINE = 300  # characters of a request in the log


class _Connection(SendsTogether, WSGIHandler):
    """A connection. A client that leaves, is slow or makes no sense ends it, without a word on standard error."""

    server: _Server
    is_idle = False
    is_streaming = False

    def handle_one_request(self) -> Any:
        if self.server.is_stopping:
            return None
        return super().handle_one_request()

    def get_environ(self) -> Any:
        environ = super().get_environ()
        # The next bytes of a client with which another protocol was agreed on. A method of this connection would make a
        # cycle, and the file would be closed when there is no loop any more.
        environ["smtpmock.receive"] = partial(self.rfile.read1, _BYTES_OF_A_STREAM)
        return environ

    def read_requestline(self) -> Any:
        self.is_idle = True
        try:
            return super().read_requestline()
        finally:
            self.is_idle = False

    def read_request(self, raw_requestline: str) -> Any:
        try:
            return super().read_request(raw_requestline)
        except Exception as error:
            reason = escape_controls(shorten(str(error), _LONGEST_LINE))
            self.server.patient_log.info(f"HTTP request refused: {reason or type(error).__name__}")
            raise ValueError(reason) from None  # which is answered with 400, and of which nothing is printed

    def run_application(self) -> None:
        is_interrupted = True
        try:
            super().run_application()
            is_interrupted = False
        finally:
            # What is left of a body would be read to its end, however far that is and however long it takes.
            body: Any = self.wsgi_input
            left = (self.content_length or 0) - body.position
            if is_interrupted or left > _MOST_DISCARDED or (body.chunked_input and self.close_connection):
                body.content_length, body.chunked_input = 0, False
                self.close_connection = True

    def process_result(self) -> None:
        self.is_streaming = not hasattr(self.result, "__len__")
        if self.is_streaming:
            self.socket.setsockopt(SOL_SOCKET, SO_SNDBUF, _BYTES_OF_A_STREAM)
        result: Any = self.result
        if not self.is_streaming and sum(map(len, result)) <= _BYTES_SENT_TOGETHER:
            self.send_together(super().process_result)
        else:
            super().process_result()
        self.is_streaming = False
        if self.connection_upgraded:
            self.close_connection = True

    def log_request(self) -> None:
        if self.server.patient_log.is_active:
            line = escape_controls(shorten(self.requestline or "", _LONGEST_LINE))
            self.server.patient_log.info(f"HTTP request: {line} {self.code or 'no response'}")

    def handle_error(self, kind: Any, error: Any, trace: Any) -> None:
        self.close_connection = True
        if isinstance(error, OSError | gevent.GreenletExit):
            return  # the client has left, or takes too long; or the server does not wait any longer
        self.server.failed(error)
        if not self.headers_sent:
            self.start_response("500 Internal Server Error", [("Content-Length", "0"), ("Connection", "close")])
            self.write(b"")


class _Server(PatientServer, WSGIServer):
    """The listening socket and the connections."""

    handler_class = _Connection

    def __init__(
        self,
        listener: socket,
        application: Callable[..., Iterable[bytes]],
        name: str,
        log: Log,
        failed: Callable[[BaseException], object],
        **options: Any,
    ) -> None:
        super().__init__(
            listener,
            application,
            spawn=Pool(MOST_CONNECTIONS),
            log=None,
            error_log=None,
            environ={"SERVER_NAME": name},
            **options,
        )
        self.patient_log = log
        self.failed = failed
        self.is_stopping = False
        self.open: dict[_Connection, Any] = {}

    def do_read(self) -> Any:
        accepted = super().do_read()
        if accepted is not None:
            accepted[0].settimeout(IDLE_SECONDS)
        return accepted

    def wrap_socket_and_handle(self, client_socket: Any, address: Any) -> Any:
        try:
            return super().wrap_socket_and_handle(client_socket, address)
        except OSError as error:
            self.patient_log.info(f"HTTP client has gone: {error.strerror or error}")

    def handle(self, sock: Any, address: Any) -> None:
        connection = self.handler_class(sock, address, self)
        self.open[connection] = gevent.getcurrent()
        try:
            sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)  # an event need not wait until the one before was acknowledged
            connection.handle()
        except OSError:
            pass  # the client has gone before it was told what was wrong with its request
        finally:
            del self.open[connection]


class HTTPService:
    """HTTP on the hub: probes are answered at once, everything else as soon as the application is loaded.

    Args:
        listener: The listening socket.
        name: The name or address of the server.
        is_ready: A function that returns True while SMTP connections are accepted.
        log: The log.
        failed: The function to call with an unexpected exception.
        tls: The TLS context; None for plain HTTP.
    """

    def __init__(
        self,
        listener: socket,
        name: str,
        is_ready: Callable[[], bool],
        log: Log,
        failed: Callable[[BaseException], object],
        tls: Any = None,
    ) -> None:
        self._is_ready = is_ready
        self._application: Application | None = None
        self._loaded = Event()
        options = {} if tls is None else {"ssl_context": tls, "do_handshake_on_connect": False}
        self._server = _Server(listener, self._answer, name, log, failed, **options)
        self._server.start()

    def serve(self, sock: socket, address: Any) -> None:
        """Serve a connection that somebody else has accepted."""
        sock.settimeout(IDLE_SECONDS)
        self._server.do_handle(sock, address)

    def load(self, application: Application) -> None:
        """Have an application answer from now on, and what has waited for it."""
        self._application = application
        self._loaded.set()

    def close(self, grace: float) -> bool:
        """Stop listening and end all connections: idle ones at once, busy ones within `grace` seconds or by force."""
        server = self._server
        server.is_stopping = True
        server.close()
        if self._application is not None:
            self._application.close()
        self._loaded.set()
        pool: Any = server.pool
        files = [getattr(connection, "rfile", None) for connection in server.open]
        for connection, greenlet in tuple(server.open.items()):
            if connection.is_idle:
                pool.killone(greenlet, block=False)
        pool.join(timeout=min(grace, _SECONDS_OF_STREAMS))
        for connection, greenlet in tuple(server.open.items()):
            if connection.is_streaming:  # its client does not read, and was told of an end that may come at any time
                pool.killone(greenlet, block=False)
        in_time = bool(pool.join(timeout=grace))
        if not in_time:
            pool.kill()
        for file in filter(None, files):  # what was killed while it read is collected when there is no loop any more
            file.close()
        gevent.sleep(0)  # gevent closes sockets in the next round of the loop
        return in_time

    def abandon(self) -> None:
        """Close the descriptors in a forked child, while the parent goes on using them."""
        abandon_sockets((self._server.socket, *(connection.socket for connection in self._server.open)))

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        answer = probe(environ, start_response, self._is_ready)
        if answer is not None:
            return answer
        self._loaded.wait()
        if self._application is None:
            start_response("503 Service Unavailable", [("Content-Length", "0"), ("Connection", "close")])
            return []
        return self._application(environ, start_response)
