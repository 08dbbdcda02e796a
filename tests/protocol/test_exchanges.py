"""The exchanges of a session: request, reply, setting, delay, stage, success."""

from __future__ import annotations

from typing import Any

import pytest

from smtpmock.protocol.actions import Add, Close, End, Keep, Wait
from smtpmock.records.exchange import Cause, Exchange
from smtpmock.rfc.replies import SESSION_TIMEOUT, SHUTTING_DOWN, Reply
from tests.protocol.conversation import Conversation
from tests.protocol.scenario import INVALID, REPLIES


def test_the_exchanges_of_a_session_show_all_that_was_said() -> None:
    conversation = Conversation(not_registered_emails=["no@example.com"])
    conversation.say(" ehlo client.example ", "FOO", "MAIL FROM:<a@example.com>", "RCPT TO:<no@example.com>", "DATA")
    conversation.say("RCPT TO:<b@example.com>", "data x", "DATA")
    conversation.message(b"hi\r\n")
    conversation.say("RSET x", "RSET", "NOOP x", "QUIT")

    said = [exchange._replace(timestamp=0.0, argument=None) for exchange in conversation.exchanges]
    assert [exchange.number for exchange in said] == list(range(1, len(said) + 1))
    assert [exchange._replace(number=0) for exchange in said] == [
        Exchange(request, reply or REPLIES[setting], 0.0, 0.0, accepted, stage, Cause(f"msg_{setting}"))
        for request, reply, setting, accepted, stage in (
            ("", "220 Welcome", "greeting", True, "connect"),
            ("ehlo client.example", "", "helo_received", True, "EHLO"),
            ("FOO", INVALID, "invalid_cmd", False, ""),
            ("MAIL FROM:<a@example.com>", "", "mailfrom_received", True, "MAIL FROM"),
            ("RCPT TO:<no@example.com>", "", "rcptto_not_registered_email", False, "RCPT TO"),
            ("DATA", "", "invalid_cmd_data_sequence", False, "DATA"),
            ("RCPT TO:<b@example.com>", "", "rcptto_received", True, "RCPT TO"),
            ("data x", "", "invalid_cmd", False, "DATA"),
            ("DATA", "", "data_received", True, "DATA"),
            ("", "", "msg_received", True, "message"),
            ("RSET x", "", "invalid_cmd_rset_arg", False, "RSET"),
            ("RSET", "", "rset_received", True, "RSET"),
            ("NOOP x", "", "noop_received", True, "NOOP"),
            ("QUIT", "", "quit_cmd", True, "QUIT"),
        )
    ]


def test_exchanges_of_erased_and_purged_records_remain() -> None:
    conversation = Conversation().accepted()
    conversation.purge()
    conversation.say("EHLO client.example", "MAIL FROM:<c@example.com>")

    assert [exchange.stage for exchange in conversation.exchanges] == [
        *("connect", "EHLO", "MAIL FROM", "RCPT TO", "DATA", "message", "EHLO", "MAIL FROM"),
    ]


def test_an_exchange_has_the_time_at_which_its_request_was_read() -> None:
    conversation = Conversation()
    conversation.step(b"NOOP\r\nNO", 10.5)
    conversation.step(b"OP\r\n", 20.25)

    assert [exchange.timestamp for exchange in conversation.exchanges[1:]] == [10.5, 20.25]
    assert conversation.exchanges[2].time.isoformat() == "1970-01-01T00:00:20.250000+00:00"


@pytest.mark.parametrize(("reply", "limit"), [(SHUTTING_DOWN, "shutdown"), (SESSION_TIMEOUT, "session-timeout")])
def test_what_the_server_says_unasked_is_an_exchange_without_request_and_setting(reply: Reply, limit: str) -> None:
    conversation = Conversation()
    conversation.say("EHLO client.example")

    found = conversation.done(conversation.connection.end(7.0, reply))

    assert [type(action) for action in found] == [Add, End, Close]
    assert conversation.exchanges[-1] == Exchange("", reply.text, 7.0, cause=Cause(limit=limit), number=3)


def test_the_texts_of_what_the_server_says_unasked() -> None:
    for reply, text in (
        (SHUTTING_DOWN, b"421 Service shutting down\r\n"),
        (SESSION_TIMEOUT, b"421 Session timeout\r\n"),
    ):
        conversation = Conversation()
        conversation.say("NOOP")
        *_, close = conversation.connection.end(0.0, reply)
        assert isinstance(close, Close)
        assert close.data == text


def test_the_server_says_nothing_after_the_end() -> None:
    conversation = Conversation()
    conversation.say("QUIT")

    assert conversation.connection.end(0.0, SHUTTING_DOWN) == []
    assert conversation.exchanges[-1].request == "QUIT"


