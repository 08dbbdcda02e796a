"""Messages that are delivered without SMTP."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest

SHOP = {"Email": "shop@example.com", "Name": "Shop"}
BOB = {"Email": "bob@example.com", "Name": "Bob"}


def post(mailpit, **fields):
    response = mailpit.call("POST", "/send", {"From": SHOP, "To": [BOB], **fields})
    assert (response.status, response.headers["Content-Type"]) == (200, "application/json"), response
    answer = json.loads(response.content)
    assert list(answer) == ["ID"]
    return answer["ID"]


def test_message_is_in_the_inbox_before_the_answer(mock, mailpit):
    identity = post(
        mailpit,
        From={"Email": "shop@example.com", "Name": "Zoë, the Shop"},
        To=[BOB, {"Email": "b2@example.com"}],
        Cc=[{"Email": "carol@example.com", "Name": ""}],
        Bcc=["hidden@example.com"],
        ReplyTo=[{"Email": "answers@example.com", "Name": 'A "B"'}],
        Subject="Grüße",
        Text="Hello,\nwörld\n",
        HTML="<p>Hello</p>",
        Headers={"X-Id": "7", "Message-ID": "<7@example.com>"},
    )

    message = mock.message(id=identity)
    assert (message.sender, message.recipients) == (
        "shop@example.com",
        ("bob@example.com", "b2@example.com", "carol@example.com", "hidden@example.com"),
    )
    assert message.bcc == ("hidden@example.com",)
    assert "Bcc" not in message.headers
    assert message.addresses("From") == (("Zoë, the Shop", "shop@example.com"),)
    assert message.addresses("To") == (("Bob", "bob@example.com"), ("", "b2@example.com"))
    assert message.addresses("Reply-To") == (('A "B"', "answers@example.com"),)
    assert (message.subject, message.text, message.html) == ("Grüße", "Hello,\nwörld\n", "<p>Hello</p>\n")
    assert (message.headers["X-Id"], message.headers["Message-ID"]) == ("7", "<7@example.com>")
    assert message.date is not None
    assert message.violations == ()
    assert mailpit.get("/messages")["messages"][0]["ID"] == identity


def test_message_without_anything_but_addresses(mock, mailpit):
    message = mock.message(id=post(mailpit))

    assert (message.subject, message.text, message.html, message.attachments) == ("", "\n", "", ())
    assert message.headers["Message-ID"].endswith("@smtpmock>")
    assert message.is_read is False


def test_messages_have_ids_of_their_own(mock, mailpit):
    assert post(mailpit) != post(mailpit)
    assert len({message.headers["Message-ID"] for message in mock.messages()}) == 2


def test_waits_see_it(mock, mailpit):
    post(mailpit, Subject="Hello")

    assert mock.wait_for_message(subject="Hello", timeout=0).recipients == ("bob@example.com",)


def test_tags_are_set(mock, mailpit):
    message = mock.message(id=post(mailpit, Tags=["late", "a/b"]))

    assert message.tags == ("a b", "late")
    assert message.headers["X-Tags"] == "a b, late"


def test_attachments(mock, mailpit):
    content = bytes(range(256))
    encoded = b64encode(content).decode()
    message = mock.message(
        id=post(
            mailpit,
            HTML="<img src='cid:logo'>",
            Attachments=[
                {"Filename": "Grüße.pdf", "Content": encoded},
                {"filename": "logo.png", "Content": f"data:image/png;base64,{encoded}", "ContentID": "logo"},
                {"Filename": "", "Content": "", "ContentType": "TEXT/csv; charset=utf-8"},
                {"Filename": "data", "Content": "eA=="},
            ],
        )
    )

    assert [
        (found.name, found.content_type, found.content, found.content_id, found.is_inline)
        for found in message.attachments
    ] == [
        ("Grüße.pdf", "application/pdf", content, "", False),
        ("logo.png", "image/png", content, "logo", True),
        ("", "text/csv", b"", "", False),
        ("data", "application/octet-stream", b"x", "", False),
    ]


def test_addresses_of_other_scripts(mock, mailpit):
    message = mock.message(id=post(mailpit, To=[{"Email": "zoë@exämple.example"}]))

    assert message.recipients == ("zoë@exämple.example",)
    assert message.addresses("To") == (("", "zoë@exämple.example"),)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"From": None}, "Invalid From None: expected an object"),
        ({"From": {}}, "Invalid address in From '': expected an address such as bob@example.com"),
        ({"From": {"Email": "shop"}}, "Invalid address in From 'shop': expected an address such as bob@example.com"),
        ({"From": {"Email": 7}}, "Invalid Email 7: expected a text"),
        ({"From": {"Mail": "a@b"}}, "Unknown field of the From 'Mail': did you mean 'Email'?"),
        ({"To": []}, "Missing recipients: expected an address in To, Cc or Bcc"),
        ({"To": BOB}, "Invalid To {'Email': 'bob@example.com', 'Name': 'Bob'}: expected a list of objects"),
        ({"To": ["bob@example.com"]}, "Invalid To 'bob@example.com': expected an object"),
        ({"Bcc": [BOB]}, "Invalid Bcc [{'Email': 'bob@example.com', 'Name': 'Bob'}]: expected a list of texts"),
        ({"Bcc": ["a@b, c@d"]}, "Invalid address in Bcc 'a@b, c@d': expected an address such as bob@example.com"),
        ({"Bcc": ["<a@b>"]}, "Invalid address in Bcc '<a@b>': expected an address such as bob@example.com"),
        ({"Cc": [{"Email": "a@b SIZE=1"}]}, "Invalid address in Cc 'a@b SIZE=1': expected an address such as"),
        ({"Subject": 7}, "Invalid Subject 7: expected a text"),
        ({"Text": []}, "Invalid Text []: expected a text"),
        ({"Tags": "late"}, "Invalid Tags 'late': expected a list of texts"),
        ({"Headers": []}, "Invalid Headers []: expected an object of texts"),
        ({"Headers": {"X-Id": 7}}, "Invalid header X-Id 7: expected a text on one line"),
        ({"Headers": {"to": "x"}}, "Invalid header 'to': expected the name of a header that no other field sets"),
        ({"Attachments": {}}, "Invalid Attachments {}: expected a list of objects"),
        ({"Attachments": [{"Content": "%"}]}, "Invalid Content '%': expected base64 in the attachment ''"),
        ({"Attachments": [{"ContentType": "multipart/mixed"}]}, "Invalid ContentType 'multipart/mixed': expected"),
        ({"Attachments": [{"Contents": ""}]}, "Unknown field of the attachment 'Contents': did you mean 'Content'?"),
        ({"Subjekt": ""}, "Unknown field of the body 'Subjekt': did you mean 'Subject'?"),
        # What would make further headers or lines.
        ({"Subject": "a\r\nBcc: x@y"}, "The message cannot be made: ValueError: "),
        ({"Subject": "a\nb"}, "The message cannot be made: ValueError: "),
        (
            {"From": {"Email": "a@b", "Name": "a\r\nBcc: x@y"}},
            "Invalid Name in From 'a\\r\\nBcc: x@y': expected a text",
        ),
        ({"From": {"Email": "a@b\r\nBcc: x@y"}}, "Invalid address in From 'a@b\\r\\nBcc: x@y': expected an address"),
        ({"Headers": {"X: y\r\nBcc": "x@y"}}, "Invalid header 'X: y\\r\\nBcc': expected the name"),
        ({"Headers": {"X": "y\r\nBcc: x@y"}}, "Invalid header X 'y\\r\\nBcc: x@y': expected a text on one line"),
        ({"Headers": {"X": "y\rBcc: x@y"}}, "Invalid header X 'y\\rBcc: x@y': expected a text on one line"),
        ({"Headers": {"": "x"}}, "Invalid header '': expected the name"),
        ({"Attachments": [{"Filename": "a\r\nX: y"}]}, "The message cannot be made: ValueError: "),
        ({"Attachments": [{"ContentID": "a\r\nX: y"}]}, "The message cannot be made: ValueError: "),
        ({"Attachments": [{"ContentType": "a/b\r\nX: y"}]}, "Invalid ContentType 'a/b\\r\\nX: y': expected"),
        ({"Subject": "\ud800"}, "The message cannot be made: UnicodeEncodeError: "),
        ({"Text": "\ud800"}, "The message cannot be made: UnicodeEncodeError: "),
    ],
)
def test_message_that_cannot_be_meant_is_refused_and_not_delivered(mock, mailpit, fields, sentence):
    response = mailpit.call("POST", "/send", {"From": SHOP, "To": [BOB], **fields})

    assert (response.status, response.headers["Content-Type"]) == (400, "application/json"), response
    assert json.loads(response.content)["Error"].startswith(sentence)
    assert mock.messages(accepted=None) == []


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_other_methods_are_refused_in_json(mailpit, method):
    response = mailpit.call(method, "/send")

    assert (response.status, response.headers["Content-Type"]) == (405, "application/json")
    assert list(json.loads(response.content)) == ["Error"]
