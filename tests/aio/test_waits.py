"""The calls of a mailbox as coroutines: what they return and raise, and who runs meanwhile."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from functools import partial

import anyio
import pytest
import trio

from smtpmock import MessageTimeoutError, ServerStateError, SMTPMock, StartError
from tests.aio.conftest import ENDLESS, until_waiting, waiters
from tests.places import PLACES, served
from tests.raw_client import ENVELOPE, TEXT, Client, deliver

BLOCKING = """

The wait blocked the event loop of its thread, so the application may have had
no chance to run. In a coroutine, await the waits of `mock.aio` instead."""


async def send(mock, recipient="b@example.com"):
    """Deliver a mail as an application does that runs in the same event loop."""
    async with await anyio.connect_tcp(mock.host, mock.port) as stream:
        lines = ("HELO x.example", "MAIL FROM:<a@example.com>", f"RCPT TO:<{recipient}>", "DATA", "\r\nhello\r\n.")
        for line in (*lines, "QUIT"):
            await stream.receive()
            await stream.send(f"{line}\r\n".encode())
        while b"221" not in await stream.receive():
            pass


# The same as without a loop.

CALLS = {
    "messages": lambda box: box.messages(recipient="b@example.com"),
    "message": lambda box: box.message(),
    "sessions": lambda box: box.sessions(helo_name="client.example"),
    "violations": lambda box: box.violations(level="must"),
    "mark": lambda box: box.mark(),
    "evidence": lambda box: box.evidence(),
    "explain": lambda box: box.explain("No invoice.", subject="Invoice*"),
    "wait_for_message": lambda box: box.wait_for_message(ENDLESS, subject="hi"),
    "wait_for_messages": lambda box: box.wait_for_messages(1, timeout=ENDLESS, sender="a@example.com"),
    "wait_for_session": lambda box: box.wait_for_session(),
    "assert_no_message": lambda box: box.assert_no_message(within=0, recipient="nobody@example.com"),
    "assert_message_count": lambda box: box.assert_message_count(1),
    "assert_no_violations": lambda box: box.assert_no_violations(["missing-from", "missing-date"]),
    "assert_rules_used": lambda box: box.assert_rules_used(),
    "message-fails": lambda box: box.message(recipient="nobody@example.com"),
    "wait_for_message-fails": lambda box: box.wait_for_message(0.01, recipient="nobody@example.com"),
    "wait_for_messages-fails": lambda box: box.wait_for_messages(3, 0.01),
    "wait_for_messages_and_purge-fails": lambda box: box.wait_for_messages_and_purge(3, 0),
    "wait_for_session-fails": lambda box: box.wait_for_session(-1, helo_name="nobody.example"),
    "assert_no_message-fails": lambda box: box.assert_no_message(within=ENDLESS, recipient="b@example.com"),
    "assert_message_count-fails": lambda box: box.assert_message_count(2, subject="hi"),
    "assert_no_violations-fails": lambda box: box.assert_no_violations(),
    "wrong-criterion": lambda box: box.wait_for_message(recipent="b@example.com"),
    "wrong-timeout": lambda box: box.wait_for_messages(1, "5"),
    "wrong-within": lambda box: box.assert_no_message(within=-1),
}


@pytest.fixture(scope="module", params=PLACES)
def mailbox(request):
    """A mailbox with one message, whose server is in each place."""
    with served(request.param) as running:
        deliver(running)
        running.wait_for_session(ENDLESS)  # a message that is returned tells whether its session has ended
        yield running


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_call_has_the_result_and_the_error_that_it_has_without_a_loop(call, mailbox, run_async):
    async def call_in_task():
        return await call(mailbox.aio)

    def outcome(function, *args):
        try:
            return function(*args)
        except Exception as error:
            return type(error), str(error), getattr(error, "messages", None)

    assert outcome(run_async, call_in_task) == outcome(call, mailbox)


def test_unused_rule_is_told_in_the_same_words(mock, run_async):
    mock.fail_next()
    with pytest.raises(AssertionError) as expected:
        mock.assert_rules_used()
    with pytest.raises(AssertionError) as caught:
        run_async(mock.aio.assert_rules_used)
    assert str(caught.value) == str(expected.value)


def test_purges_take_what_was_there(mock, run_async):
    deliver(mock, 2)
    assert [message.number for message in run_async(mock.aio.purge)] == [1, 2]
    deliver(mock)
    assert [message.number for message in run_async(mock.aio.messages_and_purge)] == [3]
    deliver(mock)
    assert [message.number for message in run_async(mock.aio.wait_for_messages_and_purge)] == [4]
    assert mock.messages() == []


def test_server_is_offline_during_a_block(mock, run_async):
    async def stay_away():
        async with mock.aio.offline():
            assert not mock.is_online
        return mock.is_online

    assert run_async(stay_away)


def test_method_of_a_subclass_is_called(run_async):
    class Counted(SMTPMock):
        calls = 0

        def mark(self):
            self.calls += 1
            return super().mark()

    mock = Counted()
    run_async(mock.aio.mark)
    assert mock.calls == 1


@pytest.mark.parametrize("name", [name for name in CALLS if name.startswith(("wait", "assert")) and "-" not in name])
def test_server_that_never_ran_passes_no_wait_and_no_assertion(name, run_async):
    async def call():
        await CALLS[name](SMTPMock().aio)

    if name == "assert_rules_used":
        return run_async(call)
    with pytest.raises(ServerStateError, match=r"^The server was never started"):
        run_async(call)
    return None


# Others run meanwhile.


def test_application_in_the_same_loop_runs_while_the_test_waits(mock, run_async):
    async def test():
        async with anyio.create_task_group() as group:
            group.start_soon(send, mock)
            message = await mock.aio.wait_for_message(ENDLESS)
            session = await mock.aio.wait_for_session(ENDLESS)
        return message, session

    message, session = run_async(test)
    assert message.recipients == ("b@example.com",)
    assert message.session_id == session.id


def test_absence_is_refuted_by_the_application_in_the_same_loop(mock, run_async):
    async def test():
        async with anyio.create_task_group() as group:
            group.start_soon(send, mock)
            with pytest.raises(AssertionError, match=r"^1 message arrived, but none was expected\."):
                await mock.aio.assert_no_message(within=ENDLESS)

    run_async(test)


def test_rule_that_is_used_ends_a_wait_for_it(mock, run_async):
    async def test():
        rule = await mock.aio.on("MAIL FROM", reply="250 Received")
        async with anyio.create_task_group() as group:
            group.start_soon(mock.aio.wait_for_rule, rule, 2, ENDLESS)
            await until_waiting(mock)
            await send(mock)
            assert waiters(mock) != (0, 0, 0)
            await send(mock)

    run_async(test)


def test_rule_that_is_not_used_is_told_in_the_same_words(mock, run_async):
    rule = mock.fail_next()
    with pytest.raises(MessageTimeoutError) as expected:
        mock.wait_for_rule(rule, 1, 0)
    with pytest.raises(MessageTimeoutError) as caught:
        run_async(mock.aio.wait_for_rule, rule, 1, 0)
    assert str(caught.value) == str(expected.value)


def test_hundred_tasks_wait_at_once_each_for_its_own_mail(mock, run_async):
    found = {}

    async def wait(number):
        found[number] = await mock.aio.wait_for_message(ENDLESS, recipient=f"{number}@example.com")

    async def test():
        async with anyio.create_task_group() as group:
            for number in range(100):
                group.start_soon(wait, number)
            await until_waiting(mock, 100)
            for number in reversed(range(100)):
                group.start_soon(send, mock, f"{number}@example.com")

    run_async(test)
    assert {number: message.recipients for number, message in found.items()} == {
        number: (f"{number}@example.com",) for number in range(100)
    }


def test_waits_start_no_thread(mock, run_async):
    async def test():
        before = set(threading.enumerate())
        async with anyio.create_task_group() as group:
            group.start_soon(mock.aio.wait_for_message)
            await until_waiting(mock)
            during = set(threading.enumerate())
            await send(mock)
        return during - before

    assert run_async(test) == set()


def test_call_that_finds_its_answer_at_once_lets_others_run_nevertheless(mock, run_async):
    turns = []

    async def other():
        turns.append("other")

    async def test():
        async with anyio.create_task_group() as group:
            group.start_soon(other)
            while not turns:
                await mock.aio.messages()

    run_async(test)
    assert turns == ["other"]


def test_functions_in_criteria_see_the_context_variables_of_the_task(mock, run_async):
    wanted = contextvars.ContextVar("wanted")

    async def test():
        wanted.set("b@example.com")
        async with anyio.create_task_group() as group:
            wait = partial(mock.aio.wait_for_message, ENDLESS, recipient=lambda address: address == wanted.get())
            group.start_soon(wait)
            await until_waiting(mock)
            wanted.set("nobody@example.com")  # in this task alone
            await send(mock)

    run_async(test)


def test_loops_of_two_threads_wait_for_the_same_server(mock):
    found = {}
    waiting = threading.Barrier(3)

    def wait(backend):
        async def test():
            async with anyio.create_task_group() as group:
                group.start_soon(note)
                await until_waiting(mock)
                waiting.wait()

        async def note():
            found[backend] = await mock.aio.wait_for_message(ENDLESS)

        anyio.run(test, backend=backend)

    waiters = [threading.Thread(target=wait, args=(backend,)) for backend in ("asyncio", "trio")]
    for waiter in waiters:
        waiter.start()
    waiting.wait()
    deliver(mock)
    for waiter in waiters:
        waiter.join()
    assert {backend: message.number for backend, message in found.items()} == {"asyncio": 1, "trio": 1}


def test_guest_of_another_loop_waits_and_so_does_its_host(mock):
    # asyncio is the host, trio the guest: both run in this thread.
    async def host():
        ended = asyncio.get_running_loop().create_future()
        trio.lowlevel.start_guest_run(
            partial(mock.aio.wait_for_message, ENDLESS),
            run_sync_soon_threadsafe=asyncio.get_running_loop().call_soon_threadsafe,
            done_callback=ended.set_result,
        )
        waits = asyncio.create_task(mock.aio.wait_for_message(ENDLESS))
        await until_waiting(mock, 2)
        await send(mock)
        return await waits, (await ended).unwrap()

    message, of_guest = asyncio.run(host())
    assert message.number == of_guest.number == 1


def test_coroutine_outside_of_a_task_says_where_it_belongs(mock):
    coroutine = mock.aio.wait_for_message()
    with pytest.raises(ServerStateError, match=r"^Coroutines of smtpmock must be awaited in a task of asyncio or trio"):
        coroutine.send(None)


# The block.


def test_block_starts_and_stops_the_server(run_async):
    async def test():
        async with SMTPMock() as mock:
            assert mock.is_running
            await send(mock)
            assert (await mock.aio.message()).recipients == ("b@example.com",)
        return mock

    mock = run_async(test)
    assert not mock.is_running
    assert len(mock) == 1


def test_server_is_started_and_stopped_by_calls(run_async):
    async def test():
        mock = SMTPMock()
        await mock.aio.start()
        await send(mock)
        await mock.aio.stop()
        with pytest.raises(ServerStateError):
            await mock.aio.stop()
        return mock

    assert len(run_async(test)) == 1


def test_application_in_the_same_loop_can_end_its_session_while_the_server_stops(run_async):
    async def test():
        async with anyio.create_task_group() as group, SMTPMock(shutdown_timeout=ENDLESS) as mock:
            busy = await anyio.connect_tcp(mock.host, mock.port)
            for line in (*ENVELOPE, "DATA"):
                await busy.receive()
                await busy.send(f"{line}\r\n".encode())
            assert (await busy.receive()).startswith(b"354")
            group.start_soon(end_message, mock, busy)
        return mock

    async def end_message(mock, busy):
        while mock.is_running:
            await anyio.lowlevel.checkpoint()
        await busy.send("\r\n".join((*TEXT, ".", "")).encode())
        while True:
            try:
                await busy.receive()
            except anyio.EndOfStream:
                break
        await busy.aclose()

    mock = run_async(test)
    assert [message.subject for message in mock.messages()] == ["hi"]


def test_block_raises_why_the_server_cannot_start(mock, run_async):
    async def test():
        async with SMTPMock(port=mock.port):
            pass

    with pytest.raises(StartError):
        run_async(test)


def test_block_makes_sure_that_rules_were_used_if_asked_to(run_async):
    async def test():
        async with SMTPMock(strict=True) as mock:
            mock.fail_next()

    with pytest.raises(AssertionError, match=r"^1 rule never used:"):
        run_async(test)


def test_stop_ends_a_wait_with_an_error_that_says_so(run_async):
    async def test():
        async with anyio.create_task_group() as group, SMTPMock() as mock:
            group.start_soon(wait, mock)
            await until_waiting(mock)

    async def wait(mock):
        with pytest.raises(ServerStateError, match=r"^The server was stopped while waiting for messages\.$"):
            await mock.aio.wait_for_message(ENDLESS)

    run_async(test)


# Waits that block.


@pytest.mark.parametrize("wait", ["wait_for_message", "wait_for_messages", "wait_for_session"])
def test_blocking_wait_that_fails_in_a_task_names_the_coroutines(wait, mock, run_async):
    async def test():
        getattr(mock, wait)(timeout=0)

    with pytest.raises(MessageTimeoutError) as caught:
        run_async(test)
    assert str(caught.value).endswith(BLOCKING)
    assert max(map(len, BLOCKING.splitlines())) <= 78


def test_wait_that_blocks_no_task_says_nothing_of_coroutines(mock, run_async):
    async def await_it():
        await mock.aio.wait_for_message(0)

    async def wait_in_thread():
        await anyio.to_thread.run_sync(mock.wait_for_message, 0)

    for wait in (partial(run_async, await_it), partial(run_async, wait_in_thread), partial(mock.wait_for_message, 0)):
        with pytest.raises(MessageTimeoutError) as caught:
            wait()
        assert "mock.aio" not in str(caught.value)


def test_mail_of_a_client_that_blocks_elsewhere_arrives(mock, run_async):
    async def test():
        async with anyio.create_task_group() as group:
            group.start_soon(mock.aio.wait_for_message, ENDLESS)
            await until_waiting(mock)
            with Client(mock) as client:  # which blocks the loop
                client.deliver()

    run_async(test)
