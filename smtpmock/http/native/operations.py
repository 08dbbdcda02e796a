"""Operations of the native API, declared once: routes, checks of parameters and the OpenAPI document follow from it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

import falcon

from smtpmock.errors import QueryError
from smtpmock.http.native.parameters import Parameter, read_parameters
from smtpmock.text import quote, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from smtpmock.http.context import Context

JSON = "application/json"

LONGEST_QUERY = 8_192
"""The most characters in the query of a URL."""

_MOST_PARAMETERS = 100


class Answer(NamedTuple):
    """An answer that is not a JSON document with status 200.

    Attributes:
        content: The body.
        media_type: Its media type.
        headers: Further headers.
    """

    content: bytes
    media_type: str = JSON
    headers: Mapping[str, str] = {}


class Call(NamedTuple):
    """A request, checked against the declaration of its operation.

    Attributes:
        context: What the HTTP interface works on.
        path: The values in the path, by name.
        values: The values of the parameters that were given, by name.
        body: The parsed body; None if the operation takes none.
        accept: The function that returns the best of some media types for the client.
    """

    context: Context
    path: Mapping[str, str]
    values: Mapping[str, Any]
    body: Any
    accept: Callable[[Sequence[str]], str | None]


class Operation(NamedTuple):
    """An operation.

    Attributes:
        method: The method.
        path: The path below the prefix of the API, with names in braces.
        summary: What it does, for people.
        answer: The function that does it: it returns a JSON document, or an `Answer`.
        parameters: Its parameters in the query of the URL.
        body: The schema of its body; None if it takes none.
        answers: The schema of its answer, or the media type of one that is not JSON.
        problems: The statuses of the problems that it can answer with, besides 400, 404, 413, 414, 415 and 503.
    """

    method: str
    path: str
    summary: str
    answer: Callable[[Call], Any]
    answers: Any
    parameters: Sequence[Parameter] = ()
    body: Any = None
    problems: Sequence[int] = ()


class Resource:
    """A path with its operations, in the form that Falcon wants."""

    def __init__(self, context: Context, operations: Sequence[Operation]) -> None:
        self._context = context
        for operation in operations:
            setattr(self, f"on_{operation.method.lower()}", self._responder(operation))
            if operation.method == "GET":
                self.on_head = self._responder(operation)

    def _responder(self, operation: Operation) -> Callable[..., None]:
        def respond(request: falcon.Request, response: falcon.Response, **path: str) -> None:
            values = read_parameters(operation.parameters, _pairs(request.query_string))
            body = None if operation.body is None else _body(request, self._context.largest_body)
            answer = operation.answer(
                Call(self._context, path, values, body, lambda kinds: request.client_prefers(list(kinds)))
            )
            if not isinstance(answer, Answer):
                answer = Answer(json.dumps(answer, ensure_ascii=False).encode())
            response.content_type = answer.media_type
            response.data = answer.content
            response.set_headers(dict(answer.headers))
            response.set_header("X-Content-Type-Options", "nosniff")
            response.set_header("Cache-Control", "no-store")

        return respond


def _pairs(query: str) -> list[tuple[str, str]]:
    if len(query) > LONGEST_QUERY:
        raise falcon.HTTPUriTooLong(description=f"The query is too long: at most {LONGEST_QUERY} characters are read.")
    try:
        return parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS)
    except UnicodeDecodeError:
        raise QueryError(f"Invalid query {quote(query)}: expected text in UTF-8, with escapes such as %C3%A4") from None
    except ValueError:
        raise QueryError(f"Too many parameters: at most {_MOST_PARAMETERS} are read") from None


def _body(request: falcon.Request, most: int) -> Any:
    kind = (request.content_type or JSON).partition(";")[0].strip().lower()
    if kind != JSON and not kind.endswith("+json"):
        raise falcon.HTTPUnsupportedMediaType(
            description=f"Invalid Content-Type {quote(kind)}: expected {JSON} (with curl: --json)"
        )
    try:
        content = b"" if (request.content_length or 0) > most else request.env["wsgi.input"].read(most + 1)
    except OSError:
        raise QueryError("The body ended early") from None
    if len(content) > most or (request.content_length or 0) > most:
        raise falcon.HTTPContentTooLarge(
            description=f"The body is too large: at most {most} bytes are read", headers={"Connection": "close"}
        )
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise QueryError("Invalid body: expected a JSON document in UTF-8") from None


def checked_object(body: Any, known: Sequence[str], what: str) -> dict[str, Any]:
    """Return a body that is an object with known keys only.

    Args:
        body: The parsed body.
        known: The keys that it may have.
        what: What a key is, such as "field of a message".

    Raises:
        QueryError: If it is something else.
    """
    if not isinstance(body, dict):
        raise QueryError(f"Invalid body {quote(body)}: expected an object")
    for key in body:
        if key not in known:
            raise QueryError(unknown(what, key, known))
    return body
