"""Changes as those who subscribe are told of them."""

from __future__ import annotations

from smtplib import SMTP

import pytest

from smtpmock import Change, SMTPMock

MAIL = b"From: a@example.com\r\nTo: b@example.com\r\nSubject: hi\r\n\r\nhello"


@pytest.fixture
def mock():
    with SMTPMock(max_messages=2) as mock:
        yield mock


@pytest.fixture
def changes(mock):
    """The changes that were told so far."""
    changes: list[Change] = []
    unsubscribe = mock.subscribe(changes.append)
    yield changes
    unsubscribe()


def test_message_is_told_between_the_ends_of_its_session(mock, changes):
    with SMTP(mock.host, mock.port) as client:
        client.sendmail("a@example.com", ["b@example.com"], MAIL)
    session = mock.wait_for_session()

    [message] = mock.messages()
    told = [change for change in changes if change.action != "amended"]
    assert told == [
        Change("session", "began", (session.id,)),
        Change("message", "added", (message.id,), 1, True),
        Change("session", "ended", (session.id,)),
    ]


def test_updates_and_purges_name_their_messages(mock, changes):
    first, second = mock.deliver(MAIL), mock.deliver(MAIL)
    mock.update_messages(read=True)
    mock.purge(id=first.id)
    mock.purge()

    assert changes[2:] == [
        Change("message", "updated", (first.id, second.id)),
        Change("purge", "purged", (first.id,)),
        Change("purge", "all", (second.id,)),
    ]


def test_message_that_a_bound_drops_is_named(mock, changes):
    oldest = mock.deliver(MAIL)
    mock.deliver(MAIL)
    mock.deliver(MAIL)

    assert Change("purge", "dropped", (oldest.id,), oldest.number) in changes


def test_message_that_its_session_erases_is_named():
    with SMTPMock(multiple_message_receiving=False) as mock:
        changes: list[Change] = []
        mock.subscribe(changes.append)
        with SMTP(mock.host, mock.port) as client:
            client.sendmail("a@example.com", ["b@example.com"], MAIL)
            [message] = mock.messages()
            client.mail("a@example.com")

    assert Change("purge", "erased", (message.id,)) in changes


def test_rules_are_told_when_they_come_apply_and_go(mock, changes):
    rule = mock.fail_next(stage="NOOP")
    with SMTP(mock.host, mock.port) as client:
        client.noop()
    mock.clear_rules()
    mock.clear_rules()

    told = [change for change in changes if change.topic == "rule"]
    assert told == [
        Change("rule", "added", (rule.id,)),
        Change("rule", "applied", (rule.id,)),
        Change("rule", "removed", (rule.id,)),
    ]


def test_nothing_is_told_after_the_end(mock):
    changes: list[Change] = []
    mock.subscribe(changes.append)()

    mock.deliver(MAIL)
    mock.fail_next()

    assert changes == []
