"""Inline assertions of getters, which need robotframework-assertion-engine."""

from typing import Any, TypeVar

__all__ = ["AssertionOperator", "compare"]

T = TypeVar("T")

try:
    from assertionengine import AssertionOperator, verify_assertion
except ImportError:
    AssertionOperator = str
    verify_assertion = None


def compare(value: T, operator: Any, expected: Any, name: str) -> T:
    """Return the value, after checking it against the expected one if an operator is given."""
    if operator is None:
        return value
    if verify_assertion is None:
        raise RuntimeError(
            "Assertions in getters require robotframework-assertion-engine: pip install 'smtpmock[assertions]'."
        )
    result: T = verify_assertion(value, operator, expected, name)
    return result
