import queue
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from smtpmock import ExpectationError, MessageTimeoutError, ServerStateError, SMTPMock, SMTPMockError, StartError
from smtpmock.queries.query import Query
from smtpmock.runtime import hub
from tests.places import served
from tests.raw_client import ENVELOPE, Client, deliver
from tests.server.worlds import PATCHED, in_every_world

ENDLESS = 3600.0


@pytest.fixture
def mock(place):
    with served(place) as running:
        yield running


def test_a_wait_for_what_is_there_returns_it_at_once(mock):
    deliver(mock, 2)
    assert [message.number for message in mock.wait_for_messages(2, 0)] == [1, 2]


def test_a_wait_is_met_by_more_and_returns_all(mock):
    deliver(mock, 3)
    assert len(mock.wait_for_messages(1, 0)) == 3


@pytest.mark.parametrize("place", ["local"])
def test_a_wait_looks_at_each_message_once_although_its_session_goes_on(mock, monkeypatch):
    tested = []

    def matches(query, record):
        tested.append(record)
        return True

    monkeypatch.setattr(Query, "matches", matches)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(mock.wait_for_messages, 100, 60)
        for _ in range(100):
            deliver(mock)  # and QUIT, which changes the record
        found = waiting.result()
    assert len(tested) <= 3 * 100
    assert [message.number for message in found] == [*range(1, 101)]


def test_a_wait_returns_messages_as_they_are_at_its_end(mock):
    with ThreadPoolExecutor(1) as pool, Client(mock) as client:
        waiting = pool.submit(mock.wait_for_messages, 2, 60)
        client.deliver()
        client.ask("NOOP")
        deliver(mock)
        first, _ = waiting.result()
    assert first.noop


def test_a_wait_consumes_nothing(mock):
    deliver(mock)
    for _ in range(3):
        assert [message.number for message in mock.wait_for_messages(1, 0)] == [1]
    assert len(mock.messages()) == 1


def test_a_wait_is_for_accepted_mail_unless_it_says_otherwise(mock):
    with Client(mock) as client:
        client.ask(*ENVELOPE[:2])
    [message] = mock.wait_for_messages(1, 60, accepted=None)
    assert not message.accepted
    assert mock.wait_for_messages(1, 0, accepted=False) == [message]
    with pytest.raises(MessageTimeoutError, match=r"^timeout waiting for 1 messages, got 0 within \S+ s\n"):
        mock.wait_for_messages(1, 0)


def test_a_wait_for_messages_and_purge_takes_all_that_is_there(mock):
    deliver(mock, 3)
    assert len(mock.wait_for_messages_and_purge(2, 0)) == 3
    assert mock.messages() == []
    with pytest.raises(MessageTimeoutError, match=r"^timeout waiting for 1 messages, got 0 within \S+ s\n"):
        mock.wait_for_messages_and_purge(1, 0)


@pytest.mark.parametrize("timeout", [0, 0.05, -1])
def test_a_wait_in_vain_says_how_many_there_are_and_has_them(mock, timeout):
    deliver(mock, 2)
    with pytest.raises(MessageTimeoutError) as caught:
        mock.wait_for_messages(3, timeout)
    error = caught.value
    assert str(error).splitlines()[0] == f"timeout waiting for 3 messages, got 2 within {max(timeout, 0)} s"
    assert [message.number for message in error.messages] == [1, 2]
    assert isinstance(error, TimeoutError)
    assert isinstance(error, AssertionError)
    assert isinstance(error, SMTPMockError)


def test_a_wait_and_purge_in_vain_leaves_what_is_there(mock):
    deliver(mock)
    with pytest.raises(MessageTimeoutError, match=r"^timeout waiting for 2 messages, got 1 within \S+ s\n") as caught:
        mock.wait_for_messages_and_purge(2, 0)
    assert len(caught.value.messages) == len(mock.messages()) == 1


def test_a_wait_ends_with_each_message_of_many(mock):
    turns = queue.SimpleQueue()

    def send():
        while turns.get():
            deliver(mock)

    sender = threading.Thread(target=send)
    sender.start()
    for number in range(1, 31):
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


# A server that does not run.

NEVER_STARTED = r"^The server was never started: no message can have arrived\. Call start\(\) first\.$"
WAITS = {
    "wait_for_messages": lambda mock, **query: mock.wait_for_messages(5, ENDLESS, **query),
    "wait_for_messages_and_purge": lambda mock: mock.wait_for_messages_and_purge(5, ENDLESS),
    "wait_for_message": lambda mock, **query: mock.wait_for_message(ENDLESS, **query),
    "assert_no_message": lambda mock, **query: mock.assert_no_message(ENDLESS, **query),
    "wait_for_session": lambda mock, **query: mock.wait_for_session(ENDLESS, **query),
}
ASSERTIONS = {
    "message": lambda mock: mock.message(),
    "assert_message_count": lambda mock: mock.assert_message_count(0),
    "assert_no_violations": lambda mock: mock.assert_no_violations(),
}


