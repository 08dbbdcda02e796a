"""Passwords and tokens stand nowhere: not in a log, a transcript, a repr, a report or an exception."""

from __future__ import annotations

import hmac
import io
import logging
from base64 import b64encode
from contextlib import redirect_stdout
from smtplib import SMTP, SMTPException

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpmock import ExpectationError, SMTPMock
from smtpmock.settings.declarations import SettingError, Settings, parse_setting
from tests.esmtp.talk import EHLO, Talk, b64

SECRET = "Tr0ub4dor&3-horse-battery"
SETTINGS = {
    "offered": {"auth": {"bob": SECRET}},
    "another password": {"auth": {"bob": "another"}},
    "any": {"auth": "any"},
    "not offered": {},
    "after TLS only": {"auth": {"bob": SECRET}, "tls": "starttls"},
    "TLS required": {"auth": {"bob": SECRET}, "tls": "starttls", "require_tls": True},
    "other mechanisms": {"auth": {"bob": SECRET}, "auth_mechanisms": ["CRAM-MD5"]},
    "fail fast": {"auth": {"bob": "another"}, "fail_fast": True},
}
RESPONSES = {
    "PLAIN": [f"\0bob\0{SECRET}"],
    "LOGIN": ["bob", SECRET],
    "XOAUTH2": [f"user=bob\x01auth=Bearer {SECRET}\x01\x01"],
    "OAUTHBEARER": [f"n,a=bob,\x01auth=Bearer {SECRET}\x01\x01"],
}


def forms(secret=SECRET):
    """The secret, and what of it stands in base64 wherever it begins there."""
    encoded = secret.encode()
    yield secret
    yield from (b64encode(b"x" * shift + encoded).decode()[4:-4] for shift in range(3))
    yield from (secret[:12], secret[-12:])


def assert_kept(text):
    for form in forms():
        assert form not in text


def lines(mechanism, *, initial):
    """Return the lines of a client that does not wait for replies, or has got the ones it hoped for."""
    first, *rest = [b64(response) for response in RESPONSES[mechanism]]
    return [f"AUTH {mechanism} {first}", *rest] if initial else [f"AUTH {mechanism}", first, *rest]


def everything(talk):
    """All that is recorded of a conversation, as text."""
    talk.end()
    session, messages = talk.session, talk.messages()
    shown = [*talk.exchanges, session, *session.attempts, *messages, *session.violations, *talk.actions]
    return "\n".join(
        [*map(repr, shown), *(f"{exchange.request}\n{exchange.reply}" for exchange in talk.exchanges), repr(talk)]
    )


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("mechanism", RESPONSES)
class TestRecords:
    @pytest.mark.parametrize("initial", [True, False])
    @pytest.mark.parametrize("greeted", [True, False])
    def test_of_a_login(self, mechanism, settings, initial, greeted):
        talk = Talk(**settings)
        talk.send(*(f"{line}\r\n" for line in ([EHLO] if greeted else [])))
        talk.send("".join(f"{line}\r\n" for line in lines(mechanism, initial=initial)))

        assert_kept(everything(talk))

    @pytest.mark.parametrize("initial", [True, False])
    def test_of_one_that_is_too_long(self, mechanism, settings, initial):
        talk = Talk(**settings)
        talk.say(EHLO)
        *before, last = lines(mechanism, initial=initial)
        talk.send("".join(f"{line}\r\n" for line in [*before, last + "A" * 20_000]))

        assert_kept(everything(talk))

    def test_of_one_that_goes_on_behind_a_cancellation(self, mechanism, settings):
        talk = Talk(**settings)
        talk.say(EHLO)
        talk.send("".join(f"{line}\r\n" for line in [f"AUTH {mechanism}", "*", *lines(mechanism, initial=False)[1:]]))

        assert_kept(everything(talk))

    def test_of_one_that_ends_in_the_middle(self, mechanism, settings):
        talk = Talk(**settings)
        talk.say(EHLO)
        talk.send(f"{lines(mechanism, initial=True)[0]}"[:-4])

        assert_kept(everything(talk))

    def test_of_one_that_is_damaged(self, mechanism, settings):
        talk = Talk(**settings)
        talk.say(EHLO)
        for line in lines(mechanism, initial=True):
            talk.send(f"{line}?\r\n", f"{line} {line}\r\n", f" \t{line.lower()}\r\n" if " " in line else "")

        assert_kept(everything(talk))

    def test_of_one_without_its_mechanism(self, mechanism, settings):
        talk = Talk(**settings)
        talk.say(EHLO)
        for response in RESPONSES[mechanism]:
            talk.say(f"AUTH {b64(response)}", f"AUTH={mechanism} {b64(response)}", f"AUTH:{b64(response)}")

        assert_kept(everything(talk))

    def test_of_one_that_is_taken_for_another(self, mechanism, settings):
        talk = Talk(**settings)
        talk.say(EHLO)
        for other in (*RESPONSES, "CRAM-MD5"):
            if (other, mechanism) != ("LOGIN", "LOGIN"):
                talk.send(
                    "".join(f"{line}\r\n" for line in [f"AUTH {other}", *lines(mechanism, initial=False)[1:], "*"])
                )

        assert_kept(everything(talk))


