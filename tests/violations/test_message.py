"""How a message came and what its header says: the bytes that are a violation, and their neighbours that are none."""

from __future__ import annotations

import pytest

from smtpmock import SMTPMock
from smtpmock.conformance.catalogue import SECTIONS
from smtpmock.conformance.message import judge_message
from smtpmock.mail.content import Content
from tests.violations.talk import CLEAN, DATA, EHLO, MAIL, QUIT, RCPT, REQUIRED, deliver, named, offer, places, say

FROM = b"From: a@example.com\r\n"
DATE = b"Date: Sat, 01 Jan 2022 10:00:00 +0000\r\n"
ID = b"Message-ID: <1@example.com>\r\n"
TO = b"To: b@example.com\r\n"
TEXT = b"\r\nhello\r\n"
UTF8_TEXT = REQUIRED + (
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
    b"\r\nGr\xc3\xbc\xc3\x9fe\r\n"
)


def long(length: int) -> bytes:
    return b"X-Long: " + b"x" * (length - 8)


def repeated(name: str, first: bytes, second: bytes, rest: bytes) -> tuple[str, bytes, bytes, str]:
    line = rest.count(b"\r\n") + 2
    return (
        f"repeated-{name}",
        rest + first + b"\r\n" + second + b"\r\n" + TEXT,
        b"",
        f"line {line}: {second.decode()}",
    )


