"""The parameters of MAIL FROM and RCPT TO: taken where their extension was announced, refused where it was not."""

from __future__ import annotations

import pytest

from smtpmock import Rule
from tests.esmtp.talk import EHLO, MAIL, Talk

NO_MAIL = "501 MAIL FROM requires valid email address"
NO_RCPT = "501 RCPT TO requires valid email address"
UNKNOWN = "555 Parameter not recognized"
INVALID = "501 Parameter value not valid"

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
MAIL_INVALID = [
    *[("SIZE", parameter) for parameter in ("SIZE", "SIZE=", "SIZE=x", "SIZE=-1", "SIZE=1.5", f"SIZE={'1' * 21}")],
    *[("SIZE", parameter) for parameter in ("SIZE=1 SIZE=1", "SIZE=\u0661", "SIZE=1=1")],
    *[("8BITMIME", parameter) for parameter in ("BODY", "BODY=9BIT", "BODY=BINARYMIME")],
    *[("SMTPUTF8", parameter) for parameter in ("SMTPUTF8=yes", "SMTPUTF8=")],
    *[("DSN", parameter) for parameter in ("RET", "RET=ALL", "ENVID", "ENVID=a+b", "ENVID=a+2b", f"ENVID={'x' * 101}")],
    ("DSN", "RET=FULL,HDRS"),
]
MAIL_UNKNOWN = [
    *("NOTIFY=NEVER", "ORCPT=rfc822;b@example.com", "X=1", "X", "RET=FULL X=1", "RET=BAD"),
    *("DELIVERBY", "BY=120;R", "MT-PRIORITY=3", "REQUIRETLS", "HOLDFOR=5", "AUTH=<>", "STARTTLS", "PIPELINING"),
]
NO_PARAMETERS = ["=1", "=", "-", "\u00e9=1", "S_IZE=1", "a@example.com", "<a@example.com>", "SIZE=1 ="]
RCPT_TAKEN = [
    ("NOTIFY=NEVER", {"NOTIFY": "NEVER"}),
    ("NOTIFY=success,FAILURE,Delay", {"NOTIFY": "success,FAILURE,Delay"}),
    ("ORCPT=rfc822;Bob+2Bx@example.com", {"ORCPT": "rfc822;Bob+2Bx@example.com"}),
    ("NOTIFY=DELAY ORCPT=utf-8;b\u00f6b@example.com", {"NOTIFY": "DELAY", "ORCPT": "utf-8;b\u00f6b@example.com"}),
]
RCPT_INVALID = [
    *("NOTIFY", "NOTIFY=", "NOTIFY=NEVER,SUCCESS", "NOTIFY=SUCCESS,NEVER", "NOTIFY=SUCCESS,", "NOTIFY=,DELAY"),
    *("NOTIFY=SUCCESS, DELAY", "NOTIFY=ALWAYS", "ORCPT=b@example.com", "ORCPT=rfc822;", "ORCPT=;b", "ORCPT=rfc822;a+b"),
    "NOTIFY=NEVER NOTIFY=NEVER",
]
RCPT_UNKNOWN = ["RET=FULL", "SIZE=1", "SIZE", "DSN", "SMTPUTF8", "PIPELINING", "AUTH=<>", "X=1", "NOTIFY=NEVER X"]


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

    assert reply == UNKNOWN


@pytest.mark.parametrize(("extension", "parameters"), MAIL_INVALID)
def test_those_of_MAIL_with_an_invalid_value_are_refused(extension, parameters):  # noqa: N802
    assert mailed(parameters, extensions=[extension])[1] == INVALID


@pytest.mark.parametrize("parameters", MAIL_UNKNOWN)
def test_those_of_MAIL_that_nobody_offered_are_not_recognised(parameters):  # noqa: N802
    extensions = ["PIPELINING"] if parameters == "RET=BAD" else ["DSN", "PIPELINING", "8BITMIME"]

    assert mailed(parameters, extensions=extensions)[1] == UNKNOWN


