"""A fork while a server runs: the child has a copy that it must not use, the parent notices nothing."""

import pytest

from tests.server.worlds import PATCHED, PLAIN

pytestmark = pytest.mark.needs("fork")

in_both_worlds = pytest.mark.parametrize("world", [PLAIN, PATCHED], ids=["plain", "patched"])

# `in_child` runs a function in a forked child and returns a function that waits for its end and demands success.
FORK = """
import os
import sys
import traceback
import warnings
from smtpmock import ServerStateError, SMTPMock
from tests.raw_client import Client, deliver

warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)

def in_child(function):
    ended, end = os.pipe()  # not waitpid: gevent's own can miss a child that ends soon
    if os.fork():
        def succeeded():
            assert os.read(ended, 1) == b"0"
        return succeeded
    status = b"1"
    try:
        function()
        status = b"0"
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(end, status)
        os._exit(0)

def refused(call, *args):
    try:
        call(*args)
    except ServerStateError as error:
        assert "parent" in str(error), error
        return
    raise AssertionError("not refused")
"""


@in_both_worlds
def test_in_the_child_a_stop_does_nothing_and_a_wait_is_refused(run, world):
    run(
        world,
        FORK,
        """
        def child():
            assert not mock.is_running
            mock.stop()
            mock.stop()
            refused(mock.wait_for_messages, 1, 3600)
            refused(mock.wait_for_messages_and_purge, 1, 3600)
            assert len(mock.messages()) == 1
            assert len(mock.purge()) == 1

        with SMTPMock() as mock:
            deliver(mock)
            in_child(child)()
            assert mock.is_running
            assert len(mock.messages()) == 1
            deliver(mock)
            assert len(mock.wait_for_messages_and_purge(2, 3600)) == 2
        """,
    )


@in_both_worlds
def test_the_child_can_leave_the_block_of_a_server(run, world):
    run(
        world,
        FORK,
        """
        def child():
            with held:
                pass

        class Held:
            def __enter__(self): pass
            def __exit__(self, *error): mock.__exit__(*error)

        held = Held()
        with SMTPMock() as mock:
            in_child(child)()
            deliver(mock)
        """,
    )


@in_both_worlds
def test_the_child_can_start_a_server_of_its_own(run, world):
    run(
        world,
        FORK,
        """
        def child():
            for _ in range(3):
                with SMTPMock(log_to_stdout=True) as own:
                    deliver(own, 3)
                    assert len(own.wait_for_messages(3, 3600)) == 3
            assert mock.messages() == []

        with SMTPMock() as mock:
            succeeded = in_child(child)
            deliver(mock, 3)
            succeeded()
            assert len(mock.messages()) == 3
        """,
    )


@in_both_worlds
def test_a_server_that_did_not_run_at_the_fork_works_in_the_child(run, world):
    run(
        world,
        FORK,
        """
        def child():
            with stopped:
                deliver(stopped)
                assert len(stopped.wait_for_messages(2, 3600)) == 2

        with SMTPMock() as stopped:
            deliver(stopped)
        in_child(child)()
        assert len(stopped.messages()) == 1
        """,
    )


@in_both_worlds
def test_the_child_can_send_to_the_server_of_the_parent(run, world):
    run(
        world,
        FORK,
        """
        with SMTPMock() as mock:
            children = [in_child(lambda: deliver(mock, 5)) for _ in range(4)]
            assert len(mock.wait_for_messages(20, 3600)) == 20
            for succeeded in children:
                succeeded()
        """,
    )


@in_both_worlds
def test_a_port_that_the_parent_gives_up_is_free_although_the_child_lives(run, world, free_port):
    run(
        world,
        FORK,
        f"free_port = {free_port}\n",
        """
        from gevent.monkey import get_original
        close = get_original("os", "close")  # gevent's closes later, when its loop runs
        over, end = os.pipe()
        there, born = os.pipe()

        def child():
            close(end)
            os.write(born, b"!")
            assert os.read(over, 1) == b""

        secure = SMTPMock(tls="implicit", shutdown_timeout=0.01)
        secure.start()
        mock = SMTPMock(port=free_port)
        mock.start()
        shaking = Client(secure, greeting=None)
        while not secure.sessions():
            pass
        with Client(mock) as client:
            client.ask("NOOP")
            succeeded = in_child(child)
            assert os.read(there, 1) == b"!"
            assert client.ask("NOOP") == ["250 Ok"]
            mock.stop()
            secure.stop()
            # An end of the connection means that the child has no copy of it.
            assert client.read_all() == ["421 Service shutting down"]
            assert shaking.read_all() == []
            shaking.close()
        try:
            Client(mock, greeting=None)
        except ConnectionRefusedError:
            pass
        else:
            raise AssertionError("the child still listens")
        with SMTPMock(port=free_port) as again:
            deliver(again)
        close(end)
        succeeded()
        """,
    )


@in_both_worlds
def test_sessions_of_the_parent_go_on_through_many_forks(run, world):
    run(
        world,
        FORK,
        """
        with SMTPMock(multiple_message_receiving=True) as mock, Client(mock) as client:
            for number in range(1, 21):
                succeeded = in_child(mock.stop)
                client.deliver()
                succeeded()
                assert len(mock.messages()) == number
        """,
    )


def test_a_multiprocessing_child(run):
    run(
        """
        import multiprocessing
        import warnings
        from smtpmock import ServerStateError, SMTPMock
        from tests.raw_client import deliver

        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)

        def child():
            mock.stop()
            try:
                mock.wait_for_messages(1, 3600)
            except ServerStateError:
                pass
            else:
                raise AssertionError("not refused")
            deliver(mock)
            own = SMTPMock()
            own.start()  # and forgotten
            deliver(own)
            assert len(own.wait_for_messages(1, 3600)) == 1

        with SMTPMock() as mock:
            for number in range(1, 6):
                process = multiprocessing.get_context("fork").Process(target=child)
                process.start()
                assert len(mock.wait_for_messages(number, 3600)) == number
                process.join()
                assert process.exitcode == 0
        """
    )


def test_a_child_that_ends_as_an_interpreter_does(run):
    run(
        FORK,
        """
        mock = SMTPMock()
        mock.start()
        pid = os.fork()
        if pid == 0:
            own = SMTPMock()
            own.start()
            deliver(own)
            sys.exit(7)  # with all that is done at exit
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
        deliver(mock)
        mock.stop()
        assert len(mock.messages()) == 1
        """,
    )
