"""Where every recipient and every message is kept: when the record of an attempt appears, and what it holds."""

from __future__ import annotations

from typing import Any

import pytest

from tests.protocol.conversation import Conversation

BOTH = {"multiple_rcptto": True, "multiple_message_receiving": True, "not_registered_emails": ["no@example.com"]}
HELO = "EHLO client.example"
MAIL = "MAIL FROM:<a@example.com>"
RCPT = "RCPT TO:<b@example.com>"
REFUSED = "RCPT TO:<no@example.com>"


def talk(*lines: str, **settings: Any) -> Conversation:
    conversation = Conversation(**{**BOTH, **settings})
    conversation.say(HELO, *lines)
    return conversation


def states(conversation: Conversation) -> list[str]:
    return [message.state for message in conversation.messages()]


@pytest.mark.parametrize("line", ["HELO x.example", "NOOP", "RSET", "QUIT", "VRFY bob", "FOO"])
def test_a_session_without_a_mail_leaves_no_record(line: str) -> None:
    conversation = talk(line)
    conversation.end()

    assert conversation.messages() == []
    assert conversation.exchanges[-1].request == line


@pytest.mark.parametrize("end", ["RSET", MAIL, HELO, "HELO client.example", "QUIT"])
@pytest.mark.parametrize(
    ("begun", "state"),
    [
        ([MAIL], "ended after MAIL FROM"),
        ([MAIL, REFUSED], "RCPT TO refused"),
        ([MAIL, RCPT], "ended after RCPT TO"),
        ([RCPT], "RCPT TO refused"),
        (["DATA"], "DATA refused"),
        (["MAIL FROM:nobody"], "MAIL FROM refused"),
    ],
)
def test_an_attempt_appears_when_it_is_over(begun: list[str], state: str, end: str) -> None:
    conversation = talk(*begun)
    assert conversation.messages() == []

    conversation.say(end)

    assert states(conversation) == [state]
    assert conversation.messages()[0].rset is (end == "RSET")


def test_an_attempt_appears_before_the_reply_that_ends_it() -> None:
    conversation = talk(MAIL)

    for line in (b"RSET\r\n", b"MAIL FROM:<c@example.com>\r\n", b"QUIT\r\n"):
        kinds = [type(action).__name__ for action in conversation.step(line)]
        assert kinds[0] == ("Add" if line != b"MAIL FROM:<c@example.com>\r\n" else "bytes")


def test_an_attempt_appears_at_starttls() -> None:
    conversation = talk(MAIL, "STARTTLS", tls="starttls")

    assert states(conversation) == ["ended after MAIL FROM"]


def test_an_attempt_appears_when_the_client_leaves() -> None:
    conversation = talk(MAIL, RCPT)

    conversation.end()

    assert states(conversation) == ["ended after RCPT TO"]


def test_a_refused_message_appears_before_its_reply_and_only_once() -> None:
    conversation = talk(MAIL, RCPT, "DATA", msg_size_limit=3)

    kinds = [type(action).__name__ for action in conversation.step(b"too long\r\n.\r\n")]

    assert kinds == ["Add", "bytes"]
    conversation.say("NOOP", "QUIT")
    [message] = conversation.messages()
    assert (message.state, message.noop, message.quit_sent) == ("message refused", True, True)


def test_a_second_try_after_a_refused_message_is_a_record_of_its_own() -> None:
    conversation = talk(MAIL, RCPT, "DATA", msg_size_limit=8)
    conversation.message(b"too long for it\r\n")
    conversation.say("DATA")

    assert conversation.message(b"short\r\n") == "250 Received\r\n"

    assert states(conversation) == ["message refused", "accepted"]
    assert [message.recipients for message in conversation.messages()] == [("b@example.com",)] * 2


def test_a_refused_recipient_stands_beside_the_accepted_ones() -> None:
    conversation = talk(MAIL, REFUSED, RCPT, "RCPT TO:<nonsense", "DATA")
    conversation.message(b"hello\r\n")

    [message] = conversation.messages()
    assert message.accepted
    assert message.recipients == ("b@example.com",)
    assert message.refused_recipients == ("no@example.com", "<nonsense")


def test_a_refused_attempt_names_its_sender_though_that_was_refused() -> None:
    conversation = talk(MAIL, RCPT, blacklisted_mailfrom_emails=["a@example.com"])
    conversation.end()

    [message] = conversation.messages()
    assert (message.sender, message.recipients, message.refused_recipients) == (
        *("a@example.com", ()),
        ("b@example.com",),
    )


@pytest.mark.parametrize("line", [RCPT, "DATA", "RSET", "NOOP", "QUIT", HELO, MAIL])
def test_nothing_takes_an_accepted_message_away(line: str) -> None:
    conversation = Conversation(**BOTH).accepted()
    before = conversation.messages()[0]

    conversation.say(line)
    conversation.end()

    after = conversation.messages()[0]
    assert (after.id, after.raw, after.accepted) == (before.id, before.raw, True)
    assert after.rcptto_request_response == before.rcptto_request_response
    assert (after.rset, after.noop, after.quit_sent) == (line == "RSET", line == "NOOP", line == "QUIT")


def test_a_recipient_after_an_accepted_message_stands_in_the_exchanges_only() -> None:
    conversation = Conversation(**BOTH).accepted()
    conversation.say(RCPT, "DATA")
    conversation.end()

    assert states(conversation) == ["accepted"]
    assert [exchange.reply[:3] for exchange in conversation.exchanges[-2:]] == ["503", "503"]


def test_an_attempt_that_has_not_appeared_survives_a_purge() -> None:
    conversation = talk(MAIL, RCPT)
    assert conversation.purge() == []

    conversation.say("RSET")

    assert states(conversation) == ["ended after RCPT TO"]


def test_a_purged_attempt_does_not_come_back() -> None:
    conversation = talk(MAIL, RCPT, "RSET")
    assert [message.state for message in conversation.purge()] == ["ended after RCPT TO"]

    conversation.say("NOOP", "RSET", "QUIT")

    assert conversation.messages() == []


def test_ids_are_never_used_twice() -> None:
    conversation = talk(MAIL, "RSET", MAIL, RCPT, "DATA")
    conversation.message(b"hello\r\n")
    conversation.say(MAIL, "QUIT")

    ids = [message.id for message in conversation.messages()]
    assert len(set(ids)) == len(ids) == 3
    assert all(id_.startswith(conversation.session.id) for id_ in ids)
