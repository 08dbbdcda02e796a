"""Rules as JSON, as servers that share a store see them: the words, with expressions as objects."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from smtpmock.errors import RuleError
from smtpmock.patterns import Expression, is_expression
from smtpmock.queries.terms import AllOf
from smtpmock.rules.gates import gate_from_json, gate_to_json
from smtpmock.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Callable

_ALL = "all"


class LinearExpression(Expression):
    """A regular expression in RE2's syntax that came to another server over HTTP, which has checked it."""

    @cached_property
    def _compiled(self) -> Any:
        import re2

        return re2.compile(self.pattern)

    def search(self, text: str) -> object:
        """Search for the expression in a text; return None if it is not there."""
        return self._compiled.search(text)


def words_to_json(rule: Rule, expression: Callable[[str, Any], Any], refusal: str) -> dict[str, Any]:
    """Return a rule as what `json.dumps` takes.

    Args:
        rule: The rule.
        expression: A function that returns what stands for the expression in a word.
        refusal: The end of the error about a function: "The condition where has a function, which ...".

    Raises:
        RuleError: If it has a function.
    """

    def written(word: str, value: Any) -> Any:
        if isinstance(value, AllOf):
            return {_ALL: [written(word, part) for part in value]}
        if isinstance(value, Mapping):
            return {name: written(word, part) for name, part in value.items()}
        if is_expression(value):
            return expression(word, value)
        if callable(value):
            raise RuleError(f"The condition {word} has a function, which {refusal}: use a pattern")
        return list(value) if isinstance(value, tuple) else value

    words = {word: written(word, value) for word, value in rule.words.items()}
    return {"stage": rule.stage, **words, **({} if rule.gate is None else {"gate": gate_to_json(rule.gate)})}


def rule_to_json(rule: Rule) -> dict[str, Any]:
    """Return a rule as what `json.dumps` takes, for servers that share it.

    Raises:
        RuleError: If it has a function.

    Example:
        >>> rule_to_json(Rule("RCPT TO", {"recipient": re.compile("^a"), "delay": 1}))
        {'stage': 'RCPT TO', 'recipient': {'regexp': '^a', 'flags': 32}, 'delay': 1}
    """
    written = words_to_json(rule, _expression_to_json, "servers that share a store cannot share")
    return {**written, "profile": rule.profile} if rule.profile else written


def rule_from_json(written: Mapping[str, Any]) -> Rule:
    """Return the rule that was written with `rule_to_json`.

    Raises:
        RuleError: If it is no rule.

    Example:
        >>> rule_from_json({"stage": "RCPT TO", "recipient": {"regexp": "^a", "flags": 32}, "delay": 1})
        <Rule RCPT TO recipient=/^a/ delay=1, 0 hits>
    """
    words = {word: _read(value) for word, value in written.items() if word not in ("stage", "gate", "profile")}
    gate = gate_from_json(written["gate"]) if "gate" in written else None
    rule = Rule(written["stage"], words, gate=gate)
    rule.profile = written.get("profile", "")
    return rule


def _expression_to_json(_: str, value: re.Pattern[str] | Expression) -> dict[str, Any]:
    if isinstance(value, Expression):
        return {"re2": value.pattern, "flags": 0}
    return {"regexp": value.pattern, "flags": value.flags}


def _read(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if isinstance(value.get(_ALL), list):
        return AllOf(map(_read, value[_ALL]))
    if isinstance(value.get("flags"), int):  # a header named "flags" has a text
        return re.compile(value["regexp"], value["flags"]) if "regexp" in value else LinearExpression(value["re2"])
    return {name: _read(part) for name, part in value.items()}
