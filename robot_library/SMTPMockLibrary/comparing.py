"""Getters that compare what they get, where robotframework-assertion-engine is installed."""

from typing import Any, TypeVar

__all__ = ["AssertionOperator", "compared"]

T = TypeVar("T")

try:
    from assertionengine import AssertionOperator, verify_assertion
except ImportError:
    AssertionOperator = str
    verify_assertion = None


def compared(value: T, operator: Any, expected: Any, what: str) -> T:
    """The value, if it compares so with what was expected, or is not to be compared at all."""
    if operator is None:
        return value
    if verify_assertion is None:
        raise RuntimeError("Comparing needs robotframework-assertion-engine: pip install 'smtpmock[assertions]'.")
    result: T = verify_assertion(value, operator, expected, what)
    return result
