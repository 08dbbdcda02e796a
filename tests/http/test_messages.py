"""Messages over HTTP: what is listed, read, marked, delivered and removed."""

from __future__ import annotations

import re
import smtplib
import threading
from base64 import b64decode, b64encode
from concurrent.futures import ThreadPoolExecutor

import pytest

from smtpmock import QueryError
from smtpmock.http.native import messages as native_messages
from smtpmock.http.native.forms import FORMS, INCLUDES
from smtpmock.messages.message import Message
from tests.http.conftest import SECONDS, send

MULTIPART = """\
From: Ann <ann@example.com>
To: bob@example.com
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
Date: Sat, 21 Nov 2026 10:11:12 +0200
X-Id: 42
X-Id: 43
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

See https://example.com/confirm/7
--b
Content-Type: text/html; charset=utf-8

<p onclick="alert(1)">hi</p><script>alert(2)</script>
--b
Content-Type: application/pdf
Content-Disposition: attachment; filename="invoice.pdf"
Content-Transfer-Encoding: base64

JVBERg==
--b--
"""


def subjects(answer) -> list[str]:
    return [message["subject"] for message in answer.json["messages"]]


# Reading.


def test_messages_are_paged_backwards(mock, client):
    for _ in range(5):
        send(mock)

    def page(before):
        answer = client.get("/messages", limit=2, before=before, fields="number").json
        assert answer["total"] == 5
        return [message["number"] for message in answer["messages"]], answer["next"]

    assert page(10**18) == ([4, 5], 4)
    assert page(4) == ([2, 3], 2)
    assert page(2) == ([1], None)


def test_list_is_empty_at_first(client):
    assert client.get("/messages").json == {"messages": [], "total": 0, "next": None}


def test_message_has_the_attributes_of_python_under_their_names(mock, client):
    send(mock, "b@example.com", "hidden@example.com", mail=MULTIPART)
    [message] = mock.messages()

    [listed] = client.get("/messages", include=",".join(INCLUDES)).json["messages"]

    assert set(listed) == set(FORMS[Message].names)
    assert all(hasattr(message, name) for name in listed if name != "stored")
    assert Message.from_json(listed["stored"]) == message
    for name in ("id", "number", "sender", "subject", "text", "html", "accepted", "state", "from_", "helo_name"):
        assert listed[name] == getattr(message, name)
    for name in ("recipients", "refused_recipients", "links", "bcc", "to", "tags"):
        assert listed[name] == list(getattr(message, name))
    assert listed["headers"]["X-Id"] == ["42", "43"]
    assert listed["date"] == "2026-11-21T08:11:12Z"
    assert listed["received_at"] == message.received_at.isoformat().replace("+00:00", "Z")
    assert b64decode(listed["raw"]) == message.raw
    assert [exchange["request"] for exchange in listed["exchanges"]] == [
        exchange.request for exchange in message.exchanges
    ]
    [attachment] = listed["attachments"]
    assert (attachment["name"], attachment["size"], b64decode(attachment["content"])) == ("invoice.pdf", 4, b"%PDF")
    assert [found["code"] for found in listed["violations"]] == [found.code for found in message.violations]


def test_list_leaves_out_what_is_large_unless_it_is_asked_for(mock, client):
    send(mock, mail=MULTIPART)

    [plain] = client.get("/messages").json["messages"]
    assert not {"raw", "msg_request", "exchanges", "end_of_data"} & set(plain)
    assert "content" not in plain["attachments"][0]
    assert plain["links"] == ["https://example.com/confirm/7"]

    [with_raw] = client.get("/messages", include="raw").json["messages"]
    assert {"raw", "msg_request"} <= set(with_raw)
    assert not {"exchanges", "stored"} & set(with_raw)


