"""What is kept, how it is found, and how it is waited for."""

from __future__ import annotations

import asyncio
import gc
import math
import threading
import time
import weakref
from datetime import timezone
from smtplib import SMTP

import pytest

from smtpmock import ExpectationError, MessageTimeoutError, SMTPMock
from tests.places import served
from tests.raw_client import SECONDS, Client


@pytest.fixture
def mock(place):
    with served(place, multiple_rcptto=True, multiple_message_receiving=True) as running:
        yield running


def send(mock, *recipients, subject="hi", sender="a@example.com"):
    with SMTP(mock.host, mock.port, timeout=SECONDS) as client:
        client.sendmail(sender, recipients or ["b@example.com"], f"Subject: {subject}\r\n\r\nhello")


def fail(mock):
    """A transaction that comes to nothing."""
    with SMTP(mock.host, mock.port, timeout=SECONDS) as client:
        client.docmd("HELO", "x.example")
        client.docmd("RCPT", "TO:<b@example.com>")


def in_thread(function, *args, **query):
    """Calls a function in a thread; returns what gives its result."""
    outcome = []
    thread = threading.Thread(target=lambda: outcome.append(function(*args, **query)))
    thread.start()

    def result():
        thread.join(SECONDS)
        [value] = outcome
        return value

    return result


def stream(mock, count, message):
    """Sends so many messages through one connection; `message` gives the recipient and the subject of each."""
    with Client(mock) as client:
        assert client.ask("EHLO x.example") == ["250 Received"]
        for start in range(0, count, 100):
            batch = range(start, min(start + 100, count))
            for recipient, subject in map(message, batch):
                client.send("MAIL FROM:<a@example.com>", f"RCPT TO:<{recipient}>", "DATA")
                client.send(f"Subject: {subject}", "", "hello", ".")
            codes = [reply[:3] for reply in client.read_replies(4 * len(batch))]
            assert codes == ["250", "250", "354", "250"] * len(batch)


# Exactly one.


def test_the_only_message_that_matches_is_returned(mock):
    send(mock, "b@example.com")
    send(mock, "c@example.com")
    assert mock.message(recipient="c@example.com").number == 2
    assert mock.wait_for_message(recipient="b@example.com").number == 1


def test_two_messages_are_not_one(mock):
    send(mock)
    send(mock)
    for ask in (mock.message, mock.wait_for_message):
        with pytest.raises(ExpectationError) as caught:
            ask(recipient="b@example.com")
        assert [message.number for message in caught.value.messages] == [1, 2]
        assert not isinstance(caught.value, TimeoutError)


def test_no_message_is_not_one_and_no_time_ran_out(mock):
    with pytest.raises(ExpectationError) as caught:
        mock.message()
    assert isinstance(caught.value, AssertionError)
    assert not isinstance(caught.value, TimeoutError)


def test_failed_transactions_are_no_messages_unless_they_are_asked_for(mock):
    fail(mock)
    [failed] = mock.messages(accepted=False)
    assert mock.messages() == []
    assert len(mock) == 0
    mock.assert_no_message(within=0)
    mock.assert_message_count(0)
    for ask in (mock.message, mock.assert_message_count):
        with pytest.raises(ExpectationError):
            ask()
    for wait in (mock.wait_for_messages, mock.wait_for_message):
        with pytest.raises(MessageTimeoutError) as caught:
            wait(timeout=0)
        assert caught.value.messages == (failed,)

    assert mock.message(accepted=False) == failed
    assert mock.wait_for_messages(1, 0, accepted=None) == [failed]
    assert mock.wait_for_message(0, accepted=None) == failed
    mock.assert_message_count(1, accepted=False)
    with pytest.raises(ExpectationError):
        mock.assert_no_message(within=0, accepted=None)


# Waiting.


def test_a_wait_returns_when_what_it_is_for_arrives_and_not_before(mock):
    result = in_thread(mock.wait_for_message, SECONDS, subject="second")
    send(mock, subject="first")
    send(mock, subject="second")
    assert result().number == 2