# The code, the bytes between 354 and the end of data, the parameters of MAIL FROM, the place.
TRIGGERS = [
    ("bare-lf", CLEAN + b"one\ntwo\r\n", b"", "line 7: one"),
    ("bare-lf", REQUIRED + b"X-One: 1\nX-Two: 2\r\n" + TEXT, b"", "line 5: X-One: 1"),
    ("bare-cr", CLEAN + b"one\rtwo\r\n", b"", r"line 7: one\rtwo"),
    ("bare-cr", CLEAN + b"one\r\r\n", b"", r"line 7: one\r"),
    ("line-too-long", CLEAN + b"x" * 999 + b"\r\n", b"", f"line 7: {'x' * 59}…"),
    ("line-too-long", CLEAN + b"." + b"." * 999 + b"\r\n", b"", f"line 7: {'.' * 59}…"),
    ("dot-not-stuffed", CLEAN + b".one\r\n", b"", "the line .one"),
    ("dot-not-stuffed", b".one: 1\r\n" + CLEAN, b"", "the line .one: 1"),
    ("dot-not-stuffed", CLEAN + b"..one\r\n.tw\xff\r\n..three\r\n".replace(b"\xff", b"\x1b"), b"", r"the line .tw\x1b"),
    ("8bit-without-8bitmime", UTF8_TEXT, b"", "line 9: Grüße"),
    ("8bit-without-8bitmime", UTF8_TEXT, b"BODY=7BIT", "line 9: Grüße"),
    ("8bit-without-8bitmime", UTF8_TEXT, b"SMTPUTF8", "line 9: Grüße"),
    ("size-too-small", CLEAN, b"SIZE=10", f"declared 10, sent {len(CLEAN)} bytes"),
    ("size-too-small", CLEAN, b"SIZE=%d" % (len(CLEAN) - 3), f"declared {len(CLEAN) - 3}, sent {len(CLEAN)} bytes"),
    ("utf8-header", REQUIRED + b"X-Greeting: Gr\xc3\xbc\xc3\x9fe\r\n" + TEXT, b"", "line 5: X-Greeting: Grüße"),
    (
        "utf8-header",
        REQUIRED + b"X-Greeting: hi\r\n Gr\xfc\xdfe\r\n" + TEXT,
        b"BODY=8BITMIME",
        r"line 5: X-Greeting: hi\r\n Gr\xfc\xdfe",
    ),
    ("header-line-too-long", REQUIRED + long(999) + b"\r\n" + TEXT, b"", f"line 5: X-Long: {'x' * 51}…"),
    ("header-line-too-long", REQUIRED + b"X-Two: 1\r\n " + b"x" * 998 + b"\r\n" + TEXT, b"", f"line 6:  {'x' * 58}…"),
    ("header-control-character", REQUIRED + b"X-Bell: a\x07b\r\n" + TEXT, b"", r"line 5: X-Bell: a\x07b"),
    ("header-control-character", REQUIRED + b"X-Folded: a\r\n\x00b\r\n" + TEXT, b"", r"line 6: \x00b"),
    ("missing-from", DATE + ID + TEXT, b"", ""),
    ("missing-from", DATE + ID + b"X-From: a@example.com\r\n" + b"\r\nFrom: a@example.com\r\n", b"", ""),
    ("missing-date", FROM + ID + TEXT, b"", ""),
    ("missing-message-id", FROM + DATE + TEXT, b"", ""),
    repeated("from", b"From: a@example.com", b"From: b@example.com", DATE + ID),
    repeated("sender", b"Sender: a@example.com", b"sender: a@example.com", REQUIRED),
    repeated("reply-to", b"Reply-To: a@example.com", b"Reply-to: c@example.com", REQUIRED),
    repeated("to", b"To: b@example.com", b"TO: c@example.com", REQUIRED),
    repeated("cc", b"Cc: b@example.com", b"CC : c@example.com", REQUIRED),
    repeated("message-id", b"Message-ID: <1@example.com>", b"Message-Id: <2@example.com>", FROM + DATE),
    repeated("in-reply-to", b"In-Reply-To: <1@example.com>", b"In-Reply-To: <2@example.com>", REQUIRED),
    repeated("references", b"References: <1@example.com>", b"References: <2@example.com>", REQUIRED),
    repeated("subject", b"Subject: one", b"Subject: two", FROM + DATE + ID),
    repeated("date", b"Date: Sat, 01 Jan 2022 10:00:00 +0000", b"Date: 1 Jan 2022 10:00 GMT", FROM + ID),
    *(
        ("bad-from", DATE + ID + b"From: " + text + b"\r\n" + TEXT, b"", f"line 3: From: {shown}")
        for text, shown in (
            (b"", ""),
            (b"Ann", "Ann"),
            (b"<>", "<>"),
            (b"Ann <ann>", "Ann <ann>"),
            (b"Ann <ann@>", "Ann <ann@>"),
            (b"@example.com", "@example.com"),
            (b'"ann@example.com"', '"ann@example.com"'),
            (b"Ann (ann@example.com)", "Ann (ann@example.com)"),
            (b"=?utf-8?q?Ann_=3Cann=40example=2Ecom=3E?=", "=?utf-8?q?Ann_=3Cann=40example=2Ecom=3E?="),
        )
    ),
    *(
        ("bad-date", FROM + ID + b"Date: " + text.encode() + b"\r\n" + TEXT, b"", f"line 3: Date: {text}")
        for text in (
            "",
            "yesterday",
            "2022-01-01T10:00:00+00:00",
            "2022-01-01 10:00:00",
            "Sat Jan  1 10:00:00 2022",
            "Sat, 01 Jan 2022 10:00:00",
            "Sat, 01 Jan 2022",
            "Sat, 32 Jan 2022 10:00:00 +0000",
            "Thu, 31 Nov 2022 10:00:00 +0000",
            "Sat, 01 Foo 2022 10:00:00 +0000",
            "Sat, 01 Jan 2022 24:00:00 +0000",
            "Sat, 01 Jan 2022 10:60:00 +0000",
            "Sat, 01 Jan 2022 10:00:61 +0000",
            "Sat, 01 Jan 2022 10:00:00 +0060",
            "Sat, 01 Jan 2022 10:00:00 +00:00",
            "Sa, 01 Jan 2022 10:00:00 +0000",
            "Sat, 01 Jan 2022 10:00:00 +0000 again",
        )
    ),
    *(
        (
            "bad-message-id",
            FROM + DATE + b"Message-ID: " + text + b"\r\n" + TEXT,
            b"",
            f"line 3: Message-ID: {text.decode()}",
        )
        for text in (
            b"",
            b"1@example.com",
            b"<1>",
            b"<>",
            b"<@example.com>",
            b"<1@>",
            b"<1@2@example.com>",
            b"<1@example.com> <2@example.com>",
            b"<1 2@example.com>",
            b"(<1@example.com>)",
        )
    ),
    ("blank-in-header-name", REQUIRED + b"X Id: 1\r\n" + TEXT, b"", "line 5: X Id: 1"),
    ("blank-in-header-name", REQUIRED + b"X\tId : 1\r\n" + TEXT, b"", r"line 5: X\tId : 1"),
    *(
        ("bad-address", REQUIRED + field + b"\r\n" + TEXT, b"", f"line 5: {field.decode()}")
        for field in (
            b"To: root",
            b"To: b@example.com, Doe, John <c@example.com>",
            b'Cc: "Bob" b@example.com',
            b"Reply-To: b@example.com@example.org",
            b"Sender: <a@>",
            b"Resent-Cc: somebody",
            b"Resent-To: Team: b@example.com, somebody;",
            b"To: <b@example.com> Bob",
            b"To: =?utf-8?q?b=40example=2Ecom?=",
        )
    ),
    (
        "bad-address",
        b"From: Doe, Ann <a@example.com>\r\n" + DATE + ID + TEXT,
        b"",
        "line 1: From: Doe, Ann <a@example.com>",
    ),
    *(
        ("encoded-word-too-long", REQUIRED + field + b"=?utf-8?q?" + b"x" * 64 + b"?=\r\n" + TEXT, b"", place)
        for field, place in (
            (b"X-Word: ", "line 5: X-Word: =?utf-8?q?" + "x" * 41 + "…"),
            (b"X-Word: one\r\n ", r"line 5: X-Word: one\r\n =?utf-8?q?" + "x" * 33 + "…"),
        )
    ),
    (
        "encoded-word-too-long",
        REQUIRED + b"To: =?utf-8?b?" + b"QUJD" * 16 + b"?= <b@example.com>\r\n" + TEXT,
        b"",
        "line 5: To: =?utf-8?b?" + "QUJD" * 11 + "Q…",
    ),
    ("bcc-header", REQUIRED + TO + b"Bcc: c@example.com\r\n" + TEXT, b"", "line 6: Bcc: c@example.com"),
    (
        "bcc-header",
        REQUIRED + b"BCC: c@example.com,\r\n b@example.com\r\n" + TEXT,
        b"",
        r"line 5: BCC: c@example.com,\r\n b@example.com",
    ),
]

