"""The settings as keyword arguments, for type checkers: their types are those of the values that are accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

from smtpmock import Settings
from smtpmock.settings import values
from smtpmock.settings.declarations import SETTINGS
from smtpmock.settings.words import SettingWords
from smtpmock.text import alternatives

TYPES: dict[values.ValueType, Any] = {
    values.HOST: str,
    values.PORT: int,
    values.SWITCH: bool,
    values.SECONDS: float | timedelta,
    values.TIMEOUT: float | timedelta,
    values.BYTES: int,
    values.NAMES: Iterable[str],
    values.COUNT: int | None,
    values.PATH: str,
    values.CIPHERS: str,
    values.LOGIN: str,
    values.ADDRESS: str,
    values.PROFILE: str,
    values.OPTIONAL_HOST: str,
    values.OPTIONAL_PORT: int | None,
    values.EXTENSIONS: Iterable[str],
    values.ACCOUNTS: Literal["any"] | Mapping[str, str] | Callable[[str, str], object] | None,
    values.MECHANISMS: Iterable[str],
    values.OPTIONAL_SWITCH: bool | None,
    values.REPLY: str,
    values.AGE: float | timedelta | None,
    values.STORE: str,
}
SAMPLES: dict[Any, list[Any]] = {
    str: ["x", ""],
    int: [2, 0],
    bool: [True, False],
    float: [0.5, 1],
    timedelta: [timedelta(seconds=1)],
    Iterable[str]: [[], iter(())],
    NoneType: [None],
    Mapping[str, str]: [{"bob": "secret"}],
    Callable[[str, str], object]: [lambda user, secret: user == secret],
}

TEXTS_OF_A_FORM: dict[values.ValueType, list[Any]] = {
    values.LOGIN: ["bob:secret", "bob:", ""],
    values.PROFILE: ["outage", ""],
    values.ADDRESS: ["mail.example:25", "[::1]:2525", ""],
    values.STORE: ["memory:", "sqlite:///mails.db", "sqlite:////var/mails.db", "redis://localhost:6379/0", ""],
}


def parts(hint: Any) -> tuple[Any, ...]:
    """Return the members of a union or the words of a Literal, or the type itself."""
    if get_origin(hint) in (Union, UnionType):
        return tuple(part for member in get_args(hint) for part in parts(member))
    return get_args(hint) if get_origin(hint) is Literal else (hint,)


def test_the_keyword_arguments_are_the_settings_in_order() -> None:
    assert list(get_type_hints(SettingWords)) == list(SETTINGS)


@pytest.mark.parametrize(("name", "hint"), get_type_hints(SettingWords).items())
def test_a_keyword_argument_has_the_type_that_its_setting_accepts(name: str, hint: Any) -> None:
    value_type = SETTINGS[name].type
    if value_type in TYPES:
        assert hint == TYPES[value_type]
    else:
        words = [part for part in parts(hint) if part not in ("", NoneType)]
        assert value_type.expected == alternatives(words)
    for part in parts(hint):
        for value in [part] if isinstance(part, str) else TEXTS_OF_A_FORM.get(value_type) or SAMPLES[part]:
            Settings(**{name: value})