def test_a_wait_for_several_counts_those_that_match(mock):
    result = in_thread(mock.wait_for_messages, 2, SECONDS, recipient="*@example.org")
    for recipient in ("x@example.org", "x@example.com", "y@example.org"):
        send(mock, recipient)
    assert [message.number for message in result()] == [1, 3]


def test_a_wait_does_not_count_what_was_purged_meanwhile(mock):
    looked = threading.Semaphore(0)
    result = in_thread(mock.wait_for_messages, 2, SECONDS, subject=lambda subject: looked.release() or True)
    send(mock, subject="one")
    looked.acquire()
    mock.purge()
    send(mock, subject="two")
    looked.acquire()
    assert len(mock.messages()) == 1
    send(mock, subject="three")
    assert [message.subject for message in result()] == ["two", "three"]


def test_a_wait_finds_messages_as_they_are_when_it_ends(mock):
    result = in_thread(mock.wait_for_messages, 2, SECONDS)
    with SMTP(mock.host, mock.port, timeout=SECONDS) as client:
        client.sendmail("a@example.com", ["b@example.com"], "hello")
    send(mock)
    first, _ = result()
    assert first.quit_sent


def test_a_wait_sees_what_a_session_took_back():
    with SMTPMock(multiple_message_receiving=False) as mock:
        result = in_thread(mock.wait_for_messages, 2, SECONDS)
        with SMTP(mock.host, mock.port, timeout=SECONDS) as client:
            client.sendmail("a@example.com", ["b@example.com"], "Subject: erased\r\n\r\n")
            client.sendmail("a@example.com", ["b@example.com"], "Subject: kept\r\n\r\n")
        send(mock, subject="last")
        assert [message.subject for message in result()] == ["kept", "last"]


def test_a_wait_may_have_no_end(mock):
    result = in_thread(mock.wait_for_message, math.inf)
    send(mock)
    assert result().number == 1


def test_the_setting_timeout_is_the_default_of_all_waits():
    with SMTPMock(timeout=0.05) as mock:
        with pytest.raises(MessageTimeoutError, match=r"^No message arrived within 0\.05 s\."):
            mock.wait_for_message()
        with pytest.raises(MessageTimeoutError, match=r"^No session ended within 0\.05 s\."):
            mock.wait_for_session()
        with pytest.raises(MessageTimeoutError, match=r"^timeout waiting for 1 messages, got 0"):
            mock.wait_for_messages()


def test_a_wait_in_vain_lasts_as_long_as_it_says(mock):
    begin = time.monotonic()
    with pytest.raises(MessageTimeoutError):
        mock.wait_for_message(0.2)
    assert time.monotonic() - begin >= 0.2


def test_that_nothing_arrives_is_known_after_the_whole_time_only(mock):
    send(mock, "other@example.com")
    begin = time.monotonic()
    mock.assert_no_message(within=0.2, recipient="b@example.com")
    assert time.monotonic() - begin >= 0.2


def test_that_something_arrives_is_known_at_once(mock):
    errors = []

    def watch():
        try:
            mock.assert_no_message(within=3600, recipient="b@example.com")
        except ExpectationError as error:
            errors.append(error)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    send(mock)
    watcher.join(SECONDS)
    [error] = errors
    assert [message.number for message in error.messages] == [1]


def test_a_wait_for_a_session_returns_the_first_that_has_ended(mock):
    with SMTP(mock.host, mock.port, timeout=SECONDS):
        send(mock)
        assert mock.wait_for_session(0).number == 2
    assert mock.wait_for_session(SECONDS).number == 1


def test_a_wait_for_a_session_ends_when_a_session_does(mock):
    result = in_thread(mock.wait_for_session, SECONDS, helo_name="late.example")
    send(mock)
    with SMTP(mock.host, mock.port, timeout=SECONDS) as client:
        client.docmd("HELO", "late.example")
    session = result()
    assert session.number == 2
    assert session.ended_at.tzinfo is timezone.utc


