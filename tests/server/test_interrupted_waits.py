"""A wait that is ended from outside: by a signal, by gevent, by Ctrl-C."""

import pytest

from tests.server.worlds import ON_LIBUV, PATCHED, in_every_world

pytestmark = pytest.mark.needs("signals", "posix_spawn")

# Four clients in a process of their own: a signal can meet none of them.
# Nobody waits for their process: in gevent's callbacks that do, the signal would be lost. Their mails are proof enough.
CLIENTS = """
import os
import sys

SEND = '''
import smtplib, sys, threading
def send(name):
    for number in range(100):
        helo_name = f"{name}-{number}.example"
        with smtplib.SMTP("127.0.0.1", int(sys.argv[1]), helo_name, timeout=60) as client:
            client.sendmail("a@example.com", ["b@example.com"], "hello")
threads = [threading.Thread(target=send, args=(name,)) for name in "abcd"]
for thread in threads:
    thread.start()
'''

def start_clients(mock):
    os.posix_spawn(sys.executable, [sys.executable, "-c", SEND, str(mock.port)], os.environ)
"""


@pytest.mark.uninstrumented
@in_every_world
def test_an_exception_of_a_signal_ends_the_wait_and_nothing_is_lost(run, world):
    if world and ON_LIBUV:
        pytest.skip("gevent loses exceptions of handlers that run in libuv's callbacks; Windows has no such signals")
    run(
        world,
        CLIENTS,
        """
        import signal
        from smtpmock import SMTPMock

        class TimeIsUp(BaseException):
            pass

        def time_is_up(*_):
            raise TimeIsUp

        signal.signal(signal.SIGALRM, time_is_up)
        ended = 0
        with SMTPMock() as mock:
            start_clients(mock)
            mock.wait_for_messages(1, 60)
            for _ in range(20):
                try:
                    signal.setitimer(signal.ITIMER_REAL, 0.02)
                    mock.wait_for_messages(1_000_000, 3600)
                except TimeIsUp:
                    ended += 1
            assert len(mock.wait_for_messages(400, 3600)) == 400
            assert [message.is_consistent for message in mock.messages()] == [True] * 400
            for name in "abcd":
                for number in range(100):
                    mock.wait_for_session(3600, helo_name=f"{name}-{number}.example")
            assert mock.errors == []
        assert ended == 20, ended
        """,
        may_complain=bool(world),  # gevent shows what a signal handler raises
    )


@in_every_world
def test_ctrl_c_ends_the_wait(run, world):
    run(
        world,
        """
        import signal
        from smtpmock import SMTPMock
        from tests.raw_client import deliver

        signal.signal(signal.SIGALRM, signal.default_int_handler)  # what Ctrl-C does, in a while
        with SMTPMock() as mock:
            for number in (1, 2, 3):
                try:
                    signal.setitimer(signal.ITIMER_REAL, 0.05)
                    mock.wait_for_messages(1_000_000, 3600)
                except KeyboardInterrupt:
                    deliver(mock)
                    assert len(mock.wait_for_messages(number, 3600)) == number
                else:
                    raise SystemExit("the wait was not ended")
        """,
        may_complain=bool(world),
    )


@in_every_world
def test_a_signal_handler_that_raises_nothing_does_not_end_the_wait(run, world):
    run(
        world,
        """
        import signal
        import threading
        from smtpmock import SMTPMock
        from tests.raw_client import deliver

        calls = 0
        enough = threading.Event()

        def call(*_):
            global calls
            calls += 1
            if calls == 10:
                signal.setitimer(signal.ITIMER_REAL, 0)
                enough.set()

        def send():
            enough.wait()
            deliver(mock)

        signal.signal(signal.SIGALRM, call)
        with SMTPMock() as mock:
            sender = threading.Thread(target=send)
            sender.start()
            signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
            assert len(mock.wait_for_messages(1, 3600)) == 1
            sender.join()
        assert calls == 10
        """,
    )


def test_a_gevent_timeout_ends_the_wait(run):
    run(
        PATCHED,
        """
        import gevent
        from smtpmock import SMTPMock
        from tests.raw_client import deliver
        with SMTPMock() as mock:
            for number in range(1, 6):
                try:
                    with gevent.Timeout(0.02):
                        mock.wait_for_messages(1_000_000, 3600)
                except gevent.Timeout:
                    deliver(mock)
                    assert len(mock.wait_for_messages(number, 3600)) == number
                else:
                    raise SystemExit("the wait was not ended")
        """,
    )


def test_a_greenlet_that_waits_can_be_killed(run):
    run(
        PATCHED,
        """
        import gevent
        from smtpmock import SMTPMock
        from tests.raw_client import deliver
        with SMTPMock() as mock:
            doomed = [gevent.spawn(mock.wait_for_messages, 1, 3600) for _ in range(5)]
            spared = gevent.spawn(mock.wait_for_messages, 1, 3600)
            gevent.idle()  # now they wait
            gevent.killall(doomed)
            assert all(isinstance(greenlet.value, gevent.GreenletExit) for greenlet in doomed)
            assert not spared.dead
            deliver(mock)
            assert len(spared.get()) == 1
            assert len(mock.wait_for_messages(1, 3600)) == 1
        """,
    )


@in_every_world
def test_a_stop_that_was_interrupted_still_stops(run, world):
    run(
        world,
        """
        import signal
        from smtpmock import ServerStateError, SMTPMock
        from tests.raw_client import Client

        signal.signal(signal.SIGALRM, signal.default_int_handler)
        mock = SMTPMock(shutdown_timeout=3600)
        mock.start()
        with Client(mock) as client:
            client.begin_message()
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.05)
                mock.stop()
            except KeyboardInterrupt:
                pass
            else:
                raise SystemExit("the stop was not ended")
            assert not mock.is_running
            client.send(".")
            assert client.read_all() == ["250 Received", "421 Service shutting down"]
        assert len(mock.messages()) == 1
        """,
        may_complain=bool(world),
    )


@in_every_world
def test_a_start_that_was_interrupted_leaves_a_server_that_runs_or_can_be_started(run, world):
    run(
        world,
        """
        import signal
        from gevent.monkey import get_original
        from smtpmock import ServerStateError, SMTPMock
        from smtpmock.runtime import hub

        def succeeds(call):
            try:
                call()
            except ServerStateError:
                return False
            return True

        signal.signal(signal.SIGALRM, signal.default_int_handler)
        mock = SMTPMock()
        hub.get_hub().post(get_original("time", "sleep"), 0.5)  # the hub is late
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            mock.start()
        except KeyboardInterrupt:
            pass
        else:
            raise SystemExit("the start was not ended")
        hub.get_hub().call(int)
        running = mock.is_running
        assert succeeds(mock.start) != running
        assert succeeds(mock.stop)
        assert not succeeds(mock.stop)
        """,
        may_complain=bool(world),
    )
