"""The HTML of a mail without whatever could load something, run, or lead elsewhere by itself.

What is shown is written anew from lists of harmless elements and attributes, so that it does not matter how a browser
reads what is left out. References in style sheets are left to the content security policy of the page.
"""

from __future__ import annotations

import re
from html import escape, unescape

from smtpmock.mail.html import ATTRIBUTE, END_OF_UNSEEN, TOKEN

_ELEMENTS = (
    "a abbr address article aside b bdi bdo big blockquote body br caption center cite code col colgroup dd del "
    "details dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr html i img ins kbd li main "
    "mark nav ol p pre q rp rt ruby s samp section small span strike strong sub summary sup table tbody td tfoot th "
    "thead tr tt u ul var wbr"
)
_ATTRIBUTES = (
    "align alt bgcolor border cellpadding cellspacing class clear color colspan dir face height hspace id lang "
    "nowrap open reversed role rowspan scope size span start style text title valign vspace width"
)
_IS_ELEMENT = frozenset(_ELEMENTS.split())
_IS_ATTRIBUTE = frozenset(_ATTRIBUTES.split())
_REFERENCES = {
    ("a", "href"): re.compile("(?:https?|mailto|tel):", re.IGNORECASE),
    ("img", "src"): re.compile("data:image/", re.IGNORECASE),
}


def safe_html(page: str) -> str:
    """Return an HTML page as HTML that loads nothing, in time in proportion to its length.

    Example:
        >>> safe_html('<p onclick="x()">Hi <link rel=preconnect href=//x.example><b>Bob</b><img src=//x.example>')
        '<p>Hi <b>Bob</b><img>'
    """
    parts: list[str] = []
    position = 0
    while match := TOKEN.match(page, position):
        if match.end() == position:
            break
        position = match.end()
        if match["text"]:
            parts.append(match["text"].replace("<", "&lt;"))
        elif match["end"]:
            name = match["end"].lower()
            parts.append(f"</{name}>" if name in _IS_ELEMENT else "")
        elif match["closed"]:
            name = match["start"].lower()
            if name in END_OF_UNSEEN:
                end = END_OF_UNSEEN[name].search(page, position)
                content, position = (page[position : end.start()], end.start()) if end else ("", len(page))
                if name == "style":
                    parts.append(f"<style>{content}</style>")
            elif name in _IS_ELEMENT:
                parts.append(f"<{name}{_attributes(name, match['attributes'])}>")
    return "".join(parts)


def _attributes(element: str, text: str) -> str:
    kept: dict[str, str] = {}
    for found in ATTRIBUTE.finditer(text):
        name = found[1].lower()
        value = found[2] or found[3] or found[4] or ""
        if name not in kept and (name in _IS_ATTRIBUTE or _is_harmless(element, name, value)):
            kept[name] = escape(unescape(value))
    return "".join(f' {name}="{value}"' for name, value in kept.items())


def _is_harmless(element: str, name: str, value: str) -> bool:
    pattern = _REFERENCES.get((element, name))
    return pattern is not None and pattern.match(unescape(value).strip()) is not None
