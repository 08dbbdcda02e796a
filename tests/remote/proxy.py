"""A proxy that can be stopped and started again on its port, and servers that are not smtpmock."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

from tests.ports import reserved_port
from tests.web import Answer, web_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.server import BaseHTTPRequestHandler

    from smtpmock import SMTPMock


class Proxy:
    """A proxy for one server.

    Args:
        target: The port of the server.
        port: Its own port.
    """

    def __init__(self, target: int, port: int) -> None:
        self.target = target
        self.port = port
        self._is_held = False
        self.start()

    def start(self) -> None:
        """Listen."""
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", self.port))
        self._listener.listen()
        self._open: list[socket.socket] = []
        self.accepted = threading.Semaphore(0)
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def stop(self) -> None:
        """Close everything."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._threads[0].join()
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for one in self._open:
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            self._open += [client, server]
            for source, sink in ((client, server), (server, client)):
                self._threads.append(threading.Thread(target=self._pass, args=(source, sink)))
                self._threads[-1].start()
            self.accepted.release()

    def hold(self) -> None:
        """Pass nothing on any more."""
        self._is_held = True

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if not self._is_held:
                    sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxy_of(server: SMTPMock) -> Iterator[Proxy]:
    """Give a proxy for the HTTP of a server; nobody else takes its port while it is stopped."""
    with reserved_port() as port:
        proxy = Proxy(int(server.http_url.rpartition(":")[2]), port)
        try:
            yield proxy
        finally:
            proxy.stop()


@contextmanager
def answering(status: int, kind: str, body: bytes) -> Iterator[str]:
    """Give the URL of a server that answers each request in the same way."""
    with web_server(lambda _: Answer(status, body, kind)) as url:
        yield url


@contextmanager
def saying(text: bytes) -> Iterator[str]:
    """Give the URL of a server that says the same on each connection, whatever it is asked, and closes it."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client, suppress(OSError):
                client.recv(65_536)
                client.sendall(text)
                client.shutdown(socket.SHUT_WR)
                while client.recv(65_536):  # or what is unread would make the end a reset
                    pass

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        with suppress(OSError):  # macOS
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@contextmanager
def changed(url: str, change: Callable[[str, Any], Any]) -> Iterator[str]:
    """Give the URL of a proxy that changes the documents of a server.

    Args:
        url: The URL of the server.
        change: The function that takes the path and a document, and returns the changed document.
    """

    def answer(request: BaseHTTPRequestHandler) -> Answer:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        server = HTTPConnection(url.partition("//")[2])
        server.request(request.command, request.path, body, {"Content-Type": "application/json"})
        response = server.getresponse()
        document = json.loads(response.read())
        server.close()
        content = json.dumps(change(request.path.partition("?")[0], document)).encode()
        return Answer(response.status, content, response.headers["Content-Type"])

    with web_server(answer) as own:
        yield own
