"""A session until its end has been written: what is known of it, and what of that is not in the file yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpmock.records.session import NOTHING_NEGOTIATED, Erasure, Negotiated, Observation, Origin
from smtpmock.stores.memory import MOST_ERASURES
from smtpmock.stores.sqlite.rows import Head
from smtpmock.stores.sqlite.transaction import SessionFacts

if TYPE_CHECKING:
    from smtpmock.records.exchange import Exchange

_MOST_WAITING = 10_000
"""The most exchanges to hold while nothing can be written."""

_EXCHANGES_OF_A_HEAD = 100
"""The exchanges after which it is written how many are forgotten."""


class OpenSession:
    """A session until its end has been written.

    Attributes:
        origin: Its origin.
        user: The user who has logged in; "" if nobody has.
        ended: The time of its end; None while it is open.
        waiting: The exchanges that are not written yet.
        last_id: The id of the record that was stored last, which the session may still add to.
        purged: The same, once that record was removed.
    """

    __slots__ = (
        "_erasures",
        "_first",
        "_forgotten",
        "_has_changed",
        "_negotiated",
        "_observations",
        "ended",
        "last_id",
        "origin",
        "purged",
        "waiting",
    )

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.ended: float | None = None
        self.waiting: list[Exchange] = []
        self.last_id = ""
        self.purged = ""
        self._negotiated = NOTHING_NEGOTIATED
        self._observations: tuple[Observation, ...] = ()
        self._erasures: tuple[Erasure, ...] = ()
        self._first = 0  # the place in the session of the first exchange that waits
        self._forgotten = 0
        self._has_changed = True

    @property
    def user(self) -> str:
        """The user who has logged in; "" if nobody has, or if it has ended."""
        return self._negotiated.user if self.ended is None else ""

    def note(self, fact: Negotiated | Observation | Erasure) -> None:
        """Note a fact other than an exchange."""
        self._has_changed = True
        if type(fact) is Negotiated:
            self._negotiated = fact
        elif type(fact) is Observation and all(fact.code != known.code for known in self._observations):
            self._observations += (fact,)
        elif type(fact) is Erasure:
            self._erasures = (*self._erasures[1 - MOST_ERASURES :], fact)

    def facts(self, most_exchanges: int | None) -> SessionFacts:
        """Return what is not written yet; from now on it counts as written.

        Args:
            most_exchanges: The most exchanges to keep of it; None for all.
        """
        exchanges, self.waiting = tuple(self.waiting), []
        first = self._first
        self._first += len(exchanges)
        if most_exchanges is not None:
            self._forgotten = max(self._forgotten, self._first - most_exchanges)
        is_due = first // _EXCHANGES_OF_A_HEAD != self._first // _EXCHANGES_OF_A_HEAD
        head = None
        if self._has_changed or is_due or self.ended is not None:
            head = Head(self.origin, self._negotiated, self._observations, self._erasures)
            self._has_changed = False
        number, session_id = self.origin.session_number, self.origin.session_id
        return SessionFacts(number, session_id, head, self.ended, first, exchanges, self._forgotten)

    def take_back(self, facts: SessionFacts) -> None:
        """Have what could not be written wait for the next time."""
        self.waiting[:0] = facts.exchanges
        self._first = facts.first
        self._has_changed = self._has_changed or facts.head is not None
        excess = len(self.waiting) - _MOST_WAITING
        if excess > 0:
            del self.waiting[:excess]
            self._first += excess
            self._forgotten = max(self._forgotten, self._first)
