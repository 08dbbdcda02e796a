"""Assertions about one message: where a text is, which headers and attachments it has, and what the errors say."""

from __future__ import annotations

import re
from email.message import EmailMessage
from smtplib import SMTP

import pytest

from smtpmock import ContentError, ExpectationError, QueryError, SMTPMock


@pytest.fixture(scope="module")
def mock():
    with SMTPMock() as running:
        yield running


@pytest.fixture
def mail(mock):
    def deliver(text="", html="", attachments=(), **headers):
        email = EmailMessage()
        for name, value in headers.items():
            email[name.replace("_", "-")] = value
        if text:
            email.set_content(text)
        if html and text:
            email.add_alternative(html, subtype="html")
        elif html:
            email.set_content(html, subtype="html")
        for name, content in attachments:
            email.add_attachment(content, maintype="application", subtype="pdf", filename=name)
        mark = mock.mark()
        with SMTP(mock.host, mock.port, local_hostname="app.example") as client:
            client.send_message(email, "shop@example.com", ["bob@example.com"])
        return mock.message(since=mark)

    return deliver


def failure(check, *args, **words):
    with pytest.raises(ExpectationError) as caught:
        check(*args, **words)
    return str(caught.value)


def test_text_is_found_in_the_parts_that_contain_it(mail):
    message = mail("Hello\nBob, your code is 1.", "<p>Hello <b>Bob</b>, your code is 2.</p>")

    assert message.assert_contains("Hello Bob") == ("text", "html")
    assert message.assert_contains("code is 1") == ("text",)
    assert message.assert_contains("code is 2", part="html") == ("html",)
    assert message.assert_contains("hello * 2", ignore_case=True) == ("html",)
    assert message.assert_contains(re.compile("^hello", re.IGNORECASE), part="both") == ("text", "html")
    assert message.assert_contains(lambda text: text.endswith("1.")) == ("text",)


def test_text_and_html_that_differ_are_both_shown(mail):
    message = mail("Your code is 1.", "<p>Your code is <b>2</b>.</p>")

    assert failure(message.assert_contains, "code is 1", part="both") == (
        "The message does not contain 'code is 1' in its HTML part.\n"
        "text part: 'Your code is 1.'\n"
        "HTML part: 'Your code is 2.'"
    )
    assert failure(message.assert_contains, "code is 2", part="text") == (
        "The message does not contain 'code is 2' in its text part.\n"
        "text part: 'Your code is 1.'\n"
        "HTML part: 'Your code is 2.'"
    )
    assert failure(message.assert_contains, "code is 3").startswith(
        "The message does not contain 'code is 3' in its text part and its HTML part.\n"
    )


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (
            {"html": "<p>Hi</p>"},
            "does not contain 'x' in its text part. The message has an HTML part only.\nHTML part: 'Hi'",
        ),
        ({"text": "Hi"}, "does not contain 'x' in its text part. The message has a text part only.\ntext part: 'Hi'"),
        ({}, "does not contain 'x' in its text part. The message has no text."),
    ],
)
def test_a_part_that_is_missing_is_named(mail, parts, expected):
    assert failure(mail(**parts).assert_contains, "x", part="text") == f"The message {expected}"


def test_a_missing_part_contains_nothing_not_even_for_a_function(mail):
    assert mail("Hi").assert_contains(lambda text: True) == ("text",)
    assert "in its HTML part" in failure(mail("Hi").assert_contains, lambda text: True, part="html")


def test_text_that_must_not_be_there(mail):
    message = mail("Dear {{ name }}", "<p>Dear Bob</p>")

    message.assert_not_contains("{{", part="html")
    message.assert_not_contains("Alice")
    assert failure(message.assert_not_contains, "{{") == (
        "The message contains '{{' in its text part, but should not.\n"
        "text part: 'Dear {{ name }}'\n"
        "HTML part: 'Dear Bob'"
    )
    assert "in its text part and its HTML part, but" in failure(message.assert_not_contains, "DEAR", ignore_case=True)


@pytest.mark.parametrize(
    ("method", "arguments", "expected"),
    [
        ("assert_contains", ("x", "body"), "Invalid part 'body': expected one of any, text, html, both"),
        ("assert_not_contains", ("x", "both"), "Invalid part 'both': expected one of any, text, html"),
        ("assert_contains", (" ",), "Invalid text '': expected a text, a pattern, a regular expression or a function"),
        ("assert_not_contains", ("",), "Invalid text '': expected a text, a pattern, a regular expression or a fun"),
    ],
)
def test_a_check_that_could_not_fail_is_refused(mail, method, arguments, expected):
    with pytest.raises(QueryError) as caught:
        getattr(mail("Hi"), method)(*arguments)
    assert str(caught.value).startswith(expected)


def test_header_is_compared_as_a_whole(mail):
    message = mail("Hi", Subject="Welcome, Zoë", X_Id="42")

    message.assert_header("subject", "Welcome, Zoë")
    message.assert_header("X-Id", "4*")
    message.assert_header("Subject", "welcome, zoë", ignore_case=True)
    message.assert_header("X-Id", re.compile("^4"))
    assert failure(message.assert_header, "Subject", "Welcome") == (
        "The header Subject of the message is 'Welcome, Zoë', expected 'Welcome'."
    )
    assert failure(message.assert_header, "X-Id", "WELCOME*").endswith("is '42', expected 'WELCOME*'.")
    assert failure(message.assert_header, "X-Di", "42").startswith(
        "The message has no header 'X-Di'; the nearest is 'X-Id'. It has Subject, X-Id, "
    )


def test_any_value_of_a_repeated_header_will_do(mock):
    mark = mock.mark()
    with SMTP(mock.host, mock.port) as client:
        client.sendmail("a@example.com", ["b@example.com"], "X-Tag: a\r\nX-Tag: b\r\n\r\n")
    message = mock.message(since=mark)

    message.assert_header("X-Tag", "b")
    assert "is 'a', 'b', expected 'c'" in failure(message.assert_header, "X-Tag", "c")


def test_attachment_by_name_type_and_size(mail):
    message = mail("Hi", attachments=[("terms.pdf", b"%PDF"), ("empty.pdf", b"")])

    assert message.attachment("terms*", content_type="application/pdf", min_size=1).content == b"%PDF"
    assert message.attachment(min_size=4).name == "terms.pdf"
    with pytest.raises(ContentError) as caught:
        message.attachment("empty.pdf", min_size=1)
    assert str(caught.value) == (
        "Expected one attachment with name='empty.pdf', min_size=1, found none. Attachments of the message: "
        "<Attachment 'terms.pdf' application/pdf 4 B>, <Attachment 'empty.pdf' application/pdf 0 B>."
    )
    with pytest.raises(ContentError, match=r"^Expected one attachment, found 2\. Attachments"):
        message.attachment()
    with pytest.raises(
        ContentError, match=r"^Expected one attachment, found none\. Attachments of the message: none\.$"
    ):
        mail("Hi").attachment()


def test_what_a_mail_contains_cannot_speak_to_a_terminal(mail):
    message = mail("\x1b[31mred \u202e", Subject="a\u202eb")

    assert "\x1b" not in failure(message.assert_contains, "x")
    assert r"\u202e" in failure(message.assert_contains, "x")
    assert r"\u202e" in failure(message.assert_header, "Subject", "x")
