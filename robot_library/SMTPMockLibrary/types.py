"""The types of arguments, as libdoc shows them, and the conversion of text in tests to these types."""

import re
from ast import literal_eval
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from SMTPMockLibrary.api import (
    CRITERIA,
    FAULTS,
    RULE_WORDS,
    SETTINGS,
    STAGES,
    STANDARDS,
    THEN,
    Mark,
    Message,
    Rule,
    unknown,
)
from SMTPMockLibrary.comparing import AssertionOperator

__all__ = [
    "CONVERTERS",
    "Address",
    "Alias",
    "Codes",
    "Faults",
    "Header",
    "LogLevel",
    "Moment",
    "Name",
    "Names",
    "Operator",
    "ReplyLine",
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

_NAMED = re.compile(r"([A-Za-z_]\w*)=")
"""A named argument: Robot Framework passes one whose name it does not know as a positional argument."""


if TYPE_CHECKING:  # their converters return texts, compiled expressions, lists, dictionaries and members of enums
    Text: TypeAlias = Any
    Address: TypeAlias = Any
    Name: TypeAlias = Any
    Header: TypeAlias = Any
    Moment: TypeAlias = Any
    Names: TypeAlias = Any
    Alias: TypeAlias = Any
    Codes: TypeAlias = Any
    Faults: TypeAlias = Any
    ReplyLine: TypeAlias = Any
    Operator: TypeAlias = Any
    Stage: TypeAlias = Any
else:

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

    class Alias:
        """The alias of a server: a text of one's choice."""

    class Codes:
        """Codes of violations of standards, as a list or separated by commas, such as ``missing-date, bare-lf``."""

    class Faults:
        """Names of faults of the survival matrix, as a list or separated by commas: ``deferred-once, half-reply``."""

    class ReplyLine:
        """A reply of the server, or a further line of it, such as ``550 5.1.1 User unknown``."""

    class Operator:
        """An operator of AssertionEngine, such as ``==``, ``!=``, ``>`` or ``<=``."""

    class Stage:
        """The stage of the session at which a rule applies: one of %s. Case-insensitive."""

    Stage.__doc__ = str(Stage.__doc__) % ", ".join(STAGES)


Then: Any = Literal[THEN]

LogLevel = Literal["TRACE", "DEBUG", "INFO", "WARN", "ERROR"]
"""A level of the log of Robot Framework."""


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


def _alias(value: object) -> Any:
    if isinstance(value, str) and (named := _NAMED.match(value)):
        raise ValueError(unknown("setting", named[1], SETTINGS))
    return value


def _codes(value: object) -> Any:
    codes = _names(value)
    for code in codes or ():
        if code not in STANDARDS:
            raise ValueError(unknown("violation", code, STANDARDS))
    return codes


def _faults(value: object) -> Any:
    names = _names(value)
    for name in names or ():
        if name not in FAULTS:
            raise ValueError(unknown("fault", name, FAULTS))
    return names


def _reply_line(value: object) -> Any:
    if isinstance(value, str) and (named := _NAMED.match(value)):
        if named[1] in RULE_WORDS:
            raise ValueError(f"This keyword does not accept the argument '{named[1]}': use Add Rule instead.")
        raise ValueError(unknown("word in a rule", named[1], RULE_WORDS))
    return value


def _stage(value: object) -> str:
    stages = {stage.lower(): stage for stage in STAGES}
    if str(value).lower() not in stages:
        raise ValueError(unknown("stage", value, STAGES))
    return stages[str(value).lower()]


def _operator(value: object) -> Any:
    if not isinstance(value, str) or AssertionOperator is str:
        return value
    try:
        return AssertionOperator[value]
    except KeyError:
        pass
    if named := _NAMED.match(value):
        raise ValueError(unknown("criterion", named[1], CRITERIA))
    if re.fullmatch(r"\s*-?\d+\s*", value):
        raise ValueError(f"Expected an operator before the number, such as ==    {value.strip()}.")
    raise ValueError(unknown("operator", value, AssertionOperator.__members__))


def _message(value: object) -> Message:
    raise ValueError("Expected a message, as returned by Get Message or Wait For Message.")


def _rule(value: object) -> Rule:
    raise ValueError("Expected a rule, as returned by Reply To Command and similar keywords.")


_CONVERSIONS: dict[type, Any] = {
    Alias: _alias,
    Codes: _codes,
    Faults: _faults,
    Operator: _operator,
    ReplyLine: _reply_line,
    Text: pattern,
    Address: pattern,
    Name: pattern,
    Header: _header,
    Moment: _moment,
    Names: _names,
    Stage: _stage,
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
