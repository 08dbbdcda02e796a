"""AUTH in the protocol (RFC 4954): who may log in, what is refused, what needs a login, what is recorded."""

from __future__ import annotations

import pytest

from smtpmock import Rule
from tests.esmtp.logins import (
    BOB,
    CANCELLED,
    FAILED,
    NO_ARGUMENT,
    OUT_OF_SEQUENCE,
    SUCCEEDED,
    UNKNOWN,
    UNREADABLE,
    cram,
    greeted,
    oauthbearer,
    xoauth2,
)
from tests.esmtp.talk import EHLO, MAIL, RCPT, Talk, b64, plain


class TestAccounts:
    @pytest.mark.parametrize(("user", "password"), [("bob", "Secret"), ("bob", ""), ("Bob", "secret"), ("eve", "x")])
    def test_who_is_not_in_the_list_fails(self, user, password):
        talk = greeted()

        assert talk.say(f"AUTH PLAIN {plain(user, password)}") == FAILED
        assert (talk.session.user, talk.session.attempts) == ("", (("PLAIN", user, False),))

    @pytest.mark.parametrize("mechanism", ["PLAIN", "CRAM-MD5", "XOAUTH2", "OAUTHBEARER"])
    def test_any_accepts_whatever_comes(self, mechanism):
        talk = greeted(auth="any")
        if mechanism == "CRAM-MD5":
            assert cram(talk, "eve", "whatever")[1] == SUCCEEDED
        else:
            given = {"PLAIN": plain("eve", "x"), "XOAUTH2": xoauth2("eve"), "OAUTHBEARER": oauthbearer("a=eve")}
            assert talk.say(f"AUTH {mechanism} {given[mechanism]}") == SUCCEEDED
        assert talk.session.user == "eve"

    @pytest.mark.parametrize(("answer", "reply"), [(True, SUCCEEDED), (False, FAILED), (None, FAILED), (1, SUCCEEDED)])
    def test_a_function_decides(self, answer, reply):
        asked = []
        talk = greeted(auth=lambda *credentials: asked.append(credentials) or answer)

        assert talk.say(f"AUTH PLAIN {plain('bøb', 'sécret')}") == reply
        assert asked == [("bøb", "sécret")]

    def test_names_and_passwords_may_have_any_letters(self):
        talk = greeted(auth={"bøb": "sécret"})

        assert talk.say(f"AUTH PLAIN {plain('bøb', 'sécret')}") == SUCCEEDED

    def test_bytes_that_are_no_text_fail(self):
        response = b64(b"\0bob\0\xff")

        assert greeted().say(f"AUTH PLAIN {response}") == FAILED

    def test_nobody_can_log_in_where_nobody_is_in_the_list(self):
        talk = Talk(auth={})

        assert talk.say(EHLO).endswith("AUTH PLAIN LOGIN CRAM-MD5 XOAUTH2 OAUTHBEARER\r\n")
        assert talk.say(f"AUTH PLAIN {plain('bob', 'secret')}") == FAILED

    def test_only_the_mechanisms_that_are_wanted_are_offered(self):
        talk = Talk(auth="any", auth_mechanisms=["login", "PLAIN"])

        assert talk.say(EHLO).endswith("250 AUTH PLAIN LOGIN\r\n")
        assert talk.say("AUTH CRAM-MD5") == UNKNOWN