def test_waits_from_threads_each_get_their_own(mock):
    results = [in_thread(mock.wait_for_message, SECONDS, recipient=f"{n}@example.com") for n in range(20)]
    for n in reversed(range(20)):
        send(mock, f"{n}@example.com")
    assert [result().recipients for result in results] == [(f"{n}@example.com",) for n in range(20)]


def test_waits_from_greenlets_of_the_users_own_hub(run):
    run(
        """
        import gevent
        from smtpmock import MessageTimeoutError, SMTPMock
        from smtplib import SMTP
        import threading

        with SMTPMock() as mock:
            waiters = [gevent.spawn(mock.wait_for_message, 60, recipient=f"{n}@example.com") for n in range(5)]
            session = gevent.spawn(mock.wait_for_session, 60, helo_name="x.example")
            nothing = gevent.spawn(mock.assert_no_message, 0.1, recipient="nobody@example.com")
            late = gevent.spawn(lambda: mock.wait_for_message(0.1, recipient="nobody@example.com"))
            gevent.idle()  # now they wait

            def send():
                for n in range(5):
                    with SMTP(mock.host, mock.port, local_hostname="x.example") as client:
                        client.sendmail("a@example.com", [f"{n}@example.com"], "hello")

            thread = threading.Thread(target=send)
            thread.start()
            assert [waiter.get().recipients[0][0] for waiter in waiters] == list("01234")
            assert session.get().helo_name == "x.example"
            nothing.get()
            late.join()
            assert type(late.exception) is MessageTimeoutError
            thread.join()
        """,
        may_complain=True,  # gevent shows the exception of a greenlet
    )


def test_waits_from_asyncio_leave_the_loop_free(mock):
    async def converse():
        waits = [
            asyncio.to_thread(mock.wait_for_message, SECONDS, recipient="b@example.com"),
            asyncio.to_thread(mock.wait_for_session, SECONDS, helo_name="x.example"),
        ]
        tasks = [asyncio.ensure_future(wait) for wait in waits]
        reader, writer = await asyncio.open_connection(mock.host, mock.port)  # which the loop itself has to serve
        lines = ("HELO x.example", "MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>", "DATA", "\r\nhello\r\n.")
        for line in (*lines, "QUIT"):
            await reader.readline()
            writer.write(f"{line}\r\n".encode())
        assert (await reader.read()).endswith(b"221 Closing connection\r\n")
        writer.close()
        await writer.wait_closed()
        return await asyncio.gather(*tasks)

    message, session = asyncio.run(converse())
    assert message.recipients == ("b@example.com",)
    assert [kept.number for kept in session.messages] == [message.number]


# Since.


def test_since_a_mark_means_what_comes_after_it(mock):
    send(mock)
    mark = mock.mark()
    with pytest.raises(MessageTimeoutError):
        mock.wait_for_message(0, since=mark)
    mock.assert_no_message(within=0, since=mark)
    send(mock, subject="new")
    assert mock.wait_for_message(0, since=mark).subject == "new"
    assert mock.wait_for_session(0, since=mark).number == 2


def test_since_a_message_means_what_appeared_after_it(mock):
    send(mock, subject="one")
    first = mock.message()
    send(mock, subject="two")
    second = mock.wait_for_message(0, since=first)
    assert second.subject == "two"
    with pytest.raises(MessageTimeoutError):
        mock.wait_for_message(0, since=second)


def test_a_session_that_goes_on_holds_no_message_that_was_taken_out(mock):
    with SMTP(mock.host, mock.port, timeout=SECONDS) as client:
        client.sendmail("a@example.com", "b@example.com", "hello")
        [taken] = mock.purge()
        parsed = weakref.ref(taken.email)
        client.sendmail("a@example.com", "b@example.com", "hello")
        mock.purge()
        [session] = mock.sessions()
        assert session.messages == ()
        assert parsed() is not None
        del taken
        gc.collect()
        assert parsed() is None


