"""The links of a mail, and the texts that they have."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpmock.errors import ContentError, SMTPMockError
from smtpmock.mail.content import Content
from smtpmock.mail.html import read_html
from tests.mail.contents import crlf, multipart, page, plain


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


LINK_PIECES = ["<a href='https://a.example'>", "</a>", "<img alt='x'>", "<p>", "a", "<", "<!--", "'"]


@given(st.lists(st.sampled_from(LINK_PIECES), max_size=60))
def test_texts_of_links_belong_to_links(tags):
    page = read_html("".join(tags))

    assert {href for href, _ in page.anchors} <= set(page.links)
    assert all(said == " ".join(said.split()) for _, said in page.anchors)
