"""Violations in the header of a message."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from smtpmock.conformance.catalogue import at_line, violation
from smtpmock.mail.addresses import is_plain
from smtpmock.mail.parameters import strip_comments
from smtpmock.rfc.grammar import address_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from smtpmock.conformance.catalogue import Violation
    from smtpmock.mail.content import Content

_LONGEST_LINE = 998  # bytes without the line end
_LONGEST_WORD = 75  # RFC 2047 section 2
_ONCE = frozenset(
    (
        *(b"from", b"sender", b"reply-to", b"to", b"cc", b"message-id", b"in-reply-to", b"references", b"subject"),
        *(b"date", b"content-type", b"content-transfer-encoding"),
    )
)
_ADDRESSES = frozenset(
    (
        *(b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc"),
        *(b"resent-from", b"resent-sender", b"resent-to", b"resent-cc", b"resent-bcc"),
    )
)
_MIME = frozenset(
    (
        *(b"content-type", b"content-transfer-encoding", b"content-id", b"content-description"),
        b"content-disposition",
    )
)
_PARAMETRISED = (b"content-type", b"content-disposition")  # encoded words are never allowed in them
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NAME = re.compile(rb"[!-9;-~]+")
_NAME_WITH_BLANKS = re.compile(rb"(?!>?From )[!-9;-~]+(?:[ \t]+[!-9;-~]+)+[ \t]*")
_BEGINNING_OF_A_DATE = re.compile(
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun) ?, ?)?(?P<day>\d{1,2}) ?(?P<month>[a-z]{3}) ?\d{2,4} ", re.IGNORECASE
)
_TIME_OF_A_DATE = re.compile(
    r"(?:[01]?\d|2[0-3]) ?: ?[0-5]\d(?: ?: ?(?:[0-5]\d|60))? ?(?:[+-]\d\d[0-5]\d|[a-z]+)", re.IGNORECASE
)
_DAYS = dict(
    zip(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
        (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31),
        strict=True,
    )
)
_MAILBOX = re.compile(r"[^\s<>@,;:] ?@ ?[^\s<>@,;:]")
_ADDRESS = re.compile(r"(?:[^<>]*<)?[^\s<>@]+@[^\s<>@]+>?")
_MESSAGE_ID = re.compile(r"<[^\s<>@]+@(?:[^\s<>@\[\]]+|\[[^\[\]\\]*\])>")
_SPACE_IN_AN_ID = re.compile(r" ?([<>@.]) ?")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.?)*(?:"|\Z)', re.DOTALL)  # it may be unterminated
_DOMAIN_LITERAL = re.compile(r"\[[^\[\]]*\]")
_MEDIA_TYPE = re.compile(r"[!#-'*+.0-9A-Z^-~-]+ ?/ ?[!#-'*+.0-9A-Z^-~-]+", re.IGNORECASE)
_ENCODED_COMMA = re.compile(r"> =\?[a-z0-9-]+\?q\?=2C\?=", re.IGNORECASE)
_ROUTE = re.compile(r"<@[^<>:]*:")
_ENCODED_WORD = re.compile(rb"(?<![^\s(,:;])=\?[^?\s]+\?[BbQq]\?[^?\s]*\?=(?![^\s),<;])")


class Field:
    """A header field as it appears in the message.

    Attributes:
        name: Its name in lower case; b"" for a line without one.
        value: The text after the colon, still folded.
        line: The number of its first line, counted from 1.
        raw: The whole field, without its first line end.
    """

    __slots__ = ("line", "name", "raw", "value")

    def __init__(self, line: int, raw: bytes) -> None:
        name, colon, value = raw.partition(b":")
        self.line = line
        self.raw = raw
        name = name.rstrip(b" \t")
        self.name = name.lower() if colon and _NAME.fullmatch(name) else b""
        self.value = value.strip()

    @property
    def text(self) -> str:
        """The unfolded value."""
        return b" ".join(self.value.split()).decode("utf-8", "surrogateescape")

    @property
    def where(self) -> str:
        """The place of the field, as shown in a violation."""
        return at_line(self.line, self.raw)

    @property
    def has_blank_in_name(self) -> bool:
        """True if there is white space in the name; after it, some is allowed (RFC 5322 section 4.5)."""
        name, colon, _ = self.raw.partition(b":")
        return bool(colon) and _NAME_WITH_BLANKS.fullmatch(name) is not None


class Header:
    """The header of a message, up to the first empty line.

    Args:
        raw: Its bytes.
        is_whole: True if they are the complete header.

    Attributes:
        lines: Its lines, with the CR of their ends.
        fields: Its fields; the last one is left out if it may be incomplete.
        is_whole: True if the header is complete.
    """

    def __init__(self, raw: bytes, *, is_whole: bool) -> None:
        self.lines = raw.split(b"\n") if raw else []
        self.fields = _fields(self.lines)
        self.is_whole = is_whole
        if not is_whole:
            del self.fields[-1:]


def judge_header(header: Header, content: Content, recipients: Sequence[str], *, utf8: bool) -> Iterator[Violation]:
    """Yield the violations in a header.

    Args:
        header: The header.
        content: The message.
        recipients: The recipients of the envelope.
        utf8: True if MAIL FROM requests SMTPUTF8.
    """
    yield from _lines(header.lines)
    if not utf8:
        beyond = next((field for field in header.fields if not field.raw.isascii()), None)
        if beyond is not None:
            yield violation("utf8-header", beyond.where)
    if header.is_whole:
        for name in (b"from", b"date", b"message-id"):
            if not any(field.name == name for field in header.fields):
                yield violation(f"missing-{name.decode()}")
    shows_bcc = _shows_a_recipient(content, recipients)
    seen: set[bytes] = set()
    for field in header.fields:
        if field.has_blank_in_name:
            yield violation("blank-in-header-name", field.where)
        if field.name in seen and field.name in _ONCE:
            yield violation(f"repeated-{field.name.decode()}", field.where)
        seen.add(field.name)
        yield from _value(field)
        if field.name == b"bcc" and shows_bcc:
            yield violation("bcc-header", field.where)
    mime = next((field for field in header.fields if field.name in _MIME), None)
    if mime is not None and b"mime-version" not in seen and header.is_whole:
        yield violation("mime-version-missing", mime.where)


def _fields(lines: Sequence[bytes]) -> list[Field]:
    found: list[tuple[int, list[bytes]]] = []
    for number, line in enumerate(lines, 1):
        line = line.removesuffix(b"\r")
        if line[:1] in (b" ", b"\t") and found:
            found[-1][1].append(line)
        else:
            found.append((number, [line]))
    return [Field(number, b"\r\n".join(folded)) for number, folded in found]


def _lines(lines: Sequence[bytes]) -> Iterator[Violation]:
    for number, line in enumerate(lines, 1):
        line = line.removesuffix(b"\r")
        if len(line) > _LONGEST_LINE:
            yield violation("header-line-too-long", at_line(number, line))
        if _CONTROL.search(line):
            yield violation("header-control-character", at_line(number, line))


def _value(field: Field) -> Iterator[Violation]:
    if field.name in _READABLE and not _READABLE[field.name](field.text):
        yield violation(f"bad-{field.name.decode()}", field.where)
    elif field.name in _ADDRESSES and not _is_address_list(field.text):
        yield violation("bad-address", field.where)
    if field.name not in _PARAMETRISED and any(
        len(word) > _LONGEST_WORD for word in _ENCODED_WORD.findall(field.value)
    ):
        yield violation("encoded-word-too-long", field.where)


def _is_date(text: str) -> bool:
    """Return True if the text is a date, be it in the obsolete syntax (RFC 5322 section 4.3)."""
    text = strip_comments(text)
    day = _BEGINNING_OF_A_DATE.match(text)
    return (
        day is not None
        and 1 <= int(day["day"]) <= _DAYS.get(day["month"].lower(), 0)
        and _TIME_OF_A_DATE.fullmatch(text, day.end()) is not None
    )


def _has_mailbox(text: str) -> bool:
    """Return True if there is a mailbox, or a group, which may be empty (RFC 6854)."""
    if is_plain(text):
        return True
    text = _QUOTED.sub("q", strip_comments(text))
    return _MAILBOX.search(text) is not None or ";" in text.partition(":")[2]


def _is_address_list(text: str) -> bool:
    """Return True if every member of a list is a mailbox or a group; the obsolete syntax has empty ones (section 4.4).

    Commas that Python encoded before 3.12.2 do not count as violations: readers find the addresses all the same.
    """
    if is_plain(text):
        return True
    text = _DOMAIN_LITERAL.sub("d", _QUOTED.sub("q", strip_comments(text)))
    text = _SPACE_IN_AN_ID.sub(r"\1", _ROUTE.sub("<", _ENCODED_COMMA.sub(">,", text)))
    members = (member.rpartition(":")[2].strip() for member in re.split("[,;]", text))
    return all(not member or _ADDRESS.fullmatch(member) for member in members)


def _is_message_id(text: str) -> bool:
    text = _QUOTED.sub("q", strip_comments(text))
    return _MESSAGE_ID.fullmatch(_SPACE_IN_AN_ID.sub(r"\1", text)) is not None


def is_media_type(text: str) -> bool:
    """Return True if a Content-Type begins with a type and a subtype (RFC 2045 section 5.1)."""
    return _MEDIA_TYPE.match(strip_comments(text)) is not None


def _shows_a_recipient(content: Content, recipients: Sequence[str]) -> bool:
    """Return True if others see the Bcc: a single hidden recipient may get a copy of its own with its own address."""
    if not content.root.count("bcc"):
        return False
    hidden = set(map(address_key, content.root.addresses("bcc")))
    return bool(hidden) and not (len(hidden) == 1 and hidden.issuperset(map(address_key, recipients)))


_READABLE = {b"from": _has_mailbox, b"date": _is_date, b"message-id": _is_message_id, b"content-type": is_media_type}
