"""The parameters of MAIL FROM and RCPT TO: taken where their extension was announced, refused where it was not."""

from __future__ import annotations

import pytest

from tests.esmtp.talk import EHLO, MAIL, Talk

REFUSED_MAIL = "501 MAIL FROM requires valid email address"
REFUSED_RCPT = "501 RCPT TO requires valid email address"

MAIL_TAKEN = [
    ("SIZE", "SIZE=0", {"SIZE": "0"}),
    ("SIZE", "size=00000000000000000010", {"SIZE": "00000000000000000010"}),
    ("8BITMIME", "BODY=7BIT", {"BODY": "7BIT"}),
    ("8BITMIME", "BODY=8bitmime", {"BODY": "8bitmime"}),
    ("SMTPUTF8", "SMTPUTF8", {"SMTPUTF8": ""}),
    ("SMTPUTF8", "BODY=8BITMIME SMTPUTF8", {"BODY": "8BITMIME", "SMTPUTF8": ""}),
    ("DSN", "RET=FULL", {"RET": "FULL"}),
    ("DSN", "RET=hdrs ENVID=QQ314159", {"RET": "hdrs", "ENVID": "QQ314159"}),
    ("DSN", "ENVID=a+2Bb+3D", {"ENVID": "a+2Bb+3D"}),
    ("DSN", f"ENVID={'x' * 100}", {"ENVID": "x" * 100}),
]
MAIL_REFUSED = [
    *[("SIZE", parameter) for parameter in ("SIZE", "SIZE=", "SIZE=x", "SIZE=-1", "SIZE=1.5", f"SIZE={'1' * 21}")],
    *[("SIZE", parameter) for parameter in ("SIZE=1 SIZE=1", "SIZE=\u0661", "SIZE=1=1")],
    *[("8BITMIME", parameter) for parameter in ("BODY", "BODY=9BIT", "BODY=BINARYMIME")],
    *[("SMTPUTF8", parameter) for parameter in ("SMTPUTF8=yes", "SMTPUTF8=")],
    *[("DSN", parameter) for parameter in ("RET", "RET=ALL", "ENVID", "ENVID=a+b", "ENVID=a+2b", f"ENVID={'x' * 101}")],
    *[("DSN", parameter) for parameter in ("NOTIFY=NEVER", "ORCPT=rfc822;b@example.com", "X=1", "=1", "RET=FULL,HDRS")],
]
RCPT_TAKEN = [
    ("NOTIFY=NEVER", {"NOTIFY": "NEVER"}),
    ("NOTIFY=success,FAILURE,Delay", {"NOTIFY": "success,FAILURE,Delay"}),
    ("ORCPT=rfc822;Bob+2Bx@example.com", {"ORCPT": "rfc822;Bob+2Bx@example.com"}),
    ("NOTIFY=DELAY ORCPT=utf-8;b\u00f6b@example.com", {"NOTIFY": "DELAY", "ORCPT": "utf-8;b\u00f6b@example.com"}),
]
RCPT_REFUSED = [
    *("NOTIFY", "NOTIFY=", "NOTIFY=NEVER,SUCCESS", "NOTIFY=SUCCESS,NEVER", "NOTIFY=SUCCESS,", "NOTIFY=,DELAY"),
    *("NOTIFY=SUCCESS, DELAY", "NOTIFY=ALWAYS", "ORCPT=b@example.com", "ORCPT=rfc822;", "ORCPT=;b", "ORCPT=rfc822;a+b"),
    *("RET=FULL", "SIZE=1", "NOTIFY=NEVER NOTIFY=NEVER"),
]


def mailed(parameters, **settings):
    talk = Talk(**settings)
    return talk, talk.say(EHLO, f"{MAIL} {parameters}").splitlines()[-1]


@pytest.mark.parametrize(("extension", "parameters", "values"), MAIL_TAKEN)
def test_those_of_MAIL_are_taken_and_recorded(extension, parameters, values):  # noqa: N802
    talk, reply = mailed(parameters, extensions=[extension])
    talk.end()

    assert reply == "250 Received"
    [message] = talk.messages()
    assert (message.sender, message.parameters) == ("a@example.com", values)


