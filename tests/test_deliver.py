"""Messages that are delivered into the inbox without SMTP, and waits for rules."""

from __future__ import annotations

import re
import threading
from email.message import EmailMessage

import pytest

from smtpmock import ExpectationError, MessageTimeoutError, QueryError
from smtpmock.patterns import Expression
from tests.places import served
from tests.raw_client import SECONDS, Client

RAW = b"From: Ann <a@example.com>\r\nTo: b@example.com\r\nCc: c@example.com\r\nSubject: hi\r\n\r\nhello\r\n"


@pytest.fixture
def mock(place):
    with served(place, timeout=SECONDS) as mock:
        yield mock


def test_delivered_message_is_accepted_mail_like_any_other(mock):
    message = mock.deliver(RAW)

    assert mock.messages() == [message]
    assert message.accepted
    assert message.state == "accepted"
    assert message.raw == RAW
    assert (message.sender, message.recipients) == ("a@example.com", ("b@example.com", "c@example.com"))
    assert {violation.code for violation in message.violations} == {"missing-date", "missing-message-id"}
    assert mock.sessions() == []
    assert message.session_id == ""
    assert mock.message(recipient="c@example.com").subject == "hi"
    mock.assert_no_violations("missing-date")


def test_delivered_message_has_a_trace_header_without_a_client(mock):
    content = mock.deliver(RAW).content

    assert re.match(rb"Received: by \[127\.0\.0\.1\] \(\[127\.0\.0\.1\]\) id 0-1;\r\n\t", content)
    assert content.endswith(RAW)


def test_envelope_can_differ_from_the_header(mock):
    message = mock.deliver(RAW, "", ["x@example.com", "root"])

    assert (message.sender, message.recipients) == ("", ("x@example.com", "root"))
    assert message.bcc == ("x@example.com", "root")


def test_bcc_of_an_email_message_is_in_the_envelope_only(mock):
    mail = EmailMessage()
    mail["From"] = "a@example.com"
    mail["Bcc"] = "b@example.com"
    mail.set_content("Grüße\n")

    message = mock.deliver(mail)

    assert message.recipients == ("b@example.com",)
    assert message.bcc == ("b@example.com",)
    assert "Bcc" not in message.headers
    assert message.text == "Grüße\n"
    assert b"\n" not in message.raw.replace(b"\r\n", b"")
    assert mail["Bcc"] == "b@example.com"


def test_delivery_wakes_a_wait(mock):
    threading.Timer(0.01, mock.deliver, (RAW,)).start()

    assert mock.wait_for_message(subject="hi").raw == RAW


def test_ids_and_numbers_differ(mock):
    first, second = mock.deliver(RAW), mock.deliver(RAW)

    assert first.id != second.id
    assert (first.number, second.number) == (1, 2)
    assert mock.messages(id=second.id) == [second]
    assert mock.purge(id=first.id) == [first]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("text",), "Invalid message 'text': expected bytes or an EmailMessage"),
        ((RAW, "a b"), "Invalid sender 'a b': expected an address, or an empty text"),
        ((RAW, "a@b> SIZE=1"), "Invalid sender 'a@b> SIZE=1': expected an address, or an empty text"),
        ((RAW, 7), "Invalid sender 7: expected an address, or an empty text"),
        ((RAW, "", "b@example.com"), "Invalid recipients 'b@example.com': expected a list of addresses"),
        ((RAW, "", ["b@example.com\r\n"]), "Invalid recipient 'b@example.com\\r\\n': expected an address"),
        ((RAW, "", []), "Missing recipients: expected at least one, in the envelope or in To, Cc or Bcc"),
        ((b"Subject: x\r\n\r\n",), "Missing recipients: expected at least one, in the envelope or in To, Cc or Bcc"),
    ],
)
def test_invalid_delivery_is_refused_and_leaves_nothing(mock, arguments, sentence):
    with pytest.raises(QueryError) as caught:
        mock.deliver(*arguments)

    assert str(caught.value) == sentence
    assert mock.messages(accepted=None) == []


# Rules.


def test_wait_for_a_rule_ends_when_it_has_applied_often_enough(mock):
    rule = mock.on("NOOP", reply="250 ok")

    def use_it():
        with Client(mock) as client:
            client.ask("NOOP", "NOOP")

    thread = threading.Thread(target=use_it)
    thread.start()
    mock.wait_for_rule(rule, 2)
    thread.join()

    assert rule.hits == 2
    mock.wait_for_rule(rule)


def test_wait_for_a_rule_that_never_applies_is_explained(mock):
    rule = mock.on("NOOP", reply="250 ok", after=1)
    with Client(mock) as client:
        client.ask("NOOP")

    with pytest.raises(MessageTimeoutError) as caught:
        mock.wait_for_rule(rule, timeout=0.01)

    text = " ".join(str(caught.value).split())
    assert text.startswith("The rule NOOP reply='250 ok' after=1 was not used 1 time within 0.01 s.")
    assert "It was used 0 times and asked 1 time." in text


# Explanations.


def test_explanation_is_that_of_a_failed_assertion(mock):
    mock.deliver(RAW)
    with pytest.raises(ExpectationError) as caught:
        mock.assert_message_count(2, subject="hi")

    headline = str(caught.value).split("\n\n")[0].replace("\n", " ")
    assert mock.explain(headline, subject="hi") == str(caught.value)


# Expressions of another kind.


class Reversed(Expression):
    """An expression that looks for its pattern backwards."""

    def search(self, text: str) -> object:
        return True if self.pattern[::-1] in text else None


def test_expression_of_another_kind_is_searched_for(mock):
    mock.deliver(RAW)

    assert len(mock.messages(subject=Reversed("ih"))) == 1
    assert mock.messages(subject=Reversed("hi")) == []
    assert str(mock.on("message", subject=Reversed("ih"), reply="250 ok")) == "message subject=/ih/ reply='250 ok'"
    assert Reversed("a") == Reversed("a") != Expression("a")
    with pytest.raises(NotImplementedError):
        Expression("a").search("a")