def test_a_password_for_CRAM_MD5_is_in_no_record():  # noqa: N802
    talk = Talk(auth={"bob": SECRET})
    challenge = talk.say(EHLO, "AUTH CRAM-MD5").rpartition("334 ")[2]
    digest = hmac.new(SECRET.encode(), challenge.encode(), "md5").hexdigest()
    talk.say(b64(f"bob {digest}"))

    text = everything(talk)
    assert_kept(text)
    assert digest not in text
    assert b64(f"bob {digest}") not in text


NOISE = ["", "*", "=", EHLO, "NOOP", "RSET", "STARTTLS", "HELO x", "nonsense", "AUTH", "AUTH CRAM-MD5", "AUTH NTLM"]
ATTEMPTS = [lines(mechanism, initial=initial) for mechanism in RESPONSES for initial in (True, False)]


@given(
    pieces=st.lists(st.sampled_from([*([noise] for noise in NOISE), *ATTEMPTS]), max_size=6),
    settings=st.sampled_from(sorted(SETTINGS)),
    at_once=st.booleans(),
)
def test_of_whatever_order_of_attempts_hold_no_credentials(pieces, settings, at_once):
    talk = Talk(**SETTINGS[settings])
    said = [f"{line}\r\n" for line in [EHLO, *(line for piece in pieces for line in piece)]]
    for data in ["".join(said)] if at_once else said:
        talk.send(data)

    assert_kept(everything(talk))


class TestReports:
    """All that a server shows: on a socket, with its log, when a test fails."""

    @pytest.fixture
    def shown(self, caplog):
        caplog.set_level(logging.DEBUG, logger="smtpmock")
        output = io.StringIO()
        mocks = []

        def attempt(*said, **settings):
            with redirect_stdout(output), SMTPMock(log_to_stdout=True, log_server_activity=True, **settings) as mock:
                with SMTP(mock.host, mock.port, local_hostname="app.example.com", timeout=60) as client:
                    client.ehlo()
                    for line in said:
                        client.docmd(line)
                mock.wait_for_session(60)
            mocks.append(mock)
            return mock

        def all_of_it():
            [mock] = mocks
            with pytest.raises(ExpectationError) as failure:
                mock.message(subject="missing")
            reported = f"{failure.value}\n{failure.value!r}\n{mock!r}\n{mock.settings!r}\n{mock.errors!r}"
            return "\n".join([output.getvalue(), caplog.text, reported])

        attempt.shown = all_of_it
        return attempt

    @pytest.mark.parametrize("mechanism", RESPONSES)
    @pytest.mark.parametrize("name", ["offered", "another password", "not offered"])
    def test_hold_no_credentials(self, shown, mechanism, name):
        shown(*lines(mechanism, initial=True), "AQ==", **SETTINGS[name])

        text = shown.shown()
        assert f"AUTH {mechanism} (credentials)" in text
        assert_kept(text)

    def test_hold_no_credentials_behind_a_refused_dialogue(self, shown):
        shown("AUTH LOGIN", b64("bob"), b64(SECRET))

        assert_kept(shown.shown())

    def test_hold_none_where_a_function_fails(self, shown):
        def broken(user, password):
            raise LookupError(user)

        mock = SMTPMock(auth=broken)
        with mock, SMTP(mock.host, mock.port, timeout=60) as client:
            client.ehlo()
            with pytest.raises(SMTPException):
                client.docmd(lines("PLAIN", initial=True)[0])
            client.close()
        [error] = mock.errors
        assert isinstance(error, LookupError)
        assert_kept(f"{error!r}{mock!r}{[session.exchanges for session in mock.sessions()]}")


class TestSettings:
    def test_show_no_accounts(self):
        settings = Settings(auth={"bob": SECRET})

        assert repr(settings) == "Settings(auth=(not shown))"
        assert_kept(repr(SMTPMock(settings)))

    @pytest.mark.parametrize("wrong", [SECRET, {1: SECRET}, [("bob", SECRET)]])
    def test_that_are_wrong_are_refused_without_being_shown(self, wrong):
        with pytest.raises(SettingError) as refusal:
            Settings(auth=wrong)

        assert_kept(str(refusal.value))

    @pytest.mark.parametrize("text", [SECRET, f":{SECRET}", f"bob:x,{SECRET}", ""])
    def test_in_text_that_are_wrong_are_refused_without_being_shown(self, text):
        with pytest.raises(SettingError) as refusal:
            parse_setting("auth", text)

        assert_kept(str(refusal.value))

    def test_in_text_are_users_with_their_passwords(self):
        assert parse_setting("auth", "bob:secret, eve:pass:word") == {"bob": "secret", "eve": "pass:word"}
        assert parse_setting("auth", "any") == "any"
