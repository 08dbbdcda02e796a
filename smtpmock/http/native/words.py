"""The criteria of queries as parameters of requests, made of their declarations, and what lists are asked for with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from smtpmock.errors import QueryError
from smtpmock.http.native.expressions import from_text
from smtpmock.http.native.forms import FORMS, INCLUDES
from smtpmock.http.parameters import HIGHEST, Parameter
from smtpmock.queries.criteria import CRITERIA, INSTEAD, MESSAGE_WORDS, SESSION_WORDS
from smtpmock.queries.query import Mark
from smtpmock.queries.terms import AllOf
from smtpmock.text import alternatives, invalid, quote, unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from smtpmock.http.native.operations import Call
    from smtpmock.mailbox.mailbox import Mailbox
    from smtpmock.messages.message import Message

MOST_LISTED = 1_000
"""The most items of a list in one answer."""

_SEARCH = "q"
"""The parameter that takes Mailpit's search language, the criterion `search`."""

_OUTCOMES = {"true": True, "false": False, "any": None}
_FLAGS = {"true": True, "false": False}
_WITH_TEXT = ("text", "address", "name", "user", "header", "size")
_MARK = re.compile(r"m([0-9]{1,18})-s([0-9]{1,18})")
_TEXT = {"type": "string"}


def _integer(lowest: int, highest: int) -> Any:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or len(text) > 19 or not lowest <= int(text) <= highest:
            raise ValueError(text)
        return int(text)

    return read


def integer(name: str, meaning: str, lowest: int, highest: int) -> Parameter:
    """Return the declaration of a parameter whose values are integers."""
    return Parameter(
        name,
        meaning,
        {"type": "integer", "minimum": lowest, "maximum": highest},
        _integer(lowest, highest),
        f"an integer from {lowest} to {highest}",
    )


def seconds(name: str, meaning: str, highest: float) -> Parameter:
    """Return the declaration of a parameter whose values are numbers of seconds."""

    def read(text: str) -> float:
        value = float(text)
        if not 0 <= value <= highest:
            raise ValueError(text)
        return value

    schema = {"type": "number", "minimum": 0, "maximum": highest}
    return Parameter(name, meaning, schema, read, f"a number of seconds from 0 to {highest:g}")


def choice(name: str, meaning: str, choices: Sequence[str]) -> Parameter:
    """Return the declaration of a parameter whose values are words."""

    def read(text: str) -> str:
        if text not in choices:
            raise QueryError(unknown(name, text, choices))
        return text

    return Parameter(name, meaning, {"type": "string", "enum": list(choices)}, read, alternatives(choices))


def flag(name: str, meaning: str) -> Parameter:
    """Return the declaration of a parameter that is true or false."""
    schema = {"type": "boolean", "default": False}
    return Parameter(name, meaning, schema, _keyed(_FLAGS.__getitem__), alternatives(tuple(_FLAGS)))


def _header(text: str) -> tuple[str, Any]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise ValueError(text)
    return name.strip(), from_text(value.strip())


def _names(text: str) -> list[str]:
    return [item for item in text.split(",") if item]


def _listed(choices: Sequence[str], what: str = "include") -> Any:
    def read(text: str) -> list[str]:
        for item in (items := _names(text)):
            if item not in choices:
                raise QueryError(unknown(what, item, choices))
        return items

    return read


def _criterion(word: str) -> Parameter:
    """Return the parameter for a criterion, whose own name is an alias if the parameter has another."""
    parameter = _parameter(word)
    tried = (word, *(alias for alias, used in INSTEAD.items() if used == word))
    return parameter._replace(aliases=tuple(name for name in tried if name != parameter.name))


def _parameter(word: str) -> Parameter:
    criterion = CRITERIA[word]
    meaning = f"{criterion.meaning[:1].upper()}{criterion.meaning[1:]}"
    if word == "accepted":
        read = _OUTCOMES.__getitem__
        schema = {"type": "string", "enum": list(_OUTCOMES), "default": "true"}
        return Parameter(word, "The outcome: any for both", schema, _keyed(read), alternatives(tuple(_OUTCOMES)))
    if word == "since":
        return Parameter(word, "Only what came after this mark, or after the message with this id", _TEXT)
    if criterion.kind == "header":
        return Parameter(word, "A header, as Name: value", _TEXT, _header, "Name: value", repeated=True)
    if criterion.kind == "id":
        return Parameter(word, meaning, _TEXT, repeated=True)
    if criterion.kind == "search":
        return Parameter(_SEARCH, meaning, _TEXT)
    if criterion.kind == "flag":
        return flag(word, meaning)
    if criterion.kind == "size":
        return Parameter(word, f"{meaning}, or a comparison such as >=1000", _TEXT)
    return Parameter(word, f"{meaning}; * stands for any text, REGEXP: begins an expression", _TEXT, from_text)


