"""Violations in a message: in its transmission, in its header, in its parts.

A check that is not certain reports nothing: a false accusation is worse than a missed violation.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

from smtpmock.conformance.catalogue import at_line, violation
from smtpmock.conformance.header import Header, judge_header

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from smtpmock.conformance.catalogue import Violation
    from smtpmock.mail.content import Content
    from smtpmock.records.message import MessageRecord

MOST_OF_A_CODE = 100
LONGEST_HEADER = 250_000
"""The most violations of each code that are returned for a message, and the most bytes of its header to check."""

_LONGEST_LINE = 998  # bytes without the line end
_EMPTY_LINE = re.compile(rb"^\r?(?:\n|\Z)", re.MULTILINE)
_BARE_LF = re.compile(rb"(?<!\r)\n")
_BARE_CR = re.compile(rb"\r(?!\n)")
_LONG_LINE = re.compile(rb"^[^\n]{%d}(?!\r?(?:\n|\Z))" % _LONGEST_LINE, re.MULTILINE)
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_SIZE = re.compile(r"[0-9]{1,20}")


def message_violations(record: MessageRecord) -> tuple[Violation, ...]:
    """Return the violations in an accepted message, which is checked only once."""
    end = record.end_of_data
    # Nothing was kept of a message over the limit that a rule accepted.
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
    r"""Return the violations in a message, in the order of the table.

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
    from smtpmock.conformance.parts import judge_parts  # reads the parts

    raw = content.raw
    empty = _EMPTY_LINE.search(raw)
    end = empty.start() if empty else len(raw)
    header = Header(raw[: min(end, LONGEST_HEADER)].removesuffix(b"\n"), is_whole=end <= LONGEST_HEADER)
    if header.is_whole and not any(field.name for field in header.fields):  # without any field, this is the text
        header, end = Header(b"", is_whole=True), 0
    utf8 = "SMTPUTF8" in parameters
    found = chain(
        _wire(raw, end, parameters, undotted),
        judge_header(header, content, recipients, utf8=utf8),
        judge_parts(content, utf8=utf8),
    )
    return tuple(_bounded(found))


def _bounded(violations: Iterator[Violation]) -> Iterator[Violation]:
    counts: dict[str, int] = {}
    for found in violations:
        counts[found.code] = counts.get(found.code, 0) + 1
        if counts[found.code] <= MOST_OF_A_CODE:
            yield found


def _wire(raw: bytes, body: int, parameters: Mapping[str, str], undotted: bytes) -> Iterator[Violation]:
    """Yield the violations in the bytes, of which the body begins at the index `body`."""
    kind = parameters.get("BODY", "").upper()
    if kind != "BINARYMIME":  # it has no lines (RFC 3030)
        if not raw.count(b"\r\n") == raw.count(b"\n") == raw.count(b"\r"):  # a tenth of the time of both searches
            yield from _first("bare-lf", _BARE_LF, raw, 0)
            yield from _first("bare-cr", _BARE_CR, raw, 0)
        yield from _first("line-too-long", _LONG_LINE, raw, body)
    if undotted:
        yield violation("dot-not-stuffed", f"the line {at_line(0, undotted).partition(': ')[2]}")
    if kind not in ("8BITMIME", "BINARYMIME") and not raw.isascii():
        yield from _first("8bit-without-8bitmime", _BEYOND_ASCII, raw, body)
    declared = parameters.get("SIZE", "")
    # Many clients declare the size before the protocol adds a missing line end.
    if _SIZE.fullmatch(declared) and len(raw) - 2 > int(declared):
        yield violation("size-too-small", f"declared {declared}, sent {len(raw)} bytes")


def _first(code: str, pattern: re.Pattern[bytes], raw: bytes, start: int) -> Iterator[Violation]:
    found = pattern.search(raw, start)
    if found:
        place = found.start()
        begin = raw.rfind(b"\n", 0, place) + 1
        end = raw.find(b"\n", place)
        yield violation(code, at_line(raw.count(b"\n", 0, place) + 1, raw[begin : end if end >= 0 else len(raw)]))
