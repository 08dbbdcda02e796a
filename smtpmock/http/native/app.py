"""The native API as a WSGI application: its operations by path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import falcon

from smtpmock.http.native import server
from smtpmock.http.native.operations import Resource
from smtpmock.http.problems import answer_with_problems

if TYPE_CHECKING:
    from smtpmock.http.context import Context
    from smtpmock.http.native.operations import Operation

PREFIX = "/api/smtpmock/v1"

OPERATIONS: tuple[Operation, ...] = (*server.OPERATIONS,)
"""The operations, in the order of the documentation."""


def native_app(context: Context) -> falcon.App[Any, Any]:
    """Return the native API.

    Args:
        context: What it works on.
    """
    app: falcon.App[Any, Any] = falcon.App()
    answer_with_problems(app, context.failed)
    by_path: dict[str, list[Operation]] = {}
    for operation in OPERATIONS:
        by_path.setdefault(operation.path, []).append(operation)
    for path, operations in by_path.items():
        app.add_route(PREFIX + path, Resource(context, operations))
    return app
