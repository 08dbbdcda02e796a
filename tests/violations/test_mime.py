"""The parts of a message: the bytes that are a violation, and their neighbours that are none."""

from __future__ import annotations

import pytest

from smtpmock.conformance.catalogue import SECTIONS
from tests.violations.talk import REQUIRED, deliver, named, offer, places

MIME = REQUIRED + b"MIME-Version: 1.0\r\n"
MIXED = MIME + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
PLAIN = b"Content-Type: text/plain; charset=utf-8\r\n"
QP = b"Content-Transfer-Encoding: quoted-printable\r\n"
BASE64 = b"Content-Transfer-Encoding: base64\r\n"
PART = b"--b\r\n\r\none\r\n"
ATTACHMENT = b"Content-Disposition: attachment"


def multipart(*parts: bytes) -> bytes:
    return MIXED + b"".join(b"--b\r\n" + part for part in parts) + b"--b--\r\n"


def typed(content_type: bytes, body: bytes) -> bytes:
    return MIME + b"Content-Type: " + content_type + b"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + body


NESTED = (
    b"Content-Type: multipart/alternative; boundary=bc\r\n\r\n--bc\r\n\r\none\r\n--bc\r\n"
    b"Content-Type: text/html\r\n\r\n<p>one</p>\r\n--bc--\r\n"
)