class TestRefused:
    @pytest.mark.parametrize("line", ["AUTH", "AUTH PLAIN x y", "AUTH PLAIN = ="])
    def test_without_a_valid_argument(self, line):
        assert greeted().say(line) == NO_ARGUMENT

    @pytest.mark.parametrize("mechanism", ["DIGEST-MD5", "NTLM", "X", "PLAIN,LOGIN"])
    def test_with_a_mechanism_that_is_not_offered(self, mechanism):
        assert greeted().say(f"AUTH {mechanism}") == UNKNOWN

    @pytest.mark.parametrize("response", ["?", "A", "AA", "AAA", "AA=", "AAAA=", "A===", "==", "AA==AA==", "AA-_", "é"])
    def test_with_broken_base64(self, response):
        assert greeted().say(f"AUTH PLAIN {response}") == UNREADABLE
        assert greeted().say("AUTH PLAIN", response) == f"334 \r\n{UNREADABLE}"

    def test_with_an_equals_sign_where_it_is_no_initial_response(self):
        assert greeted().say("AUTH LOGIN", "=").endswith(UNREADABLE)

    @pytest.mark.parametrize("lines", [["AUTH PLAIN"], ["AUTH LOGIN"], [f"AUTH LOGIN {b64('bob')}"], ["AUTH CRAM-MD5"]])
    def test_when_the_client_cancels(self, lines):
        talk = greeted()
        talk.say(*lines)

        assert talk.say("*", "NOOP") == f"{CANCELLED}250 Ok\r\n"
        assert (talk.said[-2], talk.session.attempts) == (("*", CANCELLED.strip()), ())

    def test_before_the_greeting(self):
        assert Talk(auth=BOB).say(f"AUTH PLAIN {plain('bob', 'secret')}") == OUT_OF_SEQUENCE

    def test_after_a_refused_greeting(self):
        talk = Talk(auth=BOB, blacklisted_helo_domains=["client.example"])

        assert talk.say(EHLO, "AUTH PLAIN").endswith(OUT_OF_SEQUENCE)

    def test_a_second_time(self):
        talk = greeted()
        talk.say(f"AUTH PLAIN {plain('bob', 'secret')}")

        assert talk.say(f"AUTH PLAIN {plain('bob', 'secret')}", EHLO).startswith(OUT_OF_SEQUENCE)
        assert talk.say("AUTH PLAIN") == OUT_OF_SEQUENCE
        assert len(talk.session.attempts) == 1

    @pytest.mark.parametrize("lines", [[MAIL], [MAIL, RCPT]])
    def test_in_a_transaction(self, lines):
        talk = greeted()
        talk.say(*lines)

        assert talk.say(f"AUTH PLAIN {plain('bob', 'secret')}") == OUT_OF_SEQUENCE
        assert talk.say("RSET", f"AUTH PLAIN {plain('bob', 'secret')}") == f"250 Ok\r\n{SUCCEEDED}"

    @pytest.mark.parametrize("settings", [{}, {"multiple_message_receiving": True}, {"msg_size_limit": 1}])
    def test_not_after_one(self, settings):
        talk = greeted(**settings)
        talk.say(MAIL, RCPT, "DATA", "hello", ".")

        assert talk.say(f"AUTH PLAIN {plain('bob', 'secret')}") == SUCCEEDED

    def test_not_after_a_failed_attempt(self):
        talk = greeted()

        assert talk.say(f"AUTH PLAIN {plain('bob', 'x')}", f"AUTH PLAIN {plain('bob', 'secret')}") == FAILED + SUCCEEDED
        assert [attempt.succeeded for attempt in talk.session.attempts] == [False, True]

    def test_where_it_is_not_configured_there_is_no_such_command(self):
        talk = Talk()

        assert talk.say(EHLO, f"AUTH PLAIN {plain('bob', 'secret')}").splitlines()[-1].startswith("502 ")

    def test_a_line_of_twelve_thousand_bytes_is_none_too_long(self):  # RFC 4954 section 4
        token = "x" * 9_000
        talk = greeted(auth={"bob": token})

        assert talk.say(f"AUTH XOAUTH2 {xoauth2(token=token)}") == SUCCEEDED

    def test_a_line_that_is_too_long_ends_the_attempt(self):
        talk = greeted()
        talk.say("AUTH PLAIN")

        assert talk.say("A" * 20_000, "NOOP") == "500 Line too long\r\n250 Ok\r\n"
        assert talk.say(f"AUTH PLAIN {'A' * 20_000}") == "500 Line too long\r\n"
        assert talk.session.attempts == ()


