"""A remote mailbox in the worlds that tests live in: event loops, patched processes, signals, forks."""

from __future__ import annotations

import ssl
from functools import partial
from smtplib import SMTP

import anyio
import pytest

from smtpmock import ExpectationError, SMTPMock, SMTPMockError, connect, spawn
from tests.aio.conftest import ENDLESS, run_async, until_waiting
from tests.raw_client import SECONDS
from tests.sending import send
from tests.server.worlds import PATCHED, PLAIN

__all__ = ["run_async"]


WAITS = {
    "wait_for_message": lambda mock: mock.aio.wait_for_message(ENDLESS),
    "wait with a function": lambda mock: mock.aio.wait_for_message(ENDLESS, subject=str.isupper),
    "wait_for_session": lambda mock: mock.aio.wait_for_session(ENDLESS),
    "wait_for_rule": lambda mock: mock.aio.wait_for_rule(mock.fail_next(), 1, ENDLESS),
    "assert_no_message": lambda mock: mock.aio.assert_no_message(within=ENDLESS),
    "wait in a scope": lambda mock: mock.scope(recipient="*@one.example").aio.wait_for_session(ENDLESS),
}


# Event loops.


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
def test_a_wait_that_is_cancelled_ends_at_once(wait, mock, run_async):
    async def test():
        with anyio.fail_after(SECONDS), anyio.move_on_after(0.05) as scope:
            await wait(mock)
        assert scope.cancelled_caught
        assert await mock.aio.messages() == []

    run_async(test)


def test_others_run_while_a_task_waits(server, mock, run_async):
    async def test():
        found = []

        async def wait(number):
            found.append(await mock.aio.wait_for_message(ENDLESS, subject=str(number)))

        async with anyio.create_task_group() as group:
            for number in range(8):
                group.start_soon(wait, number)
            await until_waiting(server, 8)
            for number in range(8):
                await anyio.to_thread.run_sync(partial(send, mock, subject=str(number)))
        return sorted(message.subject for message in found)

    assert run_async(test) == list("01234567")


def test_a_block_ends_the_connection_and_removes_its_rules(server, run_async):
    async def test():
        async with connect(server.http_url) as mock:
            await mock.aio.fail_next()
            assert len(server.rules) == 1
        assert server.rules == ()
        await mock.aio.fail_next()
        await mock.aio.disconnect()
        assert server.rules == ()

    run_async(test)


def test_a_spawned_server_ends_with_its_block_while_other_tasks_run(run_async):
    async def test():
        mock = await anyio.to_thread.run_sync(spawn)
        turns = 0

        async def count():
            nonlocal turns
            while mock.is_running:
                turns += 1
                await anyio.sleep(0)

        async with anyio.create_task_group() as group, mock:
            assert await mock.aio.messages() == []
            group.start_soon(count)
        assert not mock.is_running
        return turns

    assert run_async(test) > 1


@pytest.mark.parametrize("run_async", ["asyncio"], indirect=True)
def test_a_spawned_server_is_stopped_by_a_coroutine(run_async):
    async def test():
        mock = await anyio.to_thread.run_sync(spawn)
        await mock.aio.stop()
        return mock.is_running

    assert not run_async(test)


# Patched processes.


@pytest.mark.parametrize("world", [PLAIN, PATCHED], ids=["plain", "patched"])
def test_the_whole_of_it_in_a_process(world, run, server):
    run(
        world,
        f"""
        import threading
        from smtplib import SMTP
        from smtpmock import MessageTimeoutError, connect

        def send(subject):
            with SMTP(mock.host, mock.port, timeout=60) as client:
                client.sendmail("a@example.com", ["b@example.com"], f"Subject: {{subject}}\\r\\n\\r\\nhello")

        with connect({server.http_url!r}) as mock:
            threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
            for thread in threads:
                thread.start()
            assert len(mock.wait_for_messages(8, 60)) == 8
            assert mock.wait_for_message(60, subject=lambda subject: subject == "7").subject == "7"
            try:
                mock.wait_for_message(0.01, subject="none")
            except MessageTimeoutError as error:
                assert "No message with subject='none' arrived within 0.01 s." in str(error)
            with mock.fail_next(stage="NOOP") as rule:
                assert rule.hits == 0
            for thread in threads:
                thread.join()
            assert len(mock.scope(recipient="b@*").purge()) == 8
        """,
    )


