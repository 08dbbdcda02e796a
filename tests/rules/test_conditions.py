"""The values that a rule can look at, at each stage."""

from __future__ import annotations

import re

import pytest

from smtpmock import STAGES, RuleError
from smtpmock.text import alternatives
from tests.rules.scripted import CONTENT, EHLO, MAIL, RCPT, Scripted, on

ALWAYS = ("client",)
GREETED = (*ALWAYS, "helo_name")
TRANSACTION = (*GREETED, "sender", "recipient")
RECEIVED = (*TRANSACTION, "subject", "header", "text", "size", "where")
KNOWN = {
    "connect": ALWAYS,
    "HELO": GREETED,
    "EHLO": GREETED,
    "MAIL FROM": (*GREETED, "sender"),
    **dict.fromkeys(("RCPT TO", "DATA", "body", "RSET", "NOOP", "QUIT"), TRANSACTION),
    "message": RECEIVED,
    "*": RECEIVED,
}
RIGHT = {
    "client": "192.0.2.1",
    "helo_name": "client.example",
    "sender": "a@example.com",
    "recipient": "b@example.com",
    "subject": "Invoice*",
    "header": {"X-Id": "42"},
    "text": "Pay",
    "size": len(CONTENT),
    "where": lambda message: message.content.raw == CONTENT,
    "argument": "",
    "verb": "EXPN",
}
WRONG = {
    "client": "192.0.2.7",
    "helo_name": "other.example",
    "sender": "z@example.com",
    "recipient": "z@example.com",
    "subject": "Offer*",
    "header": {"X-Id": "43"},
    "text": "Play",
    "size": len(CONTENT) + 1,
    "where": lambda message: message.content.raw != CONTENT,
}
PAIRS = [(stage, condition) for stage, conditions in KNOWN.items() for condition in conditions]
IMPOSSIBLE = [
    *(("connect", condition) for condition in RECEIVED if condition != "client"),
    *((stage, condition) for stage in ("HELO", "EHLO") for condition in RECEIVED if condition not in GREETED),
    *(("MAIL FROM", condition) for condition in ("recipient", "subject", "header", "text", "where")),
    *(
        (stage, condition)
        for stage in ("RCPT TO", "DATA", "body", "RSET", "NOOP", "QUIT")
        for condition in ("subject", "header", "text", "size", "where")
    ),
    *((stage, "argument") for stage in ("connect", "body", "message")),
    *((stage, "verb") for stage in STAGES if stage != "command"),
]


def stages_of_hits(rule):
    """Where the rule decides in a session that meets every stage in the middle of a transaction and behind it."""
    session = Scripted(rule)
    session.say("HELO client.example", EHLO, MAIL, RCPT, "NOOP", "RSET", MAIL, RCPT, "DATA")
    session.message(CONTENT)
    session.say("NOOP", "QUIT")
    return {exchange.stage for exchange in session.exchanges if exchange.rule == str(rule)}


def ids(pair):
    return pair if isinstance(pair, str) else None


@pytest.mark.parametrize(("stage", "condition"), PAIRS, ids=ids)
def test_rule_applies_where_its_condition_holds_and_only_there(stage, condition):
    met = stages_of_hits(on(stage, **{condition: RIGHT[condition]}, then="accept"))

    assert met == {stage} if stage != "*" else "message" in met
    assert stages_of_hits(on(stage, **{condition: WRONG[condition]}, then="accept")) == set()


@pytest.mark.parametrize(("stage", "condition"), IMPOSSIBLE, ids=ids)
def test_condition_that_cannot_be_known_is_refused(stage, condition):
    with pytest.raises(RuleError) as refusal:
        on(stage, **{condition: RIGHT[condition]}, delay=1)

    assert str(refusal.value) == (
        f"The condition {condition} is not available at {stage}: expected {alternatives(STAGES[stage])}"
    )


def test_refusal_of_an_impossible_condition_word_for_word():
    with pytest.raises(RuleError) as refusal:
        on("connect", recipient="bob@example.com", then="close")

    assert str(refusal.value) == "The condition recipient is not available at connect: expected client"


def test_every_stage_is_asked_by_a_rule_for_all():
    assert stages_of_hits(on("*", then="accept")) == {*KNOWN} - {"*"}


def test_several_conditions_have_to_hold_all():
    rule = on("RCPT TO", sender="a@example.com", recipient="bob@example.com", reply="550 no")
    session = Scripted(rule)

    assert session.say(EHLO, MAIL, RCPT, "RCPT TO:<bob@example.com>").splitlines()[2:] == ["250 Received", "550 no"]