NEAR_MISSES = [
    ("bare-lf", CLEAN, b""),
    ("bare-lf", CLEAN + b"one\r\n\r\n\r\ntwo\r\n", b""),
    ("bare-cr", CLEAN + b"\r\n" * 5, b""),
    ("bare-cr", REQUIRED + b"\r\n", b""),
    ("line-too-long", CLEAN + b"x" * 998 + b"\r\n", b""),
    ("line-too-long", CLEAN + b"." + b"." * 998 + b"\r\n", b""),
    ("line-too-long", CLEAN + (b"x" * 998 + b"\r\n") * 100, b""),
    ("dot-not-stuffed", CLEAN + b"..\r\n..one\r\n...\r\n", b""),
    ("dot-not-stuffed", CLEAN + b"one.\r\n .two\r\n", b""),
    ("dot-not-stuffed", b"..one: 1\r\n" + CLEAN, b""),
    ("dot-not-stuffed", CLEAN + b"..x\r\n" * 20_000, b""),
    ("8bit-without-8bitmime", UTF8_TEXT, b"BODY=8BITMIME"),
    ("8bit-without-8bitmime", UTF8_TEXT, b"body=8bitmime SMTPUTF8"),
    ("8bit-without-8bitmime", CLEAN + b"\x7f\x01\r\n", b""),
    ("size-too-small", CLEAN, b"SIZE=%d" % len(CLEAN)),
    ("size-too-small", CLEAN, b"SIZE=%d" % (len(CLEAN) - 2)),
    ("size-too-small", CLEAN, b"SIZE=1000000"),
    ("size-too-small", CLEAN + b"..\r\n" * 10, b"SIZE=%d" % (len(CLEAN) + 30)),
    ("utf8-header", REQUIRED + b"X-Greeting: Gr\xc3\xbc\xc3\x9fe\r\n" + TEXT, b"SMTPUTF8"),
    ("utf8-header", REQUIRED + b"X-Greeting: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n" + TEXT, b""),
    ("header-line-too-long", REQUIRED + long(998) + b"\r\n" + TEXT, b""),
    ("header-line-too-long", REQUIRED + b"X-Folded: 1\r\n" + (b" " + b"x" * 997 + b"\r\n") * 5 + TEXT, b""),
    ("header-control-character", REQUIRED + b"X-Tab:\ta\tb\r\n\tc\r\n" + TEXT, b""),
    ("header-control-character", CLEAN + b"a\x07b\x00\r\n", b""),
    ("missing-from", b"FROM:a@example.com\r\n" + DATE + ID + TEXT, b""),
    ("missing-from", b"X-First:\r\n 1\r\nFrom : a@example.com\r\n" + DATE + ID + TEXT, b""),
    ("missing-date", FROM + b"date: 1 Jan 22 10:00 GMT\r\n" + ID + TEXT, b""),
    ("missing-date", FROM + b"Date:\r\n Sat, 01 Jan 2022\r\n 10:00:00 +0000\r\n" + ID + TEXT, b""),
    ("missing-message-id", FROM + DATE + b"message-id:<1@example.com>\r\n" + TEXT, b""),
    ("missing-message-id", FROM + DATE + b"Message-ID:\r\n\t<1@example.com>\r\n" + TEXT, b""),
    *(
        (f"repeated-{name}", REQUIRED + extra + b"\r\n" + TEXT, b"")
        for name, extra in (
            ("from", b"Resent-From: a@example.com"),
            ("from", b"X-From: a@example.com\r\nX-From: b@example.com"),
            ("sender", b"Sender: a@example.com\r\nResent-Sender: a@example.com"),
            ("sender", b"Sender: a@example.com\r\n\r\nSender: a@example.com"),
            ("reply-to", b"Reply-To: a@example.com,\r\n b@example.com"),
            ("reply-to", b"Reply-To: a@example.com\r\nMail-Reply-To: a@example.com"),
            ("to", b"To: b@example.com, c@example.com\r\nCc: d@example.com"),
            ("to", b"To: b@example.com\r\nResent-To: c@example.com\r\nResent-To: d@example.com"),
            ("cc", b"Cc: b@example.com\r\n\r\nCc: b@example.com"),
            ("cc", b"Cc: b@example.com\r\nTo: b@example.com"),
            ("message-id", b"Resent-Message-ID: <2@example.com>"),
            ("message-id", b"\r\nMessage-ID: <2@example.com>"),
            ("in-reply-to", b"In-Reply-To: <1@example.com> <2@example.com>"),
            ("in-reply-to", b"In-Reply-To: <1@example.com>\r\nReferences: <1@example.com>"),
            ("references", b"References: <1@example.com>\r\n <2@example.com>"),
            ("references", b"References: <1@example.com>\r\nX-References: <1@example.com>"),
            ("subject", b"Comments: one\r\nComments: two\r\nKeywords: a\r\nKeywords: b"),
            ("subject", b"Thread-Subject: hi\r\nX-Subject: hi"),
            ("date", b"Resent-Date: Sat, 01 Jan 2022 10:00:00 +0000"),
            (
                "date",
                b"Received: from x by y; Sat, 01 Jan 2022 10:00:00 +0000\r\nReceived: from y by z; 1 Jan 22 10:00 UT",
            ),
        )
    ),
    *(
        ("bad-from", DATE + ID + b"From: " + text + b"\r\n" + TEXT, b"")
        for text in (
            b"Ann <ann@example.com>",
            b'"Doe, Ann" <ann@example.com>',
            b"ann@example.com (Ann, Doe)",
            b'Ann(a \\) \xe2(b) " chap)<ann(c)@example.com(d)>'.replace(b"\xe2", b"x"),
            b"ann@example.com,\r\n Bob <bob@example.com>",
            b"ann@[127.0.0.1]",
            b"ann@localhost",
            b'"ann doe"@example.com',
            b'"a<b@c>,;:"@example.com',
            b"Ann\r\n <ann@example.com>",
            b"<ann@example.com>",
            b"Authors: ann@example.com, Bob <bob@example.com>;",
            b"Automated System:;",
            b'"The: system" (which is one) :;',
            b"<@relay.example.com,@b.example:ann@example.com>",
            b"ann . doe @ example . com",
            b"=?utf-8?q?=C3=84nn?= <ann@example.com>",
            b"Ann :) <ann@example.com>",
        )
    ),
    *(
        ("bad-date", FROM + ID + b"Date: " + text.encode() + b"\r\n" + TEXT, b"")
        for text in (
            "1 Jan 2022 10:00 +0000",
            "Sat, 1 Jan 2022 10:00:00 +0100 (CET)",
            "Fri, 21 Nov 1997 09(comment):   55  :  06 -0600",
            "Fri(a (b) day),21(th)Nov(ember)1997(9 o'clock)09:55:06 -0600",
            "Thu,\r\n  13\r\n    Feb\r\n      1969\r\n  23:32\r\n      -0330 (Newfoundland Time)",
            "21 Nov 97 09:55:06 GMT",
            "21 Nov 97 09:55:06 Z",
            "21 Nov 97 09:55 EDT",
            "21 Nov 100 09:55 UT",
            "sat, 01 jan 2022 10:00:00 gmt",
            "Sat, 31 Dec 2016 23:59:60 +0000",
            "Sat, 01 Jan 2022 10:00:00 -0000",
            "Sat, 01 Jan 2022 10:00:00 -9959",
            "Tue, 29 Feb 2022 10:00:00 +1400",
            "Mon, 01 Jan 2022 10:00:00 +0000",
        )
    ),
    *(
        ("bad-message-id", FROM + DATE + b"Message-ID: " + text + b"\r\n" + TEXT, b"")
        for text in (
            b"<a.b+c=d/e!#$%&'*{|}~@example.com>",
            b"<1@[192.0.2.1]>",
            b"<1@[IPv6:2001:db8::1]>",
            b"(first (of) \\) all) <1@example.com> (comment)",
            b"\r\n <1@example.com>",
            b'<"a b@c"@example.com>',
            b"<a (b) . c @ example . com>",
            b"<1@localhost>",
            b"<..@example.com>",
        )
    ),
    ("blank-in-header-name", REQUIRED + b"X-Id : 1\r\n" + TEXT, b""),
    ("blank-in-header-name", REQUIRED + b"X-Id: 1\r\n\r\nX Id: 1\r\n", b""),
    ("blank-in-header-name", b"From a@example.com Sat Nov 21 10:30:00 2026\r\n" + CLEAN, b""),
    *(
        ("bad-address", REQUIRED + field + b"\r\n" + TEXT, b"")
        for field in (
            b'To: "Doe, John" <b@example.com>, (Bob) c@example.com (Bob, again)',
            b"To: undisclosed-recipients:;",
            b"To: Team: b@example.com, Bob <c@example.com>;, d@example.com",
            b"To:",
            b"To: , b@example.com,,",
            b"To: b@[IPv6:::1], c@[192.0.2.1]",
            b"To: <@a.example,@b.example:b@example.com>",
            b"To: John Q. Public <b@example.com>, c@example.com <c@example.com>",
            b'To: "b c"@example.com, "@"@example.com, b . c @ example . com',
            b"To: Bob\r\n <b@example.com>,\r\n\tc@example.com",
            b"To: =?utf-8?q?B=C3=B6b=2C?= <b@example.com>",
            b"X-To: root",
            b"Return-Path: <>",
        )
    ),
    ("bad-address", REQUIRED + "To: Bücher <bücher@example.com>\r\n".encode() + TEXT, b"SMTPUTF8 BODY=8BITMIME"),
    ("encoded-word-too-long", REQUIRED + b"X-Word: =?utf-8?q?" + b"x" * 63 + b"?=\r\n" + TEXT, b""),
    ("encoded-word-too-long", REQUIRED + b"X-Word: a=?utf-8?q?" + b"x" * 70 + b"?=\r\n" + TEXT, b""),
    ("encoded-word-too-long", REQUIRED + b"X-Word: =?utf-8?x?" + b"x" * 70 + b"?=\r\n" + TEXT, b""),
    ("encoded-word-too-long", CLEAN + b"=?utf-8?q?" + b"x" * 70 + b"?=\r\n", b""),
    ("bcc-header", REQUIRED + TO + b"Bcc:\r\n" + TEXT, b""),
    ("bcc-header", REQUIRED + b"Bcc: (nobody)\r\n" + TEXT, b""),
    ("bcc-header", REQUIRED + TO + b"X-Bcc: c@example.com\r\nResent-Bcc: c@example.com\r\n" + TEXT, b""),
    ("bcc-header", REQUIRED + b"To: c@example.com\r\nBcc: Bob <b@EXAMPLE.com>\r\n" + TEXT, b""),
]


