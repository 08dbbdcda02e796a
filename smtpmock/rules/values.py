"""The numbers in rules: what is valid, and how they are refused."""

from __future__ import annotations

from typing import Any

from smtpmock.errors import RuleError
from smtpmock.settings.values import LONGEST_DELAY
from smtpmock.text import invalid

HIGHEST = 10**18
"""The highest number in a rule, except for seconds."""


def number(word: str, value: Any, highest: float = LONGEST_DELAY) -> float:
    """Return the value if it is a valid number.

    Raises:
        RuleError: If it is not.
    """
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= highest:
        return value
    raise RuleError(invalid(word, value, f"a number from 0 to {highest:.0f}"))


def rate(word: str, value: Any) -> float | None:
    """Return the value if it is a valid number of bytes per second, or None.

    Raises:
        RuleError: If it is not.
    """
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= HIGHEST):
        return value
    raise RuleError(invalid(word, value, "a number of bytes per second greater than 0"))


def whole(word: str, value: Any, lowest: int | None) -> int:
    """Return the value if it is a valid integer.

    Raises:
        RuleError: If it is not.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        if not -HIGHEST <= value <= HIGHEST:
            raise RuleError(invalid(word, value, f"an integer of at most {HIGHEST}"))
        if lowest is None or value >= lowest:
            return value
    raise RuleError(invalid(word, value, "an integer" if lowest is None else f"an integer of at least {lowest}"))
