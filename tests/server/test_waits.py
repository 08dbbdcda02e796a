import queue
import threading

import pytest

from smtpmock import MessageTimeoutError, ServerStateError, SMTPMock, SMTPMockError
from smtpmock.runtime import hub
from tests.raw_client import ENVELOPE, Client, deliver
from tests.server.worlds import PATCHED, in_every_world

ENDLESS = 3600.0


def test_a_wait_for_what_is_there_returns_it_at_once(mock):
    deliver(mock, 2)
    assert [message.number for message in mock.wait_for_messages(2, 0)] == [1, 2]


def test_a_wait_is_met_by_more_and_returns_all(mock):
    deliver(mock, 3)
    assert len(mock.wait_for_messages(1, 0)) == 3


def test_a_wait_consumes_nothing(mock):
    deliver(mock)
    for _ in range(3):
        assert [message.number for message in mock.wait_for_messages(1, 0)] == [1]
    assert len(mock.messages()) == 1


def test_a_wait_counts_failed_transactions(mock):
    with Client(mock) as client:
        client.ask(*ENVELOPE[:2])
    [message] = mock.wait_for_messages(1, 60)
    assert not message.is_consistent


def test_a_wait_for_messages_and_purge_takes_all_that_is_there(mock):
    deliver(mock, 3)
    assert len(mock.wait_for_messages_and_purge(2, 0)) == 3
    assert mock.messages() == []
    with pytest.raises(MessageTimeoutError, match=r"^timeout waiting for 1 messages, got 0\n"):
        mock.wait_for_messages_and_purge(1, 0)


@pytest.mark.parametrize("timeout", [0, 0.05, -1])
def test_a_wait_in_vain_says_how_many_there_are_and_has_them(mock, timeout):
    deliver(mock, 2)
    with pytest.raises(MessageTimeoutError) as caught:
        mock.wait_for_messages(3, timeout)
    error = caught.value
    assert str(error).splitlines()[0] == "timeout waiting for 3 messages, got 2"
    assert [message.number for message in error.messages] == [1, 2]
    assert isinstance(error, TimeoutError)
    assert isinstance(error, AssertionError)
    assert isinstance(error, SMTPMockError)


def test_a_wait_and_purge_in_vain_leaves_what_is_there(mock):
    deliver(mock)
    with pytest.raises(MessageTimeoutError, match=r"^timeout waiting for 2 messages, got 1\n") as caught:
        mock.wait_for_messages_and_purge(2, 0)
    assert len(caught.value.messages) == len(mock.messages()) == 1


def test_a_wait_ends_with_each_message_of_many(mock):
    turns = queue.SimpleQueue()

    def send():
        while turns.get():
            deliver(mock)

    sender = threading.Thread(target=send)
    sender.start()
    for number in range(1, 201):
        turns.put(True)
        assert len(mock.wait_for_messages(number, ENDLESS)) == number
    turns.put(False)
    sender.join()


def test_all_who_wait_are_woken_each_by_what_it_waits_for(mock):
    ready = threading.Barrier(9)
    found = {}

    def wait(count):
        ready.wait()
        found[count] = len(mock.wait_for_messages(count, ENDLESS))

    waiters = [threading.Thread(target=wait, args=(count,)) for count in (1, 1, 2, 2, 3, 3, 4, 4)]
    for waiter in waiters:
        waiter.start()
    ready.wait()
    deliver(mock, 4)
    for waiter in waiters:
        waiter.join()
    assert {count: got >= count for count, got in found.items()} == dict.fromkeys((1, 2, 3, 4), True)


def test_a_purge_sends_nobody_who_waits_away(mock):
    with Client(mock) as client:
        client.deliver()
        mock.purge()
        waiter = threading.Thread(target=mock.wait_for_messages, args=(1, ENDLESS))
        waiter.start()
        mock.purge()
        deliver(mock)
        waiter.join()


