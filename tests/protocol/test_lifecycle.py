"""When a record appears, what can change it, and what a purge in the middle of a session leaves of it."""

from __future__ import annotations

from typing import Any

import pytest

from smtpmock.protocol.actions import Action, Add, Amend, Close, End, Erase, Keep
from tests import parity
from tests.protocol.conversation import Conversation
from tests.protocol.scenario import FIELDS, REPLIES, shown

BLANK: dict[str, Any] = dict.fromkeys(FIELDS, False) | {
    name: "" for name in FIELDS if name.endswith(("_request", "_response"))
}
BLANK["rcptto_request_response"] = []
HELO = {"helo": True, "helo_request": "EHLO client.example", "helo_response": "250 Received"}
MAIL = {"mailfrom": True, "mailfrom_request": "MAIL FROM:<a@example.com>", "mailfrom_response": "250 Received"}
RCPT = {"rcptto": True, "rcptto_request_response": [("RCPT TO:<b@example.com>", "250 Received")]}
DATA = {"data": True, "data_request": "DATA", "data_response": REPLIES["data_received"]}
NO_RCPT = {"rcptto_request_response": [("RCPT TO:<x@example.com>", REPLIES["invalid_cmd_rcptto_sequence"])]}
NO_DATA = {"data_request": "DATA", "data_response": REPLIES["invalid_cmd_data_sequence"]}
QUIT = {"quit_sent": True}
NEW_RCPT = {"rcptto": True, "rcptto_request_response": [("RCPT TO:<x@example.com>", "250 Received")]}
RCPTS = {
    "rcptto": True,
    "rcptto_request_response": [*RCPT["rcptto_request_response"], ("RCPT TO:<x@example.com>", "250 Received")],
}

SINGLE = parity.DEFAULTS
MANY = SINGLE | {"multiple_message_receiving": True}


def actions(conversation: Conversation, data: bytes) -> list[Action]:
    return conversation.step(data)


def kinds(found: list[Action]) -> list[type]:
    return [type(action) for action in found]


@pytest.mark.parametrize("settings", [SINGLE, MANY])
def test_an_accepted_message_is_kept_before_its_reply_is_sent(settings: dict[str, Any]) -> None:
    conversation = Conversation(**settings)
    conversation.say("EHLO client.example", "MAIL FROM:<a@b>", "RCPT TO:<b@c>", "DATA")

    found = actions(conversation, b"x\r\n.\r\n")

    assert kinds(found) == [Keep, bytes]
    assert isinstance(found[0], Keep)
    assert found[0].record.accepted


def test_what_a_session_ends_with_is_kept_before_its_221() -> None:
    assert kinds(actions(Conversation(), b"EHLO x\r\nQUIT\r\n")) == [Add, End, Close]


def test_what_a_session_ends_with_is_kept_before_fail_fast_answers() -> None:
    assert kinds(actions(Conversation(fail_fast=True), b"DATA\r\n")) == [Add, End, Close]


def test_a_quit_is_noted_on_an_accepted_message_before_its_221() -> None:
    conversation = Conversation().accepted()

    found = actions(conversation, b"QUIT\r\n")

    assert kinds(found) == [Amend, End, Close]
    assert isinstance(found[0], Amend)
    assert (found[0].record.quit_sent, found[0].record.accepted) == (True, True)


def test_an_accepted_message_is_erased_before_the_reply_that_erases_it() -> None:
    conversation = Conversation(**SINGLE).accepted()

    assert kinds(actions(conversation, b"RSET\r\n")) == [Erase, bytes]


def test_a_transaction_in_progress_is_no_record() -> None:
    conversation = Conversation()

    for line in ("EHLO client.example", "MAIL FROM:<a@b>", "RCPT TO:<b@c>", "DATA", "body"):
        conversation.say(line)
        assert conversation.messages() == []


@pytest.mark.parametrize("sent", ["", "EHLO client.exa", "\r"])
def test_a_connection_without_a_command_leaves_no_record(sent: str) -> None:
    conversation = Conversation()
    conversation.send(sent)

    assert kinds(conversation.done(conversation.connection.end(1.0))) == [End, Close]


@pytest.mark.parametrize("line", ["FOO", "NOOP", "QUIT", "RSET", "DATA x"])
def test_a_connection_with_a_command_leaves_a_record(line: str) -> None:
    conversation = Conversation()
    conversation.say(line)

    conversation.end()

    assert [message.is_consistent for message in conversation.messages()] == [False]


def test_a_session_ends_once() -> None:
    conversation = Conversation()
    conversation.say("EHLO client.example", "QUIT")

    assert conversation.connection.end(2.0) == []
    assert len(conversation.messages()) == 1


def test_what_was_returned_never_changes() -> None:
    conversation = Conversation().accepted()
    [before] = conversation.messages()
    taken = shown(before)

    conversation.say("NOOP", "QUIT")

    [after] = conversation.messages()
    assert shown(before) == taken
    assert (before.noop, before.quit_sent, after.noop, after.quit_sent) == (False, False, True, True)
    assert before.raw is after.raw
    assert before.number == after.number


def test_what_stands_in_place_of_an_erased_record_is_the_newest() -> None:
    conversation = Conversation(**SINGLE).accepted()
    [erased] = conversation.messages()

    assert conversation.say("MAIL FROM:<z@example.com>") == "250 Received\r\n"
    assert conversation.messages() == []
    conversation.end()

    [left] = conversation.messages()
    assert left.number > erased.number
    assert erased.is_consistent


