"""The OpenAPI document of the native API, made of the declarations of its operations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from smtpmock.http.native.operations import JSON, TOML
from smtpmock.http.native.profiles import PROFILE
from smtpmock.http.native.rules import RULE
from smtpmock.http.native.schemas import form_schemas, reference
from smtpmock.http.problems import PROBLEM
from smtpmock.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

    from smtpmock.http.native.operations import Operation
    from smtpmock.http.parameters import Parameter

_DESCRIPTION = (
    "Everything that a test can do with smtpmock in Python. The keys of a record are the names of its attributes. "
    "Fields that you do not know are to be ignored. Times are in UTC, bytes in base64."
)
_IN_PATH = re.compile(r"\{(\w+)\}")
_PATH_MEANINGS = {
    "id": "The id; `latest` stands for the newest message or session",
    "n": "The position of the attachment, counted from 0",
    "name": "The name",
}

_REASONS = {
    400: "A parameter or the body is unknown or invalid",
    403: "The request is for an unknown host, or comes from a page of another origin",
    401: "A user and a password are required",
    404: "What was asked for is not there, or did not arrive in time",
    406: "The answer has none of the media types that are accepted",
    409: "A message is there that should not be",
    413: "The body is too large",
    414: "The query is too long",
    415: "The body is no JSON document",
    503: "The server was stopped, was never started, or has too many open requests",
}

_PROBLEM = {
    "type": "object",
    "description": "An error (RFC 9457)",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string", "description": "The meaning of the status"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, in a sentence; the explanation of a failed wait"},
        "error": {"type": "string", "description": "The name of the exception that Python raises"},
    },
    "required": ["type", "title", "status", "detail"],
}


def document(operations: Iterable[Operation], prefix: str, *, has_login: bool = False) -> dict[str, Any]:
    """Return the OpenAPI document of operations.

    Args:
        operations: The operations.
        prefix: The path below which they are.
        has_login: True if a login is required.
    """
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, has_login=has_login)
    components: dict[str, Any] = {"schemas": {**form_schemas(), "Rule": RULE, "Profile": PROFILE, "Problem": _PROBLEM}}
    login: dict[str, Any] = {}
    if has_login:
        components["securitySchemes"] = {"login": {"type": "http", "scheme": "basic"}}
        login = {"security": [{"login": []}]}
    return {
        "openapi": "3.1.0",
        "info": {"title": "smtpmock", "version": __version__, "description": _DESCRIPTION},
        "servers": [{"url": prefix}],
        "paths": paths,
        "components": components,
        **login,
    }


def statuses(operation: Operation) -> list[int]:
    """Return the statuses of the problems with which an operation can answer."""
    found = {400, 403, 414, *operation.problems}
    if operation.body is not None:
        found |= {413, 415}
    if operation.names_one:
        found.add(404)
    return sorted(found)


def _operation(operation: Operation, *, has_login: bool) -> dict[str, Any]:
    problems = [*statuses(operation), *([401] if has_login else [])]
    answers = operation.answers
    kinds = [answers] if isinstance(answers, str) else answers if isinstance(answers, tuple) else []
    content: dict[str, Any] = {kind: {"schema": {}} for kind in kinds} or {JSON: {"schema": answers}}
    described = {
        "operationId": f"{operation.method.lower()}{''.join(map(_capital, re.findall(r'[a-z]+', operation.path)))}",
        "summary": operation.summary,
        "parameters": [*_path_parameters(operation.path), *map(_parameter, operation.parameters)],
        "responses": {
            str(operation.status): {"description": operation.summary, "content": content},
            **{str(status): _problem(status) for status in problems},
        },
    }
    if operation.body is not None:
        content = {
            JSON: {"schema": operation.body},
            **({TOML: {"schema": {"type": "string"}}} if operation.has_toml else {}),
        }
        described["requestBody"] = {"required": True, "content": content}
    return described


def _capital(word: str) -> str:
    return word.capitalize()


def _problem(status: int) -> dict[str, Any]:
    return {"description": _REASONS[status], "content": {PROBLEM: {"schema": reference("Problem")}}}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string"},
            "description": _PATH_MEANINGS[name],
        }
        for name in _IN_PATH.findall(path)
    ]


def _parameter(parameter: Parameter) -> dict[str, Any]:
    schema = {"type": "array", "items": parameter.schema} if parameter.repeated else parameter.schema
    return {"name": parameter.name, "in": "query", "schema": schema, "description": parameter.meaning}
