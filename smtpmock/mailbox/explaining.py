"""What every call of a mailbox stands on: its backend, and the explanation of an expectation that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpmock.errors import ExpectationError, MessageTimeoutError, QueryError
from smtpmock.messages.message import Message
from smtpmock.queries.query import Query

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeGuard

    from smtpmock.mailbox.backend import Backend
    from smtpmock.queries.query import SessionQuery
    from smtpmock.stores.base import Entry


class Explaining:
    """The part of a mailbox that raises explained errors."""

    _backend: Backend
    _default_timeout: float

    def _seconds(self, timeout: float | None) -> float:
        if timeout is None:
            return self._default_timeout
        if is_seconds(timeout):  # below 0, it expires at once, as in go-smtp-mock
            return timeout
        raise QueryError(f"Invalid timeout {timeout!r}: expected a number of seconds")

    def _only(self, found: Sequence[Entry], query: Query) -> Message:
        if len(found) == 1:
            return Message(found[0])
        if not found:
            raise self._failed(f"No message{with_criteria(query)} has arrived.", query)
        headline = f"{len(found)} messages{with_criteria(query)} have arrived, but exactly one was expected."
        raise self._failed(headline, query, found)

    def _failed(self, headline: str, query: Query, found: Sequence[Entry] | None = None) -> ExpectationError:
        shown = self._backend.select(Query({}, accepted=None)) if found is None else found
        return ExpectationError(self._backend.explain(headline, query, found), as_messages(shown))

    def _late(self, headline: str, query: Query) -> MessageTimeoutError:
        shown = self._backend.select(Query({}, accepted=None))
        return MessageTimeoutError(self._backend.explain(headline, query), as_messages(shown))


def check_count(count: object) -> None:
    """Refuse what is no number of messages."""
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise QueryError(f"Invalid count {count!r}: expected an integer of at least 0")


def is_seconds(value: object) -> TypeGuard[float]:
    """Return True for a number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value


def as_messages(entries: Sequence[Entry]) -> list[Message]:
    """Return stored records as users see them."""
    return list(map(Message, entries))


def with_criteria(query: Query | SessionQuery) -> str:
    """Return the criteria as a part of a sentence."""
    return f" with {query}" if query.terms else ""
