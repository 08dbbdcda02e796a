"""A reply: its code, its lines, and the bytes that go over the wire (RFC 5321 section 4.2)."""

from __future__ import annotations

from smtpmock.text import readable


class Reply:
    r"""A reply of one or several lines.

    Attributes:
        recorded: The text with bytes that are not UTF-8 written as ``\xff``.
        text: The lines, separated by ``\n``, codes included.
        wire: The bytes that are sent.

    Example:
        >>> Reply("250 Received").wire
        b'250 Received\r\n'
    """

    __slots__ = ("recorded", "text", "wire")

    def __init__(self, *lines: str) -> None:
        self.text: str = "\n".join(lines)
        self.recorded: str = readable(self.text)
        self.wire: bytes = b"".join(line.encode("utf-8", "surrogateescape") + b"\r\n" for line in lines)

    @property
    def code(self) -> int:
        """The three-digit code."""
        return int(self.text[:3])

    def __repr__(self) -> str:
        return f"Reply({', '.join(map(repr, self.text.splitlines()))})"


SHUTTING_DOWN = Reply("421 Service shutting down")
SESSION_TIMEOUT = Reply("421 Session timeout")
TOO_MANY_RECIPIENTS = Reply("452 Too many recipients")  # RFC 5321 section 4.5.3.1.10
LINE_TOO_LONG = Reply("500 Line too long")
STORE_UNAVAILABLE = Reply("451 4.3.0 The message cannot be stored now: try again later")