@pytest.mark.parametrize("behind", NO_PARAMETERS)
def test_what_stands_behind_the_path_and_is_no_parameter_is_an_invalid_argument(behind):
    assert mailed(behind, extensions=["SIZE"])[1] == NO_MAIL
    talk = Talk(extensions="all")
    reply = talk.say(EHLO, MAIL, f"RCPT TO:<b@example.com> {behind}").splitlines()[-1]
    assert reply == f"501 5.1.3{NO_RCPT[3:]}"


@pytest.mark.parametrize("parameters", sorted({parameters for _, parameters, _ in MAIL_TAKEN} | {"X=1", "X=", "="}))
@pytest.mark.parametrize("hello", [EHLO, "HELO client.example"])
def test_where_no_extension_is_on_any_of_them_gets_the_reply_to_an_invalid_argument(hello, parameters):
    talk = Talk()

    assert talk.say(hello, f"{MAIL} {parameters}").splitlines()[-1] == NO_MAIL
    assert talk.say(MAIL, f"RCPT TO:<b@example.com> {parameters}").splitlines()[-1] == NO_RCPT


@pytest.mark.parametrize("settings", [{"tls": "starttls"}, {"auth": "any"}, {"extensions": ["HELP"]}])
@pytest.mark.parametrize("hello", [EHLO, "HELO client.example"])
def test_where_any_extension_is_on_those_of_others_are_not_recognised(hello, settings):
    talk = Talk(**settings)

    assert talk.say(hello, f"{MAIL} SIZE=1").splitlines()[-1] == UNKNOWN
    assert talk.say(MAIL, "RCPT TO:<b@example.com> NOTIFY=NEVER").splitlines()[-1] == UNKNOWN


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        (f"{MAIL} X=1", "555 5.5.4 Parameter not recognized"),
        (f"{MAIL} SIZE=x", "501 5.5.4 Parameter value not valid"),
        (f"{MAIL} SIZE=", "501 5.5.4 Parameter value not valid"),
        (f"{MAIL} SIZE=1 size=1", "501 5.5.4 Parameter value not valid"),
        ("MAIL FROM:a SIZE=1", "501 5.1.7 MAIL FROM requires valid email address"),
    ],
)
def test_the_status_code_is_about_the_parameter(line, reply):
    assert Talk(extensions=["ENHANCEDSTATUSCODES", "SIZE"]).say(EHLO, line).splitlines()[-1] == reply


def test_the_texts_can_be_set():
    settings = {"extensions": ["SIZE"], "msg_parameter_unknown": "What?", "msg_parameter_invalid": "504 Not so"}

    talk, reply = mailed("X=1", **settings)
    assert (reply, talk.exchanges[-1].setting) == ("555 What?", "msg_parameter_unknown")
    assert mailed("SIZE=x", **settings)[1] == "504 Not so"


@pytest.mark.parametrize("parameters", ["X=1", "SIZE=x", "SIZE="])
def test_a_sender_with_a_refused_parameter_is_recorded_by_its_address(parameters):
    talk, _ = mailed(parameters, extensions=["SIZE"])
    talk.end()

    assert [message.sender for message in talk.messages()] == ["a@example.com"]
    assert talk.exchanges[-1].argument == "a@example.com"


def test_a_recipient_with_a_refused_parameter_is_recorded_by_its_address():
    talk = Talk(extensions=["DSN"])
    talk.say(EHLO, MAIL, "RCPT TO:<b@example.com> NOTIFY=LATER")
    talk.end()

    assert [message.refused_recipients for message in talk.messages()] == [("b@example.com",)]


