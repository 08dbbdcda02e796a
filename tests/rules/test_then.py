"""Events instead of a reply, or behind it, at each stage, and slow replies."""

from __future__ import annotations

import pytest

from smtpmock.protocol.actions import Add, Close, End, Keep, Reset, Wait
from tests.rules.scripted import CONTENT, EHLO, ENVELOPE, GARBAGE, GARBAGE_SHOWN, GO_AHEAD, MAIL, OK, RCPT, Scripted, on

STEPS = {
    "HELO": ((), "HELO client.example", OK),
    "EHLO": ((), EHLO, OK),
    "MAIL FROM": ((EHLO,), MAIL, OK),
    "RCPT TO": ((EHLO, MAIL), RCPT, OK),
    "DATA": (ENVELOPE, "DATA", GO_AHEAD),
    "message": ((*ENVELOPE, "DATA"), "hello\r\n.", OK),
    "RSET": ((EHLO,), "RSET", "250 Ok\r\n"),
    "NOOP": ((), "NOOP", "250 Ok\r\n"),
    "QUIT": ((), "QUIT", "221 Closing connection\r\n"),
}

at_each_stage = pytest.mark.parametrize("stage", STEPS)


def at(stage, **words):
    """A session under one rule, and what it answers at the rule's stage."""
    before, line, _ = STEPS[stage]
    session = Scripted(on(stage, **words))
    assert "5" not in [reply[0] for reply in session.say(*before).splitlines()]
    return session, session.say(line)


def outcome(session):
    return session.last.stage, session.last.reply, session.last.then, session.last.setting, session.last.accepted


@at_each_stage
@pytest.mark.parametrize(("then", "ending"), [("close", Close), ("reset", Reset)])
def test_connection_ends_without_a_reply(stage, then, ending):
    session, said = at(stage, then=then)

    assert said == ""
    assert outcome(session) == (stage, "", then, None, stage == "message")
    assert [type(action) for action in session.actions[-2:]] == [End, ending]
    assert session.connection.ended
    assert session.connection.feed(b"NOOP\r\n", 0.0) == []


@at_each_stage
def test_silence_holds_the_connection(stage):
    session, said = at(stage, then="silence")

    assert said == ""
    assert outcome(session) == (stage, "", "silence", None, stage == "message")
    assert session.say("NOOP", "QUIT", "MAIL FROM:<a@example.com>") == ""
    assert not session.ended
    assert session.last.then == "silence"
    assert session.connection.is_between_commands  # a stop has nothing to wait for
    session.end()
    assert session.ended


