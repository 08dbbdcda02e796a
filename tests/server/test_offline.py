"""A server that is offline for a while: refused connections, the same port again, and nothing lost."""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack, contextmanager
from smtplib import SMTP

import pytest

from smtpmock import ServerStateError, SMTPMock, StartError
from tests.explained import send
from tests.places import PLACES, served
from tests.ports import reserved_port

SECONDS = 60


@contextmanager
def serving(host):
    """Give a server in this process, which a test can stop, with a port that stays its own."""
    with ExitStack() as port:
        try:
            running = SMTPMock(host=host, port=port.enter_context(reserved_port(host)))
            running.start()
        except (OSError, StartError):
            pytest.skip("this machine has no such address")
        yield running
        if running.is_running:
            running.stop()


@pytest.fixture(params=["127.0.0.1", "::1"])
def server(request):
    with serving(request.param) as running:
        yield running


@pytest.fixture(params=["127.0.0.1", "::1", "process", "https"])
def mock(request):
    with served(request.param) if request.param in PLACES else serving(request.param) as running:
        yield running


def assert_refused(mock):
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((mock.host, mock.port), SECONDS)


def test_connections_are_refused_and_then_accepted_again_on_the_same_port(mock):
    port = mock.port
    for _ in range(3):
        with mock.offline():
            assert (mock.is_online, mock.is_running, mock.port) == (False, True, port)
            assert_refused(mock)
        assert mock.is_online
        send(mock)
    assert (mock.port, len(mock)) == (port, 3)


def test_open_sessions_go_on(mock):
    with SMTP(mock.host, mock.port, timeout=SECONDS) as client:
        with mock.offline():
            client.sendmail("shop@example.com", ["bob@example.com"], "Subject: during")
            assert_refused(mock)
        client.sendmail("shop@example.com", ["bob@example.com"], "Subject: after")
    assert [message.subject for message in mock.messages()] == ["during", "after"]


def test_wait_goes_on(mock):
    mock.go_offline()
    thread = threading.Thread(target=lambda: (mock.go_online(), send(mock)))
    thread.start()
    assert mock.wait_for_message(SECONDS).subject == "Welcome"
    thread.join(SECONDS)


def test_going_twice_changes_nothing(mock):
    mock.go_online()
    send(mock)
    mock.go_offline()
    mock.go_offline()
    assert_refused(mock)
    mock.go_online()
    mock.go_online()
    send(mock)


def test_server_that_is_stopped_while_it_is_offline_frees_its_port(server):
    with server.offline():
        server.stop()
        assert not server.is_online
        with SMTPMock(host=server.host, port=server.port) as other:
            send(other)
    assert not server.is_running
    server.start()
    assert server.is_online
    send(server)


def test_stop_ends_sessions_of_a_server_that_is_offline(server):
    with SMTP(server.host, server.port, timeout=SECONDS) as client:
        server.go_offline()
        server.stop()
        assert client.getreply()[0] == 421


def test_nobody_takes_the_port_of_a_server_that_is_offline(mock):
    thief = SMTPMock(host=mock.host, port=mock.port)
    with mock.offline(), pytest.raises(StartError):
        thief.start()
    send(mock)


def test_server_that_is_not_running_cannot_change():
    mock = SMTPMock()
    assert not mock.is_online
    for change, where in ((mock.go_offline, "offline"), (mock.go_online, "online")):
        with pytest.raises(ServerStateError, match=rf"^Unable to go {where}: the server is not running\.$"):
            change()


def test_threads_that_change_it_at_the_same_time_leave_it_usable(mock):
    threads = [threading.Thread(target=change) for change in (mock.go_offline, mock.go_online) * 8]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    mock.go_online()
    send(mock)
