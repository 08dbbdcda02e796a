"""A large inbox: how it is searched, and what it drops."""

from __future__ import annotations

import time
from smtplib import SMTP

import pytest

from smtpmock import SMTPMock
from tests.long import LONG
from tests.places import served
from tests.raw_client import SECONDS
from tests.sending import fail, in_thread, send, stream

pytestmark = pytest.mark.uninstrumented


@pytest.fixture
def mock(place):
    with served(place, multiple_rcptto=True, multiple_message_receiving=True) as running:
        yield running


# Many.

MANY = 100_000 if LONG else 10_000


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
