"""The stored facts as JSON: bytes are written in base64, sets as sorted lists, everything else as it is."""

from __future__ import annotations

from base64 import b64decode, b64encode
from functools import lru_cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from smtpmock.mail.content import Content
from smtpmock.records import exchange, message, session

if TYPE_CHECKING:
    from smtpmock.records.exchange import Exchange
    from smtpmock.records.message import MessageRecord
    from smtpmock.records.session import SessionRecord

    _Record = TypeVar("_Record", Exchange, MessageRecord, SessionRecord)

_NAMES = {**vars(exchange), **vars(message), **vars(session)}  # which annotations use


def to_json(record: Exchange | MessageRecord | SessionRecord) -> dict[str, Any]:
    """Return a record as what `json.dumps` takes.

    Args:
        record: The record.

    Example:
        >>> from smtpmock.records.exchange import Exchange
        >>> to_json(Exchange("NOOP", "250 Ok", 1.5, octets=b"NOOP"))["octets"]
        'Tk9PUA=='
    """
    written: dict[str, Any] = _written(record)
    return written


def from_json(kind: type[_Record], written: Any) -> _Record:
    """Return the record that was written with `to_json`. What has a default may be missing.

    Args:
        kind: The kind of record.
        written: The result of `json.loads`.

    Raises:
        ValueError: If it is no such record; the text names the field.

    Example:
        >>> from smtpmock.records.exchange import Exchange
        >>> from_json(Exchange, {"request": "NOOP", "reply": "250 Ok", "timestamp": 1.5}).reply
        '250 Ok'
    """
    read: _Record = _read(kind, written, kind.__name__)
    return read


def _written(value: Any) -> Any:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, Content):
        return _written(value.raw)
    if hasattr(value, "_fields"):
        return {name: _written(part) for name, part in zip(value._fields, value, strict=True)}
    if isinstance(value, frozenset):
        return sorted(value)
    return list(map(_written, value)) if isinstance(value, tuple) else value


@lru_cache(None)
def field_types(kind: Any) -> dict[str, Any]:
    """Return the type of each field of a record."""
    return get_type_hints(kind, localns=_NAMES)


def _read(kind: Any, value: Any, where: str) -> Any:
    """Return a value of a type; `where` names it in errors."""
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        [optional] = [part for part in get_args(kind) if part is not NoneType]
        return None if value is None else _read(optional, value, where)
    if hasattr(kind, "_fields"):
        return _read_record(kind, value, where)
    if origin in (tuple, frozenset):
        return origin(_read_items(get_args(kind), _checked(value, list, "a list", where), where))
    if kind is bytes or kind is Content:
        return kind(_read_bytes(value, where))
    if kind is float:
        return float(_checked(value, int | float, "a number", where))
    return hashable(value) if kind is Any else _checked(value, kind, f"a value of type {kind.__name__}", where)


def _read_record(kind: Any, value: Any, where: str) -> Any:
    fields = _checked(value, dict, "an object", where)
    types = field_types(kind)
    for name in fields:
        if name not in types:
            raise ValueError(f"Unknown field {name!r} in {where}: expected one of {', '.join(types)}")
    for name in types:
        if name not in fields and name not in kind._field_defaults:
            raise ValueError(f"Missing field {name!r} in {where}")
    return kind(**{name: _read(types[name], part, f"{where}.{name}") for name, part in fields.items()})


def _read_items(types: tuple[Any, ...], items: list[Any], where: str) -> list[Any]:
    if len(types) == 1 or types[-1] is Ellipsis:
        types = types[:1] * len(items)
    elif len(types) != len(items):
        raise ValueError(f"Invalid {where}: expected {len(types)} items, got {len(items)}")
    return [_read(kind, item, f"{where}[{place}]") for place, (kind, item) in enumerate(zip(types, items, strict=True))]


def _read_bytes(value: Any, where: str) -> bytes:
    text = _checked(value, str, "a text in base64", where)
    try:
        return b64decode(text, validate=True)
    except ValueError:
        raise ValueError(f"Invalid {where}: expected a text in base64") from None


def _checked(value: Any, kind: Any, expected: str, where: str) -> Any:
    if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return value
    raise ValueError(f"Invalid {where}: expected {expected}, got {type(value).__name__}")


def hashable(value: Any) -> Any:
    """Return a value of any type as it was before it was written: JSON has no tuples."""
    return tuple(map(hashable, value)) if isinstance(value, list) else value
