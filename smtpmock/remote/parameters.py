"""Queries as parameters of the native API; what cannot be sent is decided by the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote_plus

from smtpmock.queries.criteria import CASE_KINDS, CRITERIA
from smtpmock.queries.search import Search

if TYPE_CHECKING:
    from collections.abc import Iterable

    from smtpmock.queries.query import Query, SessionQuery
    from smtpmock.queries.terms import Term

_REGEXP = "REGEXP:"
_LONGEST = 6_000
"""The most characters of all parameters; the server reads some more."""

_MOST_IDS = 50


class Sent(NamedTuple):
    """A query as it is sent.

    Attributes:
        pairs: The parameters.
        rest: The terms that the client decides.
    """

    pairs: list[tuple[str, str]]
    rest: tuple[Term, ...]


def message_parameters(query: Query) -> Sent:
    """Return a query for messages as it is sent.

    Example:
        >>> from smtpmock.queries.query import Query
        >>> message_parameters(Query({"recipient": "*@example.com", "text": str.isupper}))
        Sent(pairs=[('accepted', 'true'), ('recipient', '*@example.com')], rest=(<Term text=isupper>,))
    """
    pairs = [("accepted", "any" if query.accepted is None else str(query.accepted).lower())]
    if query.after:
        pairs.append(("since", f"m{query.after}-s0"))
    cased = [term for term in query.terms if CRITERIA[term.field].kind in CASE_KINDS]
    ignores_case = bool(cased) and cased[0].ignore_case
    kept = [term for term in query.terms if term not in cased or term.ignore_case == ignores_case]
    sent = _sent(pairs, kept)
    if ignores_case and any(term in cased and term not in sent.rest for term in kept):
        pairs.append(("ignore_case", "true"))
    return Sent(pairs, (*sent.rest, *(term for term in query.terms if term not in kept)))


def session_parameters(query: SessionQuery | None) -> Sent:
    """Return a query for sessions as it is sent."""
    if query is None:
        return Sent([], ())
    return _sent([("since", f"m0-s{query.after}")] if query.after else [], query.terms)


def _sent(pairs: list[tuple[str, str]], terms: Iterable[Term]) -> Sent:
    """Add the terms that can be sent to the parameters; return these and the other terms."""
    rest: list[Term] = []
    length = 0
    for term in terms:
        written = _written(term)
        if written and any(_is_same(written[0], pair) for pair in pairs):
            is_single = CRITERIA[term.field].kind in ("id", "search")
            written = None if is_single else [("also", f"{name}={value}") for name, value in written]
        try:
            size = sum(len(quote_plus(value)) + len(name) + 2 for name, value in written or ())
        except UnicodeEncodeError:
            written, size = None, 0
        if written is None or length + size > _LONGEST:
            rest.append(term)
            continue
        length += size
        pairs += written
    return Sent(pairs, tuple(rest))


def _is_same(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Return True for two values of the same criterion, or of the same header."""
    if one[0] != "header" or other[0] != "header":
        return one[0] == other[0]
    return one[1].partition(":")[0] == other[1].partition(":")[0]


def _written(term: Term) -> list[tuple[str, str]] | None:
    """Return a term as parameters; None if it cannot be sent."""
    value, kind = term.value, CRITERIA[term.field].kind
    if term.operator in ("function", "regexp"):
        return None
    if term.operator == "search":
        return [("q", value.text)] if Search(value.text) == value else None
    if term.operator == "in":
        return [("id", one) for one in value] if 0 < len(value) <= _MOST_IDS else None
    if kind == "size":
        if value < 0:
            return None
        return [(term.field, str(value) if term.operator == "is" else f"{term.operator}{value}")]
    if value.startswith(_REGEXP):
        return None
    if kind == "header":
        is_same = term.name == term.name.strip() and ":" not in term.name and value == value.strip() and term.name
        return [("header", f"{term.name}: {value}")] if is_same and not value.startswith(_REGEXP) else None
    return [(term.field, value)]
