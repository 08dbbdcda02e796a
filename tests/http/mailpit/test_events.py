"""Mailpit's events over WebSocket."""

from __future__ import annotations

import json
import socket
from contextlib import closing
from smtplib import SMTP
from typing import Any
from urllib.parse import urlsplit

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Ping, Pong, RejectConnection, Request, TextMessage

from smtpmock import SMTPMock
from smtpmock.http import app as http_app
from smtpmock.http import context
from smtpmock.http.events import MOST_EVENTS
from smtpmock.http.mailpit import events
from smtpmock.version import __version__
from tests.http.streams import connected_socket

HANDSHAKE = {
    "Connection": "keep-alive, Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


class WebSocket:
    """A client."""

    def __init__(self, mock: SMTPMock, buffer: int = 0) -> None:
        self.socket = connected_socket(mock, buffer)
        self._connection = WSConnection(ConnectionType.CLIENT)
        self._came: list[Any] = []
        self.send(Request(host=urlsplit(mock.http_url).netloc, target="/api/events"))
        self.handshake = self.receive()
        if isinstance(self.handshake, AcceptConnection):
            assert isinstance(self.receive(), Ping)  # from now on it is told everything

    def send(self, event: Any) -> None:
        self.socket.sendall(self._connection.send(event))

    def receive(self) -> Any:
        """Return the next event of the protocol; None at the end of the connection."""
        while not self._came:
            data = self.socket.recv(65_536)
            if not data:
                return None
            self._connection.receive_data(data)
            self._came += self._connection.events()
        return self._came.pop(0)

    def next(self, *kinds: str) -> tuple[str, Any]:
        """Return the type and the data of the next object, or of the next one of some types."""
        while True:
            text = ""
            while True:
                part = self.receive()
                assert isinstance(part, TextMessage), part
                text += part.data
                if part.message_finished:
                    break
            told = json.loads(text)
            assert set(told) == {"Type", "Data"}
            if not kinds or told["Type"] in kinds:
                return told["Type"], told["Data"]

    def close(self) -> None:
        self.socket.close()


@pytest.fixture
def websocket(mock):
    with closing(WebSocket(mock)) as websocket:
        assert isinstance(websocket.handshake, AcceptConnection)
        yield websocket


def test_new_message_is_told_as_in_lists(mailpit, send, websocket):
    known = send(subject="Grüße")

    kind, told = websocket.next()
    assert (kind, told["ID"], told["Subject"]) == ("new", known, "Grüße")
    assert told == mailpit.get("/messages")["messages"][0]


def test_stats_follow_what_has_changed(mailpit, send, websocket):
    send()
    assert websocket.next("stats") == ("stats", {"Total": 1, "Unread": 1, "Version": __version__})
    mailpit.change("PUT", "/messages", {"Read": True})
    assert websocket.next("stats") == ("stats", {"Total": 1, "Unread": 0, "Version": __version__})


def test_stats_come_at_most_four_times_a_second(mock, websocket, monkeypatch):
    monkeypatch.setattr(events, "SECONDS_BETWEEN_STATS", 3_600.0)
    mock.deliver(b"Subject: first\r\n\r\n", "a@example.com", ["b@example.com"])
    assert websocket.next("stats")[1]["Total"] == 1
    for _ in range(3):
        mock.deliver(b"Subject: more\r\n\r\n", "a@example.com", ["b@example.com"])
        assert websocket.next()[0] == "new"
    mock.purge()
    assert websocket.next()[0] == "truncate"


def test_update_tells_the_id_and_what_changed(mailpit, send, websocket):
    known = send()
    mailpit.change("PUT", "/tags", {"IDs": [known], "Tags": ["b", "a"]})
    _, told = websocket.next("update")
    assert (told["ID"], told["Read"], sorted(told["Tags"])) == (known, False, ["a", "b"])
    mailpit.get(f"/message/{known}")
    assert websocket.next("update")[1]["Read"] is True


def test_deletion_of_some_messages_names_them_and_that_of_all_none(mailpit, send, websocket):
    first, _ = send(), send()
    mailpit.change("DELETE", "/messages", {"IDs": [first]})
    assert websocket.next("delete", "truncate") == ("delete", {"ID": first})
    mailpit.change("DELETE", "/messages")
    assert websocket.next("delete", "truncate") == ("truncate", None)


def test_messages_that_a_bound_drops_are_pruned():
    with SMTPMock(http_port=0, max_messages=1) as mock, closing(WebSocket(mock)) as websocket:
        for _ in range(2):
            mock.deliver(b"Subject: hi\r\n\r\n", "a@example.com", ["b@example.com"])
        assert websocket.next("prune") == ("prune", None)


def test_only_accepted_messages_are_new_and_once(mock, websocket):
    rule = mock.reject_recipient("b@example.com")
    with SMTP(mock.host, mock.port) as client:
        client.ehlo()
        client.mail("a@example.com")
        assert client.rcpt("b@example.com")[0] == 550
        rule.remove()
        client.rcpt("b@example.com")
        client.data(b"Subject: second try\r\n\r\n")
        client.noop()
    mock.wait_for_session()

    kind, told = websocket.next()
    assert (kind, told["Subject"]) == ("new", "second try")
    mock.purge()
    assert websocket.next("new", "truncate") == ("truncate", None)


def test_client_that_was_too_slow_reads_the_list_again(mock, websocket):
    mock.deliver(b"Subject: hi\r\n\r\n", "a@example.com", ["b@example.com"])
    with closing(WebSocket(mock, buffer=4_096)) as slow:
        for number in range(20):
            mock.update_messages(tags=[f"{number}-{tag}-{'x' * 100}" for tag in range(100)])
            assert websocket.next("update")[1]["Tags"][0].startswith(f"{number}-")
        for _ in range(MOST_EVENTS):
            mock.on("HELP", reply="214 Nobody asks")
        mock.clear_rules()
        assert slow.next("prune") == ("prune", None)


def test_ping_is_answered_and_silence_is_broken_by_one(mock, monkeypatch):
    monkeypatch.setattr(events, "PING_SECONDS", 0.01)
    with closing(WebSocket(mock)) as websocket:
        websocket.send(Ping(b"are you there"))
        came = [websocket.receive() for _ in range(4)]
    assert Pong(bytearray(b"are you there")) in came
    assert Ping(bytearray(b"")) in came


def test_close_is_answered_and_what_is_said_ignored(websocket):
    websocket.send(TextMessage("hello"))
    websocket.send(CloseConnection(1000, "bye"))

    closed = websocket.receive()
    assert (closed.code, websocket.receive()) == (1000, None)


@pytest.mark.parametrize(
    "nonsense", [b"\xff" * 100, b"\x81\x05hello", b"\x89\xff" + b"\xff" * 8, b"GET / HTTP/1.1\r\n\r\n"]
)
def test_nonsense_ends_its_own_connection_only(mock, client, websocket, nonsense):
    with closing(WebSocket(mock)) as hostile:
        hostile.socket.sendall(nonsense)
        hostile.socket.shutdown(socket.SHUT_WR)
        while True:
            part = hostile.receive()
            if part is None or isinstance(part, CloseConnection):
                break

    mock.purge()
    assert websocket.next() == ("truncate", None)


def test_stop_tells_the_clients_that_the_server_goes_away():
    with SMTPMock(http_port=0) as mock, closing(WebSocket(mock)) as first, closing(WebSocket(mock)) as second:
        mock.stop()
        for websocket in (first, second):
            assert websocket.receive().code == 1001
        mock.start()
    assert mock.errors == []


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {}),
        ("POST", HANDSHAKE),
        ("GET", {**HANDSHAKE, "Upgrade": "h2c"}),
        ("GET", {**HANDSHAKE, "Connection": "close"}),
        ("GET", {**HANDSHAKE, "Sec-WebSocket-Version": "8"}),
        ("GET", {name: text for name, text in HANDSHAKE.items() if name != "Sec-WebSocket-Key"}),
    ],
    ids=["plain", "method", "upgrade", "connection", "version", "key"],
)
def test_request_that_is_no_handshake_is_refused(client, method, headers):
    refused = client.ask(method, "/api/events", headers=headers)

    assert refused.status == 426
    assert refused.headers["Upgrade"] == "websocket"
    assert refused.headers["Sec-WebSocket-Version"] == "13"
    assert refused.content.startswith(b"WebSocket is expected: ")


def test_too_many_are_refused(mock, websocket, monkeypatch):
    monkeypatch.setattr(context, "MOST_STREAMS", 1)
    with closing(WebSocket(mock)) as refused:
        assert isinstance(refused.handshake, RejectConnection)
        assert refused.handshake.status_code == 503


def test_other_server_says_that_it_cannot():
    mock = SMTPMock()
    app = http_app.make_app(mock, mock)
    answered = []
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in HANDSHAKE.items()}
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/api/events", **headers}

    body = b"".join(app(environ, lambda status, _: answered.append(status)))
    assert answered == ["501 Not Implemented"]
    assert body == b"This server cannot speak WebSocket: only that of smtpmock itself can"
