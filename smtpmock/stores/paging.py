"""Parts of lists that are sorted by the numbers of their items."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import attrgetter
from typing import Protocol, TypeVar


class Numbered(Protocol):
    """An item of such a list."""

    @property
    def number(self) -> int:
        """Its number."""


T = TypeVar("T", bound=Numbered)

by_number = attrgetter("number")


def part(items: list[T], after: int, limit: int, before: int | None = None) -> list[T]:
    """Return the first items above a number, or the last ones between two.

    Args:
        items: The items, sorted by their numbers.
        after: The number below the part.
        limit: The most items to return.
        before: The number above the part, which then has the last items; None if it has the first ones.

    Example:
        >>> from types import SimpleNamespace
        >>> items = [SimpleNamespace(number=number) for number in (2, 4, 6, 8)]
        >>> [item.number for item in part(items, after=2, limit=2)]
        [4, 6]
        >>> [item.number for item in part(items, after=2, limit=1, before=8)]
        [6]
    """
    first = bisect_right(items, after, key=by_number)
    if before is None:
        return items[first : first + limit]
    last = bisect_left(items, before, key=by_number)
    return items[max(first, last - limit) : last]
