"""The definition of a rule, validated: a value that can be compared and shown, and that knows no server."""

from __future__ import annotations

import re
from random import Random
from typing import TYPE_CHECKING, Any

from smtpmock.errors import QueryError, RuleError
from smtpmock.queries.terms import field_terms, format_value
from smtpmock.rfc.grammar import address_key
from smtpmock.rfc.replies import Reply
from smtpmock.rules.context import Recipients
from smtpmock.rules.values import number, rate, whole
from smtpmock.rules.words import CONDITIONS, PER, RULE_WORDS, STAGES, THEN, TLS_FAULTS, WORDS
from smtpmock.text import alternatives, escape_controls, invalid, quote, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from smtpmock.queries.terms import Term
    from smtpmock.rules.context import RuleContext
    from smtpmock.rules.gates import Circumstances, Gate

_THEN_IN_BODY = ("close", "reset", "silence", "accept")
_THEN_WITH_REPLY = ("half", "close")
_THROTTLED = ("DATA", "BDAT", "body", "*")
_VERB = re.compile(r"[A-Za-z0-9-]+")
_CODE = re.compile(r"[0-9]{3}(?:[ -]|$)")


class RuleDefinition:
    """The definition of a rule.

    Args:
        stage: The stage at which it is asked.
        words: Its conditions, counters and actions.
        gate: A further condition, for ready-made rules.

    Attributes:
        stage: The stage at which it is asked.
        reply: Its reply; None for the reply from the settings.
        then: Its action instead of the reply, or after it.
        delay: The seconds before the reply.
        jitter: The seconds by which the delay may be shorter or longer.
        drip: The bytes of the reply to send per second.
        throttle: The bytes of the message to read per second.
        tls: The fault in the TLS handshake.
        gate: Its further condition.
        gate_is_shared: True if the rule book examines the further condition, when it is asked for a count.

    Raises:
        RuleError: If a word is unknown or not available at the stage, or a value is invalid.
    """

    def __init__(
        self,
        stage: str,
        words: Mapping[str, Any],
        *,
        gate: Gate | None = None,
    ) -> None:
        self.stage: str = _stage(stage)
        for word in words:
            if word not in WORDS:
                raise RuleError(unknown("word in a rule", word, WORDS))
        self._words = {word: value for word, value in words.items() if value is not None}
        self.gate: Gate | None = gate
        self.gate_is_shared: bool = False
        self._passes: Callable[[RuleContext], bool] | None = None
        self._terms = _terms(self.stage, self._words)
        part = {word: self._words.get(word, declared.default) for word, declared in RULE_WORDS.items()}
        self.reply: Reply | None = None if part["reply"] is None else _reply(part["reply"])
        self.then: str | None = part["then"]
        self.tls: str | None = part["tls"]
        self.delay: float = number("delay", part["delay"])
        self.jitter: float = number("jitter", part["jitter"])
        self.drip: float | None = rate("drip", part["drip"])
        self.throttle: float | None = rate("throttle", part["throttle"])
        self._times = None if part["times"] is None else whole("times", part["times"], 0)
        self._after = whole("after", part["after"], 0)
        self._every = whole("every", part["every"], 1)
        self._probability = number("probability", part["probability"], 1.0)
        self._seed = whole("seed", part["seed"], None)
        self._per = part["per"]
        _check_together(self)
        self._chance = Random(self._seed)  # noqa: S311  # jitter, the same every time

    def __str__(self) -> str:
        """Return stage, conditions, counters and actions on one line."""
        words = " ".join((self.stage, *(f"{word}={format_value(value)}" for word, value in self._words.items())))
        return escape_controls(f"{words} ({self.gate})" if self.gate else words)

    @property
    def words(self) -> Mapping[str, Any]:
        """The words of the rule, except its stage."""
        return dict(self._words)

    @property
    def decides(self) -> bool:
        """True if it determines the answer, so that older rules that do are not asked."""
        return self.reply is not None or self.then is not None or self.tls is not None

    @property
    def is_counted(self) -> bool:
        """True if it depends on the number of its matches."""
        return self._times is not None or bool(self._after) or self._every > 1 or self._probability < 1

    def concerns(self, stage: str) -> bool:
        """Return True if it is asked at a stage; a rule for all stages that answers is not asked if no answer is due.

        Args:
            stage: The stage; "" for a verb without a stage of its own.
        """
        if self.stage == "*" and stage == "body":
            return self.reply is None and (self.then is None or self.then in _THEN_IN_BODY)
        return self.stage in ("*", stage or "command")

    def matches(self, context: RuleContext) -> bool:
        """Return True if its conditions hold."""
        for term in self._terms:
            values = context.values(term.field)
            if not (values.match(term) if isinstance(values, Recipients) else any(map(term.test, values))):
                return False
        return self.gate is None or self.gate_is_shared or (self._passes is not None and self._passes(context))

    def open_gate(self, circumstances: Circumstances) -> None:
        """Begin to examine its further condition, if it has one: it is about to be added to a server.

        Args:
            circumstances: The circumstances that the condition examines besides the command.
        """
        self._passes = None if self.gate is None else self.gate.open(circumstances)

    def share_gate(self) -> None:
        """Have its further condition, if it has one, be examined by the rule book: servers share it."""
        self.gate_is_shared = self.gate is not None

    def count_key(self, context: RuleContext) -> str:
        """Return the key by which its matches are counted separately; "" if all are counted together."""
        if self._per is None:
            return ""
        if self._per == "session":
            return context.session
        values = context.values(self._per)
        return values.key if isinstance(values, Recipients) else " ".join(sorted(map(address_key, values)))

    def is_due(self, count: int) -> bool:
        """Return True if it applies at the nth match, apart from its probability and, if it has one, from `times`."""
        due = count - self._after
        if due <= 0 or due % self._every:
            return False
        return self._probability < 1 or self._times is None or due // self._every <= self._times

    def is_drawn(self, key: str, count: int) -> bool:
        """Return True if chance lets it apply at the nth match: a function of seed, key and n."""
        # Seeded with text: the same in every process and in every version of Python.
        return self._probability >= 1 or Random(f"{self._seed} {key} {count}").random() < self._probability  # noqa: S311  # as above

    @property
    def limits_draws(self) -> bool:
        """True if the matches that chance selects have to be counted, too."""
        return self._probability < 1 and self._times is not None

    def is_within_times(self, hits: int) -> bool:
        """Return True if it may apply for the nth time."""
        return self._times is None or hits <= self._times

    def delay_now(self) -> float:
        """Return the seconds to wait this time."""
        if not self.jitter:
            return self.delay
        return max(0.0, self.delay + self._chance.uniform(-self.jitter, self.jitter))


