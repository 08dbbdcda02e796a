"""A wait whose task is cancelled ends at once and leaves nothing behind: no greenlet, no thread, no subscription."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
import threading

import anyio
import pytest
import trio

from smtpmock import ServerStateError, SMTPMock
from smtpmock.runtime import hub
from smtpmock.runtime.tasks import run_in_task
from smtpmock.runtime.wakeup import make_wakeup
from tests.aio.conftest import ENDLESS, until_waiting, waiters
from tests.garbage import collect
from tests.raw_client import ENVELOPE, Client, deliver

WAITS = {
    "wait_for_message": lambda mock: mock.aio.wait_for_message(ENDLESS),
    "wait_for_messages": lambda mock: mock.aio.wait_for_messages(5, ENDLESS),
    "wait_for_messages_and_purge": lambda mock: mock.aio.wait_for_messages_and_purge(5, ENDLESS),
    "wait_for_session": lambda mock: mock.aio.wait_for_session(ENDLESS),
    "wait_for_rule": lambda mock: mock.aio.wait_for_rule(mock.fail_next(), 1, ENDLESS),
    "assert_no_message": lambda mock: mock.aio.assert_no_message(within=ENDLESS),
}
every_wait = pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
SOON = 0.01


@pytest.fixture(autouse=True)
def nothing_is_left(mock, code_of_tasks):
    """Fails if a test leaves a thread, a greenlet or somebody who waits for the server."""
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before
    assert code_of_tasks() == []
    assert waiters(mock) == (0, 0, 0)


# In the ways of each library.


@every_wait
def test_scope_that_is_left_by_a_timeout(wait, mock, run_async):
    async def test():
        with anyio.move_on_after(SOON) as scope:
            await wait(mock)
        assert scope.cancelled_caught
        assert waiters(mock) == (0, 0, 0)

    run_async(test)


def test_group_that_is_cancelled(mock, run_async):
    async def test():
        async with anyio.create_task_group() as group:
            for wait in WAITS.values():
                group.start_soon(wait, mock)
            await until_waiting(mock, len(WAITS))
            group.cancel_scope.cancel()
        assert waiters(mock) == (0, 0, 0)

    run_async(test)


def test_task_of_asyncio_that_is_cancelled(mock):
    async def test():
        task = asyncio.create_task(mock.aio.wait_for_message(ENDLESS))
        await until_waiting(mock)
        task.cancel("enough")
        with pytest.raises(asyncio.CancelledError):
            await task
        assert waiters(mock) == (0, 0, 0)

    asyncio.run(test())


def test_wait_for_of_asyncio(mock):
    async def test():
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(mock.aio.wait_for_message(ENDLESS), SOON)

    asyncio.run(test())


@pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio.timeout is new in Python 3.11")
def test_timeout_of_asyncio(mock):
    async def test():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(SOON):
                await mock.aio.wait_for_message(ENDLESS)
        assert asyncio.current_task().cancelling() == 0

    asyncio.run(test())


def test_timer_of_a_wait_ends_with_it(mock):
    timers = []

    async def test():
        loop = asyncio.get_running_loop()
        call_later = loop.call_later
        loop.call_later = lambda *args: timers.append(call_later(*args)) or timers[-1]
        wait = asyncio.create_task(mock.aio.wait_for_message(ENDLESS))
        await until_waiting(mock)
        deliver(mock)
        await wait

    asyncio.run(test())
    assert [timer.cancelled() for timer in timers] == [True]


def test_timeouts_of_trio(mock):
    async def test():
        with trio.move_on_after(SOON):
            await mock.aio.wait_for_message(ENDLESS)
        with pytest.raises(trio.TooSlowError), trio.fail_after(SOON):
            await mock.aio.wait_for_message(ENDLESS)

    trio.run(test)


def test_cancellation_is_noticed_where_nothing_is_waited_for(mock, run_async):
    async def test():
        with anyio.CancelScope() as scope:
            scope.cancel()
            await mock.aio.purge()
        assert scope.cancelled_caught

    deliver(mock)
    run_async(test)
    assert len(mock) == 1


def test_wait_that_is_cancelled_when_its_mail_has_come_keeps_to_its_cancellation(mock, run_async):
    async def test():
        async with anyio.create_task_group() as group:
            group.start_soon(mock.aio.wait_for_message, ENDLESS)
            await until_waiting(mock)
            deliver(mock)  # in this thread: the loop has not noticed it yet
            group.cancel_scope.cancel()

    run_async(test)


def test_next_wait_of_a_task_that_was_cancelled_works(mock, run_async):
    async def test():
        for number in range(1, 4):
            with anyio.move_on_after(SOON):
                await mock.aio.wait_for_messages(number, ENDLESS)
            deliver(mock)
            assert len(await mock.aio.wait_for_messages(number, ENDLESS)) == number

    run_async(test)


def start_again(server):
    """Start a server as soon as it has stopped, and stop it."""
    while True:
        try:
            server.start()
        except ServerStateError:
            continue  # it is still stopping
        break
    server.stop()


def test_start_that_is_cancelled_leaves_no_server_running(run_async):
    other = SMTPMock()

    async def start():
        async with other:
            await anyio.sleep(ENDLESS)

    async def test():
        async with anyio.create_task_group() as group:
            group.start_soon(start)
            while other._startable:
                await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()

    run_async(test)
    start_again(other)


def test_stop_that_is_cancelled_goes_on(run_async):
    other = SMTPMock(shutdown_timeout=ENDLESS)
    busy = []

    async def stop():
        async with other:
            busy.append(Client(other))
            busy[0].ask(*ENVELOPE, "DATA")

    async def test():
        async with anyio.create_task_group() as group:
            group.start_soon(stop)
            while not busy or other.is_running:
                await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()

    run_async(test)
    assert other.sessions()[0].ended_at is None
    busy[0].close()
    start_again(other)


@pytest.mark.needs("signals")
@pytest.mark.timeout(60, method="thread")  # the test takes the signal of the other method
@pytest.mark.parametrize("run", [lambda test: asyncio.run(test()), trio.run], ids=["asyncio", "trio"])
def test_ctrl_c(run, mock):
    async def test():
        # Again and again until one is noticed: Python loses one that comes just before asyncio begins to wait.
        signal.setitimer(signal.ITIMER_REAL, SOON, SOON)
        await mock.aio.wait_for_message(ENDLESS)

    def interrupt(*_):
        if waiters(mock) != (0, 0, 0):
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGALRM, interrupt)
    at_start = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it for what it runs behind
    gc.disable()  # what is raised in a callback of the garbage collector ends nothing
    try:
        with pytest.raises(KeyboardInterrupt):
            run(test)
    finally:
        gc.enable()
        signal.signal(signal.SIGALRM, before)
        signal.signal(signal.SIGINT, at_start)


# Loops that end while somebody waits.


@pytest.mark.parametrize("is_collected", [True, False])
def test_loop_that_is_closed_while_a_task_waits_harms_nobody(is_collected, mock, caplog):
    loop = asyncio.new_event_loop()
    task = loop.create_task(mock.aio.wait_for_message(ENDLESS))
    loop.run_until_complete(until_waiting(mock))
    loop.close()
    if not is_collected:
        deliver(mock)
        assert mock.wait_for_session(ENDLESS).number == 1
    del task
    collect()
    assert "Task was destroyed but it is pending" in caplog.text
    assert waiters(mock) == (0, 0, 0)
    deliver(mock)
    assert mock.errors == []


def test_loop_of_a_thread_that_has_ended_while_a_task_waits_harms_nobody():
    def run_loop():
        loop = asyncio.new_event_loop()
        tasks.append(loop.create_task(other.aio.wait_for_message(ENDLESS)))
        loop.run_until_complete(until_waiting(other))
        loop.close()

    tasks = []
    with SMTPMock() as other:
        thread = threading.Thread(target=run_loop)
        thread.start()
        thread.join()
        deliver(other)
        tasks.clear()
        collect()  # what collecting the task raises is an error of the test
        deliver(other)
        assert len(other.wait_for_messages(2, 0)) == 2
    assert other.errors == []


@pytest.mark.parametrize("run", [lambda test: asyncio.run(test()), trio.run], ids=["asyncio", "trio"])
def test_wakeup_can_be_set_when_its_loop_has_ended(run):
    async def test():
        wakeups.append(await run_in_task(make_wakeup))

    wakeups = []
    run(test)
    wakeups[0].set()


@pytest.mark.parametrize("run", [lambda test: asyncio.run(test()), trio.run], ids=["asyncio", "trio"])
def test_wakeup_that_was_set_stays_set(run):
    def wait_again():
        wakeup = make_wakeup()
        wakeup.set()
        for _ in range(2):
            wakeup.wait(ENDLESS)
            wakeup.wait(None)

    async def test():
        await run_in_task(wait_again)

    run(test)


def test_loop_that_is_busy_elsewhere_is_woken_once(mock):
    calls = []

    async def test():
        loop = asyncio.get_running_loop()
        wait = asyncio.create_task(mock.aio.wait_for_messages(10, ENDLESS))
        await until_waiting(mock)
        call = loop.call_soon_threadsafe
        loop.call_soon_threadsafe = lambda *args: (calls.append(args), call(*args))
        deliver(mock, 10)  # which blocks the loop
        await wait

    asyncio.run(test())
    assert len(calls) == 1


def test_coroutine_that_is_closed_cleans_up(mock):
    async def test():
        wait = mock.aio.wait_for_message(ENDLESS)
        while not waiters(mock)[-1]:
            wait.send(None)
        wait.close()
        assert waiters(mock) == (0, 0, 0)

    asyncio.run(test())


def test_block_that_is_closed_while_it_starts_leaves_no_server_running():
    other = SMTPMock()

    async def enter():
        async with other:
            raise AssertionError("the block was entered")

    async def close():
        turn = threading.Lock()
        with turn:
            hub.get_hub().post(turn.acquire)  # which keeps the thread of the servers from starting it at once
            block = enter()
            block.send(None)
        while not other.is_running:
            pass
        block.close()

    asyncio.run(close())
    start_again(other)
