"""The application: which part of the HTTP interface answers which path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smtpmock.http.context import Context
from smtpmock.http.health import probe
from smtpmock.http.mailpit.app import mailpit_app
from smtpmock.http.mailpit.events import PATH, events_app
from smtpmock.http.mailpit.view import slashes_app, view_app
from smtpmock.http.native.app import native_app
from smtpmock.http.pages.app import pages_app
from smtpmock.http.security import secured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from smtpmock.http.context import Server
    from smtpmock.http.security import WSGI
    from smtpmock.mailbox.mailbox import Mailbox

PARTS: dict[str, Callable[[Context], WSGI]] = {
    "/api/smtpmock/v1": native_app,
    "/api/v1": mailpit_app,
    PATH: events_app,
    "/view": view_app,
    "//view": slashes_app,
    "": pages_app,
}
"""The parts, each with the paths below which it answers; the first that fits does."""


class Application:
    """The HTTP interface of a mailbox, as a WSGI application.

    Args:
        context: The context of the HTTP interface.
        address: The address on which it is served.
    """

    def __init__(self, context: Context, address: str) -> None:
        self._context = context
        self._parts = [(prefix, make(context)) for prefix, make in PARTS.items()]
        self._secured = secured(self._dispatch, context.server.settings, address)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        answer = probe(environ, start_response, lambda: self._context.mailbox.is_online)
        return self._secured(environ, start_response) if answer is None else answer

    def close(self) -> None:
        """End all streams."""
        self._context.events.close()

    def _dispatch(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        part = next(part for prefix, part in self._parts if path == prefix or path.startswith(f"{prefix}/"))
        return part(environ, start_response)


def make_app(
    mailbox: Mailbox,
    server: Server,
    failed: Callable[[BaseException], object] | None = None,
    address: str = "127.0.0.1",
) -> Application:
    """Return the HTTP interface of a mailbox.

    Args:
        mailbox: The mailbox.
        server: The server that it belongs to.
        failed: The function to call with an unexpected exception; by default it is raised.
        address: The address on which it is served. On a loopback address, requests for other hosts are refused.

    Example:
        >>> from smtpmock import SMTPMock
        >>> mock = SMTPMock()
        >>> app = make_app(mock, mock)
        >>> app({"REQUEST_METHOD": "GET", "PATH_INFO": "/livez"}, lambda status, headers: print(status))
        200 OK
        [b'ok']
    """
    return Application(Context(mailbox, server, _raise if failed is None else failed), address)


def _raise(error: BaseException) -> None:
    raise error
