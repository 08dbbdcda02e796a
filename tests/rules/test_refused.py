"""Invalid rules are refused when they are made, word for word, and leave nothing behind."""

from __future__ import annotations

import pytest

from smtpmock import STAGES, RuleError, SMTPMock
from smtpmock.rules.text_form import parse_rule
from smtpmock.rules.words import WORDS

NUMBER = "expected a number from 0 to 31536000"
RATE = "expected a number of bytes per second greater than 0"
LINES = "expected a line or a list of lines"
CODE = "expected a three-digit code, a space and a text"
THEN = "expected one of close, reset, silence, half, garbage, accept"
BODY = "where nothing is answered: use message"

REFUSED = [
    # stage
    (("RCTP TO", {"reply": "450 no"}), "Unknown stage 'RCTP TO': did you mean 'RCPT TO'?"),
    (("RCPT", {"reply": "450 no"}), "Unknown stage 'RCPT': did you mean 'RCPT TO'?"),
    (("rcpt", {"reply": "450 no"}), "Unknown stage 'rcpt': did you mean 'RCPT TO'?"),
    (("xyz", {"reply": "450 no"}), f"Unknown stage 'xyz': expected one of {', '.join(STAGES)}"),
    (("", {"reply": "450 no"}), f"Missing stage of the rule: expected one of {', '.join(STAGES)}"),
    ((None, {"reply": "450 no"}), f"Missing stage of the rule: expected one of {', '.join(STAGES)}"),
    ((7, {"reply": "450 no"}), f"Unknown stage 7: expected one of {', '.join(STAGES)}"),
    # words
    (("NOOP", {"replay": "450 no"}), "Unknown word in a rule 'replay': did you mean 'reply'?"),
    (
        ("RCPT TO", {"recipent": "a@example.com", "delay": 1}),
        "Unknown word in a rule 'recipent': did you mean 'recipient'?",
    ),
    (("NOOP", {"qqq": None, "delay": 1}), f"Unknown word in a rule 'qqq': expected one of {', '.join(WORDS)}"),
    # conditions
    (
        ("message", {"size": "big", "delay": 1}),
        "Invalid size 'big': expected a number of bytes, a comparison as in '>= 1000', or a function.",
    ),
    (
        ("NOOP", {"sender": 5, "delay": 1}),
        "Invalid sender 5: expected a text, a pattern with *, a compiled regular expression or a function.",
    ),
    (
        ("message", {"header": "X-Id", "delay": 1}),
        "Invalid header 'X-Id': expected a dictionary, as in {'X-Id': '42'}, or 'X-Id: 42'.",
    ),
    # counting
    (("NOOP", {"delay": 1, "times": -1}), "Invalid times -1: expected an integer of at least 0"),
    (("NOOP", {"delay": 1, "times": 1.5}), "Invalid times 1.5: expected an integer of at least 0"),
    (("NOOP", {"delay": 1, "times": True}), "Invalid times True: expected an integer of at least 0"),
    (("NOOP", {"delay": 1, "after": -1}), "Invalid after -1: expected an integer of at least 0"),
    (("NOOP", {"delay": 1, "every": 0}), "Invalid every 0: expected an integer of at least 1"),
    (
        ("NOOP", {"delay": 1, "probability": 1.1}),
        "Invalid probability 1.1: expected a number from 0 to 1",
    ),
    (
        ("NOOP", {"delay": 1, "probability": -0.1}),
        "Invalid probability -0.1: expected a number from 0 to 1",
    ),
    (
        ("NOOP", {"delay": 1, "probability": float("nan")}),
        "Invalid probability nan: expected a number from 0 to 1",
    ),
    (("NOOP", {"delay": 1, "seed": "x"}), "Invalid seed 'x': expected an integer"),
    (
        ("message", {"delay": 1, "per": "subject"}),
        "Invalid per at message 'subject': expected one of recipient, sender, session, user",
    ),
    (
        ("MAIL FROM", {"delay": 1, "per": "recipient"}),
        "Invalid per at MAIL FROM 'recipient': expected one of sender, session, user",
    ),
    (
        ("EHLO", {"delay": 1, "per": "sender"}),
        "Invalid per at EHLO 'sender': expected session",
    ),
    # seconds and rates
    (("NOOP", {"delay": -1}), f"Invalid delay -1: {NUMBER}"),
    (("NOOP", {"delay": "1"}), f"Invalid delay '1': {NUMBER}"),
    (("NOOP", {"delay": True}), f"Invalid delay True: {NUMBER}"),
    (("NOOP", {"delay": float("inf")}), f"Invalid delay inf: {NUMBER}"),
    (("NOOP", {"delay": 1, "jitter": -0.5}), f"Invalid jitter -0.5: {NUMBER}"),
    (("NOOP", {"drip": 0}), f"Invalid drip 0: {RATE}"),
    (("NOOP", {"drip": -5}), f"Invalid drip -5: {RATE}"),
    (("DATA", {"throttle": 0}), f"Invalid throttle 0: {RATE}"),
    (("DATA", {"throttle": float("inf")}), f"Invalid throttle inf: {RATE}"),
    # reply
    (("NOOP", {"reply": ""}), f"Invalid reply '': {CODE}"),
    (("NOOP", {"reply": "no"}), f"Invalid reply 'no': {CODE}"),
    (("NOOP", {"reply": "45 no"}), f"Invalid reply '45 no': {CODE}"),
    (("NOOP", {"reply": "4500 no"}), f"Invalid reply '4500 no': {CODE}"),
    (("NOOP", {"reply": "450no"}), f"Invalid reply '450no': {CODE}"),
    (("NOOP", {"reply": "٤٥٠ no"}), f"Invalid reply '٤٥٠ no': {CODE}"),
    (("NOOP", {"reply": ["250-a", "b"]}), f"Invalid reply 'b': {CODE}"),
    (
        ("NOOP", {"reply": ["250-a", "450 b"]}),
        "Invalid reply with the codes 250 and 450: expected one code in all lines",
    ),
    (
        ("NOOP", {"reply": "450 a\r\n450 b"}),
        "Invalid reply '450 a\\r\\n450 b': expected lines without line breaks",
    ),
    (("NOOP", {"reply": "450 a\n"}), "Invalid reply '450 a\\n': expected lines without line breaks"),
    (("NOOP", {"reply": []}), f"Invalid reply []: {LINES}"),
    (("NOOP", {"reply": 450}), f"Invalid reply 450: {LINES}"),
    (("NOOP", {"reply": [450]}), f"Invalid reply [450]: {LINES}"),
    (("NOOP", {"reply": b"450 no"}), f"Invalid reply b'450 no': {LINES}"),
    (
        ("NOOP", {"reply": "450 \ud800"}),
        "Invalid reply '450 \\ud800': expected text that can be encoded in UTF-8",
    ),
    # then
    (("NOOP", {"then": "explode"}), f"Invalid then 'explode': {THEN}"),
    (("NOOP", {"then": ["close"]}), f"Invalid then ['close']: {THEN}"),
    *(
        (
            ("NOOP", {"reply": "450 no", "then": then}),
            f"Invalid then {then!r} with a reply: expected half or close",
        )
        for then in ("reset", "silence", "garbage", "accept")
    ),
    # what does not go with the stage
    (("body", {"reply": "450 no"}), f"The word reply cannot be used at body, {BODY}"),
    (("body", {"drip": 5}), f"The word drip cannot be used at body, {BODY}"),
    *(
        (
            ("body", {"then": then}),
            f"Invalid then at body {then!r}: expected one of close, reset, silence, accept",
        )
        for then in ("half", "garbage")
    ),
]