def test_message_that_is_read_whole_has_its_exchanges_with_causes(mock, client):
    rule = mock.on("RCPT TO", recipient="c@example.com", reply="450 later")
    send(mock, "b@example.com", "c@example.com")

    whole = client.get("/messages/latest").json

    refused = whole["exchanges"][2]
    assert refused["reply"] == "450 later"
    assert refused["cause"] == {
        "kind": "rule",
        "rule_id": rule.id,
        "rule": str(rule),
        "setting": None,
        "then": None,
        "limit": "",
    }
    assert b64decode(refused["request_bytes"]).lower() == b"rcpt to:<c@example.com>"
    assert refused["time"].endswith("Z")
    assert "raw" not in whole
    assert "raw" in client.get(f"/messages/{whole['id']}", include="raw").json


def test_pages_continue_where_the_last_one_ended(mock, client):
    for number in range(5):
        send(mock, mail=f"Subject: {number}")

    first = client.get("/messages", limit=2)
    second = client.get("/messages", limit=2, after=first.json["next"])
    third = client.get("/messages", limit=2, after=second.json["next"], subject="*")

    assert [subjects(page) for page in (first, second, third)] == [["0", "1"], ["2", "3"], ["4"]]
    assert [page.json["total"] for page in (first, second, third)] == [5, 5, 5]
    assert third.json["next"] is None


def test_list_has_50_messages_unless_told_otherwise(mock, client):
    for _ in range(51):
        mock.deliver(b"To: b@example.com\r\n\r\n", "")

    answer = client.get("/messages").json

    assert (len(answer["messages"]), answer["total"], answer["next"]) == (50, 51, 50)


def test_criteria_are_those_of_python(mock, client):
    send(mock, "bob@example.com", mail="Subject: Welcome, Bob\nX-Id: 42\nX-Kind: a\n\nhello")
    send(mock, "eve@example.com", sender="e@example.com", mail="Subject: Order\n\nhello")

    def found(**words) -> list[str]:
        return subjects(client.get("/messages", **words))

    bob, eve = ["Welcome, Bob"], ["Order"]
    assert found(recipient="*@example.com") == bob + eve
    assert found(recipient="bob@EXAMPLE.com") == bob
    assert found(subject="Welcome*") == bob
    assert found(subject="REGEXP:^(?i)order$") == eve
    assert found(recipient="REGEXP:^bob@") == bob
    assert found(header="X-Id: 42") == bob
    assert found(header=["X-Id: REGEXP:^4", "X-Kind: a"]) == bob
    assert found(header=["X-Id: 42", "X-Kind: b"]) == []
    assert found(text="hello", sender="e@example.com") == eve
    assert found(size=">=1") == bob + eve
    assert found(subject="welcome", ignore_case="true") == bob
    assert found(subject="welcome", ignore_case="false") == []
    assert found(q="subject:order") == eve
    assert found(q="!subject:order") == bob
    ids = [message.id for message in mock.messages()]
    assert found(id=ids) == bob + eve
    assert found(id=ids[1]) == eve


def test_failed_attempts_are_listed_if_they_are_asked_for(mock, client):
    mock.on("message", subject="bad", reply="550 no")
    send(mock, mail="Subject: good")
    with pytest.raises(smtplib.SMTPDataError):
        send(mock, mail="Subject: bad")

    assert subjects(client.get("/messages")) == ["good"]
    assert subjects(client.get("/messages", accepted="true")) == ["good"]
    assert len(client.get("/messages", accepted="false").json["messages"]) == 1
    assert client.get("/messages", accepted="any").json["total"] == 2
    [failed] = mock.messages(accepted=False)
    assert client.get(f"/messages/{failed.id}").json["state"] == failed.state


