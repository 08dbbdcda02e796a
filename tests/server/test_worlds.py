"""The whole of it in a plain process, a patched one, and one that is patched when a server runs already."""

import pytest

from tests.long import LONG
from tests.server.worlds import ON_LIBUV, PATCHED, in_every_world


@in_every_world
def test_fifty_clients_at_once(run, world):
    run(
        world,
        """
        import smtplib
        import threading
        from smtpmock import SMTPMock

        def send(number):
            with smtplib.SMTP(mock.host, mock.port, timeout=60) as client:
                for part in range(4):
                    text = f"Subject: {number}/{part}\\r\\n\\r\\nhello"
                    assert client.sendmail("a@example.com", ["b@example.com"], text) == {}

        with SMTPMock(multiple_message_receiving=True) as mock:
            threads = [threading.Thread(target=send, args=(number,)) for number in range(50)]
            for thread in threads:
                thread.start()
            assert len(mock.wait_for_messages(200, 100)) == 200
            for thread in threads:
                thread.join()
            subjects = {message.raw.split(b"\\r\\n")[0].decode() for message in mock.messages()}
            assert subjects == {f"Subject: {number}/{part}" for number in range(50) for part in range(4)}
            assert all(session.ended_at for session in mock.sessions())
            assert len(mock.sessions()) == 50
            assert mock.errors == []
        """,
    )


def test_fifty_greenlets_at_once(run):
    run(
        PATCHED,
        """
        import gevent
        import smtplib
        from smtpmock import SMTPMock

        def send(number):
            with smtplib.SMTP(mock.host, mock.port, timeout=60) as client:
                client.sendmail("a@example.com", ["b@example.com"], f"Subject: {number}\\r\\n\\r\\nhello")
                assert any(message.raw.startswith(b"Subject: %d\\r\\n" % number) for message in mock.messages())

        with SMTPMock() as mock:
            greenlets = [gevent.spawn(send, number) for number in range(50)]
            gevent.joinall(greenlets, raise_error=True)
            assert len(mock.messages()) == 50
        """,
    )


@pytest.mark.needs("posix_spawn")
@in_every_world
def test_a_main_thread_that_blocks_does_not_stall_the_server(run, world):
    # What the client says comes from another process; this one does nothing but wait for it, natively.
    run(
        world,
        """
        import sys
        from gevent.monkey import get_original
        from smtpmock import SMTPMock
        script = '''if True:
            import smtplib, sys
            with smtplib.SMTP("127.0.0.1", int(sys.argv[1]), timeout=60) as client:
                client.sendmail("a@example.com", ["b@example.com"], "hello")
        '''
        with SMTPMock() as mock:
            import os
            pid = get_original("os", "posix_spawn")(
                sys.executable, [sys.executable, "-c", script, str(mock.port)], os.environ
            )
            assert get_original("os", "waitpid")(pid, 0)[1] == 0
            assert len(mock.messages()) == 1
        """,
    )


@in_every_world
def test_start_and_stop(run, world):
    run(
        world,
        """
        from smtpmock import SMTPMock
        from tests.raw_client import Client, deliver
        mock = SMTPMock(shutdown_timeout=3600)
        for _ in range(10):
            mock.start()
            deliver(mock)
            with Client(mock) as idle:
                mock.stop()
                assert idle.read_all() == ["421 Service shutting down"]
        assert len(mock.purge()) == 10
        """,
    )


@in_every_world
def test_the_log(run, world):
    output = run(
        world,
        """
        from smtpmock import SMTPMock
        from tests.raw_client import deliver
        with SMTPMock(log_to_stdout=True, log_server_activity=True) as mock:
            deliver(mock)
        """,
    )
    assert output.count("SMTP request: message binary data portion\n") == 1
    assert output.endswith(" SMTP mock server was stopped successfully\n")


def test_a_server_that_was_started_before_the_patch_serves_and_stops_after_it(run):
    run(
        """
        from smtpmock import SMTPMock
        mock = SMTPMock()
        mock.start()
        from gevent import monkey
        monkey.patch_all()
        from tests.raw_client import Client, deliver
        deliver(mock, 3)
        assert len(mock.wait_for_messages_and_purge(3, 3600)) == 3
        with Client(mock) as client:
            mock.stop()
            assert client.read_all() == ["421 Service shutting down"]
        with mock:
            deliver(mock)
        """
    )


@pytest.mark.uninstrumented
@pytest.mark.needs("/proc")
@pytest.mark.parametrize("count", [1000 if LONG else 200])
def test_many_starts_and_stops_leave_nothing_behind(run, count):
    run(
        # On libuv gevent itself keeps a quarter of a kilobyte of each listener.
        f"COUNT = {count}\nMOST = {600 if ON_LIBUV else 100}\n",
        """
        import os
        import tracemalloc
        from smtpmock import SMTPMock
        from tests.garbage import collect
        from tests.raw_client import Client

        def cycles(count):
            same = SMTPMock()
            for _ in range(count):
                with SMTPMock() as other, same, Client(other) as client:
                    assert client.ask("NOOP") == ["250 Ok"]

        def state():
            collect()
            return len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))

        tracemalloc.start()  # first: what replaces something that was not traced would look like growth
        cycles(50)
        before, memory = state(), tracemalloc.get_traced_memory()[0]
        cycles(COUNT)
        assert state() == before, (state(), before)
        growth = tracemalloc.get_traced_memory()[0] - memory
        assert growth < MOST * COUNT, growth
        """,
    )
