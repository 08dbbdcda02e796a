"""Scripted behaviour: when …, then …, how often.

A rule is made whole and at once, from the same words in Python, in a file, on the command line and in a keyword. What
it means is decided here; how a decision is carried out is the connection's business.
"""

from __future__ import annotations

import re
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from smtpmock.errors import ExpectationError, QueryError, RuleError
from smtpmock.queries.query import conditions_of, shown
from smtpmock.rfc.grammar import address_key
from smtpmock.rfc.replies import Reply
from smtpmock.settings.values import LONGEST_DELAY
from smtpmock.text import counted, escaped, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import TracebackType

    from typing_extensions import Self

    from smtpmock.queries.query import Matcher

_ALWAYS = ("client",)
_GREETED = (*_ALWAYS, "helo_name")
_KNOWN = (*_GREETED, "user")
_TRANSACTION = (*_KNOWN, "sender", "recipient")
_RECEIVED = (*_TRANSACTION, "subject", "header", "text", "size")

STAGES: Mapping[str, Sequence[str]] = {
    "connect": _ALWAYS,
    "HELO": _GREETED,
    "EHLO": _GREETED,
    "STARTTLS": _GREETED,
    "AUTH": _KNOWN,
    "MAIL FROM": (*_KNOWN, "sender", "size"),
    "RCPT TO": _TRANSACTION,
    "DATA": _TRANSACTION,
    "BDAT": _TRANSACTION,
    "body": _TRANSACTION,
    "message": _RECEIVED,
    "RSET": _TRANSACTION,
    "NOOP": _TRANSACTION,
    "QUIT": _TRANSACTION,
    "VRFY": _TRANSACTION,
    "HELP": _TRANSACTION,
    "*": _RECEIVED,
}
"""The stages, with the conditions that can be known there."""

THEN = ("close", "reset", "silence", "half", "garbage", "accept")
"""What can happen instead of a reply, or behind it."""

_THEN_IN_BODY = ("close", "reset", "silence", "accept")
_THEN_WITH_REPLY = ("half", "close")
_THROTTLED = ("DATA", "BDAT", "body", "*")
_TLS = ("expired", "wrong-host", "unknown-authority", "refuse", "cut")
_PER = ("recipient", "sender", "session")
_CODE = re.compile(r"[0-9]{3}(?:[ -]|$)")

_PARTS = {
    "times": None,
    "after": 0,
    "every": 1,
    "probability": 1.0,
    "seed": 0,
    "per": None,
    "reply": None,
    "delay": 0.0,
    "jitter": 0.0,
    "drip": None,
    "throttle": None,
    "then": None,
    "tls": None,
}
"""The words of a rule besides its stage and its conditions, with what they are when they are not said."""

CONDITIONS = _RECEIVED
WORDS = (*CONDITIONS, *_PARTS)


class Circumstances:
    """What is known of a command when rules are asked about it.

    Args:
        stage: The stage.
        session: The number of the session.
        values: Gives the values of a condition, those of which one has to match.
    """

    __slots__ = ("session", "stage", "values")

    def __init__(self, stage: str, session: int, values: Callable[[str], Iterable[Any]]) -> None:
        self.stage = stage
        self.session = session
        self.values = values


