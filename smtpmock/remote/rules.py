"""The rules and the clock of a server elsewhere. The rules that this process has added stay the same objects."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from smtpmock.errors import RuleError
from smtpmock.patterns import Expression
from smtpmock.profiles.profile import Profile, Source, is_path, load_profile
from smtpmock.queries.criteria import CRITERIA
from smtpmock.queries.terms import AllOf
from smtpmock.remote.client import MissingError
from smtpmock.rules.book import Clock, check_advance
from smtpmock.rules.gates import gate_from_json
from smtpmock.rules.json_form import words_to_json
from smtpmock.rules.rule import Rule, Usage
from smtpmock.rules.text_form import profile_rules
from smtpmock.rules.words import CONDITIONS, WORDS
from smtpmock.text import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

    from smtpmock.remote.client import Client

_REGEXP = "REGEXP:"
_FLAGS = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s"}
_MOST_ENDED = 1_000


class ForeignRule(Rule):
    """A rule that somebody else has added; its text is that of the server."""

    def __init__(self, written: Mapping[str, Any]) -> None:
        words = {
            word: _read(word, value)
            for word, value in written.items()
            if word in WORDS and CRITERIA.get(word, CRITERIA["text"]).kind != "function"
        }
        super().__init__(written["stage"], words, gate=gate_from_json(written["gate"]) if "gate" in written else None)
        self._summary = str(written["summary"])
        self.profile = str(written.get("profile", ""))

    def __str__(self) -> str:
        """Return stage, conditions, counters and actions on one line."""
        return self._summary


class RemoteRules:
    """The rules of a server elsewhere.

    Args:
        client: The client of its API.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, Rule] = {}
        self._added: dict[str, None] = {}
        self._last: dict[str, Usage] = {}
        self._ended_unused: deque[Rule] = deque(maxlen=_MOST_ENDED)
        self._used_profile: Profile | None = None

    def add(self, rule: Rule) -> None:
        """Add a rule.

        Raises:
            RuleError: If it has a function, or the server refuses it.
        """
        written = self._client.ask("POST", "/rules", body=rule_to_json(rule))
        self._own(rule, written)
        self._added[rule.id] = None

    def list(self) -> list[Rule]:
        """Return the active rules, oldest first."""
        return [self._rule(written) for written in self._client.collect("/rules")]

    def clear(self) -> None:
        """Remove all rules, end the use of a profile, and forget the unused rules."""
        document = self._client.ask("DELETE", "/rules")
        for written in self._client.items(document, "/rules"):
            self._note(written)
        self._ended_unused.clear()
        self._added.clear()
        self._used_profile = None

    @property
    def profile(self) -> Profile | None:
        """The profile in use besides that of the start."""
        return self._profile_of(self._client.ask("GET", "/profile"))

    def use_profile(self, profile: str | Profile) -> Profile:
        """Use a profile: the server has the one of a name, and is sent any other."""
        if isinstance(profile, str):
            profile = load_profile(profile) if is_path(profile) else profile
        sent = {"name": profile} if isinstance(profile, str) else _profile_to_json(profile)
        used = self._profile_of({"profile": self._client.ask("PUT", "/profile", body=sent)})
        assert used is not None
        self._used_profile = used
        return used

    def clear_profile(self) -> None:
        """End the use of a profile."""
        self._client.ask("DELETE", "/profile")
        self._used_profile = None

    def _profile_of(self, written: Any) -> Profile | None:
        try:
            found = written["profile"]
            if found is None:
                return None
            sources = tuple(Source(str(one["url"]), str(one["date"]), str(one["says"])) for one in found["sources"])
            rules = tuple({word: value for word, value in rule.items() if word != "summary"} for rule in found["rules"])
            name = str(found["name"])
            return Profile(name, Path(name), str(found["title"]), sources, dict(found["settings"]), rules)
        except (KeyError, TypeError, ValueError):
            raise self._client.unexpected(f"it answered {quote(written)} about a profile") from None

    def remove_added(self) -> None:
        """Remove the rules that were added here and are still active, and end the use of a profile that began here."""
        if self._used_profile is not None and self.profile == self._used_profile:
            self.clear_profile()
        for rule_id in tuple(self._added):
            self._remove(rule_id)

    def unused(self) -> Iterable[Rule]:
        """Return the rules added here that have never applied, including those of finished `with` blocks."""
        active = (rule for rule in self.list() if rule.id in self._added and not rule.profile)
        return [*self._ended_unused, *(rule for rule in active if not self._last[rule.id].hits)]

    def usage(self, rule_id: str) -> Usage:
        """Return the counters of a rule, as they are now or, if it was removed, as far as they are known."""
        try:
            self._note(self._client.ask("GET", f"/rules/{rule_id}"))
        except MissingError:
            pass
        return self._last[rule_id]

    def _rule(self, written: Mapping[str, Any]) -> Rule:
        try:
            rule = self._known.get(written["id"])
            if rule is None:
                rule = ForeignRule(written)
                self._own(rule, written)
            self._note(written)
        except (KeyError, TypeError, RuleError) as error:
            raise self._client.unexpected(f"this version cannot read the rule {quote(written)} ({error})") from None
        return rule

    def _own(self, rule: Rule, written: Mapping[str, Any]) -> None:
        try:
            rule_id = str(written["id"])
        except (KeyError, TypeError):
            raise self._client.unexpected(f"it answered {quote(written)} to a rule") from None
        rule.belong(
            rule_id,
            partial(self._remove, rule_id),
            partial(self._ended_unused.append, rule),
            partial(self.usage, rule_id),
        )
        self._known[rule_id] = rule
        self._note(written)

    def _note(self, written: Mapping[str, Any]) -> None:
        self._last[str(written["id"])] = Usage(int(written["asked"]), int(written["hits"]))

    def _remove(self, rule_id: str) -> None:
        self._added.pop(rule_id, None)
        try:
            self._note(self._client.ask("DELETE", f"/rules/{rule_id}"))
        except MissingError:
            pass  # it was removed before


