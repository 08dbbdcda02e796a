"""Addresses without a domain, such as root: accepted where `allow_local_addresses` is on, refused elsewhere."""

from __future__ import annotations

import smtplib

import pytest

from smtpmock import Rule, SMTPMock
from tests.esmtp.talk import EHLO, MAIL, RCPT, Talk

NO_MAIL = "501 MAIL FROM requires valid email address"
NO_RCPT = "501 RCPT TO requires valid email address"
BOTH = {"multiple_rcptto": True, "multiple_message_receiving": True}
LOCAL = [
    ("<root>", "root"),
    ("root", "root"),
    (" <django>", "django"),
    ("<first.last>", "first.last"),
    ("<r\u00f6\u00f6t>", "r\u00f6\u00f6t"),
    ('<"two words">', '"two words"'),
    ("<root+tag>", "root+tag"),
]


def local(**settings):
    return Talk(allow_local_addresses=True, **settings)


@pytest.mark.parametrize(("path", "address"), LOCAL)
def test_they_are_accepted_and_recorded(path, address):
    talk = local()

    assert talk.say(EHLO, f"MAIL FROM:{path}", f"RCPT TO:{path}", "DATA", "hello", ".").splitlines()[1:3] == (
        ["250 Received"] * 2
    )
    [message] = talk.messages()
    assert (message.sender, message.recipients, message.refused_recipients) == (address, (address,), ())
    assert message.is_consistent
    assert [talk.exchanges[place].argument for place in (2, 3)] == [address, address]


@pytest.mark.parametrize(("path", "address"), LOCAL)
def test_without_the_setting_they_are_refused_and_recorded_as_they_were_given(path, address):
    talk = Talk(**BOTH)

    assert talk.say(EHLO, f"MAIL FROM:{path}").splitlines()[-1] == NO_MAIL
    assert talk.say(MAIL, f"RCPT TO:{path}").splitlines()[-1] == NO_RCPT
    talk.say("QUIT")
    first, second = talk.messages()
    assert (first.sender, first.accepted, second.sender) == (address, False, "a@example.com")
    assert (second.recipients, second.refused_recipients) == ((), (address,))


@pytest.mark.parametrize("path", ["<root>", "root"])
def test_parameters_may_follow(path):
    talk = local(extensions=["SIZE", "DSN"])

    assert talk.say(EHLO, f"MAIL FROM:{path} SIZE=10", f"RCPT TO:{path} NOTIFY=NEVER").endswith("250 Received\r\n" * 2)
    assert talk.say("DATA", "hello", ".").endswith("250 Received\r\n")
    [message] = talk.messages()
    assert (message.parameters, message.recipient_parameters) == ({"SIZE": "10"}, {"root": {"NOTIFY": "NEVER"}})
    assert talk.say(f"MAIL FROM:{path} SIZE=x").startswith("501 Parameter")


@pytest.mark.parametrize(
    "path", ["", "<root", "root>", "<>x", "<root>x", "<ro ot>", "<root@>", "<@example.com>", "a b"]
)
def test_what_is_no_local_part_is_refused_still(path):
    talk = local()

    expected = "250 Received" if path in ("<root", "root>") else NO_RCPT  # a bracket may be missing, as elsewhere
    assert talk.say(EHLO, MAIL, f"RCPT TO:{path}").splitlines()[-1] == expected


def test_the_null_path_is_a_sender_and_no_recipient():
    talk = local()

    assert talk.say(EHLO, "MAIL FROM:<>", "RCPT TO:<>").splitlines()[1:] == ["250 Received", NO_RCPT]


def test_postmaster_is_a_sender_then_too():
    assert local().say(EHLO, "MAIL FROM:<Postmaster>").endswith("250 Received\r\n")
    assert Talk().say(EHLO, "MAIL FROM:<Postmaster>").endswith(f"{NO_MAIL}\r\n")


def test_addresses_with_a_domain_are_what_they_were():
    talk = local()

    assert talk.say(EHLO, MAIL, RCPT, "DATA", "hello", ".").endswith("250 Received\r\n")
    assert [(message.sender, message.recipients) for message in talk.messages()] == [
        ("a@example.com", ("b@example.com",))
    ]


def test_they_can_be_blocked_and_unknown():
    talk = local(
        blacklisted_mailfrom_emails=["root"], blacklisted_rcptto_emails=["daemon"], not_registered_emails=["django"]
    )

    assert talk.say(EHLO, "MAIL FROM:<root>", MAIL, "RCPT TO:<daemon>", "RCPT TO:<django>").splitlines()[1:] == [
        *("421 Service not available", "250 Received", "421 Service not available", "550 User not found")
    ]


def test_rules_are_asked_about_them():
    talk = Talk(
        Rule("RCPT TO", {"recipient": "root", "reply": "550 not root"}),
        allow_local_addresses=True,
        multiple_rcptto=True,
    )

    assert talk.say(EHLO, MAIL, "RCPT TO:<root>", "RCPT TO:<django>").splitlines()[2:] == [
        *("550 not root", "250 Received")
    ]


def test_over_a_socket_they_are_found_by_queries():
    with SMTPMock(allow_local_addresses=True) as mock:
        with smtplib.SMTP(mock.host, mock.port) as client:
            client.sendmail("django", ["root"], "Subject: cron\r\n\r\nhello\r\n")

        message = mock.message(sender="django", recipient="root")
        assert (message.sender, message.recipients, message.subject) == ("django", ("root",), "cron")
        mock.assert_message_count(0, recipient="roo")


def test_over_a_socket_they_are_refused_without_the_setting():
    with SMTPMock(**BOTH) as mock:
        with smtplib.SMTP(mock.host, mock.port) as client, pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail("a@example.com", ["root"], "Subject: cron\r\n\r\nhello\r\n")

        assert mock.messages() == []
        [attempt] = mock.messages(accepted=False, refused_recipient="root")
        assert attempt.sender == "a@example.com"
