"""The message that follows DATA: its end, its dots, its size (RFC 5321 sections 2.3.8, 4.1.1.4 and 4.5.2).

A line ends with CRLF and nothing else, so only CRLF.CRLF ends the message, and only a dot after CRLF was added for
transparency.
"""

from __future__ import annotations

import re

_END = b"\r\n.\r\n"
_STUFFED = b"\r\n."
_DOUBLED = b"\r\n.."
_LINE_END = b"\r\n"
_UNDOTTED = re.compile(rb"\r\n(\.[^.\r\n][^\r\n]{0,100})")
_SMALL = 4096  # bytes: smaller pieces are joined, so that many of them take no more memory than their bytes


class Body:
    r"""A message while it arrives.

    It never holds more than the limit: the rest is read and discarded.

    Attributes:
        size: The bytes so far, without the dots of transparency and the end of data.
        undotted: The beginning of the first line that lost a dot which had not been doubled; b"" if none did.

    Example:
        >>> body = Body(limit=100)
        >>> body.feed(b"..hidden\r\n") is None
        True
        >>> body.feed(b".\r\nQUIT\r\n"), body.content()
        (b'QUIT\r\n', b'.hidden\r\n')
    """

    __slots__ = ("_held", "_limit", "_pieces", "_small", "size", "undotted")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pieces: list[bytes] = []
        self._small = bytearray()
        # A possible beginning of the end of data is held back. The line end of DATA itself precedes the first line; it
        # is not part of the message.
        self._held = _LINE_END
        self.size = -len(_LINE_END)
        self.undotted = b""

    @property
    def too_big(self) -> bool:
        """True if there are more bytes than the limit allows."""
        return self.size > self._limit

    def feed(self, data: bytes) -> bytes | None:
        """Take the bytes that arrived; return what follows the end of data, or None if that has not come yet."""
        if self._held:
            data = self._held + data
        if data.endswith(_END) and data.find(_STUFFED) == len(data) - len(_END):  # no other dot follows a line end
            self._keep(data, len(_LINE_END) - len(_END))
            return b""
        # Searching for one byte takes a hundredth of the time that searching for several does.
        if b"." not in data or b"\n." not in data:
            held = 2 if data.endswith(_LINE_END) else int(data.endswith(b"\r"))
        else:
            end = data.find(_END)
            if end >= 0:
                self._keep(self._unstuffed(data[: end + len(_LINE_END)]))
                return data[end + len(_END) :]
            held = _possible_end(data)
        if held:
            self._held = data[-held:]
            self._keep(self._unstuffed(data[:-held]))
        else:
            self._held = b""
            self._keep(self._unstuffed(data))
        return None

    def content(self) -> bytes:
        """Return the whole message, exactly as the client meant it; empty if it was too big."""
        # Joined pieces take no more memory than their bytes; single ones leave holes where the rest of a read was.
        if self._small:
            self._pieces.append(bytes(self._small))
            self._small.clear()
        return b"".join(self._pieces)

    def _unstuffed(self, data: bytes) -> bytes:
        if b"." not in data or _STUFFED not in data:
            return data
        if not self.undotted and data.count(_STUFFED) != data.count(_DOUBLED):
            found = _UNDOTTED.search(data)
            self.undotted = found[1] if found else b""
        return data.replace(_STUFFED, _LINE_END)

    def _keep(self, data: bytes, end: int | None = None) -> None:
        """Keep the data up to the index `end`."""
        begin = 0
        if self.size < 0 and data:
            begin = len(_LINE_END)
            self.size = 0
        data = data[begin:end]
        self.size += len(data)
        if self.size > self._limit:
            self._pieces.clear()
            self._small.clear()
        elif self._pieces and len(data) < _SMALL:
            self._small += data
        else:
            if self._small:
                self._pieces.append(bytes(self._small))
                self._small.clear()
            self._pieces.append(data)


def _possible_end(data: bytes) -> int:
    """Return the number of bytes at the end of the data that may begin the end of data."""
    for length in range(min(len(_END) - 1, len(data)), 0, -1):
        if data.endswith(_END[:length]):
            return length
    return 0
