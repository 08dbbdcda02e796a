"""SMTP smuggling: nothing but CRLF.CRLF ends a message, so that nothing in a message becomes a command."""

from __future__ import annotations

from itertools import product

import pytest

from smtpmock import SMTPMock
from tests.raw_client import Client
from tests.robustness.driven import EVERYTHING, Driven

_LINE_ENDS = (b"\r\n", b"\n", b"\r", b"\r\r\n", b"\n\r", b"\r\n\0", b"\0\r\n", b"\0")
_DOTS = (b".", b".\0", b"\0.", b". ", b"\t.", b"..", b"\xef\xbc\x8e", b"\x2e\x08")
ENDS = sorted(
    {
        before + dot + after
        for before, dot, after in product(_LINE_ENDS, _DOTS, _LINE_ENDS)
        if b"\r\n.\r\n" not in before + dot + after
    }
)
"""The sequences that are not the end of a message but may be taken for it."""

# By the names under which testing tools and advisories know them.
PUBLISHED = {
    "lf dot lf": b"\n.\n",
    "lf dot crlf": b"\n.\r\n",
    "crlf dot lf": b"\r\n.\n",
    "cr dot cr": b"\r.\r",
    "cr dot lf": b"\r.\n",
    "lf dot cr": b"\n.\r",
    "cr dot crlf": b"\r.\r\n",
    "crlf dot cr": b"\r\n.\r",
    "lf lf dot crlf": b"\n\n.\r\n",
    "lf lf dot cr crlf": b"\n\n.\r\r\n",
    "crlf nul dot crlf": b"\r\n\0.\r\n",
    "crlf dot nul crlf": b"\r\n.\0\r\n",
    "crlf nul dot cr": b"\r\n\0.\r",
    "crlf nul dot lf": b"\r\n\0.\n",
    "crlf cr dot crlf": b"\r\n\r.\r\n",
    "cr lf nul dot nul crlf": b"\r\n\0.\0\r\n",
}

_ENVELOPE = b"EHLO c.example\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n"
_SMUGGLED = b"MAIL FROM:<admin@example.com>\r\nRCPT TO:<c@example.com>\r\nDATA\r\nSubject: smuggled\r\n\r\nx"


def kept(content: bytes) -> bytes:
    """Return the part of a message that is kept: only the dot behind a CRLF is one of transparency."""
    return (b"\r\n" + content).replace(b"\r\n.", b"\r\n")[2:]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("size", [1, 7, 10_000], ids=lambda size: f"{size} bytes at a time")
def test_no_other_sequence_ends_a_message(end: bytes, size: int) -> None:
    session = Driven(multiple_message_receiving=True, **EVERYTHING)
    session.feed_pieces(_ENVELOPE, b"DATA\r\n")
    content = b"Subject: hi\r\n\r\nhello" + end + _SMUGGLED + b"\r\n"
    before = len(session.exchanges)

    pieces = [content[start : start + size] for start in range(0, len(content), size)]
    assert session.feed_pieces(*pieces) == b""

    assert session.feed_pieces(b".\r\n") == b"250 2.6.0 Received\r\n"
    [message] = session.messages()
    assert (message.sender, message.recipients) == ("a@example.com", ("b@example.com",))
    assert message.raw == kept(content)
    assert len(session.exchanges) == before + 1


@pytest.mark.parametrize("end", PUBLISHED.values(), ids=PUBLISHED)
def test_published_variant_over_a_socket_is_part_of_the_message(end: bytes) -> None:
    content = b"Subject: hi\r\n\r\nhello" + end + _SMUGGLED + b"\r\n"
    with SMTPMock(multiple_message_receiving=True) as mock:
        with Client(mock) as client:
            client.send_bytes(_ENVELOPE + b"DATA\r\n" + content + b".\r\nQUIT\r\n")
            replies = client.read_all()
        assert [reply[:3] for reply in replies] == ["250", "250", "250", "354", "250", "221"]
        [message] = mock.messages()
        assert (message.sender, message.recipients) == ("a@example.com", ("b@example.com",))
        assert message.raw == kept(content)


@pytest.mark.parametrize("end", PUBLISHED.values(), ids=PUBLISHED)
def test_published_variant_behind_a_dot_that_was_doubled_is_not_the_end_either(end: bytes) -> None:
    session = Driven(multiple_message_receiving=True)
    session.feed_pieces(_ENVELOPE, b"DATA\r\n")

    assert session.feed_pieces(end.replace(b".", b"..") + _SMUGGLED + b"\r\n.\r\n") == b"250 Received\r\n"

    assert len(session.messages()) == 1


@pytest.mark.parametrize("end", [*PUBLISHED.values(), b"\r\n.\r\n"], ids=[*PUBLISHED, "crlf dot crlf"])
def test_nothing_ends_a_chunk_but_its_size(end: bytes) -> None:
    session = Driven(**EVERYTHING)
    session.feed_pieces(_ENVELOPE)
    content = end + _SMUGGLED + end

    assert session.feed_pieces(b"BDAT %d LAST\r\n" % len(content) + content) == b"250 2.6.0 Received\r\n"

    [message] = session.messages()
    assert message.raw == content


def test_commands_behind_starttls_are_thrown_away() -> None:
    """Plain text that somebody injected before the handshake must not be taken for what came through it."""
    session = Driven(tls="starttls")
    session.feed_pieces(b"EHLO c.example\r\n")

    assert session.feed_pieces(b"STARTTLS\r\nMAIL FROM:<admin@example.com>\r\n") == b"220 Ready to start TLS\r\n"

    assert session.feed_pieces(b"EHLO c.example\r\n").startswith(b"250")
    assert [exchange.request for exchange in session.exchanges if "MAIL" in exchange.request] == []


@pytest.mark.parametrize("argument", ["<a@example.com\rRSET>", "<a@example.com\0>", "<a\x0bRSET@example.com>"])
def test_a_control_character_in_a_command_does_not_divide_it(argument: str) -> None:
    session = Driven()
    session.feed_pieces(b"EHLO c.example\r\n")

    assert (
        session.feed_pieces(f"MAIL FROM:{argument}\r\n".encode()) == b"501 MAIL FROM requires valid email address\r\n"
    )