class Rule:
    """A rule, as `SMTPMock.on` makes it.

    Attributes:
        stage: When it is asked.
        hits: How often it has applied.
        asked: How often it was asked at its stage.
        reply: The reply it gives; None for that of the settings.
        then: What happens instead, or behind it.
        delay: Seconds before the reply.
        jitter: Seconds by which the delay may be shorter or longer.
        drip: Bytes of the reply in a second.
        throttle: Bytes of the message that are read in a second.
        tls: What is wrong with the TLS handshake.

    Raises:
        RuleError: If a word is unknown, cannot be known at that stage, or has a value that is not allowed.
    """

    def __init__(
        self,
        stage: str,
        words: Mapping[str, Any],
        *,
        gate: Callable[[Circumstances], bool] | None = None,
        gate_said: str = "",
    ) -> None:
        self.stage = _stage(stage)
        for word in words:
            if word not in WORDS:
                raise RuleError(unknown("rule word", word, WORDS))
        self._words = {word: value for word, value in words.items() if value is not None}
        self._gate = gate
        self._gate_said = f" ({gate_said})" if gate_said else ""
        self._conditions = _conditions(self.stage, self._words)
        part = {word: self._words.get(word, default) for word, default in _PARTS.items()}
        self.reply = None if part["reply"] is None else _reply(part["reply"])
        self.then: str | None = part["then"]
        self.tls: str | None = part["tls"]
        self.delay = number("delay", part["delay"])
        self.jitter = number("jitter", part["jitter"])
        self.drip = _rate("drip", part["drip"])
        self.throttle = _rate("throttle", part["throttle"])
        self._times = None if part["times"] is None else whole("times", part["times"], 0)
        self._after = whole("after", part["after"], 0)
        self._every = whole("every", part["every"], 1)
        self._probability = number("probability", part["probability"], 1.0)
        self._per = part["per"]
        _check_together(self)
        self._chance = Random(whole("seed", part["seed"], None))  # noqa: S311  # faults, the same every time
        self._counts: dict[object, _Count] = {}
        self._owner: list[Rule] | None = None
        self._unused: list[Rule] | None = None
        self.hits = 0
        self.asked = 0

    def __str__(self) -> str:
        words = " ".join((self.stage, *(f"{word}={shown(value)}" for word, value in self._words.items())))
        return escaped(words + self._gate_said)

    def __repr__(self) -> str:
        return f"<Rule {self}, {counted(self.hits, 'hit')}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()
        if error is None and not self.hits and self._unused is not None:
            self._unused.append(self)

    @property
    def decides(self) -> bool:
        """Whether it decides what is answered, so that older rules that do are not asked."""
        return self.reply is not None or self.then is not None or self.tls is not None

    def concerns(self, stage: str) -> bool:
        """Whether it is asked at a stage; where nothing is answered, a rule for all stages that answers is not."""
        if self.stage != "*" or stage != "body":
            return self.stage in ("*", stage)
        return self.reply is None and (self.then is None or self.then in _THEN_IN_BODY)

    def join(self, rules: list[Rule], unused: list[Rule] | None = None) -> None:
        """Puts the rule behind the others, where it is asked first.

        Args:
            rules: The others.
            unused: Where it goes if its `with` block ends before it was used.
        """
        self._owner = rules
        self._unused = unused
        rules.append(self)

    def remove(self) -> None:
        """Takes the rule out; if it is out already, nothing happens."""
        if self._owner is not None:
            try:
                self._owner.remove(self)
            except ValueError:
                pass  # out already

    def assert_used(self, times: int | None = None) -> None:
        """Makes sure that the rule has applied.

        Args:
            times: How often exactly; None for at least once.

        Raises:
            ExpectationError: If it has not; the text says how often it was asked.
        """
        if self.hits == times or (times is None and self.hits):
            return
        expected = "at least once" if times is None else counted(times, "time")
        at = "any stage" if self.stage == "*" else self.stage
        raise ExpectationError(
            f"The rule {self} was to be used {expected}, but was used {counted(self.hits, 'time')}: "
            f"it was asked {counted(self.asked, 'time')} at {at}."
        )

    def applies(self, circumstances: Circumstances) -> bool:
        """Whether the rule applies now, which counts."""
        self.asked += 1
        for word, matches in self._conditions:
            if not any(map(matches, circumstances.values(word))):
                return False
        if self._gate is not None and not self._gate(circumstances):
            return False
        count = self._counts.setdefault(self._key(circumstances), _Count())
        count.matches += 1
        due = count.matches - self._after
        if due <= 0 or due % self._every or (self._times is not None and count.hits >= self._times):
            return False
        if self._probability < 1 and self._chance.random() >= self._probability:
            return False
        count.hits += 1
        self.hits += 1
        return True

    def delay_now(self) -> float:
        """Seconds to wait this time."""
        if not self.jitter:
            return self.delay
        return max(0.0, self.delay + self._chance.uniform(-self.jitter, self.jitter))

    def _key(self, circumstances: Circumstances) -> object:
        if self._per is None:
            return None
        if self._per == "session":
            return circumstances.session
        return frozenset(map(address_key, circumstances.values(self._per)))


class _Count:
    __slots__ = ("hits", "matches")

    def __init__(self) -> None:
        self.matches = 0
        self.hits = 0


class Ruling(NamedTuple):
    """What the rules say of a command.

    Attributes:
        rule: The rule that decides; None if the settings do.
        delay: Seconds before the reply, besides those of the settings.
        drip: Bytes of the reply in a second; None for all at once.
        throttle: Bytes of the message that are read in a second; None for as fast as they come.
    """

    rule: Rule | None
    delay: float
    drip: float | None
    throttle: float | None


def decide(rules: Sequence[Rule], circumstances: Circumstances) -> Ruling | None:
    """What the rules say; None if they say nothing.

    The newest that has a reply or a `then` decides; those that only slow down apply besides.
    """
    deciding: Rule | None = None
    delay = 0.0
    drips: list[float] = []
    throttles: list[float] = []
    spoke = False
    for rule in reversed(rules):
        if not rule.concerns(circumstances.stage) or (deciding is not None and rule.decides):
            continue
        if not rule.applies(circumstances):
            continue
        spoke = True
        delay += rule.delay_now()
        if rule.drip is not None:
            drips.append(rule.drip)
        if rule.throttle is not None:
            throttles.append(rule.throttle)
        if rule.decides:
            deciding = rule
            if rule.then == "accept":
                break
    return Ruling(deciding, delay, min(drips, default=None), min(throttles, default=None)) if spoke else None


