"""The server: what it is, how it is set, and what it has counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smtpmock.http.native.operations import Operation
from smtpmock.settings.declarations import SETTINGS, changed_settings
from smtpmock.text import format_address
from smtpmock.version import __version__

if TYPE_CHECKING:
    from smtpmock.http.native.operations import Call

FEATURES = ("events", "messages", "offline", "rules", "sessions", "violations", "waits")
"""The features of the API, by the names of its groups."""


def show_server(call: Call) -> dict[str, Any]:
    """Describe the server; no secret is shown."""
    server, mailbox = call.context.server, call.context.mailbox
    changed = changed_settings(server.settings)
    return {
        "name": "smtpmock",
        "version": __version__,
        "features": list(FEATURES),
        "smtp": {
            "host": server.host,
            "port": server.port,
            "address": format_address(server.host, server.port),
            "online": mailbox.is_online,
        },
        "settings": {name: value for name, value in changed.items() if not SETTINGS[name].type.is_secret},
        "counters": {
            "messages": len(mailbox),
            "dropped": mailbox.dropped,
            "rules": len(mailbox.rules),
        },
    }


OPERATIONS = (Operation("GET", "/server", "Describe the server", show_server, {"type": "object"}),)
