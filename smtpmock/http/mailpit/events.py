"""Events as Mailpit's WebSocket tells them: objects with a type and data."""

from __future__ import annotations

import json
from contextlib import closing
from time import monotonic
from typing import TYPE_CHECKING, Any

from smtpmock.http.mailpit.shapes import summary
from smtpmock.http.websocket import PING, websocket_app
from smtpmock.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from smtpmock.http.context import Context
    from smtpmock.http.events import Event
    from smtpmock.http.security import WSGI

PATH = "/api/events"

SECONDS_BETWEEN_STATS = 0.25
PING_SECONDS = 20.0
"""The seconds of silence after which the client has to answer a ping."""


def events_app(context: Context) -> WSGI:
    """Return the application that tells events over WebSocket.

    Args:
        context: The context of the HTTP interface.
    """
    stats = _Stats(context)
    return websocket_app(context, lambda _: _texts(context, stats))


class _Stats:
    """The figures of the mailbox, counted once for all clients."""

    def __init__(self, context: Context) -> None:
        self._mailbox = context.mailbox
        self._place = ""
        self._known: dict[str, Any] = {}

    def after(self, place: str) -> dict[str, Any]:
        """Return the figures, which have not changed since the last event."""
        if place != self._place:
            messages = self._mailbox.messages()
            unread = sum(not message.is_read for message in messages)
            self._known = {"Total": len(messages), "Unread": unread, "Version": __version__}
            self._place = place
        return self._known


def _texts(context: Context, stats: _Stats) -> Iterator[str | None]:
    """Yield objects as JSON, or pings, until the server stops."""
    with closing(context.events.open()) as reader:
        yield PING  # from now on nothing is missed
        has_changed, told = False, float("-inf")
        while not reader.is_closed:
            remaining = told + SECONDS_BETWEEN_STATS - monotonic()
            if has_changed and remaining <= 0:
                yield _text("stats", stats.after(reader.last_id))
                has_changed, told = False, monotonic()
                continue
            events = reader.read(remaining if has_changed else PING_SECONDS)
            if events is None:
                yield _text("prune")  # at which clients read the list again
                has_changed = True
            elif events:
                for kind, data in _objects(context, events):
                    yield _text(kind, data)
                    has_changed = True
            elif not (has_changed or reader.is_closed):
                yield PING


def _objects(context: Context, events: Sequence[Event]) -> Iterator[tuple[str, Any]]:
    """Yield what Mailpit tells: its clients know accepted messages only."""
    asked = [event.ids[0] for event in events if event.topic == "message" and event.action != "amended"]
    messages = {message.id: message for message in context.mailbox.messages(id=asked)} if asked else {}
    for _, topic, action, ids, _ in events:
        if topic == "purge":
            if action == "all":
                yield "truncate", None
            elif action == "dropped":
                yield "prune", None
            else:
                yield from (("delete", {"ID": known}) for known in ids)
        elif topic == "message" and action != "amended" and ids[0] in messages:
            message = messages[ids[0]]
            if action == "updated":
                yield "update", {"ID": message.id, "Read": message.is_read, "Tags": list(message.tags)}
            else:
                yield "new", summary(message)


def _text(kind: str, data: Any = None) -> str:
    return json.dumps({"Type": kind, "Data": data})