class TestRequired:
    @pytest.mark.parametrize("command", [MAIL, "VRFY bob"])
    def test_mail_is_refused_before_a_login(self, command):
        talk = greeted(require_auth=True, extensions=["VRFY"])

        assert talk.say(command) == "530 Authentication required\r\n"
        assert talk.say(f"AUTH PLAIN {plain('bob', 'secret')}") == SUCCEEDED
        assert talk.say(command)[:2] == "25"

    @pytest.mark.parametrize("command", [RCPT, "RCPT TO:nobody", "DATA", "DATA x", "BDAT 0 LAST", "VRFY"])
    def test_it_comes_before_sequence_and_argument(self, command):
        talk = greeted(require_auth=True, extensions=["VRFY", "CHUNKING"])

        assert talk.say(command) == "530 Authentication required\r\n"
        assert talk.exchanges[-1].setting == "msg_auth_required"

    @pytest.mark.parametrize("command", ["NOOP", "RSET", "HELP", EHLO, "QUIT"])
    def test_other_commands_need_no_login(self, command):
        assert greeted(require_auth=True, extensions=["HELP"]).say(command)[0] == "2"

    def test_the_octets_of_a_chunk_before_a_login_are_no_commands(self):
        talk = greeted(require_auth=True, extensions=["CHUNKING"])

        assert talk.send("BDAT 6 LAST\r\nQUIT\r\n") == "530 Authentication required\r\n"
        assert not talk.ended

    @pytest.mark.parametrize(
        ("settings", "said"),
        [
            ({"require_auth": True}, "530 Authentication required"),
            ({"require_tls": True, "tls": "starttls"}, "530 STARTTLS is required first"),
        ],
    )
    def test_each_refused_mail_is_an_attempt_with_its_addresses(self, settings, said):
        talk = greeted(multiple_rcptto=True, multiple_message_receiving=True, extensions=["SIZE"], **settings)
        lines = [f"{MAIL} SIZE=5", RCPT, "DATA", "MAIL FROM:<z@example.com>", "RCPT TO:nobody"]

        assert talk.say(*lines).splitlines() == [said] * 5
        talk.say("QUIT")
        first, second = talk.messages()
        assert (first.sender, first.refused_recipients, first.data_response) == (
            "a@example.com",
            ("b@example.com",),
            said,
        )
        assert (second.sender, second.refused_recipients, second.data_response) == ("z@example.com", ("nobody",), "")
        assert not first.accepted
        assert not second.accepted

    @pytest.mark.parametrize("settings", [{"require_auth": True}, {"require_tls": True, "tls": "starttls"}])
    def test_a_rule_knows_the_addresses_of_what_is_refused(self, settings):
        sender = Rule("MAIL FROM", {"sender": "a@example.com", "reply": "250 you may"})
        recipient = Rule("RCPT TO", {"recipient": "b@example.com", "reply": "250 you too"})
        talk = greeted(sender, recipient, **settings)

        assert talk.say("MAIL FROM:<z@example.com>").startswith("530 ")
        assert talk.say(MAIL, RCPT, "RCPT TO:<c@example.com>").splitlines()[:2] == ["250 you may", "250 you too"]

    def test_who_logged_in_is_on_the_message(self):
        talk = greeted(require_auth=True)
        talk.say(f"AUTH PLAIN {plain('bob', 'secret')}")
        talk.accepted()

        assert [message.user for message in talk.messages()] == ["bob"]

    def test_an_EHLO_does_not_log_out(self):  # noqa: N802
        talk = greeted(require_auth=True)
        talk.say(f"AUTH PLAIN {plain('bob', 'secret')}", EHLO)

        assert talk.say("RSET", MAIL) == "250 Ok\r\n250 Received\r\n"


class TestEncryption:
    NEEDED = "538 Encryption required for authentication\r\n"

    def test_it_is_offered_after_TLS_where_there_is_TLS(self):  # noqa: N802
        talk = Talk(tls="starttls", auth=BOB)

        assert "AUTH" not in talk.say(EHLO)
        assert talk.say(f"AUTH PLAIN {plain('bob', 'secret')}") == self.NEEDED
        assert talk.say("STARTTLS", EHLO).endswith("250 AUTH PLAIN LOGIN CRAM-MD5 XOAUTH2 OAUTHBEARER\r\n")
        assert talk.say(f"AUTH PLAIN {plain('bob', 'secret')}") == SUCCEEDED

    def test_it_is_offered_at_once_with_implicit_TLS(self):  # noqa: N802
        assert Talk(tls="implicit", auth=BOB).say(EHLO, f"AUTH PLAIN {plain('bob', 'secret')}").endswith(SUCCEEDED)

    def test_it_can_be_allowed_before_TLS(self):  # noqa: N802
        talk = Talk(tls="starttls", auth=BOB, auth_without_tls=True)

        assert "250 AUTH PLAIN" in talk.say(EHLO)
        assert talk.say(f"AUTH PLAIN {plain('bob', 'secret')}") == SUCCEEDED

    def test_it_can_be_forbidden_where_there_is_no_TLS(self):  # noqa: N802
        talk = Talk(auth=BOB, auth_without_tls=False)

        assert talk.say(EHLO) == "250 Received\r\n"
        assert talk.say(f"AUTH PLAIN {plain('bob', 'secret')}") == self.NEEDED

    def test_where_TLS_is_required_that_is_said(self):  # noqa: N802
        talk = Talk(tls="starttls", require_tls=True, auth=BOB)

        assert talk.say(EHLO, f"AUTH PLAIN {plain('bob', 'secret')}").endswith("530 STARTTLS is required first\r\n")


