"""Terms: conditions on one field of a record, as data that can be tested, shown and sent elsewhere."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from smtpmock.errors import QueryError
from smtpmock.patterns import glob, has_wildcard, is_expression
from smtpmock.queries.criteria import CASE_KINDS, CRITERIA
from smtpmock.queries.search import Search
from smtpmock.rfc.grammar import address_key
from smtpmock.text import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from smtpmock.patterns import Expression
    from smtpmock.queries.criteria import ValueKind

Operator: TypeAlias = Literal["is", "contains", "like", "regexp", "function", "search", "in", "<", "<=", ">", ">="]
"""The comparisons: equal, containing, matching a pattern, an expression, a function or a search, one of, by size."""

_SIZE = re.compile(r"\s*(<=|>=|<|>|==?)?\s*(\d{1,18})\s*")
_COMPARISONS: Mapping[str, Callable[[int, int], bool]] = {
    "is": int.__eq__,
    "<": int.__lt__,
    "<=": int.__le__,
    ">": int.__gt__,
    ">=": int.__ge__,
}
_TEXT_EXPECTED = "a text, a pattern with *, a compiled regular expression or a function"
_EXPECTED: Mapping[ValueKind, str] = {
    "size": "a number of bytes, a comparison as in '>= 1000', or a function",
    "function": "a function of the message",
    "id": "an id or several ids",
    "search": "a text in the search language of Mailpit, as in 'to:bob@example.com is:unread', or a Search",
}


class AllOf(tuple[Any, ...]):
    """Several values for one criterion: each of them has to match.

    Example:
        >>> [str(term) for term in field_terms("subject", AllOf(["Invoice*", "*7"]))]
        ["subject='Invoice*'", "subject='*7'"]
    """

    __slots__ = ()


class Term:
    """A condition on one field of a record.

    Attributes:
        field: The criterion: "recipient", "subject", "header", ...
        operator: The kind of comparison.
        value: The value to compare with.
        name: The name of the header; "" for other fields.
        ignore_case: True to compare texts without case.

    Example:
        >>> term = Term("recipient", "is", "Bob@Example.com")
        >>> term.test("Bob@example.COM"), str(term)
        (True, "recipient='Bob@Example.com'")
    """

    def __init__(
        self, field: str, operator: Operator, value: Any, name: str = "", *, ignore_case: bool = False
    ) -> None:
        self.field = field
        self.operator = operator
        self.value = value
        self.name = name
        self.ignore_case = ignore_case

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Term) and self._parts == other._parts

    def __hash__(self) -> int:
        return hash(self._parts)

    def __str__(self) -> str:
        return f"{self.word}={format_value(self.value)}"

    def __repr__(self) -> str:
        return f"<Term {self}>"

    @property
    def _parts(self) -> tuple[object, ...]:
        return (self.field, self.operator, self.value, self.name, self.ignore_case)

    @property
    def word(self) -> str:
        """The field as it is shown, such as "recipient" or "header X-Id"."""
        return f"{self.field} {self.name}" if self.name else self.field

    @property
    def key(self) -> str | None:
        """The value by which an index finds it: the address key of a plain address; None if an index cannot find it."""
        if self.operator == "is" and CRITERIA[self.field].kind == "address" and not self.ignore_case:
            return address_key(self.value)
        return None

    @cached_property
    def test(self) -> Callable[[Any], bool]:
        """A function that returns True for a value that matches; headers are tested as a whole."""
        test = _test(CRITERIA[self.field].kind, self.operator, self.value, ignore_case=self.ignore_case)
        if self.field != "header":
            return test
        name = self.name
        return lambda headers: any(map(test, headers.get_all(name)))


def field_terms(field: str, wanted: Any, *, ignore_case: bool = False) -> list[Term]:
    """Return the terms for a word of a query or a rule.

    Args:
        field: The word: a criterion, or a condition of rules.
        wanted: Its value.
        ignore_case: True to compare texts without case.

    Raises:
        QueryError: If the value is invalid.
    """
    if isinstance(wanted, AllOf):
        return [term for one in wanted for term in field_terms(field, one, ignore_case=ignore_case)]
    if field == "header":
        return [_term("header", value, name, ignore_case=ignore_case) for name, value in _header_items(wanted)]
    if field == "search" and isinstance(wanted, str):
        wanted = Search(wanted)
    return [_term(field, wanted, ignore_case=ignore_case and CRITERIA[field].kind in CASE_KINDS)]


def text_matcher(wanted: Any, *, ignore_case: bool = False) -> Callable[[str], bool]:
    """Return a function that compares a text as the criterion `text` does.

    Args:
        wanted: A text to be contained, a pattern with ``*``, a compiled regular expression, or a function.
        ignore_case: True to ignore case.

    Raises:
        QueryError: If `wanted` is anything else.

    Example:
        >>> text_matcher("Hello*")("Hello, world")
        True
    """
    return _term("text", wanted, ignore_case=ignore_case).test


def format_value(wanted: Any) -> str:
    """Return a value to ask for, as text for people."""
    if is_expression(wanted):
        return f"/{wanted.pattern}/"
    if isinstance(wanted, Search):
        return repr(wanted.text)
    if isinstance(wanted, AllOf):
        return " and ".join(map(format_value, wanted))
    if isinstance(wanted, tuple):  # of ids
        return repr(wanted[0]) if len(wanted) == 1 else repr(list(wanted))
    return getattr(wanted, "__name__", "a function") if callable(wanted) else repr(wanted)


def _term(field: str, wanted: Any, name: str = "", *, ignore_case: bool = False) -> Term:
    kind = CRITERIA[field].kind
    operator, value = _operator(kind, wanted)
    if operator is None:
        word = f"{field} {name}" if name else field
        raise QueryError(f"Invalid {word} {quote(wanted)}: expected {_EXPECTED.get(kind, _TEXT_EXPECTED)}.")
    return Term(field, operator, value, name, ignore_case=ignore_case)


def _operator(kind: ValueKind, wanted: Any) -> tuple[Operator | None, Any]:
    if kind == "function":
        return ("function" if callable(wanted) else None), wanted
    if kind == "size":
        return _size_operator(wanted)
    if kind == "id":
        ids = [wanted] if isinstance(wanted, str) else wanted if isinstance(wanted, Collection) else [None]
        return ("in" if all(isinstance(one, str) for one in ids) else None), tuple(ids)
    if kind == "search":
        return ("search" if isinstance(wanted, Search) else None), wanted
    if isinstance(wanted, str):
        if has_wildcard(wanted):
            return "like", wanted
        return ("contains" if kind in ("text", "header") else "is"), wanted
    if is_expression(wanted):
        return "regexp", wanted
    return ("function" if callable(wanted) else None), wanted


def _size_operator(wanted: Any) -> tuple[Operator | None, Any]:
    if isinstance(wanted, str):
        found = _SIZE.fullmatch(wanted)
        if found is None:
            return None, wanted
        sign: Any = found[1] or "is"
        return ("is" if sign in ("=", "==") else sign), int(found[2])
    if isinstance(wanted, int) and not isinstance(wanted, bool):
        return ("is" if abs(wanted) < 10**18 else None), wanted
    return ("function" if callable(wanted) else None), wanted


def _test(kind: ValueKind, operator: Operator, wanted: Any, *, ignore_case: bool = False) -> Callable[[Any], bool]:
    if operator == "function":
        return lambda value: bool(wanted(value))
    if operator == "in":
        ids = frozenset(wanted)
        return lambda value: value in ids
    if operator == "search":
        matches: Callable[[Any], bool] = wanted.matches
        return matches
    if operator == "regexp":
        pattern = _without_case(wanted) if ignore_case else wanted
        return lambda value: pattern.search(value) is not None
    if kind == "size":
        compare = _COMPARISONS[operator]
        return lambda value: compare(value, wanted)
    normal = str.casefold if ignore_case else _normalisation(kind, wanted)
    if operator == "contains":
        part = normal(wanted)
        return lambda value: part in normal(value)
    if operator == "like":
        matches = glob(normal(wanted))
        return lambda value: matches(normal(value))
    key = normal(wanted)
    return lambda value: normal(value) == key


def _without_case(expression: re.Pattern[str] | Expression) -> re.Pattern[str] | Expression:
    """Return an expression that ignores case."""
    if isinstance(expression, re.Pattern):
        return re.compile(expression.pattern, expression.flags | re.IGNORECASE)
    return type(expression)(f"(?i){expression.pattern}")


def _normalisation(kind: ValueKind, wanted: str) -> Callable[[str], str]:
    """Return a function that makes values comparable: domains and host names have no case (RFC 5321 section 2.4)."""
    if kind == "address" and ("@" in wanted or not has_wildcard(wanted)):
        return address_key
    if kind in ("address", "name"):  # a pattern without @ applies to either part of an address, or to both
        return str.lower
    return str


def _header_items(wanted: Any) -> Iterable[tuple[str, Any]]:
    """Return the names and values in a dictionary, or in a text such as ``X-Id: 42``."""
    if isinstance(wanted, str) and ":" in wanted:
        name, _, value = wanted.partition(":")
        return [(name.strip(), value.strip())]
    if hasattr(wanted, "items") and all(isinstance(name, str) for name in wanted):
        items: Iterable[tuple[str, Any]] = wanted.items()
        return items
    raise QueryError(f"Invalid header {quote(wanted)}: expected a dictionary, as in {{'X-Id': '42'}}, or 'X-Id: 42'.")