@pytest.mark.parametrize(
    ("keyword", "taken", "invalid"),
    [
        ("MT-PRIORITY", ["MT-PRIORITY=3", "mt-priority=-9"], ["MT-PRIORITY", "MT-PRIORITY=10", "MT-PRIORITY=high"]),
        ("DELIVERBY 240", ["BY=120;R", "by=-5;nt", "BY=0;RT"], ["BY", "BY=120", "BY=120;X", "BY=;R"]),
        ("REQUIRETLS", ["REQUIRETLS", "requiretls"], ["REQUIRETLS=1", "REQUIRETLS="]),
        ("FUTURERELEASE 9 9", ["HOLDFOR=60", "HOLDUNTIL=2026-01-01T00:00:00Z"], ["HOLDFOR", "HOLDFOR=0", "HOLDUNTIL"]),
        ("NO-SOLICITING", ["SOLICIT=net.example:ADV,org.example:ADV:ADLT"], ["SOLICIT"]),
        ("BINARYMIME", ["BODY=BINARYMIME", "BODY=8bitmime"], ["BODY", "BODY=9BIT"]),
        ("x-new 1 2", ["X-NEW", "X-New=anything;at,all"], ["X-NEW=", "X-NEW=a=b", "X-NEW=1 X-NEW=1"]),
    ],
)
def test_those_of_extensions_that_a_rule_announces_are_taken(keyword, taken, invalid):
    def reply(parameter, announced):
        talk = Talk(Rule("EHLO", {"reply": ["250-Hello", announced]}))
        return talk.say(EHLO, f"{MAIL} {parameter}").splitlines()[-1]

    assert {reply(parameter, f"250 {keyword}") for parameter in taken} == {"250 Received"}
    assert {reply(parameter, f"250 {keyword}") for parameter in invalid} == {INVALID}
    assert {reply(parameter, "250 SIZE") for parameter in taken} == {UNKNOWN}


def test_an_unknown_one_that_a_rule_announces_is_taken_for_recipients_and_recorded():
    talk = Talk(Rule("EHLO", {"reply": ["250 Hello", "250 RRVS"]}))

    assert talk.say(EHLO, f"{MAIL} RRVS=x", "RCPT TO:<b@example.com> RRVS=2014-04-03T23:01:00Z").endswith(
        "250 Received\r\n" * 2
    )
    talk.end()
    [message] = talk.messages()
    assert message.parameters == {"RRVS": "x"}
    assert message.recipient_parameters == {"b@example.com": {"RRVS": "2014-04-03T23:01:00Z"}}


@pytest.mark.parametrize(("parameters", "values"), RCPT_TAKEN)
def test_those_of_RCPT_are_taken_and_recorded(parameters, values):  # noqa: N802
    talk = Talk(extensions=["DSN", "SMTPUTF8"])

    assert talk.say(EHLO, MAIL, f"RCPT TO:<b@example.com> {parameters}").splitlines()[-1] == "250 Received"
    talk.end()
    [message] = talk.messages()
    assert message.recipient_parameters == {"b@example.com": values}


def recipient(parameters, **settings):
    return Talk(**settings).say(EHLO, MAIL, f"RCPT TO:<b@example.com> {parameters}").splitlines()[-1]


@pytest.mark.parametrize("parameters", RCPT_INVALID)
def test_those_of_RCPT_with_an_invalid_value_are_refused(parameters):  # noqa: N802
    assert recipient(parameters, extensions="all") == f"501 5.5.4{INVALID[3:]}"


@pytest.mark.parametrize("parameters", RCPT_UNKNOWN)
def test_those_of_RCPT_that_nobody_offered_are_not_recognised(parameters):  # noqa: N802
    assert recipient(parameters, extensions="all", auth="any") == f"555 5.5.4{UNKNOWN[3:]}"


@pytest.mark.parametrize(("parameters", "_values"), RCPT_TAKEN)
def test_those_of_RCPT_are_refused_where_DSN_is_off(parameters, _values):  # noqa: N802
    talk = Talk(extensions=["SIZE", "SMTPUTF8"])

    assert talk.say(EHLO, MAIL, f"RCPT TO:<b@example.com> {parameters}").splitlines()[-1] == UNKNOWN


def test_after_HELO_they_are_refused():  # noqa: N802
    talk = Talk(extensions="all")

    assert talk.say("HELO client.example", f"{MAIL} SIZE=1").splitlines()[-1] == f"555 5.5.4{UNKNOWN[3:]}"


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

    @pytest.mark.parametrize(
        ("value", "reply"), [("", INVALID), ("e=mc2", INVALID), ("a+b", INVALID), ("a b", UNKNOWN)]
    )
    def test_what_is_no_xtext_is_refused(self, value, reply):
        assert mailed(f"AUTH={value}", auth="any")[1] == reply

    def test_it_is_refused_where_AUTH_is_not_announced(self):  # noqa: N802
        assert mailed("AUTH=<>", extensions=["DSN"])[1] == UNKNOWN
        assert mailed("AUTH=<>", tls="starttls", auth="any")[1] == UNKNOWN
