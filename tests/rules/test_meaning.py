"""Rules together: the first example of the specification, layers, traces."""

from __future__ import annotations

from random import Random

import pytest

from tests.rules.scripted import CONTENT, EHLO, ENVELOPE, GO_AHEAD, MAIL, OK, RCPT, Scripted, on

BOB = "RCPT TO:<bob@example.com>"


def test_the_four_rules_of_the_example_work_together():
    greylist = on("RCPT TO", recipient="bob@example.com", times=2, reply="450 4.7.1 Greylisted, try again")
    drop = on("message", subject="Invoice*", then="close")
    legacy = on("EHLO", helo_name="legacy.*", reply=["250-old.example.com", "250 SIZE 1000"])
    late = on("*", delay=0.05, jitter=0.01, seed=7)
    session = Scripted(greylist, drop, legacy, late)

    assert session.greeting == "220 Welcome\r\n"
    assert session.say("EHLO legacy.example.com") == "250-old.example.com\r\n250 SIZE 1000\r\n"
    assert session.say(EHLO) == OK
    assert session.say(MAIL) == OK
    assert [session.say(BOB), session.say(BOB), session.say(BOB), session.say(RCPT)] == [
        "450 4.7.1 Greylisted, try again\r\n",
        "450 4.7.1 Greylisted, try again\r\n",
        OK,
        OK,
    ]
    assert session.say("DATA") == GO_AHEAD
    assert session.message(CONTENT) == ""
    assert session.closed
    chance = Random(7)
    # The greeting, eight commands, the first bytes of the message, its end.
    assert session.delays == [0.05 + chance.uniform(-0.01, 0.01) for _ in range(11)]
    deciding = [None, legacy, None, None, greylist, greylist, None, None, None, drop]
    assert [exchange.rule for exchange in session.exchanges] == [rule and str(rule) for rule in deciding]
    assert [exchange.cause.rule_id for exchange in session.exchanges] == [rule.id if rule else "" for rule in deciding]
    assert [rule.hits for rule in (greylist, drop, legacy, late)] == [2, 1, 1, 11]


# Layers.


def test_delays_of_matching_rules_and_of_the_settings_add_up():
    session = Scripted(
        on("*", delay=1), on("NOOP", delay=2), on("NOOP", delay=4, reply="250 slow"), response_delay_noop=8
    )

    assert session.say("NOOP") == "250 slow\r\n"
    assert session.delays == [1, 15]
    assert session.last.delay == 15


def test_slowest_drip_holds():
    session = Scripted(on("NOOP", drip=100), on("NOOP", drip=20), on("NOOP", drip=50))

    assert session.say("NOOP") == "250 Ok\r\n"
    assert session.delays == [0.05] * 8  # a byte at a time


def test_slowest_throttle_holds():
    session = Scripted(on("body", throttle=100), on("body", throttle=20), on("body", throttle=50))

    assert session.deliver(b"1234567\r\n") == OK
    assert session.delays == [12 / 20]


@pytest.mark.parametrize(("at_data", "at_body"), [(100, 20), (20, 100)])
def test_slowest_throttle_holds_for_a_message_whatever_the_stages(at_data, at_body):
    session = Scripted(on("DATA", throttle=at_data), on("body", throttle=at_body))

    assert session.deliver(b"1234567\r\n") == OK
    assert session.delays == [12 / 20]


def test_throttle_of_a_refused_data_does_not_wait_for_the_next():
    session = Scripted(on("DATA", throttle=20, times=1))

    assert session.say(EHLO, MAIL, "DATA").splitlines()[2].startswith("503 ")
    session.say(RCPT, "DATA")
    assert session.message(b"1234567\r\n") == OK
    assert session.delays == []


def test_newest_of_two_deciding_rules_decides():
    old, new = on("NOOP", reply="250 old"), on("NOOP", reply="250 new")
    session = Scripted(old, new)

    assert session.say("NOOP") == "250 new\r\n"
    assert session.last.cause.rule_id == new.id


def test_newest_decides_whichever_of_both_is_for_all_stages():
    assert Scripted(on("*", reply="250 all"), on("NOOP", reply="250 one")).say("NOOP") == "250 one\r\n"
    assert Scripted(on("NOOP", reply="250 one"), on("*", reply="250 all")).say("NOOP") == "250 all\r\n"


def test_older_deciding_rule_is_not_asked_and_its_delay_does_not_apply():
    old = on("NOOP", reply="250 old", delay=5, times=1)
    new = on("NOOP", reply="250 new", times=2)
    session = Scripted(old, new)

    assert session.say("NOOP", "NOOP") == "250 new\r\n" * 2
    assert (old.asked, old.hits, session.delays) == (0, 0, [])
    assert session.say("NOOP", "NOOP") == "250 old\r\n250 Ok\r\n"
    assert (old.hits, new.hits, session.delays) == (1, 2, [5])


@pytest.mark.parametrize("words", [{"delay": 3}, {"jitter": 0.5, "delay": 3}, {"drip": 1}])
def test_rule_that_only_slows_down_applies_under_a_newer_one_that_decides(words):
    slow = on("NOOP", **words)
    session = Scripted(slow, on("NOOP", reply="250 new"))

    assert session.say("NOOP") == "250 new\r\n"
    assert slow.hits == 1
    assert sum(session.delays) > 2


def test_used_up_rule_is_passed_over():
    session = Scripted(on("NOOP", reply="250 old"), on("NOOP", times=1, reply="250 new", delay=1))

    assert session.say("NOOP", "NOOP") == "250 new\r\n250 old\r\n"
    assert session.delays == [1]


