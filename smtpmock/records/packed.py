"""The stored facts as compact JSON, for stores: a record is the list of its fields, bytes are in base64.

Fields at the end that have their defaults are left out. What a later version adds to a record has a default and comes
last, so what an earlier one wrote can be read, too.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from functools import lru_cache, partial
from json.encoder import encode_basestring_ascii
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, TypeVar, Union, get_args, get_origin

from smtpmock.mail.content import Content
from smtpmock.records.exchange import Cause, Exchange
from smtpmock.records.json_form import field_types, hashable
from smtpmock.records.message import NO_CONTENT, MessageRecord
from smtpmock.records.session import Negotiated, Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Converter = Callable[[Any], Any]
    Writer = Callable[[Any], str]
    T = TypeVar("T", bound=tuple[Any, ...])

_MOST_REMEMBERED = 512
"""The texts of records that are kept: an exchange is written for its session, and once more in its message."""


def pack(record: Any) -> str:
    """Return a record, or several of one kind, as text; a message without its content.

    Example:
        >>> from smtpmock.records.session import Observation
        >>> pack(Observation("no-quit", 7))
        '["no-quit",7]'
    """
    kind: Any = type(record)
    if hasattr(kind, "_fields"):
        return _writer(kind)(record)
    if not record:
        return "[]"
    kind = type(record[0])
    return _array(map(_writer(kind), record))


def pack_texts(texts: Iterable[str]) -> str:
    """Return texts as a list, in a third of the time that `json` takes.

    Example:
        >>> pack_texts(["a", "b"])
        '["a","b"]'
    """
    return _array(map(encode_basestring_ascii, texts))


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


_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def _array(texts: Iterable[str]) -> str:
    return f"[{','.join(texts)}]"


_REQUIRED = object()
_WORDS = {True: "true", False: "false"}
_SIMPLE: dict[type, Writer] = {
    str: encode_basestring_ascii,
    int: repr,
    float: repr,
    bool: _WORDS.__getitem__,
}


@lru_cache(None)
def _writer(kind: Any) -> Writer:
    """Return a function that writes a record as the list of its fields."""
    writers = [_value_writer(one) for one in field_types(kind).values()]
    defaults = tuple(kind._field_defaults.get(name, _REQUIRED) for name in kind._fields)

    def write(record: Any) -> str:
        count = len(defaults)
        while count and record[count - 1] == defaults[count - 1]:
            count -= 1
        return _array([writer(value) for writer, value in zip(writers, record[:count])])  # noqa: B905  # stops there

    if kind is MessageRecord:
        return partial(_write_message, write)
    return lru_cache(_MOST_REMEMBERED)(partial(_write_exchange, write) if kind is Exchange else write)


def _write_exchange(write: Writer, record: Exchange) -> str:
    """Return the same text in a quarter of the time, for the most frequent records in their most frequent form."""
    request, reply, timestamp, delay, accepted, stage, cause, number, argument, parameters, octets = record
    if parameters or octets:
        return write(record)
    written_reply, rest = _write_answer(reply, delay, accepted, stage, cause)
    quote = encode_basestring_ascii
    end = "" if argument is None else f",{quote(argument)}"
    return f"[{quote(request)},{written_reply},{timestamp!r},{rest},{number}{end}]"


@lru_cache(_MOST_REMEMBERED)
def _write_answer(reply: str, delay: float, accepted: bool, stage: str, cause: Cause) -> tuple[str, str]:
    """Return the texts of the fields that most commands of a kind share: that of the reply, and those that follow."""
    quote = encode_basestring_ascii
    return quote(reply), f"{delay!r},{_WORDS[accepted]},{quote(stage)},{_writer(Cause)(cause)}"


def _write_message(write: Writer, record: MessageRecord) -> str:
    """Return the same text in half of the time, for a message to which nothing was added after its end."""
    (
        record_id,
        origin,
        negotiated,
        helo,
        mailfrom,
        rcptto,
        is_accepted,
        data,
        end,
        rset,
        noop,
        quit_sent,
        sender,
        recipients,
        refused,
        _,
        undotted,
    ) = record
    if helo is None or mailfrom is None or data is None or end is None:
        return write(record)
    if rset is not None or noop or quit_sent or refused or undotted:
        return write(record)
    quote, exchange = encode_basestring_ascii, _writer(Exchange)
    return (
        f"[{quote(record_id)},{_writer(Origin)(origin)},{_writer(Negotiated)(negotiated)},{exchange(helo)},"
        f"{exchange(mailfrom)},{_array(map(exchange, rcptto))},{_WORDS[is_accepted]},{exchange(data)},"
        f'{exchange(end)},null,false,false,{quote(sender)},{pack_texts(recipients)},[],""]'
    )


def _value_writer(kind: Any) -> Writer:
    """Return a function that writes a value of a type."""
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        [kind] = [part for part in get_args(kind) if part is not NoneType]
        write = _value_writer(kind)
        return lambda value: "null" if value is None else write(value)
    if hasattr(kind, "_fields"):
        return _writer(kind)
    if origin is tuple and get_args(kind)[-1] is Ellipsis:
        item = _value_writer(get_args(kind)[0])
        return lambda values: _array(map(item, values)) if values else "[]"
    if origin is frozenset:
        return lambda values: _encode(sorted(values))
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    if kind is bytes:
        return lambda value: f'"{b64encode(value).decode()}"' if value else '""'
    if kind is Content:
        return lambda _: '""'
    return _encode


@lru_cache(None)
def _maker(kind: Any) -> Converter:
    """Return a function that makes a record from the list of its fields."""
    if kind is Cause:
        return _read_cause
    converters = [(place, _converter(one)) for place, one in enumerate(field_types(kind).values())]
    make = partial(_make, kind, [(place, convert) for place, convert in converters if convert is not None])
    return partial(_read_exchange, make) if kind is Exchange else make


def _read_exchange(make: Converter, fields: list[Any]) -> Exchange:
    """Return the same record in half of the time, for the most frequent records in their most frequent form."""
    count = len(fields)
    if count not in (_NUMBER + 1, _NUMBER + 2):  # it has parameters or octets, or no cause
        return make(fields)  # type: ignore[no-any-return]
    fields[_CAUSE] = _same_cause(*fields[_CAUSE])
    return tuple.__new__(Exchange, (*fields, *_REST[count - _NUMBER - 1 :]))


def _read_cause(fields: list[Any]) -> Cause:
    return _same_cause(*fields)


_same_cause = lru_cache(_MOST_REMEMBERED)(Cause)
"""Returns a cause; thousands of exchanges that have the same one share it."""

_CAUSE, _NUMBER = Exchange._fields.index("cause"), Exchange._fields.index("number")
_REST = tuple(Exchange._field_defaults[name] for name in Exchange._fields[_NUMBER + 1 :])


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
