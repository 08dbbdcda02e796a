"""Mails that nobody here wrote, and mails that nobody would write: no attribute of a `Content` may raise."""

from __future__ import annotations

import contextlib
import importlib.util
import pkgutil
import time
from encodings import __path__ as codecs_path
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpmock.errors import ContentError
from smtpmock.mail.attachments import Attachment
from smtpmock.mail.content import Content

ATTRIBUTES = [
    "email",
    "subject",
    "from_",
    "reply_to",
    "to",
    "cc",
    "date",
    "headers",
    "text",
    "html",
    "attachments",
    "links",
    "header_addresses",
]


def read_everything(raw: bytes) -> dict[str, object]:
    content = Content(raw)
    seen = {name: getattr(content, name) for name in ATTRIBUTES}
    again = Content(raw)
    assert seen["text"] == again.text
    assert seen["attachments"] == again.attachments
    for ask in (content.code, content.link, lambda: content.code("(x)|y"), lambda: content.link("*x*")):
        with contextlib.suppress(ContentError):
            assert isinstance(ask(), str)
    assert content.bcc(("a@b.example",)) in ((), ("a@b.example",))
    assert len(content.headers) == len(content.headers.items()) == len(list(content.headers))
    for name, value in content.headers.items():
        assert len(value.splitlines()) < 2
        assert value in content.headers.get_all(name)
    for text in (content.subject, content.from_, content.text, content.html, repr(content), *content.links):
        text.encode()  # no lone surrogates
    repr((content.headers, content.attachments))
    return seen


def corpus() -> list[Path]:
    # Found, not imported: importing the test package of the interpreter would load its test support.
    spec = importlib.util.find_spec("test")
    folders = [Path(place) / "test_email" / "data" for place in (spec and spec.submodule_search_locations) or ()]
    return sorted(path for folder in folders for path in folder.glob("*.txt"))


MAILS = corpus()


