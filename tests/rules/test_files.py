"""Rules as text: a line, or a TOML file."""

from __future__ import annotations

import re

import pytest

from smtpmock import STAGES, RuleError
from smtpmock.rules.text_form import load_rules, parse_rule

LINES = [
    (
        "RCPT TO recipient=*@slow.example delay=2 reply='451 later' times=3",
        "RCPT TO recipient='*@slow.example' delay=2.0 reply='451 later' times=3",
    ),
    ("message subject=Invoice* then=close", "message subject='Invoice*' then='close'"),
    (
        'EHLO helo_name=legacy.* reply=250-old.example.com reply="250 SIZE 1000"',
        "EHLO helo_name='legacy.*' reply=['250-old.example.com', '250 SIZE 1000']",
    ),
    ("* delay='50 ms' jitter=10ms seed=7", "* delay=0.05 jitter=0.01 seed=7"),
    ("rcpt to per=recipient after=1 every=2 delay=1min", "RCPT TO per='recipient' after=1 every=2 delay=60.0"),
    ("message probability=0.5 drip=10 then=half", "message probability=0.5 drip=10.0 then='half'"),
    ("DATA throttle=1e3", "DATA throttle=1000.0"),
    ("message size='>= 1000' reply='552 big'", "message size='>= 1000' reply='552 big'"),
    ("message header='X-Id: 42' reply='554 no'", "message header='X-Id: 42' reply='554 no'"),
    ("'MAIL FROM' sender= reply='550 no bounces'", "MAIL FROM sender='' reply='550 no bounces'"),
    ("NOOP reply='250 a=b'", "NOOP reply='250 a=b'"),
    (
        "'RCPT TO' reply='450 later' gate='greylist retry_after=300'",
        "RCPT TO reply='450 later' (greylist: retry after 300 s)",
    ),
    (
        "'MAIL FROM' delay=1 gate='limit_rate messages=3 per=0.5 by=user'",
        "MAIL FROM delay=1.0 (at most 3 in 0.5 s for each user)",
    ),
]


@pytest.mark.parametrize(("line", "shown"), LINES)
def test_line(line, shown):
    assert str(parse_rule(line)) == shown


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", f"Missing stage of the rule: expected one of {', '.join(STAGES)}"),
        ("delay=1", f"Missing stage of the rule: expected one of {', '.join(STAGES)}"),
        ("RCPT delay=1", "Unknown stage 'RCPT': did you mean 'RCPT TO'?"),
        ("NOOP replay='450 no'", "Unknown word in a rule 'replay': did you mean 'reply'?"),
        (
            "NOOP reply=450 no",
            "Invalid word 'no' in a rule: expected word=value, quoted where the value has spaces",
        ),
        ("NOOP delay=1 delay=2", "The word delay is given twice"),
        ("NOOP reply='450 no", 'Invalid rule "NOOP reply=\'450 no": No closing quotation'),
        ("NOOP delay=soon", "Invalid delay 'soon': expected a number from 0 to 31536000"),
        ("NOOP delay=-1", "Invalid delay '-1': expected a number from 0 to 31536000"),
        ("NOOP delay=1 times=2.5", "Invalid times '2.5': expected an integer of at least 0"),
        ("NOOP delay=1 times=-1", "Invalid times -1: expected an integer of at least 0"),
        ("NOOP drip=fast", "Invalid drip 'fast': expected a number of bytes per second greater than 0"),
        ("NOOP delay=1 probability=nan", "Invalid probability nan: expected a number from 0 to 1"),
        ("NOOP reply=no", "Invalid reply 'no': expected a three-digit code, a space and a text"),
        ("NOOP reply=250-a reply='450 b'", "Invalid reply with the codes 250 and 450: expected one code in all lines"),
        ("NOOP delay=1 gate=", "Unknown gate '': expected one of greylist, limit_rate, limit_connections"),
        ("NOOP delay=1 gate=greylst", "Unknown gate 'greylst': did you mean 'greylist'?"),
        (
            "NOOP delay=1 gate='greylist 300'",
            "Invalid gate 'greylist 300': expected the name of a ready-made rule, then word=value",
        ),
        (
            "NOOP delay=1 gate='limit_rate messages=3'",
            "Invalid gate limit_rate {'messages': 3}: expected an object with messages and per",
        ),
        (
            "NOOP delay=1 gate='greylist retry_after=x'",
            "Invalid retry_after 'x': expected a number from 0 to 31536000",
        ),
    ],
)
def test_wrong_line(line, why):
    with pytest.raises(RuleError) as refusal:
        parse_rule(line)
    assert str(refusal.value) == why


