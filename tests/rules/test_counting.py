"""How often a rule applies."""

from __future__ import annotations

from smtplib import SMTP

import pytest

from smtpmock import SMTPMock
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
        ({"probability": 0, "times": 2}, "------------"),
        ({"probability": 0.5, "times": 0}, "------------"),
    ],
    ids=str,
)
def test_which_of_twelve(words, expected):
    assert pattern(**words) == expected


@pytest.mark.parametrize(
    ("seed", "drawn"),
    [
        (0, "x--------x-x---x-----x-----xx------xx-xx"),
        (1, "-------xx-xx------------x----xx-xx-x----"),
        (42, "-xx--x--x-----x-x-----x--------xx-x-xxx-"),
        (-7, "x-x------------x------x----xx---x-x-x---"),
    ],
)
def test_probability_draws_the_same_for_the_same_seed_in_every_process_and_version(seed, drawn):
    assert pattern(40, probability=0.3, seed=seed) == drawn


@pytest.mark.parametrize("probability", [0.1, 0.5, 0.9])
def test_probability_is_about_how_often_the_rule_applies(probability):
    assert pattern(2000, probability=probability).count("x") == pytest.approx(2000 * probability, abs=100)


def test_probability_without_a_seed_is_the_same_each_time():
    assert pattern(50, probability=0.5) == pattern(50, probability=0.5) == pattern(50, probability=0.5, seed=0)


def test_probability_and_times_stop_after_so_many_hits():
    found = pattern(200, probability=0.5, seed=5, times=10)

    assert found.count("x") == 10
    assert found.rstrip("-") == pattern(200, probability=0.5, seed=5)[: len(found.rstrip("-"))]


def test_the_words_go_together_with_a_probability():
    drawn = pattern(30, probability=0.5, seed=5)

    expected = [
        "x" if number > 3 and (number - 3) % 2 == 0 and drawn[number - 1] == "x" else "-" for number in range(1, 31)
    ]
    last = [place for place, one in enumerate(expected) if one == "x"][3]
    assert pattern(30, probability=0.5, seed=5, after=3, every=2) == "".join(expected)
    assert pattern(30, probability=0.5, seed=5, after=3, every=2, times=4) == (
        "".join(expected[: last + 1]) + "-" * (29 - last)
    )


def test_a_rule_is_not_counted_as_used_where_chance_or_times_keep_it_back():
    rule = on("NOOP", reply="451 no", probability=0.5, seed=5, times=2)
    Scripted(rule).say(*["NOOP"] * 30)

    assert (rule.asked, rule.hits) == (30, 2)


def rcpt(*names):
    return [f"RCPT TO:<{name}>" for name in names]


def test_counts_apart_for_each_recipient():
    rule = on("RCPT TO", per="recipient", times=1, reply="450 again")
    session = Scripted(rule)
    session.say(EHLO, MAIL)

    replies = session.say(*rcpt("b@example.com", "c@example.com", "b@EXAMPLE.com", "c@example.com", "B@example.com"))

    assert [reply[:3] for reply in replies.splitlines()] == ["450", "450", "250", "250", "450"]
    assert rule.hits == 3


def test_counts_apart_for_each_user():
    with SMTPMock(auth="any") as mock:
        mock.on("MAIL FROM", per="user", times=1, reply="450 again")
        replies = []
        for user in ("ann", "bob", "ann"):
            with SMTP(mock.host, mock.port) as client:
                client.login(user, "secret")
                replies.append(client.mail("a@example.com")[0])
    assert replies == [450, 450, 250]


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
    first = Scripted(rule)
    second = Scripted(beside=first)

    assert [session.say("NOOP")[:3] for session in (first, second, first, second, first)] == [
        *("250", "250", "451", "451", "250"),
    ]
    assert (rule.hits, rule.asked) == (2, 5)


def test_chance_is_drawn_apart_for_each_recipient_and_stops_apart():
    rule = on("RCPT TO", per="recipient", probability=0.5, times=2, reply="450 again")
    session = Scripted(rule)
    session.say(EHLO, MAIL)

    drawn = {
        name: "".join("-x"[reply[0] == "4"] for reply in session.say(*rcpt(*[name] * 20)).splitlines())
        for name in ("b@example.com", "c@example.com", "d@example.com")
    }

    assert [found.count("x") for found in drawn.values()] == [2, 2, 2]
    assert len(set(drawn.values())) == 3


def test_chance_for_each_session_is_the_same_in_every_run():
    def run():
        first = Scripted(on("NOOP", per="session", probability=0.5, reply="451 no"))
        return [session.say(*["NOOP"] * 20) for session in (first, Scripted(beside=first), Scripted(beside=first))]

    assert run() == run()
    assert len(set(run())) == 3


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
