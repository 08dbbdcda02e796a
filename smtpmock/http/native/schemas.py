"""JSON schemas of the forms: they follow from the annotations and the docstrings of the classes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from smtpmock.conformance.catalogue import Level, Violation
from smtpmock.http.native.forms import FORMS, LARGE
from smtpmock.mail.attachments import Attachment
from smtpmock.mail.headers import Headers
from smtpmock.messages.message import Message
from smtpmock.messages.session import Session
from smtpmock.records.exchange import Cause, Exchange
from smtpmock.records.session import TLS, Attempt

Schema = dict[str, Any]

_NAMES = {
    kind.__name__: kind
    for kind in (Attachment, Attempt, Cause, Exchange, Headers, Mapping, Message, Session, TLS, Violation, datetime)
} | {"Level": Level}
"""The names that annotations use."""

_PLAIN: Mapping[Any, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bytes: {"type": "string", "contentEncoding": "base64"},
    datetime: {"type": "string", "format": "date-time"},
    Headers: {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
    Any: {},
}
_OPTIONAL = {name for names in LARGE.values() for name in names}
_LISTED = re.compile(r"^ {4}(\w+): (.+(?:\n {8,}.+)*)$", re.MULTILINE)


def reference(name: str) -> Schema:
    """Return a reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def schema_of(hint: Any) -> Schema:
    """Return the schema of the values of a type.

    Example:
        >>> schema_of(tuple[str, ...])
        {'type': 'array', 'items': {'type': 'string'}}
    """
    if hint in _PLAIN:
        return dict(_PLAIN[hint])
    if hint in FORMS:
        return reference(hint.__name__)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        parts = [schema_of(part) for part in arguments if part is not NoneType]
        return {"anyOf": [*parts, *([{"type": "null"}] if NoneType in arguments else [])]}
    if origin is Literal:
        return {"type": "string", "enum": list(arguments)}
    if origin is tuple and Ellipsis not in arguments:
        items = [schema_of(part) for part in arguments]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
    if origin in (tuple, frozenset):
        return {"type": "array", "items": schema_of(arguments[0])}
    assert origin is Mapping, hint
    return {"type": "object", "additionalProperties": schema_of(arguments[1])}


@lru_cache(None)
def form_schemas() -> Mapping[str, Schema]:
    """Return the schemas of all forms, by the names of their classes."""
    return {kind.__name__: _schema(kind, form.names) for kind, form in FORMS.items()}


def _schema(kind: type, names: tuple[str, ...]) -> Schema:
    meanings = {name: " ".join(text.split()) for name, text in _LISTED.findall(_documentation(kind))}
    properties: dict[str, Schema] = {}
    for name in names:
        if name == "stored":
            meaning = f"The stored form, which {kind.__name__}.from_json reads in Python"
            properties[name] = {"type": "object", "description": meaning}
            continue
        attribute = getattr(kind, name, None)
        if isinstance(attribute, property):
            hint = get_type_hints(attribute.fget, localns=_NAMES)["return"]
            meaning = _summary(attribute)
        else:
            hint, meaning = (
                (int if kind is Message else get_type_hints(kind, localns=_NAMES)[name]),
                meanings.get(name, ""),
            )
        described = {"type": "array", "items": {"type": "string"}} if (kind, name) == (Session, "messages") else None
        properties[name] = {**(described or schema_of(hint)), "description": meaning}
    required = [name for name in names if name not in _OPTIONAL]
    return {"type": "object", "description": _summary(kind), "properties": properties, "required": required}


def _documentation(described: object) -> str:
    """Return a docstring without its indentation: empty under `python -OO`, which strips docstrings."""
    return inspect.getdoc(described) or ""


def _summary(described: object) -> str:
    return _documentation(described).partition("\n")[0]
