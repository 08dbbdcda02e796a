"""How mail is found, and how it is waited for."""

from __future__ import annotations

import asyncio
import math
import threading
import time
import weakref
from datetime import timezone
from smtplib import SMTP

import pytest

from smtpmock import ExpectationError, MessageTimeoutError, SMTPMock
from tests.garbage import collect
from tests.places import served
from tests.raw_client import SECONDS
from tests.sending import fail, in_thread, send


@pytest.fixture
def mock(place):
    with served(place, multiple_rcptto=True, multiple_message_receiving=True) as running:
        yield running


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


def test_a_wait_for_a_session_looks_at_each_once_when_it_has_ended():
    count = 100
    asked = []
    with SMTPMock() as mock:
        for _ in range(count):
            send(mock)
        result = in_thread(
            mock.wait_for_session, SECONDS, helo_name=lambda name: asked.append(name) or name == "last.example"
        )
        for _ in range(count):
            send(mock)
        with SMTP(mock.host, mock.port, local_hostname="last.example", timeout=SECONDS) as client:
            client.ehlo()
        assert result().helo_name == "last.example"
    assert len(asked) == 2 * count + 1


def test_a_wait_for_a_session_examines_all_of_many(mock, monkeypatch):
    monkeypatch.setattr("smtpmock.mailbox.local._FIRST_SESSIONS", 1)
    with SMTP(mock.host, mock.port, timeout=SECONDS), SMTP(mock.host, mock.port, timeout=SECONDS) as late:
        for name in ("a", "b", "c", "d", "e"):
            with SMTP(mock.host, mock.port, local_hostname=f"{name}.example", timeout=SECONDS) as client:
                client.ehlo()
        assert mock.wait_for_session(0, helo_name="e.example").number == 7
        result = in_thread(mock.wait_for_session, SECONDS, helo_name="late.example")
        late.docmd("EHLO", "late.example")
        late.quit()
        assert result().number == 2


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
        collect()
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
