"""The parts of a message as they are: raw, text, HTML, attachments. A browser runs none of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from smtpmock.http.downloads import content_disposition
from smtpmock.http.native.frames import EMBEDDED, REMOTE, for_frame
from smtpmock.http.native.messages import find_message
from smtpmock.http.native.operations import Answer, NotFoundError, Operation
from smtpmock.http.native.words import flag

if TYPE_CHECKING:
    from smtpmock.http.native.operations import Call

ISOLATED = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
"""The policy of what comes from a mail: nothing runs, and nothing is loaded."""

_EMBED = flag(
    "embed", "True for a form to be shown in a frame: with attached images, without what loads or leads elsewhere"
)
_REMOTE = flag("remote", "True for a form to be shown in a frame that loads its remote images, fonts and style sheets")

_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")  # RFC 6838 section 4.2


def media_type(declared: str) -> str:
    r"""Return a media type that a client declared, if it is one; else that of bytes of any kind.

    Example:
        >>> media_type("application/pdf"), media_type("a/b\r\nX: y")
        ('application/pdf', 'application/octet-stream')
    """
    return declared if _MEDIA_TYPE.fullmatch(declared) else "application/octet-stream"


def _raw(call: Call) -> Answer:
    message = find_message(call)
    return _isolated(message.raw, "message/rfc822", f"{message.id}.eml")


def _text(call: Call) -> Answer:
    return _isolated(find_message(call).text.encode(), "text/plain; charset=utf-8")


def _html(call: Call) -> Answer:
    message, is_remote = find_message(call), call.values.get("remote", False)
    if not (is_remote or call.values.get("embed", False)):
        return _isolated(message.html.encode(), "text/html; charset=utf-8")
    policy = REMOTE if is_remote else EMBEDDED
    page = call.context.aside(for_frame, message, is_remote=is_remote)
    return _isolated(page.encode(), "text/html; charset=utf-8", policy=policy)


def _attachment(call: Call) -> Answer:
    message, wanted = find_message(call), call.path["n"]
    found = message.attachments
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 10 and int(wanted) < len(found)):
        raise NotFoundError(
            f"There is no attachment {wanted!r}: the message has {len(found)}, which are counted from 0"
        )
    attachment = found[int(wanted)]
    return _isolated(attachment.content, media_type(attachment.content_type), attachment.name or "attachment")


def _isolated(content: bytes, kind: str, name: str = "", policy: str = ISOLATED) -> Answer:
    headers = {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer", "X-DNS-Prefetch-Control": "off"}
    return Answer(content, kind, {**headers, **({"Content-Disposition": content_disposition(name)} if name else {})})


OPERATIONS = (
    Operation("GET", "/messages/{id}/raw", "Download the bytes of a message", _raw, "message/rfc822", names_one=True),
    Operation("GET", "/messages/{id}/text", "Read the plain text of a message", _text, "text/plain", names_one=True),
    Operation(
        "GET",
        "/messages/{id}/html",
        "Read the HTML of a message",
        _html,
        "text/html",
        (_EMBED, _REMOTE),
        names_one=True,
    ),
    Operation(
        "GET",
        "/messages/{id}/attachments/{n}",
        "Download an attachment; they are counted from 0",
        _attachment,
        "*/*",
        names_one=True,
    ),
)
