"""The facts of open sessions for Redis, collected until the next write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smtpmock.records.exchange import Exchange
from smtpmock.records.packed import pack
from smtpmock.records.session import NOTHING_NEGOTIATED, Erasure, Negotiated, Observation, Origin
from smtpmock.stores.memory import EXCHANGES_PER_MESSAGE, MOST_ERASURES

if TYPE_CHECKING:
    from smtpmock.mail.content import Content

_MOST_WAITING = 1_000  # exchanges, while Redis is away
_NO_SESSION = Origin("-", 0, "", 0, "", 0.0)


class OpenSession:
    """An open session of this server. Writing what it has to tell twice is the same as writing it once.

    Args:
        origin: Its origin.

    Attributes:
        origin: Its origin.
        ended: The time of its end; None while it is open.
        is_known: True once Redis was told of it.
        is_busy: True while it waits for Redis.
        content: The message that was written last.
        since: The time on the monotonic clock since which it has had something to tell.
    """

    __slots__ = (
        "_changed",
        "_erasures",
        "_exchanges",
        "_negotiated",
        "_observations",
        "_told",
        "content",
        "ended",
        "is_busy",
        "is_known",
        "origin",
        "since",
    )

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.ended: float | None = None
        self.is_known = False
        self.is_busy = False
        self.content: Content | None = None
        self.since = 0.0
        self._exchanges: list[Exchange] = []
        self._told = 0  # the number of exchanges that were told, or are forgotten
        self._negotiated: Negotiated = NOTHING_NEGOTIATED
        self._observations: tuple[Observation, ...] = ()
        self._erasures: tuple[Erasure, ...] = ()
        self._changed: frozenset[str] = frozenset()

    @classmethod
    def without_session(cls) -> OpenSession:
        """Return what stands for the session of a record that has none."""
        return cls(_NO_SESSION)

    @classmethod
    def over(cls, origin: Origin) -> OpenSession:
        """Return what stands for a session that has nothing to tell any more."""
        session = cls(origin if origin.session_id else _NO_SESSION)
        session.is_known = True
        return session

    def append(self, fact: Exchange | Negotiated | Observation | Erasure) -> None:
        """Add a fact."""
        if type(fact) is Exchange:
            self._exchanges.append(fact)
            if len(self._exchanges) > 2 * _MOST_WAITING:
                del self._exchanges[:_MOST_WAITING]
                self._told += _MOST_WAITING
        elif type(fact) is Negotiated:
            self._negotiated = fact
            self._changed |= {"n"}
        elif type(fact) is Observation:
            if all(fact.code != known.code for known in self._observations):
                self._observations += (fact,)
                self._changed |= {"o"}
        elif type(fact) is Erasure:
            self._erasures = (*self._erasures[1 - MOST_ERASURES :], fact)
            self._changed |= {"e"}

    def state(self) -> tuple[Any, ...]:
        """Return what has to be told, for `restore`."""
        return self._exchanges, self._told, self._changed, self.is_known

    def restore(self, state: tuple[Any, ...]) -> None:
        """Have everything told again that was taken since then."""
        exchanges, told, changed, is_known = state
        self._exchanges = exchanges + self._exchanges
        self._told = told
        self._changed |= changed
        self.is_known = self.is_known and is_known

    def taken(self, server: str, bound: int, most_bytes: int) -> list[Any]:
        """Return the arguments for a write of what has to be told; from now on it counts as told."""
        is_session = self.origin is not _NO_SESSION
        origin = pack(self.origin) if is_session and not self.is_known else ""
        ended = "" if self.ended is None else self.ended
        excess = len(self._exchanges) - bound * EXCHANGES_PER_MESSAGE
        if bound and excess > 0:
            self._exchanges = self._exchanges[excess:]  # not in place: what was there may have to be restored
            self._told += excess
        count = len(self._exchanges)
        piece = pack(self._exchanges) if count else ""
        head = f"{server} {self.origin.session_id} {self._told} {count} {bound} {most_bytes} {ended}"
        arguments: list[Any] = [head, origin, piece]
        changed = self._changed if origin == "" else self._present()
        if "n" in changed:
            arguments += ("n", pack(self._negotiated), self._negotiated.user)
        if "o" in changed:
            arguments += ("o", pack(self._observations))
        if "e" in changed:
            arguments += ("e", pack(self._erasures))
        self._told += count
        self._exchanges = []
        self._changed = frozenset()
        self.is_known = True
        return arguments

    def _present(self) -> frozenset[str]:
        """Return which facts there are, for a store that knows none of them."""
        facts = {"n": self._negotiated != NOTHING_NEGOTIATED, "o": self._observations, "e": self._erasures}
        return frozenset(kind for kind, fact in facts.items() if fact)