def offer_what_is_needed(mock, parameters):
    if parameters:
        offer(mock, "8BITMIME", "SMTPUTF8", "SIZE")


@pytest.mark.parametrize(("code", "content", "parameters", "where"), named(TRIGGERS))
def test_it_is_found_where_it_is_and_nothing_else(mock, code, content, parameters, where):
    offer_what_is_needed(mock, parameters)

    message = deliver(mock, content, parameters)

    assert places(message.violations) == [(code, where)]


@pytest.mark.parametrize(("code", "content", "parameters"), named(NEAR_MISSES))
def test_what_is_legal_is_not_accused(mock, code, content, parameters):
    offer_what_is_needed(mock, parameters)

    message = deliver(mock, content, parameters)

    assert places(message.violations) == []


@pytest.mark.parametrize("section", ["The message in transit", "The header"])
def test_every_code_of_the_section_has_a_trigger_and_two_near_misses(section):
    found = {row[0] for row in TRIGGERS}
    near = [row[0] for row in NEAR_MISSES]

    assert [code for code in SECTIONS[section] if code not in found or near.count(code) < 2] == []


def test_a_message_without_a_header_lacks_one_and_no_more(mock):
    message = deliver(mock, b"Gr\xc3\xbc\xc3\x9fe\x07, it is: me\r\n")

    assert places(message.violations) == [
        ("8bit-without-8bitmime", r"line 1: Grüße\x07, it is: me"),
        ("missing-from", ""),
        ("missing-date", ""),
        ("missing-message-id", ""),
    ]


