"""The words of rules: stages, conditions, counting and actions; also as typed keyword arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, TypedDict, get_args

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from smtpmock.queries.words import Header, Size, Text
    from smtpmock.rules.context import ReceivedMessage

Stage: TypeAlias = Literal[
    "connect",
    "HELO",
    "EHLO",
    "STARTTLS",
    "AUTH",
    "MAIL FROM",
    "RCPT TO",
    "DATA",
    "BDAT",
    "body",
    "message",
    "RSET",
    "NOOP",
    "QUIT",
    "VRFY",
    "HELP",
    "command",
    "*",
]
"""The stages of rules. Case does not matter at run time, but type checkers only know this spelling."""

Then: TypeAlias = Literal["close", "reset", "silence", "half", "garbage", "accept"]
"""The actions instead of a reply, or after it."""

TLSFault: TypeAlias = Literal["expired", "wrong-host", "unknown-authority", "refuse", "cut"]
"""The faults of a TLS handshake."""

Per: TypeAlias = Literal["recipient", "sender", "session", "user"]
"""The units for which a rule can count separately."""


class Conditions(TypedDict, total=False):
    """The conditions of a rule; see https://smtpmock.github.io/smtpmock/rules/."""

    client: Text | None
    helo_name: Text | None
    user: Text | None
    sender: Text | None
    recipient: Text | None
    subject: Text | None
    header: Header | None
    text: Text | None
    size: Size | None
    argument: Text | None
    verb: str | None
    where: Callable[[ReceivedMessage], object] | None


class RuleWords(Conditions, total=False):
    """The words of a rule, except its stage; see https://smtpmock.github.io/smtpmock/rules/."""

    times: int | None
    after: int
    every: int
    probability: float
    seed: int
    per: Per | None
    reply: str | list[str] | tuple[str, ...] | None
    delay: float
    jitter: float
    drip: float | None
    throttle: float | None
    then: Then | None
    tls: TLSFault | None


THEN: Sequence[Then] = get_args(Then)
TLS_FAULTS: Sequence[TLSFault] = get_args(TLSFault)
PER: Sequence[Per] = get_args(Per)

_ALWAYS = ("client",)
_GREETED = (*_ALWAYS, "helo_name", "argument")
_KNOWN = (*_GREETED, "user")
_TRANSACTION = (*_KNOWN, "sender", "recipient")
_RECEIVED = (*_TRANSACTION, "subject", "header", "text", "size", "where")

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
    "body": tuple(word for word in _TRANSACTION if word != "argument"),
    "message": tuple(word for word in _RECEIVED if word != "argument"),
    "RSET": _TRANSACTION,
    "NOOP": _TRANSACTION,
    "QUIT": _TRANSACTION,
    "VRFY": _TRANSACTION,
    "HELP": _TRANSACTION,
    "command": (*_TRANSACTION, "verb"),
    "*": _RECEIVED,
}
"""The stages, with the conditions that are available at each."""

CONDITIONS = tuple(Conditions.__annotations__)
"""The conditions; the package `queries` says what each one examines."""


class RuleWord(NamedTuple):
    """A word of a rule, apart from its stage and its conditions.

    Attributes:
        kind: The kind of its values: "integer", "number", "seconds", "choice" or "reply".
        meaning: Its meaning, without a capital letter and a full stop.
        default: Its default.
    """

    kind: str
    meaning: str
    default: Any = None


def _listed(choices: Sequence[str]) -> str:
    return f"{', '.join(choices[:-1])} or {choices[-1]}"


RULE_WORDS: Mapping[str, RuleWord] = {
    "times": RuleWord("integer", "apply at most this many times"),
    "after": RuleWord("integer", "skip this many matches first", 0),
    "every": RuleWord("integer", "apply to every nth match only: with 3, to the third, the sixth and so on", 1),
    "probability": RuleWord("number", "apply at random, with this probability from 0 to 1", 1.0),
    "seed": RuleWord("integer", "seed of the random numbers; the same seed gives the same sequence", 0),
    "per": RuleWord("choice", f"count separately for each {_listed(PER)}"),
    "reply": RuleWord("reply", "send this reply"),
    "delay": RuleWord("seconds", "wait this long before the reply", 0.0),
    "jitter": RuleWord("seconds", "vary the delay at random by up to this much", 0.0),
    "drip": RuleWord("number", "send the reply slowly, at this many bytes per second"),
    "throttle": RuleWord("number", "read the message slowly, at this many bytes per second"),
    "then": RuleWord("choice", _listed(THEN)),
    "tls": RuleWord("choice", f"break TLS at STARTTLS: {_listed(TLS_FAULTS)}"),
}
"""The words of a rule, apart from its stage and its conditions."""

WORDS = (*CONDITIONS, *RULE_WORDS)
"""All words of a rule, except its stage."""
