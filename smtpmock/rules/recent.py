"""Separate counts by what clients send, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")

MOST_KEYS = 10_000
"""The most keys that are remembered."""

_LONGEST_KEY = 64  # characters; a longer key is kept as a hash


class RecentKeys(Generic[T]):
    """Values by key; if there are too many, the least recently used one is dropped.

    Example:
        >>> seen = RecentKeys[int](most=2)
        >>> for key in ("a", "b", "a", "c"):
        ...     seen.put(key, seen.get(key, 0) + 1)
        >>> seen.get("a", 0), seen.get("b", 0), len(seen)
        (2, 0, 2)
    """

    __slots__ = ("_most", "_values")

    def __init__(self, most: int = MOST_KEYS) -> None:
        self._most = most
        self._values: OrderedDict[str, T] = OrderedDict()

    def get(self, key: str, default: T) -> T:
        """Return the value of a key."""
        return self._values.get(short_key(key), default)

    def put(self, key: str, value: T) -> None:
        """Set the value of a key."""
        key = short_key(key)
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)

    def __len__(self) -> int:
        """Return the number of keys."""
        return len(self._values)


def short_key(key: str) -> str:
    """Return the key, or a hash of it if it is long."""
    if len(key) <= _LONGEST_KEY:
        return key
    from hashlib import blake2b  # takes 6 ms that nobody needs but for such a key

    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=_LONGEST_KEY // 4).hexdigest()
