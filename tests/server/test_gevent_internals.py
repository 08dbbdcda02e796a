"""The parts of gevent that it does not document: still there, and done without where they are not."""

from __future__ import annotations

import socket as native

import gevent
import pytest
from gevent.pywsgi import WSGIHandler
from gevent.server import StreamServer
from gevent.socket import socket

from smtpmock import SMTPMock
from smtpmock.runtime import acceptor, gevent_internals
from smtpmock.runtime.gevent_internals import (
    SendsTogether,
    accept_plain,
    has_data,
    plain_socket,
    take_descriptor,
    threadpool_of,
)
from tests.raw_client import ENVELOPE, Client

STAGES = ["connect", "EHLO", "MAIL FROM", "RCPT TO", "QUIT"]
BROKEN = f"gevent {gevent.__version__} broke it; smtpmock works, by the slower public way"


class _Opaque:
    """A gevent socket that keeps to itself what it does not document."""

    def __init__(self, sock):
        self.documented = sock

    def __getattr__(self, name):
        return getattr(self.documented, name)


@pytest.fixture(params=[lambda sock: sock, _Opaque], ids=["known", "opaque"])
def pair(request):
    """A gevent socket, as gevent is and as it may be, and the other end of its connection."""
    ours, theirs = native.socketpair()
    with theirs, socket(fileno=ours.detach()) as sock:
        yield request.param(sock), theirs


@pytest.fixture
def sock():
    ours, theirs = native.socketpair()
    with theirs, socket(fileno=ours.detach()) as sock:
        yield sock


def test_socket_has_a_plain_one_beneath(sock):
    assert isinstance(plain_socket(sock), native.SocketType), BROKEN
    assert plain_socket(sock).fileno() == sock.fileno(), BROKEN
    assert not plain_socket(sock).getblocking(), BROKEN


@pytest.fixture
def listener():
    """What gevent's server accepts from."""
    server = StreamServer(("127.0.0.1", 0), print)
    server.init_socket()
    yield server.socket
    server.close()


def test_plain_connection_is_accepted_without_waiting(listener):
    assert accept_plain(listener) is None, BROKEN

    with native.create_connection(listener.getsockname()) as client:
        sock, address = accept_plain(listener)
        try:
            assert address == client.getsockname()
            assert isinstance(sock, native.SocketType)
            assert not sock.getblocking()
        finally:
            sock.close()


def test_hub_tells_which_threads_it_has():
    pool = gevent.get_hub().threadpool
    assert threadpool_of(gevent.get_hub()) is pool, BROKEN


def test_gevent_tells_whether_a_thread_has_a_hub():
    from gevent._hub_local import get_hub_if_exists

    assert gevent_internals.get_hub_if_exists is get_hub_if_exists, BROKEN


def test_handler_sends_by_a_method_of_its_own():
    assert callable(WSGIHandler._sendall), BROKEN


class _Parts:
    """A handler that sends in parts."""

    def __init__(self):
        self.sent = []

    def _sendall(self, data):
        self.sent.append(bytes(data))

    def respond(self):
        self._sendall(b"head")
        self._sendall(bytearray(b"body"))


class _Together(SendsTogether, _Parts):
    """One that sends them together where it is told to."""


def test_what_a_handler_sends_in_parts_leaves_together():
    handler = _Together()

    handler.send_together(handler.respond)
    handler.send_together(lambda: None)
    handler.respond()

    assert handler.sent == [b"headbody", b"head", b"body"]


def test_what_was_held_back_is_sent_when_what_follows_fails():
    handler = _Together()

    with pytest.raises(ZeroDivisionError):
        handler.send_together(lambda: handler._sendall(b"head") or 1 / 0)

    assert handler.sent == [b"head"]


def test_thread_gets_no_hub_by_being_asked_for_one(run):
    run("""
        from smtpmock.runtime.gevent_internals import hub_of_this_thread

        assert hub_of_this_thread() is None
        assert hub_of_this_thread() is None

        import gevent
        assert gevent.get_hub() is hub_of_this_thread()
    """)


