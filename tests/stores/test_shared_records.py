"""Servers and readers that share a store in Redis see the same records, in one order."""

from __future__ import annotations

from threading import Thread
from time import monotonic, sleep

from smtpmock import SMTPMock
from tests.raw_client import ENVELOPE, Client, deliver


def wait_until(condition, seconds=20):
    end = monotonic() + seconds
    while not condition():
        assert monotonic() < end
        sleep(0.005)


def test_every_reader_sees_a_message_once_it_was_answered(servers, redis_url):
    one, two = servers(2)
    reader = SMTPMock(store=redis_url)  # never started: it reads only
    for number in range(10):
        deliver((one, two)[number % 2])
        assert len(one) == len(two) == len(reader) == number + 1
    assert [message.number for message in two.messages()] == list(range(1, 11))
    assert two.messages() == one.messages()
    mark = two.mark()
    deliver(one)
    assert [message.number for message in two.messages(since=mark)] == [11]


def test_a_wait_at_one_server_is_woken_by_a_message_at_another(servers):
    one, two = servers(2)
    found = []
    waiting = Thread(target=lambda: found.extend(two.wait_for_messages(2, timeout=30)))
    waiting.start()
    deliver(one, 2)
    waiting.join(30)
    assert len(found) == 2
    with Client(one) as client:
        client.ask("QUIT")
        assert two.wait_for_session(timeout=30) is not None


def test_open_sessions_are_seen_by_others_and_are_complete_before_the_end_is_answered(servers):
    one, two = servers(2)
    with Client(one) as client:
        client.ask(*ENVELOPE)
        wait_until(lambda: [len(session.exchanges) for session in two.sessions()] == [4])
        assert two.sessions()[0].ended_at is None
        client.send("QUIT")
        assert client.read_reply() == "221 Closing connection"
        [session] = two.sessions()
        assert session.exchanges[-1].reply == "221 Closing connection"
        assert session.ended_at is not None
    assert one.sessions() == two.sessions()


def test_a_purge_at_one_server_is_a_purge_at_all_whatever_sessions_do_next(servers):
    one, two = servers(2)
    with Client(one) as client:
        client.ask(ENVELOPE[0])
        client.send(*ENVELOPE[1:], "DATA", "Subject: hi", "", "text", ".")
        assert client.read_replies(4)[-1] == "250 Received"
        assert len(two.messages_and_purge()) == 1
        assert client.ask("NOOP", "RSET", "QUIT")[-1] == "221 Closing connection"
    assert one.messages(accepted=None) == two.messages(accepted=None) == []
    deliver(two)
    assert [message.number for message in one.messages()] == [2]


def test_purges_during_deliveries_lose_nothing_and_take_nothing_twice(servers):
    one, two = servers(2)
    sending = [Thread(target=deliver, args=(mock, 40)) for mock in (one, two)]
    for thread in sending:
        thread.start()
    taken = []
    while any(thread.is_alive() for thread in sending):
        taken += two.messages_and_purge()
    taken += one.messages_and_purge()
    numbers = [message.number for message in taken]
    assert numbers == sorted(set(numbers))
    assert numbers == list(range(1, 81))


def test_bounds_hold_for_the_store(servers):
    one, two = servers(2, max_messages=3)
    deliver(one, 2)
    deliver(two, 3)
    assert [message.number for message in one.messages()] == [3, 4, 5]
    assert one.dropped == two.dropped == 2


def test_marks_and_tags_are_shared(servers):
    one, two = servers(2)
    deliver(one)
    two.update_messages(tags=["seen"], read=True)
    [message] = one.messages()
    assert (message.is_read, message.tags) == (True, ("seen",))
