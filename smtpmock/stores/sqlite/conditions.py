"""Queries in SQL: the terms that SQLite can decide, or at least narrow; Python decides the rest.

What SQLite selects is never less than what matches.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from smtpmock.queries.criteria import tried_recipients
from smtpmock.rfc.grammar import address_key

if TYPE_CHECKING:
    from smtpmock.queries.query import Query
    from smtpmock.queries.search import SearchTerm
    from smtpmock.queries.terms import Term
    from smtpmock.records.message import MessageRecord

SHORTEST_PART = 3
"""The characters of the shortest text that the index of subjects finds."""

_SIGNS = {"is": "=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


class Condition(NamedTuple):
    """A query in SQL.

    Attributes:
        terms: The conditions on the columns of `messages AS m`, joined by AND.
        values: Their parameters.
        keys: The keys that a record must have, all of them.
        ids: The keys of which it must have one; None if any record will do.
        subject: The query for the index of subjects; "" if it cannot help.
        is_exact: True if SQLite decides all of it.
    """

    terms: tuple[str, ...]
    values: tuple[Any, ...]
    keys: tuple[str, ...]
    ids: tuple[str, ...] | None
    subject: str
    is_exact: bool


def condition(query: Query) -> Condition:
    """Return a query in SQL."""
    terms: list[str] = []
    values: list[Any] = []
    parts: list[str] = []
    is_exact = True
    ids = None if query.ids is None else tuple(map(id_in_keys, query.ids))
    if query.accepted is not None:
        terms.append("m.accepted = ?")
        values.append(query.accepted)
    for term in query.terms:
        decided = _decided(term)
        if decided is not None:
            terms.append(decided[0])
            values.append(decided[1])
        elif term.field == "search" and term.operator == "search":
            for one in term.value.terms:
                narrowed = _narrowed(one)
                if narrowed is not None:
                    terms.append(narrowed[0])
                    values += narrowed[1:]
                elif one.field == "subject" and not one.is_negated:
                    parts.append(str(one.value))
            is_exact = False
        elif not _has_key(term):
            parts += _parts(term)
            is_exact = False
    keys = tuple(dict.fromkeys(address_in_keys(term.field, term.value) for term in query.terms if _has_key(term)))
    return Condition(tuple(terms), tuple(values), keys, ids, _phrases(parts), is_exact)


def keys_of(record: MessageRecord) -> list[str]:
    """Return the keys by which a record is found: its id, its session, its sender and its recipients."""
    addresses = {address_in_keys("recipient", address) for address in tried_recipients(record)}
    session = session_in_keys(record.origin.session_number)
    return [id_in_keys(record.id), session, address_in_keys("sender", record.sender), *addresses]


def id_in_keys(record_id: str) -> str:
    """Return the key by which a record is found by its id."""
    return f"id:{record_id}"


def session_in_keys(number: int) -> str:
    """Return the key by which the records of a session are found."""
    return f"session:{number}"


@lru_cache(1024)
def address_in_keys(field: str, address: str) -> str:
    """Return the key by which the records of a recipient or a sender are found."""
    # SQLite ends a text from JSON at its first NUL.
    return f"{field}:{address_key(address)}".replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()


def index_form(text: str) -> str:
    """Return a text as the index of subjects has it: without case, and without what cannot be indexed."""
    return text.casefold().replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _has_key(term: Term) -> bool:
    return term.field in ("recipient", "sender") and term.key is not None


def _decided(term: Term) -> tuple[str, Any] | None:
    """Return the condition and the parameter of a term that a column decides."""
    if term.field == "size" and term.operator in _SIGNS:
        return f"m.size {_SIGNS[term.operator]} ?", term.value
    if term.field == "id" and term.operator == "in":
        return "m.id IN (SELECT value FROM json_each(?))", json.dumps(list(term.value))
    return None


def _narrowed(term: SearchTerm) -> tuple[Any, ...] | None:
    """Return the condition and the parameters of a term of a search that a column decides or narrows."""
    if term.field in ("is:read", "is:unread"):
        return "m.is_read = ?", (term.field == "is:read") != term.is_negated
    if term.field in ("larger", "smaller"):
        sign = ">" if term.field == "larger" else "<"
        return f"{'NOT ' if term.is_negated else ''}m.size {sign} ?", term.value
    if term.field in ("before", "after") and not term.is_negated:
        moment = int(term.value) / 1000
        return ("m.received <= ?", moment + 1) if term.field == "before" else ("m.received >= ?", moment - 1)
    return None


def _parts(term: Term) -> list[str]:
    """Return the texts that every subject with a term contains."""
    if term.field != "subject" or term.operator not in ("contains", "like"):
        return []
    return term.value.split("*") if term.operator == "like" else [term.value]


def _phrases(parts: list[str]) -> str:
    """Return the query for the index: without positions, it knows which three characters a subject has in a row."""
    found: dict[str, None] = {}
    for part in map(index_form, parts):
        for place in range(len(part) - SHORTEST_PART + 1):
            found[part[place : place + SHORTEST_PART]] = None
    return " AND ".join('"{}"'.format(three.replace('"', '""')) for three in list(found)[:_MOST_PHRASES])


_MOST_PHRASES = 30
