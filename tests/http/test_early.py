"""HTTP before what serves it is loaded: probes are answered, everybody else waits and loses nothing."""

from __future__ import annotations

import socket
from contextlib import closing, suppress
from queue import SimpleQueue
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from gevent import sleep, spawn

from smtpmock import SMTPMock
from smtpmock.http.early import EarlyHTTP, answer
from smtpmock.runtime.hub import get_hub
from smtpmock.runtime.running import take_listener

LIVE = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
SECONDS = 30

# Loading what serves HTTP waits until the script says so.
HELD_BACK = """
    import socket
    import sys
    import threading
    from importlib.machinery import PathFinder, SourceFileLoader
    from importlib.util import spec_from_loader
    from urllib.parse import urlsplit
    from smtpmock import SMTPMock

    reached, go_on = threading.Event(), threading.Event()

    class HoldsBack(SourceFileLoader):
        def exec_module(self, module):
            reached.set()
            assert go_on.wait(60)
            super().exec_module(module)

        @classmethod
        def find_spec(cls, name, path, target=None):
            if name == "smtpmock.http.service":
                found = PathFinder.find_spec(name, path)
                return spec_from_loader(name, cls(name, found.origin))

    sys.meta_path.insert(0, HoldsBack)

    def ask(request):
        client = socket.create_connection(("127.0.0.1", urlsplit(mock.http_url).port), timeout=60)
        client.sendall(request)
        return client

    def read(client):
        with client, client.makefile("rb") as file:
            return file.read()

    def request(path):
        return f"GET {path} HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n".encode()

    def run():
        try:
            mock.start()
        except Exception as error:
            outcome.append(f"{type(error).__name__}: {error}")

    outcome = []
    mock = SMTPMock(http_port=0)
    starter = threading.Thread(target=run)
    starter.start()
    assert reached.wait(60)
"""


@pytest.fixture
def early(free_port):
    """One on a port of its own, and whether SMTP is ready."""
    listener = socket.create_server(("127.0.0.1", free_port))
    address, ready = listener.getsockname(), [True]
    opened = get_hub().call(lambda: EarlyHTTP(take_listener([listener]), lambda: ready[0], is_plain=True))
    yield opened, address, ready
    get_hub().call(opened.close, 0)


def connect(address, request=b""):
    client = socket.create_connection(address, timeout=SECONDS)
    client.sendall(request)
    return client


def response(address, request):
    with connect(address, request) as client, client.makefile("rb") as file:
        return file.read()


def test_probes_are_answered_as_they_are_later(early):
    _, address, ready = early

    assert response(address, LIVE) == (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 2\r\n"
        b"Connection: close\r\n\r\nok"
    )
    assert response(address, LIVE.replace(b"GET", b"HEAD")).endswith(b"Connection: close\r\n\r\n")
    assert response(address, LIVE.replace(b"livez", b"readyz")).startswith(b"HTTP/1.1 200 OK\r\n")
    ready[0] = False
    assert response(address, LIVE.replace(b"livez", b"readyz")).startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert response(address, LIVE.replace(b"GET", b"POST")).startswith(b"HTTP/1.1 405 Method Not Allowed\r\n")
    with SMTPMock(http_port=0) as mock:
        later = response(
            (mock.host, urlsplit(mock.http_url).port), LIVE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        )
    now = response(address, LIVE)
    assert set(now.split(b"\r\n")) - {b"Connection: close"} <= set(later.split(b"\r\n"))


@pytest.mark.parametrize(
    "request_",
    [
        b"",
        LIVE[:-1],
        LIVE.replace(b"/livez", b"/"),
        LIVE.replace(b"/livez", b"/livez/"),
        LIVE + LIVE,
        LIVE.replace(b"HTTP/1.1", b"SMTP/1.1"),
        b"GET /livez\r\n\r\n",
        b"\x16\x03\x01\xff\x00\r\n\r\n",
    ],
)
def test_everything_else_waits(request_):
    assert answer(request_, lambda: True) == b""


