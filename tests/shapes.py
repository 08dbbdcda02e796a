"""Mails built from repeated units: the worst shapes of each thing that a mail is read for."""

from __future__ import annotations

from typing import NamedTuple

_MIXED = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
_HTML = b"Content-Type: text/html\r\n\r\n"
_BASE64 = b"Content-Transfer-Encoding: base64\r\n\r\n"
_QP = b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
_UU = b"Content-Transfer-Encoding: x-uuencode\r\n\r\n"


class Shape(NamedTuple):
    """The beginning of a mail, the part that is repeated, and its end."""

    start: bytes
    unit: bytes
    end: bytes = b""

    def mail(self, size: int) -> bytes:
        """Return a mail of about that size."""
        return self.start + self.unit * ((size - len(self.start) - len(self.end)) // len(self.unit)) + self.end


_VALUES = {
    "a letter": b"a",
    "blanks": b" ",
    "quotes": b'"',
    "escaped quotes": b'\\"',
    "backslashes": b"\\",
    "open comments": b"(",
    "comments": b"()",
    "closed comments": b")",
    "quotes in comments": b'(")',
    "open brackets": b"<",
    "brackets": b"<>",
    "literals": b"[",
    "commas": b",",
    "semicolons": b";",
    "colons": b":",
    "at signs": b"@",
    "addresses": b"a@b,",
    "addresses in brackets": b"A <a@b>, ",
    "routes": b"<@a,",
    "groups": b"a:b@c;",
    "open groups": b"a:",
    "folds": b"a\r\n ",
    "carriage returns": b"a\r ",
    "encoded words": b"=?utf-8?q?a?= ",
    "encoded words apart": b"=?utf-8?q?a?=b",
    "encoded words in base64": b"=?utf-8?b?YQ==?= ",
    "words in no charset": b"=?x-a?q?a?= ",
    "open words": b"=?a?q?",
    "beginnings of words": b"=?",
    "ends of words": b"?=",
    "equal signs": b"=",
    "parameters": b"; a=b",
    "quoted parameters": b'; a="b"',
    "pieces of parameters": b"; name*1=a",
    "encoded parameters": b"; name*=utf-8''%41",
    "percent signs": b"%41",
    "digits": b"1",
    "dates": b"Sat, 21 Nov 2026 10:30:00 +0100 ",
    "eight bits": b"\xc3\xa4",
    "bad bytes": b"\xff",
    "control characters": b"\x01",
    "slashes": b"/",
    "stars": b"*",
    "dots": b".",
    "dashes": b"--",
}
_STARTS = {
    "Subject": b"Subject: ",
    "From": b"From: ",
    "an open quote in From": b'From: "',
    "To": b"To: a@b, ",
    "Bcc": b"Bcc: ",
    "Date": b"Date: ",
    "Message-ID": b"Message-ID: <",
    "Content-Type": b"Content-Type: a/b",
    "a multipart": b"Content-Type: multipart/mixed; boundary=",
    "a quoted boundary": b'Content-Type: multipart/mixed; boundary="',
    "a charset": b"Content-Type: text/plain; charset=",
    "Content-Disposition": b"Content-Disposition: attachment; filename=",
    "a transfer encoding": b"Content-Transfer-Encoding: ",
    "Content-ID": b"Content-ID: ",
}
_WORDS = ("encoded words", "encoded words apart", "encoded words in base64", "words in no charset", "open words")
_SIGNS = (
    "quotes",
    "escaped quotes",
    "backslashes",
    "open comments",
    "comments",
    "closed comments",
    "quotes in comments",
)
_LISTS = ("open brackets", "brackets", "literals", "commas", "semicolons", "colons", "at signs", "dots", "routes")
_ADDRESSES = (*_SIGNS, *_LISTS, "addresses", "addresses in brackets", "groups", "open groups", "folds", "a letter")
_PARAMETERS = ("semicolons", "parameters", "quoted parameters", "pieces of parameters", "encoded parameters")
_PAIRS = {
    "Subject": (
        *("a letter", "blanks", "folds", "carriage returns", "eight bits", "bad bytes", "control characters"),
        *(*_WORDS, "beginnings of words", "ends of words"),
    ),
    "From": (*_ADDRESSES, *_WORDS),
    "an open quote in From": ("escaped quotes", "quotes", "a letter"),
    "To": _ADDRESSES,
    "Bcc": ("addresses", "commas", "at signs", "semicolons"),
    "Date": ("digits", "dates", "colons", "comments", "blanks", "a letter", "commas"),
    "Message-ID": ("a letter", "dots", "at signs", "brackets", "quotes", "literals"),
    "Content-Type": (*_SIGNS, *_PARAMETERS, "slashes", "stars", "blanks", "equal signs", "folds"),
    "a multipart": ("a letter", "dashes", "eight bits", "blanks", "quotes", "comments"),
    "a quoted boundary": ("a letter", "escaped quotes", "blanks"),
    "a charset": ("a letter", "blanks", "quotes", "comments", "eight bits"),
    "Content-Disposition": (*_SIGNS, *_PARAMETERS, *_WORDS, "percent signs"),
    "a transfer encoding": ("a letter", "comments", "open comments", "blanks"),
    "Content-ID": ("brackets", "a letter", "blanks"),
}
FIELDS = {
    f"{unit} in {start}": Shape(_STARTS[start], _VALUES[unit], b"\r\n\r\nx\r\n")
    for start, units in _PAIRS.items()
    for unit in units
}

HEADERS = {
    f"many fields: {unit!r}": Shape(b"", unit, b"\r\nx\r\n")
    for unit in (
        *(b"a:\r\n", b"a:\n", b"a:\r", b":\n", b" \n", b"From \n", b"A-b : c\r\n", b"a b: c\r\n", b"X-A: \x01\r\n"),
        *(b"Bcc: a@b\r\n", b"Bcc:\r\n", b"To: a@b\r\n", b'To: "\r\n', b"To: (\r\n", b"From: a\r\n", b"Date: x\r\n"),
        *(b"Subject: =?utf-8?q?a?=\r\n", b"Subject: \xff\r\n", b"Content-Type: a\r\n", b"Message-ID: x\r\n"),
        *(b"Resent-To: a@b,\r\n", b"X-Long: " + b"x" * 2000 + b"\r\n", b"--b:\r\n", b"\r \n", b"a\n"),
    )
}

BODIES = {
    f"{unit!r} in {name}": Shape(start, unit)
    for name, start, units in (
        (
            "a text",
            b"\r\n",
            (
                *(
                    b"a",
                    b" ",
                    b"\n",
                    b"\r",
                    b"\r\n",
                    b"\r\r\n",
                    b"order 12345 code ",
                    b"123 456\n",
                    b".\r\n",
                    b"--\r\n",
                    b"--b\r\n",
                    b"\xff",
                    b"\xc3\xa4\n",
                ),
                *(b"1", b"1234 ", b"1234\n", b"1234-", b"12:34 ", b"(c) ", b"\xc2\xa9", b"copyright ", b"jan ", b"jan"),
                *(b"jan 2026 ", b"2026 ", b"a@", b"a@b ", b"a.", b"a+b-", b"$1234 "),
                *(b"http://", b"http://a ", b"https://a/b\n", b"http", b"://", b"http://a)", b"http://a. ", b"h", b'"'),
            ),
        ),
        ("a link", b"\r\nhttps://a/", (b"a", b")", b"]", b").", b".", b"'", b"(", b"/", b"()")),
        (
            "a page",
            _HTML,
            (
                *(b"<", b">", b"<p>", b"</p>", b"<p", b"</", b"</p ", b"<!", b"<!--", b"<!-->", b"<!-- -->", b"-->"),
                *(b"<?", b"<![if>", b"<a href=a:b>", b"<a href='a:b'>", b"<a href='", b'<a href="', b"<a a=", b"<a ="),
                *(
                    b"<a a a ",
                    b"<script>",
                    b"<script></script>",
                    b"</script",
                    b"<title>",
                    b"<style><p>",
                    b"<area href=",
                ),
                *(
                    b"&",
                    b"&#",
                    b"&#1",
                    b"&#9;",
                    b"&amp;",
                    b"&amp",
                    b"&aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                    b"http://a ",
                    b"< ",
                ),
                *(b"1234<b>", b"\xc2\xa0", b" \n", b"=", b"'", b'"', b"<p a='>'>", b"<a/"),
            ),
        ),
        ("a tag", _HTML + b"<a ", (b"a", b" ", b"=", b"a=b ", b"href ", b"href=", b"a='", b'"', b"/", b"\n")),
        ("an entity", _HTML + b"&#", (b"9", b"0", b"x", b"&#")),
        ("a script", _HTML + b"<script>", (b"</", b"</scrip", b"<p>", b"</script ", b"<!--")),
        ("base64", _BASE64, (b"YQ==", b"YWJj", b"YWJj\r\n", b"=", b"!", b"\n", b"Y", b"Y=")),
        ("quoted-printable", _QP, (b"=", b"=41", b"=\r\n", b"= ", b" ", b" \r\n", b"=4", b"=\t", b"a=\n", b"\r")),
        ("uuencoded", _UU, (b"begin 644 a\n", b"#xx\r\n", b"end\n", b"\n", b"begin ")),
        ("an uuencoded file", _UU + b"begin 644 a\n", (b"#xx\r\n", b"`\n", b"a\n", b"%2&5L;&\\ \n")),
        *(
            (
                charset,
                b"Content-Type: text/plain; charset=%b\r\n\r\n" % charset.encode(),
                (b"a", b"+", b"\xff", b"\\u", b"~{"),
            )
            for charset in (
                "utf-7",
                "utf-16",
                "hz",
                "iso-2022-jp",
                "gb18030",
                "unicode_escape",
                "idna",
                "punycode",
                "x-no",
            )
        ),
    )
    for unit in units
}


def _nested(name: bytes) -> bytes:
    return b"".join(
        b"Content-Type: multipart/mixed; boundary=%b%d\r\n\r\n--%b%d\r\n" % (name, n, name, n) for n in range(20)
    )


PARTS = {
    f"parts: {name}": Shape(start, unit)
    for name, start, unit in (
        ("empty", _MIXED, b"--b\r\n\r\n"),
        ("delimiters alone", _MIXED, b"--b\r\n"),
        ("ends", _MIXED, b"--b--\r\n"),
        ("almost delimiters", _MIXED, b"--bx\r\n"),
        ("dashes", _MIXED, b"--\r\n"),
        ("a line of dashes", _MIXED + b"--", b"-"),
        ("blanks behind", _MIXED + b"--b", b" "),
        ("bare line ends", _MIXED, b"--b\r"),
        ("texts", _MIXED, b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n"),
        ("attachments", _MIXED, b"--b\r\nContent-Disposition: attachment; filename=a\r\n\r\nx\r\n"),
        ("encoded", _MIXED, b"--b\r\nContent-Transfer-Encoding: base64\r\n\r\n!\r\n"),
        ("long charsets", _MIXED, b"--b\r\nContent-Type: text/plain; charset=" + b"x" * 500 + b"\r\n\r\n\xff\r\n"),
        ("multiparts without boundary", _MIXED, b"--b\r\nContent-Type: multipart/mixed\r\n\r\nx\r\n"),
        ("multiparts that do not begin", _MIXED, b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\nx\r\n"),
        ("multiparts that do not end", _MIXED, b"--b\r\nContent-Type: multipart/x; boundary=c\r\n\r\n--c\r\n\r\nx\r\n"),
        ("one boundary for all", b"", b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"),
        ("digests", b"Content-Type: multipart/digest; boundary=b\r\n\r\n", b"--b\r\n\r\nSubject: a\r\n\r\nx\r\n"),
        ("forwarded", b"", b"Content-Type: message/rfc822\r\n\r\n"),
        ("forwarded in parts", _MIXED, b"--b\r\nContent-Type: message/rfc822\r\n\r\n"),
        ("delivery states", b"Content-Type: message/delivery-status\r\n\r\n", b"a: b\r\n\r\n"),
        ("quotes in a delivery state", b"Content-Type: message/delivery-status\r\n\r\nContent-Type: a/b", b'"'),
        ("quotes in a forwarded mail", b"Content-Type: message/rfc822\r\n\r\nContent-Type: a/b", b'"'),
        ("semicolons in a partial mail", b"Content-Type: message/partial\r\n\r\nContent-Type: a/b", b";"),
        ("short quotes", _MIXED, b"--b\r\nContent-Type: a/b" + b'"' * 1900 + b"\r\n\r\n"),
        ("shorter quotes", _MIXED, b"--b\r\nContent-Type: a/b" + b'"' * 45 + b"\r\n\r\n"),
        ("fields", _MIXED, b"--b\r\n" + b"a:\n" * 200 + b"\n"),
        ("semicolons", _MIXED, b"--b\r\nContent-Type: a/b" + b";" * 4000 + b"\r\n\r\n"),
        ("parameters", _MIXED, b"--b\r\nContent-Type: a/b" + b'; a="b"' * 500 + b"\r\n\r\n"),
        ("comments", _MIXED, b"--b\r\nContent-Disposition: a" + b"(" * 4000 + b"\r\n\r\n"),
        ("short comments", _MIXED, b"--b\r\nContent-Disposition: a" + b"(" * 150 + b"\r\n\r\n"),
        ("boundaries with a colon", b"Content-Type: multipart/mixed; boundary=a:b\r\n\r\n", b"--a:b\r\n--a:bc\r\n"),
        ("lines in twenty multiparts", _nested(b"b"), b"\n"),
        ("almost delimiters in twenty multiparts", _nested(b"b"), b"--b19x\n"),
        ("ends in twenty multiparts", _nested(b"b"), b"--b19--\n--b18\n"),
    )
}

SHAPES = {**FIELDS, **HEADERS, **BODIES, **PARTS}
"""All of them, by a name that says what they are."""
