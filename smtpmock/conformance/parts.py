"""Violations in the parts of a message: headers, boundaries, encodings, charsets, names.

A message within the message comes from somebody else and is not checked.
"""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64
from typing import TYPE_CHECKING

from smtpmock.conformance.catalogue import violation
from smtpmock.conformance.header import is_media_type
from smtpmock.mail.charsets import codec_of
from smtpmock.mail.splitter import LIMITS
from smtpmock.text import escape_controls, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smtpmock.conformance.catalogue import Violation
    from smtpmock.mail.content import Content
    from smtpmock.mail.mime import Part

_MOST_SHOWN = 40
_BASE64 = re.compile(rb"[A-Za-z0-9+/]*={0,2}")
_NOT_QUOTED_PRINTABLE = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*\r?\n|[ \t]*\Z)")
_ENCODED_WORD = re.compile(r"=\?[^?\s]+\?[bq]\?[^?]*\?=", re.IGNORECASE)
_AS_IT_IS = ("", "7bit", "8bit", "binary")
_JUDGED = ("ascii", "utf_8")  # other charsets have several versions, or define every byte


def judge_parts(content: Content, *, utf8: bool) -> Iterator[Violation]:
    """Yield the violations in the parts of a message, in order.

    Args:
        content: The message.
        utf8: True if MAIL FROM requests SMTPUTF8.
    """
    is_single = not content.root.parts
    boundaries: list[str] = []  # of the multiparts that enclose the part
    for number, part in enumerate(content.root.walk(), 1):
        del boundaries[part.level :]
        where = "" if is_single else f"part {number}, {_shown(part.declared_type)}"
        if part.has_separator:  # otherwise its declared type is unknown
            if part.level:
                yield from _header(part, where, utf8=utf8)
            yield from _parameters(part, where)
            if part.declared_type.startswith("multipart/"):
                yield from _multipart(part, where, boundaries)
            else:
                yield from _leaf(part, where)
        boundaries.append(part.boundary)


def _header(part: Part, where: str, *, utf8: bool) -> Iterator[Violation]:
    """Yield the violations in the header of a part that is not the message itself."""
    if not utf8:
        beyond = next((name for name, value in part.raw_fields if not value.isascii()), None)
        if beyond is not None:
            yield violation("utf8-part-header", _place(where, _shown(beyond.decode("ascii"))))
    for name in ("content-type", "content-transfer-encoding"):
        if part.count(name) > 1:
            yield violation(f"repeated-{name}", where)
    if part.count("content-type") and not is_media_type(part.content_type.value):
        yield violation("bad-content-type", _place(where, f'"{_shown(part.content_type.value)}"'))


def _parameters(part: Part, where: str) -> Iterator[Violation]:
    disposition = part.disposition
    values = {**part.content_type.plain, **disposition.plain, "Content-Disposition": disposition.value}
    values.pop("boundary", None)
    for name, value in values.items():
        if _ENCODED_WORD.search(value):
            yield violation("encoded-word-in-parameter", _place(where, f"{_shown(name)} {_shown(value)}"))


def _multipart(part: Part, where: str, boundaries: list[str]) -> Iterator[Violation]:
    if part.encoding not in _AS_IT_IS:
        yield violation("encoded-multipart", _place(where, _shown(part.encoding)))
    boundary = part.boundary
    if part.level >= LIMITS.levels or (boundary and boundary in boundaries):
        return  # it was not split, or a delimiter may belong to several multiparts
    if not (boundary and part.parts and part.is_closed):
        yield violation("boundary-missing", _place(where, f"boundary {_shown(boundary or 'not declared')}"))


def _leaf(part: Part, where: str) -> Iterator[Violation]:
    yield from _encoding(part, where)
    if (
        part.disposition.value == "attachment"
        and part.disposition.get("filename") is None
        and part.content_type.get("name") is None
        and not part.type.startswith("message/")  # its subject serves as a name
    ):
        yield violation("attachment-without-name", where)


def _encoding(part: Part, where: str) -> Iterator[Violation]:
    encoding = part.encoding
    if encoding == "base64":
        if not _is_base64(part.body):
            yield violation("bad-base64", where)
            return
    elif encoding == "quoted-printable":
        body = part.body
        found = _NOT_QUOTED_PRINTABLE.search(body)
        if found:
            offence = body[found.start() : found.start() + 12].decode("utf-8", "surrogateescape")
            yield violation("bad-quoted-printable", _place(where, f'at "{_shown(offence)}"'))
            return
    elif encoding not in _AS_IT_IS:
        return
    charset = part.charset
    if not charset and part.declared_type == "text/plain":
        charset = "us-ascii"
    if charset and part.declared_type.startswith("text/") and not _is_in(part.content, charset):
        yield violation("charset-mismatch", _place(where, f"charset {_shown(charset)}"))


def _is_base64(body: bytes) -> bool:
    packed = b"".join(body.split())
    if not _BASE64.fullmatch(packed):
        return False
    try:
        a2b_base64(packed)
    except Base64Error:
        return False
    return True


def _is_in(content: bytes, charset: str) -> bool:
    codec = codec_of(charset)
    if codec not in _JUDGED:
        return True
    try:
        content.decode(codec)
    except UnicodeError:
        return False
    return True


def _shown(text: str) -> str:
    return shorten(escape_controls(text[: _MOST_SHOWN + 1]), _MOST_SHOWN)


def _place(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
