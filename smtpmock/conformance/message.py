"""The verdict on a message: how it came over the wire, its header, its MIME.

Everything is read off the recorded bytes when it is first asked for. A check that cannot be sure is silent: a false
accusation is worse than none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from smtpmock.conformance.catalogue import at_line, violation
from smtpmock.rfc.grammar import address_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from smtpmock.conformance.catalogue import Violation
    from smtpmock.mail.content import Content
    from smtpmock.records.message import MessageRecord

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
_NAME = re.compile(rb"[!-9;-~]+")
_SIZE = re.compile(r"[0-9]{1,20}")
_MIME_FIELDS = (
    b"content-type",
    b"content-transfer-encoding",
    b"content-id",
    b"content-description",
    b"content-disposition",
)
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
_MESSAGE_ID = re.compile(r"<[^\s<>@]+@(?:[^\s<>@\[\]]+|\[[^\[\]\\]*\])>")
_SPACE_IN_AN_ID = re.compile(r" ?([<>@.]) ?")
_TOKEN = re.compile(r"\\.|[()\"\\]|[^()\"\\]+", re.DOTALL)
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL)


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
        name = name.rstrip(b" \t")
        self.name = name.lower() if colon and _NAME.fullmatch(name) else b""
        self.value = value.strip()

    @property
    def text(self) -> str:
        """The unfolded value."""
        return b" ".join(self.value.split()).decode("utf-8", "surrogateescape")

    @property
    def where(self) -> str:
        """The field as a place."""
        return at_line(self.line, self.raw)


def message_violations(record: MessageRecord) -> tuple[Violation, ...]:
    """Return what is wrong with an accepted message; it is judged once, whoever asks how often."""
    end = record.end_of_data
    # Of a message over the limit that a rule accepted nothing was kept.
    if end is None or not end.accepted or not (record.content.raw or end.rule is None):
        return ()
    return record.content.remember(
        "violations",
        lambda: judge_message(
            record.content, parameters=record.parameters, recipients=record.recipients, undotted=record.undotted
        ),
    )


def judge_message(
    content: Content, *, parameters: Mapping[str, str], recipients: Sequence[str], undotted: bytes
) -> tuple[Violation, ...]:
    r"""Return what is wrong with a message, in the order of the table of violations.

    Args:
        content: The message.
        parameters: The parameters of MAIL FROM, by keyword in upper case.
        recipients: The recipients of the envelope.
        undotted: The beginning of the first line that lost a dot; b"" if none did.

    Example:
        >>> from smtpmock.mail.content import Content
        >>> mail = Content(b"From: a@a.example\r\nMessage-ID: <1@a.example>\r\n\r\nHi\r\n")
        >>> [found.code for found in judge_message(mail, parameters={}, recipients=(), undotted=b"")]
        ['missing-date']
    """
    lines = content.raw.split(b"\n")
    length = next((number for number, line in enumerate(lines) if line in (b"", b"\r")), len(lines))
    header = _fields(lines[:length])
    if not any(field.name for field in header):  # what stands there is the text
        header, length = [], 0
    return (
        *_wire(content.raw, lines, length, parameters, undotted),
        *_header(header, lines[:length], parameters, shows_bcc=_shows_a_recipient(content, recipients)),
        *_mime(content, header),
    )


def uncommented(text: str) -> str:
    r"""A structured field without its comments (RFC 5322 section 3.2.2), in single spaces.

    Example:
        >>> uncommented('a@b (c (d) "e) f "(g)"')
        'a@b f "(g)"'
        >>> uncommented("never closed (a")
        'never closed (a'
    """
    kept = []
    depth = 0
    quoted = False
    for piece in _TOKEN.findall(text):
        if piece == '"' and not depth:
            quoted = not quoted
        elif piece == "(" and not quoted:
            depth += 1
        elif piece == ")" and depth:
            depth -= 1
            piece = " "
        if not depth:
            kept.append(piece)
    return " ".join((text if depth else "".join(kept)).split())


def _fields(lines: Sequence[bytes]) -> list[Field]:
    found: list[tuple[int, list[bytes]]] = []
    for number, line in enumerate(lines, 1):
        line = line.removesuffix(b"\r")
        if line[:1] in (b" ", b"\t") and found:
            found[-1][1].append(line)
        else:
            found.append((number, [line]))
    return [Field(number, b"\r\n".join(folded)) for number, folded in found]


def _wire(
    raw: bytes, lines: Sequence[bytes], header_length: int, parameters: Mapping[str, str], undotted: bytes
) -> Iterator[Violation]:
    body = parameters.get("BODY", "").upper()
    if body != "BINARYMIME":  # which knows no lines (RFC 3030)
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
    if body not in ("8BITMIME", "BINARYMIME"):
        for number, line in enumerate(lines[header_length:], header_length + 1):
            if _BEYOND_ASCII.search(line):
                yield violation("8bit-without-8bitmime", at_line(number, line))
                break
    declared = parameters.get("SIZE", "")
    # Many clients declare the size before the protocol adds the line end that the last line lacked.
    if _SIZE.fullmatch(declared) and len(raw) - 2 > int(declared):
        yield violation("size-too-small", f"declared {declared}, sent {len(raw)} bytes")


def _header(
    header: Sequence[Field], lines: Sequence[bytes], parameters: Mapping[str, str], *, shows_bcc: bool
) -> Iterator[Violation]:
    for number, line in enumerate(lines, 1):
        line = line.removesuffix(b"\r")
        if len(line) > _LONGEST:
            yield violation("header-line-too-long", at_line(number, line))
        if _CONTROL.search(line):
            yield violation("header-control-character", at_line(number, line))
    if "SMTPUTF8" not in parameters:
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
        if field.name == b"bcc" and shows_bcc:
            yield violation("bcc-header", field.where)


def _is_date(text: str) -> bool:
    """Also as mail was dated before the standard was tightened (RFC 5322 section 4.3)."""
    text = uncommented(text)
    day = _BEGINNING_OF_A_DATE.match(text)
    return (
        day is not None
        and 1 <= int(day["day"]) <= _DAYS.get(day["month"].lower(), 0)
        and _TIME_OF_A_DATE.fullmatch(text, day.end()) is not None
    )


def _is_mailbox(text: str) -> bool:
    """Whether there is a mailbox, or a group, which may be empty (RFC 6854)."""
    text = _QUOTED.sub("q", uncommented(text))
    return _MAILBOX.search(text) is not None or ";" in text.partition(":")[2]


def _is_message_id(text: str) -> bool:
    text = _QUOTED.sub("q", uncommented(text))
    return _MESSAGE_ID.fullmatch(_SPACE_IN_AN_ID.sub(r"\1", text)) is not None


def _shows_a_recipient(content: Content, recipients: Sequence[str]) -> bool:
    """Tell if somebody else sees the Bcc: one hidden recipient may have a copy of its own with its own address."""
    hidden = set(map(address_key, content.root.addresses("bcc")))
    return bool(hidden) and not (len(hidden) == 1 and hidden.issuperset(map(address_key, recipients)))


_READABLE = {b"from": _is_mailbox, b"date": _is_date, b"message-id": _is_message_id}


def _mime(content: Content, header: Sequence[Field]) -> Iterator[Violation]:
    names = {field.name for field in header}
    mime = next((field for field in header if field.name in _MIME_FIELDS), None)
    if mime is not None and b"mime-version" not in names:
        yield violation("mime-version-missing", mime.where)
    from smtpmock.conformance.parts import judge_parts

    yield from judge_parts(content)
