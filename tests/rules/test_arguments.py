"""The condition argument, the stage command with its verb, and the condition where."""

from __future__ import annotations

import re
from email.utils import parseaddr

import pytest

from smtpmock import ReceivedMessage, RuleError, SMTPMock
from tests.esmtp.talk import b64, plain
from tests.raw_client import Client
from tests.rules.scripted import EHLO, ENVELOPE, MAIL, OK, RCPT, Scripted, on

UNKNOWN = "502 Command unrecognized."
ALL = {"extensions": "all", "auth": "any", "tls": "starttls", "auth_without_tls": True}


def seen(stage, *lines, **settings):
    """Return the values that the condition argument looks at, each time that a rule of the stage is asked."""
    values = []
    session = Scripted(on(stage, argument=lambda value: values.append(value), delay=1), **{**ALL, **settings})
    session.say(*lines)
    return values


class TestArgument:
    @pytest.mark.parametrize(
        ("stage", "lines", "values"),
        [
            ("HELO", ["HELO client.example"], ["client.example"]),
            ("EHLO", ["EHLO [192.0.2.1]"], ["[192.0.2.1]"]),
            ("EHLO", ["EHLO"], [""]),
            ("EHLO", ["ehlo  two words "], ["two words"]),
            (
                "MAIL FROM",
                [EHLO, "MAIL FROM: <a@example.com> SIZE=10 BODY=8BITMIME"],
                ["<a@example.com> SIZE=10 BODY=8BITMIME"],
            ),
            ("MAIL FROM", [EHLO, "mail from:nobody"], ["nobody"]),
            ("MAIL FROM", [EHLO, "MAIL FROM:<a:b@example.com>"], ["<a:b@example.com>"]),
            ("RCPT TO", [EHLO, MAIL, RCPT], ["<b@example.com>"]),
            ("DATA", [*ENVELOPE, "DATA now"], ["now"]),
            ("BDAT", [*ENVELOPE, "BDAT x"], ["x"]),
            ("RSET", ["RSET", "RSET now"], ["", "now"]),
            ("NOOP", ["NOOP", "NOOP are you there"], ["", "are you there"]),
            ("QUIT", ["QUIT"], [""]),
            ("STARTTLS", ["STARTTLS now"], ["now"]),
            ("VRFY", ["VRFY bob"], ["bob"]),
            ("HELP", ["HELP MAIL"], ["MAIL"]),
            ("AUTH", [EHLO, f"AUTH PLAIN {plain('bob', 'secret')}"], ["PLAIN (credentials)"]),
            ("AUTH", [EHLO, f"AUTH LOGIN {b64('bob')}", b64("secret")], ["LOGIN (credentials)"]),
            ("AUTH", [EHLO, "AUTH LOGIN", b64("bob"), b64("secret")], ["LOGIN"]),
            ("AUTH", [EHLO, "AUTH CRAM-MD5", "*"], ["CRAM-MD5"]),
            ("AUTH", ["AUTH"], [""]),
        ],
    )
    def test_it_is_the_text_behind_the_verb(self, stage, lines, values):
        assert seen(stage, *lines) == values

    def test_bytes_that_are_no_text_are_readable(self):
        values = []
        session = Scripted(on("NOOP", argument=lambda value: values.append(value), delay=1))
        session.send(b"NOOP caf\xe9\r\n")

        assert values == ["caf\\xe9"]

    def test_for_all_stages_it_is_asked_where_there_is_a_command(self):
        values = []
        session = Scripted(on("*", argument=lambda value: values.append(value), delay=1))
        session.say(*ENVELOPE, "DATA", "hello", ".", "FOO bar", "QUIT")

        assert values == ["client.example", "<a@example.com>", "<b@example.com>", "", "bar", ""]

    @pytest.mark.parametrize(
        ("wanted", "refused"),
        [
            ("SIZE=", True),
            ("size=", False),
            ("*SIZE=1*", True),
            ("SIZE*", False),
            (re.compile(r"SIZE=\d{3}$"), True),
            (str.islower, False),
        ],
    )
    def test_it_is_compared_as_texts_are(self, wanted, refused):
        session = Scripted(on("MAIL FROM", argument=wanted, reply="452 4.3.1 Full"), extensions=["SIZE"])

        assert session.say(EHLO, f"{MAIL} SIZE=100").splitlines()[-1] == ("452 4.3.1 Full" if refused else OK.strip())

    def test_a_mechanism_is_refused(self):
        session = Scripted(on("AUTH", argument="LOGIN*", reply="504 5.5.4 Not LOGIN"), auth="any")

        assert session.say(EHLO, "AUTH LOGIN", b64("bob"), b64("secret")).endswith("\r\n504 5.5.4 Not LOGIN\r\n")
        assert session.say(f"AUTH PLAIN {plain('bob', 'secret')}") == "235 Authentication succeeded\r\n"