# The code, the message, the place.
TRIGGERS = [
    (
        "mime-version-missing",
        REQUIRED + b"Content-Type: text/plain\r\n\r\nhello\r\n",
        "line 5: Content-Type: text/plain",
    ),
    (
        "mime-version-missing",
        REQUIRED + b"content-transfer-encoding: 7bit\r\n\r\nhello\r\n",
        "line 5: content-transfer-encoding: 7bit",
    ),
    (
        "repeated-content-type",
        MIME + PLAIN + b"content-type: text/plain\r\n\r\none\r\n",
        "line 7: content-type: text/plain",
    ),
    ("repeated-content-type", multipart(PLAIN + PLAIN + b"\r\none\r\n"), "part 2, text/plain"),
    (
        "repeated-content-transfer-encoding",
        MIME + QP + BASE64 + b"\r\none\r\n",
        "line 7: Content-Transfer-Encoding: base64",
    ),
    ("repeated-content-transfer-encoding", multipart(b"\r\none\r\n", QP + QP + b"\r\none\r\n"), "part 3, text/plain"),
    ("bad-content-type", MIME + b"Content-Type: text\r\n\r\none\r\n", "line 6: Content-Type: text"),
    (
        "bad-content-type",
        MIME + b"Content-Type: text; charset=utf-8\r\n\r\none\r\n",
        "line 6: Content-Type: text; charset=utf-8",
    ),
    ("bad-content-type", MIME + b"Content-Type:\r\n\r\none\r\n", "line 6: Content-Type:"),
    ("bad-content-type", multipart(b"Content-Type: /plain\r\n\r\none\r\n"), 'part 2, text/plain, "/plain"'),
    (
        "utf8-part-header",
        multipart("Content-Description: Grüße\r\n\r\none\r\n".encode()),
        "part 2, text/plain, Content-Description",
    ),
    (
        "utf8-part-header",
        multipart("Content-Disposition: attachment; filename=grün.txt\r\n\r\none\r\n".encode("latin-1")),
        "part 2, text/plain, Content-Disposition",
    ),
    (
        "encoded-word-in-parameter",
        MIME + b'Content-Type: text/plain; name="=?utf-8?q?gr=C3=BCn.txt?="\r\n\r\none\r\n',
        "name “=?utf-8?q?gr=C3=BCn.txt?=”".replace("“", '"').replace("”", '"'),
    ),
    (
        "encoded-word-in-parameter",
        multipart(ATTACHMENT + b"; filename==?utf-8?b?Z3LDvG4udHh0?=\r\n\r\none\r\n"),
        "part 2, text/plain, filename =?utf-8?b?Z3LDvG4udHh0?=",
    ),
    (
        "encoded-word-in-parameter",
        multipart(b"Content-Disposition: =?utf-8?q?inline?=\r\n\r\none\r\n"),
        "part 2, text/plain, Content-Disposition =?utf-8?q?inline?=",
    ),
    (
        "encoded-multipart",
        MIXED.replace(b"\r\n\r\n", b"\r\n" + BASE64 + b"\r\n") + PART + b"--b--\r\n",
        "part 1, multipart/mixed, base64",
    ),
    (
        "encoded-multipart",
        multipart(NESTED.replace(b"bc\r\n\r\n", b"bc\r\n" + QP + b"\r\n", 1)),
        "part 2, multipart/alternative, quoted-printable",
    ),
    ("boundary-missing", MIXED + PART, "part 1, multipart/mixed, boundary b"),
    ("boundary-missing", MIXED + b"one\r\n", "boundary b"),
    ("boundary-missing", MIXED + b"one\r\n--b--\r\n", "boundary b"),
    ("boundary-missing", MIXED + PART + b"--b-- x\r\n", "part 1, multipart/mixed, boundary b"),
    ("boundary-missing", MIXED + PART + b" --b--\r\n", "part 1, multipart/mixed, boundary b"),
    (
        "boundary-missing",
        MIME + b"Content-Type: multipart/mixed\r\n\r\n" + PART + b"--b--\r\n",
        "boundary not declared",
    ),
    (
        "boundary-missing",
        multipart(b"Content-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\none\r\n"),
        "part 2, multipart/alternative, boundary c",
    ),
    ("bad-base64", MIME + BASE64 + b"\r\nhello!\r\n", ""),
    ("bad-base64", MIME + BASE64 + b"\r\naGVsbG8\r\n", ""),
    ("bad-base64", MIME + BASE64 + b"\r\naGVsbG8=\r\naGVsbG8=\r\n", ""),
    ("bad-base64", MIME + BASE64 + b"\r\naGVsbG8=\r\n-- \r\nfooter\r\n", ""),
    ("bad-base64", multipart(b"\r\none\r\n", BASE64 + b"\r\na\r\n"), "part 3, text/plain"),
    ("bad-quoted-printable", MIME + QP + b"\r\n1=2\r\n", 'at "=2\\r\\n"'),
    ("bad-quoted-printable", MIME + QP + b"\r\na =x41 b\r\n", 'at "=x41 b\\r\\n"'),
    ("bad-quoted-printable", MIME + QP + b"\r\n<a href=https://example.com>\r\n", 'at "=https://exa"'),
    ("bad-quoted-printable", multipart(QP + b"\r\n=\r\n=\r\n==\r\n"), 'part 2, text/plain, at "=="'),
    ("charset-mismatch", typed(b"text/plain; charset=utf-8", b"Gr\xfc\xdfe\r\n"), "charset utf-8"),
    ("charset-mismatch", typed(b"text/html; charset=US-ASCII", b"Gr\xc3\xbc\xc3\x9fe\r\n"), "charset us-ascii"),
    ("charset-mismatch", typed(b"text/plain", b"Gr\xc3\xbc\xc3\x9fe\r\n"), "charset us-ascii"),
    ("charset-mismatch", REQUIRED + b"\r\nGr\xc3\xbc\xc3\x9fe\r\n", "charset us-ascii"),
    ("charset-mismatch", MIME + PLAIN + QP + b"\r\nGr=FC=DFe\r\n", "charset utf-8"),
    ("charset-mismatch", MIME + PLAIN + BASE64 + b"\r\nR3L832U=\r\n", "charset utf-8"),
    (
        "charset-mismatch",
        multipart(b"\r\none\r\n", b"Content-Type: text/plain; name=a.txt\r\n" + BASE64 + b"\r\nR3LDvMOfZQ==\r\n"),
        "part 3, text/plain, charset us-ascii",
    ),
    ("attachment-without-name", multipart(ATTACHMENT + b"\r\n\r\none\r\n"), "part 2, text/plain"),
    (
        "attachment-without-name",
        multipart(b"\r\none\r\n", b"Content-Type: image/png\r\n" + ATTACHMENT.upper() + b"; size=3\r\n\r\none\r\n"),
        "part 3, image/png",
    ),
]

FORWARDED = b"Subject: broken\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\n\r\n!\r\n"