class RemoteClock(Clock):
    """The clock of a server elsewhere.

    Args:
        client: The client of its API.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def time(self) -> float:
        """Return the seconds since an arbitrary moment."""
        return monotonic() + self.ahead

    @property
    def ahead(self) -> float:
        """The number of seconds by which it has been moved forward."""
        return float(self._client.part(self._client.ask("GET", "/server"), "clock", "ahead"))

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        check_advance(seconds)
        self._client.ask("POST", "/clock", body={"advance": seconds})

    def reset(self) -> None:
        """Return to the normal time."""
        self._client.ask("POST", "/clock", body={"reset": True})


def rule_to_json(rule: Rule) -> dict[str, Any]:
    """Return a rule as the native API takes it.

    Raises:
        RuleError: If it has a function, or an expression that cannot be sent.
    """
    written = words_to_json(rule, _sent_expression, "cannot be sent to the server")
    for word, value in rule.words.items():
        _check_text(word, value)
    return written


def _profile_to_json(profile: Profile) -> dict[str, Any]:
    """Return a profile as the native API takes it."""
    return {
        "name": profile.name,
        "title": profile.title,
        "source": [source._asdict() for source in profile.sources],
        "settings": dict(profile.settings),
        "rule": [rule_to_json(rule) for rule in profile_rules(profile)],
    }


def _sent_expression(word: str, value: re.Pattern[str] | Expression) -> str:
    return f"{_REGEXP}{_flags(word, value)}{value.pattern}"


def _check_text(word: str, value: Any) -> None:
    """Refuse a text that the server would read as an expression."""
    if isinstance(value, AllOf | Mapping):
        for part in value.values() if isinstance(value, Mapping) else value:
            _check_text(word, part)
    elif word in CONDITIONS and isinstance(value, str) and value.startswith(_REGEXP):
        raise RuleError(f"Invalid {word} {quote(value)}: the server would read a regular expression in it")


def _flags(word: str, value: re.Pattern[str] | Expression) -> str:
    if isinstance(value, Expression):
        return ""
    flags = "".join(letter for flag, letter in _FLAGS.items() if value.flags & flag)
    if value.flags & (re.VERBOSE | re.ASCII | re.LOCALE):
        raise RuleError(f"The expression of {word} has flags that cannot be sent to the server: use i, m or s")
    return f"(?{flags})" if flags else ""


def _read(word: str, value: Any) -> Any:
    """Return the value of a word in an answer; an expression stays as the server has it, for it alone decides."""
    if isinstance(value, dict) and "all" in value and word != "header":
        return AllOf(_read(word, part) for part in value["all"])
    if isinstance(value, str) and value.startswith(_REGEXP) and word in CONDITIONS:
        return Expression(value.removeprefix(_REGEXP))
    if word == "header" and isinstance(value, dict):
        return {name: _read("text", part) for name, part in value.items()}
    return value
