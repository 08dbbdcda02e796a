"""Mailers that Python applications use besides smtplib."""

from __future__ import annotations

import asyncio
from email.message import EmailMessage

import pytest

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


def test_django_delivers_what_an_application_sends(mock, monkeypatch):
    pytest.importorskip("django")
    from django.conf import settings
    from django.core.mail import EmailMultiAlternatives
    from django.core.mail.backends.smtp import EmailBackend
    from django.core.mail.utils import DNS_NAME

    if not settings.configured:
        settings.configure()
    monkeypatch.setattr(DNS_NAME, "_fqdn", "client.example.com", raising=False)
    mail = EmailMultiAlternatives(
        "Grüße",
        "hello\n.\n",
        "a@example.com",
        ["b@example.com"],
        bcc=["c@example.com"],
        headers={"Message-ID": "<1@example.com>", "Date": "Sat, 01 Jan 2022 10:00:00 +0000"},
        connection=EmailBackend(host=mock.host, port=mock.port, timeout=SECONDS),
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
