"""Requests to a server over HTTP/1.1, in the thread of the hub: whoever waits can be interrupted at any moment."""

from __future__ import annotations

from contextlib import suppress
from http.client import HTTPConnection, HTTPException, IncompleteRead
from ssl import SSLError
from time import monotonic
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakSet, finalize

from gevent import socket
from gevent.select import select

from smtpmock.errors import SettingError
from smtpmock.runtime import hub
from smtpmock.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smtpmock.remote.address import Address

_CONNECT_SECONDS = 10.0
_MOST_IDLE = 4
_LONGEST_IDLE = 30.0
"""Seconds after which an idle connection is not used again: the server, or a proxy, may be about to close it."""


_LONGEST_SILENCE = 45.0
"""Seconds after which a stream that says nothing is given up: the server sends a comment every 15."""


class Reply(NamedTuple):
    """A response.

    Attributes:
        status: Its status.
        kind: The media type of its body.
        body: Its body.
    """

    status: int
    kind: str
    body: bytes


class NoReplyError(Exception):
    """There was no response, for the reason that the text gives."""


class _Connection(HTTPConnection):
    """A connection over a socket of gevent."""

    def __init__(self, address: Address, context: Any) -> None:
        super().__init__(address.host, address.port)
        self._context = context
        self.used: float = 0.0

    def connect(self) -> None:
        sock: Any = socket.create_connection((self.host, self.port), _CONNECT_SECONDS)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._context is not None:
                # The handshake apart: interrupted in wrap_socket(), it leaves nothing that could be closed.
                sock = self._context.wrap_socket(sock, server_hostname=self.host, do_handshake_on_connect=False)
                sock.do_handshake()
        except BaseException:
            sock.close()
            raise
        self.sock = sock

    @property
    def is_usable(self) -> bool:
        """True if the server has not closed it, as far as is known."""
        if self.sock is None or monotonic() - self.used > _LONGEST_IDLE:
            return False
        try:
            return not select([self.sock], [], [], 0)[0]
        except (OSError, ValueError):
            return False


