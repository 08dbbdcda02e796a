"""Lists of messages: order, pages, searches, read flags and deletions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from smtplib import SMTP
from threading import Event

import pytest

from smtpmock import Search
from tests.http.conftest import SECONDS

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def fail(mock):
    """Leave an attempt that failed."""
    with SMTP(mock.host, mock.port) as client:
        client.docmd("MAIL", "FROM:<a@example.com>")
        client.docmd("RCPT", "TO:nonsense")


def flags(mailpit):
    return {message["Subject"]: message["Read"] for message in mailpit.get("/messages")["messages"]}


def test_list_is_newest_first_and_has_accepted_mail_only(mock, mailpit, send):
    for subject in ("one", "two", "three"):
        send(subject)
    fail(mock)

    listed = mailpit.get("/messages")

    assert [message["Subject"] for message in listed.pop("messages")] == ["three", "two", "one"]
    assert listed == {
        "total": 3,
        "unread": 3,
        "count": 3,
        "messages_count": 3,
        "messages_unread": 3,
        "start": 0,
        "tags": [],
    }


def test_empty_list(mailpit):
    assert mailpit.get("/messages") == {
        "total": 0,
        "unread": 0,
        "count": 0,
        "messages_count": 0,
        "messages_unread": 0,
        "start": 0,
        "tags": [],
        "messages": [],
    }


@pytest.mark.parametrize(
    ("parameters", "subjects"),
    [
        ({}, "9876543210"),
        ({"limit": 3}, "987"),
        ({"start": 3, "limit": 3}, "654"),
        ({"start": 8}, "10"),
        ({"start": 10}, ""),
        ({"start": 999_999_999, "limit": 1}, ""),
        ({"limit": 0}, "9876543210"),  # as in Mailpit: the default
        ({"limit": 999_999_999}, "9876543210"),
    ],
)
@pytest.mark.parametrize("search", [{}, {"query": "subject:number"}])
def test_pages(mailpit, send, parameters, subjects, search):
    for number in range(10):
        send(f"number {number}")

    page = mailpit.get("/search" if search else "/messages", **parameters, **search)

    assert [message["Subject"] for message in page["messages"]] == [f"number {number}" for number in subjects]
    assert (page["total"], page["messages_count"], page["count"]) == (10, 10, len(subjects))
    assert page["start"] == parameters.get("start", 0)


def test_fifty_are_listed_unless_asked_otherwise(mock, mailpit, send):
    for _ in range(51):
        send()

    assert len(mailpit.subjects()) == 50


@pytest.mark.parametrize("name", ["start", "limit"])
@pytest.mark.parametrize("text", ["-1", "x", "1.5", "", "1000000000", "9" * 5000, "\u0661"])
def test_number_that_is_none_is_refused(mailpit, name, text):
    assert f"Invalid {name} '" in mailpit.refused("GET", "/messages", **{name: text})


def test_before_leaves_out_what_came_later(mock, mailpit, send):
    send("old")
    first = mailpit.get("/messages")["messages"][0]["Created"]

    assert mailpit.subjects(before=first) == []
    assert mailpit.subjects(before=first, query="old") == []
    assert mailpit.subjects(before="2999-01-01") == mailpit.subjects(before="2999-01-01", query="old") == ["old"]
    assert mailpit.get("/messages", before=first)["total"] == 1
    assert "Invalid before in the search 'soon': expected a date" in mailpit.refused("GET", "/messages", before="soon")


# Searching.


def test_search_counts_what_it_finds_and_what_there_is(mailpit, send):
    send("Order 1")
    read = send("Order 2")
    send("Invoice")
    mailpit.change("PUT", "/messages", {"IDs": [read], "Read": True})

    found = mailpit.get("/search", query="subject:order", limit=1)

    assert [message["Subject"] for message in found["messages"]] == ["Order 2"]
    assert (found["total"], found["unread"], found["messages_count"], found["messages_unread"]) == (3, 2, 2, 1)


@pytest.mark.parametrize(
    ("query", "subjects"),
    [
        ("to:bob", ["two", "one"]),
        ('from:"shop@example.com" -one', ["three", "two"]),
        ("is:unread !to:bob", ["three"]),
        ("bcc:bob", []),
        ("reply-to:help", ["two"]),
        ("message-id:third", ["three"]),
        ("has:attachment", []),
        ("larger:10 smaller:10k", ["three", "two", "one"]),
    ],
)
def test_search_language(mailpit, send, query, subjects):
    send("one")
    send("two", Reply_To="help@example.com")
    send("three", "carol@example.com", Message_ID="<third@example.com>")

    assert mailpit.subjects(query=query) == subjects


def test_time_zone_applies_to_times(mailpit, send):
    send("now")

    assert mailpit.subjects(query="after:2020-01-01", tz="Europe/Berlin") == ["now"]
    for method in ("GET", "DELETE"):
        assert mailpit.refused(method, "/search", query="now", tz="Europe/Berln") == (
            "Unknown time zone 'Europe/Berln': did you mean 'Europe/Berlin'?"
        )
    body = {"Search": "after:2020-01-01", "Read": True}
    assert "Unknown time zone" in mailpit.refused("PUT", "/messages", body, tz="x")
    assert flags(mailpit) == {"now": False}


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({}, "Missing search: expected words such as 'to:bob@example.com' in the parameter query"),
        ({"query": ""}, "Missing search: expected words such as 'to:bob@example.com' in the parameter query"),
        ({"query": '" "'}, "Invalid search '\" \"': expected at least one word"),
        ({"query": "to:"}, "Invalid word 'to:' in the search: expected letters or digits to search for"),
        ({"q": "to:bob"}, "Unknown parameter 'q': expected "),
    ],
)
def test_search_for_nothing_is_refused(mailpit, send, method, parameters, sentence):
    send("kept")

    assert mailpit.refused(method, "/search", **parameters).startswith(sentence)
    assert mailpit.subjects() == ["kept"]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_mail_is_received_while_a_search_goes_on(mock, mailpit, send, monkeypatch, method):
    send("first")
    received = Event()
    matches = Search.matches

    def match(search, found):
        assert received.wait(SECONDS)
        return matches(search, found)

    monkeypatch.setattr(Search, "matches", match)
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(mailpit.call, method, "/search", query="subject:first")
        send("second")
        received.set()
        assert answer.result(SECONDS).status == 200

    assert "second" in mailpit.subjects()


# Marking.


def test_listing_and_searching_mark_nothing_as_read(mailpit, send):
    send("one")
    mailpit.get("/messages")
    mailpit.get("/search", query="one")

    assert flags(mailpit) == {"one": False}


def test_messages_are_marked_by_id_by_search_or_all(mailpit, send):
    one, _, _ = send("one"), send("two"), send("three")

    mailpit.change("PUT", "/messages", {"IDs": [one, "unknown"], "Read": True})
    assert flags(mailpit) == {"one": True, "two": False, "three": False}

    mailpit.change("PUT", "/messages", {"Search": "subject:t", "Read": True})
    assert flags(mailpit) == {"one": True, "two": True, "three": True}

    mailpit.change("PUT", "/messages", {"IDs": [one]})
    assert flags(mailpit) == {"one": False, "two": True, "three": True}

    mailpit.change("PUT", "/messages", {"IDs": [], "Search": "", "Read": True})
    assert flags(mailpit) == {"one": True, "two": True, "three": True}

    mailpit.change("PUT", "/messages")
    assert flags(mailpit) == {"one": False, "two": False, "three": False}


def test_form_marks_messages_as_well(mailpit, send):
    one, two, _ = send("one"), send("two"), send("three")

    response = mailpit.ask("PUT", "/api/v1/messages", body=f"ids={one}&ids={two}&Read=True", headers=FORM)

    assert (response.status, response.content) == (200, b"ok")
    assert flags(mailpit) == {"one": True, "two": True, "three": False}


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"IDs": ["x"], "Search": "to:bob"}, "Both IDs and Search are given: expected one of them"),
        ({"Read": "maybe"}, "Invalid Read 'maybe': expected true or false"),
        ({"Read": 1}, "Invalid Read 1: expected true or false"),
        ({"IDs": "x"}, "Invalid IDs 'x': expected a list of texts"),
        ({"IDs": [7]}, "Invalid IDs [7]: expected a list of texts"),
        ({"Search": 7}, "Invalid search 7: expected a text"),
        ({"Reed": True}, "Unknown field of the body 'Reed': did you mean 'Read'?"),
        ({"Read": True, "read": False}, "The field Read is given twice"),
        ([], "Invalid body []: expected an object"),
        ("x", "Invalid body 'x': expected an object"),
    ],
)
def test_body_that_means_nothing_marks_nothing(mailpit, send, body, sentence):
    send("one")

    assert mailpit.refused("PUT", "/messages", body).startswith(sentence)
    assert flags(mailpit) == {"one": False}


# Deleting.


def test_messages_are_deleted_by_id(mailpit, send):
    one, _, three = send("one"), send("two"), send("three")

    mailpit.change("DELETE", "/messages", {"IDs": [one, three, "unknown"]})

    assert mailpit.subjects() == ["two"]


def test_search_deletes_what_it_finds(mailpit, send):
    for subject in ("one", "two", "three"):
        send(subject)

    mailpit.change("DELETE", "/search", query="subject:t")
    mailpit.change("DELETE", "/search", query="subject:t")

    assert mailpit.subjects() == ["one"]


@pytest.mark.parametrize("body", [b"", b"  \n", b"{}", b'{"IDs": []}', b'{"IDs": null}', b'{"ids": []}'])
def test_no_ids_mean_everything_attempts_included(mock, mailpit, send, body):
    send("one")
    fail(mock)

    response = mailpit.ask("DELETE", "/api/v1/messages", body=body)

    assert (response.status, response.content) == (200, b"ok")
    assert mock.messages(accepted=None) == []


@pytest.mark.parametrize("kind", [FORM, {"Content-Type": "application/json"}, {}])
def test_json_is_read_whatever_it_is_called(mailpit, send, kind):
    one, _ = send("one"), send("two")

    mailpit.ask("DELETE", "/api/v1/messages", body=f' {{"IDs": ["{one}"]}}', headers=kind)

    assert mailpit.subjects() == ["two"]


def test_form_deletes_the_ids_in_it(mailpit, send):
    one, _, three = send("one"), send("two"), send("three")

    mailpit.ask("DELETE", "/api/v1/messages", body=f"ids={one}&ids={three}", headers=FORM)

    assert mailpit.subjects() == ["two"]


@pytest.mark.parametrize(
    ("body", "headers", "sentence"),
    [
        (b'{"IDs": ["x"', {}, "Invalid body "),
        (b"\xff\xfe", {}, "Invalid body "),
        (b"[" * 100_000, {}, "Invalid body "),
        (b"IDs", {}, "Invalid body "),
        (b"IDs", FORM, "Invalid body "),
        (b"ids=%ff", FORM, "Invalid body "),
        (b"id=x", FORM, "Unknown field of the body 'id': did you mean 'IDs'?"),
        (b'{"ID": ["x"]}', {}, "Unknown field of the body 'ID': did you mean 'IDs'?"),
        (b'{"IDs": {"x": 1}}', {}, "Invalid IDs {'x': 1}: expected a list of texts"),
    ],
)
def test_body_that_means_nothing_deletes_nothing(mailpit, send, body, headers, sentence):
    send("kept")

    response = mailpit.ask("DELETE", "/api/v1/messages", body=body, headers=headers)

    assert (response.status, response.content.decode()[: len(sentence)]) == (400, sentence)
    assert mailpit.subjects() == ["kept"]


def test_body_that_is_too_large_is_refused(mock, mailpit, send):
    send("kept")
    size = 2 * mock.settings.msg_size_limit + 1_048_576 + 1

    response = mailpit.ask("DELETE", "/api/v1/messages", body=b" " * size)

    assert (response.status, response.headers["Content-Type"]) == (413, "text/plain; charset=utf-8")
    assert mailpit.subjects() == ["kept"]


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/messages"), ("PATCH", "/messages"), ("GET", "/send"), ("POST", "/search")]
)
def test_other_methods_are_refused(mailpit, method, path):
    response = mailpit.call(method, path)

    assert response.status == 405
    assert "cannot be asked with" in response.content.decode()
    assert method not in response.headers["Allow"]


def test_unknown_path_is_a_404(mailpit):
    assert mailpit.refused("GET", "/mesages", status=404) == "There is nothing at /api/v1/mesages"
