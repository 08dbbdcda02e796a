"""Who may use the HTTP interface: WSGI middleware around everything but the probes.

What a browser does for a page of somebody else is recognized by the headers Host and Origin, which no page can set.
"""

from __future__ import annotations

import json
from base64 import b64decode
from hmac import compare_digest
from typing import TYPE_CHECKING, Any, NamedTuple

from smtpmock.http.origins import is_loopback, is_same, parse_host, parse_origin
from smtpmock.http.problems import PROBLEM, problem
from smtpmock.runtime.listener import bare
from smtpmock.text import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from smtpmock.settings.declarations import Settings

    WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
    Headers = list[tuple[str, str]]

_PROBLEMS = "/api/smtpmock/"
"""The path below which errors are problems; elsewhere they are plain text."""

_EVENTS = ("/api/smtpmock/v1/events", "/api/events")
_MARKING = ("/api/v1/message/", "/view/", "//view/")
"""The paths at which a GET marks a message as read."""

_PREFLIGHT = [
    ("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE"),
    ("Access-Control-Allow-Headers", "Authorization, Content-Type, Last-Event-ID"),
    ("Access-Control-Max-Age", "600"),
    ("Content-Length", "0"),
]


class _Refusal(NamedTuple):
    status: str
    detail: str
    headers: Headers = []  # noqa: RUF012  # a named tuple copies nothing, and nobody changes it


_LOGIN = _Refusal(
    "401 Unauthorized",
    "A user and a password are required.",
    [("WWW-Authenticate", 'Basic realm="smtpmock", charset="UTF-8"')],
)


def secured(application: WSGI, settings: Settings, address: str) -> WSGI:
    """Return an application that answers only those who may ask.

    Args:
        application: The application.
        settings: The settings of the server.
        address: The address on which HTTP listens.
    """
    own = (bare(host).lower() for host in (*settings.http_hosts, settings.host, settings.http_host))
    names = {name.removesuffix(".") for name in own}
    is_local = is_loopback(address)
    listed = set(map(parse_origin, settings.http_cors_origins))
    login = settings.http_auth.encode("utf-8", "surrogateescape")

    def refusal(environ: dict[str, Any], *, is_listed: bool) -> _Refusal | None:
        host, origin = environ.get("HTTP_HOST", ""), environ.get("HTTP_ORIGIN", "")
        site = parse_host(host)
        if is_local and host and not (site and (is_loopback(site.host) or site.host in names)):
            expected = "expected localhost or a loopback address; http_hosts can list further names"
            return _Refusal("403 Forbidden", f"Unknown host {quote(host)}: {expected}")
        if origin and not is_listed and _is_guarded(environ) and not is_same(parse_origin(origin), site):
            expected = "expected that of the server itself, or one that http_cors_origins lists"
            return _Refusal("403 Forbidden", f"Invalid Origin {quote(origin)}: {expected}")
        if login and not (is_listed and _is_preflight(environ)) and not compare_digest(_login(environ), login):
            return _LOGIN
        return None

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        origin = environ.get("HTTP_ORIGIN", "")
        is_listed = bool(origin and listed) and parse_origin(origin) in listed
        headers = [*([("Vary", "Origin")] if listed else ()), *(_shared(origin) if is_listed else ())]

        def start(status: str, own: Headers, *rest: Any) -> Any:
            return start_response(status, [*own, *headers], *rest)

        refused = refusal(environ, is_listed=is_listed)
        if refused is not None:
            return _refuse(environ, start, refused)
        if is_listed and _is_preflight(environ):
            start("204 No Content", _PREFLIGHT)
            return []
        return application(environ, start if headers else start_response)

    return answer


def _is_guarded(environ: dict[str, Any]) -> bool:
    """Return True if a request changes something, or follows what happens."""
    path: str = environ["PATH_INFO"]
    return environ["REQUEST_METHOD"] not in ("GET", "HEAD") or path in _EVENTS or path.startswith(_MARKING)


def _is_preflight(environ: dict[str, Any]) -> bool:
    """Return True if a browser asks what a page may do; it sends no login with that."""
    return environ["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ


def _shared(origin: str) -> Headers:
    return [
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Expose-Headers", "Content-Disposition"),
    ]


def _refuse(environ: dict[str, Any], start_response: Callable[..., Any], refused: _Refusal) -> list[bytes]:
    if environ["PATH_INFO"].startswith(_PROBLEMS):
        kind = PROBLEM
        body = json.dumps(problem(int(refused.status[:3]), refused.detail)).encode()
    else:
        kind, body = "text/plain; charset=utf-8", f"{refused.detail}\n".encode()
    headers = [("Content-Type", kind), ("Content-Length", str(len(body))), ("X-Content-Type-Options", "nosniff")]
    start_response(refused.status, [*headers, *refused.headers])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def _login(environ: dict[str, Any]) -> bytes:
    """Return the user and the password in the Authorization header (RFC 7617); b"" if it has none."""
    scheme, _, credentials = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return b64decode(credentials.strip(), validate=True)
    except ValueError:
        return b""
