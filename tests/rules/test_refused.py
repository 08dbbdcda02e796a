"""What cannot be a rule is refused when it is made, word for word, and leaves nothing behind."""

from __future__ import annotations

import pytest

from smtpmock import RuleError, SMTPMock
from smtpmock.rules.rule import STAGES, WORDS

NUMBER = "allowed is a number from 0 to 31536000."
RATE = "allowed is a number of bytes in a second, more than 0."
LINES = "allowed is a line or a list of lines."
CODE = "allowed is a three-digit code, a space and a text."
THEN = "allowed is one of close, reset, silence, half, garbage, accept."
BODY = "where nothing is answered: allowed is message."

REFUSED = [
    # stage
    (("RCTP TO", {"reply": "450 no"}), "Unknown stage 'RCTP TO': did you mean 'RCPT TO'?"),
    (("RCPT", {"reply": "450 no"}), "Unknown stage 'RCPT': did you mean 'RCPT TO'?"),
    (("rcpt", {"reply": "450 no"}), "Unknown stage 'rcpt': did you mean 'RCPT TO'?"),
    (("xyz", {"reply": "450 no"}), f"Unknown stage 'xyz': expected one of {', '.join(STAGES)}"),
    (("", {"reply": "450 no"}), f"A rule needs a stage: one of {', '.join(STAGES)}."),
    ((None, {"reply": "450 no"}), f"A rule needs a stage: one of {', '.join(STAGES)}."),
    ((7, {"reply": "450 no"}), f"Unknown stage 7: expected one of {', '.join(STAGES)}"),
    # words
    (("NOOP", {"replay": "450 no"}), "Unknown rule word 'replay': did you mean 'reply'?"),
    (
        ("RCPT TO", {"recipent": "a@example.com", "delay": 1}),
        "Unknown rule word 'recipent': did you mean 'recipient'?",
    ),
    (("NOOP", {"qqq": None, "delay": 1}), f"Unknown rule word 'qqq': expected one of {', '.join(WORDS)}"),
    # conditions
    (
        ("message", {"size": "big", "delay": 1}),
        "The criterion size cannot be 'big': allowed is a number of bytes, a comparison as in '>= 1000', or a "
        "function.",
    ),
    (
        ("NOOP", {"sender": 5, "delay": 1}),
        "The criterion sender cannot be 5: allowed is a text, a pattern with *, a compiled regular expression or a "
        "function.",
    ),
    (
        ("message", {"header": "X-Id", "delay": 1}),
        "The criterion header cannot be 'X-Id': allowed is a dictionary, as in {'X-Id': '42'}, or 'X-Id: 42'.",
    ),
    # counting
    (("NOOP", {"delay": 1, "times": -1}), "The word times cannot be -1: allowed is a whole number, 0 or more."),
    (("NOOP", {"delay": 1, "times": 1.5}), "The word times cannot be 1.5: allowed is a whole number, 0 or more."),
    (("NOOP", {"delay": 1, "times": True}), "The word times cannot be True: allowed is a whole number, 0 or more."),
    (("NOOP", {"delay": 1, "after": -1}), "The word after cannot be -1: allowed is a whole number, 0 or more."),
    (("NOOP", {"delay": 1, "every": 0}), "The word every cannot be 0: allowed is a whole number, 1 or more."),
    (
        ("NOOP", {"delay": 1, "probability": 1.1}),
        "The word probability cannot be 1.1: allowed is a number from 0 to 1.",
    ),
    (
        ("NOOP", {"delay": 1, "probability": -0.1}),
        "The word probability cannot be -0.1: allowed is a number from 0 to 1.",
    ),
    (
        ("NOOP", {"delay": 1, "probability": float("nan")}),
        "The word probability cannot be nan: allowed is a number from 0 to 1.",
    ),
    (("NOOP", {"delay": 1, "seed": "x"}), "The word seed cannot be 'x': allowed is a whole number."),
    (
        ("message", {"delay": 1, "per": "subject"}),
        "The word per at message cannot be 'subject': allowed is one of recipient, sender, session.",
    ),
    (
        ("MAIL FROM", {"delay": 1, "per": "recipient"}),
        "The word per at MAIL FROM cannot be 'recipient': allowed is one of sender, session.",
    ),
    (
        ("EHLO", {"delay": 1, "per": "sender"}),
        "The word per at EHLO cannot be 'sender': allowed is one of session.",
    ),
    # seconds and rates
    (("NOOP", {"delay": -1}), f"The word delay cannot be -1: {NUMBER}"),
    (("NOOP", {"delay": "1"}), f"The word delay cannot be '1': {NUMBER}"),
    (("NOOP", {"delay": True}), f"The word delay cannot be True: {NUMBER}"),
    (("NOOP", {"delay": float("inf")}), f"The word delay cannot be inf: {NUMBER}"),
    (("NOOP", {"delay": 1, "jitter": -0.5}), f"The word jitter cannot be -0.5: {NUMBER}"),
    (("NOOP", {"drip": 0}), f"The word drip cannot be 0: {RATE}"),
    (("NOOP", {"drip": -5}), f"The word drip cannot be -5: {RATE}"),
    (("DATA", {"throttle": 0}), f"The word throttle cannot be 0: {RATE}"),
    (("DATA", {"throttle": float("inf")}), f"The word throttle cannot be inf: {RATE}"),
    # reply
    (("NOOP", {"reply": ""}), f"The reply cannot be '': {CODE}"),
    (("NOOP", {"reply": "no"}), f"The reply cannot be 'no': {CODE}"),
    (("NOOP", {"reply": "45 no"}), f"The reply cannot be '45 no': {CODE}"),
    (("NOOP", {"reply": "4500 no"}), f"The reply cannot be '4500 no': {CODE}"),
    (("NOOP", {"reply": "450no"}), f"The reply cannot be '450no': {CODE}"),
    (("NOOP", {"reply": "٤٥٠ no"}), f"The reply cannot be '٤٥٠ no': {CODE}"),
    (("NOOP", {"reply": ["250-a", "b"]}), f"The reply cannot be 'b': {CODE}"),
    (("NOOP", {"reply": ["250-a", "450 b"]}), "The reply cannot have the codes 250 and 450: allowed is one."),
    (
        ("NOOP", {"reply": "450 a\r\n450 b"}),
        "The reply cannot be '450 a\\r\\n450 b': allowed are lines without line breaks.",
    ),
    (("NOOP", {"reply": "450 a\n"}), "The reply cannot be '450 a\\n': allowed are lines without line breaks."),
    (("NOOP", {"reply": []}), f"The reply cannot be []: {LINES}"),
    (("NOOP", {"reply": 450}), f"The reply cannot be 450: {LINES}"),
    (("NOOP", {"reply": [450]}), f"The reply cannot be [450]: {LINES}"),
    (("NOOP", {"reply": b"450 no"}), f"The reply cannot be b'450 no': {LINES}"),
    (
        ("NOOP", {"reply": "450 \ud800"}),
        "The reply cannot be '450 \\ud800': allowed is what can be sent as UTF-8.",
    ),
    # then
    (("NOOP", {"then": "explode"}), f"The word then cannot be 'explode': {THEN}"),
    (("NOOP", {"then": ["close"]}), f"The word then cannot be ['close']: {THEN}"),
    *(
        (
            ("NOOP", {"reply": "450 no", "then": then}),
            f"A reply cannot stand beside then={then!r}: allowed is half or close.",
        )
        for then in ("reset", "silence", "garbage", "accept")
    ),
    # what does not go with the stage
    (("body", {"reply": "450 no"}), f"The word reply cannot stand at body, {BODY}"),
    (("body", {"drip": 5}), f"The word drip cannot stand at body, {BODY}"),
    *(
        (
            ("body", {"then": then}),
            f"The word then at body cannot be {then!r}: allowed is one of close, reset, silence, accept.",
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

    assert why.startswith(f"The word throttle cannot stand at {stage}: allowed is one of DATA, ")


@pytest.mark.parametrize(
    ("words", "shown"),
    [({}, ""), ({"times": 2}, " times=2"), ({"delay": 0}, " delay=0"), ({"sender": "a*"}, " sender='a*'")],
)
def test_rule_that_does_nothing(words, shown):
    why = refused("RCPT TO", words)

    assert why.startswith(f"The rule RCPT TO{shown} does nothing: it needs one of reply, delay, jitter, drip, ")


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
        (lambda mock: mock.greylist(retry_after=-1), f"The word retry_after cannot be -1: {NUMBER}"),
        (lambda mock: mock.greylist(retry_after="5"), f"The word retry_after cannot be '5': {NUMBER}"),
        (lambda mock: mock.greylist(reply="later"), f"The reply cannot be 'later': {CODE}"),
        (
            lambda mock: mock.limit_rate(messages=-1),
            "The word messages cannot be -1: allowed is a whole number, 0 or more.",
        ),
        (lambda mock: mock.limit_rate(per="1 s"), f"The word per cannot be '1 s': {NUMBER}"),
        (
            lambda mock: mock.limit_connections(-1),
            "The word connections cannot be -1: allowed is a whole number, 0 or more.",
        ),
        (lambda mock: mock.fail_next(-1), "The word count cannot be -1: allowed is a whole number, 0 or more."),
        (lambda mock: mock.fail_next(stage="date"), "Unknown stage 'date': did you mean 'DATA'?"),
        (
            lambda mock: mock.reject_recipient(5),
            "The criterion recipient cannot be 5: allowed is a text, a pattern with *, a compiled regular expression "
            "or a function.",
        ),
    ],
)
def test_ready_made_rule_is_refused_as_well(call, why):
    mock = SMTPMock()

    with pytest.raises(RuleError) as refusal:
        call(mock)

    assert str(refusal.value) == why
    assert mock.rules == ()
