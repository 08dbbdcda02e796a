"""The fields of a header: decoded, by name, as addresses and as a date."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from smtpmock.errors import MissingHeaderError, SMTPMockError
from smtpmock.mail.content import Content
from tests.mail.contents import crlf


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
