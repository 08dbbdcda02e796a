"""Links and one-time codes, in text and in HTML; importing this module imports `html`."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINK = re.compile(r'(?<![a-z0-9])https?://[^\s<>"\x00-\x20]+', re.IGNORECASE)
_SCHEME = re.compile(r"(?!javascript:|data:|cid:)[a-z][a-z0-9+.-]+:", re.IGNORECASE)

_YEAR = "(?:19|20)[0-9]{2}"
_NO_CODE = re.compile(
    rf"""
    {_LINK.pattern}
    | (?<![\w.+-])[\w.+-]+@[\w.-]+
    | (?:©|\(c\)|\bcopyright\b)[^\n0-9]{{0,40}}{_YEAR}(?:\s?[-\u2013]\s?{_YEAR})?\b
    | \b{_YEAR}\s?(?:©|\(c\)|copyright\b)
    | \b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[.,]?\s
      (?:[0-9]{{1,2}}(?:st|nd|rd|th)?,?\s)?{_YEAR}\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_CODE = re.compile(
    r"(?<![\w$€£¥+])(?<!\w[-\u2013/+@])(?<![0-9][.,:' \xa0])"
    r"[0-9]{4,8}"
    r"(?![\w€£¥])(?![-\u2013/+@]\w)(?![.,:' \xa0][0-9])"
)

_LONGEST_PAGE = 1_000_000
_UNSEEN = frozenset({"script", "style", "title"})
_INLINE = frozenset(
    [
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "big",
        "code",
        "em",
        "font",
        "i",
        "ins",
        "kbd",
        "mark",
        "s",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "tt",
        "u",
        "wbr",
    ]
)


def text_codes(text: str) -> list[str]:
    """Find the groups of 4 to 8 digits that stand alone.

    >>> text_codes("Order A1234 of May 2026: your code is 493021.")
    ['493021']
    """
    return _CODE.findall(_NO_CODE.sub("\n", text))


def text_links(text: str) -> Iterator[str]:
    """Find the web links written in a text, without the punctuation of the sentence around them.

    >>> list(text_links("(see https://a.example/x_(y)!)"))
    ['https://a.example/x_(y)']
    """
    for match in _LINK.finditer(text):
        link = match[0]
        surplus = {")": link.count(")") - link.count("("), "]": link.count("]") - link.count("[")}
        end = len(link)
        while link[end - 1] in ".,;:!?'" or surplus.get(link[end - 1], 0) > 0:
            end -= 1
            if link[end] in surplus:
                surplus[link[end]] -= 1
        if not link[:end].endswith("/") or link[:end].count("/") > 2:  # more than the bare "https://"
            yield link[:end]


def read_html(page: str) -> tuple[str, tuple[str, ...]]:
    r"""Give the visible text and the links of an HTML page.

    >>> read_html("<title>x</title><p>Go <a href='mailto:a@b.example'>on</a>")
    ('\n\n\nGo on', ('mailto:a@b.example',))
    """
    reader = _Reader()
    reader.feed(_parsable(page[:_LONGEST_PAGE]))
    reader.close()
    return "".join(reader.texts), tuple(reader.links)


def _parsable(page: str) -> str:
    """Take out what the parser raises for or takes quadratic time for, so that browsers would see the same."""
    page = re.sub(r"&#[0-9]{50,}", "\ufffd", page)  # no character has such a number
    page = re.sub(r"<(?![a-zA-Z/!?])", "&lt;", page)
    if page.rfind("<!--") > page.rfind("-->"):
        page += "-->"
    # Drop tags that do not end, or are full of data; those in comments stay, as with them the "-->" could go.
    return re.sub(r"(<!--.*?-->)|<[a-zA-Z/!?][^>]{4000,}>?", r"\1", page, flags=re.DOTALL)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.links: list[str] = []
        self._unseen = ""
        self._in_link = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("a", "area"):
            href = next((value for name, value in attrs if name == "href" and value), "")
            link = re.sub(r"[\t\r\n]", "", href).strip()  # as browsers do
            if _SCHEME.match(link):
                self.links.append(link)
            self._in_link = self._in_link or (tag == "a" and bool(href))
        if tag in _UNSEEN and not self._unseen:
            self._unseen = tag
        if tag not in _INLINE:
            self.texts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._in_link = False
        if tag == self._unseen:
            self._unseen = ""
        if tag not in _INLINE:
            self.texts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.texts.append(re.sub(r"\s+", " ", data))
            if not self._in_link:
                self.links.extend(text_links(data))

    def parse_html_declaration(self, i: int) -> int:
        """Take a `<![section[` for a comment, as browsers do; the parser raises for unknown ones."""
        if self.rawdata.startswith("<![", i):
            return self.parse_bogus_comment(i)
        return super().parse_html_declaration(i)
