"""Who may use the HTTP interface: WSGI middleware around everything but the probes."""

from __future__ import annotations

from base64 import b64decode
from hmac import compare_digest
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from smtpmock.settings.declarations import Settings

    WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def secured(application: WSGI, settings: Settings) -> WSGI:
    """Return an application that answers only those who may ask.

    Args:
        application: The application.
        settings: The settings of the server.
    """
    if not settings.http_auth:
        return application
    expected = settings.http_auth.encode("utf-8", "surrogateescape")

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if compare_digest(_login(environ.get("HTTP_AUTHORIZATION", "")), expected):
            return application(environ, start_response)
        body = b"A user and a password are required.\n"
        start_response(
            "401 Unauthorized",
            [
                ("WWW-Authenticate", 'Basic realm="smtpmock", charset="UTF-8"'),
                ("Content-Type", "text/plain; charset=utf-8"),
                ("Content-Length", str(len(body))),
            ],
        )
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return answer


def _login(header: str) -> bytes:
    """Return the user and the password in an Authorization header (RFC 7617); b"" if it has none."""
    scheme, _, credentials = header.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return b64decode(credentials.strip(), validate=True)
    except ValueError:
        return b""
