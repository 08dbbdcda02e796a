"""Rules as text: a line as on the command line, or a TOML file of ``[[rule]]`` tables, with the usual words."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

from smtpmock.errors import RuleError
from smtpmock.profiles.document import read_document
from smtpmock.rules.gates import gate_from_json
from smtpmock.rules.rule import Rule
from smtpmock.settings.values import parse_seconds
from smtpmock.text import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from smtpmock.profiles.profile import Profile

_WORD = re.compile(r"[A-Za-z_]\w*=")
_MOST_DIGITS = 19
_TABLE = re.compile(r"\s*\[\[\s*rule\s*\]\]")
_NUMBERS: Mapping[str, Callable[[str], float]] = {
    **dict.fromkeys(("delay", "jitter"), parse_seconds),
    **dict.fromkeys(("drip", "throttle", "probability"), float),
    **dict.fromkeys(("times", "after", "every", "seed"), int),
}


def parse_rule(line: str) -> Rule:
    """Return the rule on a line: a stage, then words; `reply` is repeated for each further line of the reply.

    The word `gate` names a ready-made rule with its arguments, as the further condition of the rule.

    Args:
        line: The rule, quoted as in a shell.

    Raises:
        RuleError: If the line cannot be parsed or is not a valid rule.

    Example:
        >>> parse_rule("RCPT TO recipient=*@slow.example delay='200 ms' reply='451 later' times=3")
        <Rule RCPT TO recipient='*@slow.example' delay=0.2 reply='451 later' times=3, 0 hits>
        >>> parse_rule("MAIL FROM delay=2 gate='limit_rate messages=30 per=60 by=user'")
        <Rule MAIL FROM delay=2.0 (at most 30 in 60 s for each user), 0 hits>
    """
    try:
        pieces = shlex.split(line)
    except ValueError as error:
        raise RuleError(f"Invalid rule {quote(line)}: {error}") from None
    first = next((number for number, piece in enumerate(pieces) if _WORD.match(piece)), len(pieces))
    words: dict[str, Any] = {}
    for piece in pieces[first:]:
        word, equals, value = piece.partition("=")
        if not equals:
            raise RuleError(
                f"Invalid word {quote(piece)} in a rule: expected word=value, quoted where the value has spaces"
            )
        if word == "reply" and word in words:
            words[word] = [*_lines(words[word]), value]
        elif word in words:
            raise RuleError(f"The word {word} is given twice")
        else:
            words[word] = value
    if "gate" in words:
        words["gate"] = _gate_on_a_line(words["gate"])
    return _rule(" ".join(pieces[:first]), words)


def load_rules(path: str) -> list[Rule]:
    """Return the rules in a TOML file, in its order.

    Args:
        path: The path of the file: ``[[rule]]`` tables with a `stage` and words.

    Raises:
        RuleError: If the file cannot be read, or a rule is invalid; the text gives the rule's number and line.
    """
    text, document = read_document(path, RuleError)
    tables = document.pop("rule", [])
    if document or not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise RuleError(f"Invalid file of rules {path}: expected [[rule]] tables and nothing else")
    return _rules(path, tables, [number for number, line in enumerate(text.splitlines(), 1) if _TABLE.match(line)])


def profile_rules(profile: Profile) -> list[Rule]:
    """Return the rules of a profile.

    Args:
        profile: The profile.

    Raises:
        RuleError: If a rule is invalid; the text gives its number.

    Example:
        >>> from smtpmock.profiles.profile import load_profile
        >>> profile_rules(load_profile("outage"))
        [<Rule MAIL FROM after=10 reply='421 4.3.2 Service shutting down' then='close', 0 hits>]
    """
    rules = _rules(profile.name, profile.rules, [])
    for rule in rules:
        rule.profile = profile.name
    return rules


def _rules(path: str, tables: Sequence[Mapping[str, Any]], lines: Sequence[int]) -> list[Rule]:
    rules = []
    for number, table in enumerate(tables, 1):
        where = f"line {lines[number - 1]}, " if len(lines) == len(tables) else ""
        words = {word: value for word, value in table.items() if word != "stage"}
        try:
            rules.append(_rule(table.get("stage", ""), words))
        except RuleError as error:
            raise RuleError(f"{path}, {where}rule {number}: {error}") from None
    return rules


def _rule(stage: str, words: Mapping[str, Any]) -> Rule:
    gate = gate_from_json(words["gate"]) if "gate" in words else None
    return Rule(stage, {word: _value(word, value) for word, value in words.items() if word != "gate"}, gate=gate)


def _gate_on_a_line(text: str) -> dict[str, dict[str, Any]]:
    """Return a gate in the form in which JSON and TOML have it."""
    name, *pieces = text.split() or [""]
    arguments: dict[str, Any] = {}
    for piece in pieces:
        word, equals, value = piece.partition("=")
        if not equals:
            raise RuleError(f"Invalid gate {quote(text)}: expected the name of a ready-made rule, then word=value")
        try:
            arguments[word] = int(value) if value.isdecimal() and len(value) < _MOST_DIGITS else float(value)
        except ValueError:
            arguments[word] = value
    return {name: arguments}


def _value(word: str, value: Any) -> Any:
    """Return the value of a word, as a number if one is expected; the rule refuses what cannot be converted."""
    if not isinstance(value, str) or word not in _NUMBERS:
        return value
    try:
        return _NUMBERS[word](value)
    except ValueError:
        return value


def _lines(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
