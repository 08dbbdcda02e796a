"""How often a rule applies."""

from __future__ import annotations

from random import Random

import pytest

from tests.rules.scripted import EHLO, MAIL, Scripted, on


def pattern(count=12, /, **words):
    """Which of so many NOOPs the rule answered, as in "-x-x"."""
    session = Scripted(on("NOOP", reply="451 no", **words))
    return "".join("x" if reply == "451 no" else "-" for reply in session.say(*["NOOP"] * count).splitlines())


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({}, "xxxxxxxxxxxx"),
        ({"times": 0}, "------------"),
        ({"times": 1}, "x-----------"),
        ({"times": 3}, "xxx---------"),
        ({"after": 0}, "xxxxxxxxxxxx"),
        ({"after": 5}, "-----xxxxxxx"),
        ({"after": 5, "times": 2}, "-----xx-----"),
        ({"every": 1}, "xxxxxxxxxxxx"),
        ({"every": 3}, "--x--x--x--x"),
        ({"every": 3, "times": 2}, "--x--x------"),
        ({"every": 3, "after": 2}, "----x--x--x-"),
        ({"every": 3, "after": 2, "times": 1}, "----x-------"),
        ({"probability": 0}, "------------"),
        ({"probability": 1}, "xxxxxxxxxxxx"),
        ({"probability": 1, "times": 2}, "xx----------"),
    ],
    ids=str,
)
def test_which_of_twelve(words, expected):
    assert pattern(**words) == expected


@pytest.mark.parametrize("seed", [0, 1, 42, -7])
def test_probability_draws_the_same_for_the_same_seed(seed):
    chance = Random(seed)

    assert pattern(200, probability=0.3, seed=seed) == "".join("-x"[chance.random() < 0.3] for _ in range(200))


def test_probability_without_a_seed_is_the_same_each_time():
    assert pattern(50, probability=0.5) == pattern(50, probability=0.5) == pattern(50, probability=0.5, seed=0)


def test_probability_and_times_stop_after_so_many_hits():
    found = pattern(200, probability=0.5, seed=5, times=10)

    assert found.count("x") == 10
    assert found.rstrip("-") == pattern(200, probability=0.5, seed=5)[: len(found.rstrip("-"))]


def rcpt(*names):
    return [f"RCPT TO:<{name}>" for name in names]


def test_counts_apart_for_each_recipient():
    rule = on("RCPT TO", per="recipient", times=1, reply="450 again")
    session = Scripted(rule)
    session.say(EHLO, MAIL)

    replies = session.say(*rcpt("b@example.com", "c@example.com", "b@EXAMPLE.com", "c@example.com", "B@example.com"))

    assert [reply[:3] for reply in replies.splitlines()] == ["450", "450", "250", "250", "450"]
    assert rule.hits == 3


def test_counts_together_without_per():
    session = Scripted(on("RCPT TO", times=1, reply="450 again"))
    session.say(EHLO, MAIL)

    replies = session.say(*rcpt("b@example.com", "c@example.com", "b@example.com"))

    assert [reply[:3] for reply in replies.splitlines()] == ["450", "250", "250"]


def test_counts_apart_for_each_sender():
    session = Scripted(on("RCPT TO", per="sender", after=1, times=1, reply="450 again"))

    def replies(sender):
        session.say(EHLO, f"MAIL FROM:<{sender}>")
        return [reply[:3] for reply in session.say(*rcpt("b@example.com", "c@example.com")).splitlines()]

    assert [replies("a@example.com"), replies("a@EXAMPLE.com"), replies("z@example.com"), replies("")] == [
        ["250", "450"],
        ["250", "250"],
        ["250", "450"],
        ["250", "450"],
    ]


def test_counts_apart_for_each_session_and_all_hits_count():
    rule = on("NOOP", per="session", every=2, reply="451 no")
    first = Scripted(rule, session=1)
    second = Scripted(session=2)
    second.connection.behaviour.rules = first.connection.behaviour.rules

    assert [session.say("NOOP")[:3] for session in (first, second, first, second, first)] == [
        *("250", "250", "451", "451", "250"),
    ]
    assert (rule.hits, rule.asked) == (2, 5)


def test_messages_count_apart_for_each_set_of_recipients():
    session = Scripted(on("message", per="recipient", times=1, reply="451 again"), multiple_rcptto=True)

    def reply(*recipients):
        session.say(EHLO, MAIL, *rcpt(*recipients), "DATA")
        return session.message(b"hello\r\n")[:3]

    assert [
        reply("b@example.com"),
        reply("b@example.com", "c@example.com"),
        reply("c@example.com", "b@example.com"),
        reply("b@example.com"),
    ] == ["451", "451", "250", "250"]


def test_only_what_meets_the_conditions_counts():
    rule = on("RCPT TO", recipient="b*", after=1, times=1, reply="450 again")
    session = Scripted(rule)
    session.say(EHLO, MAIL)

    replies = session.say(*rcpt("a@x.example", "b@x.example", "a@x.example", "b@x.example", "b@x.example"))

    assert [reply[:3] for reply in replies.splitlines()] == ["250", "250", "250", "450", "250"]
    assert (rule.asked, rule.hits) == (5, 1)


def test_drawn_blank_rule_is_passed_over():
    session = Scripted(on("NOOP", reply="250 old"), on("NOOP", reply="250 new", probability=0))

    assert session.say("NOOP") == "250 old\r\n"


def test_two_rules_of_one_server_count_apart():
    session = Scripted(on("NOOP", reply="451 old", times=1), on("NOOP", reply="451 new", times=1))

    assert session.say(*["NOOP"] * 3) == "451 new\r\n451 old\r\n250 Ok\r\n"
