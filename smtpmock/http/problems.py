"""Errors as problems (RFC 9457): their detail is the sentence that the Python API raises."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import falcon

from smtpmock.errors import (
    ExpectationError,
    MessageTimeoutError,
    QueryError,
    RuleError,
    ServerStateError,
    SettingError,
    SMTPMockError,
    StartError,
    StoreError,
)
from smtpmock.http.context import TooManyStreamsError
from smtpmock.text import escape_controls, format_error, shorten

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST_PATH = 200

PROBLEM = "application/problem+json"

STATUSES: dict[type[Exception], int] = {
    QueryError: 400,
    RuleError: 400,
    SettingError: 400,
    MessageTimeoutError: 404,
    ExpectationError: 409,
    ServerStateError: 503,
    StartError: 503,
    StoreError: 503,
    TooManyStreamsError: 503,
}
"""The status for each exception of the Python API; a subclass before its base."""


def problem(status: int, detail: str, error: str = "") -> dict[str, Any]:
    """Return a problem.

    Args:
        status: The status code.
        detail: The sentence for people.
        error: The name of the Python exception; "" for a problem without one.

    Example:
        >>> problem(404, "There is no message 'x'.")["title"]
        'Not Found'
    """
    described = {"type": "about:blank", "title": falcon.code_to_http_status(status)[4:], "status": status}
    return {**described, "detail": detail, **({"error": error} if error else {})}


def status_of(error: SMTPMockError | TooManyStreamsError) -> int:
    """Return the status for an exception of the Python API."""
    return next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 400)


def answer_with_problems(app: falcon.App[Any, Any], failed: Callable[[BaseException], object]) -> None:
    """Have an application answer errors as problems.

    Args:
        app: The application.
        failed: The function to call with an exception that nobody expected.
    """

    def write(_: falcon.Request, response: falcon.Response, status: int, detail: str, error: str) -> None:
        response.content_type = PROBLEM
        response.data = json.dumps(problem(status, detail, error), ensure_ascii=False).encode()

    answer_errors(app, failed, write)


def answer_errors(
    app: falcon.App[Any, Any],
    failed: Callable[[BaseException], object],
    write: Callable[[falcon.Request, falcon.Response, int, str, str], object],
) -> None:
    """Have an application answer errors with sentences.

    Args:
        app: The application.
        failed: The function to call with an exception that nobody expected.
        write: The function that writes the body: it is given the request, the response, the status, the sentence and
            the name of the Python exception, "" for a problem without one.
    """

    def answer(request: falcon.Request, response: falcon.Response, status: int, detail: str, error: str = "") -> None:
        response.status = falcon.code_to_http_status(status)
        response.set_header("X-Content-Type-Options", "nosniff")
        write(request, response, status, "\n".join(map(escape_controls, detail.split("\n"))), error)

    def expected(request: falcon.Request, response: falcon.Response, error: Any, _: Any) -> None:
        answer(request, response, status_of(error), str(error), type(error).__name__)

    def refused(request: falcon.Request, response: falcon.Response, error: Any, _: Any) -> None:
        for name, value in (error.headers or {}).items():
            response.set_header(name, value)
        answer(request, response, error.status_code, error.description or _sentence(request, error))

    def unexpected(request: falcon.Request, response: falcon.Response, error: Any, _: Any) -> None:
        failed(error)
        answer(request, response, 500, f"smtpmock has a bug: {format_error(error)}")

    app.add_error_handler(Exception, unexpected)
    app.add_error_handler(falcon.HTTPError, refused)
    app.add_error_handler(SMTPMockError, expected)
    app.add_error_handler(TooManyStreamsError, expected)


def _sentence(request: falcon.Request, error: falcon.HTTPError) -> str:
    if isinstance(error, falcon.HTTPMethodNotAllowed):
        allowed = dict(error.headers or {}).get("Allow", "")
        return f"{request.path} cannot be asked with {request.method}: expected {allowed}"
    if isinstance(error, falcon.HTTPNotFound):
        return f"There is nothing at {shorten(request.path, _LONGEST_PATH)}"
    return f"{error.title}."
