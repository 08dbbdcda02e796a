"""Mailpit's API as a WSGI application: its paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import falcon

from smtpmock.http.mailpit.chaos import Chaos
from smtpmock.http.mailpit.errors import SEND, answer_with_texts
from smtpmock.http.mailpit.message import NOT_DONE, Headers, NotDone, OneMessage, OnePart, Release, Source, Thumbnail
from smtpmock.http.mailpit.messages import Found, Messages
from smtpmock.http.mailpit.send import Send
from smtpmock.http.mailpit.server import Info, WebUI
from smtpmock.http.mailpit.tags import OneTag, Tags

if TYPE_CHECKING:
    from smtpmock.http.context import Context

PREFIX = "/api/v1"


def mailpit_app(context: Context) -> falcon.App[Any, Any]:
    """Return the API of Mailpit.

    Args:
        context: The context of the HTTP interface.
    """
    app: falcon.App[Any, Any] = falcon.App()
    answer_with_texts(app, context.failed)
    one = f"{PREFIX}/message/{{message_id}}"
    app.add_route(f"{PREFIX}/messages", Messages(context))
    app.add_route(f"{PREFIX}/search", Found(context))
    app.add_route(one, OneMessage(context))
    app.add_route(f"{one}/headers", Headers(context))
    app.add_route(f"{one}/raw", Source(context))
    app.add_route(f"{one}/part/{{part_id}}", OnePart(context))
    app.add_route(f"{one}/part/{{part_id}}/thumb", Thumbnail())
    for name, sentence in NOT_DONE.items():
        app.add_route(f"{one}/{name}", Release(context) if name == "release" else NotDone(context, sentence))
    app.add_route(SEND, Send(context))
    app.add_route(f"{PREFIX}/tags", Tags(context))
    app.add_route(f"{PREFIX}/tags/{{tag}}", OneTag(context))
    app.add_route(f"{PREFIX}/chaos", Chaos(context))
    app.add_route(f"{PREFIX}/info", Info(context))
    app.add_route(f"{PREFIX}/webui", WebUI(context))
    return app
