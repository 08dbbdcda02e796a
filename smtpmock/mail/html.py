"""The text and the links of an HTML page, read in linear time.

Tags are found as browsers find them (https://html.spec.whatwg.org/#tokenization), for which the parser of the standard
library takes quadratic time, if it finds them at all.
"""

from __future__ import annotations

import re
from html import unescape

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


def read_html(page: str) -> tuple[str, tuple[str, ...]]:
    r"""Return the visible text and the links in the first million characters of an HTML page.

    Example:
        >>> read_html("<title>x</title><p>Go <a href='mailto:a@b.example'>on</a>")
        ('\n\n\nGo on', ('mailto:a@b.example',))
    """
    page = page[:LONGEST_TEXT]
    texts: list[str] = []
    links: list[str] = []
    in_link = False
    position = 0
    while match := TOKEN.match(page, position):
        position = match.end()
        if match["text"]:
            text = _IMPOSSIBLE_CHARACTER.sub("\ufffd", match["text"])
            text = re.sub(r"\s+", " ", unescape(text))
            texts.append(text)
            if not in_link:
                links.extend(text_links(text))
            continue
        name = (match["start"] if match["closed"] else match["end"] or "").lower()
        if not name:
            continue
        if match["closed"] and name in ("a", "area"):
            href = _href(match["attributes"])
            if _SCHEME.match(href):
                links.append(href)
            in_link = in_link or (name == "a" and bool(href))
        elif match["end"] and name == "a":
            in_link = False
        elif match["closed"] and name in END_OF_UNSEEN:
            end = END_OF_UNSEEN[name].search(page, position)
            position = end.start() if end else len(page)
        if name not in _INLINE:
            texts.append("\n")
    return "".join(texts), tuple(links)


def _href(attributes: str) -> str:
    for name, *values in ATTRIBUTE.findall(attributes):
        if name.lower() == "href" and any(values):
            href = _IMPOSSIBLE_CHARACTER.sub("\ufffd", "".join(values))
            return re.sub(r"[\t\r\n]", "", unescape(href)).strip()  # as browsers do
    return ""