def test_since_takes_a_mark_or_the_id_of_a_message(mock, client):
    send(mock, mail="Subject: before")
    mark = client.get("/mark").json
    before = mock.message().id
    send(mock, mail="Subject: after")

    assert mark == {"mark": "m1-s1", "message": 1, "session": 1}
    for since in (mark["mark"], before):
        assert subjects(client.get("/messages", since=since)) == ["after"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"recipent": "x"}, "Unknown parameter 'recipent': did you mean 'recipient'?"),
        ({"Subject": "x"}, "Unknown parameter 'Subject': did you mean 'subject'?"),
        ({"search": "x"}, "Unknown parameter 'search': use q"),
        ({"bcc": "x"}, "Unknown parameter 'bcc': use recipient"),
        ({"consistent": "true"}, "Unknown parameter 'consistent': use accepted"),
        ({"limit": "0"}, "Invalid limit '0': expected an integer from 1 to 1000"),
        ({"limit": "1001"}, "Invalid limit '1001': expected an integer from 1 to 1000"),
        ({"limit": "٣"}, "Invalid limit '٣': expected an integer from 1 to 1000"),
        ({"after": "-1"}, f"Invalid after '-1': expected an integer from 0 to {10**18}"),
        ({"accepted": "yes"}, "Invalid accepted 'yes': expected one of true, false, any"),
        ({"since": "yesterday"}, "Invalid since 'yesterday': expected a mark, or the id of a message that is there"),
        ({"include": "raw,row"}, "Unknown include 'row': did you mean 'raw'?"),
        ({"header": "X-Id"}, "Invalid header 'X-Id': expected Name: value"),
        ({"header": ["A: 1", "A: 2"]}, "The header 'A' is given twice"),
        ({"subject": ["a", "b"]}, "The parameter subject is given twice"),
        ({"subject": "REGEXP:(?=a)"}, "Invalid regular expression '(?=a)': expected the syntax of RE2"),
        (
            {"size": "big"},
            "Invalid size 'big': expected a number of bytes, a comparison as in '>= 1000', or a function",
        ),
        ({"subject": "REGEXP:" + "a" * 1001}, "expected at most 1000 characters"),
    ],
)
def test_invalid_parameter_is_named_with_what_is_expected(client, words, sentence):
    refused = client.get("/messages", **words)

    assert refused.status == 400
    assert sentence in refused.detail
    assert refused.json["error"] == "QueryError"


def test_sentence_is_that_of_python(mock, client):
    with pytest.raises(QueryError) as caught:
        mock.messages(size="big")

    assert client.get("/messages", size="big").detail == str(caught.value)


def test_expression_that_would_backtrack_for_ever_is_answered_at_once(mock, client):
    send(mock, mail=f"Subject: {'a' * 5000}!")

    assert client.get("/messages", subject="REGEXP:(a+)+$").json["total"] == 0


@pytest.mark.parametrize("path", ["", "/raw", "/text", "/html", "/attachments/0"])
def test_message_that_is_not_there_is_a_problem(client, path):
    assert client.get(f"/messages/nowhere{path}").detail == "There is no message 'nowhere'"
    latest = client.get(f"/messages/latest{path}")
    assert (latest.status, latest.detail) == (404, "There is no message")


# Parts.


def test_parts_are_what_was_sent(mock, client):
    send(mock, mail=MULTIPART)
    message = mock.message()

    raw = client.get(f"/messages/{message.id}/raw")
    assert raw.content == message.raw
    assert raw.headers["Content-Type"] == "message/rfc822"
    assert f'filename="{message.id}.eml"' in raw.headers["Content-Disposition"]
    assert client.get("/messages/latest/text").content.decode() == message.text
    html = client.get("/messages/latest/html")
    assert html.content.decode() == message.html
    attachment = client.get("/messages/latest/attachments/0")
    assert (attachment.content, attachment.headers["Content-Type"]) == (b"%PDF", "application/pdf")
    for part in (raw, html, attachment):
        assert part.headers["X-Content-Type-Options"] == "nosniff"
        assert part.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")


@pytest.mark.parametrize("n", ["1", "-1", "x", "\u0660", "99999999999"])
def test_attachment_that_is_not_there_is_a_problem(mock, client, n):
    send(mock, mail=MULTIPART)

    assert client.get(f"/messages/latest/attachments/{n}").detail == (
        f"There is no attachment {n!r}: the message has 1, which are counted from 0"
    )


