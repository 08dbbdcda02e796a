"""Keyword arguments that are derived from declarations in smtpmock: settings, criteria, and the words of rules.

The keywords accept them as ``**words``. Robot Framework, libdoc and editors see each one with its type and default.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from inspect import Parameter, cleandoc, signature
from keyword import iskeyword
from typing import Any, TypeVar

from SMTPMockLibrary.api import ANNOTATIONS, CRITERIA, RULE_WORDS, SESSION_CRITERIA, SETTINGS, STAGES, parse_setting
from SMTPMockLibrary.types import Address, Header, Moment, Name, Names, Secret, Text, Then

Method = TypeVar("Method", bound=Callable[..., Any])

_ACCEPTED = "accepted"

_TYPES: Mapping[str, Any] = {
    "text": Text,
    "address": Address,
    "name": Name,
    "user": Name,
    "size": int | str | None,
    "id": Names,
    "header": Header,
    "search": str | None,
    "flag": bool | None,
    _ACCEPTED: bool | None,
    "moment": Moment,
    "integer": int | None,
    "number": float | None,
    "seconds": timedelta | None,
    "reply": str | None,
    "choice": str | None,
}
"""The type of an argument for each kind of criterion and rule word.

The types with converters of this library accept None as well. In a union, Robot Framework would omit their errors.
"""

_PLAIN_VALUES: Mapping[str, str] = {
    "text": "must be contained",
    "address": "must be equal",
    "name": "must be equal",
    "user": "must be equal",
    "size": "must be equal; ``>= 1000`` compares",
    "id": "must be equal; of several, one",
    "header": "must be contained: ``X-Id: 42`` or ``${{{'X-Id': '42'}}}``",
    "search": "is a search such as ``to:bob@example.com has:attachment``; quote a value with spaces",
    "flag": "is True or False; False by default",
    _ACCEPTED: "must be equal; True by default",
    "moment": "arrived after this mark (`Get Mark`) or message",
}
"""The effect of a value without a pattern, for each kind of criterion."""


def spell_out(method: Method, parameters: Iterable[Parameter]) -> Method:
    """Replace ``**words`` in the signature of the method with the parameters that it stands for.

    Robot Framework then refuses a misspelt name, in a dry run and in editors as well.
    """
    original = signature(method)
    own = [parameter for parameter in original.parameters.values() if parameter.kind is not Parameter.VAR_KEYWORD]
    names = {parameter.name for parameter in own}
    added = (parameter for parameter in parameters if parameter.name not in names)
    full = original.replace(parameters=[*own, *added])
    method.__signature__ = full  # type: ignore[attr-defined]  # for `inspect`
    hints = {name: parameter.annotation for name, parameter in full.parameters.items()}
    method.__annotations__ = {
        **{name: hint for name, hint in hints.items() if hint is not Parameter.empty},
        "return": original.return_annotation,
    }
    return method


class _Named(Parameter):
    """A named argument whose name may be a keyword of Python, such as `from`."""

    @property
    def name(self) -> str:
        return super().name.rstrip("_")


def _named_only(name: str, kind: Any, default: Any = None) -> Parameter:
    return _Named(f"{name}_" if iskeyword(name) else name, Parameter.KEYWORD_ONLY, default=default, annotation=kind)


def seconds(value: Any) -> Any:
    """Return a duration in seconds; anything else unchanged."""
    return value.total_seconds() if isinstance(value, timedelta) else value


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    titles = tuple(f"={title}=" for title in head)
    return "\n".join(f"| {' | '.join(row)} |" for row in (titles, *rows))


# Criteria.


def takes_criteria(method: Method) -> Method:
    """Spell out the criteria for messages."""
    return spell_out(method, map(_criterion, CRITERIA))


def takes_session_criteria(method: Method) -> Method:
    """Spell out the criteria for sessions."""
    return spell_out(method, map(_criterion, SESSION_CRITERIA))


def given_criteria(words: Mapping[str, Any]) -> dict[str, Any]:
    """Return the criteria that were given, and which messages are meant: by default, those that were accepted."""
    outcome = {word: _default(word) for word in CRITERIA if CRITERIA[word].kind == _ACCEPTED}
    given = {word: value for word, value in words.items() if value is not None or word in outcome}
    return {f"{word}_" if iskeyword(word) else word: value for word, value in {**outcome, **given}.items()}


def given_session_criteria(words: Mapping[str, Any]) -> dict[str, Any]:
    """Return the criteria for sessions that were given."""
    return {word: value for word, value in words.items() if value is not None}


def narrowing_criteria(words: Mapping[str, Any]) -> dict[str, Any]:
    """Return the criteria that were given, except those that have their default value."""
    return {word: value for word, value in given_criteria(words).items() if value != _default(word)}


def criteria_table() -> str:
    """Return the table of the criteria for the documentation."""
    rows = ((word, known.meaning, _PLAIN_VALUES[known.kind]) for word, known in CRITERIA.items())
    return _table(("Criterion", "Compared with", "A plain value"), rows)


def _default(word: str) -> Any:
    return True if word in CRITERIA and CRITERIA[word].kind == _ACCEPTED else None


def _criterion(word: str) -> Parameter:
    return _named_only(word, _TYPES[CRITERIA[word].kind], _default(word))


# Words of rules.


def takes_conditions(method: Method) -> Method:
    """Spell out the conditions of rules that are known at RCPT TO."""
    return spell_out(method, map(_rule_word, STAGES["RCPT TO"]))


def takes_rule_words(*excluded: str) -> Callable[[Method], Method]:
    """Spell out the words of rules, except those that the keyword sets itself."""
    words = [word for word in RULE_WORDS if word not in excluded]
    return lambda method: spell_out(method, map(_rule_word, words))


def given_rule_words(words: Mapping[str, Any]) -> dict[str, Any]:
    """Return the words that were given, in the usual order, with durations in seconds."""
    return {word: seconds(words[word]) for word in (*RULE_WORDS, *words) if words.get(word) is not None}


def rule_words_table() -> str:
    """Return the table of the words of rules for the documentation."""
    return _table(("Word", "Meaning"), ((word, known.meaning) for word, known in RULE_WORDS.items()))


def _rule_word(word: str) -> Parameter:
    return _named_only(word, Then | None if word == "then" else _TYPES[RULE_WORDS[word].kind])


# Settings.


def takes_settings(method: Method) -> Method:
    """Spell out the settings of a server, and add the table of their meanings to the documentation."""
    table = _table(("Setting", "Meaning"), ((name, declared.meaning) for name, declared in SETTINGS.items()))
    method.__doc__ = cleandoc(method.__doc__ or "").replace("%SETTINGS%", table)
    return spell_out(method, map(_setting, SETTINGS))


def given_settings(words: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that were given, with values in place of text.

    Raises:
        SettingError: If a value is invalid.
    """
    values: dict[str, Any] = {}
    for name, value in words.items():
        value = _revealed(value)
        if isinstance(value, dict):
            value = {key: _revealed(item) for key, item in value.items()}
        if value is not None:
            values[name] = parse_setting(name, value) if isinstance(value, str) else value
    return values


def _revealed(value: Any) -> Any:
    return value.value if Secret is not None and isinstance(value, Secret) else value


def _setting(name: str) -> Parameter:
    declared = SETTINGS[name]
    default = declared.default
    if isinstance(default, float):
        default = f"{default:g} s"
    elif isinstance(default, tuple):
        default = ",".join(default)
    return _named_only(name, _setting_type(name), default)


def _setting_type(name: str) -> Any:
    if SETTINGS[name].type.is_secret:
        return str | dict if Secret is None else Secret | str | dict
    hint = ANNOTATIONS[name]
    known = {float: timedelta, tuple[str, ...]: Names}
    return known.get(hint, hint)
