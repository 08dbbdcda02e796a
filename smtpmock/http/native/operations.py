"""Operations of the native API, declared once: routes, checks of parameters and the OpenAPI document follow from it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import falcon

from smtpmock.errors import QueryError
from smtpmock.http.parameters import Parameter, read_parameters
from smtpmock.http.requests import media_type, query_pairs, read_body
from smtpmock.profiles.document import parse_document
from smtpmock.text import quote, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from smtpmock.http.context import Context

JSON = "application/json"
TOML = "application/toml"

_MOST_DOTS = 200
"""The most dots on a line of TOML: keys with many parts take the parser a time that grows with their square."""

_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


class NotFoundError(falcon.HTTPNotFound):
    """A path that names what is not there."""

    def __init__(self, detail: str) -> None:
        super().__init__(description=detail)


class Stream(Protocol):
    """A body that comes in parts."""

    def __iter__(self) -> Iterator[bytes]:
        """Return what yields the parts."""

    def close(self) -> None:
        """Release what it needed."""


class Answer(NamedTuple):
    """An answer that is not a JSON document with status 200.

    Attributes:
        content: The body, or what yields its parts as they come; that is closed in the end.
        media_type: Its media type.
        headers: Further headers.
        status: The status.
    """

    content: bytes | Stream
    media_type: str = JSON
    headers: Mapping[str, str] = {}
    status: int = 200


def json_answer(document: Any, status: int = 200) -> Answer:
    """Return an answer that is a JSON document, with a line end for those who read it in a terminal."""
    return Answer(f"{_encode(document)}\n".encode(), status=status)


class Call(NamedTuple):
    """A request, checked against the declaration of its operation.

    Attributes:
        context: The context of the HTTP interface.
        path: The values in the path, by name.
        values: The values of the parameters that were given, by name.
        body: The parsed body; None if the operation takes none.
        accept: The function that returns the best of some media types for the client.
        header: The function that returns the value of a header, or "" if the request lacks it.
    """

    context: Context
    path: Mapping[str, str]
    values: Mapping[str, Any]
    body: Any
    accept: Callable[[Sequence[str]], str | None]
    header: Callable[[str], str]


class Operation(NamedTuple):
    """An operation.

    Attributes:
        method: The method.
        path: The path below the prefix of the API, with names in braces.
        summary: A short description, for people.
        answer: The function that does it: it returns a JSON document, or an `Answer`.
        answers: The schema of its answer, or the media types of one that is not JSON.
        parameters: Its parameters in the query of the URL.
        body: The schema of its body; None if it takes none.
        has_toml: True if its body can be a TOML document as well, of the same shape.
        most_bytes: The most bytes of its body; None for as many as any body.
        problems: The statuses of its own problems, besides those that follow from what it takes.
        names_one: True if its path names something that may not be there.
        status: The status of its answer.
    """

    method: str
    path: str
    summary: str
    answer: Callable[[Call], Any]
    answers: Any
    parameters: Sequence[Parameter] = ()
    body: Any = None
    has_toml: bool = False
    most_bytes: int | None = None
    problems: Sequence[int] = ()
    names_one: bool = False
    status: int = 200


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
            body = None if operation.body is None else _body(request, self._context, operation)
            answer = operation.answer(
                Call(
                    self._context,
                    path,
                    values,
                    body,
                    lambda kinds: request.client_prefers(list(kinds)),
                    lambda name: request.get_header(name) or "",
                )
            )
            if not isinstance(answer, Answer):
                answer = json_answer(answer)
            response.status = falcon.code_to_http_status(answer.status)
            response.content_type = answer.media_type
            if isinstance(answer.content, bytes):
                response.data = answer.content
            elif request.method == "HEAD":
                answer.content.close()
            else:
                response.stream = answer.content
            response.set_headers(dict(answer.headers))
            response.set_header("X-Content-Type-Options", "nosniff")
            response.set_header("Cache-Control", "no-store")

        return respond


def _body(request: falcon.Request, context: Context, operation: Operation) -> Any:
    kind = media_type(request) or JSON
    is_toml = operation.has_toml and kind == TOML
    if kind != JSON and not kind.endswith("+json") and not is_toml:
        expected = f"{JSON} (with curl: --json){f' or {TOML}' if operation.has_toml else ''}"
        raise falcon.HTTPUnsupportedMediaType(description=f"Invalid Content-Type {quote(kind)}: expected {expected}")
    content = read_body(request, context, operation.most_bytes)
    if is_toml:
        if any(line.count(b".") > _MOST_DOTS for line in content.splitlines()):
            raise QueryError(f"The body cannot be read: a line has more than {_MOST_DOTS} dots")
        return parse_document(content, "The body", QueryError)[1]
    try:
        document = json.loads(content)
        if b"\\u" in content:  # an escape may stand for a character that cannot be encoded
            json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise QueryError("Invalid body: expected a JSON document in UTF-8") from None
    return document


def checked_object(body: Any, known: Sequence[str], what: str) -> dict[str, Any]:
    """Return a body that is an object with known keys only.

    Args:
        body: The parsed body.
        known: The keys that it may have.
        what: The meaning of a key, such as "field of a message".

    Raises:
        QueryError: If it is something else.
    """
    if not isinstance(body, dict):
        raise QueryError(f"Invalid body {quote(body)}: expected an object")
    for key in body:
        if key not in known:
            raise QueryError(unknown(what, key, known))
    return body
