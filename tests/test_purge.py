"""Purges, and the counts afterwards."""

from __future__ import annotations

from smtplib import SMTP, SMTPRecipientsRefused

import pytest

from smtpmock import SMTPMock
from tests.places import served
from tests.raw_client import ENVELOPE, SECONDS, Client


@pytest.fixture
def mock(place):
    """A server that was sent two mails, and between them an attempt whose only recipient was refused."""
    settings = {"multiple_rcptto": True, "multiple_message_receiving": True}
    with served(place, not_registered_emails=["no@example.com"], **settings) as m:
        send(m, "b@example.com")
        with pytest.raises(SMTPRecipientsRefused):
            send(m, "no@example.com")
        send(m, "c@example.com")
        yield m


FIRST, FAILED, SECOND = 1, 2, 3


def send(mock, recipient):
    with SMTP(mock.host, mock.port, "app.example", timeout=SECONDS) as client:
        client.sendmail("a@example.com", [recipient], f"Subject: for {recipient}\r\n\r\nhello")


def numbers(messages):
    return [message.number for message in messages]


def test_the_length_is_the_number_of_accepted_messages(mock):
    assert len(mock) == 2
    mock.purge()
    assert len(mock) == 0


@pytest.mark.parametrize("place", ["local"])
def test_a_server_shows_the_number_of_accepted_messages(mock):
    assert repr(mock) == f"<SMTPMock on 127.0.0.1:{mock.port}, 2 messages>"


def test_a_server_is_true_however_empty_it_is(mock):
    mock.purge()
    assert bool(mock) is True
    assert bool(SMTPMock()) is True


def test_a_purge_takes_records_of_any_outcome_and_returns_them(mock):
    assert numbers(mock.purge()) == [FIRST, FAILED, SECOND]
    assert mock.messages(accepted=None) == []
    assert mock.sessions() == []


def test_messages_and_purge_takes_everything_and_returns_the_accepted_ones(mock):
    assert numbers(mock.messages_and_purge()) == [FIRST, SECOND]
    assert mock.messages(accepted=None) == []
    assert mock.messages_and_purge() == []


def test_wait_for_messages_and_purge_takes_everything_and_returns_the_accepted_ones(mock):
    assert numbers(mock.wait_for_messages_and_purge(2, 0)) == [FIRST, SECOND]
    assert mock.messages(accepted=None) == []


@pytest.mark.parametrize(
    ("query", "taken"),
    [
        ({"recipient": "b@example.com"}, [FIRST]),
        ({"recipient": "*@example.com"}, [FIRST, FAILED, SECOND]),
        ({"recipient": "*@example.com", "accepted": True}, [FIRST, SECOND]),
        ({"recipient": "*@example.com", "accepted": False}, [FAILED]),
        ({"recipient": "*@example.com", "accepted": None}, [FIRST, FAILED, SECOND]),
        ({"refused_recipient": "no@example.com"}, [FAILED]),
        ({"sender": "nobody@example.com"}, []),
        ({"subject": lambda subject: "c@" in subject}, [SECOND]),
        ({"accepted": False}, [FAILED]),
        ({"accepted": None}, [FIRST, FAILED, SECOND]),
    ],
)
def test_a_purge_with_a_query_takes_what_matches_and_nothing_else(mock, query, taken):
    assert numbers(mock.purge(**query)) == taken
    left = [number for number in (FIRST, FAILED, SECOND) if number not in taken]
    assert numbers(mock.messages(accepted=None)) == left
    assert len(mock.sessions()) == 3
    assert [numbers(session.messages) for session in mock.sessions()] == [
        [number] if number in left else [] for number in (FIRST, FAILED, SECOND)
    ]


def test_a_purge_with_a_query_takes_only_what_is_newer_than_a_mark(mock):
    mark = mock.mark()
    send(mock, "d@example.com")
    assert numbers(mock.purge(since=mark)) == [SECOND + 1]
    assert numbers(mock.purge(since=mark)) == []
    assert len(mock) == 2


def test_what_a_purge_with_a_query_took_is_not_found_by_its_address(mock):
    mock.purge(recipient="b@example.com")
    assert mock.messages(recipient="b@example.com") == []
    assert numbers(mock.messages(sender="a@example.com")) == [SECOND]
    send(mock, "b@example.com")
    assert numbers(mock.messages(recipient="b@example.com")) == [SECOND + 1]


def test_a_record_that_a_query_took_does_not_come_back(mock):
    with Client(mock) as client:
        client.deliver()
        [taken] = mock.purge(sender="a@example.com", since=mock.mark()._replace(message=SECOND))
        client.ask("NOOP", "RSET", "QUIT")
        client.read_all()
    assert taken not in mock.messages(accepted=None)
    assert len(mock) == 2


@pytest.mark.parametrize("query", [{}, {"sender": "a@example.com"}])
def test_an_attempt_that_has_not_appeared_at_the_moment_of_a_purge_appears_later(mock, query):
    with Client(mock) as client:
        client.ask(*ENVELOPE)
        mock.purge(**query)
        client.ask("QUIT")
        client.read_all()
    [attempt] = mock.messages(accepted=None)
    assert (attempt.accepted, attempt.recipients) == (False, ("b@example.com",))


def test_rules_outlive_a_purge(mock):
    rule = mock.on("NOOP", reply="250 Still there")
    mock.purge()
    mock.purge(sender="*")
    assert mock.rules == (rule,)
    with Client(mock) as client:
        assert client.ask("NOOP") == ["250 Still there"]