def test_an_empty_message_lacks_a_header(mock):
    assert [found.code for found in deliver(mock, b"").violations] == [
        *("missing-from", "missing-date", "missing-message-id")
    ]


def test_a_message_that_was_too_big_and_taken_all_the_same_is_not_accused_of_what_was_thrown_away():
    with SMTPMock(msg_size_limit=20) as mock:
        mock.on("message", reply="250 Why not")
        say(mock, EHLO, MAIL, RCPT, DATA, CLEAN + b".\r\n", QUIT)

        assert places(mock.message().violations) == []


def test_a_message_that_was_refused_is_not_judged():
    with SMTPMock() as mock:
        mock.on("message", reply="550 No")
        say(mock, EHLO, MAIL, RCPT, DATA, b"hello\n\r\n.\r\n", QUIT)

        [message] = mock.messages(accepted=False)
        assert message.violations == ()


def test_a_size_with_more_digits_than_there_may_be_is_no_declaration(mock):
    mock.on("MAIL FROM", reply="250 Why not")

    assert places(deliver(mock, CLEAN, b"SIZE=" + b"0" * 1000).violations) == []


def test_a_message_that_knows_no_lines_is_not_accused_of_them(mock):
    mock.on("MAIL FROM", reply="250 Why not")

    message = deliver(mock, CLEAN + b"a\nb\rc" + b"\xff" * 2000 + b"\r\n", b"BODY=BINARYMIME")

    assert [found.code for found in message.violations] == ["charset-mismatch"]


