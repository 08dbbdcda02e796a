"""Parsing with the standard `email` package, which takes quadratic time for some mails: these are refused."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.errors import MessageError
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import compat32, default
from typing import TYPE_CHECKING, cast

from smtpmock.errors import ContentError
from smtpmock.mail.splitter import Limits, Splitter

if TYPE_CHECKING:
    from smtpmock.mail.mime import Part

_LONGEST_VALUE = 2_000
_LIMITS = Limits(levels=50, parts=1000, fields=10_000, values=50_000)
_MOST_LINES = 2_000_000  # each counted once for each multipart around it, with whose delimiter it is compared
_EMPTY_LINE = re.compile(rb"(?:\r\n|[\r\n]){2}")
_DESCRIPTIONS = ("content-type", "content-disposition", "content-transfer-encoding")
_DESCRIPTION_IN_BLOCK = re.compile(
    rb"^content-(?:type|disposition|transfer-encoding)[ \t]*:[^\r\n]*(?:(?:\r\n|[\r\n])[ \t][^\r\n]*)*",
    re.IGNORECASE | re.MULTILINE,
)
_NAMES = {
    "parts": f"{_LIMITS.parts:,} parts",
    "fields": f"{_LIMITS.fields:,} header fields",
    "values": f"{_LIMITS.values:,} characters in the fields that describe parts, {_LONGEST_VALUE:,} in each",
}


def parse_email(raw: bytes) -> EmailMessage:
    """Return the mail parsed; if the package cannot parse the parts, the body is one unparsed text.

    Raises:
        ContentError: If the mail exceeds a limit, which the text names.
    """
    splitter = Splitter(raw, _LIMITS, follows_mails=True)
    root = splitter.split()
    if _blocks(root) > _LIMITS.parts:
        raise _too_much(_NAMES["parts"])
    for limit, name in _NAMES.items():
        if limit in splitter.exceeded:
            raise _too_much(name)
    lengths = _description_lengths(root)
    if max(lengths, default=0) > _LONGEST_VALUE or sum(lengths) > _LIMITS.values:
        raise _too_much(_NAMES["values"])
    if "levels" not in splitter.exceeded:
        deepest = max(part.level for part in root.walk())
        lines = raw.count(b"\n") + raw.count(b"\r") - raw.count(b"\r\n")
        if lines * (deepest + 1) > _MOST_LINES:
            raise _too_much(f"{_MOST_LINES:,} lines, counted once for each level of its parts")
        try:
            return message_from_bytes(raw, policy=default)
        except (MessageError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
            pass  # to find the parts, the package reads some fields, and raises these if they are broken
    parser = BytesParser(EmailMessage, policy=compat32)
    email = cast("EmailMessage", parser.parsebytes(raw, headersonly=True))
    email.policy = default
    return email


def _blocks(root: Part) -> int:
    """Return the number of blocks of fields that the package takes for parts of a delivery status."""
    return sum(len(_EMPTY_LINE.findall(body)) for body in _statuses(root))


def _description_lengths(root: Part) -> list[int]:
    """Return the lengths of the fields that describe parts, for each of which the package takes quadratic time."""
    lengths = [len(value) for part in root.walk() for name in _DESCRIPTIONS for value in part.get_all(name)]
    return lengths + [len(found[0]) for body in _statuses(root) for found in _DESCRIPTION_IN_BLOCK.finditer(body)]


def _statuses(root: Part) -> list[bytes]:
    """Return the contents of the delivery statuses, which the package takes for blocks of fields."""
    statuses = (part.parts for part in root.walk() if part.declared_type == "message/delivery-status")
    return [block.body for blocks in statuses for block in blocks]


def _too_much(limit: str) -> ContentError:
    return ContentError(f"The mail is too large for the email package: expected at most {limit}.")