def wait_and_stop(mock, wait, **query):
    """Return the error with which a stop ends a wait, which looks at what is there before the server stops."""
    outcome = queue.SimpleQueue()
    waits = threading.Event()

    def looks_for(_):
        waits.set()
        return False

    def run():
        try:
            outcome.put(wait(mock, **dict.fromkeys(query, looks_for)))
        except BaseException as error:
            outcome.put(error)

    waiter = threading.Thread(target=run)
    waiter.start()
    assert waits.wait(60)
    mock.stop()
    waiter.join()
    return outcome.get()


@pytest.mark.parametrize("name", ["wait_for_messages", "wait_for_message", "assert_no_message"])
def test_a_stop_ends_a_wait_with_an_error_that_says_so(name):
    mock = SMTPMock()
    mock.start()
    deliver(mock)
    error = wait_and_stop(mock, WAITS[name], subject=None)
    assert isinstance(error, ServerStateError)
    assert str(error) == "The server was stopped while waiting for messages."


def test_a_stop_ends_a_wait_for_a_session_with_an_error_that_says_so():
    mock = SMTPMock()
    mock.start()
    deliver(mock)
    error = wait_and_stop(mock, WAITS["wait_for_session"], helo_name=None)
    assert isinstance(error, ServerStateError)
    assert str(error) == "The server was stopped while waiting for a session."


def test_a_restart_does_not_hide_the_stop_from_those_who_waited():
    mock = SMTPMock()
    mock.start()
    deliver(mock)
    stop = mock._local.note_stopped
    mock._local.note_stopped = lambda **how: (stop(**how), mock._local.note_started())
    error = wait_and_stop(mock, WAITS["wait_for_messages"], subject=None)
    assert str(error) == "The server was stopped while waiting for messages."


def test_a_message_that_arrives_with_the_stop_meets_the_wait():
    mock = SMTPMock(shutdown_timeout=ENDLESS)
    mock.start()
    found = queue.SimpleQueue()
    with Client(mock) as idle, Client(mock) as busy:
        busy.begin_message()
        waiter = threading.Thread(target=lambda: found.put(mock.wait_for_messages(1, ENDLESS)))
        waiter.start()
        stopper = threading.Thread(target=mock.stop)
        stopper.start()
        assert idle.read_all() == ["421 Service shutting down"]
        busy.send("", "the rest", ".")
        stopper.join()
        waiter.join()
    assert len(found.get()) == 1


@pytest.mark.parametrize("call", [*WAITS.values(), *ASSERTIONS.values()], ids=[*WAITS, *ASSERTIONS])
def test_a_server_that_never_ran_passes_no_wait_and_no_assertion(call):
    with pytest.raises(ServerStateError, match=NEVER_STARTED):
        call(SMTPMock())


@pytest.mark.parametrize("call", [*WAITS.values(), *ASSERTIONS.values()], ids=[*WAITS, *ASSERTIONS])
def test_a_server_that_could_not_start_passes_no_wait_and_no_assertion(call, mock):
    other = SMTPMock(port=mock.port)
    with pytest.raises(StartError):
        other.start()
    with pytest.raises(ServerStateError, match=NEVER_STARTED):
        call(other)


def test_a_wait_on_a_server_that_was_stopped_decides_at_once_by_what_is_there():
    with SMTPMock() as mock:
        deliver(mock)
    assert len(mock.wait_for_messages(1, ENDLESS)) == 1
    assert mock.wait_for_message(ENDLESS).number == 1
    assert mock.wait_for_session(ENDLESS).number == 1
    mock.assert_no_message(ENDLESS, subject="something else")
    with pytest.raises(MessageTimeoutError, match=r"got 1 before the server was stopped\n"):
        mock.wait_for_messages(2, ENDLESS)
    with pytest.raises(ExpectationError, match=r"^1 message arrived, but none was expected\.\n"):
        mock.assert_no_message(ENDLESS)
    mock.assert_message_count(1)


def test_a_restarted_server_is_waited_on_as_ever():
    mock = SMTPMock()
    for number in (1, 2):
        with mock:
            deliver(mock)
            assert len(mock.wait_for_messages(number, ENDLESS)) == number


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
                assert str(error).splitlines()[0] == "timeout waiting for 1 messages, got 0 within 0.05 s"
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
