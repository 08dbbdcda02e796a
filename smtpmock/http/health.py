"""Answers to probes: `/livez` and `/readyz`. They need neither the framework nor a login, and are there first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

LIVE = "/livez"
READY = "/readyz"


def probe(
    environ: dict[str, Any], start_response: Callable[..., Any], is_ready: Callable[[], bool]
) -> list[bytes] | None:
    """Answer a probe; return None if the request is something else.

    Args:
        environ: The WSGI environment.
        start_response: The function that begins the response.
        is_ready: A function that returns True while SMTP connections are accepted.
    """
    path = environ["PATH_INFO"]
    if path not in (LIVE, READY):
        return None
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        status, text = "405 Method Not Allowed", "GET or HEAD is expected"
    elif path == READY and not is_ready():
        status, text = "503 Service Unavailable", "SMTP connections are not accepted"
    else:
        status, text = "200 OK", "ok"
    body = text.encode()
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response(status, [*headers, *([("Allow", "GET, HEAD")] if status.startswith("405") else [])])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
