"""Whatever a client sends, in whatever pieces: the same answers, the same records, and an answer to each line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpmock.protocol.connection import LONGEST_LINE
from tests.protocol.conversation import Conversation, stuffed
from tests.protocol.scenario import shown
from tests.protocol.strategies import SESSIONS, SETTINGS, cut, thorough


def outcome(pieces: list[bytes], settings: dict[str, object]) -> tuple[object, ...]:
    """All that a session does and leaves."""
    conversation = Conversation(**settings)
    replies = "".join([conversation.send(piece) for piece in pieces if not conversation.closed])
    closed = conversation.closed
    appeared = [message.number for message in conversation.messages()]
    conversation.end()
    records = [
        (shown(message), message.number, message.raw, message.sender, message.recipients, message.content)
        for message in conversation.messages()
    ]
    return replies, closed, conversation.delays, appeared, records, conversation.exchanges


@thorough
@given(st.data(), SESSIONS, SETTINGS)
def test_any_split_gives_the_same_answers_and_the_same_records(
    data: st.DataObject, session: bytes, settings: dict[str, object]
) -> None:
    pieces = data.draw(cut(session))

    assert outcome(pieces, settings) == outcome([session], settings)


@thorough
@given(SESSIONS.filter(lambda session: len(session) < 2000), SETTINGS)
def test_bytes_one_by_one_give_the_same_answers_and_the_same_records(
    session: bytes, settings: dict[str, object]
) -> None:
    single = [session[place : place + 1] for place in range(len(session))]

    assert outcome(single, settings) == outcome([session], settings)


LINES = st.binary(max_size=60).map(lambda line: line.replace(b"\n", b"")) | st.builds(
    lambda verb, rest: verb + rest.replace(b"\n", b""),
    st.sampled_from([b"HELO ", b"EHLO ", b"MAIL FROM:", b"RCPT TO:<", b"DATA ", b"RSET ", b"NOOP", b"QUIT ", b"\xff"]),
    st.binary(min_size=1, max_size=40),
)


@thorough
@given(st.lists(LINES, max_size=20))
def test_every_line_outside_a_message_is_answered_with_one_reply(lines: list[bytes]) -> None:
    conversation = Conversation()

    for line in lines:
        if conversation.closed:
            break
        reply = conversation.send(line + b"\n")
        assert (reply.count("\r\n"), reply[-2:], reply[3:4]) == (1, "\r\n", " ")
        assert reply[:3].isdigit()
        assert conversation.closed == (reply[:3] == "221")


@thorough
@given(st.lists(st.binary(max_size=200), max_size=30), SETTINGS)
def test_any_bytes_are_survived_and_the_session_can_go_on(pieces: list[bytes], settings: dict[str, object]) -> None:
    conversation = Conversation(**(settings | {"fail_fast": False}))

    for piece in pieces:
        if not conversation.closed:
            conversation.send(piece)
    if not conversation.closed:
        said = conversation.send(b"\r\n.\r\n\r\nNOOP\r\n")
        assert said.endswith("221 Closing connection\r\n" if conversation.closed else "250 Ok\r\n")
    conversation.end()
    assert (conversation.ended, conversation.closed) == (True, True)
    for message in conversation.messages():
        assert message.content.endswith(message.raw)
        assert shown(message)
        assert repr(message)


@thorough
@given(st.lists(st.sampled_from([b"x" * 5000, b"\r", b"\0" * 900, b"\n", b"NOOP\r\n"]), max_size=40))
def test_what_waits_for_its_line_end_stays_bounded(pieces: list[bytes]) -> None:
    connection = Conversation().connection

    for piece in pieces:
        connection.feed(piece, 0.0)
        assert len(connection._buffer) <= LONGEST_LINE


BODIES = st.lists(
    st.sampled_from([b".", b"..", b"\r\n", b"\r", b"\n", b"\r\n.", b"a", b"\xff\xfe", b"\r\n.\r\n", b"QUIT\r\n"])
    | st.binary(max_size=9),
    max_size=20,
).map(lambda parts: b"".join([*parts, b"\r\n"]))


@thorough
@given(BODIES, st.data())
def test_any_message_comes_back_exactly_after_dot_stuffing(body: bytes, data: st.DataObject) -> None:
    conversation = Conversation()
    conversation.say("EHLO c.example", "MAIL FROM:<a@b>", "RCPT TO:<b@c>", "DATA")

    replies = [conversation.send(piece) for piece in data.draw(cut(stuffed(body) + b".\r\n"))]

    assert "".join(replies) == "250 Received\r\n"
    [record] = conversation.messages()
    assert record.raw == body
    assert record.msg_request == body.decode("utf-8", "backslashreplace")


@thorough
@given(BODIES, st.integers(1, 60), st.data())
def test_a_message_over_the_limit_is_refused_once_however_it_comes(
    body: bytes, limit: int, data: st.DataObject
) -> None:
    conversation = Conversation(msg_size_limit=limit, msg_msg_size_is_too_big="552 too big")
    conversation.say("EHLO c.example", "MAIL FROM:<a@b>", "RCPT TO:<b@c>", "DATA")

    replies = [conversation.send(piece) for piece in data.draw(cut(stuffed(body) + b".\r\n"))]

    assert "".join(replies) == ("552 too big\r\n" if len(body) > limit else "250 Received\r\n")


@pytest.mark.uninstrumented
@pytest.mark.parametrize("line", [b"\n", b"NOOP\n", b"RSET\r\n", b"MAIL FROM:<a@b>\r\n"])
def test_many_short_lines_in_one_read_are_all_answered(line: bytes) -> None:
    count = 65_536 // len(line)

    assert Conversation().send(line * count).count("\r\n") == count


@pytest.mark.uninstrumented
def test_a_message_byte_by_byte_is_kept_whole() -> None:
    conversation = Conversation()
    conversation.say("EHLO c.example", "MAIL FROM:<a@b>", "RCPT TO:<b@c>", "DATA")
    content = b"0123456789abcdef\r\n..\r\n" * 10_000

    for byte in content:
        conversation.step(bytes([byte]))
    conversation.send(b".\r\n")

    assert conversation.messages()[0].raw == content.replace(b"..", b".")