def refused(stage, words):
    """Why a server refuses the rule, which it has to, and has none afterwards."""
    mock = SMTPMock()
    with pytest.raises(RuleError) as refusal:
        mock.on(stage, **words)
    assert mock.rules == ()
    assert isinstance(refusal.value, ValueError)
    return str(refusal.value)


@pytest.mark.parametrize(("made", "why"), REFUSED, ids=[f"{stage}-{words}" for (stage, words), _ in REFUSED])
def test_refusal(made, why):
    assert refused(*made) == why


@pytest.mark.parametrize("stage", ["connect", "EHLO", "MAIL FROM", "RCPT TO", "message", "QUIT"])
def test_throttle_stands_only_where_a_message_begins(stage):
    why = refused(stage, {"throttle": 5})

    assert why.startswith(f"The word throttle cannot be used at {stage}: expected one of DATA, ")


@pytest.mark.parametrize(
    ("words", "shown"),
    [({}, ""), ({"times": 2}, " times=2"), ({"delay": 0}, " delay=0"), ({"sender": "a*"}, " sender='a*'")],
)
def test_rule_that_does_nothing(words, shown):
    why = refused("RCPT TO", words)

    assert why.startswith(f"The rule RCPT TO{shown} does nothing: expected one of reply, delay, jitter, drip, ")


@pytest.mark.parametrize("stage", ["rcpt to", "Rcpt To", "RCPT TO"])
def test_case_of_a_stage_does_not_matter(stage):
    assert SMTPMock().on(stage, delay=1).stage == "RCPT TO"


def test_none_stands_for_a_word_that_is_not_said():
    words = dict.fromkeys(WORDS) | {"reply": "450 no"}

    assert str(SMTPMock().on("NOOP", **words)) == "NOOP reply='450 no'"


