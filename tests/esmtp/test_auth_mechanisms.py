"""The dialogue of each mechanism of AUTH."""

from __future__ import annotations

import hmac
import re

import pytest

from smtpmock.protocol.auth import UNNAMED
from tests.esmtp.logins import (
    CANCELLED,
    FAILED,
    SUCCEEDED,
    UNKNOWN,
    UNREADABLE,
    WHY,
    cram,
    greeted,
    oauthbearer,
    xoauth2,
)
from tests.esmtp.talk import EHLO, MAIL, Talk, b64, plain


class TestPlain:  # RFC 4616
    def test_with_an_initial_response(self):
        talk = greeted()

        assert talk.say(f"AUTH PLAIN {plain('bob', 'secret')}") == SUCCEEDED
        assert (talk.session.user, talk.session.attempts) == ("bob", (("PLAIN", "bob", True),))

    def test_without_an_initial_response(self):
        talk = greeted()

        assert talk.say("AUTH PLAIN") == "334 \r\n"
        assert talk.say(plain("bob", "secret")) == SUCCEEDED

    def test_the_mechanism_in_any_case(self):
        assert greeted().say(f"auth plain {plain('bob', 'secret')}") == SUCCEEDED

    def test_an_authorisation_identity_may_stand_in_front(self):
        talk = greeted()

        assert talk.say(f"AUTH PLAIN {plain('bob', 'secret', 'bob')}") == SUCCEEDED
        assert talk.session.user == "bob"

    @pytest.mark.parametrize("response", ["", "bob", "bob\0secret", "\0\0secret", "\0bob\0secret\0", "\0bob\0sec\0ret"])
    def test_what_is_not_of_its_form_is_refused(self, response):
        talk = greeted(auth="any")
        talk.say("AUTH PLAIN")

        assert talk.say(b64(response)) == UNREADABLE
        assert talk.session.attempts == ()

    def test_an_empty_initial_response_is_an_equals_sign(self):
        assert greeted().say("AUTH PLAIN =") == UNREADABLE


class TestLogin:
    def test_name_and_password_are_asked_for(self):
        talk = greeted()

        assert talk.say("AUTH LOGIN", b64("bob"), b64("secret")) == (
            f"334 {b64('Username:')}\r\n334 {b64('Password:')}\r\n{SUCCEEDED}"
        )
        assert talk.session.attempts == (("LOGIN", "bob", True),)

    def test_the_name_may_come_at_once(self):
        assert greeted().say(f"AUTH LOGIN {b64('bob')}", b64("secret")) == f"334 {b64('Password:')}\r\n{SUCCEEDED}"

    @pytest.mark.parametrize("name", ["", "\0bob\0secret"])
    def test_what_is_no_name_is_refused(self, name):
        assert greeted(auth="any").say("AUTH LOGIN", b64(name)).endswith(UNREADABLE)


class TestCramMD5:  # RFC 2195
    def test_the_password_is_proved_without_being_sent(self):
        talk = greeted()
        challenge, reply = cram(talk)

        assert re.fullmatch(rb"<[^<>@ ]+@192\.0\.2\.2>", challenge)
        assert reply == SUCCEEDED
        assert talk.session.attempts == (("CRAM-MD5", "bob", True),)

    def test_a_name_may_have_spaces(self):
        talk = greeted(auth={"bob the builder": "secret"})

        assert cram(talk, "bob the builder")[1] == SUCCEEDED

    def test_a_wrong_password_fails(self):
        assert cram(greeted(), password="wrong")[1] == FAILED

    def test_the_digest_of_another_challenge_fails(self):
        talk = greeted()
        talk.say("AUTH CRAM-MD5")

        assert talk.say(b64(f"bob {hmac.new(b'secret', b'<1@a>', 'md5').hexdigest()}")) == FAILED

    @pytest.mark.parametrize("response", ["", "bob", " digest"])
    def test_what_is_not_of_its_form_is_refused(self, response):
        assert greeted(auth="any").say("AUTH CRAM-MD5", b64(response)).endswith(UNREADABLE)

    def test_there_is_no_initial_response(self):
        assert greeted().say(f"AUTH CRAM-MD5 {b64('bob x')}") == UNREADABLE

    def test_it_is_not_offered_where_a_function_decides(self):
        talk = Talk(auth=lambda *_: True)

        assert talk.say(EHLO).endswith("250 AUTH PLAIN LOGIN XOAUTH2 OAUTHBEARER\r\n")
        assert talk.say("AUTH CRAM-MD5") == UNKNOWN


