"""Arguments that are declared elsewhere, spelled out: those of the settings, and those of the criteria.

A keyword takes them as ``**words``; Robot Framework, libdoc and IDEs see each with its type and default.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from inspect import Parameter, cleandoc, signature
from typing import Any, TypeVar, get_type_hints

from smtpmock import query
from smtpmock.query import CRITERIA
from smtpmock.settings import NAMED, Settings, from_text
from SMTPMockLibrary.types import Address, Header, Moment, Name, Names, Secret, Text

Method = TypeVar("Method", bound=Callable[..., Any])

RECORDING = {"multiple_rcptto": True, "multiple_message_receiving": True}
"""What a test expects: everything is recorded."""

_CRITERION_TYPES: Mapping[Any, Any] = {
    query.match_text: Text | None,
    query.match_address: Address | None,
    query.match_name: Name | None,
    query.match_text_exactly: Name | None,
    query.match_size: int | str | None,
}
_OTHER_CRITERIA: Mapping[str, tuple[Any, Any]] = {
    "header": (Header | None, None),
    "consistent": (bool | None, True),
    "since": (Moment | None, None),
}
_SESSION_CRITERIA: Mapping[str, tuple[Any, Any]] = {
    "client": (Name | None, None),
    "helo_name": (Name | None, None),
    "since": (Moment | None, None),
}


def spelled_out(method: Method, parameters: Iterable[Parameter]) -> Method:
    """The method with its ``**words`` replaced by parameters in what it says of itself; its own ones come first."""
    said = signature(method)
    own = [parameter for parameter in said.parameters.values() if parameter.kind is not Parameter.VAR_KEYWORD]
    names = {parameter.name for parameter in own}
    full = said.replace(parameters=[*own, *(parameter for parameter in parameters if parameter.name not in names)])
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
    words = {word: (_CRITERION_TYPES[found.matcher], None) for word, found in CRITERIA.items()}
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


# Settings.


def takes_settings(method: Method) -> Method:
    """Spells out the settings of a server, and puts the table of their meanings into the documentation."""
    hints = get_type_hints(Settings)
    method.__doc__ = cleandoc(method.__doc__ or "").replace("%SETTINGS%", _table())
    return spelled_out(method, (_by_name(name, _setting_type(name, hints[name]), _default(name)) for name in NAMED))


def setting_values(words: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that were given, as values: what is text is read as on the command line.

    Raises:
        SettingError: If a value is not allowed.
    """
    values: dict[str, Any] = dict(RECORDING)
    for name, value in words.items():
        if Secret is not None and isinstance(value, Secret):
            value = value.value
        if value is not None:
            values[name] = from_text(name, value) if isinstance(value, str) else value
    return values


def _setting_type(name: str, hint: Any) -> Any:
    if NAMED[name].metadata["kind"].is_secret:
        return str | dict if Secret is None else Secret | str | dict
    known = {float: timedelta, tuple[str, ...]: Names}
    return known.get(hint, hint)


def _default(name: str) -> Any:
    default = RECORDING.get(name, NAMED[name].default)
    if isinstance(default, float):
        return f"{default:g} s"
    return ",".join(default) if isinstance(default, tuple) else default


def _table() -> str:
    rows = (f"| {name} | {declared.metadata['meaning']} |" for name, declared in NAMED.items())
    return "\n".join(("| =Setting= | =Meaning= |", *rows))
