"""A command line that came before is looked up, and answered as one that is read for the first time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpmock.protocol import command_line
from smtpmock.protocol.command_line import KNOWN
from tests.protocol.conversation import Conversation
from tests.protocol.scenario import shown
from tests.protocol.strategies import SESSIONS, SETTINGS, cut, thorough

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _nothing_is_known() -> Iterator[None]:
    KNOWN.clear()
    yield
    KNOWN.clear()


def outcome(pieces: list[bytes], settings: dict[str, object]) -> tuple[object, ...]:
    """All that a session does and leaves."""
    conversation = Conversation(**settings)
    replies = [conversation.send(piece) for piece in pieces if not conversation.closed]
    conversation.end()
    return replies, conversation.exchanges, [(shown(message), message.raw) for message in conversation.messages()]


@thorough
@given(st.data(), SESSIONS, SETTINGS, SETTINGS)
def test_a_known_line_is_answered_and_recorded_as_a_new_one(
    data: st.DataObject, session: bytes, settings: dict[str, object], others: dict[str, object]
) -> None:
    pieces = data.draw(cut(session))
    KNOWN.clear()
    expected = outcome(pieces, settings)
    outcome(session.splitlines(keepends=True), others)  # another server, with other settings, has read the same lines

    assert outcome(pieces, settings) == expected


def test_lines_of_clients_that_wait_and_of_those_that_do_not_are_remembered() -> None:
    conversation = Conversation()

    conversation.say("EHLO client.example")
    conversation.say("MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>")

    assert list(KNOWN) == [b"EHLO client.example\r\n", b"MAIL FROM:<a@example.com>\r\n", b"RCPT TO:<b@example.com>\r\n"]


@pytest.mark.parametrize(
    "line",
    [
        b"NOOP\n",  # which is a violation
        b"NOOP\r\r\n",
        b"NOOP \xff\r\n",  # whose bytes the record keeps
        b"UNKNOWN\r\n",
        b"VRFY b@example.com\r\n",  # which another server may not offer
        b"NOOP %b\r\n" % (b"x" * 510),
    ],
)
def test_a_line_that_needs_a_second_look_is_not_remembered(line: bytes) -> None:
    conversation = Conversation(extensions=["VRFY"])

    conversation.send(line)

    assert KNOWN == {}


def test_credentials_are_not_remembered() -> None:
    conversation = Conversation(auth="any")
    conversation.say("EHLO client.example")

    assert conversation.say("AUTH PLAIN AGEAYg==").startswith("235 ")
    assert conversation.say("AUTH LOGIN", "YQ==", "Yg==")

    assert list(KNOWN) == [b"EHLO client.example\r\n"]


def test_a_known_line_within_a_login_is_a_response() -> None:
    conversation = Conversation(auth="any")
    conversation.say("EHLO client.example", "NOOP")
    assert conversation.say("AUTH LOGIN").startswith("334 ")

    assert conversation.say("NOOP").startswith("334 ")  # it is base64


def test_a_known_line_at_the_end_of_one_that_is_too_long_is_a_part_of_it() -> None:
    conversation = Conversation()
    conversation.say("NOOP")
    conversation.send(b"x" * 20_000)

    assert conversation.say("NOOP") == "500 Line too long\r\n"


def test_a_known_line_within_a_message_is_a_part_of_it() -> None:
    conversation = Conversation()
    conversation.say("EHLO client.example", "NOOP", "MAIL FROM:<a@b>", "RCPT TO:<b@c>", "DATA")

    assert conversation.say("NOOP") == ""
    assert conversation.say(".") == "250 Received\r\n"


def test_the_number_of_lines_that_are_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_line, "_MOST_REMEMBERED", 10)
    conversation = Conversation()
    conversation.say("EHLO client.example")

    for number in range(25):
        conversation.say(f"RCPT TO:<b{number}@example.com>")
        assert len(KNOWN) <= 10
    assert KNOWN
