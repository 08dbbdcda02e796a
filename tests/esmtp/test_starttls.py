"""STARTTLS in the protocol (RFC 3207): when it is allowed, and what is forgotten."""

from __future__ import annotations

import pytest

from smtpmock import Rule
from tests.esmtp.talk import AGREED, EHLO, MAIL, RCPT, Talk, plain

READY = "220 Ready to start TLS\r\n"


def ruled(*rules, **settings):
    talk = Talk(*rules, tls="starttls", **settings)
    talk.say(EHLO)
    return talk


class TestOffer:
    def test_it_is_made_before_TLS_only(self):  # noqa: N802
        talk = Talk(tls="starttls", extensions=["DSN"])

        assert talk.say(EHLO) == "250-Received\r\n250-DSN\r\n250 STARTTLS\r\n"
        assert talk.say("STARTTLS", EHLO) == f"{READY}250-Received\r\n250 DSN\r\n"

    def test_it_is_not_made_with_implicit_TLS(self):  # noqa: N802
        talk = Talk(tls="implicit")

        assert (talk.handshakes, talk.greeting) == ([""], "220 Welcome\r\n")
        assert talk.say(EHLO) == "250 Received\r\n"
        assert talk.say("STARTTLS").startswith("502 ")

    def test_hidden_it_is_no_command(self):
        talk = Talk(tls="starttls", tls_fault="hide")

        assert talk.say(EHLO) == "250 Received\r\n"
        assert talk.say("STARTTLS").startswith("502 ")

    def test_hidden_but_announced_by_a_rule_it_works(self):
        rule = Rule("EHLO", {"reply": ["250 Hello", "250 STARTTLS"]})
        talk = Talk(rule, tls="starttls", tls_fault="hide")
        talk.say(EHLO)

        assert talk.say("STARTTLS") == READY

    def test_announced_by_a_rule_where_there_is_no_TLS_it_is_not_available(self):  # noqa: N802
        talk = Talk(Rule("EHLO", {"reply": ["250 Hello", "250 STARTTLS"]}))
        talk.say(EHLO)

        assert talk.say("STARTTLS") == "454 TLS not available now\r\n"
        assert talk.handshakes == []

    def test_offered_and_then_refused(self):
        talk = Talk(tls="starttls", tls_fault="reject")

        assert "250 STARTTLS" in talk.say(EHLO)
        assert talk.say("STARTTLS", "NOOP") == "454 TLS not available now\r\n250 Ok\r\n"
        assert (talk.handshakes, talk.session.tls) == ([], None)


class TestCommand:
    def test_it_takes_no_argument(self):
        assert ruled().say("STARTTLS now") == "501 STARTTLS takes no argument\r\n"

    def test_white_space_is_no_argument(self):
        assert ruled().say("starttls \t") == READY

    def test_twice_is_out_of_sequence(self):
        talk = ruled().secured()

        assert talk.say("STARTTLS", EHLO, "STARTTLS").count("503 Bad sequence of commands. TLS is active already") == 2
        assert talk.handshakes == [""]

    def test_it_is_recorded_as_an_exchange(self):
        talk = ruled()
        talk.say("STARTTLS")

        last = talk.exchanges[-1]
        assert (last.request, last.stage, last.accepted) == ("STARTTLS", "STARTTLS", True)

    def test_what_TLS_agreed_on_is_on_the_session_and_on_the_message(self):  # noqa: N802
        talk = Talk(tls="starttls").secured()
        assert talk.session.tls == AGREED
        talk.accepted()

        assert [message.tls for message in talk.messages()] == [AGREED]


class TestWhatIsForgotten:
    def test_the_greeting_of_the_client(self):
        talk = Talk(tls="starttls").secured()

        assert talk.say(MAIL) == "503 Bad sequence of commands. MAIL FROM should be used after HELO\r\n"
        assert talk.session.extensions == frozenset()

    def test_the_transaction(self):
        talk = Talk(tls="starttls")
        talk.say(EHLO, MAIL, RCPT, "STARTTLS")

        assert talk.say("DATA").startswith("503 ")
        assert talk.say(EHLO, RCPT).splitlines()[-1].startswith("503 ")

    def test_the_chunks(self):
        talk = Talk(tls="starttls", extensions=["CHUNKING"])
        talk.say(EHLO, MAIL, RCPT)
        talk.send("BDAT 3\r\nabc")
        talk.say("STARTTLS", EHLO, MAIL, RCPT)
        talk.send("BDAT 1 LAST\r\nd")

        assert [message.raw for message in talk.messages()] == [b"d"]

    def test_the_login(self):
        talk = Talk(tls="starttls", auth="any", auth_without_tls=True, require_auth=True)
        talk.say(EHLO, f"AUTH PLAIN {plain('bob', 'secret')}")
        assert talk.session.user == "bob"
        talk.say("STARTTLS")
        assert talk.session.user == ""

        assert talk.say(EHLO, MAIL).splitlines()[-1] == "530 Authentication required"
        assert talk.say(f"AUTH PLAIN {plain('bob', 'secret')}") == "235 Authentication succeeded\r\n"

    def test_the_attempts_to_log_in_stay_on_the_session(self):
        talk = Talk(tls="starttls", auth={}, auth_without_tls=True)
        talk.say(EHLO, f"AUTH PLAIN {plain('bob', 'secret')}", "STARTTLS")

        assert talk.session.attempts == (("PLAIN", "bob", False),)


