"""smtplib with every extension that it knows, logging in by every mechanism that it has."""

from __future__ import annotations

import smtplib

import pytest

from smtpmock import SMTPMock
from tests.raw_client import SECONDS

MAIL = "Subject: hi\r\n\r\nhello\r\n"
MECHANISMS = ["PLAIN", "LOGIN", "CRAM-MD5"]
MODES = {"clear": {}, "starttls": {"tls": "starttls"}, "implicit": {"tls": "implicit"}}


def received(mock, mechanism, user="bob"):
    """The only mail, sent by who logged in by that mechanism."""
    message = mock.wait_for_message(SECONDS, text="hello*")
    session = mock.wait_for_session(SECONDS)
    assert session.attempts == ((mechanism, user, True),)
    assert (session.user, message.user, message.session_id) == (user, user, session.id)
    return message


def connected(mock):
    if mock.settings.tls == "implicit":
        return smtplib.SMTP_SSL("localhost", mock.port, timeout=SECONDS, context=mock.client_context())
    client = smtplib.SMTP("localhost", mock.port, timeout=SECONDS)
    if mock.settings.tls:
        client.starttls(context=mock.client_context())
    return client


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_it_logs_in_and_delivers(mode, mechanism):
    password = "s3cret"  # smtplib logs in with ASCII only
    settings = {"auth": {"bob": password}, "auth_mechanisms": [mechanism], "require_auth": True, **MODES[mode]}
    with SMTPMock(**settings) as mock:
        with connected(mock) as client:
            assert client.login("bob", password) == (235, b"Authentication succeeded")
            client.sendmail("a@example.com", ["b@example.com"], MAIL)

        assert (received(mock, mechanism).tls is None) == (mode == "clear")


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_it_logs_in_without_an_initial_response(mechanism):
    with SMTPMock(auth={"bob": "s3cret"}, auth_mechanisms=[mechanism]) as mock:
        with connected(mock) as client:
            client.login("bob", "s3cret", initial_response_ok=False)
            client.sendmail("a@example.com", ["b@example.com"], MAIL)

        received(mock, mechanism)


def test_it_tries_all_that_are_offered_with_a_wrong_password():
    with SMTPMock(auth={"bob": "s3cret"}) as mock:
        with connected(mock) as client, pytest.raises(smtplib.SMTPAuthenticationError) as failure:
            client.login("bob", "wrong")

        assert failure.value.smtp_code == 535
        session = mock.wait_for_session(SECONDS)
        assert session.attempts == tuple((name, "bob", False) for name in ("CRAM-MD5", "PLAIN", "LOGIN"))


def test_it_is_told_to_log_in_first():
    with SMTPMock(auth="any", require_auth=True) as mock:
        with connected(mock) as client:
            with pytest.raises(smtplib.SMTPSenderRefused) as refusal:
                client.sendmail("a@example.com", ["b@example.com"], MAIL)
            client.login("eve", "whatever")
            client.sendmail("a@example.com", ["b@example.com"], MAIL)

        assert (refusal.value.smtp_code, refusal.value.smtp_error) == (530, b"Authentication required")
        assert mock.wait_for_message(SECONDS).user == "eve"


def test_it_cannot_log_in_before_TLS():  # noqa: N802
    with SMTPMock(auth="any", tls="starttls") as mock:
        client = smtplib.SMTP("localhost", mock.port, timeout=SECONDS)
        with client, pytest.raises(smtplib.SMTPNotSupportedError):
            client.login("bob", "x")


def test_it_logs_in_after_two_failures():
    with SMTPMock(auth="any", auth_mechanisms=["PLAIN"]) as mock:
        mock.on("AUTH", times=2, reply="454 4.7.0 Temporary authentication failure")
        with connected(mock) as client:
            for _ in range(2):
                with pytest.raises(smtplib.SMTPAuthenticationError, match="Temporary"):
                    client.login("bob", "x")
            client.login("bob", "x")

        assert [attempt.succeeded for attempt in mock.wait_for_session(SECONDS).attempts] == [False, False, True]


def test_it_announces_size_and_eight_bits_and_letters_of_all_scripts():
    with SMTPMock(extensions="all") as mock:
        with connected(mock) as client:
            client.sendmail("jürgen@example.com", ["b@example.com"], MAIL, ["SMTPUTF8", "BODY=8BITMIME"])

        message = mock.wait_for_message(SECONDS)
        assert message.sender == "jürgen@example.com"
        assert message.parameters == {"SIZE": str(len(MAIL)), "SMTPUTF8": "", "BODY": "8BITMIME"}


def test_a_mail_over_the_limit_is_refused_before_it_is_sent():
    with SMTPMock(extensions=["SIZE"], msg_size_limit=10) as mock:
        with connected(mock) as client, pytest.raises(smtplib.SMTPSenderRefused) as refusal:
            client.sendmail("a@example.com", ["b@example.com"], MAIL)

        assert refusal.value.smtp_code == 552
        assert [exchange.stage for exchange in mock.wait_for_session(SECONDS).exchanges] == [
            *("connect", "EHLO", "MAIL FROM", "RSET", "QUIT")
        ]


def test_it_asks_for_notifications():
    with SMTPMock(extensions=["DSN"]) as mock:
        with connected(mock) as client:
            client.sendmail("a@example.com", ["b@example.com"], MAIL, ["RET=HDRS"], ["NOTIFY=SUCCESS,DELAY"])

        message = mock.wait_for_message(SECONDS)
        assert message.parameters == {"RET": "HDRS"}
        assert message.recipient_parameters == {"b@example.com": {"NOTIFY": "SUCCESS,DELAY"}}


def test_it_verifies_and_asks_for_help():
    with SMTPMock(extensions=["VRFY", "HELP"]) as mock, connected(mock) as client:
        assert client.verify("b@example.com")[0] == 252
        assert client.help().startswith(b"Commands: HELO, EHLO")