HOSTILE_NAMES = [
    'a"; filename="b.html',
    "a\r\nSet-Cookie: x=y",
    "../../etc/passwd",
    "=?utf-8?q?=0D=0AX:_y?=",
    "ünïcödé.pdf",
    "\x00\x1b[31m",
    "a" * 5000,
]


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=range(len(HOSTILE_NAMES)))
def test_file_name_cannot_leave_its_header(mock, client, name):
    mail = f'Content-Disposition: attachment; filename="{name}"\nContent-Type: text/html; x="{name}"\n\n<script>'
    send(mock, mail=mail)

    answer = client.get("/messages/latest/attachments/0")

    assert answer.status in (200, 404)  # a line break ends the header of the mail: then it has no attachment
    if answer.status == 200:
        assert "Set-Cookie" not in answer.headers
        assert re.fullmatch(
            r"""attachment; filename="[^"\\]*"; filename\*=UTF-8''[\w.%!#$&+^`|~-]*""",
            answer.headers["Content-Disposition"],
            re.ASCII,
        )
        assert len(answer.headers["Content-Disposition"]) < 2_000


@pytest.mark.parametrize("kind", ["text/html\r\nX: y", "a b/c", "x", "text/html; charset=\x00", "é/é"])
def test_media_type_of_a_client_is_one_or_that_of_bytes(mock, client, kind):
    send(mock, mail=f"Content-Type: {kind}\nContent-Disposition: attachment; filename=a\n\nx")

    answer = client.get("/messages/latest/attachments/0")

    if answer.status == 200:
        assert answer.headers["Content-Type"] in ("application/octet-stream", "text/html", "text/plain")


# Marking.


def test_messages_are_marked_and_tagged(mock, client):
    send(mock, mail="Subject: one")
    send(mock, mail="Subject: two")

    changed = client.patch("/messages", {"read": True, "tags": ["new", "blue"]}, subject="one")

    assert [(message["is_read"], message["tags"]) for message in changed.json["messages"]] == [(True, ["new", "blue"])]
    assert [message.is_read for message in mock.messages()] == [True, False]
    two = mock.message(subject="two")
    assert client.patch(f"/messages/{two.id}", {"tags": ["x"]}).json["messages"][0]["tags"] == ["x"]
    assert mock.message(subject="two").tags == ("x",)
    assert client.patch("/messages", {"read": False}).json["total"] == 2


def test_reading_marks_nothing_as_read(mock, client):
    send(mock)
    client.get("/messages/latest")
    client.get("/messages/latest/raw")

    assert not mock.message().is_read


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "Nothing to change: expected read or tags"),
        ([], "Invalid body []: expected an object"),
        (None, "Invalid body None: expected an object"),
        ({"raed": True}, "Unknown field 'raed': did you mean 'read'?"),
        ({"read": "yes"}, "Invalid read 'yes': expected True, False, or None for no change"),
        ({"tags": "new"}, "Invalid tags 'new': expected a list of texts"),
        ({"tags": [7]}, "Invalid tag 7: expected a text of 1 to 200 characters"),
    ],
)
def test_invalid_change_is_refused(mock, client, body, sentence):
    send(mock)

    for path in ("/messages", "/messages/latest"):
        assert client.patch(path, body).detail == sentence
    assert not mock.message().is_read


# Removing.


def test_what_matches_is_removed_and_returned(mock, client):
    for subject in ("one", "two", "three"):
        send(mock, mail=f"Subject: {subject}")

    assert subjects(client.delete("/messages", subject="two")) == ["two"]
    assert subjects(client.delete("/messages/latest", include="raw")) == ["three"]
    assert [message.subject for message in mock.messages()] == ["one"]
    assert len(mock.sessions()) == 3
    assert subjects(client.delete("/messages")) == ["one"]
    assert mock.sessions() == []
    assert client.delete("/messages").json == {"messages": [], "total": 0, "next": None}


def test_removal_returns_so_many_and_says_how_many_there_were(mock, client):
    for _ in range(60):
        mock.deliver(b"To: b@example.com\r\n\r\n", "")

    answer = client.delete("/messages", limit=55).json

    assert (len(answer["messages"]), answer["total"], answer["next"]) == (55, 60, None)


