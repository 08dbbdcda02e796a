from __future__ import annotations

import smtplib
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest

from tests.clients.mail import (
    DATA,
    EHLO,
    END_OF_DATA,
    GREETING,
    MAIL,
    MESSAGE,
    QUIT,
    RCPT_B,
    RCPT_C,
    RCPT_REFUSED,
    SECONDS,
    assert_envelope,
    conversation,
)


def connected(mock):
    return smtplib.SMTP(mock.host, mock.port, local_hostname="client.example.com", timeout=SECONDS)


def said(mock):
    """Return the conversation with commands in lower case: versions of smtplib differ in their capitals."""
    return [(request.lower(), reply) for request, reply in conversation(mock)]


def exchanges(*expected):
    return [(request.lower(), reply) for request, reply in expected]


def test_a_mail_of_eight_bits_reaches_two_recipients(mock):
    with connected(mock) as client:
        refused = client.sendmail("a@example.com", ["b@example.com", "c@example.com"], MESSAGE)

    assert refused == {}
    [message] = mock.messages()
    assert message.raw == MESSAGE
    assert_envelope(message, "b@example.com", "c@example.com")
    assert said(mock) == exchanges(GREETING, EHLO, MAIL, RCPT_B, RCPT_C, DATA, END_OF_DATA, QUIT)


def test_send_message_sends_to_the_blind_copies_without_naming_them(mock):
    mail = EmailMessage()
    mail["From"] = "a@example.com"
    mail["To"] = "b@example.com"
    mail["Bcc"] = "c@example.com"
    mail["Subject"] = "hi"
    mail.set_content("hello\n.dot\n")

    with connected(mock) as client:
        client.send_message(mail)

    [message] = mock.messages()
    assert message.raw == (
        b"From: a@example.com\r\n"
        b"To: b@example.com\r\n"
        b"Subject: hi\r\n"
        b'Content-Type: text/plain; charset="utf-8"\r\n'
        b"Content-Transfer-Encoding: 7bit\r\n"
        b"MIME-Version: 1.0\r\n"
        b"\r\n"
        b"hello\r\n"
        b".dot\r\n"
    )
    assert_envelope(message, "b@example.com", "c@example.com")


def test_the_refused_of_several_recipients_are_told(mock):
    with connected(mock) as client:
        refused = client.sendmail("a@example.com", ["b@example.com", "nobody@example.com", "c@example.com"], MESSAGE)

    assert refused == {"nobody@example.com": (550, b"User not found")}
    [message] = mock.messages()
    assert_envelope(message, "b@example.com", "c@example.com")
    assert said(mock) == exchanges(GREETING, EHLO, MAIL, RCPT_B, RCPT_REFUSED, RCPT_C, DATA, END_OF_DATA, QUIT)


def test_a_mail_for_nobody_raises_and_remains_as_an_attempt(mock):
    with connected(mock) as client:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refusal:
            client.sendmail("a@example.com", ["nobody@example.com"], MESSAGE)
        assert refusal.value.recipients == {"nobody@example.com": (550, b"User not found")}

    assert said(mock) == exchanges(GREETING, EHLO, MAIL, RCPT_REFUSED, ("RSET", "250 Ok"), QUIT)
    assert mock.messages() == []
    [message] = mock.messages(accepted=False)
    assert (message.state, message.mailfrom, message.rset, message.raw) == ("RCPT TO refused", True, True, b"")
    assert (message.recipients, message.refused_recipients) == ((), ("nobody@example.com",))


def test_five_megabytes_arrive_whole(mock):
    content = bytes(range(256)) * 20_000
    mail = EmailMessage()
    mail["From"] = "a@example.com"
    mail["To"] = "b@example.com"
    mail.set_content(content, maintype="application", subtype="octet-stream")

    with connected(mock) as client:
        client.send_message(mail)

    [message] = mock.messages()
    assert_envelope(message, "b@example.com")
    assert message_from_bytes(message.raw, policy=default).get_content() == content


def test_one_connection_delivers_mail_after_mail(mock):
    with connected(mock) as client:
        for recipient in ("b@example.com", "c@example.com"):
            client.sendmail("a@example.com", recipient, MESSAGE)
            assert mock.messages()[-1].recipients == (recipient,)
    assert [message.recipients for message in mock.messages()] == [("b@example.com",), ("c@example.com",)]

    assert said(mock) == exchanges(
        GREETING, EHLO, MAIL, RCPT_B, DATA, END_OF_DATA, MAIL, RCPT_C, DATA, END_OF_DATA, QUIT
    )


def test_a_mail_stays_accepted_whatever_its_session_does_next(mock):
    with connected(mock) as client:
        client.sendmail("a@example.com", ["b@example.com"], MESSAGE)
        client.rset()
        client.noop()
        client.ehlo()
        client.mail("c@example.com")

    [message] = mock.messages()
    assert_envelope(message, "b@example.com")
    assert (message.rset, message.noop) == (True, True)
    assert mock.message(accepted=False).sender == "c@example.com"


@pytest.mark.parametrize(
    "recipients", [["nobody@example.com", "b@example.com"], ["b@example.com", "nobody@example.com"]]
)
def test_a_mail_is_found_by_the_recipient_that_was_refused(mock, recipients):
    with connected(mock) as client:
        client.sendmail("a@example.com", recipients, MESSAGE)

    message = mock.message(refused_recipient="nobody@example.com")
    assert_envelope(message, "b@example.com")
    assert message.refused_recipients == ("nobody@example.com",)
    mock.assert_no_message(within=0, recipient="nobody@example.com")


def test_an_attempt_that_was_refused_and_the_mail_after_it_are_both_kept(mock):
    with connected(mock) as client:
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail("a@example.com", ["nobody@example.com"], MESSAGE)
        client.sendmail("a@example.com", ["b@example.com"], MESSAGE)

    assert_envelope(mock.message(), "b@example.com")
    assert [message.accepted for message in mock.messages(accepted=None)] == [False, True]
    assert mock.message(accepted=False, recipient="nobody@example.com").state == "RCPT TO refused"
