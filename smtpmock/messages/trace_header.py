"""The trace header that a server puts before a message it accepts (RFC 5321 section 4.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpmock.rfc.grammar import is_domain

if TYPE_CHECKING:
    from smtpmock.messages.message import Message

_LONGEST_NAME = 255  # RFC 5321 section 4.5.3.1.2


def received(message: Message, server: str) -> bytes:
    """The Received header of a message.

    Args:
        message: The message.
        server: The name or address of the server.

    Returns:
        The header with its line end, folded.
    """
    from email.utils import format_datetime

    client = _literal(message.client)
    verb = "ESMTP" if message.helo_request[:4].upper() == "EHLO" else "SMTP"
    return (
        f"Received: from {_ascii(message.helo_name) or client} ({client})\r\n"
        f"\tby {_by(server)} with {verb} id {message.session_id}-{message.number};\r\n"
        f"\t{format_datetime(message.received_at)}\r\n"
    ).encode("ascii")


def _by(server: str) -> str:
    """A name as it is; an address as a literal, behind which its address has to stand again."""
    if ":" in server or server.replace(".", "").isdigit() or not _ascii(server):
        return f"{_literal(server)} ({_literal(server)})"
    return _ascii(server)


def _literal(address: str) -> str:
    """An address literal (section 4.1.3); the zone of a link-local address has no place in one."""
    return f"[IPv6:{address.partition('%')[0]}]" if ":" in address else f"[{address}]"


def _ascii(name: str) -> str:
    """A name in letters that every header may have; "" where there is no such form, or none of a name's length."""
    try:
        ascii_name = name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    return ascii_name if len(ascii_name) <= _LONGEST_NAME and is_domain(ascii_name) else ""