class TestInjection:
    def test_what_comes_in_clear_text_behind_it_is_thrown_away_and_noted(self):
        talk = ruled()

        assert talk.send(f"STARTTLS\r\n{MAIL}\r\nQUIT\r\n") == READY
        assert talk.say("NOOP") == "250 Ok\r\n"
        assert [request for request, _ in talk.said] == [EHLO, "STARTTLS", "NOOP"]
        assert "command-after-starttls" in talk.violations

    def test_so_is_the_beginning_of_a_line(self):
        talk = ruled()
        talk.send("STARTTLS\r\nMAIL FR")

        assert talk.say("NOOP") == "250 Ok\r\n"
        assert "command-after-starttls" in talk.violations

    def test_so_it_is_where_the_reply_is_delayed(self):
        talk = ruled(Rule("STARTTLS", {"delay": 1}))

        assert talk.send("STARTTLS\r\nQUIT\r\n") == READY
        assert (talk.delays, talk.closed) == ([1.0], False)

    def test_so_it_is_where_the_reply_drips(self):
        talk = ruled(Rule("STARTTLS", {"drip": 100}))

        assert talk.send("STARTTLS\r\nQUIT\r\n") == READY
        assert not talk.closed

    def test_behind_a_refused_one_it_is_answered(self):
        talk = ruled(tls_fault="reject")

        assert talk.send("STARTTLS\r\nNOOP\r\n") == "454 TLS not available now\r\n250 Ok\r\n"
        assert "command-after-starttls" not in talk.violations

    def test_what_comes_behind_the_handshake_is_no_violation(self):
        talk = Talk(tls="starttls", extensions=["PIPELINING"]).secured()
        talk.say(EHLO, MAIL, "QUIT")

        assert talk.violations == []


class TestRequired:
    @pytest.mark.parametrize("command", [MAIL, RCPT, "DATA", "RSET", "VRFY bob", "HELP", "AUTH PLAIN", "BDAT 0 LAST"])
    def test_before_TLS_this_is_refused(self, command):  # noqa: N802
        talk = Talk(tls="starttls", require_tls=True, extensions="all", msg_tls_required="530 TLS first", auth="any")
        talk.say(EHLO)

        assert talk.say(command) == "530 TLS first\r\n"

    @pytest.mark.parametrize("command", ["NOOP", EHLO, "HELO client.example", "QUIT", "STARTTLS"])
    def test_before_TLS_this_is_not(self, command):  # noqa: N802
        talk = Talk(tls="starttls", require_tls=True)

        assert talk.say(command)[0] == "2"

    def test_after_TLS_mail_is_taken(self):  # noqa: N802
        talk = Talk(tls="starttls", require_tls=True).secured()

        assert talk.accepted().messages()[0].tls == AGREED

    def test_what_is_no_command_is_none_before_TLS(self):  # noqa: N802
        assert Talk(tls="starttls", require_tls=True).say("NONSENSE").startswith("502 ")


class TestRules:
    @pytest.mark.parametrize("fault", ["expired", "wrong-host", "unknown-authority", "refuse", "cut"])
    def test_the_word_tls_is_what_is_wrong_with_the_handshake(self, fault):
        talk = ruled(Rule("STARTTLS", {"tls": fault}))

        assert talk.say("STARTTLS") == READY
        assert talk.handshakes == [fault]

    def test_it_goes_before_the_setting(self):
        talk = ruled(Rule("STARTTLS", {"tls": "cut", "times": 1}), tls_fault="expired")
        talk.say("STARTTLS")

        assert talk.handshakes == ["cut"]

    def test_it_holds_for_implicit_TLS(self):  # noqa: N802
        settings = {"tls": "implicit", "tls_fault": "cut"}
        first = Talk(Rule("STARTTLS", {"tls": "expired", "times": 1}), **settings)
        second = Talk(beside=first, **settings)

        assert (first.handshakes, second.handshakes) == (["expired"], ["cut"])

    def test_a_reply_that_refuses_leaves_the_session_in_clear_text(self):
        talk = ruled(Rule("STARTTLS", {"times": 1, "reply": "454 Not now"}))

        assert talk.say("STARTTLS", "NOOP", "STARTTLS") == f"454 Not now\r\n250 Ok\r\n{READY}"

    def test_a_reply_that_is_another_text_of_success_begins_TLS(self):  # noqa: N802
        talk = ruled(Rule("STARTTLS", {"reply": "220 Off we go"}))

        assert talk.say("STARTTLS") == "220 Off we go\r\n"
        assert talk.handshakes == [""]

    def test_a_connection_that_is_closed_begins_no_TLS(self):  # noqa: N802
        talk = ruled(Rule("STARTTLS", {"then": "close"}))

        assert talk.say("STARTTLS") == ""
        assert (talk.closed, talk.handshakes) == (True, [])


def test_fail_fast_ends_the_session_at_a_refused_one():
    talk = Talk(tls="starttls", tls_fault="reject", fail_fast=True)
    talk.say(EHLO, "STARTTLS")

    assert talk.closed