@pytest.mark.parametrize(
    ("pattern", "address", "holds"),
    [
        ("bob@example.com", "bob@EXAMPLE.com", True),
        ("bob@EXAMPLE.com", "bob@example.com", True),
        ("bob@example.com", "Bob@example.com", False),
        ("bob", "bob@example.com", False),
        ("*@example.com", "bob@example.com", True),
        ("*@EXAMPLE.com", "bob@example.com", True),
        ("*@example.com", "bob@example.org", False),
        ("bo?@example.com", "bob@example.com", False),
        ("bo?@example.com", "bo?@example.com", True),
        ("b[o]b*", "bob@example.com", False),
        (re.compile("^b"), "bob@example.com", True),
        (re.compile("example"), "bob@example.com", True),
        (re.compile("^example"), "bob@example.com", False),
        (lambda address: address.endswith(".com"), "bob@example.com", True),
        (lambda address: address.endswith(".org"), "bob@example.com", False),
    ],
)
@pytest.mark.parametrize(
    ("stage", "condition", "line"), [("RCPT TO", "recipient", "RCPT TO"), ("MAIL FROM", "sender", "MAIL FROM")]
)
def test_patterns_of_addresses(stage, condition, line, pattern, address, holds):
    rule = on(stage, **{condition: pattern}, then="accept")
    session = Scripted(rule)
    session.say(EHLO, *([MAIL] if stage == "RCPT TO" else []), f"{line}:<{address}>")

    assert rule.hits == holds


@pytest.mark.parametrize(
    ("words", "holds"),
    [
        ({"subject": "voice"}, True),
        ({"subject": "Invoice *"}, True),
        ({"subject": "voice*"}, False),
        ({"subject": "Invoice ?"}, False),
        ({"subject": re.compile(r"\d$")}, True),
        ({"subject": str.istitle}, True),
        ({"header": {"X-Id": "*", "Subject": "Invoice*"}}, True),
        ({"header": {"X-Id": "*", "X-Other": "*"}}, False),
        ({"header": "X-Id: 42"}, True),
        ({"header": {"x-id": re.compile("^4")}}, True),
        ({"text": "Pay now."}, True),
        ({"text": "pay"}, False),
        ({"size": f">= {len(CONTENT)}"}, True),
        ({"size": f"> {len(CONTENT)}"}, False),
        ({"size": lambda size: size == len(CONTENT)}, True),
    ],
)
def test_patterns_of_messages(words, holds):
    rule = on("message", **words, reply="554 no")
    session = Scripted(rule)

    assert session.deliver() == ("554 no\r\n" if holds else "250 Received\r\n")


def test_message_is_asked_for_each_of_its_recipients():
    rule = on("message", recipient="c@example.com", reply="554 no")
    session = Scripted(rule)
    session.say(EHLO, MAIL, RCPT, "RCPT TO:<c@example.com>", "DATA")

    assert session.message(CONTENT) == "554 no\r\n"


def test_refused_recipient_is_no_recipient_of_the_message():
    rule = on("message", recipient="c@example.com", reply="554 no")
    session = Scripted(rule, not_registered_emails=["c@example.com"], multiple_rcptto=True)
    session.say(EHLO, MAIL, RCPT, "RCPT TO:<c@example.com>", "DATA")

    assert session.message(CONTENT) == "250 Received\r\n"


def test_null_sender_can_be_asked_for():
    rule = on("MAIL FROM", sender="", reply="550 no bounces")
    session = Scripted(rule)

    assert session.say(EHLO, "MAIL FROM:<>", MAIL).splitlines()[1:] == ["550 no bounces", "250 Received"]


def test_sender_that_cannot_be_read_is_not_the_null_sender():
    rule = on("MAIL FROM", sender="", reply="550 no bounces")
    session = Scripted(rule)

    assert session.say(EHLO, "MAIL FROM:bounce").splitlines()[1] == "501 MAIL FROM requires valid email address"


def test_helo_name_is_that_of_the_last_accepted_greeting():
    rule = on("NOOP", helo_name="two.example", then="accept")
    session = Scripted(rule, blacklisted_helo_domains=["three.example"])

    session.say("EHLO one.example", "NOOP", "EHLO two.example", "NOOP", "EHLO three.example", "NOOP")

    assert [exchange.rule == str(rule) for exchange in session.exchanges if exchange.stage == "NOOP"] == [
        False,
        True,
        False,
    ]


@pytest.mark.parametrize("line", ["MAIL FROM:<a@example.com>", "MAIL FROM:nobody", "MAIL FROM:<a@example.com> SIZE=x"])
def test_size_that_a_client_announced_before_is_not_that_of_its_next_mail(line):
    rule = on("MAIL FROM", size="> 50", then="accept")
    session = Scripted(rule, extensions=["SIZE"])

    session.say(EHLO, f"{MAIL} SIZE=100")
    assert rule.hits == 1
    session.say(line)
    assert rule.hits == 1


def test_size_of_a_message_over_the_limit_can_be_asked_for():
    rule = on("message", size="> 20", reply="552 5.3.4 Too big for us")
    session = Scripted(rule, msg_size_limit=20)

    assert session.deliver() == "552 5.3.4 Too big for us\r\n"


def test_a_reset_that_is_refused_for_lack_of_tls_is_asked_about_the_session_as_it_is():
    session = Scripted(on("RSET", helo_name="first.example", reply="250 first"), tls="starttls", require_tls=True)
    assert session.say("EHLO first.example", "RSET").endswith("250 first\r\n")
    assert session.say("EHLO second.example", "RSET").endswith("530 STARTTLS is required first\r\n")