class TestRules:
    def test_it_fails_twice_then_succeeds(self):
        talk = greeted(Rule("AUTH", {"times": 2, "reply": "454 4.7.0 Try again"}))
        login = f"AUTH PLAIN {plain('bob', 'secret')}"

        assert talk.say(login, login, login) == "454 4.7.0 Try again\r\n" * 2 + SUCCEEDED
        assert [attempt.succeeded for attempt in talk.session.attempts] == [False, False, True]

    def test_a_token_expires(self):
        talk = greeted(Rule("AUTH", {"after": 1, "reply": "535 5.7.8 Token expired"}))
        login = f"AUTH XOAUTH2 {xoauth2()}"

        assert talk.say(login, "STARTTLS")[:3] == "235"
        again = greeted(beside=talk)
        assert again.say(login) == "535 5.7.8 Token expired\r\n"
        assert again.session.user == ""

    def test_it_can_be_for_one_user(self):
        talk = greeted(Rule("AUTH", {"user": "eve", "reply": "535 Not you"}), auth="any")

        assert talk.say(f"AUTH PLAIN {plain('eve', 'x')}") == "535 Not you\r\n"
        assert talk.say("AUTH LOGIN", b64("bob"), b64("x")).endswith(SUCCEEDED)

    def test_a_reply_of_success_lets_a_wrong_password_in(self):
        talk = greeted(Rule("AUTH", {"reply": "235 Come in"}))

        assert talk.say(f"AUTH PLAIN {plain('bob', 'wrong')}") == "235 Come in\r\n"
        assert talk.session.user == "bob"

    def test_it_is_asked_once_at_the_end_of_the_dialogue(self):
        rule = Rule("AUTH", {"delay": 1})
        talk = greeted(rule)
        talk.say("AUTH LOGIN", b64("bob"))
        assert (rule.hits, talk.delays) == (0, [])
        talk.say(b64("secret"))
        assert (rule.hits, talk.delays) == (1, [1.0])

    def test_the_connection_can_be_closed(self):
        talk = greeted(Rule("AUTH", {"then": "close"}))

        assert talk.say(f"AUTH PLAIN {plain('bob', 'secret')}") == ""
        assert (talk.closed, talk.session.user) == (True, "")

    def test_other_rules_can_be_for_who_logged_in(self):
        talk = greeted(Rule("MAIL FROM", {"user": "bob", "reply": "451 Later"}), auth="any")

        assert talk.say(MAIL, "RSET") == "250 Received\r\n250 Ok\r\n"
        assert talk.say(f"AUTH PLAIN {plain('bob', 'x')}", MAIL) == f"{SUCCEEDED}451 Later\r\n"


def test_fail_fast_ends_the_session_at_a_failed_login():
    talk = greeted(fail_fast=True)
    talk.say(f"AUTH PLAIN {plain('bob', 'wrong')}")

    assert talk.closed
    assert talk.session.attempts == (("PLAIN", "bob", False),)


def test_the_dialogue_is_not_between_two_commands():
    talk = greeted()
    talk.say("AUTH LOGIN")
    assert not talk.connection.is_between_commands
    talk.say("*")
    assert talk.connection.is_between_commands


def test_each_step_is_an_exchange_of_its_stage():
    talk = greeted()
    talk.say("AUTH LOGIN", b64("bob"), b64("secret"))

    assert [(exchange.request, exchange.stage) for exchange in talk.exchanges[-3:]] == [
        ("AUTH LOGIN", "AUTH"),
        ("(credentials)", "AUTH"),
        ("(credentials)", "AUTH"),
    ]
    assert talk.exchanges[-1].setting == "msg_auth_succeeded"


def test_what_is_pipelined_is_answered_and_noted():
    talk = greeted(extensions=["PIPELINING"])

    assert talk.say("AUTH PLAIN\r\n" + plain("bob", "secret")) == f"334 \r\n{SUCCEEDED}"
    assert talk.violations == ["pipelining-past-wait"]
