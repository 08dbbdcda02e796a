"""Which mail stands under which exchange: the one that completed it, even if another came in the same packet."""

from __future__ import annotations

import re

import pytest

from smtpmock import sessions_html
from tests.protocol.conversation import Conversation

BDAT = {"extensions": ["CHUNKING", "PIPELINING"], "multiple_rcptto": True, "multiple_message_receiving": True}
ENVELOPE = b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n"
HEAD = b"From: a@example.com\r\nDate: Sat, 01 Jan 2022 10:00:00 +0000\r\nMessage-ID: <1@example.com>\r\n"
# As long as each other, so that their commands are the same, too; each with a violation of its own.
FIRST = HEAD + b"Subject: first-mail\r\n\r\none\ntwo\r\n"
SECOND = HEAD + b"Subject: second-one\r\n\r\none\rtwo\r\n"


def chunk(content):
    return b"BDAT %d LAST\r\n" % len(content) + content


@pytest.fixture
def session():
    """A session in which two mails came in one packet."""
    conversation = Conversation(**BDAT)
    conversation.say("EHLO client.example.com")
    answered = conversation.send(ENVELOPE + chunk(FIRST) + ENVELOPE + chunk(SECOND))
    assert answered == "250 Received\r\n" * 6
    conversation.say("QUIT")
    return conversation.session


def test_only_their_numbers_tell_the_two_exchanges_apart(session):
    first, second = (message.end_of_data for message in session.messages)

    assert first._replace(number=second.number) == second
    assert second.number == first.number + 3


def test_both_stand_in_the_transcript_each_under_its_own_exchange(session):
    lines = [re.sub(r"^(?:\+\d\.\d{3}|\s+) ", "", line) for line in session.transcript().splitlines()]
    start = lines.index("C: MAIL FROM:<a@example.com>")

    assert [line for line in lines[start:] if line.startswith(("C:", "!"))] == [
        "C: MAIL FROM:<a@example.com>",
        "C: RCPT TO:<b@example.com>",
        f"C: BDAT {len(FIRST)} LAST",
        "! bare-lf",
        "C: MAIL FROM:<a@example.com>",
        "C: RCPT TO:<b@example.com>",
        f"C: BDAT {len(SECOND)} LAST",
        "! bare-cr",
        "C: QUIT",
    ]


def test_both_stand_in_the_page_each_under_its_own_exchange(session):
    page = sessions_html([session])

    said = [
        found[1] or found[2] or found[3]
        for found in re.finditer(r"<code>((?:BDAT|QUIT).*?)</code>|<summary>(\S+), \d+|smtpmock-wrong\">(.*?)<", page)
    ]
    assert said == [
        *(f"BDAT {len(FIRST)} LAST", "first-mail", "bare-lf"),
        *(f"BDAT {len(SECOND)} LAST", "second-one", "bare-cr"),
        "QUIT",
    ]


def test_one_that_was_purged_leaves_the_other_where_it_is():
    conversation = Conversation(**BDAT)
    conversation.say("EHLO client.example.com")
    conversation.send(ENVELOPE + chunk(FIRST) + ENVELOPE + chunk(SECOND))
    first, _ = conversation.messages()
    conversation.store.erase([first.id])

    page = sessions_html([conversation.session])
    assert "first-mail" not in page
    assert page.rindex("BDAT ") < page.index("<summary>second-one") < page.index("bare-cr")
