"""The verdict on a message: how it came over the wire, its header, its MIME.

Everything is read off the recorded bytes when it is first asked for. A check that cannot be sure is silent: a false
accusation is worse than none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from smtpmock.violations import at_line, violation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from smtpmock.messages import Message
    from smtpmock.violations import Violation

_LONGEST = 998  # bytes of a line without its line end
_ONCE = (
    b"from",
    b"sender",
    b"reply-to",
    b"to",
    b"cc",
    b"message-id",
    b"in-reply-to",
    b"references",
    b"subject",
    b"date",
)
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BARE_LF = re.compile(rb"(?<!\r)\n")
_BARE_CR = re.compile(rb"\r(?!\n)")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
# RFC 5322 section 3.6.4, the obsolete forms of section 4.5.4 aside; comments and white space may surround it.
_MESSAGE_ID = re.compile(r"<[^\s<>@]+@(?:[^\s<>@\[\]]+|\[[^\[\]\\]*\])>")
_COMMENT = re.compile(r"\([^()]*\)")


class Field:
    """A header field as it stands in the message.

    Attributes:
        name: Its name in lower case; b"" for a line that has none.
        value: What follows the colon, folded as it is.
        line: The number of its first line, counted from 1.
        raw: All of it, with its first line end taken off.
    """

    __slots__ = ("line", "name", "raw", "value")

    def __init__(self, line: int, raw: bytes) -> None:
        name, colon, value = raw.partition(b":")
        self.line = line
        self.raw = raw
        self.name = name.strip().lower() if colon else b""
        self.value = value.strip()

    @property
    def text(self) -> str:
        """The unfolded value."""
        return b" ".join(self.value.split()).decode("utf-8", "surrogateescape")

    @property
    def where(self) -> str:
        """The field as a place."""
        return at_line(self.line, self.raw)


def checked(message: Message, undotted: bytes) -> tuple[Violation, ...]:
    """What is wrong with a message, in the order of its sections.

    Args:
        message: The message.
        undotted: The beginning of the first line that lost a dot; b"" if none did.
    """
    lines = message.raw.split(b"\n")
    header = _fields(lines)
    return (
        *_wire(message, lines, undotted, _length(lines)),
        *_header(message, header, lines[: _length(lines)]),
        *_mime(message, header),
    )


def _length(lines: Sequence[bytes]) -> int:
    """How many lines the header has."""
    return next((number for number, line in enumerate(lines) if line in (b"", b"\r")), len(lines))


def _fields(lines: Sequence[bytes]) -> list[Field]:
    found: list[Field] = []
    for number, line in enumerate(lines[: _length(lines)], 1):
        line = line.removesuffix(b"\r")
        if line[:1] in (b" ", b"\t") and found:
            found[-1] = Field(found[-1].line, found[-1].raw + b"\r\n" + line)
        else:
            found.append(Field(number, line))
    return found


def _wire(message: Message, lines: Sequence[bytes], undotted: bytes, header_length: int) -> Iterator[Violation]:
    raw = message.raw
    for code, pattern in (("bare-lf", _BARE_LF), ("bare-cr", _BARE_CR)):
        found = pattern.search(raw)
        if found:
            number = raw.count(b"\n", 0, found.start()) + 1
            yield violation(code, at_line(number, lines[number - 1]))
    for number, line in enumerate(lines[header_length:], header_length + 1):
        if len(line.removesuffix(b"\r")) > _LONGEST:
            yield violation("line-too-long", at_line(number, line))
            break
    if undotted:
        yield violation("dot-not-stuffed", f"the line {at_line(0, undotted).partition(': ')[2]}")
    if message.parameters.get("BODY", "").upper() not in ("8BITMIME", "BINARYMIME"):
        for number, line in enumerate(lines[header_length:], header_length + 1):
            if _BEYOND_ASCII.search(line):
                yield violation("8bit-without-8bitmime", at_line(number, line))
                break
    declared = message.parameters.get("SIZE", "")
    # Many clients declare the size before the protocol adds the line end that the last line lacked.
    if declared.isdecimal() and len(raw) - 2 > int(declared):
        yield violation("size-too-small", f"declared {declared}, sent {len(raw)} bytes")


def _header(message: Message, header: Sequence[Field], lines: Sequence[bytes]) -> Iterator[Violation]:
    for number, line in enumerate(lines, 1):
        line = line.removesuffix(b"\r")
        if len(line) > _LONGEST:
            yield violation("header-line-too-long", at_line(number, line))
        if _CONTROL.search(line):
            yield violation("header-control-character", at_line(number, line))
    if "SMTPUTF8" not in message.parameters:
        beyond = next((field for field in header if _BEYOND_ASCII.search(field.raw)), None)
        if beyond is not None:
            yield violation("utf8-header", beyond.where)
    for name in (b"from", b"date", b"message-id"):
        if not any(field.name == name for field in header):
            yield violation(f"missing-{name.decode()}")
    seen: set[bytes] = set()
    for field in header:
        if field.name in seen and field.name in _ONCE:
            yield violation(f"repeated-{field.name.decode()}", field.where)
        seen.add(field.name)
        if field.name in _READABLE and not _READABLE[field.name](field.text):
            yield violation(f"bad-{field.name.decode()}", field.where)
        if field.name == b"bcc":
            yield violation("bcc-header", field.where)


def _is_date(text: str) -> bool:
    from email.utils import parsedate_to_datetime

    try:
        parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return False
    return True


def _is_mailbox(text: str) -> bool:
    from email.utils import getaddresses

    return any("@" in address for _, address in getaddresses([text]))


def _is_message_id(text: str) -> bool:
    return _MESSAGE_ID.fullmatch(_COMMENT.sub("", text).strip()) is not None


_READABLE = {b"from": _is_mailbox, b"date": _is_date, b"message-id": _is_message_id}


def _mime(message: Message, header: Sequence[Field]) -> Iterator[Violation]:
    names = {field.name for field in header}
    mime = next((field for field in header if field.name.startswith(b"content-")), None)
    if mime is not None and b"mime-version" not in names:
        yield violation("mime-version-missing", mime.where)
    from smtpmock.mime_checks import mime_violations

    yield from mime_violations(message)