def test_refused_rule_leaves_the_others_alone():
    mock = SMTPMock()
    kept = mock.on("NOOP", delay=1)

    with pytest.raises(RuleError):
        mock.on("NOOP", delay=-1)

    assert mock.rules == (kept,)


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda mock: mock.greylist(retry_after=-1), f"Invalid retry_after -1: {NUMBER}"),
        (lambda mock: mock.greylist(retry_after="5"), f"Invalid retry_after '5': {NUMBER}"),
        (lambda mock: mock.greylist(reply="later"), f"Invalid reply 'later': {CODE}"),
        (
            lambda mock: mock.limit_rate(messages=-1),
            "Invalid messages -1: expected an integer of at least 0",
        ),
        (lambda mock: mock.limit_rate(per="1 s"), f"Invalid per '1 s': {NUMBER}"),
        (lambda mock: mock.limit_rate(by="usr"), "Invalid by 'usr': expected one of user, sender, client"),
        (lambda mock: mock.limit_connections(1, by="client"), "Invalid by 'client': expected user"),
        (
            lambda mock: mock.limit_rate(delay=1, reply="421 later"),
            "Invalid delay 1: expected a delay without a reply: what is delayed is not refused",
        ),
        (
            lambda mock: mock.limit_connections(-1),
            "Invalid connections -1: expected an integer of at least 0",
        ),
        (lambda mock: mock.fail_next(-1), "Invalid count -1: expected an integer of at least 0"),
        (lambda mock: mock.fail_next(stage="date"), "Unknown stage 'date': did you mean 'DATA'?"),
        (
            lambda mock: mock.reject_recipient(None),
            "Invalid recipient None: expected an address, a pattern, a regular expression or a function",
        ),
        (
            lambda mock: mock.reject_recipient(""),
            "Invalid recipient '': expected an address, a pattern, a regular expression or a function",
        ),
        (
            lambda mock: mock.reject_recipient(5),
            "Invalid recipient 5: expected a text, a pattern with *, a compiled regular expression or a function.",
        ),
    ],
)
def test_ready_made_rule_is_refused_as_well(call, why):
    mock = SMTPMock()

    with pytest.raises(RuleError) as refusal:
        call(mock)

    assert str(refusal.value) == why
    assert mock.rules == ()


# Rules that could never apply.


def never(stage, setting):
    return (
        f"A rule at {stage} can never apply: the server does not offer {stage}. "
        f"Set {setting}, or add a rule at EHLO that announces it first"
    )


@pytest.mark.parametrize(("stage", "setting"), [("STARTTLS", "tls"), ("AUTH", "auth"), ("starttls", "tls")])
@pytest.mark.parametrize(
    "announced",
    [None, ["250 Hello", "250 SIZE"], ["250 STARTTLS AUTH"], ["250 Hello", "250 AUTHORITY STARTTLS"]],
)
def test_rule_for_what_the_server_does_not_offer(stage, setting, announced):
    mock = SMTPMock()
    if announced:
        mock.on("EHLO", reply=announced)
    before = mock.rules

    with pytest.raises(RuleError) as refusal:
        mock.on(stage, delay=1)

    assert str(refusal.value) == never(stage.upper(), setting)
    assert mock.rules == before


@pytest.mark.parametrize(
    "settings",
    [{"tls": "starttls", "auth": "any"}, {"tls": "implicit", "auth": {}}, {"tls": "starttls", "auth": lambda *_: True}],
)
def test_rule_for_what_the_server_offers(settings):
    mock = SMTPMock(**settings)

    assert [mock.on(stage, delay=1).stage for stage in ("STARTTLS", "AUTH")] == ["STARTTLS", "AUTH"]


@pytest.mark.parametrize("stage", ["EHLO", "*"])
def test_rule_for_what_another_rule_announces(stage):
    mock = SMTPMock()
    mock.on(stage, reply=["250 Hello", "250-starttls", "250 AUTH PLAIN"])

    assert [mock.on(stage, delay=1).stage for stage in ("STARTTLS", "AUTH")] == ["STARTTLS", "AUTH"]


def test_rule_written_as_text_that_could_never_apply():
    mock = SMTPMock()

    with pytest.raises(RuleError) as refusal:
        mock.add_rule(parse_rule("AUTH reply='535 no'"))

    assert str(refusal.value) == never("AUTH", "auth")
    assert mock.rules == ()


# The clock.


@pytest.mark.parametrize("seconds", [-5, -0.001, float("nan"), float("inf"), "5", None, True])
def test_clock_that_cannot_be_advanced_so(seconds):
    mock = SMTPMock()
    before = mock.clock.time()

    with pytest.raises(RuleError) as refusal:
        mock.clock.advance(seconds)

    assert str(refusal.value) == f"Invalid advance of the clock {seconds!r}: expected a number of seconds, 0 or more."
    assert mock.clock.time() - before < 100
