"""Requests of Mailpit's clients, as parameters, JSON or forms, and the simple answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from smtpmock.errors import QueryError
from smtpmock.http.parameters import Parameter, read_parameters
from smtpmock.http.requests import media_type, query_pairs, read_body
from smtpmock.queries.search import Search
from smtpmock.text import invalid, quote, unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import falcon

    from smtpmock.http.context import Context

FORM = "application/x-www-form-urlencoded"

_MOST_FIELDS = 10_000
_HIGHEST = 10**9


# Parameters in the query of the URL.


def _natural(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ValueError(text)
    return int(text)


def _number(name: str) -> Parameter:
    return Parameter(name, "", {"type": "integer"}, _natural, f"an integer from 0 to {_HIGHEST - 1}")


def _moment(text: str) -> str:
    if '"' in text:
        raise ValueError(text)
    Search(f'before:"{text}"')  # which raises an error that says what a time is
    return text


START = _number("start")
LIMIT = _number("limit")
TIME_ZONE = Parameter("tz", "", {"type": "string"})
BEFORE = Parameter("before", "", {"type": "string"}, _moment, "a time")


def read_query(request: falcon.Request, *known: Parameter | str) -> dict[str, Any]:
    """Return the values of the parameters that were given.

    Args:
        request: The request.
        known: The parameters that it may have; the name alone for one that takes any text.

    Raises:
        QueryError: If one is unknown, or its text is invalid.
    """
    declared = [one if isinstance(one, Parameter) else Parameter(one, "", {"type": "string"}) for one in known]
    return read_parameters(declared, query_pairs(request))


def searched(text: object, values: Mapping[str, Any]) -> Search:
    """Return a search in the time zone of the request.

    Raises:
        QueryError: If the search is missing or invalid.
    """
    if text is None or text == "":
        raise QueryError("Missing search: expected words such as 'to:bob@example.com' in the parameter query")
    return Search(text, values.get("tz", ""))  # type: ignore[arg-type]  # it checks the type itself


def received_before(moment: str, values: Mapping[str, Any]) -> Search:
    """Return a search for what was received before a moment, in the time zone of the request."""
    return Search(f'-after:"{moment}"', values.get("tz", ""))


# Bodies.


def read_fields(request: falcon.Request, context: Context, known: Sequence[str]) -> dict[str, Any]:
    """Return the fields of a body, which is a JSON object or a form; without a body, none.

    The case of names does not matter, as in Mailpit.

    Args:
        request: The request.
        context: The context of the HTTP interface.
        known: The names that the fields may have.

    Raises:
        QueryError: If the body is something else, or has an unknown field.
    """
    body = read_body(request, context)
    if not body.strip():
        return {}
    is_json = body.lstrip()[:1] in (b"{", b"[", b'"') or media_type(request) != FORM
    return known_fields(_json(body) if is_json else _form(body), known)


def known_fields(value: Any, known: Sequence[str], what: str = "body") -> dict[str, Any]:
    """Return the fields of an object, with their names spelt as in Mailpit's documentation.

    Args:
        value: The object.
        known: The names that the fields may have.
        what: The name of the object, for errors.

    Raises:
        QueryError: If it is no object, a field is unknown, or it is given twice.
    """
    if not isinstance(value, dict):
        raise QueryError(invalid(what, value, "an object"))
    spelt = {name.lower(): name for name in known}
    fields: dict[str, Any] = {}
    for given, content in value.items():
        name = spelt.get(given.lower())
        if name is None:
            raise QueryError(unknown(f"field of the {what}", given, known))
        if name in fields:
            raise QueryError(f"The field {name} is given twice")
        fields[name] = content
    return fields


def as_texts(fields: Mapping[str, Any], name: str) -> list[str]:
    """Return a field that is a list of texts; [] if it is missing.

    Raises:
        QueryError: If it is something else.
    """
    value = fields.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise QueryError(invalid(name, value, "a list of texts"))
    return value


def as_flag(fields: Mapping[str, Any], name: str) -> bool:
    """Return a field that is true or false; False if it is missing.

    Raises:
        QueryError: If it is something else.
    """
    value = fields.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    if isinstance(value, list) and [str(text).lower() for text in value] in (["true"], ["false"]):  # of a form
        return str(value[0]).lower() == "true"
    raise QueryError(invalid(name, value, "true or false"))


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise QueryError(f"Invalid body {quote(body[:100])}: expected a JSON object") from None


def _form(body: bytes) -> dict[str, list[str]]:
    try:
        return parse_qs(
            body.decode(), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        raise QueryError(f"Invalid body {quote(body[:100])}: expected a form or a JSON object") from None


# Answers.


def write_json(response: falcon.Response, value: Any) -> None:
    """Answer with a JSON document."""
    _write(response, json.dumps(value, ensure_ascii=False).encode(), "application/json")


def write_text(response: falcon.Response, text: str) -> None:
    """Answer with a text."""
    _write(response, text.encode(), "text/plain; charset=utf-8")


def write_ok(response: falcon.Response) -> None:
    """Answer that a change was made."""
    write_text(response, "ok")


def write_bytes(response: falcon.Response, content: bytes, kind: str) -> None:
    """Answer with bytes of a media type."""
    _write(response, content, kind)


def _write(response: falcon.Response, content: bytes, kind: str) -> None:
    response.data = content
    response.content_type = kind
    response.set_header("X-Content-Type-Options", "nosniff")
    response.set_header("Cache-Control", "no-store")
