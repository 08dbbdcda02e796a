"""The stored facts as compact JSON, for stores: a record is the list of its fields, bytes are in base64.

It takes a tenth of the time of `json_form`, which is for people and other programs. What a later version adds to a
record has a default and comes last, so a shorter list can be read, too.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from functools import lru_cache, partial
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, TypeVar, Union, get_args, get_origin

from smtpmock.mail.content import Content
from smtpmock.records.json_form import field_types, hashable
from smtpmock.records.message import NO_CONTENT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Converter = Callable[[Any], Any]
    T = TypeVar("T", bound=tuple[Any, ...])


def pack(record: Any) -> str:
    """Return a record, or a tuple of them, as text; a message without its content.

    Example:
        >>> from smtpmock.records.session import Observation
        >>> pack(Observation("no-quit", 7))
        '["no-quit",7]'
    """
    return _encode(record)


def unpack(kind: type[T], text: str | bytes) -> T:
    """Return the record that was written with `pack`.

    Raises:
        ValueError: If the text is no such record.

    Example:
        >>> from smtpmock.records.session import Observation
        >>> unpack(Observation, '["no-quit",7]')
        Observation(code='no-quit', exchange=7)
    """
    try:
        record: T = _maker(kind)(json.loads(text))
    except (LookupError, TypeError) as error:
        raise ValueError(f"Invalid {kind.__name__}: {error}") from error
    return record


def unpack_all(kind: type[T], text: str | bytes) -> tuple[T, ...]:
    """Return the tuple of records that was written with `pack`.

    Raises:
        ValueError: If the text is no such tuple.
    """
    try:
        return tuple(map(_maker(kind), json.loads(text)))
    except (LookupError, TypeError) as error:
        raise ValueError(f"Invalid list of {kind.__name__}: {error}") from error


def _default(value: object) -> Any:
    if isinstance(value, bytes):
        return b64encode(value).decode() if value else ""
    if isinstance(value, Content):
        return ""
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} cannot be stored")


_encode = json.JSONEncoder(separators=(",", ":"), default=_default, check_circular=False).encode


@lru_cache(None)
def _maker(kind: Any) -> Converter:
    """Return a function that makes a record from the list of its fields."""
    converters = [(place, _converter(one)) for place, one in enumerate(field_types(kind).values())]
    return partial(_make, kind, [(place, convert) for place, convert in converters if convert is not None])


def _make(kind: Any, converters: Sequence[tuple[int, Converter]], fields: list[Any]) -> Any:
    for place, convert in converters:
        if place < len(fields) and fields[place] is not None:
            fields[place] = convert(fields[place])
    return kind(*fields)


def _converter(kind: Any) -> Converter | None:
    """Return a function that makes a value of a type from what JSON has; None if it is the same."""
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        [kind] = [part for part in get_args(kind) if part is not NoneType]
        return _converter(kind)
    if hasattr(kind, "_fields"):
        return _maker(kind)
    if origin is tuple and get_args(kind)[-1] is Ellipsis:
        item = _converter(get_args(kind)[0])
        return tuple if item is None else lambda values: tuple(map(item, values))
    if origin in (tuple, frozenset):
        return frozenset if origin is frozenset else hashable
    if kind is bytes:
        return b64decode
    if kind is Content:
        return lambda _: NO_CONTENT
    return hashable if kind is Any else None