@pytest.mark.parametrize(("extension", "parameters", "values"), MAIL_TAKEN)
def test_those_of_MAIL_are_refused_where_their_extension_is_off(extension, parameters, values):  # noqa: N802
    others = {"SIZE", "8BITMIME", "DSN", "SMTPUTF8"} - {extension}
    if extension == "8BITMIME":
        others.remove("SMTPUTF8")  # which brings it

    _, reply = mailed(parameters.removeprefix("BODY=8BITMIME "), extensions=sorted(others))

    assert reply == REFUSED_MAIL


@pytest.mark.parametrize(("extension", "parameters"), MAIL_REFUSED)
def test_those_of_MAIL_that_are_wrong_are_refused(extension, parameters):  # noqa: N802
    assert mailed(parameters, extensions=[extension])[1] == REFUSED_MAIL


@pytest.mark.parametrize(("parameters", "values"), RCPT_TAKEN)
def test_those_of_RCPT_are_taken_and_recorded(parameters, values):  # noqa: N802
    talk = Talk(extensions=["DSN", "SMTPUTF8"])

    assert talk.say(EHLO, MAIL, f"RCPT TO:<b@example.com> {parameters}").splitlines()[-1] == "250 Received"
    talk.end()
    [message] = talk.messages()
    assert message.recipient_parameters == {"b@example.com": values}


@pytest.mark.parametrize("parameters", RCPT_REFUSED)
def test_those_of_RCPT_that_are_wrong_are_refused(parameters):  # noqa: N802
    talk = Talk(extensions="all")

    assert talk.say(EHLO, MAIL, f"RCPT TO:<b@example.com> {parameters}").splitlines()[-1].endswith(REFUSED_RCPT[4:])


@pytest.mark.parametrize(("parameters", "_values"), RCPT_TAKEN)
def test_those_of_RCPT_are_refused_where_DSN_is_off(parameters, _values):  # noqa: N802
    talk = Talk(extensions=["SIZE", "SMTPUTF8"])

    assert talk.say(EHLO, MAIL, f"RCPT TO:<b@example.com> {parameters}").splitlines()[-1] == REFUSED_RCPT


def test_after_HELO_they_are_refused():  # noqa: N802
    talk = Talk(extensions="all")

    assert talk.say("HELO client.example", f"{MAIL} SIZE=1").splitlines()[-1].startswith("501 ")


class TestDeclaredSize:
    def test_at_the_limit_it_is_taken(self):
        assert mailed("SIZE=1000", extensions=["SIZE"], msg_size_limit=1000)[1] == "250 Received"

    def test_over_the_limit_it_is_refused_before_the_message(self):
        talk, reply = mailed("SIZE=1001", extensions=["SIZE"], msg_size_limit=1000)

        assert reply == "552 Message exceeded max size of 1000 bytes"
        assert talk.say("RCPT TO:<b@example.com>").startswith("503 ")

    def test_a_smaller_one_does_not_lift_the_limit(self):
        talk, _ = mailed("SIZE=5", extensions=["SIZE"], msg_size_limit=10)

        assert talk.say("RCPT TO:<b@example.com>", "DATA", "x" * 20, ".").splitlines()[-1].startswith("552 ")

    def test_over_the_limit_it_ends_the_session_under_fail_fast(self):
        talk, _ = mailed("SIZE=1001", extensions=["SIZE"], msg_size_limit=1000, fail_fast=True)

        assert talk.closed


class TestAuthParameter:  # RFC 4954 section 5
    @pytest.mark.parametrize("value", ["<>", "e+3Dmc2@example.com", "+3C+3E", "bob@example.com"])
    def test_it_is_taken_where_AUTH_is_offered(self, value):  # noqa: N802
        talk, reply = mailed(f"AUTH={value}", auth="any")
        talk.end()

        assert reply == "250 Received"
        assert talk.messages()[0].parameters == {"AUTH": value}

    @pytest.mark.parametrize("value", ["", "e=mc2", "a+b", "a b"])
    def test_what_is_no_xtext_is_refused(self, value):
        assert mailed(f"AUTH={value}", auth="any")[1] == REFUSED_MAIL

    def test_it_is_refused_where_AUTH_is_not_announced(self):  # noqa: N802
        assert mailed("AUTH=<>", extensions=["DSN"])[1] == REFUSED_MAIL
        assert mailed("AUTH=<>", tls="starttls", auth="any")[1] == REFUSED_MAIL
