"""WebSocket (RFC 6455) as an application of WSGI: the response never ends, and its parts are frames.

A greenlet reads what the client sends, another makes what it is told, and the one that serves the connection writes.
What waits to be written is never more than one part: a client that does not read stops its own greenlets only.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import gevent
from gevent.queue import Queue
from wsproto import ConnectionType
from wsproto.events import AcceptConnection, CloseConnection, Ping, TextMessage
from wsproto.frame_protocol import CloseReason
from wsproto.handshake import H11Handshake
from wsproto.utilities import LocalProtocolError, RemoteProtocolError, generate_accept_token

from smtpmock.http.context import TooManyStreamsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from wsproto.connection import Connection

    from smtpmock.http.context import Context
    from smtpmock.http.security import WSGI

RECEIVE = "smtpmock.receive"
"""The name in the WSGI environment of the function that returns the next bytes of a client; gevent's server has it."""

PING = None
"""A ping, among the texts to send."""

_HANDSHAKE = ("Connection", "Upgrade", "Sec-WebSocket-Key", "Sec-WebSocket-Version")
_NOT_HERE = "This server cannot speak WebSocket: only that of smtpmock itself can"


def websocket_app(context: Context, talk: Callable[[Context], Iterator[str | None]]) -> WSGI:
    """Return an application that talks to its clients over WebSocket, and does not listen.

    Args:
        context: What the HTTP interface works on.
        talk: The function that yields the texts to send, as they come, or `PING`, with which it begins; its end is that
            of the connection.
    """

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if RECEIVE not in environ:
            return _refuse(environ, start_response, "501 Not Implemented", _NOT_HERE)
        try:
            connection = _accept(environ)
        except (RemoteProtocolError, LocalProtocolError, ValueError) as error:
            upgrade = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")]
            return _refuse(environ, start_response, "426 Upgrade Required", f"WebSocket is expected: {error}", upgrade)
        try:
            conversation = _Conversation(context, environ[RECEIVE], connection, talk(context))
        except TooManyStreamsError as error:
            return _refuse(environ, start_response, "503 Service Unavailable", str(error))
        token = generate_accept_token(environ["HTTP_SEC_WEBSOCKET_KEY"].encode("latin-1")).decode()
        start_response(
            "101 Switching Protocols",
            [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", token)],
        )
        return conversation

    return answer


def _accept(environ: dict[str, Any]) -> Connection:
    given = ((name, environ.get(f"HTTP_{name.upper().replace('-', '_')}")) for name in _HANDSHAKE)
    headers = [(name.encode(), value.encode("latin-1")) for name, value in given if value is not None]
    handshake = H11Handshake(ConnectionType.SERVER)
    if environ["REQUEST_METHOD"] != "GET":
        raise ValueError("Request method must be GET")
    handshake.initiate_upgrade_connection([(b"Host", b"localhost"), *headers], "/")
    handshake.send(AcceptConnection())
    assert handshake.connection is not None
    return handshake.connection


def _refuse(
    environ: dict[str, Any],
    start_response: Callable[..., Any],
    status: str,
    text: str,
    headers: Iterable[tuple[str, str]] = (),
) -> list[bytes]:
    body = text.encode()
    usual = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response(status, [*usual, ("X-Content-Type-Options", "nosniff"), *headers])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


class _Conversation:
    """The frames that go to a client."""

    def __init__(
        self, context: Context, receive: Callable[[], bytes], connection: Connection, texts: Iterator[str | None]
    ) -> None:
        self._failed = context.failed
        self._receive = receive
        self._connection = connection
        self._parts: Queue[bytes | None] = Queue(1)
        with ExitStack() as opened:
            opened.enter_context(context.stream())
            opened.callback(texts.close)  # type: ignore[attr-defined]  # of a generator
            self._opened = opened.pop_all()
        self._texts = texts
        self._greenlets: list[Any] = []

    def __iter__(self) -> Iterator[bytes]:
        """Yield the frames, until one of the two has said that it closes the connection."""
        self._greenlets = [gevent.spawn(self._listen), gevent.spawn(self._talk)]
        while (part := self._parts.get()) is not None:
            yield part

    def close(self) -> None:
        """End the greenlets."""
        gevent.killall(self._greenlets)
        self._opened.close()

    def _talk(self) -> None:
        try:
            for text in self._texts:
                self._parts.put(self._connection.send(Ping() if text is PING else TextMessage(text)))
            self._parts.put(self._connection.send(CloseConnection(CloseReason.GOING_AWAY)))
        except LocalProtocolError:
            pass  # the client is leaving
        except Exception as error:
            self._failed(error)
        self._parts.put(None)

    def _listen(self) -> None:
        """Answer pings and the end; everything else has no meaning."""
        try:
            while data := self._receive():
                self._connection.receive_data(data)
                for event in self._connection.events():
                    if isinstance(event, Ping | CloseConnection):
                        self._parts.put(self._connection.send(event.response()))
                    if isinstance(event, CloseConnection):
                        self._parts.put(None)
                        return
        except (OSError, LocalProtocolError):
            pass  # it has gone, or says nothing any more
        self._parts.put(None)