def _stage(stage: str) -> str:
    named = {name.lower(): name for name in STAGES}
    found = named.get(stage.lower()) if isinstance(stage, str) else None
    if not stage:
        raise RuleError(f"Missing stage of the rule: expected {alternatives(tuple(STAGES))}")
    if found is None:
        raise RuleError(unknown("stage", stage, STAGES))
    return found


def _terms(stage: str, words: Mapping[str, Any]) -> list[Term]:
    asked = {word: wanted for word, wanted in words.items() if word in CONDITIONS}
    for word in asked:
        _known_at(stage, word)
    if stage == "command":
        _check_verb(asked.get("verb"))
    try:
        return [term for word, wanted in asked.items() for term in field_terms(word, wanted)]
    except QueryError as error:
        raise RuleError(str(error)) from None


def _check_verb(verb: Any) -> None:
    """Make sure that a verb is given, and that it has no stage of its own."""
    if not isinstance(verb, str) or not _VERB.fullmatch(verb):
        raise RuleError(f"Invalid verb {quote(verb)} of a rule at command: expected a word such as 'EXPN'")
    own = next((stage for stage in STAGES if stage.split()[0] == verb.upper()), None)
    if own is not None:
        raise RuleError(f"The verb {verb.upper()} has a stage of its own: use the stage {own!r}")


def _known_at(stage: str, word: str) -> None:
    if word not in STAGES[stage]:
        known = alternatives(STAGES[stage])
        raise RuleError(f"The condition {word} is not available at {stage}: expected {known}")


def _reply(wanted: Any) -> Reply:
    lines = [wanted] if isinstance(wanted, str) else list(wanted) if isinstance(wanted, list | tuple) else []
    if not lines or not all(isinstance(line, str) for line in lines):
        raise RuleError(f"Invalid reply {quote(wanted)}: expected a line or a list of lines")
    for line in lines:
        if "\r" in line or "\n" in line:
            raise RuleError(f"Invalid reply {quote(line)}: expected lines without line breaks")
        if not _CODE.match(line):
            raise RuleError(f"Invalid reply {quote(line)}: expected a three-digit code, a space and a text")
    codes = {line[:3] for line in lines}
    if len(codes) > 1:
        raise RuleError(f"Invalid reply with the codes {' and '.join(sorted(codes))}: expected one code in all lines")
    *first, last = lines
    try:
        return Reply(*(f"{line[:3]}-{line[4:]}" for line in first), f"{last[:3]} {last[4:]}".rstrip(" "))
    except UnicodeEncodeError:
        raise RuleError(f"Invalid reply {quote(wanted)}: expected text that can be encoded in UTF-8") from None


def _check_together(rule: RuleDefinition) -> None:
    """Refuse words that cannot be combined."""
    words = rule._words
    if rule.then is not None:
        _one_of("then", rule.then, THEN)
        if rule.reply is not None and rule.then not in _THEN_WITH_REPLY:
            raise RuleError(f"Invalid then {quote(rule.then)} with a reply: expected {alternatives(_THEN_WITH_REPLY)}")
    if rule.stage == "body":
        for word in ("reply", "drip"):
            if word in words:
                raise RuleError(f"The word {word} cannot be used at body, where nothing is answered: use message")
        if rule.then is not None:
            _one_of("then at body", rule.then, _THEN_IN_BODY)
    if rule.tls is not None:
        _one_of("tls", rule.tls, TLS_FAULTS)
        if rule.stage != "STARTTLS" or rule.reply is not None or rule.then is not None:
            raise RuleError("The word tls can be used at STARTTLS only, without reply and then")
    if rule.throttle is not None and rule.stage not in _THROTTLED:
        raise RuleError(f"The word throttle cannot be used at {rule.stage}: expected {alternatives(_THROTTLED)}")
    per = words.get("per")
    if per is not None:
        known = STAGES[rule.stage]
        _one_of(f"per at {rule.stage}", per, [word for word in PER if word == "session" or word in known])
    if not (rule.decides or rule.delay or rule.jitter or rule.drip or rule.throttle):
        raise RuleError(
            f"The rule {rule} does nothing: expected one of reply, delay, jitter, drip, throttle, then, tls"
        )


def _one_of(word: str, value: Any, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise RuleError(invalid(word, value, alternatives(tuple(allowed))))
