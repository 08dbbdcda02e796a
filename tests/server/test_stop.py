"""Stops, and the sessions that go on."""

import gc
import logging
import queue
import socket
import threading

import gevent
import pytest

from smtpmock import SMTPMock
from smtpmock.runtime import hub
from tests.raw_client import ENVELOPE, HELLO, Client

TOLD = "421 Service shutting down"
ENDLESS = 3600.0


@pytest.fixture
def log():
    """A logger, and the queue into which it puts what is logged."""
    lines = queue.SimpleQueue()
    logger = logging.Logger("activity", logging.INFO)
    handler = logging.Handler()
    handler.emit = lambda record: lines.put(record.getMessage())
    logger.addHandler(handler)
    return logger, lines


def stopping(mock):
    thread = threading.Thread(target=mock.stop)
    thread.start()
    return thread


def greenlets():
    """How many greenlets there are, in this one."""
    return sum(1 for thing in gc.get_objects() if isinstance(thing, gevent.Greenlet) and not thing.dead)


def test_idle_sessions_are_told_and_closed_without_waiting_for_the_timeout():
    mock = SMTPMock(shutdown_timeout=ENDLESS, multiple_message_receiving=True)
    mock.start()
    with Client(mock) as new, Client(mock) as greeted, Client(mock) as done:
        greeted.ask(HELLO, "MAIL FROM:<a@example.com>")
        done.deliver()

        mock.stop()

        for client in (new, greeted, done):
            assert client.read_all() == [TOLD]
    assert all(session.ended_at for session in mock.sessions())
    assert [session.exchanges[-1].reply for session in mock.sessions()] == [TOLD] * 3


def test_a_session_in_the_middle_of_a_message_may_finish_it():
    mock = SMTPMock(shutdown_timeout=ENDLESS)
    mock.start()
    with Client(mock) as idle, Client(mock) as busy:
        busy.begin_message()
        thread = stopping(mock)
        assert idle.read_all() == [TOLD]

        busy.send("", "the rest", ".")

        assert busy.read_all() == ["250 Received", TOLD]
        thread.join()
    [message] = mock.messages()
    assert message.raw == b"Subject: hi\r\n\r\nthe rest\r\n"


def test_a_session_in_the_middle_of_a_command_may_finish_it():
    mock = SMTPMock(shutdown_timeout=ENDLESS)
    mock.start()
    with Client(mock) as idle, Client(mock) as busy:
        busy.ask("NOOP")
        busy.send_bytes(b"NO")
        # What the server has read before it answers another client, it has read before it stops.
        idle.ask("NOOP")
        thread = stopping(mock)
        assert idle.read_all() == [TOLD]

        busy.send_bytes(b"OP\r\n")

        assert busy.read_all() == ["250 Ok", TOLD]
        thread.join()


def test_a_session_that_does_not_finish_in_time_is_ended_by_force():
    mock = SMTPMock(shutdown_timeout=0.05)
    mock.start()
    with Client(mock) as client:
        client.begin_message()

        mock.stop()

        assert client.read_all() == []
    [session] = mock.sessions()
    assert session.ended_at is not None
    [message] = mock.messages(accepted=None)
    assert message.data
    assert not message.msg
    assert message.msg_response == ""


def test_a_client_that_does_not_read_is_ended_by_force():
    mock = SMTPMock(shutdown_timeout=0.05, msg_noop_received="250 " + 10_000 * "x")
    mock.start()
    with Client(mock) as client:
        client.socket.settimeout(0.5)
        with pytest.raises(TimeoutError):
            client.flood()

        mock.stop()

    assert mock.sessions()[0].ended_at is not None
    assert mock.errors == []


