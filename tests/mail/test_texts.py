"""The text and the HTML of a mail, whatever its structure, encoding and charset."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from smtpmock.mail.content import Content
from tests.mail.contents import crlf, multipart


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
