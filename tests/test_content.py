from __future__ import annotations

import re
import subprocess
import sys
import threading
from base64 import encodebytes
from binascii import b2a_qp
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpmock.errors import QueryError, SMTPMockError
from smtpmock.mail.codes import text_codes
from smtpmock.mail.content import Attachment, Content, ContentError, MissingHeaderError
from smtpmock.mail.html import read_html


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def plain(body: str) -> Content:
    return Content(crlf("\n" + body))


def page(body: str) -> Content:
    return Content(crlf("Content-Type: text/html; charset=utf-8\n\n" + body))


def multipart(*parts: str, kind: str = "mixed") -> Content:
    body = "".join(f"--b\n{part}\n" for part in parts)
    return Content(crlf(f"Content-Type: multipart/{kind}; boundary=b\n\nPreamble\n{body}--b--\nEpilogue\n"))


def quoted_printable(data: bytes) -> bytes:
    return b2a_qp(data, istext=False).replace(b"=0D=0A", b"\r\n")


MIXED = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"


class TestContent:
    @pytest.mark.uninstrumented
    def test_importing_it_imports_neither_email_nor_html(self):
        command = "import sys, smtpmock.mail.content; sys.exit('email' in sys.modules or 'html' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", command], check=False).returncode == 0

    def test_raw_are_the_exact_bytes(self):
        assert Content(b"a\r\n\0\xff").raw == b"a\r\n\0\xff"

    def test_attributes_are_read_only(self):
        with pytest.raises(AttributeError):
            Content(b"").text = "x"

    def test_each_thing_is_parsed_once(self):
        content = Content(b"To: a@b.example\r\n\r\nhi")
        for name in ("email", "headers", "text", "attachments", "links", "header_addresses"):
            assert getattr(content, name) is getattr(content, name)

    def test_threads_get_the_same_objects(self):
        content = Content(b"Subject: x\r\n\r\nhi")
        seen = []
        threads = [threading.Thread(target=lambda: seen.append(content.email)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(seen) == 8
        assert {id(email) for email in seen} == {id(content.email)}

    def test_repr_is_short(self):
        assert repr(Content(b"Subject: Hi\r\n\r\n")) == "<Content 'Hi' 15 B>"

    def test_empty_mail_has_empty_values(self):
        content = Content(b"")
        assert (content.subject, content.from_, content.text, content.html) == ("", "", "", "")
        assert (content.to, content.cc, content.reply_to, content.links, content.attachments) == ((),) * 5
        assert content.date is None
        assert content.header_addresses == frozenset()

    def test_email_is_what_the_standard_package_parses(self):
        email = multipart("\nhi", "Content-Type: text/html\n\n<p>hi").email
        assert email.get_body(("html",)).get_content() == "<p>hi"

    def test_email_that_the_package_cannot_parse_has_its_header_and_one_text(self):
        email = Content(b"Subject: =?utf-8?q?=C3=A4?=\r\nContent-Type: a/b; c*=d\0e''f\r\n\r\nhi\r\n").email
        assert email["Subject"] == "ä"
        assert email.get_payload() == "hi\r\n"

    def test_email_too_deep_for_the_package_has_its_header(self):
        deep = b"Content-Type: message/rfc822\r\n\r\n" * 2000
        assert Content(b"Subject: x\r\n" + deep).email["Subject"] == "x"


class TestSubject:
    @pytest.mark.parametrize(
        ("field", "subject"),
        [
            (b"Hello", "Hello"),
            (b"", ""),
            (b"a\r\n b\r\n\tc", "a b c"),
            (b"a\x0bb\x0cc", "a b c"),
            (b"=?utf-8?q?Caf=C3=A9_au?= lait", "Café au lait"),
            (b"=?UTF-8?B?0JTQsA==?=", "Да"),
            (b"=?koi8-r?Q?=E4=C1?=", "Да"),
            (b"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"),
            (b"=?utf-8*en?q?Hi?=", "Hi"),
            (b"=?utf-8?q?a?=\r\n =?utf-8?q?b?= c", "ab c"),
            (b"=?utf-8?q?=C3?= =?utf-8?q?=A4?=", "ä"),
            (b"=?utf-8?q?Really??=", "Really?"),
            (b"=?utf-8?b?SGVsbG8?=", "Hello"),
            (b"=?utf-8?b?SGVsb!G8x?=", "Hello1"),
            (b"=?nonsense?q?=C3=A4?=", "ä"),
            (b"=?utf-8?q?=E4?=", "\N{REPLACEMENT CHARACTER}"),
            (b"=?utf-8?b?SGVsb?=", "=?utf-8?b?SGVsb?="),
            (b"=?a?q?open =?utf-8?q?Hi?=", "=?a?q?open Hi"),
            ("Å =?utf-8?q?=C3=A4?= 日本".encode(), "Å ä 日本"),
            (b"=?utf-8?q?open", "=?utf-8?q?open"),
            (b"=?utf-8?q?a=0D=0AX-Evil:_1?=", "a X-Evil: 1"),
            ("Grüße".encode(), "Grüße"),
            ("Grüße".encode("latin-1"), "Grüße"),
        ],
    )
    def test_is_decoded_in_one_line(self, field, subject):
        assert Content(b"Subject: " + field + b"\r\n\r\n").subject == subject

    def test_the_first_of_two_wins(self):
        content = Content(b"Subject: one\r\nsubject: two\r\n\r\n")
        assert content.subject == content.headers["SUBJECT"] == "one"
        assert content.headers.get_all("Subject") == ("one", "two")

    def test_is_found_without_an_empty_line_after_the_header(self):
        assert Content(b"Subject: x").subject == "x"
        assert Content(b"Subject: x\r\nnot a field\r\n").text == "not a field\n"

    def test_a_bare_carriage_return_ends_a_line_as_in_the_email_package(self):
        content = Content(b"Subject: a\rX-Id: b\r\n\r\n")
        assert content.headers.items() == tuple(content.email.items()) == (("Subject", "a"), ("X-Id", "b"))

    def test_is_found_after_the_line_of_a_mailbox_file(self):
        assert Content(b"From a@b.example Sat Nov 21\r\nSubject: x\r\n\r\n").subject == "x"


class TestHeaders:
    HEADERS = Content(b"From: Ann <a@b.example>\r\nX-Id: 1\r\nx-id: =?utf-8?q?=C3=A4?=\r\n\r\n").headers

    def test_names_have_no_case(self):
        assert self.HEADERS["x-ID"] == "1"
        assert "FROM" in self.HEADERS
        assert "To" not in self.HEADERS
        assert 1 not in self.HEADERS

    def test_get_has_a_default(self):
        assert self.HEADERS.get("to") == ""
        assert self.HEADERS.get("to", "-") == "-"
        assert self.HEADERS.get("from") == "Ann <a@b.example>"

    def test_repeated_names_are_all_there(self):
        assert list(self.HEADERS) == ["From", "X-Id", "x-id"]
        assert self.HEADERS.items() == (("From", "Ann <a@b.example>"), ("X-Id", "1"), ("x-id", "ä"))
        assert len(self.HEADERS) == 3
        assert self.HEADERS.get_all("none") == ()

    def test_a_missing_name_is_a_key_error_that_names_the_nearest(self):
        with pytest.raises(KeyError) as caught:
            self.HEADERS["X-Ids"]
        assert isinstance(caught.value, MissingHeaderError)
        assert isinstance(caught.value, SMTPMockError)
        text = "The mail has no header 'X-Ids'; the nearest is 'x-id'. It has From, x-id."
        assert str(caught.value) == text

    def test_a_mail_without_header_says_so(self):
        with pytest.raises(KeyError, match=r"^The mail has no header 'To'\. It has no headers\.$"):
            Content(b"").headers["To"]

    def test_repr_is_short(self):
        assert repr(self.HEADERS) == "<Headers 'From', 'X-Id', 'x-id'>"


class TestAddresses:
    MAIL = Content(
        crlf(
            'From: "Doe, Ann" <ann@a.example>, second@a.example\n'
            "Reply-To: <r1@a.example>,\n r2@a.example\n"
            "To: Team: x@A.example, =?utf-8?q?Y=2C_Z?= <y@a.example>;, z@a.example (Zed)\n"
            "Cc: undisclosed recipients:;\n"
            "Resent-Bcc: Hidden@B.Example\n\n"
        )
    )

    def test_are_bare(self):
        assert self.MAIL.from_ == "ann@a.example"
        assert self.MAIL.reply_to == ("r1@a.example", "r2@a.example")
        assert self.MAIL.to == ("x@A.example", "y@a.example", "z@a.example")
        assert self.MAIL.cc == ()

    def test_display_name_is_in_the_header(self):
        assert self.MAIL.headers["From"] == '"Doe, Ann" <ann@a.example>, second@a.example'

    def test_have_display_names(self):
        assert list(map(str, self.MAIL.addresses("From"))) == ["Doe, Ann <ann@a.example>", "second@a.example"]
        assert self.MAIL.addresses("TO") == (("", "x@A.example"), ("Y, Z", "y@a.example"), ("", "z@a.example"))
        assert self.MAIL.addresses("X-None") == ()

    @pytest.mark.parametrize(
        ("field", "name"),
        [
            ("Ann Smith <a@b>", "Ann Smith"),
            ("  Ann\t Smith\t<a@b>", "Ann Smith"),
            ('"Ann \\"A\\" \\\\ Smith" <a@b>', 'Ann "A" \\ Smith'),
            ('Ann "the A" Smith <a@b>', "Ann the A Smith"),
            ("=?utf-8?q?Zo=C3=AB?= =?utf-8?q?_Z?= <a@b>", "Zoë Z"),
            ('"=?utf-8?q?Zo=C3=AB?=" <a@b>', "Zoë"),
            ("=?utf-8?q?a=0D=0ABcc=3A_x@y?= <a@b>", "a Bcc: x@y"),
            ("Ann (the first) Smith <a@b>", "Ann Smith"),
            ("Team: Ann <a@b>;", "Ann"),
            ("Ann <@route.example:a@b>", "Ann"),
            ("Ann <Bob <a@b>", "Ann"),
            ('"Ann <a@b>', ""),
            ("<a@b> Ann", ""),
            ("a@b", ""),
            ("", None),
        ],
    )
    def test_display_names_are_decoded(self, field, name):
        found = Content(f"To: {field}\r\n\r\n".encode()).addresses("to")
        assert next((one.name for one in found), None) == name

    def test_header_addresses_have_domains_in_lower_case(self):
        expected = {"x@a.example", "y@a.example", "z@a.example", "Hidden@b.example"}
        assert self.MAIL.header_addresses == expected

    def test_bcc_are_the_recipients_not_shown(self):
        envelope = ("X@a.example", "x@a.EXAMPLE", "Hidden@b.example", "other@b.example", "postmaster")
        assert self.MAIL.bcc(envelope) == ("X@a.example", "other@b.example", "postmaster")

    def test_a_postmaster_without_a_domain_is_shown_in_any_case(self):
        assert Content(b"To: Postmaster\r\n\r\n").bcc(("postmaster", "root")) == ("root",)

    def test_one_broken_address_does_not_hide_the_others(self):
        to = Content(b"To: a@b.example, <<broken, c@d.example\r\n\r\n").to
        assert to[0] == "a@b.example"
        assert to[-1] == "c@d.example"

    def test_non_ascii_addresses_are_read(self):
        assert Content("To: zoë@exämple.example\r\n\r\n".encode()).to == ("zoë@exämple.example",)


class TestDate:
    @pytest.mark.parametrize(
        ("field", "date"),
        [
            ("Sat, 21 Nov 2026 10:30:45 +0100", datetime(2026, 11, 21, 10, 30, 45, 0, timezone(timedelta(hours=1)))),
            ("21 Nov 2026 10:30 GMT", datetime(2026, 11, 21, 10, 30, tzinfo=timezone.utc)),
            ("Sat, 21 Nov 2026 10:30:45", datetime(2026, 11, 21, 10, 30, 45)),
            ("tomorrow", None),
            ("", None),
            ("Sat, 99 Nov 2026 10:30:45 +0100", None),
            ("Sat, 21 Nov 2026 10:30:45 +9999", None),
            ("Sat, 21 Nov 99999999999999999999 10:30:45 +0100", None),
        ],
    )
    def test_is_aware_if_it_has_a_zone(self, field, date):
        assert Content(crlf(f"Date: {field}\n\n")).date == date

    def test_is_none_if_absent(self):
        assert Content(b"\r\n").date is None


class TestTexts:
    @pytest.mark.parametrize("charset", ["koi8-r", "utf-8", "utf-16", "windows-1251", '"KOI8-R"'])
    def test_are_decoded_by_charset(self, charset):
        body = "Привет\r\n".encode(charset.strip('"'))
        for kind in ("plain", "html"):
            content = Content(f"Content-Type: text/{kind}; charset={charset}\r\n\r\n".encode() + body)
            assert (content.text or content.html) == "Привет\n"

    def test_japanese_in_seven_bits_is_decoded(self):
        head = b"Content-Type: text/plain; charset=iso-2022-jp\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
        assert Content(head + "日本語\r\n".encode("iso-2022-jp")).text == "日本語\n"

    @pytest.mark.parametrize("charset", ["nonsense", "us-ascii", "hex", "undefined", "idna", "", "a\0b"])
    def test_fall_back_to_utf_8_then_to_replacement(self, charset):
        head = f"Content-Type: text/plain; charset={charset}\r\n\r\n".encode()
        assert Content(head + "ä".encode()).text == "ä"
        assert Content(head + b"a\xe4b").text == "a\ufffdb"

    @pytest.mark.parametrize(
        ("encoding", "body", "text"),
        [
            ("base64", b"SGVs\r\nbG8=\r\n", "Hello"),
            ("BASE64", b"SGVsbG8", "Hello"),
            ("base64", b"SGV*sb G8", "Hello"),
            ("base64", b"SGVsbG8=\r\n-- \r\nfooter", "Hello"),
            ("base64", b"SGVsb", "SGVsb"),
            ("base64", b"", ""),
            ("quoted-printable", b"a=\r\nb=3D=C3=A4 \t\r\nc", "ab=ä \t\nc"),
            ("quoted-printable", b"a=ZZ=", "a=ZZ"),
            ("8bit", b"a=3D", "a=3D"),
            ("nonsense", b"a=3D", "a=3D"),
            ("x-uuencode", b"begin 644 a\r\n%2&5L;&\\ \r\n \r\nend\r\n", "Hello"),
            ("x-uuencode", b"begin 644 a\r\n#\xff\xff\r\nend\r\n", "begin 644 a\n#\ufffd\ufffd\nend\n"),
        ],
    )
    def test_are_decoded_by_transfer_encoding(self, encoding, body, text):
        assert Content(f"Content-Transfer-Encoding: {encoding}\r\n\r\n".encode() + body).text == text

    def test_alternatives_give_both(self):
        content = multipart("\ntext", "Content-Type: text/html\n\n<p>html", kind="alternative")
        assert (content.text, content.html, content.attachments) == ("text", "<p>html", ())

    def test_first_body_that_is_no_attachment_counts(self):
        content = multipart(
            "Content-Disposition: attachment\n\nattached",
            "Content-Type: text/plain; name=a.txt\n\nnamed",
            "Content-Type: TEXT/Plain\n\nfirst",
            "\nsecond",
        )
        assert content.text == "first"
        assert [a.content for a in content.attachments] == [b"attached", b"named"]

    def test_are_found_in_nested_multiparts(self):
        inner = "Content-Type: multipart/alternative; boundary=bb\n\n--bb\n\ntext\n--bb--\n"
        assert multipart(inner, "\nother").text == "text"

    def test_text_of_a_forwarded_mail_counts_if_there_is_no_other(self):
        forwarded = "Content-Type: message/rfc822\n\nSubject: inner\n\ninner text"
        assert multipart(forwarded).text == "inner text"
        assert multipart(forwarded, "\nouter text").text == "outer text"
        assert multipart(forwarded, "Content-Type: text/html\n\nouter").text == ""
        assert multipart(forwarded).attachments[0].content == b"Subject: inner\r\n\r\ninner text"

    def test_parts_of_a_digest_are_messages(self):
        (attachment,) = multipart("\nSubject: inner\n\ninner text", kind="digest").attachments
        assert attachment.content_type == "message/rfc822"
        assert attachment.content == b"Subject: inner\r\n\r\ninner text"

    @pytest.mark.parametrize("boundary", ["", "; boundary", "; boundary=", "; boundary=other"])
    def test_multipart_without_its_boundary_is_shown_as_it_stands(self, boundary):
        content = Content(crlf(f"Content-Type: multipart/mixed{boundary}\n\n--b\n\nhi\n"))
        assert content.text == "--b\n\nhi\n"

    def test_multipart_without_its_end_is_read_to_the_end(self):
        assert Content(crlf("Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhi\n")).text == "hi"

    def test_boundary_may_have_any_characters_and_white_space_after_it(self):
        raw = crlf('Content-Type: multipart/mixed; boundary="a.*(b c"\n\n--a.*(b c \t\n\nhi\n--a.*(b c--\n')
        assert Content(raw).text == "hi"

    def test_a_line_that_goes_on_after_the_boundary_is_text(self):
        assert multipart("\n--bb\n--b x").text == "--bb\n--b x"

    def test_broken_boundaries_are_read_as_none(self):
        for boundary in ("*=a\0b''b", "*=b; boundary*0=b"):
            assert Content(crlf(f"Content-Type: multipart/mixed; boundary{boundary}\n\nhi")).text == "hi"

    def test_header_alone_has_no_text(self):
        assert Content(b"Subject: x\r\n").text == ""

    @pytest.mark.parametrize("kind", ["nonsense", "text/plain charset=utf-8", "a/b/c", ""])
    def test_broken_content_type_is_plain_text(self, kind):
        assert Content(f"Content-Type: {kind}\r\n\r\nhi".encode()).text == "hi"


class TestAttachments:
    @pytest.mark.parametrize(
        ("fields", "name"),
        [
            ("Content-Disposition: attachment; filename=a.pdf", "a.pdf"),
            ('Content-Disposition: ATTACHMENT; FILENAME="a; b.pdf"', "a; b.pdf"),
            ('Content-Disposition: attachment; filename="a\\"b\\\\c"', 'a"b\\c'),
            ('Content-Disposition: attachment; filename="open', '"open'),
            ("Content-Disposition: attachment; filename*=utf-8'de'Gr%C3%BC%C3%9Fe", "Grüße"),
            ("Content-Disposition: attachment; filename*=koi8-r''%E4%C1", "Да"),
            ("Content-Disposition: attachment; filename=a; filename*=utf-8''%C3%A4", "ä"),
            ("Content-Disposition: attachment; filename*=utf-8''%C3%A4; filename=a", "ä"),
            ("Content-Disposition: attachment; filename=a; filename*0*=utf-8''%C3; filename*1*=%A4", "ä"),
            ("Content-Disposition: attachment; filename=a; filename*=utf-8''", "a"),
            ("Content-Type: image/png; name=a; name*=utf-8''%C3%A4", "ä"),
            (
                "Content-Disposition: attachment;\n filename*1*=%C3%BC;\n filename*0*=utf-8''Gr;\n"
                ' filename*2="%C3.pdf"',
                "Grü%C3.pdf",
            ),
            ('Content-Disposition: attachment;\n filename*0="long ";\n filename*1="name"', "long name"),
            ('Content-Disposition: attachment; filename="=?utf-8?q?=C3=A4=22.pdf?="', 'ä".pdf'),
            ("Content-Disposition: attachment; filename*=nonsense", "nonsense"),
            ("Content-Disposition: attachment; filename*=nonsense''%E4", "ä"),
            ("Content-Disposition: attachment; filename*=utf-8''%ZZ", "%ZZ"),
            ("Content-Disposition: attachment; filename*=a\0b''%E4", "ä"),
            ("Content-Disposition: attachment; filename*=utf-7''%2B2AA-", "?"),
            ("Content-Disposition: attachment; filename*=a; filename*0=b", ""),
            ("Content-Disposition: attachment; filename*%s=a" % ("1" * 5000), ""),
            ("Content-Disposition: attachment; filename=Grüße", "Grüße"),
            ("Content-Type: image/png; name=b.png", "b.png"),
            ("Content-Disposition: inline; filename=c.txt", "c.txt"),
            ("Content-Disposition: attachment", ""),
            ("Content-Type: image/png", ""),
        ],
    )
    def test_names_are_decoded(self, fields, name):
        (attachment,) = multipart(f"{fields}\n\nxyz").attachments
        assert attachment.name == name
        assert attachment.content == b"xyz"

    def test_inline_images_have_their_content_id(self):
        (image,) = multipart(
            "Content-Type: IMAGE/PNG\nContent-ID: <logo@a.example>\nContent-Disposition: inline\n"
            "Content-Transfer-Encoding: base64\n\niVBORw==",
            "Content-Type: text/html\n\n<img src='cid:logo@a.example'>",
            kind="related",
        ).attachments
        assert (image.content_type, image.content_id, image.content) == (
            "image/png",
            "logo@a.example",
            b"\x89PNG",
        )

    def test_parts_are_numbered_as_in_imap(self):
        image = "Content-Type: image/png\n\nx"
        inner = f"Content-Type: multipart/mixed; boundary=c\n\n--c\n{image}\n--c\n\ntext\n--c\n{image}\n--c--"
        found = multipart("\ntext", inner, image).attachments

        assert [attachment.part_id for attachment in found] == ["2.1", "2.3", "3"]
        assert [attachment.part_id for attachment in Content(crlf(image)).attachments] == ["1"]

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ("Content-Type: image/png", False),
            ("Content-Type: image/png\nContent-ID: <a>", True),
            ("Content-Type: image/png\nContent-Disposition: inline; filename=a.png", True),
            ("Content-Type: image/png\nContent-ID: <a>\nContent-Disposition: attachment", False),
            ("Content-Disposition: inline; filename=a.txt", True),
            ("Content-Disposition: attachment; filename=a.txt", False),
        ],
    )
    def test_inline_parts_are_told_from_attachments(self, fields, expected):
        (attachment,) = multipart(f"{fields}\n\nx").attachments
        assert attachment.is_inline is expected

    def test_content_keeps_its_line_ends(self):
        (attachment,) = multipart("Content-Disposition: attachment\n\na\n\n").attachments
        assert attachment.content == b"a\r\n\r\n"
        assert attachment.size == 5

    BYTES = bytes(range(256)) + b"\r\n\n\r\r\nFrom me\r\n.\r\n \xff\xfe\r"

    @pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "8bit", "binary", "7bit", ""])
    @pytest.mark.parametrize(
        "kind", ["image/png", "text/csv; charset=utf-16", "message/rfc822", "message/delivery-status"]
    )
    def test_content_is_exact(self, encoding, kind):
        encode = {"base64": encodebytes, "quoted-printable": quoted_printable}.get(encoding, bytes)
        head = f"Content-Type: {kind}\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: {encoding}"
        part = head.encode() + b"\r\n\r\n" + encode(self.BYTES)
        in_two = MIXED + b"--b\r\n" + part + b"\r\n--b--\r\n"
        for raw in (part, in_two):
            (attachment,) = Content(raw).attachments
            assert attachment.content == self.BYTES
            assert attachment.content_type == kind.partition(";")[0]

    def test_a_forwarded_mail_is_the_exact_mail(self):
        inner = (
            b"Subject:  a\r\n\tb  \r\nfrom:x\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
            b"--c\r\n\r\nFrom \xe4\r\n--c--\r\n"
        )
        outer = MIXED + b"--b\r\nContent-Type: message/rfc822\r\n\r\n%b\r\n--b--"
        assert [a.content for a in Content(outer % inner).attachments] == [inner]
        assert Content(outer % inner).text == "From \ufffd"

    @pytest.mark.parametrize(("size", "shown"), [(0, "0 B"), (999, "999 B"), (1200, "1.2 kB"), (2_500_000, "2.5 MB")])
    def test_repr_shows_the_size(self, size, shown):
        attachment = Attachment("invoice.pdf", "application/pdf", b"x" * size)
        assert repr(attachment) == f"<Attachment 'invoice.pdf' application/pdf {shown}>"

    def test_are_frozen(self):
        with pytest.raises(AttributeError):
            Attachment("a", "b/c", b"").name = "x"


