"""The native API as a WSGI application: its operations by path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import falcon

from smtpmock.http.native import (
    control,
    delivery,
    events,
    messages,
    parts,
    profiles,
    rules,
    server,
    sessions,
    violations,
    waits,
)
from smtpmock.http.native.openapi import document
from smtpmock.http.native.operations import Operation, Resource
from smtpmock.http.problems import answer_with_problems

if TYPE_CHECKING:
    from smtpmock.http.context import Context
    from smtpmock.http.native.operations import Call

PREFIX = "/api/smtpmock/v1"


def api_document(*, has_login: bool) -> dict[str, Any]:
    """Return the OpenAPI document of the API.

    Args:
        has_login: True if a login is required.
    """
    return document(OPERATIONS, PREFIX, has_login=has_login)


def _document(call: Call) -> Any:
    return api_document(has_login=bool(call.context.server.settings.http_auth))


class _Moved:
    """A path whose page is elsewhere."""

    def on_get(self, _: falcon.Request, __: falcon.Response) -> None:
        """Send the browser there."""
        raise falcon.HTTPPermanentRedirect("/docs")


OPERATIONS: tuple[Operation, ...] = (
    *server.OPERATIONS,
    *messages.OPERATIONS,
    *delivery.OPERATIONS,
    *parts.OPERATIONS,
    *waits.OPERATIONS,
    *sessions.OPERATIONS,
    *rules.OPERATIONS,
    *profiles.OPERATIONS,
    *violations.OPERATIONS,
    *events.OPERATIONS,
    *control.OPERATIONS,
    Operation("GET", "/openapi.json", "Describe this API as an OpenAPI document", _document, {"type": "object"}),
)
"""The operations, in the order of the documentation."""


def native_app(context: Context) -> falcon.App[Any, Any]:
    """Return the native API.

    Args:
        context: The context of the HTTP interface.
    """
    app: falcon.App[Any, Any] = falcon.App()
    answer_with_problems(app, context.failed)
    by_path: dict[str, list[Operation]] = {}
    for operation in OPERATIONS:
        by_path.setdefault(operation.path, []).append(operation)
    for path, operations in by_path.items():
        app.add_route(PREFIX + path, Resource(context, operations))
    app.add_route(f"{PREFIX}/docs", _Moved())
    return app
