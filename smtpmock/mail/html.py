"""The text and the links of an HTML page, read in linear time.

Tags are found as browsers find them (https://html.spec.whatwg.org/#tokenization), for which the parser of the standard
library takes quadratic time, if it finds them at all.
"""

from __future__ import annotations

import re
from html import unescape
from typing import NamedTuple

from smtpmock.mail.links import LONGEST_TEXT, text_links

TOKEN = re.compile(
    r"""
      (?P<text> (?: [^<]+ | <(?![a-zA-Z/!?]) )+ )
    | <!--(?: -?> | .*?(?: --!?> | \Z ) )                    # a comment, to the end if it is unterminated
    | <[!?] [^>]* (?: > | \Z )                               # a declaration, or a section of some word processors
    | </ (?P<end> [a-zA-Z][^\s/>]* )? [^>]* (?: > | \Z )
    | < (?P<start> [a-zA-Z][^\s/>]* )
      (?P<attributes> (?: [^>=] | = \s* (?: "[^"]*(?:"|\Z) | '[^']*(?:'|\Z) )? )* )
      (?P<closed> > )?                                       # an unterminated tag at the end does not count
    """,
    re.DOTALL | re.VERBOSE,
)
ATTRIBUTE = re.compile(r"""([^\s/>=][^\s/>=]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"'][^\s>]*)))?""")
_SCHEME = re.compile(r"(?!javascript:|data:|cid:)[a-z][a-z0-9+.-]+:", re.IGNORECASE)
_IMPOSSIBLE_CHARACTER = re.compile("&#[0-9]{50,}")
END_OF_UNSEEN = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in ("script", "style", "title")}
"""The end of each element whose content is not a part of the visible text, by name."""

_INLINE = frozenset(
    (
        *("a", "abbr", "b", "bdi", "bdo", "big", "code", "em", "font", "i", "ins", "kbd", "mark", "s", "small"),
        *("span", "strong", "sub", "sup", "tt", "u", "wbr"),
    )
)


class Page(NamedTuple):
    """The content of an HTML page.

    Attributes:
        text: The visible text.
        links: The links, in order.
        anchors: The links that have a text or an image, each with its text on one line; an image counts as the text
                that stands for it.
    """

    text: str
    links: tuple[str, ...]
    anchors: tuple[tuple[str, str], ...] = ()


def read_html(page: str) -> Page:
    r"""Return the visible text and the links in the first million characters of an HTML page.

    Example:
        >>> read_html("<title>x</title><p>Go <a href='mailto:a@b.example'>on <b>top</b></a>")
        Page(text='\n\n\nGo on top', links=('mailto:a@b.example',), anchors=(('mailto:a@b.example', 'on top'),))
    """
    page = page[:LONGEST_TEXT]
    texts: list[str] = []
    links: list[str] = []
    anchors: list[tuple[str, list[str]]] = []
    in_link = False
    in_anchor = False
    position = 0
    while match := TOKEN.match(page, position):
        position = match.end()
        if match["text"]:
            text = _IMPOSSIBLE_CHARACTER.sub("\ufffd", match["text"])
            text = re.sub(r"\s+", " ", unescape(text))
            texts.append(text)
            if in_anchor:
                anchors[-1][1].append(text)
            if not in_link:
                links.extend(text_links(text))
            continue
        name = (match["start"] if match["closed"] else match["end"] or "").lower()
        if not name:
            continue
        if match["closed"] and name in ("a", "area"):
            href = _attribute("href", match["attributes"])
            href = re.sub(r"[\t\r\n]", "", href).strip()  # as browsers do
            in_anchor = bool(_SCHEME.match(href))
            if in_anchor:
                links.append(href)
                anchors.append((href, [_attribute("alt", match["attributes"])] if name == "area" else []))
                in_anchor = name == "a"
            in_link = in_link or (name == "a" and bool(href))
        elif match["end"] and name == "a":
            in_link = in_anchor = False
        elif in_anchor and match["closed"] and name == "img":
            anchors[-1][1].append(f" {_attribute('alt', match['attributes'])} ")
        elif match["closed"] and name in END_OF_UNSEEN:
            end = END_OF_UNSEEN[name].search(page, position)
            position = end.start() if end else len(page)
        if name not in _INLINE:
            texts.append("\n")
            if in_anchor:
                anchors[-1][1].append("\n")
    return Page("".join(texts), tuple(links), tuple((href, " ".join("".join(said).split())) for href, said in anchors))


def _attribute(wanted: str, attributes: str) -> str:
    """Return the first value of an attribute that is not empty."""
    for name, *values in ATTRIBUTE.findall(attributes):
        if name.lower() == wanted and any(values):
            return unescape(_IMPOSSIBLE_CHARACTER.sub("\ufffd", "".join(values)))
    return ""
