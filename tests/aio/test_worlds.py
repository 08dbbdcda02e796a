"""Coroutines in a plain process, a patched one, and one that is patched when a server runs already; after a fork."""

from __future__ import annotations

from functools import partial

import pytest

from tests.server.worlds import PATCHED, PATCHED_LATE, PLAIN

ASYNCIO = "import asyncio"
TRIO = "import trio"
in_every_world_of_each_library = pytest.mark.parametrize(
    ("world", "library"),
    [(PLAIN, ASYNCIO), (PATCHED, ASYNCIO), (PATCHED_LATE, ASYNCIO), (PLAIN, TRIO)],  # trio needs an unpatched `select`
    ids=["plain-asyncio", "patched-asyncio", "patched-late-asyncio", "plain-trio"],
)
in_both_libraries = pytest.mark.parametrize("library", [ASYNCIO, TRIO], ids=["asyncio", "trio"])


@pytest.fixture
def run(run):
    """Runs a script; on libuv gevent warns of the short timers that asyncio sets in a patched process."""
    return partial(run, options=("-W", "ignore:libuv only supports millisecond timer resolution:UserWarning"))


SETUP = """
import sys
import threading
from smtpmock import MessageTimeoutError, ServerStateError, SMTPMock
from tests.raw_client import Client, deliver

def run(function, *args):
    if "trio" in sys.modules:
        return trio.run(function, *args)
    return asyncio.run(function(*args))

async def let_others_run():
    await (trio if "trio" in sys.modules else asyncio).sleep(0)
"""


@in_every_world_of_each_library
def test_mail_of_a_thread_ends_a_wait(run, world, library):
    run(
        world,
        library,
        SETUP,
        """
        async def test():
            async with SMTPMock() as mock:
                for number in range(1, 21):
                    sender = threading.Thread(target=deliver, args=(mock,))
                    sender.start()
                    assert len(await mock.aio.wait_for_messages(number, 3600)) == number
                    sender.join()
                session = await mock.aio.wait_for_session(3600, helo_name="client.example")
                assert session.number == 1
                try:
                    await mock.aio.wait_for_messages(21, 0.01)
                except MessageTimeoutError as error:
                    assert str(error).startswith("timeout waiting for 21 messages, got 20")
                    assert "mock.aio" not in str(error), error
                else:
                    raise AssertionError("there are 21 messages")
                await mock.aio.assert_no_message(within=0.01, subject="something else")
                assert len(await mock.aio.purge()) == 20
                assert mock._store._callbacks == mock._local._waiters == {}
            assert mock.errors == []

        run(test)
        """,
    )


@in_every_world_of_each_library
def test_wait_ends_at_once_when_its_task_is_cancelled(run, world, library):
    run(
        world,
        library,
        SETUP,
        """
        async def test():
            async with SMTPMock() as mock:
                if "trio" in sys.modules:
                    with trio.move_on_after(0.01):
                        await mock.aio.wait_for_message(3600)
                else:
                    try:
                        await asyncio.wait_for(mock.aio.wait_for_message(3600), 0.01)
                    except asyncio.TimeoutError:
                        pass
                assert mock._store._callbacks == mock._local._waiters == {}
                deliver(mock)
                assert (await mock.aio.wait_for_message(3600)).number == 1

        run(test)
        """,
    )


@pytest.mark.needs("fork")
@in_both_libraries
def test_forked_child_is_refused_a_wait_for_its_parent_and_has_servers_of_its_own(run, library):
    run(
        library,
        SETUP,
        """
        import os
        import traceback
        import warnings

        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)

        async def in_child(mock):
            try:
                await mock.aio.wait_for_message(3600)
            except ServerStateError as error:
                assert "parent" in str(error), error
            else:
                raise AssertionError("not refused")
            await mock.aio.stop()
            async with SMTPMock() as own:
                deliver(own)
                assert (await own.aio.wait_for_message(3600)).number == 1

        async def in_parent(mock):
            deliver(mock)
            assert (await mock.aio.wait_for_message(3600)).number == 1

        with SMTPMock() as mock:
            run(mock.aio.assert_no_message, 0)
            child = os.fork()
            if not child:
                status = 1
                try:
                    run(in_child, mock)
                    status = 0
                except BaseException:
                    traceback.print_exc()
                finally:
                    sys.stderr.flush()
                    os._exit(status)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
            run(in_parent, mock)
        """,
    )


def test_greenlets_of_a_patched_process_run_while_a_task_waits(run):
    run(
        PATCHED,
        ASYNCIO,
        SETUP,
        """
        import gevent

        async def test(mock):
            sender = gevent.spawn(deliver, mock)
            message = await mock.aio.wait_for_message(3600)
            sender.join()
            return message

        with SMTPMock() as mock:
            assert run(test, mock).number == 1
        """,
    )


def test_loop_goes_on_in_another_greenlet(run):
    run(
        PATCHED,
        ASYNCIO,
        SETUP,
        """
        import gevent

        async def until_waiting(mock):
            while not mock._store._callbacks:
                await let_others_run()

        with SMTPMock() as mock:
            loop = asyncio.new_event_loop()
            wait = loop.create_task(mock.aio.wait_for_messages(2, 3600))
            gevent.spawn(loop.run_until_complete, until_waiting(mock)).join()
            client = gevent.spawn(deliver, mock, 2)
            assert len(gevent.spawn(loop.run_until_complete, wait).get()) == 2
            client.get()
            loop.close()
        """,
    )


def test_wait_in_a_greenlet_beside_the_loop_blocks_no_task(run):
    run(
        PATCHED,
        ASYNCIO,
        SETUP,
        """
        import gevent

        def wait(mock):
            try:
                mock.wait_for_message(0.05)
            except MessageTimeoutError as error:
                return str(error)

        async def test(mock):
            waiter = gevent.spawn(wait, mock)
            while not waiter.ready():
                await asyncio.sleep(0.01)
            return waiter.value

        with SMTPMock() as mock:
            assert "mock.aio" not in run(test, mock)
        """,
    )


@in_both_libraries
def test_process_that_ends_while_a_task_waits_ends_in_peace(run, library):
    run(
        library,
        SETUP,
        """
        mock = SMTPMock()
        mock.start()

        async def test():
            async def wait():
                await mock.aio.wait_for_message(3600)

            if "trio" in sys.modules:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(wait)
                    while not mock._store._callbacks:
                        await let_others_run()
                    nursery.cancel_scope.cancel()
            else:
                task = asyncio.create_task(wait())
                while not mock._store._callbacks:
                    await let_others_run()

        run(test)
        """,
    )
