"""A mail, the conversation in which it is delivered, and how a program is run to deliver it."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.raw_client import SECONDS

if TYPE_CHECKING:
    from smtpmock import Message, SMTPMock

MESSAGE = (
    b"From: a@example.com\r\n"
    b"To: b@example.com\r\n"
    b"Subject: greetings\r\n"
    b"Date: Sat, 01 Jan 2022 10:00:00 +0000\r\n"
    b"Message-ID: <1@example.com>\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: 8bit\r\n"
    b"\r\n"
    b".a line that begins with a dot\r\n"
    b"Gr\xc3\xbc\xc3\x9fe\r\n"
    b".\r\n"
    b"\r\n"
    b"that was a lonely dot\r\n"
)

GREETING = ("", "220 Welcome")
EHLO = ("EHLO client.example.com", "250 Received")
MAIL = ("MAIL FROM:<a@example.com>", "250 Received")
RCPT_B = ("RCPT TO:<b@example.com>", "250 Received")
RCPT_C = ("RCPT TO:<c@example.com>", "250 Received")
RCPT_REFUSED = ("RCPT TO:<nobody@example.com>", "550 User not found")
DATA = ("DATA", "354 Ready for receive message. End data with <CR><LF>.<CR><LF>")
END_OF_DATA = ("", "250 Received")
QUIT = ("QUIT", "221 Closing connection")


def run(*command: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Runs a program to its end; the test is skipped where it is not installed."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    return subprocess.run(command, input=stdin, capture_output=True, timeout=SECONDS)


def conversation(mock: SMTPMock) -> list[tuple[str, str]]:
    """Return the conversation of the only session: each request with its reply."""
    [session] = mock.sessions()
    return [(exchange.request, exchange.reply) for exchange in session.exchanges]


def assert_envelope(message: Message, *recipients: str) -> None:
    """The message came from our sender, by the name that it gave, to exactly these recipients, and was accepted."""
    assert (message.sender, message.recipients, message.helo_name, message.accepted) == (
        "a@example.com",
        recipients,
        "client.example.com",
        True,
    )
