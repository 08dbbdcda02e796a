"""Patterns with `*`, as they are written in queries, rules and calls such as `find_links`: the only wildcard is `*`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Callable


class Expression:
    """A regular expression of another kind than Python's; a subclass says how it is searched for.

    Args:
        pattern: The expression as text.
    """

    def __init__(self, pattern: str) -> None:
        self.pattern: str = pattern

    def search(self, text: str) -> object:
        """Search for the expression in a text; return None if it is not there."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.pattern == self.pattern

    def __hash__(self) -> int:
        return hash(self.pattern)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.pattern!r})"


def is_expression(value: object) -> TypeGuard[re.Pattern[str] | Expression]:
    """Tell if the value is a compiled expression for texts."""
    return isinstance(value, Expression) or (isinstance(value, re.Pattern) and isinstance(value.pattern, str))


def has_wildcard(pattern: str) -> bool:
    """Tell if the text is a pattern: it has a `*`."""
    return "*" in pattern


def glob(pattern: str) -> Callable[[str], bool]:
    """Return a function that tells if a whole text matches the pattern, in which `*` stands for any text.

    The pieces between the wildcards are searched from left to right, each where it comes first. So the time is in
    proportion to the length of the text, whatever the pattern is.

    Example:
        >>> matches = glob("https://*/confirm/*")
        >>> matches("https://a.example/confirm/7"), matches("http://a.example/confirm/7")
        (True, False)
        >>> glob("[a]?")("[a]?")
        True
    """
    beginning, *pieces = pattern.split("*")
    if not pieces:
        return lambda text: text == pattern
    end = pieces.pop()
    pieces = [piece for piece in pieces if piece]

    def matches(text: str) -> bool:
        if not text.startswith(beginning):
            return False
        position = len(beginning)
        for piece in pieces:
            position = text.find(piece, position)
            if position < 0:
                return False
            position += len(piece)
        return len(text) - position >= len(end) and text.endswith(end)

    return matches
