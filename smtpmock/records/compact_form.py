"""The stored facts as compact JSON: a list of the fields in their order, which is written and read fast.

The content of a message is left out, because stores keep bytes as they are. Bytes are written in base64, sets as sorted
lists. Fields at the end that have a default may be missing, so what was written before a field was added can be read.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from functools import lru_cache, partial
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, TypeVar, Union, get_args, get_origin

from smtpmock.mail.content import Content
from smtpmock.records.json_form import field_types, hashable
from smtpmock.records.message import MessageRecord

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_CONTENT = MessageRecord._fields.index("content")


def to_compact(facts: object) -> str:
    """Return facts, or a list of them, as JSON in ASCII.

    Example:
        >>> from smtpmock.records.session import Observation
        >>> to_compact([Observation("bare-lf-command", 2)])
        '[["bare-lf-command",2]]'
    """
    return _encode(facts)


def from_compact(kind: type[T], text: str) -> T:
    """Return the fact that was written with `to_compact`.

    Args:
        kind: The kind of fact, or `tuple[Exchange, ...]` for a list of exchanges.
        text: The JSON.

    Raises:
        ValueError: If it is no such fact.

    Example:
        >>> from smtpmock.records.session import Observation
        >>> from_compact(Observation, '["bare-lf-command"]')
        Observation(code='bare-lf-command', exchange=0)
    """
    read = reader(kind)  # type: ignore[arg-type]  # a list is no type to mypy
    try:
        return read(json.loads(text)) if read is not None else json.loads(text)  # type: ignore[no-any-return]  # of the kind
    except (LookupError, TypeError) as error:
        raise ValueError(f"Invalid {getattr(kind, '__name__', kind)}: {error}") from error


def message_from_compact(text: str, raw: bytes) -> MessageRecord:
    """Return the record of a message.

    Args:
        text: The record as JSON.
        raw: Its content.

    Raises:
        ValueError: If it is no such record.
    """
    fields = json.loads(text)
    try:
        fields[_CONTENT] = Content(raw)
        return reader(MessageRecord)(fields)  # type: ignore[misc,no-any-return]  # a record always has a reader
    except (LookupError, TypeError) as error:
        raise ValueError(f"Invalid MessageRecord: {error}") from error


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Content):
        return ""
    raise TypeError(f"{type(value).__name__} is no part of a stored fact")


_encode = json.JSONEncoder(default=_plain, check_circular=False, separators=(",", ":")).encode


@lru_cache(None)
def reader(kind: Any) -> Callable[[Any], Any] | None:
    """Return the function that makes a value of a type from what JSON has; None if it is that already."""
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        [optional] = [part for part in get_args(kind) if part is not NoneType]
        read = reader(optional)
        return read and (lambda value: None if value is None else read(value))
    if hasattr(kind, "_fields"):
        return _fields_reader(kind)
    if origin is tuple:
        return _items_reader(get_args(kind))
    if origin is frozenset:
        return frozenset
    if kind is bytes:
        return b64decode
    return hashable if kind is Any else None


def _fields_reader(kind: Any) -> Callable[[list[Any]], Any]:
    types = enumerate(field_types(kind).values())
    readers = [(place, read_field) for place, part in types if (read_field := reader(part)) is not None]

    def read(values: list[Any]) -> Any:
        for place, read_field in readers:
            if place < len(values):
                values[place] = read_field(values[place])
        return kind(*values)

    return read


def _read_all(read: Callable[[Any], Any], values: list[Any]) -> tuple[Any, ...]:
    return tuple(map(read, values))


def _items_reader(types: tuple[Any, ...]) -> Callable[[list[Any]], tuple[Any, ...]]:
    readers = [reader(kind) for kind in types if kind is not Ellipsis]
    if types[-1] is Ellipsis:
        one = readers[0]
        return tuple if one is None else partial(_read_all, one)
    return lambda values: tuple(
        value if read is None else read(value) for read, value in zip(readers, values, strict=True)
    )