@pytest.fixture
def load(tmp_path):
    """Loads a file with this text; its errors call it FILE."""
    path = tmp_path / "rules.toml"

    def load(text):
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        try:
            return [str(rule) for rule in load_rules(str(path))]
        except RuleError as error:
            return str(error).replace(str(path), "FILE")

    return load


def test_file_has_the_words_of_python(load):
    assert load("""
        # everyone
        [[rule]]
        stage = "*"
        delay = 0.05
        jitter = "10 ms"
        seed = 7

        [[rule]]
        stage = "RCPT TO"
        recipient = "bob@example.com"
        times = 2
        reply = "450 4.7.1 Greylisted, try again"

        [[rule]]
        stage = "EHLO"
        reply = ["250-old.example.com", "250 SIZE 1000"]

        [[rule]]
        stage = "message"
        header = {X-Id = "42"}
        size = ">= 1000"
        then = "close"
    """) == [
        "* delay=0.05 jitter=0.01 seed=7",
        "RCPT TO recipient='bob@example.com' times=2 reply='450 4.7.1 Greylisted, try again'",
        "EHLO reply=['250-old.example.com', '250 SIZE 1000']",
        "message header={'X-Id': '42'} size='>= 1000' then='close'",
    ]


def test_rule_in_a_file_has_the_condition_of_a_ready_made_one(load):
    assert load("""
        [[rule]]
        stage = "MAIL FROM"
        delay = 2
        gate = { limit_rate = { messages = 30, per = 60, by = "user" } }
    """) == ["MAIL FROM delay=2 (at most 30 in 60 s for each user)"]


def test_empty_file_has_no_rules(load):
    assert load("# nothing yet\n") == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            '[[rule]]\nstage = "NOOP"\ndelay = 1\n\n[[rule]]\nstage = "NOPE"\ndelay = 1\n',
            "FILE, line 5, rule 2: Unknown stage 'NOPE': did you mean 'NOOP'?",
        ),
        (
            "[[rule]]\ndelay = 1\n",
            f"FILE, line 1, rule 1: Missing stage of the rule: expected one of {', '.join(STAGES)}",
        ),
        (
            '\n\n[[ rule ]]\nstage = "NOOP"\ndelay = -1\n',
            "FILE, line 3, rule 1: Invalid delay -1: expected a number from 0 to 31536000",
        ),
        (
            'rule = [{stage = "NOOP", delay = "x"}]\n',
            "FILE, rule 1: Invalid delay 'x': expected a number from 0 to 31536000",
        ),
        (
            '[[rule]]\nstage = "NOOP"\ndelay = 1\ntimes = 2.0\n',
            "FILE, line 1, rule 1: Invalid times 2.0: expected an integer of at least 0",
        ),
        (
            '[[rule]]\nstage = "EHLO"\nsubject = "x"\ndelay = 1\n',
            "FILE, line 1, rule 1: The condition subject is not available at EHLO: expected one of client, "
            "helo_name, argument",
        ),
        (
            '[rule]\nstage = "NOOP"\n',
            "Invalid file of rules FILE: expected [[rule]] tables and nothing else",
        ),
        ("rules = 7\n", "Invalid file of rules FILE: expected [[rule]] tables and nothing else"),
        ("rule = [1]\n", "Invalid file of rules FILE: expected [[rule]] tables and nothing else"),
    ],
)
def test_wrong_file(load, text, why):
    assert load(text) == why


def test_what_is_no_toml_is_refused_with_its_line(load):
    assert re.fullmatch(r"The file FILE cannot be read: .+\(at line 2, column \d+\)", load("[[rule]]\nstage =\n"))


def test_what_is_no_text_is_refused(load):
    assert load(b"\xff").startswith("The file FILE cannot be read: 'utf-8' codec")


def test_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(RuleError) as refusal:
        load_rules(str(tmp_path / "none.toml"))
    assert str(refusal.value) == f"The file {tmp_path / 'none.toml'} cannot be read: No such file or directory"