DELAYS: list[tuple[str, bytes, bytes]] = [
    ("helo", b"EHLO x\r\n", b"250 Received\r\n"),
    ("helo", b"HELO x_x\r\n", REPLIES["invalid_cmd_helo_arg"].encode() + b"\r\n"),
    ("mailfrom", b"MAIL FROM:<a@b>\r\n", REPLIES["invalid_cmd_mailfrom_sequence"].encode() + b"\r\n"),
    ("rcptto", b"RCPT TO:<a@b>\r\n", REPLIES["invalid_cmd_rcptto_sequence"].encode() + b"\r\n"),
    ("data", b"DATA\r\n", REPLIES["invalid_cmd_data_sequence"].encode() + b"\r\n"),
    ("rset", b"RSET\r\n", REPLIES["invalid_cmd_rset_sequence"].encode() + b"\r\n"),
    ("noop", b"NOOP\r\n", b"250 Ok\r\n"),
]


@pytest.mark.parametrize(("stage", "line", "reply"), DELAYS)
def test_a_delay_comes_after_what_was_answered_and_before_its_reply(stage: str, line: bytes, reply: bytes) -> None:
    conversation = Conversation(**{f"response_delay_{stage}": 2.5})
    connection = conversation.connection

    first = conversation.step(b"FOO\r\n" + line + b"BAR\r\nBAZ\r\n")
    assert first == [f"{INVALID}\r\n".encode(), Wait(2.5), reply]
    assert connection.paused

    [rest] = conversation.step(b"")
    assert rest == f"{INVALID}\r\n{INVALID}\r\n".encode()
    assert not connection.paused
    assert [exchange.delay for exchange in conversation.exchanges] == [0.0, 0.0, 2.5, 0.0, 0.0]


def test_two_delays_in_a_row_are_two_pauses() -> None:
    conversation = Conversation(response_delay_noop=1)

    assert [type(action) for action in conversation.step(b"NOOP\r\nNOOP\r\n")] == [Wait, bytes]
    assert conversation.connection.paused
    assert [type(action) for action in conversation.step(b"")] == [Wait, bytes]
    assert not conversation.connection.paused
    assert conversation.step(b"") == []


def test_a_delayed_message_is_kept_before_its_reply() -> None:
    conversation = Conversation(response_delay_message=3)
    conversation.say("EHLO x", "MAIL FROM:<a@b>", "RCPT TO:<a@b>", "DATA")

    found = conversation.step(b"hi\r\n.\r\nNOOP\r\n")

    assert [type(action) for action in found if not isinstance(action, Keep)] == [Wait, bytes]
    assert next(index for index, action in enumerate(found) if isinstance(action, Keep)) < len(found) - 1
    assert conversation.connection.paused


def test_a_message_behind_a_delayed_data_is_read_after_the_delay() -> None:
    conversation = Conversation(response_delay_data=3)
    conversation.say("EHLO x", "MAIL FROM:<a@b>", "RCPT TO:<a@b>")

    assert [type(action) for action in conversation.step(b"DATA\r\nhi\r\n.\r\n")] == [Wait, bytes]
    assert [type(action) for action in conversation.step(b"")] == [Keep, bytes]


def test_a_delayed_quit_closes_after_its_reply() -> None:
    found = Conversation(response_delay_quit=0.5).step(b"NOOP\r\nQUIT\r\nNOOP\r\n")

    assert [type(action) for action in found if not isinstance(action, Add)] == [bytes, Wait, End, Close]
    assert found.index(next(action for action in found if isinstance(action, Add))) < len(found) - 2


def test_a_delayed_failure_closes_after_its_reply_with_fail_fast() -> None:
    conversation = Conversation(fail_fast=True, response_delay_mailfrom=1)

    found = conversation.step(b"MAIL FROM:<a@b>\r\nNOOP\r\n")

    assert [type(action) for action in found if not isinstance(action, Add)] == [Wait, End, Close]
    assert not conversation.connection.paused


def test_what_is_no_command_is_answered_at_once() -> None:
    every: dict[str, Any] = dict.fromkeys(
        (
            f"response_delay_{stage}"
            for stage in ["helo", "mailfrom", "rcptto", "data", "message", "rset", "noop", "quit"]
        ),
        9,
    )
    conversation = Conversation(**every)

    assert conversation.say("FOO", "", "QUIT x", "MAIL FROM", "RCPT <a@b>", "x" * 20_000) == f"{INVALID}\r\n" * 5 + (
        "500 Line too long\r\n"
    )
    assert conversation.delays == []