NEAR_MISSES = [
    ("mime-version-missing", REQUIRED + b"\r\nContent-Type: text/plain\r\n"),
    ("mime-version-missing", REQUIRED + b"Content-Length: 7\r\nContent-Class: urn:x\r\n\r\nhello\r\n"),
    (
        "mime-version-missing",
        b"mime-version: (first) 1 . 0\r\n" + REQUIRED + b"Content-Type: text/plain\r\n\r\nhello\r\n",
    ),
    ("repeated-content-type", multipart(PLAIN + b"\r\none\r\n", PLAIN + b"\r\ntwo\r\n")),
    ("repeated-content-type", multipart(b"Content-Type: message/rfc822\r\n\r\n" + PLAIN * 2 + b"\r\none\r\n")),
    ("repeated-content-transfer-encoding", multipart(QP + b"\r\none\r\n", QP + b"\r\ntwo\r\n")),
    ("repeated-content-transfer-encoding", MIME + QP + b"\r\nContent-Transfer-Encoding: 7bit\r\n"),
    ("bad-content-type", MIME + b"Content-Type: (why) Text / Plain (not)\r\n\r\none\r\n"),
    ("bad-content-type", MIME + b"Content-Type: x-own/vnd.a+b;x\r\n\r\none\r\n"),
    ("bad-content-type", multipart(b"X-Content-Type: text\r\n\r\none\r\n")),
    ("utf8-part-header", multipart(b"Content-Description: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\none\r\n")),
    ("utf8-part-header", multipart(PLAIN + b"\r\nGr\xc3\xbc\xc3\x9fe: x\r\n")),
    (
        "encoded-word-in-parameter",
        multipart(ATTACHMENT + b"; filename*=utf-8''%3D%3Futf-8%3Fq%3Fa%3F%3D\r\n\r\none\r\n"),
    ),
    (
        "encoded-word-in-parameter",
        multipart(ATTACHMENT + b'; (=?utf-8?q?a?=) filename="=?a=?b?="\r\n\r\none\r\n'),
    ),
    (
        "encoded-word-in-parameter",
        MIME + b'Content-Type: multipart/mixed; boundary="=?x?q?y?="\r\n\r\n--=?x?q?y?=\r\n\r\n1\r\n--=?x?q?y?=--\r\n',
    ),
    (
        "encoded-multipart",
        multipart(NESTED.replace(b"bc\r\n\r\n", b"bc\r\nContent-Transfer-Encoding: 7bit\r\n\r\n", 1)),
    ),
    ("encoded-multipart", multipart(b"Content-Type: text/plain\r\n" + BASE64 + b"\r\naGVsbG8=\r\n")),
    (
        "boundary-missing",
        MIXED + b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b--\r\n",
    ),
    ("boundary-missing", MIXED + b"--b\r\n\r\n" * 20_000),
    ("boundary-missing", multipart(b"\r\none\r\n", b"\r\ntwo\r\n")),
    ("boundary-missing", MIXED + b"preamble\r\n--bx\r\n" + PART + b"--b--\r\nepilogue\r\n--b--\r\n"),
    ("boundary-missing", MIXED + b"--b \t\r\n\r\none\r\n--b-- \t \r\n"),
    ("boundary-missing", multipart(NESTED)),
    (
        "boundary-missing",
        MIME + b'Content-Type: multipart/mixed;\r\n boundary="b =?(c)"\r\n\r\n--b =?(c)\r\n\r\n1\r\n--b =?(c)--\r\n',
    ),
    ("boundary-missing", MIME + b"Content-Type: multipart/mixed; boundary=b (a comment)\r\n\r\n" + PART + b"--b--\r\n"),
    ("boundary-missing", MIME + b"Content-Type: multipart/mixed (a) ; (b) Boundary = b\r\n\r\n" + PART + b"--b--\r\n"),
    (
        "boundary-missing",
        MIME + b'Content-Type: multipart/mixed; boundary*0="a"; boundary*1="b"\r\n\r\n--ab\r\n\r\none\r\n--ab--\r\n',
    ),
    ("boundary-missing", multipart(b"Content-Type: message/rfc822\r\n\r\n" + MIXED + b"cut off\r\n")),
    ("bad-base64", MIME + BASE64 + b"\r\naGVs\r\nbG8h\r\n \r\n\r\n"),
    ("bad-base64", MIME + BASE64 + b"\r\n\r\n"),
    ("bad-base64", MIME + b"Content-Transfer-Encoding: BASE64 (really)\r\n\r\naGVsbG8=\r\n"),
    ("bad-base64", MIME + BASE64 + b"\r\n" + b"QUJD" * 200 + b"\r\n"),
    ("bad-base64", multipart(b"Content-Type: message/rfc822\r\n\r\n" + FORWARDED)),
    ("bad-quoted-printable", MIME + PLAIN + QP + b"\r\nGr=C3=BC=c3=9fe =3D=\r\n soft=  \r\n \t=20\r\n=\r\n"),
    ("bad-quoted-printable", MIME + QP + b"\r\nends softly=\r\n"),
    ("bad-quoted-printable", multipart(QP + b"\r\nends softly=\r\n", QP + b"\r\nhard=0D=0A\r\n")),
    ("bad-quoted-printable", typed(b"text/plain", b"1=2\r\n")),
    ("charset-mismatch", typed(b'text/plain; charset="UTF8"', b"Gr\xc3\xbc\xc3\x9fe\r\n")),
    ("charset-mismatch", typed(b"text/plain; charset=utf-8; format=flowed", b"\xef\xbb\xbfGr\xc3\xbc\r\n")),
    ("charset-mismatch", typed(b"text/plain; charset=us-ascii (Plain text)", b"hello\r\n")),
    ("charset-mismatch", typed(b"text/plain; charset=utf-8 (Gr\\)n)", b"Gr\xc3\xbc\r\n")),
    ("charset-mismatch", typed(b"text/plain; charset=windows-1252", b"Gr\xfc\x81\r\n")),
    ("charset-mismatch", typed(b"text/plain; charset=gb2312", b"\x81\x30\x81\x30\r\n")),
    ("charset-mismatch", typed(b"text/plain; charset=x-our-own", b"Gr\xfc\r\n")),
    ("charset-mismatch", typed(b"text/plain; charset=undefined", b"Gr\xfc\r\n")),
    ("charset-mismatch", typed(b"text/calendar", b"Gr\xc3\xbc\xc3\x9fe\r\n")),
    ("charset-mismatch", typed(b"text/html", b"Gr\xc3\xbc\xc3\x9fe\r\n")),
    ("charset-mismatch", typed(b"application/json", b"Gr\xc3\xbc\xc3\x9fe\r\n")),
    ("charset-mismatch", MIME + b"Content-Type: image/png\r\n" + BASE64 + b"\r\n/////w==\r\n"),
    ("charset-mismatch", MIME + b"Content-Transfer-Encoding: x-own\r\n\r\n\xff\r\n"),
    ("attachment-without-name", multipart(ATTACHMENT + b"; filename=a.txt\r\n\r\none\r\n")),
    ("attachment-without-name", multipart(ATTACHMENT + b";\r\n filename*=utf-8''gr%C3%BCn.txt\r\n\r\none\r\n")),
    ("attachment-without-name", multipart(ATTACHMENT + b';\r\n filename*0="a";\r\n filename*1=".txt"\r\n\r\none\r\n')),
    (
        "attachment-without-name",
        multipart(b"Content-Type: text/plain; name=a.txt\r\n" + ATTACHMENT + b"\r\n\r\none\r\n"),
    ),
    ("attachment-without-name", multipart(b"Content-Disposition: inline\r\n\r\none\r\n")),
    (
        "attachment-without-name",
        multipart(b"Content-Type: message/rfc822\r\n" + ATTACHMENT + b"\r\n\r\n" + FORWARDED),
    ),
]