def test_rule_whose_condition_fails_is_passed_over():
    rcpt = on("RCPT TO", recipient="c@example.com", reply="550 no", delay=1)
    session = Scripted(on("RCPT TO", reply="251 forwarded"), rcpt)

    assert session.say(*ENVELOPE) == OK * 2 + "251 forwarded\r\n"
    assert (rcpt.asked, rcpt.hits, session.delays) == (1, 0, [])


def test_accept_leaves_the_reply_to_the_settings_and_keeps_older_rules_out():
    late, refuse = on("NOOP", delay=2), on("NOOP", reply="451 later")
    accept = on("NOOP", then="accept", times=1)
    newest = on("NOOP", delay=1)
    session = Scripted(late, refuse, accept, newest)

    assert session.say("NOOP") == "250 Ok\r\n"
    assert (session.last.rule, session.last.setting, session.last.accepted) == (str(accept), "msg_noop_received", True)
    assert (late.asked, refuse.asked, session.delays) == (0, 0, [1])
    assert session.say("NOOP") == "451 later\r\n"
    assert session.delays == [1, 3]


def test_accept_makes_an_exception_from_a_rule_for_all():
    session = Scripted(
        on("RCPT TO", recipient="*@example.com", reply="550 closed"),
        on("RCPT TO", recipient="b@example.com", then="accept"),
    )
    session.say(EHLO, MAIL)

    assert session.say(BOB, RCPT) == "550 closed\r\n" + OK


def test_accept_does_not_accept_what_the_settings_refuse():
    session = Scripted(on("RCPT TO", then="accept"), not_registered_emails=["b@example.com"])

    assert session.say(*ENVELOPE) == OK * 2 + "550 User not found\r\n"
    assert session.last.setting == "msg_rcptto_not_registered_email"


def test_rule_for_all_stages_is_asked_of_what_is_no_command():
    session = Scripted(on("*", reply="421 busy", after=1))

    assert session.say("FOO") == "421 busy\r\n"


@pytest.mark.parametrize("words", [{"reply": "451 busy"}, {"then": "garbage"}, {"then": "half"}])
def test_rule_for_all_stages_that_answers_is_not_asked_where_nothing_is_answered(words):
    rule = on("*", after=5, times=1, **words)  # the greeting and four commands are let pass
    session = Scripted(rule)
    session.say(*ENVELOPE)

    assert session.say("DATA") == GO_AHEAD
    assert session.send(b"hello\r\n") == ""
    assert not session.closed
    assert rule.hits == 0
    session.send(b".\r\n")
    assert (session.last.stage, session.last.rule, rule.hits) == ("message", str(rule), 1)


def test_rule_for_all_stages_closes_in_the_message_too():
    session = Scripted(on("*", after=5, times=1, then="close"))
    session.say(*ENVELOPE, "DATA")

    assert session.send(b"hello\r\n") == ""
    assert session.closed


# Traces.


def test_exchange_names_the_rule_or_the_setting():
    rule = on("RCPT TO", reply="550 no", times=1)
    session = Scripted(rule)
    session.say(*ENVELOPE, RCPT, "FOO")

    assert [(exchange.rule, exchange.setting) for exchange in session.exchanges] == [
        (None, "msg_greeting"),
        (None, "msg_helo_received"),
        (None, "msg_mailfrom_received"),
        (str(rule), None),
        (None, "msg_rcptto_received"),
        (None, "msg_invalid_cmd"),
    ]


def test_rule_that_only_slows_down_leaves_the_reply_to_the_setting():
    session = Scripted(on("NOOP", delay=1, drip=1000))
    session.say("NOOP")

    assert (session.last.rule, session.last.setting, session.last.delay) == (None, "msg_noop_received", 1)


def test_exchange_shows_the_whole_reply_of_several_lines():
    session = Scripted(on("EHLO", reply=["250-old.example.com", "250 SIZE 1000"]))

    session.say(EHLO)

    assert session.last.reply == "250-old.example.com\n250 SIZE 1000"
    assert session.say("MAIL FROM:<a@example.com> SIZE=5") == OK  # what it announces can be used


def test_first_bytes_of_a_message_are_an_exchange_where_a_rule_decides_and_else_are_none():
    close, late = on("body", then="close"), on("body", delay=1)
    session, slow = Scripted(close), Scripted(late)
    session.deliver()
    slow.deliver()

    assert (session.last.stage, session.last.request, session.last.reply, session.last.rule) == (
        "body",
        "",
        "",
        str(close),
    )
    assert session.last.then == "close"
    assert "body" not in [exchange.stage for exchange in slow.exchanges]
    assert slow.delays == [1]


# Rules against the settings' own delays.


def test_jitter_never_makes_a_wait_negative():
    session = Scripted(on("NOOP", delay=0.001, jitter=1, seed=3))
    session.say(*["NOOP"] * 50)

    assert all(0 < delay <= 1.001 for delay in session.delays)
    assert 0 < len(session.delays) < 50  # some were cut to nothing, which is no wait


def test_jitter_is_the_same_for_the_same_seed_and_another_for_another():
    def delays(seed):
        session = Scripted(on("NOOP", delay=1, jitter=0.5, seed=seed))
        session.say(*["NOOP"] * 10)
        return session.delays

    assert delays(1) == delays(1)
    assert delays(1) != delays(2)
    assert len(set(delays(1))) == 10
