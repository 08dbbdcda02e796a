"""Errors as plain text, and for `/api/v1/send` as JSON, as Mailpit's clients expect them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smtpmock.http.mailpit.requests import write_json, write_text
from smtpmock.http.problems import answer_errors

if TYPE_CHECKING:
    from collections.abc import Callable

    import falcon

SEND = "/api/v1/send"


def answer_with_texts(app: falcon.App[Any, Any], failed: Callable[[BaseException], object]) -> None:
    """Have an application answer errors with a sentence.

    Args:
        app: The application.
        failed: The function to call with an exception that nobody expected.
    """

    def write(request: falcon.Request, response: falcon.Response, _: int, detail: str, __: str) -> None:
        if request.path == SEND:
            write_json(response, {"Error": detail})
        else:
            write_text(response, detail)

    answer_errors(app, failed, write)
