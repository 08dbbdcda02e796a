"""Links and one-time codes in text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_TEXT = 1_000_000
"""The most characters of a text that are searched for codes, and of a page that are read."""

_LINK = re.compile(r'(?<![a-z0-9])https?://[^\s<>"\x00-\x20]+', re.IGNORECASE)
_PUNCTUATION = ".,;:!?'"
_MOST_PUNCTUATION = 1000  # at the end of a link
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


def text_codes(text: str) -> list[str]:
    """Return the groups of 4 to 8 digits that stand alone in the first million characters.

    Example:
        >>> text_codes("Order A1234 of May 2026: your code is 493021.")
        ['493021']
    """
    return _CODE.findall(_NO_CODE.sub("\n", text[:LONGEST_TEXT]))


def text_links(text: str) -> Iterator[str]:
    """Yield the web links in a text, without the punctuation of the sentence around them.

    Example:
        >>> list(text_links("(see https://a.example/x_(y)!)"))
        ['https://a.example/x_(y)']
    """
    for match in _LINK.finditer(text):
        link = match[0].rstrip(_PUNCTUATION)
        if link[-1] in ")]":
            link = _without_surplus_brackets(link)
        if not link.endswith("/") or link.count("/") > 2:  # more than the bare "https://"
            yield link


def _without_surplus_brackets(link: str) -> str:
    surplus = {")": link.count(")") - link.count("("), "]": link.count("]") - link.count("[")}
    for end in range(len(link), max(len(link) - _MOST_PUNCTUATION, 0), -1):
        last = link[end - 1]
        if surplus.get(last, 0) > 0:
            surplus[last] -= 1
        elif last not in _PUNCTUATION:
            return link[:end]
    return link