class TestVerb:
    @pytest.mark.parametrize("verb", ["EXPN", "expn"])
    @pytest.mark.parametrize("line", ["EXPN staff", "expn", "Expn\tstaff"])
    def test_a_rule_is_for_one_verb_whatever_its_case(self, verb, line):
        rule = on("command", verb=verb, reply="252 5.7.0 Who knows")
        session = Scripted(rule)

        assert session.say(line) == "252 5.7.0 Who knows\r\n"
        assert (session.last.stage, session.last.rule, session.last.accepted) == ("", str(rule), True)

    @pytest.mark.parametrize("line", ["EXPNS staff", "EXP", "", "X EXPN", "NOOP EXPN", "HELP"])
    def test_it_is_for_no_other(self, line):
        rule = on("command", verb="EXPN", reply="252 5.7.0 Who knows")
        session = Scripted(rule)

        assert session.say(line)[:3] == ("250" if line[:4] == "NOOP" else "502")
        assert rule.hits == 0

    @pytest.mark.parametrize("verb", ["ETRN", "XCLIENT", "X-LINK2STATE", "GET", "TURN", "CONNECT", "MESSAGE"])
    def test_any_verb_without_a_stage_will_do(self, verb):
        session = Scripted(on("command", verb=verb, reply="250 as told", argument="*.example*"))

        assert session.say(f"{verb} mail.example").startswith("250 as told")
        assert session.say(verb).startswith(UNKNOWN)

    def test_its_conditions_are_those_of_the_transaction(self):
        session = Scripted(
            on("command", verb="EXPN", sender="a@example.com", recipient="b@example.com", reply="250 Yes")
        )
        session.say(EHLO, MAIL)
        assert session.say("EXPN x").startswith(UNKNOWN)
        session.say(RCPT)
        assert session.say("EXPN x") == "250 Yes\r\n"

    def test_a_command_of_an_extension_that_is_off_is_not_its_own_stage(self):
        rule = on("VRFY", reply="252 Maybe")
        session = Scripted(rule)

        assert session.say("VRFY bob").startswith(UNKNOWN)
        assert rule.asked == 0

    @pytest.mark.parametrize(
        ("verb", "stage"),
        [
            *(("MAIL", "MAIL FROM"), ("rcpt", "RCPT TO"), ("HELO", "HELO"), ("EHLO", "EHLO"), ("DATA", "DATA")),
            *((one, one) for one in ("RSET", "NOOP", "QUIT", "VRFY", "HELP", "BDAT", "AUTH", "STARTTLS")),
        ],
    )
    def test_a_verb_with_a_stage_of_its_own_is_refused(self, verb, stage):
        with pytest.raises(RuleError) as refusal:
            on("command", verb=verb, reply="250 Yes")

        assert str(refusal.value) == f"The verb {verb.upper()} has a stage of its own: use the stage {stage!r}"

    @pytest.mark.parametrize(
        "words", [{}, {"verb": None}, {"verb": ""}, {"verb": "MAIL FROM"}, {"verb": "EX*"}, {"verb": 5}]
    )
    def test_a_rule_at_command_needs_one(self, words):
        with pytest.raises(RuleError) as refusal:
            on("command", **words, reply="250 Yes")

        assert str(refusal.value) == (
            f"Invalid verb {words.get('verb')!r} of a rule at command: expected a word such as 'EXPN'"
        )


FROM_ANN = b"From: Ann <ann@example.com>\r\nSubject: hi\r\n\r\nhello\r\n"


def is_forged(message):
    return message.content.from_ != message.sender


class TestWhere:
    @pytest.mark.parametrize(
        ("sender", "reply"),
        [
            ("ann@example.com", OK),
            ("eve@example.com", "553 5.7.1 Not your address\r\n"),
            ("", "553 5.7.1 Not your address\r\n"),
        ],
    )
    def test_a_message_whose_author_is_not_its_sender_is_refused(self, sender, reply):
        rule = on("message", where=is_forged, reply="553 5.7.1 Not your address")
        session = Scripted(rule)
        session.say(EHLO, f"MAIL FROM:<{sender}>", RCPT, "DATA")

        assert session.message(FROM_ANN) == reply
        assert str(rule) == "message where=is_forged reply='553 5.7.1 Not your address'"

    def test_it_sees_the_whole_message_with_its_envelope(self):
        messages = []
        session = Scripted(
            on("message", where=lambda message: messages.append(message), delay=1),
            not_registered_emails=["nobody@example.com"],
            multiple_rcptto=True,
            auth="any",
        )
        session.say(EHLO, f"AUTH PLAIN {plain('bob', 'secret')}", MAIL, RCPT, "RCPT TO:<nobody@example.com>")
        session.say("RCPT TO:<c@example.com>", "DATA")
        session.message(FROM_ANN)

        [message] = messages
        assert isinstance(message, ReceivedMessage)
        assert (message.sender, message.recipients) == ("a@example.com", ("b@example.com", "c@example.com"))
        assert (message.client, message.helo_name, message.user) == ("192.0.2.1", "client.example", "bob")
        assert (message.content.raw, message.content.subject) == (FROM_ANN, "hi")
        assert parseaddr(message.content.headers["From"]) == ("Ann", "ann@example.com")

    def test_it_is_asked_of_a_message_in_chunks(self):
        session = Scripted(on("message", where=is_forged, reply="553 No"), extensions=["CHUNKING"])
        session.say(*ENVELOPE)

        assert session.send(b"BDAT %d LAST\r\n" % len(FROM_ANN) + FROM_ANN) == "553 No\r\n"

    @pytest.mark.parametrize("wanted", ["hi", 5, re.compile("hi"), ["hi"]])
    def test_anything_but_a_function_is_refused(self, wanted):
        mock = SMTPMock()
        with pytest.raises(RuleError) as refusal:
            mock.on("message", where=wanted, reply="553 No")

        assert str(refusal.value) == f"Invalid where {wanted!r}: expected a function of the message."
        assert mock.rules == ()

    def test_over_a_socket_one_that_raises_ends_the_session_and_keeps_nothing(self):
        def broken(message):
            raise LookupError(message.sender)

        with SMTPMock() as mock:
            mock.on("message", where=broken, reply="553 No")
            with Client(mock) as client:
                client.begin_message()
                client.send("", "hello", ".")
                assert client.read_all() == []
            mock.wait_for_session()
            assert mock.messages() == []
            assert [str(error) for error in mock.errors] == ["a@example.com"]
