"""Many clients at once, beside SMTP; clients that are slow, vanish, or still there when the server stops.

`SMTPMOCK_LONG=1` makes it 1,000 of each.
"""

from __future__ import annotations

import socket
import struct
import time
from contextlib import ExitStack, closing, contextmanager
from selectors import EVENT_READ, DefaultSelector
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from smtpmock import SMTPMock
from smtpmock.http import service
from tests.http.conftest import API, SECONDS, Client, send
from tests.long import LONG

if TYPE_CHECKING:
    from collections.abc import Iterator

resource = pytest.importorskip("resource")  # which Windows does not have

MANY = 1_000 if LONG else 50


@pytest.fixture(autouse=True)
def descriptors():
    """As many descriptors as both ends of all connections need."""
    usual, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = 4 * MANY + 200
    if most != resource.RLIM_INFINITY and most < needed:
        pytest.skip(f"needs {needed} descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(usual, needed), most))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (usual, most))


class Crowd:
    """Connections that all have sent the same request."""

    def __init__(self, mock: SMTPMock, path: str, count: int = MANY) -> None:
        address = urlsplit(mock.http_url)
        self.sockets: list[socket.socket] = []
        self.received: dict[socket.socket, bytes] = {}
        request = f"GET {API}{path} HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n\r\n".encode()
        for _ in range(count):
            connection = socket.create_connection((address.hostname, address.port), SECONDS)
            connection.sendall(request)
            self.sockets.append(connection)
            self.received[connection] = b""

    def read(self, until: bytes = b"") -> None:
        """Read on all connections, until each has received something, or else has ended."""
        give_up = time.monotonic() + 2 * SECONDS
        with DefaultSelector() as selector:
            waiting = [one for one in self.sockets if not until or until not in self.received[one]]
            for connection in waiting:
                selector.register(connection, EVENT_READ)
            left = len(waiting)
            while left:
                assert time.monotonic() < give_up, f"{left} of {len(self.sockets)} wait in vain"
                for key, _ in selector.select(1):
                    connection = key.fileobj
                    try:
                        piece = connection.recv(65_536)
                    except ConnectionResetError:
                        piece = b""
                    self.received[connection] += piece
                    if not piece or (until and until in self.received[connection]):
                        assert not until or until in self.received[connection]
                        selector.unregister(connection)
                        left -= 1

    def vanish(self) -> None:
        """Break off all connections, with a reset."""
        for connection in self.sockets:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()

    def close(self) -> None:
        for connection in self.sockets:
            connection.close()


@contextmanager
def crowds(mock: SMTPMock, *paths: str, count: int = MANY) -> Iterator[list[Crowd]]:
    with ExitStack() as opened:
        yield [opened.enter_context(closing(Crowd(mock, path, count))) for path in paths]


def wait_for(condition) -> None:
    give_up = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < give_up, "it never held"
        time.sleep(0.005)


POLL = f"/wait?recipient=last@example.com&timeout={4 * SECONDS}"


def waiting(mock: SMTPMock) -> int:
    return len(mock._local._waiters)


@pytest.mark.timeout(400)
def test_streams_and_polls_are_served_beside_smtp(mock, capsys):
    with crowds(mock, "/events", POLL) as (streams, polls):
        streams.read(b"retry")
        wait_for(lambda: waiting(mock) == MANY)
        took = []
        for _ in range(20):
            begin = time.monotonic()
            send(mock)
            took.append(time.monotonic() - begin)
        begin = time.monotonic()
        send(mock, "last@example.com")
        [last] = mock.messages(recipient="last@example.com")
        polls.read()
        answered = time.monotonic() - begin
        streams.read(f'"id": "{last.id}"'.encode())
        told = time.monotonic() - begin

        assert all(b"HTTP/1.1 200 " in said and b"last@example.com" in said for said in polls.received.values())
        assert all(said.count(b'"action": "added"') == 21 for said in streams.received.values())
        if LONG:
            with capsys.disabled():
                print(
                    f"\n{MANY} streams and {MANY} polls: a mail beside them {1e3 * sorted(took)[10]:.1f} ms (median), "
                    f"{1e3 * max(took):.1f} ms (most); all polls answered after {answered:.2f} s, "
                    f"all streams told after {told:.2f} s"
                )


@pytest.mark.timeout(400)
def test_stop_ends_streams_and_polls_at_once(capsys):
    mock = SMTPMock(http_port=0, shutdown_timeout=2 * SECONDS)
    mock.start()
    with crowds(mock, "/events", POLL) as (streams, polls):
        streams.read(b"retry")
        wait_for(lambda: waiting(mock) == MANY)
        begin = time.monotonic()
        mock.stop()
        took = time.monotonic() - begin
        streams.read()
        polls.read()

    assert all(b"HTTP/1.1 503 " in received for received in polls.received.values())
    assert all(b"HTTP/1.1 200 " in received for received in streams.received.values())
    assert (mock.errors, waiting(mock)) == ([], 0)
    assert took < SECONDS  # far from the grace that none of them needs
    if LONG:
        with capsys.disabled():
            print(f"\nstop with {MANY} streams and {MANY} polls open: {took:.2f} s")


@pytest.mark.timeout(400)
def test_clients_that_vanish_leave_nothing_behind(mock, client, monkeypatch):
    monkeypatch.setattr("smtpmock.http.native.events.KEEP_ALIVE_SECONDS", 0.05)
    with crowds(mock, "/events", POLL) as (streams, polls):
        streams.read(b"retry")
        wait_for(lambda: waiting(mock) == MANY)
        streams.vanish()
        polls.vanish()
        send(mock, "last@example.com")  # the waits end now, and find nobody

    context = open_service(mock)
    wait_for(lambda: len(context) <= 1)
    assert client.get("/messages").json["total"] == 1


def open_service(mock: SMTPMock):
    """The connections of HTTP."""
    return mock._stoppable[0].http._server.open


def test_clients_that_do_not_read_hold_nobody_up(mock, client):
    mock.deliver(b"Subject: hi\r\n\r\n" + b"x" * 2_000_000, "a@example.com", ["b@example.com"])
    with crowds(mock, "/messages?include=raw", count=20) as (readers,):
        wait_for(lambda: len(open_service(mock)) >= 20)
        send(mock)
        assert client.get("/messages?limit=1").json["total"] == 2
        readers.vanish()
    wait_for(lambda: len(open_service(mock)) <= 1)


def test_requests_that_come_byte_by_byte_hold_nobody_up(mock, client):
    address = urlsplit(mock.http_url)
    request = f"GET {API}/server HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n\r\n".encode()
    with ExitStack() as opened:
        slow = [
            opened.enter_context(socket.create_connection((address.hostname, address.port), SECONDS))
            for _ in range(MANY)
        ]
        for number in range(len(request)):
            for connection in slow:
                connection.sendall(request[number : number + 1])
            if number % 20 == 0:
                assert client.ask("GET", "/livez").status == 200
        send(mock)
        for connection in slow:
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")


def test_client_that_says_nothing_more_is_disconnected(monkeypatch):
    monkeypatch.setattr(service, "IDLE_SECONDS", 0.05)
    with SMTPMock(http_port=0) as mock, closing(Client(mock)) as client:
        address = urlsplit(mock.http_url)
        with socket.create_connection((address.hostname, address.port), SECONDS) as silent:
            silent.sendall(b"GET / HTT")
            try:
                while silent.recv(65_536):
                    pass
            except ConnectionResetError:
                pass
        assert client.ask("GET", "/livez").status == 200
        assert mock.errors == []
