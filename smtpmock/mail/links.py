"""Links in text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_TEXT = 1_000_000
"""The most characters of a text that are searched for codes, and of a page that are read."""

LINK = re.compile(r'(?<![a-z0-9])https?://[^\s<>"\x00-\x20]+', re.IGNORECASE)
_PUNCTUATION = ".,;:!?'"
_MOST_PUNCTUATION = 1000  # at the end of a link


def text_links(text: str) -> Iterator[str]:
    """Yield the web links in a text, without the punctuation of the sentence around them.

    Example:
        >>> list(text_links("(see https://a.example/x_(y)!)"))
        ['https://a.example/x_(y)']
    """
    for match in LINK.finditer(text):
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