# What may be said.


def _stage(stage: str) -> str:
    named = {name.lower(): name for name in STAGES}
    found = named.get(stage.lower()) if isinstance(stage, str) else None
    if not stage:
        raise RuleError(f"A rule needs a stage: one of {', '.join(STAGES)}.")
    if found is None:
        raise RuleError(unknown("stage", stage, STAGES))
    return found


def _conditions(stage: str, words: Mapping[str, Any]) -> list[tuple[str, Matcher]]:
    asked = {word: wanted for word, wanted in words.items() if word in CONDITIONS}
    for word in asked:
        _known_at(stage, word)
    try:
        return conditions_of(asked)
    except QueryError as error:
        raise RuleError(str(error)) from None


def _known_at(stage: str, word: str) -> None:
    if word not in STAGES[stage]:
        known = ", ".join(STAGES[stage])
        raise RuleError(f"The condition {word} cannot be known at {stage}: allowed there is one of {known}.")


def _reply(wanted: Any) -> Reply:
    lines = [wanted] if isinstance(wanted, str) else list(wanted) if isinstance(wanted, list | tuple) else []
    if not lines or not all(isinstance(line, str) for line in lines):
        raise RuleError(f"The reply cannot be {wanted!r}: allowed is a line or a list of lines.")
    for line in lines:
        if "\r" in line or "\n" in line:
            raise RuleError(f"The reply cannot be {line!r}: allowed are lines without line breaks.")
        if not _CODE.match(line):
            raise RuleError(f"The reply cannot be {line!r}: allowed is a three-digit code, a space and a text.")
    codes = {line[:3] for line in lines}
    if len(codes) > 1:
        raise RuleError(f"The reply cannot have the codes {' and '.join(sorted(codes))}: allowed is one.")
    *first, last = lines
    try:
        return Reply(*(f"{line[:3]}-{line[4:]}" for line in first), f"{last[:3]} {last[4:]}".rstrip(" "))
    except UnicodeEncodeError:
        raise RuleError(f"The reply cannot be {wanted!r}: allowed is what can be sent as UTF-8.") from None


def number(word: str, value: Any, highest: float = LONGEST_DELAY) -> float:
    """The value, if it is a number that is allowed; otherwise a `RuleError`."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= highest:
        return value
    raise RuleError(f"The word {word} cannot be {value!r}: allowed is a number from 0 to {highest:.0f}.")


def _rate(word: str, value: Any) -> float | None:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf")):
        return value
    raise RuleError(f"The word {word} cannot be {value!r}: allowed is a number of bytes in a second, more than 0.")


def whole(word: str, value: Any, lowest: int | None) -> int:
    """The value, if it is a whole number that is allowed; otherwise a `RuleError`."""
    if isinstance(value, int) and not isinstance(value, bool) and (lowest is None or value >= lowest):
        return value
    allowed = "a whole number" if lowest is None else f"a whole number, {lowest} or more"
    raise RuleError(f"The word {word} cannot be {value!r}: allowed is {allowed}.")


def _check_together(rule: Rule) -> None:
    """What does not go together."""
    words = rule._words
    if rule.then is not None:
        _one_of("then", rule.then, THEN)
        if rule.reply is not None and rule.then not in _THEN_WITH_REPLY:
            allowed = " or ".join(_THEN_WITH_REPLY)
            raise RuleError(f"A reply cannot stand beside then={rule.then!r}: allowed is {allowed}.")
    if rule.stage == "body":
        for word in ("reply", "drip"):
            if word in words:
                raise RuleError(f"The word {word} cannot stand at body, where nothing is answered: allowed is message.")
        if rule.then is not None:
            _one_of("then at body", rule.then, _THEN_IN_BODY)
    if rule.tls is not None:
        _one_of("tls", rule.tls, _TLS)
        if rule.stage != "STARTTLS" or rule.reply is not None or rule.then is not None:
            raise RuleError("The word tls stands at STARTTLS only, without reply and then.")
    if rule.throttle is not None and rule.stage not in _THROTTLED:
        raise RuleError(f"The word throttle cannot stand at {rule.stage}: allowed is one of {', '.join(_THROTTLED)}.")
    per = words.get("per")
    if per is not None:
        known = STAGES[rule.stage]
        _one_of(f"per at {rule.stage}", per, [word for word in _PER if word == "session" or word in known])
    if not (rule.decides or rule.delay or rule.jitter or rule.drip or rule.throttle):
        raise RuleError(
            f"The rule {rule} does nothing: it needs one of reply, delay, jitter, drip, throttle, then and tls."
        )


def _one_of(word: str, value: Any, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise RuleError(f"The word {word} cannot be {value!r}: allowed is one of {', '.join(allowed)}.")
