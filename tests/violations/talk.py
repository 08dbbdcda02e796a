"""The bytes of a client, and when it waits for a reply."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.raw_client import SECONDS, Client

if TYPE_CHECKING:
    from smtpmock import Message, Session, SMTPMock, Violation

EHLO = b"EHLO client.example.com\r\n"
MAIL = b"MAIL FROM:<a@example.com>\r\n"
RCPT = b"RCPT TO:<b@example.com>\r\n"
DATA = b"DATA\r\n"
RSET = b"RSET\r\n"
NOOP = b"NOOP\r\n"
QUIT = b"QUIT\r\n"

REQUIRED = (
    b"From: a@example.com\r\nDate: Sat, 01 Jan 2022 10:00:00 +0000\r\nMessage-ID: <1@example.com>\r\nSubject: hi\r\n"
)
CLEAN = REQUIRED + b"\r\nhello\r\n"


class Burst(NamedTuple):
    """Bytes that are sent at once, and how many replies are awaited after them."""

    data: bytes
    replies: int


def offer(mock: SMTPMock, *extensions: str) -> None:
    """Announces these extensions."""
    mock.on(
        "EHLO", reply=["250-mock.example.com", *(f"250-{name}" for name in extensions[:-1]), f"250 {extensions[-1]}"]
    )


def say(mock: SMTPMock, *steps: bytes | Burst) -> Session:
    """Sends the steps, waits for one reply after each, and closes the connection; returns the session when it ended."""
    with Client(mock, greeting=None) as client:
        client.read_reply()
        for step in steps:
            data, count = step if isinstance(step, Burst) else (step, 1)
            client.send_bytes(data)
            client.read_replies(count)
    return mock.wait_for_session(SECONDS)


def deliver(mock: SMTPMock, content: bytes, parameters: bytes = b"") -> Message:
    """Delivers what stands between the 354 and the end of data on the wire; everything else is without fault."""
    mail = b"MAIL FROM:<a@example.com>" + (b" " + parameters if parameters else b"") + b"\r\n"
    session = say(mock, EHLO, mail, RCPT, DATA, content + b".\r\n", QUIT)
    assert places(session.violations) == []
    return mock.message()


def places(violations: tuple[Violation, ...]) -> list[tuple[str, str]]:
    return [(found.code, found.where) for found in violations]


def named(rows: list[tuple[Any, ...]]) -> list[Any]:
    """The rows as parameters, each with its code and a number as a name."""
    counts: Counter[str] = Counter()
    parameters = []
    for row in rows:
        counts[row[0]] += 1
        parameters.append(pytest.param(*row, id=f"{row[0]}-{counts[row[0]]}"))
    return parameters
