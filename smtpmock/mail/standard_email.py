"""Parsing with the standard `email` package, which takes quadratic time for some mails: these are refused."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.errors import MessageError
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import compat32, default
from typing import TYPE_CHECKING, cast

from smtpmock.mail.headers import ContentError
from smtpmock.mail.splitter import Limits, Splitter

if TYPE_CHECKING:
    from smtpmock.mail.mime import Part

_LIMITS = Limits(levels=50, parts=1000, fields=10_000, values=100_000)
_MOST_LINES = 2_000_000  # each counted once for each multipart around it, with whose delimiter it is compared
_EMPTY_LINE = re.compile(rb"(?:\r\n|[\r\n]){2}")
_NAMES = {
    "parts": f"{_LIMITS.parts:,} parts",
    "fields": f"{_LIMITS.fields:,} header fields",
    "values": f"{_LIMITS.values:,} characters in Content-Type and Content-Disposition fields",
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
    statuses = (part.parts for part in root.walk() if part.declared_type == "message/delivery-status")
    return sum(len(_EMPTY_LINE.findall(block.body)) for blocks in statuses for block in blocks)


def _too_much(limit: str) -> ContentError:
    return ContentError(f"The mail is too large for the email package: expected at most {limit}.")