class TestTokens:
    @pytest.mark.parametrize(("mechanism", "response"), [("XOAUTH2", xoauth2()), ("OAUTHBEARER", oauthbearer())])
    def test_a_token_is_accepted_at_once_or_when_it_is_asked_for(self, mechanism, response):
        for lines in ([f"AUTH {mechanism} {response}"], [f"AUTH {mechanism}", response]):
            talk = greeted()
            assert talk.say(*lines) == "334 \r\n" * (len(lines) - 1) + SUCCEEDED
            assert talk.session.attempts == ((mechanism, "bob", True),)

    @pytest.mark.parametrize("acknowledgement", ["", "AQ==", "=nonsense"])
    @pytest.mark.parametrize(
        ("mechanism", "response"), [("XOAUTH2", xoauth2(token="old")), ("OAUTHBEARER", oauthbearer(token="old"))]
    )
    def test_a_wrong_one_is_explained_before_it_fails(self, mechanism, response, acknowledgement):
        talk = greeted()

        assert talk.say(f"AUTH {mechanism} {response}") == WHY
        assert talk.session.attempts == ((mechanism, "bob", False),)
        assert talk.say(acknowledgement, "NOOP") == f"{FAILED}250 Ok\r\n"
        assert talk.session.attempts == ((mechanism, "bob", False),)

    def test_the_explanation_may_be_answered_with_a_cancellation(self):
        talk = greeted()

        assert talk.say(f"AUTH XOAUTH2 {xoauth2(token='old')}", "*") == WHY + CANCELLED  # RFC 4954 section 4
        assert talk.session.attempts == (("XOAUTH2", "bob", False),)

    @pytest.mark.parametrize(
        "response",
        [
            *("", "user=bob", "auth=Bearer secret\x01\x01", "user=\x01auth=Bearer secret\x01\x01"),
            *("user=bob\x01auth=Basic secret\x01\x01", "user=bob\x01auth=Bearer \x01\x01", "user=bob auth=Bearer x"),
        ],
    )
    def test_what_is_no_XOAUTH2_is_refused(self, response):  # noqa: N802
        assert greeted(auth="any").say("AUTH XOAUTH2", b64(response)) == f"334 \r\n{UNREADABLE}"

    @pytest.mark.parametrize(
        "response",
        [
            *("", "\x01", "auth=Bearer secret\x01\x01", "n,a=bob,auth=Bearer secret\x01\x01", "n,a=bob,\x01\x01"),
            *("n,a=,\x01auth=Bearer s\x01\x01", "x,a=bob,\x01auth=Bearer s\x01\x01", "n,bob,\x01auth=Bearer s\x01\x01"),
            *("n,a=b=3Eb,\x01auth=Bearer s\x01\x01", "p=tls-unique,a=bob,\x01auth=Bearer s\x01\x01"),
        ],
    )
    def test_what_is_no_OAUTHBEARER_is_refused(self, response):  # noqa: N802
        assert greeted(auth="any").say("AUTH OAUTHBEARER", b64(response)) == f"334 \r\n{UNREADABLE}"

    def test_commas_in_a_name_are_written_as_numbers(self):  # RFC 5801 section 4
        talk = greeted(auth={"bob,a=b": "secret"})

        assert talk.say(f"AUTH OAUTHBEARER {oauthbearer('a=bob=2Ca=3Db')}") == SUCCEEDED
        assert talk.session.user == "bob,a=b"

    def test_a_token_without_a_name_is_its_owner_s(self):  # RFC 7628 section 3.1
        talk = greeted(auth={"alice": "other", "bob": "secret"})

        assert talk.say(f"AUTH OAUTHBEARER {oauthbearer('')}") == SUCCEEDED
        assert talk.session.user == "bob"

    def test_a_token_without_a_name_that_is_nobody_s_fails(self):
        talk = greeted()

        assert talk.say(f"AUTH OAUTHBEARER {oauthbearer('', 'old')}", "AQ==") == WHY + FAILED
        assert talk.session.attempts == (("OAUTHBEARER", UNNAMED, False),)

    def test_a_token_without_a_name_logs_in_where_any_does(self):
        talk = greeted(auth="any", require_auth=True)

        assert talk.say(f"AUTH OAUTHBEARER {oauthbearer('')}", MAIL) == f"{SUCCEEDED}250 Received\r\n"
        assert talk.session.user == UNNAMED