@pytest.mark.parametrize("place", ["local"])
def test_a_mark_outlives_a_purge_and_a_restart(mock):
    send(mock)
    mark = mock.mark()
    mock.purge()
    send(mock, subject="new")
    assert mock.message(since=mark).subject == "new"
    mock.stop()
    mock.start()
    send(mock, subject="newer")
    assert [message.subject for message in mock.messages(since=mark)] == ["new", "newer"]


def test_a_failed_transaction_comes_after_a_mark_that_was_set_while_it_went_on(mock):
    with SMTP(mock.host, mock.port, timeout=SECONDS) as client:
        client.docmd("HELO", "x.example")
        client.docmd("MAIL", "FROM:<a@example.com>")
        mark = mock.mark()
    assert mock.wait_for_message(SECONDS, since=mark, accepted=False).helo_name == "x.example"


# Many.

MANY = 100_000


@pytest.fixture(scope="module")
def full():
    """A server with very many messages, each to a recipient of its own."""
    with SMTPMock(multiple_message_receiving=True) as mock:
        stream(mock, MANY, lambda n: (f"user{n}@example.com", f"number {n % 1000}"))
        yield mock


def milliseconds(function):
    begin = time.perf_counter()
    found = function()
    return found, 1000 * (time.perf_counter() - begin)


@pytest.mark.parametrize(
    ("words", "compared"),
    [
        ({"recipient": "user500@example.com"}, 1),
        ({"recipient": "user500@EXAMPLE.com"}, 1),
        ({"recipient": "user500@example.com", "sender": "a@example.com"}, 1),
        ({"sender": "a@example.com", "recipient": "user500@example.com"}, 1),
        ({"recipient": "nobody@example.com"}, 0),
        ({"sender": "nobody@example.com"}, 0),
        ({}, MANY),
    ],
)
def test_an_address_is_looked_up_among_very_many_messages(full, words, compared, record_property):
    asked = []
    full.messages(**words, helo_name=lambda name: asked.append(name) or True)
    assert len(asked) == compared
    found, took = milliseconds(lambda: full.messages(**words))
    assert len(found) == compared
    record_property("milliseconds", took)
    print(f"{words}: {took:.3f} ms")


def test_what_is_not_looked_up_is_found_in_one_pass(full):
    asked = []

    def is_number_7(subject):
        asked.append(subject)
        return subject == "number 7"

    found, took = milliseconds(lambda: full.messages(subject=is_number_7))
    assert len(found) == MANY // 1000
    assert len(asked) == MANY
    print(f"one pass: {took:.0f} ms")


def test_what_is_newer_than_a_message_is_looked_for_among_the_newer_ones_only(full):
    asked = []
    since = full.messages(recipient=f"user{MANY - 11}@example.com")[0]
    found = full.messages(since=since, sender="a@example.com", helo_name=lambda name: asked.append(name) or True)
    assert len(found) == len(asked) == 10


def test_a_wait_looks_at_each_message_once_while_it_waits():
    count = 500
    asked = []
    with SMTPMock(multiple_message_receiving=True) as mock:
        result = in_thread(
            mock.wait_for_messages,
            count,
            SECONDS,
            recipient="b@example.com",
            subject=lambda subject: asked.append(subject) or True,
        )
        stream(mock, count, lambda n: ("b@example.com", f"number {n}"))
        assert len(result()) == count
    assert len(asked) <= 2 * count  # once when it arrives, and all once more in the end


# Bounds.


def test_the_oldest_messages_go_first_and_are_counted():
    with SMTPMock(max_messages=3, multiple_message_receiving=True) as mock:
        stream(mock, 10, lambda n: (f"user{n}@example.com", f"number {n}"))
        assert [message.subject for message in mock.messages()] == ["number 7", "number 8", "number 9"]
        assert mock.dropped == 7
        assert mock.messages(recipient="user6@example.com") == []
        assert len(mock.messages(recipient="user7@example.com")) == 1
        assert mock.purge()[0].number == 8
        assert mock.dropped == 7