class TestSave:
    @staticmethod
    def save(name, folder):
        return Attachment(name, "text/plain", b"new").save(folder)

    @pytest.mark.parametrize(
        ("name", "saved"),
        [
            ("invoice.pdf", "invoice.pdf"),
            ("../../x", "x"),
            ("/etc/passwd", "passwd"),
            ("C:\\x", "x"),
            ("C:x", "C_x"),
            ("..\\..\\x.txt", "x.txt"),
            ("a\0b\nc\x7f.txt", "a_b_c_.txt"),
            ("a\u202efdp.exe", "a_fdp.exe"),
            ("a\ud800b", "a_b"),
            ("", "attachment"),
            (".", "attachment"),
            ("..", "attachment"),
            ("dir/", "attachment"),
            ("/", "attachment"),
            (" . ", "attachment"),
            ("a:b|c?.txt", "a_b_c_.txt"),
            (".profile", "profile"),
            ("Grüße 1.tar.gz", "Grüße 1.tar.gz"),
            ("x" * 5000 + ".pdf", "x" * 180 + ".pdf"),
            ("ä" * 5000, "ä" * 90),
            ("a." + "b" * 5000, "a." + "b" * 178),
        ],
    )
    def test_never_leaves_the_folder(self, tmp_path, name, saved):
        folder = tmp_path / "in" / "folder"
        path = self.save(name, f"{folder}/")
        assert path == folder / saved
        assert path.read_bytes() == b"new"
        assert sorted(tmp_path.rglob("*")) == [tmp_path / "in", folder, path]

    def test_does_not_overwrite(self, tmp_path):
        (tmp_path / "a.tar.gz").write_text("old")
        paths = [self.save("a.tar.gz", str(tmp_path)).name for _ in range(3)]
        assert paths == ["a.tar-1.gz", "a.tar-2.gz", "a.tar-3.gz"]
        assert (tmp_path / "a.tar.gz").read_text() == "old"

    @pytest.mark.parametrize("exists", [True, False])
    def test_does_not_follow_a_planted_symlink(self, tmp_path, exists):
        target, folder = tmp_path / "target", tmp_path / "folder"
        folder.mkdir()
        if exists:
            target.write_text("old")
        (folder / "a.txt").symlink_to(target)
        assert self.save("a.txt", folder) == folder / "a-1.txt"
        assert target.exists() == exists
        assert not exists or target.read_text() == "old"

    def test_goes_round_a_folder_of_that_name(self, tmp_path):
        (tmp_path / "a").mkdir()
        assert self.save("a", tmp_path) == tmp_path / "a-1"

    def test_says_so_when_the_folder_cannot_be_made(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(OSError, match="file"):
            self.save("a", tmp_path / "file" / "folder/")

    def test_takes_the_path_of_a_file_as_well(self, tmp_path):
        path = tmp_path / "new" / "b.txt"
        assert self.save("../a.txt", path) == path
        path.write_text("old")
        assert self.save("a.txt", str(path)).read_bytes() == b"new"
        assert list(tmp_path.rglob("*.txt")) == [path]


class TestLinks:
    @pytest.mark.parametrize(
        ("text", "links"),
        [
            ("see https://a.example/x.", ("https://a.example/x",)),
            ("(https://a.example/x)", ("https://a.example/x",)),
            ("https://a.example/x_(y)).", ("https://a.example/x_(y)",)),
            ("[https://a.example/x[1]]!?", ("https://a.example/x[1]",)),
            ("<HTTP://a.example/x>", ("HTTP://a.example/x",)),
            ('"https://a.example/?a=1&b=2"', ("https://a.example/?a=1&b=2",)),
            ("'https://a.example/'", ("https://a.example/",)),
            ("http://b.example http://a.example http://b.example", ("http://b.example", "http://a.example")),
            ("https:// https://... xhttps://a.example ftp://a.example www.a.example", ()),
        ],
    )
    def test_of_text_lose_the_punctuation_around_them(self, text, links):
        assert plain(text).links == links

    @pytest.mark.parametrize(
        ("html", "links"),
        [
            ("<a href='https://a.example/?a=1&amp;b=2'>x</a>", ("https://a.example/?a=1&b=2",)),
            ('<A HREF="\n https://a.example/\n x ">x</A>', ("https://a.example/ x",)),
            ("<area href=mailto:a@b.example><a href=tel:+491>", ("mailto:a@b.example", "tel:+491")),
            ("<a href='app://x'>", ("app://x",)),
            ("<a href='#x'><a href='/x'><a href><a href='data:x'><a href='cid:x'><a href=' JavaScript:x()'>", ()),
            ("<a href='java\nscript:x()'>", ()),
            ("<p>go to http://a.example/x.</p>", ("http://a.example/x",)),
            (
                "<a href='http://a.example'>http://b.example</a> http://c.example",
                ("http://a.example", "http://c.example"),
            ),
            ("<a name=top>http://a.example", ("http://a.example",)),
            ("<style>http://a.example</style><!-- http://b.example --><script>'http://c.example'</script>", ()),
            (
                "<![if !mso]><a href='http://a.example'><![endif]><![odd[<a href='http://b.example'>",
                ("http://a.example",),
            ),
            (f"&#{'0' * 5000}65;<a href='http://a.example'>", ("http://a.example",)),
            (f"<img src='data:x,{'http://b.example/' * 500}'><a href='http://a.example'>", ("http://a.example",)),
            (f"<!-- <x {'x' * 5000} --><a href='http://a.example'>", ("http://a.example",)),
            ("1 < 2 <3 <a href='http://a.example/a<b'>", ("http://a.example/a<b",)),
            ("&#99999999999;<a href='http://a.example'>", ("http://a.example",)),
        ],
    )
    def test_of_html_are_its_hrefs_and_bare_links(self, html, links):
        assert page(html).links[: len(links) or None] == links

    def test_text_comes_first_and_each_link_once(self):
        content = multipart(
            "Content-Type: text/html\n\n<a href='http://h.example'><a href='http://t.example'>",
            "\nhttp://t.example",
        )
        assert content.links == ("http://t.example", "http://h.example")

    def test_soft_line_breaks_in_links_are_resolved(self):
        raw = crlf("Content-Transfer-Encoding: quoted-printable\n\nhttps://a.example/co=\nnfirm?t=3Dabc=\n\n")
        assert Content(raw).links == ("https://a.example/confirm?t=abc",)

    MAIL = plain("https://a.example/confirm/1 https://a.example/confirm/2 https://b.example/stop?x*y")

    @pytest.mark.parametrize(
        ("pattern", "count"),
        [
            ("*/confirm/*", 2),
            ("*/confirm/1", 1),
            ("/confirm/", 2),
            ("confirm/*", 0),
            ("https://a*", 2),
            ("*", 3),
            ("", 3),
            ("a.example.", 0),
            ("*?x*", 1),
            (re.compile(r"/\d$"), 2),
            (re.compile("^b"), 0),
        ],
    )
    def test_are_found_by_pattern(self, pattern, count):
        assert len(self.MAIL.find_links(pattern)) == count

    def test_the_only_one_is_the_link(self):
        assert plain("http://a.example, http://a.example").link() == "http://a.example"
        assert self.MAIL.link("*/2") == "https://a.example/confirm/2"
        assert self.MAIL.link(re.compile("stop")) == "https://b.example/stop?x*y"

    def test_several_are_an_error_that_lists_them(self):
        with pytest.raises(ContentError) as caught:
            self.MAIL.link("*/confirm/*")
        assert str(caught.value) == (
            "Expected one link matching '*/confirm/*', found 'https://a.example/confirm/1', "
            "'https://a.example/confirm/2'. Links of the message: 'https://a.example/confirm/1', "
            "'https://a.example/confirm/2', 'https://b.example/stop?x*y'. "
            "Give a pattern=… that only one matches."
        )

    def test_none_is_an_error(self):
        for kind in (SMTPMockError, AssertionError, LookupError):
            with pytest.raises(kind, match=r"^Expected one link, found none. Links of the message: none[.]"):
                plain("nothing").link()

    def test_long_lists_are_shortened(self):
        many = " ".join(f"http://a.example/{n}/{'x' * 300}" for n in range(30))
        with pytest.raises(ContentError, match="and 20 more") as caught:
            plain(many).link()
        assert len(str(caught.value)) < 5000


class TestCode:
    @pytest.mark.parametrize(
        "text",
        [
            "Your code is 493021.",
            "493021",
            "code:493021",
            "(493021) [493021] '493021' 493021!",
            "493021 is your code, 493021.",
            "493021, valid on 2026-11-21, 21/11/2026, 21.11.2026 and 2026/11/21, 12:30:45 or 1230:45",
            "493021 - https://a.example/1234 a1234@b1234.example 1234@b.example",
            "493021 costs 1234.56 or 1,234.5678 or $1234 or 1234€",
            "493021 not A1234 1234B x-1234 1234_5 123 123456789 1234-5678 1234 5678 9012 +491234567",
            "493021 © 2026 Acme, Copyright 2025, (c) 2019-2026, Copyright © Acme 2026, 2026 © Acme",
            "493021 on 21 November 2026, Nov 21, 2026, Sept. 2026",
            "493021 a.example/path/1234",
        ],
    )
    def test_is_the_only_group_of_digits_that_stands_alone(self, text):
        assert plain(text).code() == "493021"

    @pytest.mark.parametrize("code", ["1234", "12345678", "0000", "2026"])
    def test_has_four_to_eight_digits(self, code):
        assert plain(f"Use {code} now").code() == code

    @pytest.mark.parametrize(
        "html",
        [
            "<p>Code</p><p>493021</p><p>1</p>",
            "<b>493</b><span>021</span>",
            "<td>493021</td><td>22</td>",
            "<head><title>1111</title><style>a{width:2222px;x:3333}</style></head><body>493021",
            "<script>var x = 4444</script>493021<!-- 5555 --><br><a href='http://a.example/6666'>go</a>",
            "&copy; 2026 &nbsp;493021",
            "&#52;93021",
        ],
    )
    def test_is_found_in_visible_html(self, html):
        assert page(html).code() == "493021"
        both = multipart("\n \n", f"Content-Type: text/html\n\n{html}", kind="alternative")
        assert both.code() == "493021"

    def test_text_goes_before_html(self):
        content = multipart("\n1111", "Content-Type: text/html\n\n2222", kind="alternative")
        assert content.code() == "1111"

    def test_several_are_an_error_that_names_them(self):
        with pytest.raises(ContentError) as caught:
            plain("Use 12345 or 493021").code()
        assert str(caught.value) == (
            "Expected one group of 4 to 8 digits that stands alone, found '12345', '493021'. The text "
            "starts with 'Use 12345 or 493021'. Give a pattern=… that only one matches."
        )
        with pytest.raises(ContentError, match="found '1234', '5678'"):
            plain("Your code is 1234, the code of your friend is 5678.").code()

    @pytest.mark.parametrize(
        "text",
        [
            "Order 12345, code 493021",
            "Your code: 493 021",
            "Your code: 493-021, for order no. 98765.",
            "Your code:\n\n493021\n\n20261 Hamburg",
            "493021 is your code. Order number 12345.",
            "Einmalcode: 493021\nKundennummer: 12345",
            "Zip code 12345. PIN: 493021",
            "Invoice 12345: use 493021",
            "We have 123 456 users. Use 493021",
            "Use 493\xa0021",
        ],
    )
    def test_words_beside_it_tell_it_from_other_numbers(self, text):
        assert plain(text).code() == "493021"

    def test_without_one_in_the_bodies_it_is_that_of_the_subject(self):
        content = Content(b"Subject: 493021 is your code\r\n\r\nHello, see the subject.\r\n")
        assert content.code() == "493021"
        assert content.code(r"(\d+) is") == "493021"

    def test_html_is_searched_if_the_text_has_none(self):
        both = multipart("\nPlease read the HTML.", "Content-Type: text/html\n\n<b>493021</b>", kind="alternative")
        assert both.code() == "493021"

    def test_number_of_an_order_alone_is_what_there_is(self):
        assert plain("Order 12345").code() == "12345"

    def test_none_is_an_error_that_shows_the_text(self):
        with pytest.raises(ContentError, match=r"found none\. The text starts with 'Hello\. x{192}…'\."):
            plain("Hello.\n" + "x" * 500).code()

    def test_a_mail_without_a_text_says_so(self):
        with pytest.raises(ContentError, match=r"stands alone, found none\. The message has no text\.$"):
            plain("").code()

    def test_a_pattern_gives_its_group_or_the_match(self):
        content = plain("Order 12345, code G-493021")
        assert content.code(r"G-(\d+)") == "493021"
        assert content.code(re.compile("g-[0-9]+", re.IGNORECASE)) == "G-493021"
        assert content.code("12345|code (G)") == "G"

    @pytest.mark.parametrize("pattern", [r"\d{5}", "none"])
    def test_a_pattern_must_match_one(self, pattern):
        with pytest.raises(ContentError, match="Expected one code matching"):
            plain("12345 67890").code(pattern)

    def test_a_broken_pattern_is_told(self):
        with pytest.raises(
            QueryError, match=r"^Invalid pattern '\(': expected a regular expression \(missing \), unterminated"
        ):
            plain("x").code("(")


class TestLinkText:
    HTML = (
        '<a href="https://a.example/1">Confirm <b>your\n address</b></a> <a href="https://a.example/2">Stop</a>'
        '<a href="https://a.example/3"><img alt="Open the shop"></a><a href="https://a.example/4">Stop'
        "<map><area href='https://a.example/5' alt='Map'></map>"
    )

    def test_is_what_a_reader_clicks_on(self):
        content = page(self.HTML)
        assert content.link(text="Confirm your address") == "https://a.example/1"
        assert content.link(text="Open*") == "https://a.example/3"
        assert content.link(text=re.compile("^map$", re.IGNORECASE)) == "https://a.example/5"
        assert content.find_links(text="Stop") == ("https://a.example/2", "https://a.example/4")
        assert content.link("/4", text="Stop") == "https://a.example/4"

    def test_error_lists_the_texts(self):
        with pytest.raises(ContentError) as caught:
            page('<a href="https://a.example/1">Confirm</a>').link(text="Activate")
        assert str(caught.value) == (
            "Expected one link with the text 'Activate', found none. Links of the message: "
            "'https://a.example/1'; their texts: 'Confirm'."
        )

    def test_links_of_the_plain_text_have_none(self):
        assert plain("https://a.example/1").find_links(text="*") == ()


CODE_PIECES = ["code", "order", "is", "493", "021", "493021", "1234", " ", "-", "\n", ".", "€", "©", "\xa0", ":"]
LINK_PIECES = ["<a href='https://a.example'>", "</a>", "<img alt='x'>", "<p>", "a", "<", "<!--", "'"]


@given(st.lists(st.sampled_from(CODE_PIECES) | st.text(max_size=5), max_size=40).map("".join))
def test_codes_of_any_text_are_digits_of_it(text):
    found = text_codes(text)
    digits = re.sub("[^0-9]", "", text)

    assert all(re.fullmatch("[0-9]{4,8}", code) and code in digits for code in found)
    assert text_codes(f"Your code is 918273.\n\n{text}")[0] == "918273"


@given(st.lists(st.sampled_from(LINK_PIECES), max_size=60))
def test_texts_of_links_belong_to_links(tags):
    page = read_html("".join(tags))

    assert {href for href, _ in page.anchors} <= set(page.links)
    assert all(said == " ".join(said.split()) for _, said in page.anchors)