@at_each_stage
def test_half_the_reply_then_the_end(stage):
    session, said = at(stage, then="half")
    whole = STEPS[stage][2].strip()

    assert said == whole[: len(whole) // 2]
    assert outcome(session) == (stage, said, "half", None, stage == "message")
    assert session.closed


@at_each_stage
def test_garbage_in_place_of_the_reply(stage):
    session, said = at(stage, then="garbage", times=1)

    assert said == GARBAGE
    assert outcome(session) == (stage, GARBAGE_SHOWN, "garbage", None, stage == "message")
    assert not session.ended
    assert session.say("NOOP").startswith("250 ")


@at_each_stage
@pytest.mark.parametrize(("reply", "accepted"), [("250 as told", True), ("451 as told", False)])
def test_reply_then_close(stage, reply, accepted):
    session, said = at(stage, reply=reply, then="close")

    assert said == f"{reply}\r\n"
    assert outcome(session) == (stage, reply, "close", None, accepted)
    assert session.closed


@at_each_stage
def test_half_of_a_reply_of_its_own(stage):
    session, said = at(stage, reply=["250-first", "250 second"], then="half")

    assert said == "250-first\r\n"
    assert session.closed


@at_each_stage
def test_accept_changes_nothing(stage):
    session, said = at(stage, then="accept")
    _, plain = at(stage, delay=0, reply=None, jitter=0.001, times=0)

    assert said == plain == STEPS[stage][2]
    assert session.last.then == "accept"
    assert session.last.accepted
    assert session.last.setting is not None


# At the greeting.


@pytest.mark.parametrize(
    ("words", "greeting", "closed"),
    [
        ({"then": "close"}, "", True),
        ({"then": "half"}, "220 W", True),
        ({"then": "garbage"}, GARBAGE, False),
        ({"then": "accept"}, "220 Welcome\r\n", False),
        ({"reply": "421 busy", "then": "close"}, "421 busy\r\n", True),
        ({"reply": "421 busy", "then": "half"}, "421 ", True),
        ({"delay": 2, "then": "close"}, "", True),
    ],
    ids=str,
)
def test_greeting(words, greeting, closed):
    session = Scripted(on("connect", **words))

    assert (session.greeting, session.closed) == (greeting, closed)
    assert session.delays == ([2] if "delay" in words else [])
    assert session.messages() == []  # a connection without a command leaves no record


def test_reset_at_the_greeting():
    session = Scripted(on("connect", then="reset"))

    assert (session.greeting, session.was_reset, session.connection.ended) == ("", True, True)


def test_silence_at_the_greeting():
    session = Scripted(on("connect", then="silence"))

    assert session.greeting == ""
    assert session.say(EHLO) == ""
    assert not session.ended


# In the middle of the message.


@pytest.mark.parametrize(("then", "ending"), [("close", Close), ("reset", Reset)])
def test_connection_ends_at_the_first_bytes_of_the_message(then, ending):
    session = Scripted(on("body", then=then))
    session.say(*ENVELOPE, "DATA")

    assert session.send(b"S") == ""
    assert [type(action) for action in session.performed[-3:]] == [Add, End, ending]
    [message] = session.messages()
    assert (message.is_consistent, message.data, message.msg, message.raw) == (False, True, False, b"")


def test_silence_at_the_first_bytes_of_the_message():
    session = Scripted(on("body", then="silence"))

    assert session.deliver() == ""
    assert session.say("NOOP") == ""
    session.end()
    [message] = session.messages()
    assert not message.is_consistent


def test_first_bytes_are_asked_once_for_each_message():
    rule = on("body", delay=1)
    session = Scripted(rule)
    session.say(*ENVELOPE, "DATA")
    for byte in CONTENT + b".\r\n":
        session.send(bytes([byte]))
    session.deliver()

    assert (rule.asked, rule.hits, session.delays) == (2, 2, [1, 1])


def test_accept_at_the_first_bytes_keeps_an_older_close_out():
    session = Scripted(on("body", then="close"), on("body", then="accept", times=1))

    assert session.deliver() == OK
    assert session.deliver() == ""
    assert session.closed


# The record of a message whose reply the client never sees.


@pytest.mark.parametrize("then", ["close", "reset", "silence", "half", "garbage"])
def test_message_is_kept_though_the_client_sees_no_reply(then):
    session = Scripted(on("message", then=then))
    session.deliver()

    [message] = session.messages()
    assert (message.msg_response, message.is_consistent, message.raw) == ("", True, CONTENT)
    session.end()
    assert [kept.raw for kept in session.messages()] == [CONTENT]


def test_message_is_kept_before_the_connection_ends():
    session = Scripted(on("message", then="close", delay=1))
    session.deliver()

    assert [type(action) for action in session.performed[-4:]] == [Keep, Wait, End, Close]


def test_message_that_the_settings_refuse_is_not_accepted_by_losing_the_reply():
    session = Scripted(on("message", then="close"), msg_size_limit=10)
    session.deliver()

    [message] = session.messages()
    assert (message.msg_response, message.is_consistent) == ("", False)


# Slowing down.


def test_drip_sends_the_reply_in_pieces_of_a_twentieth_of_a_second():
    session = Scripted(on("NOOP", drip=60))

    assert session.say("NOOP") == "250 Ok\r\n"
    sent = [action if isinstance(action, bytes) else action.seconds for action in session.performed[1:]]
    assert sent == [0.05, b"250", 0.05, b" Ok", 2 / 60, b"\r\n"]


def test_drip_of_less_than_a_byte_in_a_second():
    session = Scripted(on("NOOP", drip=0.5, times=1))

    assert session.say("NOOP", "NOOP") == "250 Ok\r\n250 Ok\r\n"
    assert session.delays == [2] * 8


def test_drip_follows_the_delay_and_concerns_one_reply_only():
    session = Scripted(on("NOOP", drip=160, delay=3, times=1))

    assert session.send("NOOP\r\nNOOP\r\n") == "250 Ok\r\n250 Ok\r\n"
    assert session.delays == [3, 0.05]


def test_drip_of_a_last_reply_comes_before_the_close():
    session = Scripted(on("QUIT", drip=1000))

    assert session.say("QUIT") == "221 Closing connection\r\n"
    assert session.closed
    assert len(session.delays) == 1


@pytest.mark.parametrize("stage", ["DATA", "body", "*"])
def test_throttle_reads_the_message_slowly_and_nothing_else(stage):
    session = Scripted(on(stage, throttle=200))
    session.say(*ENVELOPE, "DATA")
    assert session.delays == []

    assert session.message(b"x" * 95 + b"\r\n") == OK
    assert session.delays == [0.5]
    assert session.say("NOOP") == "250 Ok\r\n"
    assert session.delays == [0.5]


def test_throttle_asks_for_small_pieces_while_the_message_lasts():
    session = Scripted(on("DATA", throttle=200, times=1))
    usual = session.connection.read_size
    session.say(*ENVELOPE, "DATA")

    assert session.connection.read_size == 10
    session.message(CONTENT)
    assert session.connection.read_size == usual


def test_what_follows_a_slow_reply_is_answered_after_it():
    session = Scripted(on("NOOP", delay=2, times=1))

    assert session.send("NOOP\r\nRSET\r\nNOOP\r\n").splitlines() == [
        "250 Ok",
        "503 Bad sequence of commands. HELO should be the first",
        "250 Ok",
    ]
    assert session.delays == [2]