def test_misspelt_criterion_removes_nothing(mock, client):
    send(mock)

    assert client.delete("/messages", subjet="x").status == 400
    assert len(mock) == 1


# Delivering.


def test_raw_message_is_delivered(mock, client):
    raw = b"From: a@example.com\r\nSubject: hi\r\n\r\n\xff\r\n"
    body = {"raw": b64encode(raw).decode(), "sender": "x@example.com", "recipients": ["b@example.com"]}

    answer = client.post("/messages", body)

    assert answer.status == 201
    message = mock.message()
    assert (message.raw, message.sender, message.recipients) == (raw, "x@example.com", ("b@example.com",))
    assert answer.json["id"] == message.id


def test_message_is_composed(mock, client):
    body = {
        "from": "Ann <ann@example.com>",
        "to": ["Bob <bob@example.com>", "carol@example.com"],
        "cc": "dan@example.com",
        "bcc": ["eve@example.com"],
        "subject": "Grüße",
        "text": "hello ☺",
        "html": "<p>hello",
        "attachments": [{"name": "ä.pdf", "content_type": "application/pdf", "content": "JVBERg=="}],
    }

    answer = client.post("/messages", body)

    assert answer.status == 201
    message = mock.message()
    assert message.sender == "ann@example.com"
    assert message.recipients == ("bob@example.com", "carol@example.com", "dan@example.com", "eve@example.com")
    assert message.bcc == ("eve@example.com",)
    assert (message.subject, message.text, message.html) == ("Grüße", "hello ☺\n", "<p>hello\n")
    assert [(found.name, found.content) for found in message.attachments] == [("ä.pdf", b"%PDF")]
    mock.assert_no_violations(level="should", ignore="utf8-header")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"raw": "?"}, "Invalid raw '?': expected bytes in base64"),
        ({"raw": 7}, "Invalid raw 7: expected a text"),
        ({"raw": ""}, "Missing recipients: expected at least one, in the envelope or in To, Cc or Bcc"),
        ({"raw": "", "text": "x"}, "Unexpected text beside raw, which is the whole message"),
        ({"to": "b@example.com"}, "Missing from: expected the address of the author, or raw"),
        ({"from": "a@example.com"}, "Missing recipients: expected at least one, in the envelope or in To, Cc or Bcc"),
        ({"form": "a@example.com"}, "Unknown field 'form': did you mean 'from'?"),
        ({"from": "a@example.com\r\nX: y", "to": "b@c"}, "Invalid from 'a@example.com\\r\\nX: y': expected the value"),
        ({"from": "a@b", "to": [7]}, "Invalid to 7: expected a text"),
        ({"from": "a@b", "to": "b@c", "recipients": "b@c"}, "Invalid recipients 'b@c': expected a list of addresses"),
        ({"from": "a@b", "to": "b@c", "attachments": {}}, "Invalid attachments {}: expected a list of objects"),
        ({"from": "a@b", "to": "b@c", "attachments": [{"name": "x"}]}, "expected a text"),
        (
            {"from": "a@b", "to": "b@c", "attachments": [{"name": "x", "content": "", "content_type": "x\r\n/y"}]},
            "Invalid content_type",
        ),
        ({"from": "a@b", "to": "b@c", "text": "\ud800"}, "Invalid body: expected a JSON document in UTF-8"),
    ],
)
def test_invalid_delivery_is_refused(mock, client, body, sentence):
    refused = client.post("/messages", body)

    assert refused.status == 400
    assert sentence in refused.detail
    assert len(mock) == 0


def test_smtp_is_served_while_a_list_is_made(mock, client, monkeypatch):
    served = threading.Event()
    answer = native_messages.answer

    def slow(*arguments):
        assert served.wait(SECONDS), "SMTP is not served"
        return answer(*arguments)

    monkeypatch.setattr(native_messages, "answer", slow)
    with ThreadPoolExecutor() as pool:
        listing = pool.submit(client.get, "/messages")
        send(mock)
        served.set()
        assert listing.result(SECONDS).status == 200
