"""The message after DATA: where it ends, which dots are removed, how much is kept."""

import tracemalloc

import pytest

from smtpmock.protocol.body import Body
from tests.protocol.conversation import Conversation

NO_END = (
    *(b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\r\n.\r\r\n", b"\r\n. \r\n", b"\r\n..\r\n"),
    *(
        b"\r\n.x\r\n",
        b"\r\n .\r\n",
        b"x.\r\n",
        b"\n\n.\n\n",
        b"\r\n\0.\r\n",
        b"\r\r\n\r.\r\n",
        b".\n",
        b".\r",
        b"..\r\n",
        b". \r\n",
    ),
)


def in_data(**settings: object) -> Conversation:
    conversation = Conversation(**settings)
    conversation.say("EHLO client.example", "MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>", "DATA")
    return conversation


@pytest.mark.parametrize("piece", NO_END)
@pytest.mark.parametrize("start", [b"", b"x"])
def test_only_a_line_of_one_dot_between_crlfs_ends_the_message(start: bytes, piece: bytes) -> None:
    conversation = in_data()

    assert conversation.send(start + piece + b"QUIT\r\n") == ""
    assert conversation.send(b"\r\n.\r\n") == "250 Received\r\n"

    expected = (b"\r\n" + start + piece + b"QUIT\r\n\r\n").replace(b"\r\n.", b"\r\n")[2:]
    assert [message.raw for message in conversation.messages()] == [expected]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b"", b""),
        (b"..\r\n", b".\r\n"),
        (b".a\r\n", b"a\r\n"),
        (b"...\r\n..a\r\n.b.\r\n", b"..\r\n.a\r\nb.\r\n"),
        (b"a\n.b\n..c\r\n", b"a\n.b\n..c\r\n"),
        (b"a\r.b\r..c\r\n", b"a\r.b\r..c\r\n"),
        (b"\n..a\r\n", b"\n..a\r\n"),
        (b"\r\n..\r\n..\r\n", b"\r\n.\r\n.\r\n"),
        (b"a\r\r\n..b\r\n", b"a\r\r\n.b\r\n"),
        (b".\r.\r\n", b"\r.\r\n"),
        (bytes(range(256)) + b"\r\n", bytes(range(256)) + b"\r\n"),
    ],
)
def test_only_a_dot_after_crlf_is_transparency(sent: bytes, kept: bytes) -> None:
    conversation = in_data()

    assert conversation.send(sent + b".\r\n") == "250 Received\r\n"
    assert [message.raw for message in conversation.messages()] == [kept]


def test_bytes_that_are_not_utf_8_are_exact_in_raw_and_escaped_in_text() -> None:
    conversation = Conversation().accepted(b"caf\xe9 \xff \xc3\xa9\0\r\n")

    [record] = conversation.messages()
    assert record.raw == b"caf\xe9 \xff \xc3\xa9\0\r\n"
    assert record.msg_request == "caf\\xe9 \\xff é\0\r\n"


def test_commands_behind_the_end_of_data_are_answered_after_it() -> None:
    assert in_data().send(b"x\r\n.\r\nNOOP\r\nQUIT\r\n") == "250 Received\r\n250 Ok\r\n221 Closing connection\r\n"


def test_a_long_line_in_a_message_is_no_command_line() -> None:
    conversation = in_data()

    assert conversation.send(b"x" * 100_000, b"\r\n.\r\n") == "250 Received\r\n"
    assert len(conversation.messages()[0].raw) == 100_002


@pytest.mark.parametrize(
    ("content", "reply"),
    [
        (b"12345678\r\n", "250 Received"),
        (b".2345678\r\n", "250 Received"),
        (b".\r\n.\r\n.\r\n\n", "552 Message exceeded max size of 10 bytes"),
        (b"123456789\r\n", "552 Message exceeded max size of 10 bytes"),
        (b"\r\n\r\n\r\n\r\n\r\n", "250 Received"),
        (b"\r\n\r\n\r\n\r\n\r\n\r\n", "552 Message exceeded max size of 10 bytes"),
    ],
)
def test_the_limit_counts_the_bytes_that_are_meant(content: bytes, reply: str) -> None:
    if not content.endswith(b"\r\n"):
        content += b"\r\n"
    assert in_data(msg_size_limit=10).message(content) == f"{reply}\r\n"


def test_a_message_over_the_limit_is_read_to_its_end_and_answered_once() -> None:
    conversation = in_data(msg_size_limit=1000)

    for _ in range(50):
        assert conversation.send(b"QUIT\r\nRSET\r\n" * 100) == ""
    assert conversation.send(b".\r\nNOOP\r\n") == "552 Message exceeded max size of 1000 bytes\r\n250 Ok\r\n"

    assert conversation.messages() == []
    conversation.end()
    [record] = conversation.messages()
    assert (record.msg, record.raw, record.msg_request, record.is_consistent) == (False, b"", "", False)
    assert record.msg_response == "552 Message exceeded max size of 1000 bytes"


def test_after_a_message_over_the_limit_a_smaller_one_is_taken() -> None:
    conversation = in_data(msg_size_limit=10)

    assert conversation.message(b"too long for this\r\n").startswith("552 ")
    assert conversation.say("DATA").startswith("354 ")
    assert conversation.message(b"short\r\n") == "250 Received\r\n"
    assert [message.raw for message in conversation.messages()] == [b"short\r\n"]


def peak(limit: int, piece: int, total: int) -> int:
    """The most memory that a message takes from its first byte until it is kept."""
    body = Body(limit)
    # No two pieces are the same object, as it is with what a socket gives.
    tracemalloc.start()
    try:
        for _ in range(total // piece):
            body.feed(bytes(bytearray(b"x" * piece)))
        body.feed(b"\r\n.\r\n")
        body.content()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_message_over_the_limit_holds_no_more_than_the_limit() -> None:
    assert peak(limit=100_000, piece=4096, total=4_000_000) < 4 * 100_000


@pytest.mark.uninstrumented
@pytest.mark.parametrize("piece", [1, 2, 16, 1460])
def test_a_message_in_small_pieces_takes_a_few_times_its_size(piece: int) -> None:
    assert peak(limit=1_000_000, piece=piece, total=200_000) < 4 * 200_000


def test_a_client_that_leaves_in_a_message_leaves_a_record_without_it() -> None:
    conversation = in_data()
    conversation.send(b"half a mess")

    conversation.end()

    [record] = conversation.messages()
    assert (record.data, record.msg, record.raw, record.msg_response) == (True, False, b"", "")