def test_recipients_of_an_accepted_message_stay_when_one_is_added() -> None:
    conversation = Conversation(**SINGLE | {"multiple_rcptto": True}).accepted()

    conversation.say("RCPT TO:<c@example.com>")

    [record] = conversation.messages()
    assert record.recipients == ("b@example.com",)
    assert [request for request, _ in record.rcptto_request_response] == [
        "RCPT TO:<b@example.com>",
        "RCPT TO:<c@example.com>",
    ]


AFTER_A_PURGE: list[tuple[dict[str, Any], list[str], list[dict[str, Any]]]] = [
    *(
        (settings, lines, [])
        for settings in (SINGLE, MANY, SINGLE | {"multiple_rcptto": True})
        for lines in ([], ["RSET"], ["NOOP"], ["QUIT"], ["RSET", "NOOP", "QUIT"], ["RSET x"], ["FOO"], ["RSET", "RSET"])
    ),
    (SINGLE, ["EHLO client.example", "QUIT"], [HELO | QUIT]),
    (SINGLE, ["MAIL FROM:<a@example.com>"], [HELO | MAIL]),
    (SINGLE, ["RSET", "MAIL FROM:<a@example.com>", "QUIT"], [HELO | MAIL | QUIT]),
    (SINGLE, ["NOOP", "MAIL FROM:<a@example.com>"], [HELO | MAIL]),
    (SINGLE, ["RCPT TO:<x@example.com>"], [HELO | MAIL | NEW_RCPT]),
    (SINGLE, ["RSET", "RCPT TO:<x@example.com>"], [HELO | NO_RCPT]),
    (SINGLE, ["DATA"], [HELO | MAIL | RCPT | DATA]),
    (SINGLE, ["RSET", "DATA", "QUIT"], [HELO | NO_DATA | QUIT]),
    (SINGLE | {"multiple_rcptto": True}, ["RCPT TO:<x@example.com>", "QUIT"], []),
    (SINGLE | {"multiple_rcptto": True}, ["RCPT TO:<x@example.com>", "DATA"], [HELO | MAIL | RCPTS | DATA]),
    (MANY, ["EHLO client.example"], [HELO]),
    (MANY, ["MAIL FROM:<a@example.com>", "QUIT"], [HELO | MAIL | QUIT]),
    (MANY, ["RSET", "MAIL FROM:<a@example.com>"], [HELO | MAIL]),
    (MANY, ["RCPT TO:<x@example.com>"], []),
    (MANY, ["RSET", "RCPT TO:<x@example.com>"], []),
    (MANY, ["DATA", "QUIT"], []),
    (MANY | {"multiple_rcptto": True}, ["RCPT TO:<x@example.com>"], []),
]


@pytest.mark.parametrize(("settings", "lines", "left"), AFTER_A_PURGE)
def test_what_a_session_leaves_after_its_message_was_purged(
    settings: dict[str, Any], lines: list[str], left: list[dict[str, Any]]
) -> None:
    conversation = Conversation(**settings).accepted()
    assert [message.is_consistent for message in conversation.purge()] == [True]

    for line in lines:
        conversation.say(line)
        assert conversation.messages() == [] or conversation.ended
    conversation.end()

    assert [shown(message) for message in conversation.messages()] == [BLANK | fields for fields in left]


@pytest.mark.parametrize("settings", [SINGLE, MANY])
@pytest.mark.parametrize("lines", [[], ["RSET"], ["NOOP", "RSET", "NOOP"], ["EHLO client.example"]])
def test_a_second_message_after_a_purge_is_a_record_of_its_own(settings: dict[str, Any], lines: list[str]) -> None:
    conversation = Conversation(**settings).accepted()
    conversation.purge()
    conversation.say(*lines, "MAIL FROM:<n@example.com>", "RCPT TO:<b@example.com>", "DATA")

    assert conversation.message(b"new\r\n") == "250 Received\r\n"

    [record] = conversation.messages()
    assert (record.sender, record.raw, record.is_consistent, record.noop, record.rset) == (
        *("n@example.com", b"new\r\n"),
        *(True, False, False),
    )


@pytest.mark.parametrize("settings", [SINGLE, MANY])
@pytest.mark.parametrize("before", range(5))
def test_a_purge_takes_nothing_from_a_transaction_in_progress(settings: dict[str, Any], before: int) -> None:
    conversation = Conversation(**settings)
    steps = [
        *("EHLO client.example\r\n", "MAIL FROM:<a@example.com>\r\n", "RCPT TO:<b@example.com>\r\n", "DATA\r\n"),
        *("hel", "lo\r\n.\r\n"),
    ]
    conversation.send(*steps[: before + 1])
    assert conversation.purge() == []

    conversation.send(*steps[before + 1 :])

    assert [message.raw for message in conversation.messages()] == [b"hello\r\n"]


def test_a_purge_between_two_messages_takes_the_first_only() -> None:
    conversation = Conversation(**MANY).accepted(b"one\r\n")
    conversation.say("MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>")

    assert [message.raw for message in conversation.purge()] == [b"one\r\n"]
    conversation.say("DATA")
    conversation.message(b"two\r\n")
    conversation.say("RSET", "QUIT")

    assert [(message.raw, message.rset, message.quit_sent) for message in conversation.messages()] == [
        (b"two\r\n", True, True)
    ]


def test_recipients_after_a_purge_are_those_of_the_new_transaction() -> None:
    conversation = Conversation().accepted()
    conversation.purge()
    conversation.say("RCPT TO:<c@example.com>", "DATA")
    conversation.message(b"new\r\n")

    assert [message.recipients for message in conversation.messages()] == [("c@example.com",)]