def test_a_bare_line_feed_is_told_once_and_a_header_line_each_time(mock):
    message = deliver(mock, REQUIRED + b"X-One: \x01\r\nX-Two: \x02\r\n\r\none\ntwo\nthree\r\n")

    assert places(message.violations) == [
        ("bare-lf", "line 8: one"),
        ("header-control-character", r"line 5: X-One: \x01"),
        ("header-control-character", r"line 6: X-Two: \x02"),
    ]


def test_the_verdict_is_made_of_the_content_and_its_envelope_alone():
    content = Content(REQUIRED + b"Bcc: b@example.com\r\n" + TEXT)

    def codes(recipients=("b@example.com",), parameters=None, undotted=b""):
        found = judge_message(content, parameters=parameters or {}, recipients=recipients, undotted=undotted)
        return [one.code for one in found]

    assert codes() == []
    assert codes(recipients=("b@example.com", "c@example.com")) == ["bcc-header"]
    assert codes(parameters={"SIZE": "10"}) == ["size-too-small"]
    assert codes(undotted=b".x") == ["dot-not-stuffed"]


def test_the_verdict_is_computed_once(mock):
    message = deliver(mock, b"hello\r\n")

    assert message.violations is message.violations


def test_of_each_code_a_hundred_are_told(mock):
    found = deliver(mock, REQUIRED + b"X-One: \x01\r\n" * 200 + TEXT).violations

    assert [one.code for one in found] == ["header-control-character"] * 100
    assert found[-1].where == r"line 104: X-One: \x01"


def test_of_a_header_the_beginning_is_judged_and_nothing_is_said_to_be_missing():
    content = Content(b"X-One: 1\r\n" * 30_000 + b"Date: never\r\n" + TEXT)

    assert judge_message(content, parameters={}, recipients=(), undotted=b"") == ()
