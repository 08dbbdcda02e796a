"""The verdict on the parts of a message: boundaries, encodings, charsets, names.

The standard `email` package splits the message; what it calls a defect is looked at again, and only what is one by the
RFCs is reported. A message within the message is somebody else's: it is not looked at.
"""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64
from codecs import lookup
from typing import TYPE_CHECKING

from smtpmock.conformance.catalogue import violation
from smtpmock.conformance.message import uncommented
from smtpmock.text import escaped, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smtpmock.conformance.catalogue import Violation
    from smtpmock.mail.content import Content
    from smtpmock.mail.mime import Part

_BOUNDARY_DEFECTS = ("NoBoundaryInMultipartDefect", "StartBoundaryNotFoundDefect", "CloseBoundaryNotFoundDefect")
_HEADER_DEFECTS = ("MissingHeaderBodySeparatorDefect", "FirstHeaderLineIsContinuationDefect")
_BOUNDARY = re.compile(r';\s*boundary\s*=\s*("(?:\\.|[^"\\])*"|[^\s;"]+)', re.IGNORECASE)
_QUOTED_PAIR = re.compile(r"\\(.)")
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_NOT_QUOTED_PRINTABLE = re.compile(r"=(?![0-9A-Fa-f]{2}|[ \t]*\r?\n|[ \t]*\Z)")
_JUDGED = ("ascii", "utf-8")  # of other charsets there are versions, or every byte is a character


def judge_parts(content: Content) -> Iterator[Violation]:
    """Yield what is wrong with the parts of a message, in their order."""
    parts = list(content.root.walk())
    for number, part in enumerate(parts, 1):
        try:
            kind = part.get_content_type()
            shown = kind if kind.startswith("multipart/") else part.type
            where = f"part {number}, {_shown(shown)}" if len(parts) > 1 else ""
            found = list(_part(part, kind, where, content.raw))
        except (AttributeError, LookupError, TypeError, ValueError):
            continue  # the package cannot read the header of the part
        yield from found


def _part(part: Part, kind: str, where: str, raw: bytes) -> Iterator[Violation]:
    defects = {type(defect).__name__ for defect in part.defects}
    if not defects.isdisjoint(_HEADER_DEFECTS):
        return  # what it is declared to be is not known
    if not defects.isdisjoint(_BOUNDARY_DEFECTS):
        boundary = _boundary(part)
        if not boundary or not _is_delimited(raw, boundary):
            yield violation("boundary-missing", _place(where, f"boundary {_shown(boundary or 'not declared')}"))
    if part.is_multipart() or kind.startswith("multipart/"):
        return
    yield from _encoding(part, kind, where)
    if (
        part.get_content_disposition() == "attachment"
        and part.get_filename() is None
        and not part.type.startswith("message/")  # which has a subject
    ):
        yield violation("attachment-without-name", where)


def _boundary(part: Part) -> str | None:
    found = _BOUNDARY.search(uncommented(part.get("content-type", "")))
    if found is None:
        return part.get_boundary()  # in pieces (RFC 2231)
    value = found[1]
    return _QUOTED_PAIR.sub(r"\1", value[1:-1]) if value.startswith('"') else value


def _is_delimited(raw: bytes, boundary: str) -> bool:
    """Whether both delimiters are there, wherever the package has looked for them."""
    line = rb"^--" + re.escape(boundary.encode("utf-8", "surrogateescape"))
    return all(re.search(line + end + rb"[ \t]*\r?$", raw, re.MULTILINE) for end in (b"", b"--"))


def _encoding(part: Part, kind: str, where: str) -> Iterator[Violation]:
    encoding = uncommented(part.get("content-transfer-encoding", "")).lower()
    body = part.get_payload()
    assert isinstance(body, str)
    if encoding == "base64":
        if not _is_base64(body):
            yield violation("bad-base64", where)
            return
    elif encoding == "quoted-printable":
        found = _NOT_QUOTED_PRINTABLE.search(body)
        if found:
            offence = shortened(escaped(body[found.start() : found.start() + 12]), 40)
            yield violation("bad-quoted-printable", _place(where, f'at "{offence}"'))
            return
    elif encoding not in ("", "7bit", "8bit", "binary"):
        return
    charset = part.get_content_charset("")
    if not charset and kind == "text/plain":
        charset = "us-ascii"
    if charset and kind.startswith("text/") and not _is_in(part.content, charset):
        yield violation("charset-mismatch", _place(where, f"charset {_shown(charset)}"))


def _is_base64(body: str) -> bool:
    packed = "".join(body.split())
    if not _BASE64.fullmatch(packed):
        return False
    try:
        a2b_base64(packed)
    except Base64Error:
        return False
    return True


def _is_in(content: bytes, charset: str) -> bool:
    if lookup(charset).name not in _JUDGED:
        return True
    try:
        content.decode(charset)
    except UnicodeError:
        return False
    return True


def _shown(text: str) -> str:
    return shortened(escaped(text), 40)


def _place(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