def test_a_wait_outlives_a_restart():
    mock = SMTPMock()
    mock.start()
    waiter = threading.Thread(target=mock.wait_for_messages, args=(1, ENDLESS))
    waiter.start()
    mock.stop()
    mock.start()
    deliver(mock)
    waiter.join()
    mock.stop()


def test_a_callback_of_the_hub_is_refused_a_wait_that_would_freeze_it(mock):
    outcome = queue.SimpleQueue()

    def wait():
        try:
            mock.wait_for_messages(1, ENDLESS)
        except ServerStateError as error:
            outcome.put(str(error))

    hub.get_hub().post(wait)
    assert outcome.get(timeout=60) == "A callback of the hub cannot wait: spawn a greenlet that does."
    deliver(mock)


def test_a_greenlet_of_the_hub_may_wait(mock):
    outcome = queue.SimpleQueue()
    hub.get_hub().spawn(lambda: outcome.put(mock.wait_for_messages(1, ENDLESS)))
    deliver(mock)
    assert len(outcome.get(timeout=60)) == 1


@in_every_world
def test_a_wait_in_vain_in_every_world(run, world):
    run(
        world,
        """
        from smtpmock import MessageTimeoutError, SMTPMock
        with SMTPMock() as mock:
            try:
                mock.wait_for_messages(1, 0.05)
            except MessageTimeoutError as error:
                assert str(error).splitlines()[0] == "timeout waiting for 1 messages, got 0"
            else:
                raise SystemExit("no error")
        """,
    )


@in_every_world
def test_many_waiters_in_every_world(run, world):
    run(
        world,
        """
        import threading
        from smtpmock import SMTPMock
        from tests.raw_client import deliver
        found = []
        with SMTPMock() as mock:
            waiters = [
                threading.Thread(target=lambda: found.append(len(mock.wait_for_messages(5, 3600)))) for _ in range(20)
            ]
            for waiter in waiters:
                waiter.start()
            deliver(mock, 5)
            for waiter in waiters:
                waiter.join()
        assert found == [5] * 20
        """,
    )


def test_a_greenlet_that_waits_lets_the_others_run(run):
    run(
        PATCHED,
        """
        import gevent
        from smtpmock import SMTPMock
        from tests.raw_client import deliver
        with SMTPMock() as mock:
            waiters = [gevent.spawn(mock.wait_for_messages, count, 3600) for count in (1, 2, 3)]
            gevent.idle()  # now they wait
            for count in (1, 2, 3):
                deliver(mock)
                assert len(waiters[count - 1].get()) == count
                assert not any(waiter.dead for waiter in waiters[count:])
        """,
    )


@pytest.mark.parametrize("timeout", [0.01, 3600])
def test_a_wait_that_is_over_leaves_nothing_in_the_hub_of_its_greenlet(run, timeout):
    run(
        PATCHED,
        """
        import gevent
        from smtpmock import SMTPMock
        from tests.raw_client import deliver
        with SMTPMock() as mock:
            waiter = gevent.spawn(mock.wait_for_messages, 1, TIMEOUT)
            gevent.idle()  # now it waits
            if TIMEOUT > 1:
                deliver(mock)
            waiter.join()
            assert waiter.successful() == (TIMEOUT > 1)
            assert gevent.get_hub().join(60), "something keeps the loop from ending"
        """.replace("TIMEOUT", str(timeout)),
        may_complain=True,  # gevent shows how a greenlet fails
    )


def test_a_process_with_gevent_but_without_patches(run):
    run(
        """
        import gevent
        import threading
        from smtpmock import SMTPMock
        from tests.raw_client import deliver
        with SMTPMock() as mock:
            greenlet = gevent.spawn(mock.wait_for_messages, 1, 3600)
            gevent.idle()
            thread = threading.Thread(target=deliver, args=(mock,))
            thread.start()
            assert len(greenlet.get()) == 1
            thread.join()
        """
    )
