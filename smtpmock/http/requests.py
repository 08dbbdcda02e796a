"""The query and the body of a request, read within limits."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import falcon

from smtpmock.errors import QueryError
from smtpmock.text import quote

if TYPE_CHECKING:
    from smtpmock.http.context import Context

LONGEST_QUERY = 7_500
"""The most characters in the query of a URL."""

_MOST_PARAMETERS = 100


def query_pairs(request: falcon.Request) -> list[tuple[str, str]]:
    """Return the names and texts in the query of a request.

    Args:
        request: The request.

    Raises:
        QueryError: If it is not UTF-8 or has too many parameters.
        falcon.HTTPUriTooLong: If it is too long.
    """
    query = request.query_string
    if len(query) > LONGEST_QUERY:
        raise falcon.HTTPUriTooLong(description=f"The query is too long: at most {LONGEST_QUERY} characters are read.")
    try:
        return parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS)
    except UnicodeDecodeError:
        raise QueryError(f"Invalid query {quote(query)}: expected text in UTF-8, with escapes such as %C3%A4") from None
    except ValueError:
        raise QueryError(f"Too many parameters: at most {_MOST_PARAMETERS} are read") from None


def media_type(request: falcon.Request) -> str:
    """Return the media type of the body in lower case, without parameters; "" if the request lacks it."""
    return (request.content_type or "").partition(";")[0].strip().lower()


def read_body(request: falcon.Request, context: Context, most: int | None = None) -> bytes:
    """Return the body of a request.

    Args:
        request: The request.
        context: The context of the HTTP interface.
        most: The most bytes that it may have; by default as many as any body.

    Raises:
        QueryError: If it ends early.
        falcon.HTTPContentTooLarge: If it is too large.
    """
    most = context.largest_body if most is None else most
    declared = request.content_length or 0
    try:
        content: bytes = b"" if declared > most else request.env["wsgi.input"].read(most + 1)
    except OSError:
        raise QueryError("The body ended early") from None
    if len(content) > most or declared > most:
        raise falcon.HTTPContentTooLarge(
            description=f"The body is too large: at most {most} bytes are read", headers={"Connection": "close"}
        )
    return content