@pytest.mark.parametrize(
    ("setting", "commands", "last", "reply"),
    [
        ("response_delay_helo", [], HELLO, "250 Received"),
        ("response_delay_mailfrom", ENVELOPE[:1], ENVELOPE[1], "250 Received"),
        ("response_delay_rcptto", ENVELOPE[:2], ENVELOPE[2], "250 Received"),
        ("response_delay_message", [*ENVELOPE, "DATA"], ".", "250 Received"),
        ("response_delay_rset", ENVELOPE, "RSET", "250 Ok"),
        ("response_delay_noop", [], "NOOP", "250 Ok"),
    ],
)
def test_a_delay_ends_with_the_stop(setting, commands, last, reply, log):
    logger, lines = log
    mock = SMTPMock(logger=logger, log_server_activity=True, shutdown_timeout=ENDLESS, **{setting: ENDLESS})
    mock.start()
    with Client(mock) as client:
        client.ask(*commands)
        client.send(last)
        while lines.get(timeout=60) != "SMTP response delay: 3600 sec":
            pass

        mock.stop()

        assert client.read_all() == [reply, TOLD]


def test_a_delayed_reply_to_data_leaves_time_for_the_message(log):
    logger, lines = log
    mock = SMTPMock(logger=logger, log_server_activity=True, shutdown_timeout=ENDLESS, response_delay_data=ENDLESS)
    mock.start()
    with Client(mock) as client:
        client.ask(*ENVELOPE)
        client.send("DATA")
        while lines.get(timeout=60) != "SMTP response delay: 3600 sec":
            pass
        thread = stopping(mock)
        assert client.read().startswith("354 ")
        client.send("hello", ".")
        assert client.read_all() == ["250 Received", TOLD]
        thread.join()


def test_a_delayed_quit_is_answered_as_ever(log):
    logger, lines = log
    mock = SMTPMock(logger=logger, log_server_activity=True, shutdown_timeout=ENDLESS, response_delay_quit=ENDLESS)
    mock.start()
    with Client(mock) as client:
        client.send("QUIT")
        while lines.get(timeout=60) != "SMTP response delay: 3600 sec":
            pass
        mock.stop()
        assert client.read_all() == ["221 Closing connection"]


def test_what_was_pipelined_behind_a_delay_is_answered_at_the_stop(log):
    logger, lines = log
    mock = SMTPMock(logger=logger, log_server_activity=True, shutdown_timeout=ENDLESS, response_delay_noop=ENDLESS)
    mock.start()
    with Client(mock) as client:
        client.send("NOOP", "NOOP", *ENVELOPE)
        while lines.get(timeout=60) != "SMTP response delay: 3600 sec":
            pass
        mock.stop()
        assert client.read_all() == ["250 Ok", "250 Ok", "250 Received", "250 Received", "250 Received", TOLD]


def test_after_a_stop_no_descriptor_is_open_and_no_greenlet_runs(descriptors):
    before = descriptors(), hub.get_hub().call(greenlets)
    mock = SMTPMock(shutdown_timeout=0.05)
    mock.start()
    clients = [Client(mock) for _ in range(20)]
    for client in clients[:5]:
        client.begin_message()
    for client in clients[5:10]:
        client.deliver()

    mock.stop()

    own = {client.socket.fileno() for client in clients}
    assert (descriptors() - own, hub.get_hub().call(greenlets)) == before
    for client in clients:
        client.close()


def test_after_a_stop_the_port_is_free(free_port):
    mock = SMTPMock(port=free_port)
    mock.start()
    with Client(mock) as client:
        client.deliver()
        client.ask("QUIT")
        assert client.read() == ""  # the server is the first to close: it is its port that lingers
    mock.stop()
    with SMTPMock(port=free_port):
        pass
    with socket.create_server(("127.0.0.1", free_port)):
        pass


def test_connections_that_pour_in_do_not_keep_a_server_from_stopping():
    mock = SMTPMock(shutdown_timeout=ENDLESS)
    mock.start()
    over = threading.Event()

    def pour():
        while not over.is_set():
            try:
                Client(mock, greeting=None).close()
            except OSError:
                continue  # refused, or reset

    thread = threading.Thread(target=pour)
    thread.start()
    for _ in range(20):
        mock.stop()
        assert [session for session in mock.sessions() if session.ended_at is None] == []
        mock.start()
        mock.purge()
    mock.stop()
    over.set()
    thread.join()
    assert mock.errors == []
