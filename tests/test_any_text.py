"""Every text that the public API returns can be encoded in UTF-8, whatever a client sent."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from smtpmock import (
    Attachment,
    Attempt,
    ContentError,
    Exchange,
    ExpectationError,
    Headers,
    Message,
    QueryError,
    RuleError,
    Session,
    SettingError,
    SMTPMock,
    Violation,
    sessions_html,
    transcripts,
)
from smtpmock.rules.rule import Rule
from tests.protocol.conversation import Conversation, stuffed
from tests.raw_client import Client

WALKED = (Message, Session, Exchange, Violation, Attachment, Headers, Attempt)
NOT_OURS = ("email",)  # an object of the standard library
EVERYTHING = {"extensions": "all", "auth": "any", "auth_without_tls": True, "allow_local_addresses": True}
HOSTILE = (
    b"\xff\xfe\x80",
    b"\xed\xa0\x80",  # a surrogate, as no UTF-8 has it
    b"\xf0\x9f\x98",  # a character cut short
    "日本語 \u2028\u202e".encode(),
    b"=?utf-7?q?+2AA-?=",
    b"=?unicode-escape?q?=5Cud800?=",
    b"=?utf-16?b?ANg=?=",
    b"=?utf-8?q?=ED=A0=80?=",
    b"&#xd800;&#55296;",
)


def texts(value: object, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text that can be reached from a value, each with the way to it."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from texts(key, f"{place} key")
            yield from texts(part, f"{place}[{key!r}]")
    elif isinstance(value, Headers):
        yield from texts(value.items(), f"{place}.items()")
        yield place, repr(value)
    elif isinstance(value, WALKED):
        yield place, repr(value)
        yield place, str(value)
        for name in dir(type(value)):
            if not name.startswith("_") and name not in NOT_OURS and not callable(getattr(type(value), name)):
                yield from texts(getattr(value, name), f"{place}.{name}")
        for method in ("html_report", "transcript", "html", "link", "code"):
            if callable(getattr(type(value), method, None)):
                try:
                    yield from texts(getattr(value, method)(), f"{place}.{method}()")
                except ContentError as error:
                    yield f"{place}.{method}()", str(error)
    elif isinstance(value, tuple | list | frozenset):
        for part in value:
            yield from texts(part, f"{place}[]")


def assert_encodable(value: object) -> None:
    for place, text in texts(value):
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise AssertionError(f"{place} is {text!r}") from error


raw = st.one_of(st.binary(max_size=20), st.sampled_from(HOSTILE), st.text(max_size=10).map(lambda text: text.encode()))
word = raw.map(lambda data: re.sub(rb"[\r\n]", b"", data))
lines = st.tuples(
    st.sampled_from(
        (
            *(b"EHLO %s", b"HELO %s", b"NOOP %s", b"%s", b"AUTH PLAIN %s", b"AUTH LOGIN %s", b"VRFY %s", b"RSET%s"),
            *(b"MAIL FROM:<%s@example.com>", b"MAIL FROM:<%s>", b"MAIL FROM:<a@%s> %s", b"AUTH %s", b"BDAT %s"),
            *(b"RCPT TO:<%s@example.com>", b"RCPT TO:%s", b'RCPT TO:<"%s"@example.com>', b"MAIL FROM:<> SMTPUTF8 %s"),
        )
    ),
    word,
).map(lambda pair: pair[0].replace(b"%s", pair[1]))
mails = st.lists(
    st.tuples(
        st.sampled_from(
            (
                *(b"Subject", b"From", b"To", b"Cc", b"Reply-To", b"Message-ID", b"Date", b"X-%s", b"%s"),
                *(b"Content-Type: text/html; charset=%s; x", b"Content-Type: image/png; name=%s; x"),
                *(b"Content-Disposition: attachment; filename=%s; x", b"Content-Transfer-Encoding", b"Content-ID"),
                b"Content-Disposition: attachment; filename*=utf-7''%s; x",
            )
        ),
        word,
    ).map(lambda pair: b"%s: %s\r\n" % (pair[0].replace(b"%s", pair[1]), pair[1])),
    max_size=6,
).map(b"".join)


@given(lines=st.lists(lines, max_size=8), header=mails, body=raw)
@example(
    lines=[b"EHLO \xff", b"MAIL FROM:<\xff@example.com>", b"RCPT TO:\xff"], header=b"Subject: \xff\r\n", body=b"\xff"
)
@example(
    lines=[],
    header=b"Subject: =?utf-7?q?+2AA-?=\r\nContent-Type: text/html; charset=utf-7\r\n",
    body=b"<a href='http://x/+2AA-'>&#xd800;</a>",
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_said_every_text_of_it_can_be_encoded(lines, header, body):
    talk = Conversation(**EVERYTHING, multiple_rcptto=True, multiple_message_receiving=True)
    for line in lines:
        talk.send(line + b"\r\n")
    talk.send(b"*\r\n")  # which ends a login
    talk.say("RSET", "EHLO client.example", "MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>", "DATA")
    talk.send(stuffed(header + b"\r\n" + body + b"\r\n") + b".\r\n")
    talk.say("QUIT")

    assert_encodable([talk.session, talk.messages()])
    assert_encodable([transcripts([talk.session]), sessions_html([talk.session])])


@pytest.mark.parametrize("hostile", HOSTILE)
def test_explanations_and_errors_can_be_encoded(hostile):
    with SMTPMock(**EVERYTHING, multiple_rcptto=True, multiple_message_receiving=True) as mock:
        with Client(mock) as client:
            client.send_bytes(b"EHLO %s\r\nEHLO client.example\r\nFOO %s\r\n" % (hostile, hostile))
            client.read_replies(3)
            client.send_bytes(b"MAIL FROM:<a@example.com>\r\nRCPT TO:<%s>\r\nRSET\r\n" % hostile)
            client.send_bytes(b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n")
            client.read_replies(6)
            client.send_bytes(b"Subject: %s\r\n\r\n%s\r\n.\r\n" % (hostile, hostile))
            client.read_replies(1)
        refused = pytest.raises(ExpectationError)
        for fails in (
            lambda: mock.wait_for_message(0, subject="other"),
            lambda: mock.wait_for_messages(3, 0, accepted=None),
            lambda: mock.assert_no_message(0, accepted=None),
            lambda: mock.message(recipient="\udcff", header={"\ud800": re.compile("\ud800")}),
            lambda: mock.assert_no_violations(level="should"),
        ):
            with refused as caught:
                fails()
            assert_encodable([str(caught.value), caught.value.messages])
        assert_encodable([repr(mock), mock.violations(), mock.sessions(), mock.messages(accepted=None)])


@pytest.mark.parametrize("text", ["a\udcff", "\ud800", "\U0001f600\udfff"])
def test_errors_about_words_that_cannot_be_encoded_can_be(text):
    mock = SMTPMock()
    rule = mock.on("RCPT TO", recipient=re.compile(text), reply="550 No")
    errors = []
    for kind, fails in (
        (QueryError, lambda: mock.messages(**{text: "x"})),
        (QueryError, lambda: mock.messages(header=text)),
        (RuleError, lambda: mock.on(text, reply="250 Ok")),
        (RuleError, lambda: mock.on("NOOP", reply=f"three {text}")),
        (RuleError, lambda: mock.on("NOOP", reply="250 Ok", **{text: 1})),
        (SettingError, lambda: SMTPMock(**{text: 1})),
        (SettingError, lambda: SMTPMock(msg_greeting=f"{text}\r")),
        (ExpectationError, mock.assert_rules_used),
        (ExpectationError, rule.assert_used),
    ):
        with pytest.raises(kind) as caught:
            fails()
        errors.append(str(caught.value))
    assert_encodable([errors, str(rule), repr(rule)])


def test_replies_may_have_bytes_that_are_no_text_and_are_recorded_as_text():
    talk = Conversation(Rule("NOOP", {"reply": ["250-one", "250 \udcff"]}), msg_greeting="220 \udcfe")
    mark = len(talk.actions)
    talk.say("NOOP")

    assert talk.greeting.encode("utf-8", "surrogateescape") == b"220 \xfe\r\n"
    assert b"250-one\r\n250 \xff\r\n" in talk.actions[mark:]
    assert [exchange.reply for exchange in talk.exchanges] == ["220 \\xfe", "250-one\n250 \\xff"]
    assert_encodable(talk.session)


def test_what_rules_ask_functions_about_can_be_encoded():
    asked = []
    words = {"argument": asked.append, "reply": "250 Ok"}
    talk = Conversation(*(Rule(stage, words) for stage in ("EHLO", "MAIL FROM", "RCPT TO", "NOOP")))
    helo, sender = ({word: asked.append, "reply": "250 Ok"} for word in ("helo_name", "sender"))
    for rule in (Rule("EHLO", helo), Rule("MAIL FROM", sender), Rule("RCPT TO", sender)):
        talk.book.add(rule)
    talk.send(b"EHLO \xff\r\n", b"MAIL FROM:<\xff@example.com>\r\n", b"RCPT TO:<\xff>\r\n", b"NOOP \xff\r\n")

    assert len(asked) >= 6
    assert all("\\xff" in text for text in asked)
    assert_encodable(asked)


def test_bytes_that_were_no_text_are_kept_as_they_were():
    encoded = b64encode(b"\0b\xff\0x").decode()
    talk = Conversation(**EVERYTHING)
    talk.send(b"EHLO \xff\r\n", b"AUTH PLAIN %s\r\n" % encoded.encode(), b"NOOP \xed\xa0\x80\r\n")

    *_, ehlo, auth, noop = talk.exchanges
    assert (ehlo.request, ehlo.request_bytes) == ("EHLO \\xff", b"EHLO \xff")
    assert (noop.request, noop.request_bytes) == ("NOOP \\xed\\xa0\\x80", b"NOOP \xed\xa0\x80")
    assert encoded not in auth.request
    assert_encodable(talk.session)
