"""The pages for people, under a policy that lets them load nothing from elsewhere and run no inline script."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import falcon

from smtpmock.http.native.app import api_document
from smtpmock.http.pages.reference import render
from smtpmock.http.problems import answer_with_problems

if TYPE_CHECKING:
    from importlib.abc import Traversable

    from smtpmock.http.context import Context

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "frame-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""The Content-Security-Policy of the pages."""

INBOX = "inbox.html"
"""The page at `/`, and at `/view/{ID}` of a message."""

_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


class _Page:
    """A page, or what a page loads."""

    def __init__(self, content: bytes, kind: str) -> None:
        self._content = content
        self._type = kind

    def on_get(self, _: falcon.Request, response: falcon.Response) -> None:
        """Show it."""
        response.content_type = self._type
        response.data = self._content
        response.set_header("Content-Security-Policy", POLICY)
        response.set_header("X-Content-Type-Options", "nosniff")
        response.set_header("Referrer-Policy", "no-referrer")
        response.set_header("Cache-Control", "no-cache")

    on_head = on_get


def _page(file: Traversable) -> _Page:
    return _Page(file.read_bytes(), _TYPES[file.name.rpartition(".")[2]])


def inbox_page() -> _Page:
    """Return the resource that shows the inbox."""
    return _page(files(__package__).joinpath(INBOX))


def pages_app(context: Context) -> falcon.App[Any, Any]:
    """Return the application that shows the pages."""
    app: falcon.App[Any, Any] = falcon.App()
    answer_with_problems(app, context.failed)
    app.add_route("/", inbox_page())
    for file in files(__package__).joinpath("assets").iterdir():
        app.add_route(f"/assets/{file.name}", _page(file))
    document = api_document(has_login=bool(context.server.settings.http_auth))
    app.add_route("/docs", _Page(render(document).encode(), _TYPES["html"]))
    return app
