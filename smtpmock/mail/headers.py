"""The header fields of a mail, and the errors of looking in a mail for what it does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpmock.errors import SMTPMockError
from smtpmock.text import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


_MOST_NAMES = 50
_LONGEST_NAME = 100


class ContentError(SMTPMockError, AssertionError, LookupError):
    """A mail does not have exactly one of what was looked for, such as a link, or is too large to be read."""


class MissingHeaderError(ContentError, KeyError):
    """A mail has no header field of that name."""

    __str__ = Exception.__str__  # KeyError would show the sentence in quotes


class Headers:
    """The header fields of a mail, decoded, in order; the case of names does not matter. It cannot be changed.

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
            MissingHeaderError: There is no such field; it is a KeyError.
        """
        for value in self.get_all(name):
            return value
        raise MissingHeaderError(self._missing(name))

    def _missing(self, name: str) -> str:
        from difflib import get_close_matches

        names = {known.lower(): known for known in self if len(known) <= _LONGEST_NAME}
        shown = list(names.values())[:_MOST_NAMES]
        near = get_close_matches(name.lower()[:_LONGEST_NAME], list(names)[:_MOST_NAMES], 1, 0)
        hint = f", the nearest is {names[near[0]]!r}" if near else ""
        more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
        return f"There is no header {name!r}{hint}, and the mail has {', '.join(shown) or 'none'}{more}."

    def get(self, name: str, default: str = "") -> str:
        """Return the first value of the field as a str, or the default."""
        return next(iter(self.get_all(name)), default)

    def get_all(self, name: str) -> tuple[str, ...]:
        """Return all values of the field as a tuple of str, in order, empty if there is none."""
        wanted = name.lower()
        return tuple(value for known, value in self._items if known.lower() == wanted)

    def items(self) -> tuple[tuple[str, str], ...]:
        """Return all fields as (name, value), in order, repeated ones too."""
        return self._items

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self.get_all(name))

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"<Headers {listed(tuple(self))}>"


def listed(values: tuple[str, ...]) -> str:
    """Quote the values, shortened to what an error message can bear."""
    more = f" and {len(values) - 10} more" if len(values) > 10 else ""
    return ", ".join(repr(shortened(value, 200)) for value in values[:10]) + more or "none"
