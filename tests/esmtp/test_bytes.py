r"""Requests that are not UTF-8: their texts show ``\xff``, their bytes are kept, and every text can be encoded."""

from __future__ import annotations

from base64 import b64encode

import pytest

from smtpmock import Rule
from tests.esmtp.talk import EHLO, MAIL, RCPT, Talk

EVERYTHING = {"extensions": "all", "auth": "any"}
CREDENTIALS = b64encode(b"\0b\xf6b\0s\xe9cret")
LINES = [
    b"EHLO m\xfcnchen.example",
    b"HELO \xff",
    b"MAIL FROM:<\xe9@example.com>",
    b"MAIL FROM:\xe9",
    b"MAIL FROM:<a@example.com> ENVID=\xe9",
    b"RCPT TO:<\xe9@example.com>",
    b"RCPT TO:<\xe9@example.com> NOTIFY=NEVER ORCPT=rfc822;\xe9",
    b"RCPT TO:\xe9",
    b"DATA \xe9",
    b"RSET \xe9",
    b"NOOP caf\xe9 \xff\xfe",
    b"VRFY \xe9",
    b"HELP \xe9",
    b"BDAT \xe9",
    b"AUTH \xe9",
    b"AUTH PLAIN \xe9",
    b"AUTH PLAIN " + CREDENTIALS,
    b"\xff\xfe",
    b"FOO \xe9",
    b"QUIT \xe9",
    b"NOOP \xc3\xa9 \xff",
    b"NOOP \xed\xa0\x80",
    b"NOOP " + b"\xe9" * 17_000,
]


def assert_text(value):
    """Fail if a text in it cannot be encoded in UTF-8."""
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, tuple | list | frozenset):
        for item in value:
            assert_text(item)
    elif isinstance(value, dict):
        assert_text([*value, *value.values()])


@pytest.mark.parametrize("line", LINES, ids=[repr(line[:40]) for line in LINES])
@pytest.mark.parametrize("before", [(), (EHLO,), (EHLO, MAIL), (EHLO, MAIL, RCPT)], ids=len)
def test_all_texts_can_be_encoded_and_the_bytes_are_there(line, before):
    seen = []
    conditions = ("argument", "sender", "recipient", "helo_name", "user")
    rules = [Rule("*", {condition: lambda value: seen.append(value), "delay": 1}) for condition in conditions]
    talk = Talk(*rules, **EVERYTHING)
    talk.say(*before)
    talk.send(line + b"\r\n")
    exchange = talk.exchanges[-1]
    talk.say(EHLO, MAIL, RCPT, "DATA", "hello", ".")
    talk.end()

    for one in talk.exchanges:
        assert_text([one.request, one.reply, one.argument, one.parameters, one.address, str(one.cause)])
    session = talk.session
    assert_text([seen, session.helo_name, session.user, session.attempts, session.transcript()])
    for message in talk.messages():
        assert_text([message.sender, message.recipients, message.refused_recipients, message.user, message.helo_name])
        assert_text([message.parameters, message.recipient_parameters, repr(message)])
    if line[:4] == b"AUTH":  # what may be credentials is not kept
        assert exchange.request_bytes == line.rpartition(b" ")[0] + b" (credentials)"
    elif len(line) < 1000:
        assert exchange.request_bytes == line
        assert exchange.request == line.decode("utf-8", "backslashreplace")
    else:
        assert len(exchange.request_bytes) < 1000
    talk_again = Talk(**EVERYTHING)
    talk_again.say(*before)
    talk_again.send(line + b"\r\n")
    assert talk_again.exchanges[-1].reply == exchange.reply


@pytest.mark.parametrize("line", ["NOOP", "noop caf\u00e9", "MAIL FROM:<\u00e9@example.com>", "FOO \\xff"])
def test_the_bytes_of_text_are_its_utf_8(line):
    talk = Talk()
    talk.send(f"  {line}\t\r\n")

    assert (talk.exchanges[-1].request, talk.exchanges[-1].request_bytes) == (line, line.encode())


def test_two_requests_with_the_same_text_are_told_apart_by_their_bytes():
    talk = Talk()
    talk.send(b"NOOP \xff\r\n", b"NOOP \\xff\r\n")

    one, other = talk.exchanges[1:]
    assert one.request == other.request
    assert (one.request_bytes, other.request_bytes) == (b"NOOP \xff", b"NOOP \\xff")


def test_the_bytes_of_one_request_are_not_those_of_the_next():
    talk = Talk(**EVERYTHING)
    talk.send(b"NOOP \xff\r\nNOOP\r\nAUTH \xff\r\nBDAT \xff\r\nVRFY \xff\r\nNOOP\r\n")

    assert [exchange.request_bytes for exchange in talk.exchanges[1:]] == [
        *(b"NOOP \xff", b"NOOP", b"AUTH (credentials)", b"BDAT \xff", b"VRFY \xff", b"NOOP")
    ]


def test_what_the_server_says_unasked_has_none():
    talk = Talk()
    talk.say(EHLO, MAIL, RCPT, "DATA", "hello", ".")

    assert [exchange.request_bytes for exchange in talk.exchanges if exchange.stage in ("connect", "message")] == [
        b"",
        b"",
    ]


def test_credentials_are_in_no_bytes():
    talk = Talk(**EVERYTHING)
    talk.send(f"{EHLO}\r\n", "AUTH LOGIN\r\n", "Yg==\r\n", b"\xff\r\n", b"AUTH LOGIN " + CREDENTIALS + b"\xff\r\n")

    assert b"\n".join(exchange.request_bytes for exchange in talk.exchanges[2:]) == (
        b"AUTH LOGIN\n(credentials)\n(credentials)\nAUTH LOGIN (credentials)"
    )