def test_a_spawned_server_in_a_patched_process(run):
    run(
        PATCHED,
        """
        import gevent
        from smtpmock import spawn

        with spawn() as mock:
            waits = [gevent.spawn(mock.wait_for_message, 60) for _ in range(4)]
            gevent.sleep(0)
            mock.deliver(b"Subject: hi\\r\\n\\r\\n", "a@example.com", ["b@example.com"])
            assert [wait.get().subject for wait in waits] == ["hi"] * 4
        assert not mock.is_running
        """,
    )


def test_a_greenlet_that_is_killed_in_a_wait_leaves_the_mailbox_usable(run, server):
    run(
        PATCHED,
        f"""
        import gevent
        from smtpmock import connect

        with connect({server.http_url!r}) as mock:
            for query in ({{}}, {{"subject": str.islower}}):
                wait = gevent.spawn(mock.wait_for_message, 3600, **query)
                gevent.sleep(0.05)
                wait.kill()
                assert wait.dead
            assert mock.messages() == []
        """,
    )


# Signals and forks.


@pytest.mark.needs("signals")
@pytest.mark.parametrize("world", [PLAIN, PATCHED], ids=["plain", "patched"])
def test_a_signal_ends_a_wait_at_once(world, run, server):
    run(
        world,
        f"""
        import signal
        from smtpmock import connect

        class Ended(Exception):
            pass

        def end(*_):
            raise Ended

        signal.signal(signal.SIGALRM, end)
        with connect({server.http_url!r}) as mock:
            for query in ({{}}, {{"subject": str.islower}}):
                for _ in range(5):
                    signal.setitimer(signal.ITIMER_REAL, 0.02)
                    try:
                        mock.wait_for_message(3600, **query)
                    except Ended:
                        continue
                    raise AssertionError
            mock.deliver(b"Subject: hi\\r\\n\\r\\n", "a@example.com", ["b@example.com"])
            assert mock.wait_for_message(60).subject == "hi"
        """,
    )


@pytest.mark.needs("fork")
def test_a_forked_child_uses_connections_of_its_own(run, server):
    run(
        f"""
        import os
        from smtpmock import connect

        with connect({server.http_url!r}) as mock:
            mock.messages()
            pid = os.fork()
            for _ in range(20):
                assert mock.messages() == []
            if pid == 0:
                os._exit(0)
            assert os.waitpid(pid, 0)[1] == 0
        """
    )


# What belongs to the client.


def test_a_client_trusts_the_server_with_the_context_of_its_mailbox():
    with SMTPMock(http_port=0, tls="starttls") as server, connect(server.http_url) as mock:
        with SMTP("localhost", mock.port, timeout=SECONDS) as client:
            assert client.starttls(context=mock.client_context())[0] == 220
        with SMTP("localhost", mock.port, timeout=SECONDS) as client, pytest.raises(ssl.SSLCertVerificationError):
            client.starttls(context=ssl.create_default_context())


def test_a_server_without_tls_has_no_context(mock):
    with pytest.raises(SMTPMockError, match="has no TLS"):
        mock.client_context()


def test_only_rules_of_the_connection_have_to_be_used(server, mock):
    server.fail_next()
    with connect(server.http_url) as other:
        other.fail_next()
        mock.assert_rules_used()
        with mock.fail_next(stage="NOOP"):
            pass
        mock.fail_next(stage="QUIT")
        with pytest.raises(ExpectationError, match=r"^2 rules never used:\n  NOOP [^\n]+\n  QUIT [^\n]+$"):
            mock.assert_rules_used()
        mock.clear_rules()
        mock.assert_rules_used()
