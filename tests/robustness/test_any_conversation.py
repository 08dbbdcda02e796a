"""Random bytes and conversations that go wrong: nothing raises, all is answered, all can be shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpmock import SMTPMock
from tests.long import LONG
from tests.raw_client import Client
from tests.robustness.driven import EVERYTHING, Driven, assert_harmless
from tests.robustness.strategies import CONVERSATIONS, SETTINGS, mutated, pieces_of, thorough


@thorough
@given(st.data(), mutated(), SETTINGS)
def test_a_conversation_that_goes_wrong_anywhere_is_survived(
    data: st.DataObject, said: bytes, settings: dict[str, object]
) -> None:
    session = Driven(**settings)

    session.feed_pieces(*data.draw(pieces_of(said)))

    session.end_session()


@thorough
@given(st.lists(st.binary(max_size=300), max_size=20), SETTINGS)
def test_random_bytes_are_survived(pieces: list[bytes], settings: dict[str, object]) -> None:
    session = Driven(**settings)

    session.feed_pieces(*pieces)

    session.end_session()


@thorough
@given(st.binary(max_size=600), st.sampled_from([b"", b"Content-Type: text/html\r\n", b"Subject: =?utf-8?b?"]))
def test_a_message_of_random_bytes_can_be_read_and_shown(body: bytes, head: bytes) -> None:
    session = Driven(**EVERYTHING)
    session.feed_pieces(b"EHLO c.example\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n")
    message = head + body

    assert session.feed_pieces(b"BDAT %d LAST\r\n" % len(message) + message) == b"250 2.6.0 Received\r\n"

    [record] = session.messages()
    assert record.raw == message
    session.end_session()


@pytest.mark.parametrize("name", [b"\xff" * 90, "\u202egnorw".encode(), "a\u2028b".encode(), b"\xc2\x9b31m"])
def test_an_address_that_is_no_text_is_shown_in_one_line(name: bytes) -> None:
    """Found by the fuzzer: what cannot be printed stood in the representation of a message."""
    session = Driven()
    session.feed_pieces(
        b"EHLO c.example\r\nMAIL FROM:<", name, b"@example.com>\r\nRCPT TO:<c", name, b"@example.com>\r\n"
    )

    session.end_session()


@pytest.mark.parametrize("kind", [b"m\x9aultipart/mixed", b'image/png"><b', b"text\x1b[31m/html"])
def test_an_attachment_of_a_type_that_is_none_is_shown_as_text_in_one_line(kind: bytes) -> None:
    """Found by the fuzzer: what cannot be printed stood in the representation of an attachment."""
    session = Driven(extensions=["CHUNKING"])
    session.feed_pieces(b"EHLO c.example\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n")
    mail = b"Content-Type: " + kind + b"\r\nContent-Disposition: attachment; filename=x\r\n\r\nhello\r\n"
    session.feed_pieces(b"BDAT %d LAST\r\n" % len(mail) + mail)

    [record] = session.messages()
    assert [found.content_type for found in record.attachments] == ["text/plain"]
    session.end_session()


def test_any_conversation_over_a_socket_leaves_a_server_that_serves() -> None:
    """Those of the recordings, end to end, mixed up by their places: no session stops another."""
    step = 1 if LONG else 9
    with SMTPMock(**EVERYTHING) as mock:
        for place in range(0, len(CONVERSATIONS), step):
            said = CONVERSATIONS[place][place % 17 :] + CONVERSATIONS[-place][: place * 7 % 90]
            with Client(mock, greeting=None) as client:
                client.send_bytes(said)
                client.half_close()
                answered = client.read_bytes()
                assert answered.startswith(b"220 Welcome\r\n")
                assert answered.endswith(b"\r\n")
        assert mock.errors == []
        sessions = mock.sessions()
        assert len(sessions) == len(range(0, len(CONVERSATIONS), step))
        assert all(session.ended_at for session in sessions)
        assert_harmless(sessions, mock.messages(accepted=None))
