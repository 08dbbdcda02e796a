"""The header fields of a mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpmock.errors import MissingHeaderError
from smtpmock.text import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


_MOST_NAMES = 50
_LONGEST_NAME = 100


class Headers:
    """The header fields of a mail, decoded, in order; names are case-insensitive. It cannot be changed.

    Example:
        >>> headers = Headers([("Subject", "Café"), ("X-Id", "7"), ("x-id", "8")])
        >>> headers["subject"], headers.get("X-None", "-"), headers.get_all("X-Id")
        ('Café', '-', ('7', '8'))
        >>> list(headers), "X-ID" in headers, len(headers)
        (['Subject', 'X-Id', 'x-id'], True, 3)
    """

    __slots__ = ("_items",)

    def __init__(self, items: Iterable[tuple[str, str]]) -> None:
        self._items = tuple(items)

    def __getitem__(self, name: str) -> str:
        """Return the first value of the field.

        Raises:
            MissingHeaderError: If there is no such field; it is a KeyError as well.
        """
        for value in self.get_all(name):
            return value
        raise MissingHeaderError(f"The mail {self.describe_missing(name)}")

    def describe_missing(self, name: str) -> str:
        """Return the sentence about a field that does not exist, after its subject: "has no header ..."."""
        from difflib import get_close_matches

        names = {known.lower(): known for known in self if len(known) <= _LONGEST_NAME}
        shown = list(names.values())[:_MOST_NAMES]
        near = get_close_matches(name.lower()[:_LONGEST_NAME], list(names)[:_MOST_NAMES], 1, 0)
        hint = f"; the nearest is {names[near[0]]!r}" if near else ""
        more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
        return f"has no header {name!r}{hint}. It has {', '.join(shown) or 'no headers'}{more}."

    def get(self, name: str, default: str = "") -> str:
        """Return the first value of the field, or the default."""
        return next(iter(self.get_all(name)), default)

    def get_all(self, name: str) -> tuple[str, ...]:
        """Return all values of the field, in order."""
        wanted = name.lower()
        return tuple(value for known, value in self._items if known.lower() == wanted)

    def items(self) -> tuple[tuple[str, str], ...]:
        """Return all fields as (name, value) pairs, in order, repeated ones included."""
        return self._items

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self.get_all(name))

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"<Headers {list_values(tuple(self))}>"


def list_values(values: tuple[str, ...]) -> str:
    """Return the values quoted, and shortened for an error message."""
    more = f" and {len(values) - 10} more" if len(values) > 10 else ""
    return ", ".join(repr(shorten(value, 200)) for value in values[:10]) + more or "none"