def test_who_waits_is_handed_over_with_all_that_was_sent(early):
    opened, address, _ = early
    sent = [b"", LIVE[:20], LIVE.replace(b"/livez", b"/"), b"nonsense"]
    clients = [connect(address, request) for request in sent]
    response(address, LIVE)  # it has accepted those before
    served = []

    def serve(sock, client):
        served.append(client)
        sock.sendall(b"read: " + sock.recv(1000))
        sock.close()

    get_hub().call(opened.hand_over, lambda sock, client: spawn(serve, sock, client))
    for client, request in zip(clients, sent, strict=True):
        with client, client.makefile("rb") as file:
            if not request:
                client.sendall(b"later")
            assert file.read() == b"read: " + (request or b"later")
    assert len(served) == len(sent)


def test_who_is_accepted_at_the_same_moment_is_handed_over_as_well(early, monkeypatch):
    opened, address, _ = early
    served = SimpleQueue()

    def take(sock, client):
        sock.close()
        served.put(client)

    with monkeypatch.context() as patched:
        patched.setattr(opened, "_accepting", SimpleNamespace(kill=lambda block: None))  # it comes a moment later
        get_hub().call(opened.hand_over, take)
    with connect(address) as client:
        assert served.get(timeout=SECONDS) == client.getsockname()
    get_hub().call(opened.hand_over, take)
    get_hub().call(sleep, 0)
    assert opened._accepting.dead


def test_who_waits_is_sent_away_at_the_end(early):
    opened, address, _ = early
    silent, asking = connect(address), connect(address, b"GET / HTTP/1.1\r\n")
    response(address, LIVE)
    get_hub().call(opened.close, 0)

    for client in silent, asking:
        with client, suppress(ConnectionResetError):
            assert client.recv(100) == b""
    with closing(socket.create_server(address)):
        pass


def test_while_it_is_loaded_probes_and_mail_are_served_and_requests_wait(run):
    run(
        HELD_BACK,
        """
        waiting = ask(request("/api/smtpmock/v1/mark"))
        assert read(ask(request("/livez"))).startswith(b"HTTP/1.1 200 OK")
        assert read(ask(request("/readyz"))).startswith(b"HTTP/1.1 200 OK")
        from smtplib import SMTP
        with SMTP(mock.host, mock.port) as client:
            client.sendmail("a@example.com", "b@example.com", "Subject: hi")
        go_on.set()
        starter.join(60)
        assert outcome == []
        assert b'"mark":' in read(waiting)
        assert read(ask(request("/livez"))).startswith(b"HTTP/1.1 200 OK")
        mock.stop()
        """,
    )


def test_a_stop_while_it_is_loaded_ends_the_start_and_frees_the_port(run, free_port):
    run(
        HELD_BACK.replace("http_port=0", f"http_port={free_port}"),
        """
        waiting = ask(request("/"))
        assert read(ask(request("/livez"))).startswith(b"HTTP/1.1 200 OK")
        mock.stop()
        try:
            assert waiting.recv(100) == b""
        except ConnectionResetError:
            pass
        waiting.close()
        socket.create_server(("127.0.0.1", mock.settings.http_port)).close()
        go_on.set()
        starter.join(60)
        assert outcome == ["ServerStateError: The server was stopped while it started."], outcome
        mock.start()
        assert read(ask(request("/livez"))).startswith(b"HTTP/1.1 200 OK")
        mock.stop()
        """,
    )


@pytest.mark.needs("fork")
def test_a_process_forked_while_it_is_loaded_keeps_nothing_open(run, free_port):
    run(
        HELD_BACK.replace("http_port=0", f"http_port={free_port}"),
        """
        import os
        waiting = ask(request("/"))
        assert read(ask(request("/livez"))).startswith(b"HTTP/1.1 200 OK")
        read_end, write_end = os.pipe()
        child = os.fork()
        if not child:
            os.read(read_end, 1)  # alive until the parent has looked
            os._exit(0)
        go_on.set()
        starter.join(60)
        mock.stop()
        while waiting.recv(100):
            pass
        waiting.close()
        socket.create_server(("127.0.0.1", mock.settings.http_port)).close()
        os.write(write_end, b"x")
        assert os.waitpid(child, 0)[1] == 0
        os.close(read_end)
        os.close(write_end)
        """,
    )
