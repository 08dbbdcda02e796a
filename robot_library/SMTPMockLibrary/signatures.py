"""Arguments that are declared elsewhere, spelled out: settings, criteria, and the words of rules.

A keyword takes them as ``**words``; Robot Framework, libdoc and IDEs see each with its type and default.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from inspect import Parameter, cleandoc, signature
from typing import Any, TypeVar, get_type_hints

from smtpmock.queries import query
from smtpmock.queries.query import CRITERIA
from smtpmock.rules.rule import CONDITIONS, STAGES, WORDS
from smtpmock.settings.declarations import SETTINGS, Settings, from_text
from SMTPMockLibrary.types import Address, Header, Moment, Name, Names, Secret, Text, Then

Method = TypeVar("Method", bound=Callable[..., Any])

RECORDING = {"multiple_rcptto": True, "multiple_message_receiving": True}
"""What a test expects: everything is recorded."""

_CRITERION_TYPES: Mapping[Any, Any] = {
    query.match_text: Text,
    query.match_address: Address,
    query.match_name: Name,
    query.match_text_exactly: Name,
    query.match_size: int | str | None,
}
_OTHER_CRITERIA: Mapping[str, tuple[Any, Any]] = {
    "header": (Header, None),
    "consistent": (bool | None, True),
    "since": (Moment, None),
}
_SESSION_CRITERIA: Mapping[str, tuple[Any, Any]] = {
    "client": (Name, None),
    "helo_name": (Name, None),
    "since": (Moment, None),
}
_RULE_WORD_TYPES: Mapping[str, Any] = {
    **dict.fromkeys(("times", "after", "every", "seed"), int),
    **dict.fromkeys(("probability", "drip", "throttle"), float),
    **dict.fromkeys(("delay", "jitter"), timedelta),
    "then": Then,
}


def spelled_out(method: Method, parameters: Iterable[Parameter]) -> Method:
    """The method with its ``**words`` spelled out in what it says of itself, behind its own parameters.

    Where all arguments are named the ``**words`` stay: what is misspelt comes there, and the engine names the nearest.
    Elsewhere they would take values like ``==`` or ``bob=example.com@example.org`` for names.
    """
    said = signature(method)
    own = [parameter for parameter in said.parameters.values() if parameter.kind is not Parameter.VAR_KEYWORD]
    is_named = {parameter.name for parameter in own if parameter.kind is not Parameter.KEYWORD_ONLY} == {"self"}
    rest = [parameter for parameter in said.parameters.values() if parameter not in own] if is_named else []
    names = {parameter.name for parameter in own}
    added = (parameter for parameter in parameters if parameter.name not in names)
    full = said.replace(parameters=[*own, *added, *rest])
    method.__signature__ = full  # type: ignore[attr-defined]
    hints = {name: parameter.annotation for name, parameter in full.parameters.items()}
    method.__annotations__ = {
        **{name: hint for name, hint in hints.items() if hint is not Parameter.empty},
        "return": said.return_annotation,
    }
    return method


def _by_name(name: str, kind: Any, default: Any) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=kind)


# Criteria.


def takes_criteria(method: Method) -> Method:
    """Spells out the criteria of messages."""
    words = {word: _criterion(word) for word in CRITERIA}
    return spelled_out(
        method, (_by_name(word, kind, default) for word, (kind, default) in {**words, **_OTHER_CRITERIA}.items())
    )


def takes_session_criteria(method: Method) -> Method:
    """Spells out the criteria of sessions."""
    return spelled_out(method, (_by_name(word, kind, default) for word, (kind, default) in _SESSION_CRITERIA.items()))


def asked(words: Mapping[str, Any]) -> dict[str, Any]:
    """The criteria that were given; accepted mail is meant unless they say otherwise."""
    given = {word: wanted for word, wanted in words.items() if wanted is not None or word == "consistent"}
    return {"consistent": True, **given}


def _criterion(word: str) -> tuple[Any, Any]:
    return _OTHER_CRITERIA.get(word) or (_CRITERION_TYPES[CRITERIA[word].matcher], None)


# Words of rules.


def takes_conditions(method: Method) -> Method:
    """Spells out the conditions of rules that can be known when a recipient is named."""
    return spelled_out(method, map(_rule_word, STAGES["RCPT TO"]))


def takes_rule_words(*without: str) -> Callable[[Method], Method]:
    """Spells out the words of rules, but for those that the keyword itself stands for."""
    words = [word for word in WORDS if word not in without]
    return lambda method: spelled_out(method, map(_rule_word, words))


def rule_words(words: Mapping[str, Any]) -> dict[str, Any]:
    """The words that were said, in the usual order, durations in seconds."""
    said = {word: words[word] for word in (*WORDS, *words) if words.get(word) is not None}
    return {word: value.total_seconds() if isinstance(value, timedelta) else value for word, value in said.items()}


def _rule_word(word: str) -> Parameter:
    kind = _criterion(word)[0] if word in CONDITIONS else _RULE_WORD_TYPES.get(word, str) | None
    return _by_name(word, kind, None)


# Settings.


def takes_settings(method: Method) -> Method:
    """Spells out the settings of a server, and puts the table of their meanings into the documentation."""
    hints = get_type_hints(Settings)
    method.__doc__ = cleandoc(method.__doc__ or "").replace("%SETTINGS%", _table())
    return spelled_out(method, (_by_name(name, _setting_type(name, hints[name]), _default(name)) for name in SETTINGS))


def setting_values(words: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that were given, as values: what is text is read as on the command line.

    Raises:
        SettingError: If a value is not allowed.
    """
    values: dict[str, Any] = dict(RECORDING)
    for name, value in words.items():
        value = _revealed(value)
        if isinstance(value, dict):
            value = {key: _revealed(item) for key, item in value.items()}
        if value is not None:
            values[name] = from_text(name, value) if isinstance(value, str) else value
    return values


def _revealed(value: Any) -> Any:
    return value.value if Secret is not None and isinstance(value, Secret) else value


def _setting_type(name: str, hint: Any) -> Any:
    if SETTINGS[name].type.is_secret:
        return str | dict if Secret is None else Secret | str | dict
    known = {float: timedelta, tuple[str, ...]: Names}
    return known.get(hint, hint)


def _default(name: str) -> Any:
    default = RECORDING.get(name, SETTINGS[name].default)
    if isinstance(default, float):
        return f"{default:g} s"
    return ",".join(default) if isinstance(default, tuple) else default


def _table() -> str:
    rows = (f"| {name} | {declared.meaning} |" for name, declared in SETTINGS.items())
    return "\n".join(("| =Setting= | =Meaning= |", *rows))
