"""The extensions that EHLO announces, and their effect on other commands."""

from __future__ import annotations

import pytest

from smtpmock import Rule
from smtpmock.rfc.extensions import EXTENSIONS
from smtpmock.settings.declarations import SETTINGS
from smtpmock.settings.values import REPLY
from tests.esmtp.talk import EHLO, MAIL, RCPT, Talk


def announced(**settings):
    return Talk(**settings).say(EHLO).splitlines()


def test_a_plain_server_answers_EHLO_with_one_line():  # noqa: N802
    assert announced() == ["250 Received"]


def test_all_extensions_are_announced_in_their_order():
    assert announced(extensions="all", msg_size_limit=1000) == [
        *("250-Received", "250-SIZE 1000", "250-PIPELINING", "250-8BITMIME", "250-SMTPUTF8"),
        *("250-ENHANCEDSTATUSCODES", "250-DSN", "250-CHUNKING", "250-VRFY", "250 HELP"),
    ]


@pytest.mark.parametrize("name", sorted(set(EXTENSIONS) - {"SIZE", "SMTPUTF8"}))
def test_one_extension_is_announced_alone(name):
    assert announced(extensions=[name.lower()]) == ["250-Received", f"250 {name}"]


def test_SMTPUTF8_brings_8BITMIME():  # noqa: N802
    assert announced(extensions=["SMTPUTF8"]) == ["250-Received", "250-8BITMIME", "250 SMTPUTF8"]


def test_HELO_announces_nothing():  # noqa: N802
    talk = Talk(extensions="all")

    assert talk.say("HELO client.example") == "250 Received\r\n"
    assert talk.session.extensions == frozenset()


def test_a_text_of_ones_own_stands_in_the_first_line():
    assert announced(extensions=["DSN"], msg_helo_received="Hello") == ["250-Hello", "250 DSN"]


def test_a_refused_EHLO_announces_nothing():  # noqa: N802
    talk = Talk(extensions="all", blacklisted_helo_domains=["client.example"])

    assert talk.say(EHLO) == "421 Service not available\r\n"
    assert talk.session.extensions == frozenset()


def test_STARTTLS_and_AUTH_come_with_their_settings():  # noqa: N802
    assert announced(tls="starttls") == ["250-Received", "250 STARTTLS"]
    assert announced(auth="any") == ["250-Received", "250 AUTH PLAIN LOGIN CRAM-MD5 XOAUTH2 OAUTHBEARER"]


def test_what_was_announced_is_on_the_session_and_on_the_message():
    talk = Talk(extensions=["SIZE", "DSN"])
    talk.accepted()

    [message] = talk.messages()
    assert talk.session.extensions == message.extensions == {"SIZE", "DSN"}


def test_the_next_EHLO_counts():  # noqa: N802
    talk = Talk(extensions=["DSN"])
    talk.say(EHLO, "HELO client.example")

    assert talk.session.extensions == frozenset()


def test_what_a_rule_announces_counts():
    talk = Talk(Rule("EHLO", {"reply": ["250 Hello", "250 dsn", "250 SIZE 5"]}))

    assert talk.say(EHLO) == "250-Hello\r\n250-dsn\r\n250 SIZE 5\r\n"
    assert talk.session.extensions == {"DSN", "SIZE"}
    assert talk.say("MAIL FROM:<a@example.com> RET=FULL SIZE=5") == "250 Received\r\n"


class TestEnhancedStatusCodes:
    def test_the_default_texts_carry_them(self):
        talk = Talk(extensions=["ENHANCEDSTATUSCODES"])

        assert talk.say(EHLO).splitlines()[0] == "250-Received"
        assert talk.say(MAIL, RCPT, "DATA", "DATA").splitlines()[:3] == [
            "250 2.1.0 Received",
            "250 2.1.5 Received",
            "354 Ready for receive message. End data with <CR><LF>.<CR><LF>",
        ]
        assert talk.send(".\r\n") == "250 2.6.0 Received\r\n"
        assert talk.say("XYZZY", "EHLO", "QUIT").splitlines() == [
            "502 5.5.1 Command unrecognized. Available commands: "
            "HELO, EHLO, MAIL FROM:, RCPT TO:, DATA, RSET, NOOP, QUIT",
            "501 HELO requires domain address or valid address literal",  # RFC 2034 section 3
            "221 2.0.0 Closing connection",
        ]

    def test_texts_of_ones_own_stay_as_they_are(self):
        talk = Talk(extensions=["ENHANCEDSTATUSCODES"], msg_mailfrom_received="250 Fine", msg_size_limit=10)

        assert talk.say(EHLO, MAIL).splitlines()[-1] == "250 Fine"
        assert talk.say(RCPT, "DATA", "more than ten bytes", ".").splitlines()[-1] == (
            "552 5.3.4 Message exceeded max size of 10 bytes"
        )

    def test_every_default_text_has_one_of_its_class_but_greeting_EHLO_and_354(self):  # noqa: N802
        replies = Talk(extensions=["ENHANCEDSTATUSCODES"]).connection.behaviour.replies
        texts = {name: replies[name][0].text for name, field in SETTINGS.items() if field.type is REPLY}
        without = {name for name, text in texts.items() if text[4:6] != f"{text[0]}."}

        assert without == {
            *("msg_greeting", "msg_helo_received", "msg_invalid_cmd_helo_arg", "msg_helo_blacklisted_domain"),
            *("msg_invalid_cmd_helo_sequence", "msg_data_received"),
        }

    def test_without_it_no_text_carries_one(self):
        assert Talk(extensions=["DSN"]).say(EHLO, MAIL).splitlines()[-1] == "250 Received"

    def test_a_line_that_is_too_long_has_one(self):
        talk = Talk(extensions=["ENHANCEDSTATUSCODES"])

        assert talk.say("NOOP " + "x" * 20_000) == "500 5.5.6 Line too long\r\n"  # RFC 2034 section 4


class TestVerify:
    SETTINGS = {"extensions": ["VRFY"], "not_registered_emails": ["nobody@example.com"]}  # noqa: RUF012

    @pytest.mark.parametrize(
        ("line", "reply"),
        [
            ("VRFY b@example.com", "252 Mail for it will be taken, but that proves nothing"),
            ("vrfy <b@example.com>", "252 Mail for it will be taken, but that proves nothing"),
            ("VRFY bob", "252 Mail for it will be taken, but that proves nothing"),
            ("VRFY <nobody@EXAMPLE.com>", "550 User not found"),
            ("VRFY", "501 VRFY requires an address"),
        ],
    )
    def test_it_knows_who_does_not_exist(self, line, reply):
        assert Talk(**self.SETTINGS).say(EHLO, line).splitlines()[-1] == reply

    def test_it_leaves_the_transaction_alone(self):
        talk = Talk(**self.SETTINGS)

        assert talk.say(EHLO, MAIL, "VRFY bob", RCPT).splitlines()[-1] == "250 Received"

    def test_where_it_is_off_there_is_no_such_command(self):
        assert Talk(extensions=["HELP"]).say(EHLO, "VRFY bob").splitlines()[-1].startswith("502 ")


def test_HELP_is_answered_before_and_after_EHLO_with_an_argument_or_without():  # noqa: N802
    talk = Talk(extensions=["HELP"])

    assert talk.say("HELP", EHLO, "HELP MAIL").count("214 Commands: ") == 2


def test_where_HELP_is_off_there_is_no_such_command():  # noqa: N802
    assert Talk().say(EHLO, "HELP").splitlines()[-1].startswith("502 ")
