"""A message in chunks (BDAT, RFC 3030): so many octets, whatever they are."""

from __future__ import annotations

import re

_ARGUMENT = re.compile(r" ([0-9]{1,18})( LAST)?", re.IGNORECASE)


class Chunks:
    """A message while its chunks arrive.

    It holds no more than the limit: what goes beyond is read and thrown away.

    Attributes:
        size: Octets so far.
        remaining: Octets of the chunk at hand that are still to come.
        is_last: Whether the chunk at hand is the last one.
        undotted: As in a body: there is no dot-stuffing here.
    """

    __slots__ = ("_content", "_limit", "is_last", "remaining", "size", "undotted")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._content = bytearray()
        self.size = 0
        self.remaining = 0
        self.is_last = False
        self.undotted = b""

    @property
    def too_big(self) -> bool:
        """Whether there are more octets than the limit allows."""
        return self.size > self._limit

    def expect(self, size: int, *, is_last: bool) -> None:
        """A chunk of so many octets follows."""
        self.remaining = size
        self.is_last = is_last

    def feed(self, data: bytes) -> bytes:
        """Takes what arrived; returns what follows the chunk."""
        taken = data[: self.remaining]
        self.remaining -= len(taken)
        self.size += len(taken)
        if self.too_big:
            self._content.clear()
        else:
            self._content += taken
        return data[len(taken) :]

    def content(self) -> bytes:
        """The whole message; empty if it was too big."""
        return b"" if self.too_big else bytes(self._content)


def parse(argument: str) -> tuple[int, bool] | None:
    """The size of a chunk and whether it is the last one; None if the argument is not that.

    Example:
        >>> parse(" 86 LAST"), parse(" -1")
        ((86, True), None)
    """
    match = _ARGUMENT.fullmatch(argument)
    return (int(match[1]), bool(match[2])) if match else None
