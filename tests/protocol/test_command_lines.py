"""Where a command line begins and ends, how long it may be, and what is recorded of it."""

import pytest

from smtpmock.protocol.connection import LONGEST_LINE
from tests.protocol.conversation import Conversation
from tests.protocol.scenario import INVALID


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r\r\n", b" \t\r\n", b"\x0b\x0c\r\n"])
@pytest.mark.parametrize("start", [b"", b" ", b"\t ", b"\r", b"\x0b"])
def test_a_line_is_stripped_of_white_space_and_ends_with_lf_or_crlf(start: bytes, end: bytes) -> None:
    conversation = Conversation()

    assert conversation.send(start + b"EHLO client.example" + end) == "250 Received\r\n"
    assert conversation.exchanges[-1].request == "EHLO client.example"


def test_cr_alone_ends_no_line() -> None:
    conversation = Conversation()

    assert conversation.send("NOOP\rNOOP\r") == ""
    assert conversation.send("\n") == "250 Ok\r\n"
    assert conversation.exchanges[-1].request == "NOOP\rNOOP"


@pytest.mark.parametrize("verb", ["HELO", "EHLO", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "QUIT"])
def test_a_command_is_recognised_by_its_whole_first_word(verb: str) -> None:
    conversation = Conversation()

    for line in (f"{verb}X", f"X{verb}", f"{verb}:", f"{verb[:3]}", f"{verb[:2]} {verb[2:]}", f"{verb}\0", f"\0{verb}"):
        assert (line, conversation.say(line)) == (line, f"{INVALID}\r\n")
    assert not conversation.closed


@pytest.mark.parametrize(
    "line", ["", " ", "\t\t", "VRFY a", "EXPN a", "HELP", "STARTTLS", "AUTH PLAIN", "BDAT 1 LAST", "é", "."]
)
def test_what_is_no_command_is_told_so(line: str) -> None:
    conversation = Conversation()

    assert conversation.say(line) == f"{INVALID}\r\n"
    assert conversation.exchanges[-1][:2] == (line.strip(), INVALID)


def test_lookalike_letters_make_no_command() -> None:
    assert Conversation().say("\uff31UIT", "R\u017fET") == f"{INVALID}\r\n" * 2


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_line_may_have_16384_bytes_with_its_end(end: bytes) -> None:
    conversation = Conversation()

    assert LONGEST_LINE == 16_384
    assert conversation.send(b"NOOP ".ljust(16_384 - len(end), b"x") + end) == "250 Ok\r\n"
    assert conversation.send(b"NOOP ".ljust(16_385 - len(end), b"x") + end) == "500 Line too long\r\n"
    assert conversation.send(b"NOOP" + end) == "250 Ok\r\n"


@pytest.mark.parametrize("size", [16_384, 16_385, 20_000, 300_000])
@pytest.mark.parametrize("piece", [1000, 16_384, 16_385, 300_001])
def test_a_longer_line_is_discarded_to_its_end_and_answered_once(size: int, piece: int) -> None:
    conversation = Conversation()
    data = b"QUIT " + b"x" * (size - 5) + b"\nNOOP\r\n"

    replies = [conversation.send(data[start : start + piece]) for start in range(0, len(data), piece)]

    assert "".join(replies) == "500 Line too long\r\n250 Ok\r\n"
    assert not any(replies[: size // piece]), "answered before its end"


def test_a_line_that_is_discarded_takes_no_memory() -> None:
    conversation = Conversation()

    for _ in range(1000):
        assert conversation.send(b"x" * 10_000) == ""
        assert len(conversation.connection._buffer) <= 2 * LONGEST_LINE


def test_a_line_too_long_is_recorded_by_its_beginning_and_changes_nothing() -> None:
    conversation = Conversation(fail_fast=True).accepted()

    assert conversation.say("RSET " + "y" * 20_000) == "500 Line too long\r\n"

    exchange = conversation.exchanges[-1]
    assert exchange.request.startswith("RSET yyy")
    assert len(exchange.request) < 200
    assert (exchange.reply, exchange.setting, exchange.accepted) == ("500 Line too long", None, False)
    assert [message.is_consistent for message in conversation.messages()] == [True]


def test_a_line_too_long_that_never_ends_is_not_answered() -> None:
    conversation = Conversation()

    assert conversation.send("EHLO " + "x" * 50_000) == ""
    assert conversation.end() == ""
    assert conversation.messages() == []


def test_bytes_that_are_not_utf_8_are_escaped_in_what_is_recorded_and_kept_as_they_came() -> None:
    conversation = Conversation()

    conversation.send(b"NOOP caf\xe9 \xff\xfe\xc3\xa9\r\n")

    assert conversation.exchanges[-1].request == r"NOOP caf\xe9 \xff\xfeé"
    assert conversation.exchanges[-1].request_bytes == b"NOOP caf\xe9 \xff\xfe\xc3\xa9"


def test_a_domain_that_is_not_utf_8_is_refused_and_recorded_as_it_came() -> None:
    conversation = Conversation()

    assert conversation.send(b"EHLO m\xfcnchen.example\r\n").startswith("501 ")

    conversation.end()
    [record] = conversation.messages()
    assert record.helo_request == r"EHLO m\xfcnchen.example"
    assert conversation.exchanges[-1].request_bytes == b"EHLO m\xfcnchen.example"


@pytest.mark.parametrize("space", ["\x1c", "\xa0", "\u3000"])
def test_only_what_surrounds_a_line_counts_as_white_space_around_a_path(space: str) -> None:
    """A HELO name is refused with them, so they are no white space that is stripped."""
    conversation = Conversation()

    assert conversation.say(f"EHLO client.example{space}").startswith("501 ")
    conversation.say("EHLO client.example")
    assert conversation.say(f"MAIL FROM:{space}<a@example.com>").startswith("501 ")
    assert conversation.say(f"MAIL FROM:<a@example.com>{space}").startswith("501 ")


def test_what_follows_quit_is_not_answered() -> None:
    conversation = Conversation()

    assert conversation.send("NOOP\r\nQUIT\r\nNOOP\r\nEHLO x\r\n") == "250 Ok\r\n221 Closing connection\r\n"
    assert conversation.closed
    assert conversation.step(b"NOOP\r\n") == []
    assert [exchange.request for exchange in conversation.exchanges] == ["", "NOOP", "QUIT"]


def test_what_follows_a_failure_is_not_answered_with_fail_fast() -> None:
    conversation = Conversation(fail_fast=True)

    replies = conversation.send("EHLO x\r\nDATA\r\nMAIL FROM:<a@b>\r\nQUIT\r\n")

    assert replies == "250 Received\r\n503 Bad sequence of commands. DATA should be used after RCPT TO\r\n"
    assert (conversation.ended, conversation.closed) == (True, True)
    assert [message.quit_sent for message in conversation.messages()] == [False]
