"""Mailers that Python applications use besides smtplib."""

from __future__ import annotations

import asyncio
import smtplib
from email.message import EmailMessage

import pytest

from smtpmock import SMTPMock
from tests.clients.mail import (
    DATA,
    EHLO,
    END_OF_DATA,
    GREETING,
    MAIL,
    QUIT,
    RCPT_B,
    RCPT_C,
    RCPT_REFUSED,
    SECONDS,
    assert_envelope,
    conversation,
)


def test_aiosmtplib_delivers_to_whom_is_left_and_tells_the_refused(mock):
    aiosmtplib = pytest.importorskip("aiosmtplib")
    mail = EmailMessage()
    mail["From"] = "a@example.com"
    mail["To"] = "b@example.com, nobody@example.com"
    mail["Bcc"] = "c@example.com"
    mail.set_content("Grüße\n")

    refused, reply = asyncio.run(
        aiosmtplib.send(mail, hostname=mock.host, port=mock.port, local_hostname="client.example.com", timeout=SECONDS)
    )

    assert (refused, reply) == ({"nobody@example.com": (550, "User not found")}, "Received")
    [message] = mock.messages()
    assert message.raw == (
        b"From: a@example.com\r\n"
        b"To: b@example.com, nobody@example.com\r\n"
        b'Content-Type: text/plain; charset="utf-8"\r\n'
        b"Content-Transfer-Encoding: base64\r\n"
        b"MIME-Version: 1.0\r\n"
        b"\r\n"
        b"R3LDvMOfZQo=\r\n"
    )
    assert_envelope(message, "b@example.com", "c@example.com")
    assert conversation(mock) == [
        *(GREETING, EHLO, MAIL, RCPT_B, RCPT_REFUSED, RCPT_C, DATA, END_OF_DATA, QUIT),
    ]


@pytest.fixture
def django_backend(monkeypatch):
    """Return what makes Django's backend for a server."""
    pytest.importorskip("django")
    from django.conf import settings
    from django.core.mail.backends.smtp import EmailBackend
    from django.core.mail.utils import DNS_NAME

    if not settings.configured:
        settings.configure()
    monkeypatch.setattr(DNS_NAME, "_fqdn", "client.example.com", raising=False)
    return lambda mock: EmailBackend(host=mock.host, port=mock.port, timeout=SECONDS)


def test_django_delivers_what_an_application_sends(mock, django_backend):
    from django.core.mail import EmailMultiAlternatives

    mail = EmailMultiAlternatives(
        "Grüße",
        "hello\n.\n",
        "a@example.com",
        ["b@example.com"],
        bcc=["c@example.com"],
        headers={"Message-ID": "<1@example.com>", "Date": "Sat, 01 Jan 2022 10:00:00 +0000"},
        connection=django_backend(mock),
    )

    assert mail.send() == 1

    [message] = mock.messages()
    assert message.raw == (
        b'Content-Type: text/plain; charset="utf-8"\r\n'
        b"MIME-Version: 1.0\r\n"
        b"Content-Transfer-Encoding: 7bit\r\n"
        b"Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\n"
        b"From: a@example.com\r\n"
        b"To: b@example.com\r\n"
        b"Message-ID: <1@example.com>\r\n"
        b"Date: Sat, 01 Jan 2022 10:00:00 +0000\r\n"
        b"\r\n"
        b"hello\r\n"
        b".\r\n"
    )
    assert_envelope(message, "b@example.com", "c@example.com")
    assert [(request.lower(), reply) for request, reply in conversation(mock)] == [
        (request.lower(), reply) for request, reply in (GREETING, EHLO, MAIL, RCPT_B, RCPT_C, DATA, END_OF_DATA, QUIT)
    ]


def test_all_mails_that_django_sends_in_one_connection_are_kept(mock, django_backend):
    from django.core.mail import send_mass_mail

    mails = [(f"mail {number}", "hello", "a@example.com", [f"{number}@example.com"]) for number in (1, 2, 3)]

    assert send_mass_mail(mails, connection=django_backend(mock)) == 3

    assert [(message.subject, message.recipients) for message in mock.messages()] == [
        ("mail 1", ("1@example.com",)),
        ("mail 2", ("2@example.com",)),
        ("mail 3", ("3@example.com",)),
    ]
    assert [message.number for message in mock.sessions()[0].messages] == [1, 2, 3]


def test_of_the_mails_that_django_sends_in_one_connection_the_refused_one_stays_as_an_attempt(mock, django_backend):
    from django.core.mail import EmailMessage

    mails = [
        EmailMessage("mail", "hello", "a@example.com", [recipient])
        for recipient in ("b@example.com", "nobody@example.com", "c@example.com")
    ]

    with django_backend(mock) as backend:
        backend.send_messages(mails[:1])
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            backend.send_messages(mails[1:2])
        backend.send_messages(mails[2:])

    assert [message.recipients for message in mock.messages()] == [("b@example.com",), ("c@example.com",)]
    refused = mock.message(accepted=False, refused_recipient="nobody@example.com")
    assert (refused.sender, refused.state, len(mock.sessions())) == ("a@example.com", "RCPT TO refused", 1)


LOCAL = [
    ("django", ["root"]),
    ("root@localhost", ["django"]),
    ("a@example.com", ["root", "b@example.com"]),
]


@pytest.mark.parametrize(("sender", "recipients"), LOCAL)
def test_django_delivers_to_users_of_this_machine_where_they_are_allowed(django_backend, sender, recipients):
    from django.core.mail import EmailMessage

    with SMTPMock(allow_local_addresses=True) as mock:
        assert EmailMessage("hi", "hello", sender, recipients, connection=django_backend(mock)).send() == 1
        message = mock.message(recipient=recipients[0], sender=sender)

    assert (message.sender, message.recipients, message.refused_recipients) == (sender, tuple(recipients), ())
    assert (message.from_, message.to) == (sender, tuple(recipients))


def test_django_is_told_that_users_of_this_machine_are_not_allowed_and_the_attempt_stays(mock, django_backend):
    from django.core.mail import EmailMessage

    with pytest.raises(smtplib.SMTPSenderRefused) as refusal:
        EmailMessage("hi", "hello", "django", ["b@example.com"], connection=django_backend(mock)).send()

    assert refusal.value.smtp_code == 501
    assert mock.message(accepted=False).sender == "django"
    mock.assert_no_message(within=0)


def test_a_server_for_django_s_own_tests_refuses_a_sender_that_is_not_the_author(mock, django_backend):
    from django.core.mail import EmailMessage

    mock.on("message", where=lambda mail: mail.content.from_ != mail.sender, reply="553 From is not MAIL FROM")
    mails = [
        EmailMessage(
            "hi", "hello", "a@example.com", ["b@example.com"], headers=headers, connection=django_backend(mock)
        )
        for headers in ({}, {"From": "c@example.com"})
    ]

    assert mails[0].send() == 1
    with pytest.raises(smtplib.SMTPDataError, match="From is not MAIL FROM"):
        mails[1].send()

    assert mock.message().from_ == "a@example.com"
    assert mock.message(accepted=False).state == "message refused"
