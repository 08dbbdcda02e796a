"""Queries for messages and sessions: terms, an outcome, and a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from smtpmock.errors import QueryError
from smtpmock.queries.criteria import CRITERIA, INSTEAD, MESSAGE_WORDS, SESSION_WORDS
from smtpmock.text import invalid, unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from smtpmock.queries.search import Found
    from smtpmock.queries.terms import Term
    from smtpmock.records.message import MessageRecord
    from smtpmock.records.session import SessionRecord


class Mark(NamedTuple):
    """A moment in the life of an inbox, for `since`.

    Attributes:
        message: The number of the last record at that moment.
        session: The number of the last session at that moment.
    """

    message: int
    session: int


class Query:
    """A query for messages.

    Args:
        words: The values to ask for, by criterion.
        accepted: The outcome, unless the words name one: accepted records (True), others (False), all (None).

    Attributes:
        terms: The terms that a message has to satisfy.
        accepted: The outcome that a record must have.
        after: The number of the last record that is too old.

    Raises:
        QueryError: If a criterion is unknown or its value is invalid.

    Example:
        >>> str(Query({"recipient": "bob@example.com", "subject": "Welcome*"}))
        "recipient='bob@example.com', subject='Welcome*'"
    """

    __slots__ = ("accepted", "after", "terms")

    def __init__(self, words: Mapping[str, Any], *, accepted: bool | None = True) -> None:
        self.accepted: bool | None = accepted
        self.after: int = 0
        ignore_case = _flag("ignore_case", words.get("ignore_case", False))
        terms: list[Term] = []
        for given, wanted in words.items():
            word = _ALIASES.get(given, given)
            if word == "accepted":
                self.accepted = _accepted(wanted)
            elif word == "ignore_case":
                continue
            elif word == "since":
                self.after = _after(wanted)
            elif word in MESSAGE_WORDS:
                terms += _terms(word, wanted, ignore_case=ignore_case)
            else:
                raise QueryError(unknown("criterion", word, MESSAGE_WORDS, INSTEAD))
        if ignore_case and not any(term.ignore_case for term in terms):
            raise QueryError("Invalid ignore_case True: expected a criterion with a text as well, or it has no effect")
        self.terms: tuple[Term, ...] = tuple(terms)

    def __str__(self) -> str:
        ignored = ["ignore_case=True"] if any(term.ignore_case for term in self.terms) else []
        return ", ".join((*map(str, self.terms), *ignored))

    @property
    def keys(self) -> dict[str, str]:
        """The values that an index can find: the address keys of the terms that ask for a plain address, by field."""
        return {
            term.field: key
            for term in self.terms
            if term.field in ("recipient", "sender") and (key := term.key) is not None
        }

    def since(self, number: int) -> Query:
        """Return the same query for the records after another number; 0 for all."""
        return self._with(number, self.terms)

    def and_terms(self, terms: Iterable[Term]) -> Query:
        """Return the same query with further terms, which come first."""
        return self._with(self.after, (*terms, *self.terms))

    def _with(self, after: int, terms: tuple[Term, ...]) -> Query:
        query = Query({}, accepted=self.accepted)
        query.after, query.terms = after, terms
        return query

    @property
    def ids(self) -> frozenset[str] | None:
        """The ids, one of which a record must have; None if they do not matter."""
        return _ids(self.terms)

    def matches(self, found: Found) -> bool:
        """Return True if a record in a store matches, however old it is."""
        return self.means(found.record) and all(holds(term, found) for term in self.terms)

    def means(self, record: MessageRecord) -> bool:
        """Return True if the record has the right outcome, whatever it contains."""
        return self.accepted is None or self.accepted == record.accepted

    def failed(self, found: Found) -> list[Term]:
        """Return the terms that a record in a store does not satisfy."""
        return [term for term in self.terms if not holds(term, found)]


def holds(term: Term, found: Found) -> bool:
    """Return True if a record in a store satisfies a term."""
    return any(map(term.test, values(term, found)))


def values(term: Term, found: Found) -> Iterable[Any]:
    """Return the values that a term examines: those of the record, or the record with its read flag and its tags."""
    of_message = CRITERIA[term.field].of_message
    return (found,) if of_message is None else of_message(found.record)


class SessionQuery:
    """A query for sessions, with the criteria `client`, `helo_name` and `id` as for messages, and `since`.

    Args:
        words: The values to ask for, by criterion.

    Attributes:
        terms: The terms that a session has to satisfy.
        after: The number of the last session that is too old.

    Raises:
        QueryError: If a criterion is unknown or its value is invalid.
    """

    __slots__ = ("after", "terms")

    def __init__(self, words: Mapping[str, Any]) -> None:
        self.after: int = 0
        terms: list[Term] = []
        for word, wanted in words.items():
            if word == "since":
                self.after = _session_after(wanted)
            elif word in SESSION_WORDS:
                terms += _terms(word, wanted)
            else:
                raise QueryError(unknown("criterion", word, SESSION_WORDS, INSTEAD))
        self.terms: tuple[Term, ...] = tuple(terms)

    def __str__(self) -> str:
        return ", ".join(map(str, self.terms))

    def and_terms(self, terms: Iterable[Term]) -> SessionQuery:
        """Return the same query with further terms, which come first."""
        query = SessionQuery({})
        query.after = self.after
        query.terms = (*terms, *self.terms)
        return query

    @property
    def ids(self) -> frozenset[str] | None:
        """The ids, one of which a session must have; None if they do not matter."""
        return _ids(self.terms)

    def matches(self, record: SessionRecord) -> bool:
        """Return True if a session matches."""
        return record.origin.session_number > self.after and all(
            any(map(term.test, of_session(record)))
            for term in self.terms
            if (of_session := CRITERIA[term.field].of_session) is not None
        )


_ALIASES = {"from": "from_"}
"""Words that are reserved in Python, but not in a table, a URL or a file."""


def _terms(word: str, wanted: Any, *, ignore_case: bool = False) -> list[Term]:
    from smtpmock.queries.terms import field_terms  # the command asks nothing

    return field_terms(word, wanted, ignore_case=ignore_case)


def _ids(terms: Iterable[Term]) -> frozenset[str] | None:
    asked = [term.value for term in terms if term.field == "id"]
    return frozenset(asked[0]) if asked else None


def _flag(word: str, wanted: Any) -> bool:
    if isinstance(wanted, bool):
        return wanted
    raise QueryError(invalid(word, wanted, "True or False"))


def _accepted(wanted: Any) -> bool | None:
    if wanted is None or isinstance(wanted, bool):
        return wanted
    raise QueryError(invalid("accepted", wanted, "True, False, or None for both."))


def _after(wanted: Any) -> int:
    if isinstance(wanted, Mark):
        return wanted.message
    number = getattr(wanted, "number", None)
    if isinstance(number, int):
        return number
    raise QueryError(invalid("since", wanted, "a mark or a received message."))


def _session_after(wanted: Any) -> int:
    if isinstance(wanted, Mark):
        return wanted.session
    raise QueryError(invalid("since", wanted, "a mark."))