def test_failed_records_count_too():
    with SMTPMock(max_messages=2) as mock:
        fail(mock)
        send(mock)
        fail(mock)
        mock.wait_for_session(SECONDS, since=mock.mark()._replace(session=2))
        assert [message.accepted for message in mock.messages(accepted=None)] == [True, False]
        assert mock.dropped == 1


def test_a_message_that_was_dropped_does_not_come_back():
    with SMTPMock(max_messages=1, multiple_message_receiving=True) as mock:
        with SMTP(mock.host, mock.port, timeout=SECONDS) as client:
            client.sendmail("a@example.com", ["b@example.com"], "Subject: old\r\n\r\n")
            send(mock, subject="new")
            client.noop()
        assert [message.subject for message in mock.messages()] == ["new"]
        assert [session.messages for session in mock.sessions() if session.number == 1] in ([()], [])


def test_without_a_bound_all_are_kept(mock):
    stream(mock, 500, lambda n: ("b@example.com", f"number {n}"))
    assert len(mock.messages()) == 500
    assert mock.dropped == 0


def test_sessions_that_have_ended_are_bounded_and_those_that_go_on_stay():
    with SMTPMock(max_messages=3) as mock, SMTP(mock.host, mock.port, timeout=SECONDS):
        for _ in range(10):
            send(mock)
        assert [session.number for session in mock.sessions()] == [1, 9, 10, 11]


def test_the_last_session_is_there_however_much_it_said():
    with SMTPMock(max_messages=1, multiple_message_receiving=True) as mock:
        with SMTP(mock.host, mock.port, timeout=SECONDS) as client:
            for _ in range(30):
                client.sendmail("a@example.com", ["b@example.com"], "hello")
        session = mock.wait_for_session(0)
        assert len(session.exchanges) == 10
        assert session.exchanges[-1].request == "QUIT"


def test_what_a_long_session_said_is_bounded_while_it_goes_on():
    with SMTPMock(max_messages=5, multiple_message_receiving=True) as mock:
        with SMTP(mock.host, mock.port, timeout=SECONDS) as client:
            for _ in range(100):
                client.sendmail("a@example.com", ["b@example.com"], "hello")
                [session] = mock.sessions()
                assert len(session.exchanges) <= 5 * 10 + 5 + 4
                assert len(session.messages) <= 5
        assert len(mock.messages()) == 5


def test_what_a_long_session_without_a_message_said_is_bounded_while_it_goes_on():
    with SMTPMock(max_messages=2) as mock, SMTP(mock.host, mock.port, timeout=SECONDS) as client:
        for _ in range(200):
            client.noop()
        [session] = mock.sessions()
        assert len(session.exchanges) <= 2 * 10 + 2 + 4


def test_bound_in_bytes_drops_the_oldest_and_counts_them():
    with SMTPMock(max_bytes=2_500) as mock, SMTP(mock.host, mock.port, timeout=SECONDS) as client:
        for number in range(5):
            client.sendmail("a@example.com", ["b@example.com"], f"Subject: {number}\r\n\r\n{'x' * 900}")
        kept = mock.messages()

        assert [message.subject for message in kept] == ["3", "4"]
        assert sum(len(message.raw) for message in kept) <= 2_500
        assert mock.dropped == 3

        mock.purge()
        client.sendmail("a@example.com", ["b@example.com"], f"Subject: again\r\n\r\n{'x' * 2_300}")
        assert mock.dropped == 3


def test_message_larger_than_the_bound_in_bytes_is_kept_until_the_next():
    with SMTPMock(max_bytes=10) as mock, SMTP(mock.host, mock.port, timeout=SECONDS) as client:
        for subject in ("first", "second"):
            client.sendmail("a@example.com", ["b@example.com"], f"Subject: {subject}\r\n\r\n{'x' * 900}")
            assert [message.subject for message in mock.messages()] == [subject]