def test_opaque_socket_has_no_plain_one(sock):
    assert plain_socket(_Opaque(sock)) is None


@pytest.fixture(params=[True, False], ids=["counted", "tried"])
def way_to_look(request, monkeypatch):
    """Looking for data as Unix does, and as Windows does."""
    if not request.param:
        monkeypatch.setattr(gevent_internals, "_ioctl", None)


@pytest.mark.usefixtures("way_to_look")
def test_data_that_has_arrived_is_noticed_and_left_to_be_read(pair):
    sock, other = pair
    assert not has_data(sock)

    other.sendall(b"EHLO")

    assert has_data(sock)
    assert sock.recv(10) == b"EHLO"
    assert not has_data(sock)


@pytest.mark.usefixtures("way_to_look")
def test_closed_connection_has_no_data(pair):
    sock, other = pair
    other.close()

    assert not has_data(sock)


@pytest.mark.usefixtures("way_to_look")
def test_looking_for_data_leaves_the_timeout_as_it_was(pair):
    sock, _ = pair
    sock.settimeout(3)

    has_data(sock)

    assert sock.gettimeout() == 3


def test_descriptor_that_was_taken_stays_open_and_belongs_to_the_taker(pair):
    sock, other = pair
    expected = sock.fileno()

    descriptor = take_descriptor(sock)

    assert descriptor == expected
    assert sock.fileno() == -1
    with native.socket(fileno=descriptor) as taken:
        taken.sendall(b"x")
        assert other.recv(1) == b"x"


def test_server_works_without_what_gevent_hides(monkeypatch):
    def hidden(listener):
        raise AttributeError("_accept")

    monkeypatch.setattr(acceptor, "accept_plain", hidden)

    with SMTPMock() as mock:
        with Client(mock) as client:
            client.ask(*ENVELOPE, "QUIT")
        (session,) = mock.sessions()
        assert [exchange.stage for exchange in session.exchanges] == STAGES
    assert mock.errors == []


PATCH = """
    import socket
    import sys
    import gevent.socket
    from gevent import monkey
    from smtpmock.runtime.gevent_internals import patch_sockets
    plain = dict(vars(socket))
"""
COMPARE = """
    assert monkey.is_module_patched("socket")
    ours = dict(vars(socket))
    vars(socket).update(plain)
    monkey.patch_socket()
    assert plain != ours == dict(vars(socket))
"""


def test_sockets_are_patched_as_gevent_does_and_no_package_is_asked(run):
    run(PATCH, f"patch_sockets()\nassert 'importlib.metadata' not in sys.modules, {BROKEN!r}", COMPARE)


def test_sockets_are_patched_without_the_function_for_one_name(run):
    run(PATCH, "del monkey.patch_item\npatch_sockets()\n", COMPARE)


@pytest.mark.parametrize(("patch", "has_hub"), [("", False), ("monkey.patch_all()", True)], ids=["plain", "patched"])
def test_only_a_patched_process_is_taken_to_have_hubs_where_gevent_does_not_tell(patch, has_hub, run):
    run(
        f"""
        import sys
        import gevent
        from gevent import monkey
        {patch}

        internal = sys.modules["gevent._hub_local"]
        sys.modules["gevent._hub_local"] = None
        from smtpmock.runtime.gevent_internals import hub_of_this_thread
        sys.modules["gevent._hub_local"] = internal  # gevent itself needs it

        assert (hub_of_this_thread() is gevent.get_hub()) is {has_hub}
        """,
        """
        from smtplib import SMTP
        from smtpmock import SMTPMock

        with SMTPMock() as mock:
            with SMTP(mock.host, mock.port) as client:
                client.sendmail("a@example.com", "b@example.com", "Subject: hi")
            mock.wait_for_message(subject="hi", timeout=10)
        """,
    )
