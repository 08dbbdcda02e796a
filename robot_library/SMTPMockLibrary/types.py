"""The types of arguments, as libdoc shows them, and the conversion of text in tests to these types."""

import re
from ast import literal_eval
from typing import Any, Literal

from SMTPMockLibrary.api import STAGES, THEN, Mark, Message, Rule

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
    """A text or a pattern.

    A plain text must be contained. A text with ``*`` must match as a whole, where ``*`` stands for any characters.
    ``REGEXP:`` starts a regular expression, which is searched for.
    """


class Address:
    """An email address or a pattern.

    A plain address must be equal. In a pattern such as ``*@example.com``, ``*`` stands for any characters.
    ``REGEXP:`` starts a regular expression, which is searched for.
    """


class Name:
    """The name of a host or user, or a pattern.

    A plain name must be equal. In a pattern, ``*`` stands for any characters. ``REGEXP:`` starts a regular
    expression, which is searched for.
    """


class Header:
    """A header as ``Name: value``, or a dictionary of names and values. The values are matched like `Text`."""


class Moment:
    """A mark returned by `Get Mark`, or a message. Only what arrived later matches."""


class Names:
    """A list, or text separated by commas such as ``a@example.com,b@example.com``."""


class Stage:
    """The stage of the session at which a rule applies: one of %s. Case-insensitive."""


Stage.__doc__ = str(Stage.__doc__) % ", ".join(STAGES)


Then: Any = Literal[THEN]


def pattern(value: object) -> Any:
    """Compile the value if it is a regular expression, and return it unchanged otherwise."""
    if isinstance(value, str) and value.startswith(_REGEXP):
        try:
            return re.compile(value[len(_REGEXP) :])
        except re.error as error:
            raise ValueError(f"Invalid regular expression: {error}.") from None
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
        raise ValueError("Expected a mark returned by Get Mark, or a message.")
    return value


def _names(value: object) -> Any:
    if isinstance(value, str):
        return [name.strip() for name in value.split(",") if name.strip()]
    return value


def _message(value: object) -> Message:
    raise ValueError("Expected a message, as returned by Get Message or Wait For Message.")


def _rule(value: object) -> Rule:
    raise ValueError("Expected a rule, as returned by Reply To Command and similar keywords.")


_CONVERSIONS: dict[type, Any] = {
    Text: pattern,
    Address: pattern,
    Name: pattern,
    Header: _header,
    Moment: _moment,
    Names: _names,
    Stage: str,
}


def _converter(kind: type, conversion: Any) -> Any:
    """Return a separate converter for each type, because libdoc shows the docstring of the converter."""

    def convert(value: object) -> Any:
        return conversion(value)

    convert.__doc__ = kind.__doc__
    return convert


CONVERTERS = {
    Message: _converter(Message, _message),
    Rule: _converter(Rule, _rule),
    **{kind: _converter(kind, conversion) for kind, conversion in _CONVERSIONS.items()},
}
"""The converters that Robot Framework calls for arguments of these types."""
