"""HTTP before what serves it is loaded: probes are answered, and other clients wait for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gevent
from gevent.socket import MSG_PEEK

from smtpmock.http.health import probe
from smtpmock.runtime.gevent_internals import abandon_sockets

if TYPE_CHECKING:
    from collections.abc import Callable

    from gevent.socket import socket

_LONGEST_PROBE = 4_096  # bytes of a request; longer ones wait
_RETRY_SECONDS = 0.1  # after which there may be a descriptor again


class EarlyHTTP:
    """A listening socket whose clients wait, except for probes. Nothing is taken from a client that waits.

    Args:
        listener: The listening socket.
        is_ready: A function that returns True while SMTP connections are accepted.
        is_plain: False if clients speak TLS, so that their requests cannot be read yet.

    Attributes:
        listener: The listening socket.
    """

    def __init__(self, listener: socket, is_ready: Callable[[], bool], *, is_plain: bool) -> None:
        self.listener = listener
        self._is_ready = is_ready
        self._is_plain = is_plain
        self._clients: dict[socket, tuple[Any, gevent.Greenlet[..., Any]]] = {}
        self._serve: Callable[[socket, Any], object] | None = None
        self._accepting = gevent.spawn(self._accept)

    def hand_over(self, serve: Callable[[socket, Any], object]) -> None:
        """Have somebody else serve from now on, those who wait as well. This takes place at once.

        Args:
            serve: A function that serves a connection, given the address of its client.
        """
        self._serve = serve
        clients, self._clients = self._clients, {}
        self._accepting.kill(block=False)
        for sock, (address, greenlet) in clients.items():
            greenlet.kill(block=False)
            serve(sock, address)

    def close(self, _: float) -> bool:
        """Stop listening and end all connections."""
        self.hand_over(lambda sock, _: sock.close())
        self.listener.close()
        gevent.sleep(0)  # gevent closes sockets in the next round of the loop
        return True

    def abandon(self) -> None:
        """Close the descriptors in a forked child, while the parent goes on using them."""
        abandon_sockets((self.listener, *self._clients))

    def _accept(self) -> None:
        while True:
            try:
                sock, address = self.listener.accept()
            except OSError:  # no descriptor is left, which is told if it lasts
                gevent.sleep(_RETRY_SECONDS)
            else:
                if self._serve is not None:
                    self._serve(sock, address)
                else:
                    self._clients[sock] = address, gevent.spawn(self._attend, sock)

    def _attend(self, sock: socket) -> None:
        """Answer a probe; leave everything else in the connection."""
        try:
            request = sock.recv(_LONGEST_PROBE, MSG_PEEK) if self._is_plain else b""
            response = answer(request, self._is_ready)
            if response and self._clients.pop(sock, None) is not None:
                with sock:
                    sock.recv(len(request))
                    sock.sendall(response)
        except OSError:
            pass  # the client has gone


def answer(request: bytes, is_ready: Callable[[], bool]) -> bytes:
    r"""Return the response to a probe, the last one of its connection; b"" if the request is something else, or a part.

    Example:
        >>> answer(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n", lambda: True).partition(b"\r\n")[0]
        b'HTTP/1.1 200 OK'
        >>> answer(b"GET /livez HTTP/1.1\r\nHost: local", lambda: True)
        b''
    """
    head, end, rest = request.partition(b"\r\n\r\n")
    words = head.partition(b"\r\n")[0].split(b" ")
    if not end or rest or len(words) != 3 or not words[2].startswith(b"HTTP/1."):
        return b""
    lines: list[str] = []

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        lines.extend((f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers), "Connection: close"))

    environ = {"REQUEST_METHOD": words[0].decode("latin-1"), "PATH_INFO": words[1].decode("latin-1")}
    body = probe(environ, start_response, is_ready)
    return b"" if body is None else "\r\n".join((*lines, "", "")).encode() + b"".join(body)
