"""Values of the Python API as JSON: the keys are the names of their public attributes.

What an object holds follows from its class: the fields of a tuple, the properties of the others. Messages and sessions
can have their stored form as well, from which Python makes the same objects.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import is_dataclass
from datetime import datetime, timezone
from functools import lru_cache
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from smtpmock.conformance.catalogue import Violation
from smtpmock.mail.attachments import Attachment
from smtpmock.mail.headers import Headers
from smtpmock.messages.message import Message
from smtpmock.messages.session import Session
from smtpmock.records.exchange import Cause, Exchange
from smtpmock.records.session import TLS, Attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

LARGE = {
    "raw": ("raw", "msg_request"),
    "exchanges": ("exchanges", "end_of_data"),
    "attachments": ("content",),
    "stored": ("stored",),
}
"""The attributes that each word of `include` adds to the entries of a list."""

_PLAIN = frozenset((str, bool, int, float, type(None)))

_MADE: Mapping[str, Callable[[Any], Any]] = {
    "stored": lambda value: value.to_json(),
    "messages": lambda session: [message.id for message in session.messages],
}
"""The attributes that are not those of the object."""

INCLUDES = tuple(LARGE)
"""The words of `include`."""

_LEFT_OUT: Mapping[type, Collection[str]] = {
    Message: ("email", "content", "raw_headers"),  # other forms of `raw`
    Exchange: ("timestamp", "octets", "setting", "rule", "then"),  # as `time`, as `request_bytes`, in `cause`
    TLS: ("certificate",),  # as `client_certificate`
}


class Form(NamedTuple):
    """The form of a class.

    Attributes:
        kind: The class.
        names: The names of its attributes.
    """

    kind: type
    names: tuple[str, ...]


def _form(kind: Any) -> Form:
    fields = list(getattr(kind, "_fields", ())) or list(kind.__dataclass_fields__ if is_dataclass(kind) else ())
    if kind is Message:
        fields.append("number")
    properties = [name for base in kind.__mro__ for name, value in vars(base).items() if isinstance(value, property)]
    if kind in (Message, Session):
        properties.append("stored")
    names = (name for name in (*fields, *properties) if name not in _LEFT_OUT.get(kind, ()))
    return Form(kind, tuple(names))


FORMS: Mapping[type, Form] = {
    kind: _form(kind) for kind in (Message, Session, Exchange, Cause, TLS, Attempt, Attachment, Violation)
}
"""The forms of the classes that answers are made of."""


def as_json(value: Any, include: Collection[str] = INCLUDES) -> Any:
    """Return a value as what `json.dumps` takes.

    Args:
        value: The value.
        include: The words for what is large; everything by default.

    Example:
        >>> as_json(Cause("msg_greeting"))["kind"]
        'setting'
    """
    return _written(value, frozenset(include))


def _written(value: Any, include: frozenset[str]) -> Any:
    kind = type(value)
    if kind in _PLAIN:
        return value
    return _WRITERS.get(kind, _inherited)(value, include)


def _inherited(value: Any, include: frozenset[str]) -> Any:
    """Return what the class of a value has inherited: whoever stops the clock for a test replaces `datetime`."""
    write = next(write for kind, write in _WRITERS.items() if isinstance(value, kind))
    return write(value, include)


def _sequence(values: Sequence[Any], include: frozenset[str]) -> list[Any]:
    return [part if type(part) in _PLAIN else _written(part, include) for part in values]


def _mapping(values: Mapping[str, Any], include: frozenset[str]) -> dict[str, Any]:
    return {name: _written(part, include) for name, part in values.items()}


def _whole(value: Any, include: frozenset[str]) -> dict[str, Any]:
    kind: Any = type(value)
    return _object(value, _names(kind, include), include)


def format_time(moment: datetime) -> str:
    """Return a time as in RFC 3339, in UTC; one without a zone ends in -00:00 (section 4.3).

    Example:
        >>> format_time(datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc))
        '2026-01-02T03:04:05Z'
    """
    if moment.tzinfo is None:
        return f"{moment.isoformat()}-00:00"
    try:
        return moment.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
    except OverflowError:  # the first or the last day of the calendar
        return moment.isoformat()


def fields_as_json(value: Any, fields: Sequence[str]) -> dict[str, Any]:
    """Return some attributes of a message or a session as what `json.dumps` takes.

    Args:
        value: The message or the session.
        fields: The names of the attributes, which are in its form.
    """
    return _object(value, tuple(fields), frozenset())


@lru_cache(None)
def _names(kind: type, include: frozenset[str]) -> tuple[str, ...]:
    """Return the names of the attributes that the JSON of a value has."""
    left_out = {name for word, names in LARGE.items() if word not in include for name in names}
    return tuple(name for name in FORMS[kind].names if name not in left_out)


def _object(value: Any, names: tuple[str, ...], include: frozenset[str]) -> dict[str, Any]:
    parts = _reader(names)(value)
    return {
        name: part if type(part) in _PLAIN else _written(part, include) for name, part in zip(names, parts, strict=True)
    }


@lru_cache(100)
def _reader(names: tuple[str, ...]) -> Callable[[Any], Sequence[Any]]:
    """Return a function that reads some attributes of a value: at once, if they are attributes, in half of the time."""
    if len(names) > 1 and _MADE.keys().isdisjoint(names):
        return attrgetter(*names)
    return lambda value: [_MADE[name](value) if name in _MADE else getattr(value, name) for name in names]


def _headers(headers: Headers) -> dict[str, list[str]]:
    """Return the values of each header by its name, in the spelling in which it comes first."""
    names: dict[str, str] = {}
    found: dict[str, list[str]] = {}
    for name, text in headers.items():
        found.setdefault(names.setdefault(name.lower(), name), []).append(text)
    return found


_WRITERS: Mapping[type, Callable[[Any, frozenset[str]], Any]] = {
    tuple: _sequence,
    list: _sequence,
    dict: _mapping,
    MappingProxyType: _mapping,
    frozenset: lambda values, _: sorted(values),
    bytes: lambda value, _: b64encode(value).decode(),
    datetime: lambda moment, _: format_time(moment),
    Headers: lambda headers, _: _headers(headers),
    **dict.fromkeys(FORMS, _whole),
    Violation: lru_cache(1000)(_whole),  # most mails of a test have the same
}
