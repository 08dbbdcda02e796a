"""A message in chunks (BDAT, RFC 3030): a given number of octets, whatever they are."""

from __future__ import annotations

import re

_ARGUMENT = re.compile(r" ([0-9]{1,18})( LAST)?", re.IGNORECASE)


class Chunks:
    """A message while its chunks arrive.

    It never holds more than the limit: the rest is read and discarded.

    Attributes:
        size: The octets so far.
        remaining: The octets of the current chunk that are still to come.
        is_last: True if the current chunk is the last one.
        undotted: As in `Body`, but always empty: chunks have no dot-stuffing.
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
        """True if there are more octets than the limit allows."""
        return self.size > self._limit

    def expect(self, size: int, *, is_last: bool) -> None:
        """Prepare for a chunk of `size` octets."""
        self.remaining = size
        self.is_last = is_last

    def feed(self, data: bytes) -> bytes:
        """Take the bytes that arrived; return what follows the chunk."""
        taken = data[: self.remaining]
        self.remaining -= len(taken)
        self.size += len(taken)
        if self.too_big:
            self._content.clear()
        else:
            self._content += taken
        return data[len(taken) :]

    def content(self) -> bytes:
        """Return the whole message; empty if it was too big."""
        return b"" if self.too_big else bytes(self._content)


def parse(argument: str) -> tuple[int, bool] | None:
    """Return the size of a chunk, and True if it is the last one; None if the argument is invalid.

    Example:
        >>> parse(" 86 LAST"), parse(" -1")
        ((86, True), None)
    """
    match = _ARGUMENT.fullmatch(argument)
    return (int(match[1]), bool(match[2])) if match else None
