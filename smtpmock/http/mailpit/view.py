"""`/view/{ID}.html` and `/view/{ID}.txt`: what a reader of the mail sees, for tests in a browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import falcon

from smtpmock.http.mailpit.errors import answer_with_texts
from smtpmock.http.mailpit.message import find, read_by_client
from smtpmock.http.mailpit.requests import write_bytes, write_text
from smtpmock.http.mailpit.shapes import text
from smtpmock.http.pages.app import inbox_page

if TYPE_CHECKING:
    from smtpmock.http.context import Context
    from smtpmock.messages.message import Message

POLICY = "; ".join(
    (
        "sandbox allow-popups allow-popups-to-escape-sandbox",  # links work, scripts and forms do not
        "default-src 'none'",
        "img-src 'self' data:",
        "media-src 'self' data:",
        "font-src data:",
        "style-src 'unsafe-inline'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
    )
)
"""The Content-Security-Policy of a mail: no script runs, nothing is loaded from other hosts."""

_ID = re.compile("[A-Za-z0-9_-]{1,100}")
_CONTENT_ID = re.compile(r"""(?<=["'=(])cid:([^\s"'<>()\\]+)""", re.IGNORECASE)


class Page:
    """`/view/{ID}.html`: the mail's own HTML."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def on_get(self, request: falcon.Request, response: falcon.Response, message_id: str) -> None:
        """Show the HTML, and mark the message as read; with `embed=1`, links open outside the frame."""
        message = find(request, self._context, message_id, "embed")
        if not message.html:
            raise falcon.HTTPNotFound(description="The message has no HTML")
        read_by_client(self._context, message)
        target = '<base target="_blank">' if request.get_param("embed") == "1" else ""
        write_bytes(response, (target + _with_images(message)).encode(), "text/html; charset=utf-8")
        response.set_header("Content-Security-Policy", POLICY)
        response.set_header("Referrer-Policy", "no-referrer")

    on_head = on_get


class PlainText:
    """`/view/{ID}.txt`: the text of a mail."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def on_get(self, request: falcon.Request, response: falcon.Response, message_id: str) -> None:
        """Show the text, and mark the message as read."""
        message = find(request, self._context, message_id)
        read_by_client(self._context, message)
        write_text(response, text(message))

    on_head = on_get


class _Inbox:
    """`/view/{ID}`: the inbox with the message open."""

    def __init__(self) -> None:
        self._page = inbox_page()

    def on_get(self, request: falcon.Request, response: falcon.Response, message_id: str) -> None:
        """Show the page, which reads the ID from its address."""
        if not _ID.fullmatch(message_id):
            raise falcon.HTTPNotFound(description="There is no such message")
        self._page.on_get(request, response)

    on_head = on_get


def view_app(context: Context) -> falcon.App[Any, Any]:
    """Return the application that shows mails to browsers.

    Args:
        context: The context of the HTTP interface.
    """
    app: falcon.App[Any, Any] = falcon.App()
    answer_with_texts(app, context.failed)
    app.add_route("/view/{message_id}.html", Page(context))
    app.add_route("/view/{message_id}.txt", PlainText(context))
    app.add_route("/view/{message_id}", _Inbox())
    return app


def slashes_app(_: Context) -> falcon.App[Any, Any]:
    """Return the application that leads from `//view/…` to `/view/…`; `cypress-mailpit` asks so, and follows."""
    app: falcon.App[Any, Any] = falcon.App()

    def lead(req: falcon.Request, resp: falcon.Response, **_: str) -> None:
        query = f"?{req.query_string}" if req.query_string else ""
        resp.status = falcon.HTTP_301
        resp.content_type = "text/plain; charset=utf-8"
        resp.set_header("Location", f"/{falcon.uri.encode(req.path.lstrip('/'))}{query}")

    app.add_sink(lead, "/")
    return app


def _with_images(message: Message) -> str:
    """Return the HTML with links to the parts that it refers to by their Content-ID."""
    parts = {
        attachment.content_id: f"/api/v1/message/{message.id}/part/{attachment.part_id}"
        for attachment in reversed(message.attachments)
        if attachment.content_id
    }
    return _CONTENT_ID.sub(lambda found: parts.get(unquote(found[1]), found[0]), message.html)
