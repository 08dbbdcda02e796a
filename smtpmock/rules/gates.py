"""The further conditions of ready-made rules, as data: a server opens them, with its clock and its connections."""

from __future__ import annotations

from collections import deque
from dataclasses import MISSING, asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Protocol

from smtpmock.errors import RuleError
from smtpmock.rfc.grammar import address_key
from smtpmock.rules.recent import RecentKeys
from smtpmock.rules.values import number, whole
from smtpmock.text import alternatives, invalid, quote, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from smtpmock.rules.context import RuleContext

    Passes: TypeAlias = Callable[[RuleContext], bool]


class Circumstances(Protocol):
    """The circumstances that gates examine besides the command."""

    def now(self) -> float:
        """Return the time of the server's clock, in seconds since an arbitrary moment."""

    def open_connections(self) -> int:
        """Return the number of open connections."""

    def open_logins(self, user: str) -> int:
        """Return the number of open connections on which a user has logged in."""


class Gate(Protocol):
    """The further condition of a ready-made rule."""

    def key(self, context: RuleContext) -> str:
        """Return what the command is counted for, or the session that it belongs to."""

    def open(self, circumstances: Circumstances) -> Passes:
        """Return a function that returns True for a command to which the rule applies; it remembers earlier ones."""


@dataclass(frozen=True)
class Greylist:
    """The attempts of a client, a sender and a recipient in the first seconds.

    Attributes:
        retry_after: The seconds after the first attempt.
    """

    retry_after: float

    def __post_init__(self) -> None:
        number("retry_after", self.retry_after)

    def __str__(self) -> str:
        return f"greylist: retry after {self.retry_after:g} s"

    def key(self, context: RuleContext) -> str:
        """Return the client, the sender and the recipient."""
        return " ".join(repr(address_key(str(_only(context, word)))) for word in ("client", "sender", "recipient"))

    def open(self, circumstances: Circumstances) -> Passes:
        """Return a function that returns True for an attempt that comes too early."""
        first_seen = RecentKeys[float]()

        def too_early(context: RuleContext) -> bool:
            key = self.key(context)
            now = circumstances.now()
            first = first_seen.get(key, now)
            first_seen.put(key, first)
            return now - first < self.retry_after

        return too_early


@dataclass(frozen=True)
class RateLimit:
    """The messages beyond a rate.

    Attributes:
        messages: The number of messages to let through in a period.
        per: The length of the period in seconds.
        by: What the messages are counted apart for: "user", "sender" or "client"; "" for all together.
    """

    messages: int
    per: float
    by: str = ""

    def __post_init__(self) -> None:
        whole("messages", self.messages, 0)
        number("per", self.per)
        _check_by(self.by, ("user", "sender", "client"))

    def __str__(self) -> str:
        return f"at most {self.messages} in {self.per:g} s{_for_each(self.by)}"

    def key(self, context: RuleContext) -> str:
        """Return what the messages are counted apart for."""
        return address_key(str(_only(context, self.by))) if self.by else ""

    def open(self, circumstances: Circumstances) -> Passes:
        """Return a function that returns True for a message beyond the rate."""
        passed_by = RecentKeys[deque[float]]()

        def too_many(context: RuleContext) -> bool:
            now = circumstances.now()
            key = self.key(context)
            passed = passed_by.get(key, deque())
            passed_by.put(key, passed)
            while passed and now - passed[0] >= self.per:
                passed.popleft()
            if len(passed) >= self.messages:
                return True
            passed.append(now)
            return False

        return too_many


@dataclass(frozen=True)
class ConnectionLimit:
    """The connections beyond a number.

    Attributes:
        connections: The most that may be open at the same time.
        by: "user" to count those on which the same user has logged in, apart from the one that asks; "" for all.
    """

    connections: int
    by: str = ""

    def __post_init__(self) -> None:
        whole("connections", self.connections, 0)
        _check_by(self.by, ("user",))

    def __str__(self) -> str:
        return f"at most {self.connections} open{_for_each(self.by)}"

    def key(self, context: RuleContext) -> str:
        """Return the session and, if they are counted apart, the user."""
        return f"{context.session} {_only(context, 'user')}" if self.by else context.session

    def open(self, circumstances: Circumstances) -> Passes:
        """Return a function that returns True for a connection beyond the number."""
        if self.by:
            return lambda context: circumstances.open_logins(str(_only(context, "user"))) >= self.connections
        return lambda _: circumstances.open_connections() > self.connections


GATES: Mapping[str, type[Greylist] | type[RateLimit] | type[ConnectionLimit]] = {
    "greylist": Greylist,
    "limit_rate": RateLimit,
    "limit_connections": ConnectionLimit,
}
"""The gates, by the names of the ready-made rules."""


def gate_to_json(gate: Gate) -> dict[str, Any]:
    """Return a gate as what `json.dumps` takes.

    Example:
        >>> gate_to_json(ConnectionLimit(3))
        {'limit_connections': {'connections': 3}}
    """
    [name] = [name for name, kind in GATES.items() if isinstance(gate, kind)]
    return {name: {word: value for word, value in asdict(gate).items() if value != ""}}  # type: ignore[call-overload]  # each is a dataclass


def gate_from_json(written: Any) -> Gate:
    """Return the gate that was written with `gate_to_json`.

    Raises:
        RuleError: If it is no gate, or a value is invalid.

    Example:
        >>> gate_from_json({"limit_connections": {"connections": 3}})
        ConnectionLimit(connections=3, by='')
    """
    if not isinstance(written, dict) or len(written) != 1:
        raise RuleError(f"Invalid gate {quote(written)}: expected an object with the name of a ready-made rule")
    [(name, arguments)] = written.items()
    if name not in GATES:
        raise RuleError(unknown("gate", name, GATES))
    declared = fields(GATES[name])
    needed = [field.name for field in declared if field.default is MISSING]
    known = {field.name for field in declared}
    if not isinstance(arguments, dict) or not set(needed) <= set(arguments) <= known:
        raise RuleError(f"Invalid gate {name} {quote(arguments)}: expected an object with {' and '.join(needed)}")
    gate: Gate = GATES[name](**arguments)
    return gate


def _check_by(by: Any, known: tuple[str, ...]) -> None:
    if by != "" and by not in known:
        raise RuleError(invalid("by", by, alternatives(known)))


def _for_each(by: str) -> str:
    return f" for each {by}" if by else ""


def _only(context: RuleContext, word: str) -> Any:
    """Return the value of a condition; "" if it has none."""
    return next(iter(context.values(word)), "")