def needs_eight_bits(content):
    return b"BODY=8BITMIME" if not content.isascii() else b""


@pytest.mark.parametrize(("code", "content", "where"), named(TRIGGERS))
def test_it_is_found_where_it_is_and_nothing_else(mock, code, content, where):
    offer(mock, "8BITMIME")

    message = deliver(mock, content, needs_eight_bits(content))

    assert places(message.violations) == [(code, where)]


@pytest.mark.parametrize(("code", "content"), named(NEAR_MISSES))
def test_what_is_legal_is_not_accused(mock, code, content):
    offer(mock, "8BITMIME")

    message = deliver(mock, content, needs_eight_bits(content))

    assert places(message.violations) == []


def test_every_code_of_mime_has_a_trigger_and_two_near_misses():
    found = {row[0] for row in TRIGGERS}
    near = [row[0] for row in NEAR_MISSES]

    assert [code for code in SECTIONS["MIME"] if code not in found or near.count(code) < 2] == []


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Type: text/plain; charset*0*=utf-8''%FF; charset*x=1",
        b"Content-Type: text/plain; charset*=x''\xff",
        b'Content-Type: text/plain; charset="a\x00b"',
        b"Content-Type: text/plain; charset*" + b"9" * 5000 + b"=x",
        b"Content-Type: /",
        b"Content-Type: multipart/mixed; boundary*=x''%FF%00",
        b"Content-Disposition: attachment; filename*0*=x; filename*a=b",
        b"Content-Type: multipart/mixed; boundary=\xff",
        b"Content-Type: multipart/" + b"(" * 100_000,
    ],
    ids=range(9),
)
def test_what_the_email_package_cannot_read_raises_nothing(mock, header):
    mock.on("MAIL FROM", reply="250 Why not")
    body = b"--b\r\n" + header + b"\r\n\r\nGr\xfc\xdfe\r\n--b--\r\n"

    whole = deliver(mock, MIME + header + b"\r\n\r\n" + body, b"BODY=8BITMIME SMTPUTF8")
    mock.purge()
    part = deliver(mock, MIXED + body, b"BODY=8BITMIME SMTPUTF8")

    codes = {*SECTIONS["MIME"], *SECTIONS["The header"], "line-too-long"}
    assert {found.code for message in (whole, part) for found in message.violations} <= codes


def test_multiparts_nested_a_thousand_deep_are_judged_as_far_as_they_are_followed(mock):
    def begun(number):
        return b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (number, number)

    content = MIME + b"".join(map(begun, range(1000))) + b"\r\none\r\n"

    found = deliver(mock, content).violations

    assert {one.code for one in found} == {"boundary-missing"}
