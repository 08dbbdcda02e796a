"""Parameters in the query of a URL: how they are declared, read and refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from smtpmock.errors import QueryError
from smtpmock.text import invalid, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

HIGHEST = 10**18
"""A number that no message and no session reaches."""


class Parameter(NamedTuple):
    """A parameter.

    Attributes:
        name: Its name.
        meaning: Its meaning, for people.
        schema: The JSON schema of its text.
        read: The function that converts its text; it raises `ValueError` if the text is invalid.
        expected: The valid texts, in the words that end an error.
        repeated: True if it may be given more than once; its value is then a list.
        aliases: Names that users may try instead; the error about them names this one.
    """

    name: str
    meaning: str
    schema: Mapping[str, Any]
    read: Callable[[str], Any] = str
    expected: str = "a text"
    repeated: bool = False
    aliases: tuple[str, ...] = ()


def read_parameters(declared: Sequence[Parameter], pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return the values of the parameters that were given.

    Args:
        declared: The parameters that the operation has.
        pairs: The names and texts in the query.

    Raises:
        QueryError: If one is unknown, is given twice, or its text is invalid.

    Example:
        >>> limit = Parameter("limit", "the most to return", {"type": "integer"}, int, "an integer")
        >>> read_parameters([limit], [("limit", "5")])
        {'limit': 5}
    """
    by_name = {parameter.name: parameter for parameter in declared}
    values: dict[str, Any] = {}
    for name, text in pairs:
        parameter = by_name.get(name)
        if parameter is None:
            if not by_name:
                raise QueryError(f"Unknown parameter {name!r}: there are none here")
            instead = {alias: known for known, parameter in by_name.items() for alias in parameter.aliases}
            raise QueryError(unknown("parameter", name, by_name, instead))
        try:
            value = parameter.read(text)
        except ValueError as error:
            if isinstance(error, QueryError):
                raise
            raise QueryError(invalid(name, text, parameter.expected)) from None
        if parameter.repeated:
            values.setdefault(name, []).append(value)
        elif name in values:
            raise QueryError(f"The parameter {name} is given twice")
        else:
            values[name] = value
    return values
