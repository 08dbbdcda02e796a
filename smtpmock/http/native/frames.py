"""The HTML of a message as a page shows it in a frame: nothing runs, nothing is loaded until a reader asks for it."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import unquote

from smtpmock.reports.safe_html import safe_html

if TYPE_CHECKING:
    from smtpmock.messages.message import Message

_SANDBOX = "sandbox allow-popups allow-popups-to-escape-sandbox"  # links open elsewhere; scripts and forms do not work

EMBEDDED = (
    f"{_SANDBOX}; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
"""The policy of a frame that loads nothing."""

REMOTE = (
    f"{_SANDBOX}; default-src 'none'; style-src 'unsafe-inline' http: https:; img-src data: http: https:; "
    "font-src data: http: https:; media-src data: http: https:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'"
)
"""The policy of a frame that loads what the message refers to, but runs nothing."""

_HEAD = (
    '<!DOCTYPE html><meta charset="utf-8"><base target="_blank"><meta name="color-scheme" content="light">'
    "<style>body{font:14px sans-serif;margin:8px;overflow-wrap:anywhere}img{max-width:100%}</style>"
)
_REFERENCE = re.compile(r"""(?<=["'=(])cid:([^\s"'<>()\\]+)""", re.IGNORECASE)
_IMAGE = re.compile("image/[a-z0-9.+-]{1,50}")
_MOST_EMBEDDED = 20_000_000  # bytes of images in a page, however often they are used


def for_frame(message: Message, *, is_remote: bool) -> str:
    """Return the HTML of a message for a frame.

    Args:
        message: The message.
        is_remote: True to leave references to other hosts in it.
    """
    html = _with_images(message)
    return _HEAD + (html if is_remote else safe_html(html))


def _with_images(message: Message) -> str:
    """Return the HTML with the attached images in the places that refer to them by their Content-ID."""
    images = {
        found.content_id: found
        for found in reversed(message.attachments)
        if found.content_id and _IMAGE.fullmatch(found.content_type)
    }
    left = _MOST_EMBEDDED

    def embedded(reference: re.Match[str]) -> str:
        nonlocal left
        image = images.get(unquote(reference[1]))
        if image is None or image.size > left:
            return reference[0]
        left -= image.size
        return f"data:{image.content_type};base64,{b64encode(image.content).decode()}"

    return _REFERENCE.sub(embedded, message.html) if images else message.html
