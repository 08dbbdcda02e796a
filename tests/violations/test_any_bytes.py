"""Whatever arrives, the verdict is given: no bytes make it raise, and it can always be shown."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.generator import BytesGenerator
from email.headerregistry import Address, Group
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from io import BytesIO
from itertools import product

from hypothesis import example, given, settings
from hypothesis import strategies as st

from smtpmock import STANDARDS, Exchange
from smtpmock.conformance.conversation import session_violations
from smtpmock.records.session import Observation, Origin, SessionRecord
from smtpmock.reports.explanation import explain_violations
from smtpmock.reports.layout import WIDTH
from smtpmock.text import escape_controls
from tests.long import LONG
from tests.protocol.conversation import Conversation, stuffed

PIECES = st.sampled_from(
    [
        *(b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b";", b"<", b">", b"@", b"(", b")", b'"', b"\\", b"[", b"]", b"="),
        *(b"--b", b"--b--", b"\r\n.", b"\r\n\r\n", b"\x00", b"\xff", b"\xc3\xbc", b"==", b"=3D", b"\xed\xa0\x80"),
        *(b"From: ", b"Date: ", b"Message-ID: ", b"Bcc: ", b"Subject: ", b"MIME-Version: 1.0\r\n", b"a@example.com"),
        *(b"Content-Type: ", b"multipart/mixed; boundary=b", b"text/plain; charset=", b"utf-8", b"charset*0*=x''%FF"),
        *(b"Content-Transfer-Encoding: ", b"base64", b"quoted-printable", b"x-uuencode", b"Content-Disposition: "),
        *(
            b"attachment; filename*1*=x",
            b"message/rfc822",
            b"Sat, 01 Jan 2022 10:00:00 +0000",
            b"R3L832U=",
            b"unknown-8bit",
        ),
    ]
)
CONTENT = st.one_of(
    st.binary(max_size=200), st.lists(st.one_of(PIECES, st.binary(max_size=4)), max_size=60).map(b"".join)
)
LINES = st.one_of(
    st.binary(max_size=60),
    st.tuples(
        st.sampled_from(
            [b"EHLO ", b"HELO", b"MAIL FROM:", b"RCPT TO:", b"rcpt to: ", b"NOOP ", b"QUIT", b"DATA", b"AUTH "]
        ),
        st.lists(st.one_of(PIECES, st.binary(max_size=3)), max_size=8).map(b"".join),
    ).map(b"".join),
)


def assert_can_be_shown(violations):
    for found in violations:
        standard = STANDARDS[found.code]
        assert (found.rfc, found.text, found.level) == (standard.rfc, standard.text, standard.level)
        assert escape_controls(found.where) == found.where
        assert len(found.where) <= 130
        found.where.encode()  # no half characters
    shown = explain_violations([("x", found) for found in violations])
    assert all(len(line) <= WIDTH for line in shown.splitlines())


ORIGIN = Origin("s-1", 1, "192.0.2.1", 40000, "192.0.2.2", 0.0)


def exchange_of(line, reply, **facts):
    """An exchange with a request that may be no text."""
    request = line.decode("utf-8", "backslashreplace")
    return Exchange(request, reply, 0.0, octets=b"" if request.encode() == line else line, **facts)


def judged(content, parameters=""):
    conversation = Conversation()
    conversation.say(
        "EHLO client.example.com", f"MAIL FROM:<a@example.com>{parameters}", "RCPT TO:<b@example.com>", "DATA"
    )
    conversation.send(content + b"\r\n.\r\n")
    conversation.end()
    [message] = conversation.messages()
    return message.violations


@given(CONTENT)
@settings(max_examples=1000 if LONG else 300)
@example(b"Content-Type: multipart/mixed; boundary=\xed\xa0\x80\r\n\r\n--")
@example(b"Content-Type: text/plain; charset=\x00\r\n\r\n\xff")
@example(b"Content-Type: multipart/mixed; boundary=" + b'"\\' * 50_000)
@example(b"From: " + b"(" * 100_000)
@example(b"From: " + b'"(' * 50_000 + b"@")
@example(b"Message-ID: " + b"<" * 100_000)
@example(b"Message-ID: " + b"()" * 50_000)
@example(b"Date: " + b"1 " * 50_000)
@example(b"Date: " + b"()" * 50_000)
@example(b"Bcc: " + b"()," * 300)
@example(b" x\r\n" * 100_000)
@example(b"A:\r\n" + b" x\r\n" * 100_000)
@example(b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=" + b" " * 100_000 + b"x")
@example(b"Content-Transfer-Encoding: base64\r\n\r\n" + b"=" * 100_000)
def test_any_message_is_judged(content):
    assert_can_be_shown(judged(content))


@given(st.lists(LINES, max_size=8), st.sampled_from([b"\r\n", b"\n", b"\r\r\n"]))
@settings(max_examples=1000 if LONG else 300)
@example([b"EHLO " + b"[" * 16_000, b"MAIL FROM:" + b"<" * 16_000, b"NOOP" * 10_000], b"\r\n")
@example([b"AUTH\x1c"], b"\r\n")
def test_any_conversation_is_judged(lines, end):
    conversation = Conversation()
    for line in lines:
        if conversation.ended:
            break
        conversation.send(line + end)

    assert_can_be_shown(conversation.session.violations)


@given(st.lists(LINES, max_size=6), st.text(max_size=30), st.sampled_from([None, "", "a@example.com", "\\xff@b"]))
@settings(max_examples=300)
def test_any_exchanges_are_judged_whatever_was_answered(lines, reply, argument):
    stages = ("HELO", "EHLO", "MAIL FROM", "RCPT TO", "DATA", "")
    exchanges = [
        exchange_of(line, reply, number=number, stage=stage, argument=argument)
        for number, (line, stage) in enumerate(product(lines, stages), 1)
    ]

    record = SessionRecord(ORIGIN, 1.0, tuple(exchanges), observations=(Observation("no-quit"),))
    assert_can_be_shown(session_violations(record))


# What the standard library makes of any text is never accused of anything: it writes what it was told to.

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=80)
WORDS = st.text(st.sampled_from("abc äß€😀,.;:<>()\"'@="), min_size=1, max_size=40).map(str.strip)
NAMES = st.text(st.sampled_from("abcXYZ019-_."), min_size=1, max_size=12)
BODIES = st.lists(TEXT, max_size=6).map("\n".join)
CONTENT_TRANSFER = st.sampled_from([None, "7bit", "8bit", "quoted-printable", "base64"])
ADDRESSES = st.builds(
    lambda name, local: Address(name, local, "example.com"),
    WORDS,
    st.sampled_from(["ann", "ann.doe", "a b", 'a"b', "a<b", "a@b"]),
)
SENDERS = st.one_of(ADDRESSES, st.builds(lambda found: Group("Authors", (found,)), ADDRESSES))


@st.composite
def mails(draw):
    mail = EmailMessage(policy=SMTP)
    mail["From"] = draw(SENDERS)
    mail["To"] = draw(st.lists(ADDRESSES, min_size=1, max_size=4))
    mail["Subject"] = draw(WORDS)
    mail["Date"] = draw(st.datetimes())
    mail["Message-ID"] = f"<{draw(st.integers(0))}@example.com>"
    mail["X-Custom"] = draw(WORDS)
    text = draw(BODIES)
    encoding = draw(CONTENT_TRANSFER)
    if encoding == "7bit" and not text.isascii():
        encoding = "base64"
    mail.set_content(text, cte=encoding)
    if draw(st.booleans()):
        mail.add_alternative(draw(BODIES), subtype="html")
    for content in draw(st.lists(st.one_of(BODIES, st.binary(max_size=200)), max_size=3)):
        name = draw(st.one_of(NAMES, WORDS))
        if isinstance(content, str):
            mail.add_attachment(content, filename=name)
        else:
            mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    if draw(st.booleans()):
        inner = EmailMessage(policy=SMTP)
        inner.set_content(draw(BODIES))
        mail.add_attachment(inner)
    return mail


def written(mail, policy):
    stream = BytesIO()
    BytesGenerator(stream, policy=policy).flatten(mail)
    return stream.getvalue()


def delivered(content, parameters):
    conversation = Conversation(extensions=["8BITMIME", "SMTPUTF8"])
    conversation.say(
        "EHLO client.example.com", f"MAIL FROM:<a@example.com>{parameters}", "RCPT TO:<b@example.com>", "DATA"
    )
    conversation.send(stuffed(content) + b".\r\n")
    conversation.say("QUIT")
    [message] = conversation.messages()
    assert conversation.session.violations == ()
    return message


def is_true(found, message):
    """Return whether a violation that a library was accused of is there, read off the bytes in another way."""
    if found.code == "8bit-without-8bitmime":
        return not message.raw.isascii() and "BODY" not in message.parameters
    if found.code == "bad-address":  # where Python folds a group before its end, it encodes the semicolon
        return b"=?utf-8?q?=3B?=" in message.raw
    if found.code == "encoded-word-too-long":  # of which Python writes some with 76 characters
        return max(map(len, re.findall(rb"=\?[^?\s]+\?[bq]\?[^?\s]*\?=", message.raw)), default=0) > 75
    return False


def assert_nothing_but_what_is_true(message):
    assert [found for found in message.violations if not is_true(found, message)] == []


@given(mails())
@settings(max_examples=300 if LONG else 100)
def test_a_mail_of_the_standard_library_is_accused_of_nothing_but_what_is_true(mail):
    content = written(mail, SMTP)

    assert_nothing_but_what_is_true(delivered(content, ""))
    assert_nothing_but_what_is_true(delivered(content, " BODY=8BITMIME"))


@given(mails())
@settings(max_examples=150)
def test_an_internationalised_mail_of_the_standard_library_is_accused_of_nothing_but_what_is_true(mail):
    assert_nothing_but_what_is_true(delivered(written(mail, SMTPUTF8), " SMTPUTF8 BODY=8BITMIME"))


@given(mails())
@settings(max_examples=100)
def test_a_mail_that_was_parsed_and_written_again_is_accused_of_nothing_but_what_is_true(mail):
    content = message_from_bytes(written(mail, SMTP)).as_bytes(policy=SMTP)

    assert_nothing_but_what_is_true(delivered(content, " BODY=8BITMIME"))
