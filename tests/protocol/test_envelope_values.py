"""Values of the envelope: the name in HELO, the sender, all recipients that were accepted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.protocol.conversation import Conversation


def left(*lines: str, **settings: Any) -> Any:
    conversation = Conversation(**settings)
    conversation.say("EHLO client.example", *lines)
    if conversation.exchanges[-1].reply.startswith("354"):
        conversation.message(b"x\r\n")
    conversation.end()
    return conversation.messages()[-1]


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize(
    ("rcpts", "recipients"),
    [
        ([], ()),
        (["<b@example.com>"], ("b@example.com",)),
        (
            ["<b@example.com>", "C <c@example.com>", "d@Example.COM"],
            ("b@example.com", "c@example.com", "d@Example.COM"),
        ),
        (["<b@example.com>", "<no@example.com>", "<c@example.com>"], ("b@example.com", "c@example.com")),
        (["<no@example.com>", "<b@example.com>"], ("b@example.com",)),
        (["<b>", "<bad@example.com>", "<@r:Postmaster@b>", "<POSTMASTER>"], ("Postmaster@b", "POSTMASTER")),
        (["<b@example.com>", "<b@example.com>"], ("b@example.com", "b@example.com")),
    ],
)
def test_recipients_are_all_that_were_accepted(rcpts: list[str], recipients: tuple[str, ...], many: bool) -> None:
    record = left(
        *("MAIL FROM:<a@example.com>", *(f"RCPT TO:{rcpt}" for rcpt in rcpts), "DATA"),
        multiple_rcptto=many,
        not_registered_emails=["no@example.com"],
        blacklisted_rcptto_emails=["bad@example.com"],
    )

    assert record.recipients == recipients
    assert record.is_consistent == bool(recipients)


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("command", ["RSET", "MAIL FROM:<z@example.com>", "EHLO again.example"])
def test_recipients_are_forgotten_with_their_transaction(command: str, many: bool) -> None:
    record = left("MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>", command, multiple_rcptto=many)

    assert record.recipients == ()
    assert record.sender == ("z@example.com" if command.startswith("MAIL") else "")


def test_recipients_of_a_second_message_are_its_own() -> None:
    for settings in ({}, {"multiple_message_receiving": True}):
        conversation = Conversation(**settings).accepted()
        conversation.say("MAIL FROM:<a@example.com>", "RCPT TO:<c@example.com>", "DATA")
        conversation.message(b"two\r\n")
        assert conversation.messages()[-1].recipients == ("c@example.com",)


@pytest.mark.parametrize(
    ("path", "sender"), [("<>", ""), ("A <a@b>", "a@b"), ("<@r:a@b>", "a@b"), ("<bad@b>", "bad@b"), ("<b>", "b")]
)
def test_the_sender_is_that_of_mail_from_or_what_was_given_where_that_cannot_be_parsed(path: str, sender: str) -> None:
    assert left(f"MAIL FROM:{path}", blacklisted_mailfrom_emails=["bad@b"]).sender == sender


@pytest.mark.parametrize(("line", "name"), [("helo a.example", "a.example"), ("EHLO bad.example", ""), ("HELO", "")])
def test_the_helo_name_is_that_of_an_accepted_command(line: str, name: str) -> None:
    assert left(line, blacklisted_helo_domains=["bad.example"]).helo_name == name


def test_who_sent_it_and_when() -> None:
    [record] = Conversation().accepted().messages()

    assert (record.client, record.number) == ("192.0.2.1", 1)
    assert record.received_at.isoformat() == "2023-11-14T22:13:21+00:00"
