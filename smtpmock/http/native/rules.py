"""Rules as JSON: the words of a rule with its stage, or a ready-made rule by its name."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from smtpmock.errors import RuleError
from smtpmock.http.native.expressions import REGEXP, from_text
from smtpmock.http.native.lists import answer, list_schema, page
from smtpmock.http.native.operations import Answer, NotFoundError, Operation, json_answer
from smtpmock.http.native.schemas import reference
from smtpmock.http.native.words import AFTER, LIMIT
from smtpmock.queries.criteria import CRITERIA
from smtpmock.queries.terms import AllOf, format_value
from smtpmock.rules.gates import GATES, gate_from_json, gate_to_json
from smtpmock.rules.rule import Rule
from smtpmock.rules.words import RULE_WORDS, STAGES, Conditions
from smtpmock.text import quote, unknown

if TYPE_CHECKING:
    from smtpmock.http.native.operations import Call
    from smtpmock.mailbox.mailbox import Mailbox

WORDS = (*Conditions.__annotations__, *RULE_WORDS)
"""The words of a rule, except its stage."""

READY_MADE: Mapping[str, tuple[str, ...]] = {
    "greylist": ("retry_after", "reply", *Conditions.__annotations__),
    "limit_rate": ("messages", "per", "reply", "by", "delay"),
    "limit_connections": ("connections", "reply", "by"),
    "reject_recipient": ("pattern", "reply"),
    "fail_next": ("count", "stage", "reply"),
}
"""The ready-made rules, each with its arguments: the methods of the mailbox with these names."""

_TEXT_KINDS = ("text", "address", "name", "user")
_ASKED_KINDS = (*_TEXT_KINDS, "header", "size")

_ALL = "all"
"""The key of several values of a condition, all of which have to match."""


def find_rule(mailbox: Mailbox, rule_id: str) -> Rule:
    """Return the active rule with an id.

    Raises:
        NotFoundError: If no active rule has it.
    """
    for rule in mailbox.rules:
        if rule.id == rule_id:
            return rule
    raise NotFoundError(f"There is no rule {rule_id!r}")


def rule_form(rule: Rule) -> dict[str, Any]:
    """Return a rule as JSON: its words as they would be sent, its id and its counters."""
    counters = {"hits": rule.hits, "asked": rule.asked}
    profile = {"profile": rule.profile} if rule.profile else {}
    return {"id": rule.id, **words_form(rule), **profile, **counters, "summary": str(rule)}


def words_form(rule: Rule) -> dict[str, Any]:
    """Return the words of a rule as they would be sent."""
    words = {word: _written(value) for word, value in rule.words.items()}
    gate = {} if rule.gate is None else {"gate": gate_to_json(rule.gate)}
    return {"stage": rule.stage, **words, **gate}


def _written(value: Any) -> Any:
    if isinstance(value, AllOf):
        return {_ALL: [_written(part) for part in value]}
    if isinstance(value, Mapping):
        return {name: _written(part) for name, part in value.items()}
    if hasattr(value, "pattern"):
        return f"{REGEXP}{value.pattern}"
    return format_value(value) if callable(value) else value


def _number(rule: Rule) -> int:
    return int(rule.id.rpartition("-")[2])


def _list(call: Call) -> Any:
    return page("rules", call.context.mailbox.rules, call.values, _number, rule_form)


def _read(call: Call) -> Any:
    return rule_form(find_rule(call.context.mailbox, call.path["id"]))


def _add(call: Call) -> Answer:
    body, mailbox = call.body, call.context.mailbox
    if not isinstance(body, dict) or not body:
        raise RuleError(f"Invalid rule {quote(body)}: expected an object with a stage and words")
    if len(body) == 1 and next(iter(body)) in READY_MADE:
        [(name, arguments)] = body.items()
        rule = _ready_made(mailbox, name, arguments)
    elif "stage" not in body:
        missing = [name for name in body if name not in WORDS]
        if missing:
            raise RuleError(unknown("word in a rule", missing[0], ("stage", *WORDS, *READY_MADE)))
        raise RuleError("Missing stage of the rule")
    else:
        words = {word: read_word(word, value) for word, value in body.items() if word not in ("stage", "gate")}
        gate = gate_from_json(body["gate"]) if "gate" in body else None
        rule = mailbox.add_rule(Rule(body["stage"], words, gate=gate))
    return json_answer(rule_form(rule), 201)


def _ready_made(mailbox: Mailbox, name: str, arguments: Any) -> Rule:
    if not isinstance(arguments, dict):
        raise RuleError(f"Invalid {name} {quote(arguments)}: expected an object with its arguments")
    known = READY_MADE[name]
    for word in arguments:
        if word not in known:
            raise RuleError(unknown(f"word of {name}", word, known))
    method = getattr(mailbox, name)
    for parameter in inspect.signature(method).parameters.values():
        is_needed = parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        if is_needed and parameter.name not in arguments:
            raise RuleError(f"Missing {parameter.name} of {name}")
    words = {word: read_word("recipient" if word == "pattern" else word, value) for word, value in arguments.items()}
    rule: Rule = method(**words)
    return rule


def read_word(word: str, value: Any) -> Any:
    """Return the value of a word of a rule as Python has it: expressions are compiled, and functions cannot be sent.

    Raises:
        RuleError: If the word takes a function.
        QueryError: If an expression is invalid.
    """
    kind = CRITERIA[word].kind if word in CRITERIA else ""
    if (
        kind in _ASKED_KINDS
        and isinstance(value, dict)
        and isinstance(value.get(_ALL), list)
        and value[_ALL]
        and len(value) == 1
    ):
        return AllOf(read_word(word, part) for part in value[_ALL])
    if kind == "function" and value is not None:
        raise RuleError(f"The condition {word} takes a function, which cannot be sent: add the rule in Python")
    if kind in _TEXT_KINDS and word != "verb" and isinstance(value, str):
        return from_text(value)
    if kind == "header" and isinstance(value, str):
        name, colon, text = value.partition(":")
        return {name.strip(): from_text(text.strip())} if colon else value
    if kind == "header" and isinstance(value, dict):
        return {name: from_text(part) if isinstance(part, str) else part for name, part in value.items()}
    return value


def _clear(call: Call) -> Any:
    mailbox = call.context.mailbox
    removed = mailbox.rules
    mailbox.clear_rules()
    return answer("rules", removed, len(removed), rule_form)


def _remove(call: Call) -> Any:
    rule = find_rule(call.context.mailbox, call.path["id"])
    rule.remove()
    return rule_form(rule)


def _word_schema(word: str) -> dict[str, Any]:
    if word in RULE_WORDS:
        declared = RULE_WORDS[word]
        kinds: dict[str, dict[str, Any]] = {
            "integer": {"type": "integer"},
            "number": {"type": "number"},
            "seconds": {"type": "number"},
            "choice": {"type": "string"},
            "reply": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
        }
        return {**kinds[declared.kind], "description": declared.meaning}
    criterion = CRITERIA[word]
    size: dict[str, Any] = {"anyOf": [{"type": "integer"}, {"type": "string"}]}
    texts = {"type": "object", "additionalProperties": {"type": "string"}}
    header = {"anyOf": [{"type": "string"}, texts]}
    one: dict[str, Any] = {"size": size, "header": header}.get(criterion.kind) or {"type": "string"}
    if criterion.kind not in _ASKED_KINDS:
        return {**one, "description": criterion.meaning}
    several = {
        "type": "object",
        "properties": {_ALL: {"type": "array", "items": one, "description": "Values that have to match all together"}},
        "required": [_ALL],
    }
    return {"anyOf": [one, several], "description": criterion.meaning}


_GATE = {
    "type": "object",
    "description": "The further condition of a ready-made rule, by its name, with its arguments",
    "properties": {name: {"type": "object"} for name in GATES},
    "additionalProperties": False,
}
_STAGE = {"type": "string", "enum": list(STAGES), "description": "The stage at which it is asked"}
_WORDS = {word: _word_schema(word) for word in WORDS}
RULE = {
    "type": "object",
    "description": "A rule: its words, its id and its counters",
    "properties": {
        "id": {"type": "string"},
        "stage": _STAGE,
        **_WORDS,
        "gate": _GATE,
        "profile": {"type": "string", "description": "The profile of the server that it belongs to, if it does"},
        "hits": {"type": "integer", "description": "The number of times that it applied"},
        "asked": {"type": "integer", "description": "The number of times that it was asked at its stage"},
        "summary": {"type": "string", "description": "Stage, conditions, counters and actions on one line"},
    },
    "required": ["id", "stage", "hits", "asked", "summary"],
}
"""The schema of a rule in an answer."""

_SENT = {
    "anyOf": [
        {
            "type": "object",
            "properties": {
                "stage": _STAGE,
                **{word: part for word, part in _WORDS.items() if word != "where"},
                "gate": _GATE,
            },
            "required": ["stage"],
            "additionalProperties": False,
        },
        *(
            {
                "type": "object",
                "properties": {name: {"type": "object", "propertyNames": {"enum": list(arguments)}}},
                "required": [name],
                "additionalProperties": False,
            }
            for name, arguments in READY_MADE.items()
        ),
    ]
}

OPERATIONS = (
    Operation(
        "GET", "/rules", "List the active rules, oldest first", _list, list_schema("rules", "Rule"), (AFTER, LIMIT)
    ),
    Operation(
        "POST",
        "/rules",
        "Add a rule, or a ready-made one by its name; it takes effect at once",
        _add,
        reference("Rule"),
        body=_SENT,
        status=201,
    ),
    Operation(
        "DELETE",
        "/rules",
        "Remove all rules, and end the use of a profile; those of the start's profile begin anew",
        _clear,
        list_schema("rules", "Rule"),
    ),
    Operation("GET", "/rules/{id}", "Read a rule with its counters", _read, reference("Rule"), names_one=True),
    Operation("DELETE", "/rules/{id}", "Remove a rule", _remove, reference("Rule"), names_one=True),
)
