"""The List-Unsubscribe header (RFC 2369, RFC 8058) of a message, as Mailpit shows it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from smtpmock.text import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smtpmock.mail.headers import Headers

_LONGEST_HEADER = 10_000
_COMMENT = re.compile(r"\([^()]*\)")
_LINK = re.compile(r"(?:mailto:|https?://)[^\s<>]+", re.IGNORECASE)


def list_unsubscribe(headers: Headers) -> dict[str, Any]:
    """Return the header, its links and what is wrong with them.

    Example:
        >>> from smtpmock.mail.headers import Headers
        >>> list_unsubscribe(Headers([("List-Unsubscribe", "<https://a.example/u>, <mailto:u@a.example>")]))["Links"]
        ['https://a.example/u', 'mailto:u@a.example']
    """
    header = headers.get("List-Unsubscribe")
    links: list[str] = []
    errors: list[str] = []
    if header:
        # One link of each scheme at most: which of two should a reader follow?
        for item in _items(_COMMENT.sub(" ", header[:_LONGEST_HEADER]), errors):
            scheme = item.partition(":")[0].lower().removesuffix("s")
            if not _LINK.fullmatch(item):
                errors.append(f"{quote(item)} is no mailto, http or https link")
            elif any(link.lower().startswith(scheme) for link in links):
                errors.append(f"{quote(item)} is a second link of its kind")
            else:
                links.append(item)
        if not links and not errors:
            errors.append("there are no links")
    return {
        "Header": header,
        "HeaderPost": headers.get("List-Unsubscribe-Post") if header else "",
        "Links": links,
        "Errors": ", ".join(errors),
    }


def _items(header: str, errors: list[str]) -> Iterator[str]:
    """Yield the links between angle brackets; note what stands outside of them."""
    for item in header.split(","):
        if item.strip():
            if not (item.strip().startswith("<") and item.strip().endswith(">")):
                errors.append(f"{quote(item.strip())} is not enclosed in <>")
            else:
                yield "".join(item.strip()[1:-1].split())
