"""The server: what it is, how it is set, and what it has counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smtpmock.http.native.operations import Operation
from smtpmock.runtime.listener import bare
from smtpmock.settings.declarations import SETTINGS, changed_settings
from smtpmock.text import format_address
from smtpmock.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smtpmock.http.native.operations import Call
    from smtpmock.settings.declarations import Settings

FEATURES = ("clock", "events", "messages", "offline", "profiles", "rules", "sessions", "stored", "violations", "waits")
"""The features of the API, by the names of its groups."""


def show_server(call: Call) -> dict[str, Any]:
    """Describe the server; no secret is shown."""
    server, mailbox = call.context.server, call.context.mailbox
    return {
        "name": "smtpmock",
        "version": __version__,
        "features": list(FEATURES),
        "smtp": {
            "host": server.host,
            "port": server.port,
            "address": format_address(server.host, server.port),
            "online": mailbox.is_online,
            "public": public_address(server.settings),
        },
        "http": {"login": bool(server.settings.http_auth)},
        "clock": {"ahead": mailbox.clock.ahead},
        "settings": shown_settings(changed_settings(server.settings)),
        "counters": {
            "messages": len(mailbox),
            "dropped": mailbox.dropped,
            "rules": len(mailbox.rules),
        },
    }


def shown_settings(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as JSON, without secrets.

    Args:
        values: Their values by name.

    Example:
        >>> shown_settings({"port": 25, "http_auth": "bob:secret"})
        {'port': 25}
    """
    return {
        name: SETTINGS[name].type.shown(value) for name, value in values.items() if not SETTINGS[name].type.is_secret
    }


def public_address(settings: Settings) -> dict[str, Any] | None:
    """Return the host and the port at which clients reach SMTP, if they were set.

    Args:
        settings: The settings of the server.
    """
    if not settings.public_smtp:
        return None
    host, _, port = settings.public_smtp.rpartition(":")
    return {"host": bare(host), "port": int(port)}


OPERATIONS = (Operation("GET", "/server", "Describe the server", show_server, {"type": "object"}),)