@pytest.mark.skipif(not MAILS, reason="this interpreter ships without the test data of its email package")
class TestMailsOfCPython:
    @pytest.mark.parametrize("path", MAILS, ids=lambda path: path.name)
    def test_every_attribute_can_be_read(self, path):
        read_everything(path.read_bytes())

    @pytest.mark.parametrize("path", MAILS, ids=lambda path: path.name)
    def test_line_ends_of_smtp_change_nothing(self, path):
        bare = path.read_bytes().replace(b"\r\n", b"\n")
        unix, smtp = Content(bare), Content(bare.replace(b"\n", b"\r\n"))
        for name in ("subject", "from_", "to", "cc", "date", "text", "html", "links"):
            assert getattr(unix, name) == getattr(smtp, name)
        assert [a.name for a in unix.attachments] == [a.name for a in smtp.attachments]

    @pytest.mark.parametrize("path", MAILS, ids=lambda path: path.name)
    def test_first_fields_agree_with_the_email_package(self, path):
        content = Content(path.read_bytes())
        assert [name.lower() for name in content.headers] == [name.lower() for name in content.email]

    @pytest.mark.parametrize("path", MAILS, ids=lambda path: path.name)
    def test_cut_anywhere_they_are_still_read(self, path):
        raw = path.read_bytes()
        for end in range(0, len(raw), max(1, len(raw) // 8)):
            read_everything(raw[:end])


@given(st.binary(max_size=300))
def test_arbitrary_bytes_never_raise(raw):
    read_everything(raw)


HEADER_NAMES = st.sampled_from(
    [
        "From",
        "To",
        "Cc",
        "Bcc",
        "Reply-To",
        "Date",
        "Subject",
        "Message-ID",
        "Content-Type",
        "Content-Disposition",
        "Content-ID",
        "Content-Transfer-Encoding",
        "MIME-Version",
        "X-Id",
    ]
)
PIECES = st.sampled_from(
    [
        *(b"=?utf-8?q?a=?=", b"=?utf-8?b?w6?=", b"=?x?q?=FF?=", b"=?utf-7?q?+2AA-?=", b"=?u\0?q?a?=", b"=?", b"?="),
        *(b"multipart/mixed", b"multipart/digest", b"text/plain", b"text/html", b"message/rfc822", b"text", b"/"),
        *(b"; boundary=b", b'; boundary="b', b"; charset=utf-16", b"; charset=undefined", b"; charset=hex"),
        *(b"; filename*0*=utf-8''%", b"; filename*1=x", b"; filename*=x'y", b"; filename=../..", b"; name="),
        *(b"; filename*=a; filename*0=b", b"; boundary*=a\0b''x", b"; charset*=idna''x", b"x-uuencode"),
        *(b"base64", b"quoted-printable", b"attachment", b"inline", b"a@b.example", b"<a@b>", b"(", b")", b'"'),
        *(b"Group:", b";", b",", b"Mon, 1 Jan 2024 10:00:00 +9999", b"-0000", b"\r\n ", b"\r", b"\xff", b"\0"),
    ]
)
VALUES = st.lists(PIECES | st.binary(max_size=4), max_size=6).map(b"".join)
FIELDS = st.builds(lambda name, value: name.encode() + b": " + value + b"\r\n", HEADER_NAMES, VALUES)
BODIES = st.lists(
    st.sampled_from(
        [
            *(b"--b\r\n", b"--b--\r\n", b"\r\n", b"=\r\n", b"=E", b"YWJj", b"=", b"https://a.example/(x)", b"123456"),
            *(b"<a href='", b"&#x110000;", b"&#99999999999;", b"<![x[", b"<!--", b"-->", b"<!x", b"<?", b"</a>", b">"),
            *(b"begin 644 x\r\n", b"#xx\r\n", b"end\r\n", b"<style>"),
            *(
                b"Content-Type: message/delivery-status\r\n",
                b"Content-Type: message/rfc822\r\n",
                b"Content-Type: multipart/x; boundary=b\r\n\r\n",
            ),
        ]
    )
    | st.binary(max_size=5),
    max_size=12,
).map(b"".join)


@given(st.lists(FIELDS, max_size=6).map(b"".join), BODIES)
def test_arbitrary_assembled_mails_never_raise(header, body):
    read_everything(header + b"\r\n" + body)


@given(BODIES)
def test_arbitrary_html_never_raises(body):
    read_everything(b"Content-Type: text/html\r\n\r\n" + body)


@given(st.text(max_size=300))
def test_any_name_is_saved_in_the_folder(tmp_path_factory, name):
    folder = tmp_path_factory.mktemp("saved")
    path = Attachment(name, "text/plain", b"x").save(folder)
    assert path.parent == folder
    assert list(folder.iterdir()) == [path]


@pytest.mark.parametrize("codec", sorted(module.name for module in pkgutil.iter_modules(codecs_path)))
def test_every_codec_of_python_may_be_named_as_charset(codec):
    head = f"Subject: =?{codec}?q?a=5Cx=FF?=\r\nContent-Type: text/plain; charset={codec}\r\n\r\n".encode()
    read_everything(head + b"\\x \\d +2AA- \xff\xfe\x80")


def nested(levels: int) -> bytes:
    heads = (b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(levels))
    ends = (b"\r\n--b%d--" % n for n in reversed(range(levels)))
    return b"Subject: deep\r\n" + b"".join(heads) + b"\r\nhello" + b"".join(ends)


def test_a_nesting_of_twenty_levels_is_read():
    assert Content(nested(20)).text == "hello"


def test_what_is_nested_deeper_is_shown_as_it_stands():
    content = Content(nested(21))
    assert content.text == "--b20\n\nhello\n--b20--"
    assert content.attachments == ()
    assert content.email.is_multipart()


def megabyte(start: bytes, *repeated: bytes) -> bytes:
    return start + b"".join(b * (1_000_000 // len(repeated) // len(b)) for b in repeated)


PAGE = b"Content-Type: text/html\r\n\r\n"
MIXED = b"Content-Type: multipart/mixed; boundary=b\r\n"
HOSTILE = {
    "multiparts in multiparts": nested(500),
    "ten thousand multiparts": nested(10_000),
    "empty lines in multiparts": nested(500).replace(b"hello", b"\n" * 1_000_000),
    "forwarded forwards": megabyte(b"", b"Content-Type: message/rfc822\r\n\r\n"),
    "one boundary for all": megabyte(b"", MIXED + b"\r\n--b\r\n"),
    "many parts": megabyte(MIXED + b"\r\n", b"--b\r\n\r\n"),
    "many fields and parts": megabyte(b"", b"a:\r\n", MIXED, b"\r\n--b\r\n"),
    "semicolons": b"Content-Type: multipart/mixed" + b";" * 100_000 + b"\r\n\r\n",
    "quoted semicolons": b'Content-Disposition: attachment; filename="' + b";" * 100_000 + b"\r\n\r\n",
    "semicolons in each part": megabyte(MIXED + b"\r\n", b"--b\r\nContent-Type: a/b" + b";" * 4000 + b"\r\n\r\n"),
    "pieces of a name": megabyte(b"Content-Type: a/b", b"; name*1=x"),
    "open comments in HTML": megabyte(PAGE, b"<!--"),
    "open tags": megabyte(PAGE, b"<a href='"),
    "open tags with other quotes": megabyte(PAGE, b'<a href="'),
    "open ends of tags": megabyte(PAGE, b"</a "),
    "open instructions": megabyte(PAGE, b"<?"),
    "open sections": megabyte(PAGE, b"<![if>"),
    "angle brackets": megabyte(PAGE, b"<"),
    "tags": megabyte(PAGE, b"<p>"),
    "tags in a script": megabyte(PAGE + b"<script>", b"</p>"),
    "a long number as a character": megabyte(PAGE + b"&#", b"9"),
    "zeros as a character": megabyte(PAGE + b"&#", b"0"),
    "comments in addresses": megabyte(b"To: ", b"("),
    "groups in groups": megabyte(b"To: ", b"a:"),
    "open encoded words": megabyte(b"Subject: ", b"=?a?q?x "),
    "encoded words": megabyte(b"Subject: ", b"=?a?q?x?= "),
    "links and brackets": megabyte(b"\r\nhttps://x", b")"),
    "digits": megabyte(b"\r\n", b"1"),
    "a long number as a date": megabyte(b"Date: ", b"1"),
}


@pytest.mark.uninstrumented
@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_hostile_mails_are_read_in_bearable_time(raw):
    began = time.perf_counter()
    content = Content(raw)
    for name in ATTRIBUTES[1:]:  # the speed of `email` is that of its package
        getattr(content, name)
    with contextlib.suppress(ContentError):
        content.code()
    assert time.perf_counter() - began < 20


@pytest.mark.parametrize(
    "raw", [nested(10_000), b"Content-Type: message/rfc822\r\n\r\n" * 3000], ids=["multi", "forward"]
)
def test_mails_too_deep_for_the_package_are_a_header_and_a_text(raw):
    email = Content(raw).email
    assert not email.is_multipart()
    assert raw.endswith(email.get_payload().encode())
