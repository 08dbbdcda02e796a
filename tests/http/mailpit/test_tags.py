"""Tags: on messages, in lists, renamed and deleted."""

from __future__ import annotations

from smtplib import SMTP

import pytest

from smtpmock.http.mailpit.tags import clean_tags


def tags(mailpit):
    return {message["Subject"]: message["Tags"] for message in mailpit.get("/messages")["messages"]}


@pytest.fixture
def three(send):
    """The IDs of three messages."""
    return send("one"), send("two"), send("three")


def test_tags_are_replaced_and_removed(mailpit, three):
    one, two, _ = three

    mailpit.change("PUT", "/tags", {"IDs": [one, two, "unknown"], "Tags": ["late", "Urgent"]})
    assert tags(mailpit) == {"one": ["late", "Urgent"], "two": ["late", "Urgent"], "three": []}

    mailpit.change("PUT", "/tags", {"IDs": [two], "Tags": ["done"]})
    mailpit.change("PUT", "/tags", {"IDs": [one]})
    assert tags(mailpit) == {"one": [], "two": ["done"], "three": []}

    mailpit.change("PUT", "/tags", {"Tags": ["nowhere"]})
    assert mailpit.get("/tags") == ["done"]


def test_tags_are_shown_everywhere(mailpit, three):
    one, two, _ = three
    mailpit.change("PUT", "/tags", {"IDs": [one, two], "Tags": ["late"]})
    mailpit.change("PUT", "/tags", {"IDs": [two], "Tags": ["Early", "late"]})

    assert mailpit.get("/tags") == ["Early", "late"]
    assert mailpit.get("/messages", limit=1)["tags"] == ["Early", "late"]
    assert mailpit.get("/search", query="tag:early")["tags"] == ["Early", "late"]
    assert mailpit.subjects(query="tag:early") == ["two"]
    assert mailpit.subjects(query="is:tagged") == ["two", "one"]
    assert mailpit.get("/info")["Tags"] == {"Early": 1, "late": 2}
    assert mailpit.get(f"/message/{two}")["Tags"] == ["Early", "late"]


def test_tags_of_attempts_are_not_shown(mock, mailpit):
    with SMTP(mock.host, mock.port) as client:
        client.docmd("MAIL", "FROM:<a@example.com>")
    mock.update_messages(tags=["failed"], accepted=None)

    assert mock.messages(accepted=False)[0].tags == ("failed",)
    assert mailpit.get("/tags") == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (["b", "a", "B", "a"], ["a", "b"]),
        (["a/b\r\nSet-Cookie: x"], ["a b Set-Cookie x"]),
        (["-_.@ 0", "", "<>", " "], ["-_.@ 0"]),
        (["Grüße", "\ud800"], ["Gr e"]),
        (["x" * 101], ["x" * 100]),
        (["x" * 99 + " y"], ["x" * 99]),
    ],
)
def test_tags_keep_what_mailpit_allows(given, kept):
    assert clean_tags(given) == kept


def test_tag_is_renamed_wherever_it_is(mailpit, three):
    one, two, three_ = three
    mailpit.change("PUT", "/tags", {"IDs": [one], "Tags": ["late", "x"]})
    mailpit.change("PUT", "/tags", {"IDs": [two], "Tags": ["late", "early"]})
    mailpit.change("PUT", "/tags", {"IDs": [three_], "Tags": ["later"]})

    mailpit.change("PUT", "/tags/LATE", {"Name": "Early"})

    assert tags(mailpit) == {"one": ["Early", "x"], "two": ["early"], "three": ["later"]}


def test_tag_with_spaces_is_named_in_the_path(mailpit, three):
    mailpit.change("PUT", "/tags", {"IDs": [three[0]], "Tags": ["very late"]})

    mailpit.change("PUT", "/tags/very%20late", {"Name": "on time"})
    mailpit.change("PUT", "/tags/on%20time", {"Name": "On Time"})
    assert mailpit.get("/tags") == ["On Time"]

    mailpit.change("DELETE", "/tags/on%20time")
    assert mailpit.get("/tags") == []


def test_tag_is_deleted_and_messages_stay(mailpit, three):
    one, two, _ = three
    mailpit.change("PUT", "/tags", {"IDs": [one, two], "Tags": ["late", "x"]})

    mailpit.change("DELETE", "/tags/late")
    mailpit.change("DELETE", "/tags/late")

    assert tags(mailpit) == {"one": ["x"], "two": ["x"], "three": []}


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        ("/tags/lat", {"Name": "x"}, "Unknown tag 'lat': did you mean 'late'?"),
        ("/tags/late", {"Name": "<>"}, "Invalid Name '<>': expected a text with letters or digits"),
        ("/tags/late", {"Name": 7}, "Invalid Name 7: expected a text with letters or digits"),
        ("/tags/late", {}, "Invalid Name None: expected a text with letters or digits"),
        ("/tags/late", {"Nam": "x"}, "Unknown field of the body 'Nam': did you mean 'Name'?"),
        ("/tags", {"IDs": [], "Tags": "late"}, "Invalid Tags 'late': expected a list of texts"),
        ("/tags", {"IDs": [], "Tags": [1]}, "Invalid Tags [1]: expected a list of texts"),
    ],
)
def test_tags_that_cannot_be_meant_are_refused(mailpit, three, path, body, sentence):
    mailpit.change("PUT", "/tags", {"IDs": [three[0]], "Tags": ["late"]})

    assert mailpit.refused("PUT", path, body) == sentence
    assert mailpit.get("/tags") == ["late"]
