"""The codes in the text of a mail."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpmock.errors import ContentError, QueryError
from smtpmock.mail.codes import text_codes
from smtpmock.mail.content import Content
from tests.mail.contents import multipart, page, plain


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


CODE_PIECES = ["code", "order", "is", "493", "021", "493021", "1234", " ", "-", "\n", ".", "€", "©", "\xa0", ":"]


@given(st.lists(st.sampled_from(CODE_PIECES) | st.text(max_size=5), max_size=40).map("".join))
def test_codes_of_any_text_are_digits_of_it(text):
    found = text_codes(text)
    digits = re.sub("[^0-9]", "", text)

    assert all(re.fullmatch("[0-9]{4,8}", code) and code in digits for code in found)
    assert text_codes(f"Your code is 918273.\n\n{text}")[0] == "918273"
