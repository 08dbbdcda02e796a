"""The types of arguments as libdoc shows them, and how text in a test becomes what they stand for."""

import re
from ast import literal_eval
from typing import Any, Literal

from smtpmock.messages.message import Message
from smtpmock.queries.query import Mark
from smtpmock.rules.rule import STAGES, THEN, Rule

__all__ = [
    "CONVERTERS",
    "Address",
    "Header",
    "Moment",
    "Name",
    "Names",
    "Secret",
    "Stage",
    "Text",
    "Then",
    "pattern",
]

try:
    from robot.api.types import Secret  # Robot Framework 7.4 or later
except ImportError:
    Secret = None

_REGEXP = "REGEXP:"


class Text:
    """A text: a plain one is contained, one with ``*`` is the whole, ``REGEXP:…`` is a regular expression."""


class Address:
    """A mail address: a plain one is equal, ``*@example.com`` is a pattern, ``REGEXP:…`` is a regular expression."""


class Name:
    """A name, as of a host or user: a plain one is equal, ``*`` stands for any text, ``REGEXP:…`` as elsewhere."""


class Header:
    """A header: ``Name: value``, or a dictionary of names and values; the values are like those of `Text`."""


class Moment:
    """A moment, as `Get Mark` returns it, or a message: what came after it is meant."""


class Names:
    """Texts: separated by commas, as in ``a@example.com,b@example.com``, or a list."""


class Stage:
    """When a rule is asked: one of %s; upper and lower case are the same."""


Stage.__doc__ = str(Stage.__doc__) % ", ".join(STAGES)


Then: Any = Literal[THEN]


def pattern(value: object) -> Any:
    """What is asked for, regular expressions compiled."""
    if isinstance(value, str) and value.startswith(_REGEXP):
        try:
            return re.compile(value[len(_REGEXP) :])
        except re.error as error:
            raise ValueError(f"The regular expression cannot be read: {error}.") from None
    return value


def _header(value: object) -> Any:
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = literal_eval(value)
    if isinstance(value, str) and ":" in value:
        name, _, content = value.partition(":")
        value = {name.strip(): content.strip()}
    if isinstance(value, dict):
        return {name: pattern(wanted) for name, wanted in value.items()}
    return value


def _moment(value: object) -> Any:
    if value is not None and not isinstance(value, Mark | Message):
        raise ValueError("It has to be a mark, as Get Mark returns it, or a message.")
    return value


def _names(value: object) -> Any:
    if isinstance(value, str):
        return [name.strip() for name in value.split(",") if name.strip()]
    return value


def _message(value: object) -> Message:
    raise ValueError("It has to be a message, as Get Message and Wait For Message return it.")


def _rule(value: object) -> Rule:
    raise ValueError("It has to be a rule, as Reply To Command and others return it.")


_READERS: dict[type, Any] = {
    Text: pattern,
    Address: pattern,
    Name: pattern,
    Header: _header,
    Moment: _moment,
    Names: _names,
    Stage: str,
}


def _reader(kind: type, read: Any) -> Any:
    """A converter of its own for each type: libdoc shows the text of the type."""

    def convert(value: object) -> Any:
        return read(value)

    convert.__doc__ = kind.__doc__
    return convert


CONVERTERS = {
    Message: _reader(Message, _message),
    Rule: _reader(Rule, _rule),
    **{kind: _reader(kind, read) for kind, read in _READERS.items()},
}
"""What Robot Framework calls for the values of these types."""