def _further(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or name not in CRITERIA or CRITERIA[name].kind not in _WITH_TEXT:
        raise ValueError(text)
    return name, _criterion(name).read(value)


def _keyed(read: Any) -> Any:
    def convert(text: str) -> Any:
        try:
            return read(text)
        except KeyError:
            raise ValueError(text) from None

    return convert


_ALSO = Parameter(
    "also",
    "A second value that has to match as well, as name=value, for a criterion that is given already",
    _TEXT,
    _further,
    "name=value",
    repeated=True,
)
QUERY = (*map(_criterion, MESSAGE_WORDS), _ALSO)
"""The criteria for messages."""

SESSION_QUERY = (*map(_criterion, SESSION_WORDS), _ALSO)
"""The criteria for sessions."""

INCLUDE = Parameter(
    "include",
    f"What lists leave out unless it is asked for: {', '.join(INCLUDES)}, separated by commas",
    _TEXT,
    _listed(INCLUDES),
    alternatives(INCLUDES),
)


def fields(*kinds: type) -> Parameter:
    """Return the declaration of the parameter for the attributes that the items of a list are to have.

    Args:
        *kinds: The classes that the items can be of.
    """
    names = tuple(dict.fromkeys(name for kind in kinds for name in FORMS[kind].names))
    return Parameter(
        "fields",
        "The attributes to return, separated by commas; unless given, all but what `include` adds",
        _TEXT,
        _listed(names, "field"),
        "names of attributes, separated by commas",
    )


AFTER = integer("after", "The number after which the list begins: `next` of the list before", 0, HIGHEST)
BEFORE = integer(
    "before", "The number before which the list ends: then it has the newest ones, up to `limit`", 1, HIGHEST
)
LIMIT = integer("limit", "The most items to return, 50 unless given", 1, MOST_LISTED)
LIMIT_OF_TAKEN = integer("limit", "The most messages to return, 50 unless given; there is no next page", 1, 10**9)


def messages_query(call: Call) -> dict[str, Any]:
    """Return the criteria for messages in a request, as keyword arguments of the Python API.

    Raises:
        QueryError: If one is invalid.
    """
    return query_words(call.context.mailbox, call.values, MESSAGE_WORDS)


def sessions_query(call: Call) -> dict[str, Any]:
    """Return the criteria for sessions in a request, as keyword arguments of the Python API.

    Raises:
        QueryError: If one is invalid.
    """
    return query_words(call.context.mailbox, call.values, SESSION_WORDS)


def query_words(mailbox: Mailbox, values: Mapping[str, Any], known: Iterable[str]) -> dict[str, Any]:
    """Return criteria as keyword arguments of the Python API.

    Args:
        mailbox: The mailbox that knows the messages which `since` can name.
        values: The values of the parameters.
        known: The criteria.

    Raises:
        QueryError: If one is invalid.
    """
    words: dict[str, Any] = {}
    for word in known:
        name = _SEARCH if word == "search" else word
        if name not in values:
            continue
        value = values[name]
        if word == "since":
            value = moment(mailbox, value, of_messages="accepted" in known)
        elif word == "header":
            value = _headers(value)
        words[word] = value
    for name, value in values.get(_ALSO.name, ()):
        if name not in words:
            raise QueryError(f"Invalid also {quote(name)}: expected a criterion that is given already")
        further = _headers([value]) if name == "header" else value
        words[name] = AllOf((*(words[name] if isinstance(words[name], AllOf) else (words[name],)), further))
    return words


def _headers(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise QueryError(f"The header {quote(name)} is given twice")
        found[name] = value
    return found


def moment(mailbox: Mailbox, text: str, *, of_messages: bool = True) -> Mark | Message:
    """Return a mark, or the message with an id.

    Args:
        mailbox: The mailbox.
        text: The mark or the id as text.
        of_messages: True if a message will do.

    Raises:
        QueryError: If it is neither.
    """
    match = _MARK.fullmatch(text)
    if match is not None:
        return Mark(int(match[1]), int(match[2]))
    found = mailbox.messages(id=text, accepted=None) if of_messages else []
    if found:
        return found[0]
    expected = "a mark, or the id of a message that is there" if of_messages else "a mark"
    raise QueryError(invalid("since", text, expected))


def format_mark(mark: Mark) -> str:
    """Return a mark as text.

    Example:
        >>> format_mark(Mark(3, 2))
        'm3-s2'
    """
    return f"m{mark.message}-s{mark.session}"
