"""Operations of the native API, declared once: routes, checks of parameters and the OpenAPI document follow from it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import falcon

from smtpmock.errors import QueryError
from smtpmock.http.parameters import Parameter, read_parameters
from smtpmock.http.requests import media_type, query_pairs, read_body
from smtpmock.text import quote, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from smtpmock.http.context import Context

JSON = "application/json"


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
            values = read_parameters(operation.parameters, query_pairs(request))
            body = None if operation.body is None else _body(request, self._context)
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


def _body(request: falcon.Request, context: Context) -> Any:
    kind = media_type(request) or JSON
    if kind != JSON and not kind.endswith("+json"):
        raise falcon.HTTPUnsupportedMediaType(
            description=f"Invalid Content-Type {quote(kind)}: expected {JSON} (with curl: --json)"
        )
    try:
        return json.loads(read_body(request, context))
    except (ValueError, RecursionError) as error:
        if isinstance(error, QueryError):
            raise
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
