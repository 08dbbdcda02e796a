"""The verdict on the parts of a message: boundaries, encodings, charsets, names.

The standard `email` package splits the message; what it calls a defect is looked at again, and only what is one by the
RFCs is reported.
"""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64
from typing import TYPE_CHECKING

from smtpmock.text import escaped, shortened
from smtpmock.violations import violation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message as Part

    from smtpmock.messages import Message
    from smtpmock.violations import Violation

_BOUNDARY_DEFECTS = ("NoBoundaryInMultipartDefect", "StartBoundaryNotFoundDefect", "CloseBoundaryNotFoundDefect")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]*={0,2}")
_NOT_QUOTED_PRINTABLE = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*\r?\n|[ \t]*\Z)")
_SPACE = re.compile(rb"[ \t\r\n]+")


def mime_violations(message: Message) -> Iterator[Violation]:
    """What is wrong with the parts of a message, in their order."""
    from email import message_from_bytes
    from email.policy import compat32

    try:
        parts = list(message_from_bytes(message.raw, policy=compat32).walk())
    except RecursionError:
        return  # nested deeper than the package can follow
    for number, part in enumerate(parts, 1):
        where = f"part {number}, {shortened(escaped(part.get_content_type()), 40)}" if len(parts) > 1 else ""
        if any(type(defect).__name__ in _BOUNDARY_DEFECTS for defect in part.defects):
            boundary = str(part.get_param("boundary", "")) or "not declared"
            yield violation("boundary-missing", _place(where, f"boundary {shortened(escaped(boundary), 40)}"))
        if part.is_multipart():
            continue
        yield from _encoding(part, where)
        if part.get_content_disposition() == "attachment" and part.get_filename() is None:
            yield violation("attachment-without-name", where)


def _encoding(part: Part, where: str) -> Iterator[Violation]:
    encoding = str(part.get("content-transfer-encoding", "")).strip().lower()
    body = _encoded(part)
    if encoding == "base64":
        packed = _SPACE.sub(b"", body)
        if not _is_base64(packed):
            yield violation("bad-base64", where)
            return
    elif encoding == "quoted-printable":
        found = _NOT_QUOTED_PRINTABLE.search(body)
        if found:
            offence = escaped(body[found.start() : found.start() + 12].decode("utf-8", "surrogateescape"))
            yield violation("bad-quoted-printable", _place(where, f"at {offence!r}"))
            return
    if part.get_content_maintype() == "text" and not _is_in_its_charset(part):
        yield violation("charset-mismatch", _place(where, f"charset {_charset(part)}"))


def _encoded(part: Part) -> bytes:
    """The body of a part as it was sent."""
    payload = part.get_payload()
    return payload.encode("utf-8", "surrogateescape") if isinstance(payload, str) else b""


def _is_base64(packed: bytes) -> bool:
    if not _BASE64.fullmatch(packed):
        return False
    try:
        a2b_base64(packed)
    except Base64Error:
        return False
    return True


def _charset(part: Part) -> str:
    return shortened(escaped(str(part.get_content_charset("us-ascii"))), 40)


def _is_in_its_charset(part: Part) -> bool:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return True
    try:
        content.decode(part.get_content_charset("us-ascii"))
    except UnicodeError:
        return False
    except (LookupError, ValueError):
        return True  # a charset that Python does not know proves nothing
    return True


def _place(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
