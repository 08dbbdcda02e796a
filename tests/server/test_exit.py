"""The interpreter exits: with status 0, and not a word."""

import pytest

from tests.long import LONG
from tests.server.worlds import PATCHED, PLAIN, in_every_world

TRAFFIC = """
import threading
import warnings
from smtpmock import SMTPMock
from tests.raw_client import Client

warnings.simplefilter("ignore", ResourceWarning)  # of the clients, which nobody closes

def talk():
    while True:
        try:
            with Client(mock) as client:
                while True:
                    client.deliver()
                    client.ask(*["NOOP"] * 10)
        except (OSError, AssertionError):
            pass  # the server ends before the client does

def under_traffic():
    for _ in range(4):
        threading.Thread(target=talk, daemon=True).start()
    mock.wait_for_messages(4, 60)
"""


@pytest.mark.parametrize("number", range(20 if LONG else 4))  # what ends it comes at another moment each time
def test_under_traffic(run, number):
    run(
        TRAFFIC,
        """
        mock = SMTPMock(multiple_message_receiving=True)
        mock.start()
        under_traffic()
        """,
    )


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("world", [PLAIN, PATCHED], ids=["plain", "patched"])
def test_under_traffic_that_is_logged(run, world, number):
    output = run(
        world,
        TRAFFIC,
        """
        mock = SMTPMock(multiple_message_receiving=True, log_to_stdout=True, log_server_activity=True)
        mock.start()
        under_traffic()
        """,
    )
    assert output.count("SMTP mock server started on port: ") == 1


@in_every_world
def test_with_sessions_in_the_middle_of_everything(run, world):
    run(
        world,
        """
        import warnings
        from smtpmock import SMTPMock
        from tests.raw_client import Client
        warnings.simplefilter("ignore", ResourceWarning)  # of the clients, which nobody closes
        mock = SMTPMock(response_delay_noop=3600, shutdown_timeout=3600)
        mock.start()
        clients = [Client(mock) for _ in range(3)]
        clients[0].begin_message()
        clients[1].send("NOOP")
        """,
    )


@in_every_world
def test_with_a_server_that_was_forgotten(run, world):
    run(
        world,
        """
        from smtpmock import SMTPMock
        from tests.garbage import collect
        from tests.raw_client import deliver

        def forget():
            mock = SMTPMock()
            mock.start()
            deliver(mock)

        forget()
        collect()
        """,
    )


@in_every_world
def test_with_a_server_that_was_stopped(run, world):
    run(
        world,
        """
        from smtpmock import SMTPMock
        from tests.raw_client import deliver
        with SMTPMock() as mock:
            deliver(mock)
        """,
    )


@in_every_world
def test_with_a_server_that_was_never_started(run, world):
    run(
        world,
        """
        from smtpmock import SMTPMock
        mock = SMTPMock()
        """,
    )


def test_with_threads_that_wait(run):
    run(
        """
        import threading
        from smtpmock import SMTPMock
        mock = SMTPMock()
        mock.start()
        for _ in range(4):
            threading.Thread(target=mock.wait_for_messages, args=(1, 3600), daemon=True).start()
        """
    )


def test_with_a_thread_of_the_pool_that_does_not_end(run):
    """Such as one that looks up the name of a Redis that is gone."""
    run(
        """
        import time
        import gevent
        from smtpmock import SMTPMock
        from smtpmock.runtime.hub import get_hub

        with SMTPMock():
            get_hub().call(lambda: bool(gevent.get_hub().threadpool.spawn(time.sleep, 600)))
        """
    )


def test_a_server_that_is_used_by_what_runs_at_exit(run):
    output = run(
        """
        import atexit
        from smtpmock import SMTPMock
        from tests.raw_client import deliver
        mock = SMTPMock()
        mock.start()

        @atexit.register
        def last():
            deliver(mock)
            mock.stop()
            print(len(mock.messages()))
        """
    )
    assert output == "1\n"


def test_what_was_received_can_be_read_after_the_end(run):
    output = run(
        """
        import atexit

        @atexit.register
        def last():  # registered first, it runs when smtpmock has ended
            print(len(mock.messages()), mock.is_running)
            try:
                mock.start()
            except SMTPMockError as error:
                print(error)

        from smtpmock import SMTPMock, SMTPMockError
        from tests.raw_client import deliver
        mock = SMTPMock()
        mock.start()
        deliver(mock)
        """
    )
    assert output == "1 False\nThe interpreter is shutting down: no server can start.\n"


def test_an_exit_with_an_error_keeps_its_status_and_its_text(run):
    output = run(
        """
        import subprocess, sys
        script = '''if True:
            from smtpmock import SMTPMock
            SMTPMock().start()
            raise SystemExit("so it ends")
        '''
        done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True)
        print(done.returncode, repr(done.stdout), repr(done.stderr))
        """
    )
    assert output == "1 '' 'so it ends\\n'\n"
