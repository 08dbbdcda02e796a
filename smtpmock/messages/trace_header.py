"""The trace header that a server puts before a message it accepts (RFC 5321 section 4.4)."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from smtpmock.rfc.grammar import is_domain

if TYPE_CHECKING:
    from smtpmock.records.message import MessageRecord

_LONGEST_NAME = 255  # RFC 5321 section 4.5.3.1.2


def received(record: MessageRecord, number: int) -> bytes:
    """Return the Received header of a message with its line end, folded.

    Args:
        record: The record of the message.
        number: Its number in the inbox.
    """
    from email.utils import format_datetime

    origin = record.origin
    client = _literal(origin.client)
    verb = "ESMTP" if record.helo is not None and record.helo.stage == "EHLO" else "SMTP"
    # A message that was delivered without SMTP has no client.
    begin = f"from {_ascii(record.helo_name) or client} ({client})\r\n\t" if origin.client else ""
    protocol = f" with {verb}" if origin.client else ""
    return (
        f"Received: {begin}by {_by(origin.server)}{protocol} id {origin.session_number}-{number};\r\n"
        f"\t{format_datetime(datetime.fromtimestamp(record.received, timezone.utc))}\r\n"
    ).encode("ascii")


def _by(server: str) -> str:
    """Return a name unchanged, or an address as a literal, which has to be repeated in parentheses."""
    if ":" in server or server.replace(".", "").isdigit() or not _ascii(server):
        return f"{_literal(server)} ({_literal(server)})"
    return _ascii(server)


def _literal(address: str) -> str:
    """Return an address literal (section 4.1.3), without the zone of a link-local address."""
    return f"[IPv6:{address.partition('%')[0]}]" if ":" in address else f"[{address}]"


def _ascii(name: str) -> str:
    """Return a name in the ASCII form that every header may have; "" if it has none, or it is too long for a name."""
    try:
        ascii_name = name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    return ascii_name if len(ascii_name) <= _LONGEST_NAME and is_domain(ascii_name) else ""
