"""Read flags and tags, and messages by their ids."""

from __future__ import annotations

from smtplib import SMTP

import pytest

from smtpmock import QueryError
from tests.places import served


@pytest.fixture
def mock(place):
    with served(place, not_registered_emails=["no@example.com"]) as mock, SMTP(mock.host, mock.port) as client:
        for subject in ("one", "two", "three"):
            client.sendmail("a@example.com", ["b@example.com"], f"Subject: {subject}\r\n\r\n")
        client.docmd("MAIL", "FROM:<a@example.com>")
        client.docmd("RCPT", "TO:<no@example.com>")
        client.rset()
        yield mock


def state(mock, **query):
    return [(message.subject, message.is_read, message.tags) for message in mock.messages(**query)]


def test_reading_in_python_marks_nothing_as_read(mock):
    assert [message.text for message in mock.messages()] == [""] * 3

    assert state(mock) == [("one", False, ()), ("two", False, ()), ("three", False, ())]


def test_messages_are_marked_and_tagged_and_returned_as_they_are_now(mock):
    changed = mock.update_messages(read=True, tags=["b", "a", "b"], subject="t")

    assert [(message.subject, message.is_read, message.tags) for message in changed] == [
        ("two", True, ("b", "a")),
        ("three", True, ("b", "a")),
    ]
    assert state(mock) == [("one", False, ()), ("two", True, ("b", "a")), ("three", True, ("b", "a"))]


def test_what_is_not_given_stays(mock):
    mock.update_messages(read=True)
    mock.update_messages(tags=["a"])
    mock.update_messages()

    assert state(mock, subject="one") == [("one", True, ("a",))]

    mock.update_messages(read=False)
    mock.update_messages(tags=[])

    assert state(mock, subject="one") == [("one", False, ())]


def test_attempts_are_changed_only_if_they_are_asked_for(mock):
    mock.update_messages(read=True)
    assert [attempt.is_read for attempt in mock.messages(accepted=False)] == [False]

    mock.update_messages(read=True, accepted=None)
    assert [attempt.is_read for attempt in mock.messages(accepted=False)] == [True]


def test_messages_that_were_returned_before_do_not_change(mock):
    [before] = mock.messages(subject="one")
    [after] = mock.update_messages(read=True, id=before.id)

    assert (before.is_read, after.is_read, before == after) == (False, True, False)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"read": "yes"}, "Invalid read 'yes': expected True, False, or None for no change"),
        ({"tags": "late"}, "Invalid tags 'late': expected a list of texts"),
        ({"tags": 7}, "Invalid tags 7: expected a list of texts"),
        ({"tags": [7]}, "Invalid tag 7: expected a text of 1 to 200 characters"),
        ({"tags": ["a", " "]}, "Invalid tag ' ': expected a text of 1 to 200 characters"),
        ({"tags": ["\ud800"]}, r"Invalid tag '\ud800': expected a text of 1 to 200 characters"),
        ({"read": True, "subjekt": "a"}, "Unknown criterion 'subjekt': did you mean 'subject'?"),
    ],
)
def test_invalid_change_is_refused_and_changes_nothing(mock, values, message):
    with pytest.raises(QueryError) as caught:
        mock.update_messages(**values)

    assert str(caught.value) == message
    assert state(mock) == [("one", False, ()), ("two", False, ()), ("three", False, ())]


# By id.


def test_messages_are_found_by_their_ids(mock):
    one, two, three = mock.messages()

    assert mock.message(id=two.id) == two
    assert mock.messages(id=[three.id, one.id, three.id, "unknown"]) == [one, three]
    assert mock.messages(id=[one.id, two.id], subject="two") == [two]
    assert mock.messages(id=[]) == mock.messages(id="unknown") == []
    assert mock.messages(id=[attempt.id for attempt in mock.messages(accepted=False)]) == []


def test_messages_are_purged_by_their_ids(mock):
    one, two, three = mock.messages()

    assert mock.purge(id=[]) == []
    assert mock.purge(id=[three.id, one.id]) == [one, three]
    assert mock.messages() == [two]
    assert mock.messages(id=one.id) == []


@pytest.mark.parametrize("wanted", [7, None, [7], b"x"])
def test_other_ids_are_refused(mock, wanted):
    with pytest.raises(QueryError, match=r"Invalid id .*: expected an id or several ids"):
        mock.messages(id=wanted)


def test_ids_are_shown_in_explanations(mock):
    with pytest.raises(AssertionError, match="No message with id='unknown' has arrived"):
        mock.message(id="unknown")
    with pytest.raises(AssertionError, match=r"No message with id=\['x', 'y'\] has arrived"):
        mock.message(id=["x", "y"])