class Connections:
    """The connections to a server. Their methods run in the hub thread.

    Args:
        address: Its address.
        cafile: The path of the certificates to trust; None for those of the system.

    Raises:
        SettingError: If the certificates cannot be read, or there is no TLS to use them for.
    """

    def __init__(self, address: Address, cafile: str | None) -> None:
        self._address = address
        self._context = _context(address, cafile)
        self._idle: list[_Connection] = []
        _all.add(self)
        finalize(self, _close_later, self._idle).atexit = False

    def ask(self, method: str, target: str, body: bytes | None, seconds: float) -> Reply:
        """Send a request and return the response.

        Args:
            method: The method.
            target: The path below that of the address, and the query.
            body: The body, which is JSON; None for none.
            seconds: The most seconds without anything from the server.

        Raises:
            NoReplyError: If there is no response.
        """
        while True:
            connection = self._take()
            is_fresh = connection.sock is None
            try:
                reply = self._exchange(connection, method, target, body, seconds)
            except BaseException as error:
                connection.close()
                if isinstance(error, OSError | HTTPException):
                    if not is_fresh and method == "GET" and not isinstance(error, TimeoutError):
                        continue  # the server may have closed it just now
                    raise NoReplyError(_reason(error, seconds)) from None
                raise
            if connection.sock is not None and len(self._idle) < _MOST_IDLE:
                connection.used = monotonic()
                self._idle.append(connection)
            else:
                connection.close()
            return reply

    def open_stream(self, target: str, seconds: float, last_id: str = "") -> Stream:
        """Send a request for a stream, and return it.

        Args:
            target: The path below that of the address, and the query.
            seconds: The most seconds until it begins.
            last_id: The id of the last event that is known; "" for none.

        Raises:
            NoReplyError: If there is no response, or it is no stream.
        """
        connection = _Connection(self._address, self._context)
        try:
            self._send(connection, "GET", target, None, seconds, {"Last-Event-ID": last_id} if last_id else {})
            sock = connection.sock
            response = connection.getresponse()
            sock.settimeout(_LONGEST_SILENCE)
            if response.status != 200:
                response.close()
                raise NoReplyError(f"status {response.status}")
        except BaseException as error:
            connection.close()
            if isinstance(error, OSError | HTTPException):
                raise NoReplyError(_reason(error, seconds)) from None
            raise
        return Stream(connection, response)

    def are_open(self) -> bool:
        """Return True if an idle connection can be used."""
        return any(connection.is_usable for connection in self._idle)

    def close(self) -> None:
        """Close idle connections."""
        _close_each(self._idle)

    def forget(self) -> None:
        """Forget the connections in a forked child: they belong to the parent."""
        _orphans.extend(self._idle)
        self._idle.clear()

    def _take(self) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable:
                return connection
            connection.close()
        return _Connection(self._address, self._context)

    def _exchange(self, connection: _Connection, method: str, target: str, body: bytes | None, seconds: float) -> Reply:
        self._send(connection, method, target, body, seconds)
        response = connection.getresponse()
        with response:  # or it would keep the socket of an interrupted request open
            content = response.read()
        if response.will_close:
            connection.close()
        return Reply(response.status, response.headers.get_content_type(), content)

    def _send(
        self,
        connection: _Connection,
        method: str,
        target: str,
        body: bytes | None,
        seconds: float,
        further: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        headers = {"Host": self._address.shown_host, "User-Agent": f"smtpmock/{__version__}", **further}
        if self._address.authorization:
            headers["Authorization"] = self._address.authorization
        if body is not None:
            headers["Content-Type"] = "application/json"
        if connection.sock is None:
            connection.connect()
        connection.sock.settimeout(seconds)
        connection.request(method, self._address.path + target, body, headers)


class Stream:
    """The lines of a response that does not end."""

    def __init__(self, connection: _Connection, response: Any) -> None:
        self._connection = connection
        self._response = response

    def read_line(self) -> str:
        """Return the next line, without its end; it waits.

        Raises:
            NoReplyError: If the stream has ended.
        """
        try:
            line: bytes = self._response.readline()
        except (OSError, HTTPException) as error:
            raise NoReplyError(_reason(error, 0)) from None
        if not line.endswith(b"\n"):
            raise NoReplyError("the connection was closed")
        return line.rstrip(b"\r\n").decode("utf-8", "replace")

    def close(self) -> None:
        """Close its connection."""
        self._response.close()
        self._connection.close()


def _context(address: Address, cafile: str | None) -> Any:
    if address.scheme == "http":
        if cafile is not None:
            raise SettingError(f"Invalid cafile for {address}: expected a URL that begins with https")
        return None
    from gevent import ssl

    context: Any = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if cafile is None:
            context.load_default_certs()
        else:
            context.load_verify_locations(cafile)
    except OSError as error:
        raise SettingError(f"The certificates in {cafile} cannot be read: {error.strerror or error}") from None
    return context


def _reason(error: Exception, seconds: float) -> str:
    if isinstance(error, TimeoutError):
        return f"it did not answer within {seconds:.3g} s" if seconds else "it did not answer"
    if isinstance(error, ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(error, ConnectionError | IncompleteRead):  # RemoteDisconnected, too
        return "the connection was closed"
    distrust = getattr(error, "verify_message", "")
    if distrust:
        return f"its certificate is not trusted ({distrust}); cafile names one to trust"
    if isinstance(error, HTTPException):
        return "what it sent is not HTTP"
    if isinstance(error, SSLError):
        return f"the TLS handshake failed ({(error.reason or 'no reason given').replace('_', ' ').lower()})"
    return str(getattr(error, "strerror", None) or error)


_all: WeakSet[Connections] = WeakSet()
_orphans: list[_Connection] = []  # of parent processes; a destructor must not touch what the parent uses


def _close_later(idle: list[_Connection]) -> None:
    if idle:
        hub.get_hub().post(_close_each, idle)


def _close_each(idle: list[_Connection]) -> None:
    while idle:
        idle.pop().close()


def _close_all() -> None:
    for connections in tuple(_all):
        with suppress(OSError):
            connections.close()


def _forget_all() -> None:
    for connections in tuple(_all):
        connections.forget()


hub.on_shutdown(_close_all)
hub.after_fork(_forget_all)
