"""A server in a process of its own, to which tests connect."""

from typing import Any

from smtpmock import spawn

_servers: list[Any] = []


def start_elsewhere(**settings: Any) -> str:
    """Start a server, and return the URL of its inbox."""
    _servers.append(spawn(**settings))
    return str(_servers[-1].http_url)


def end_elsewhere() -> None:
    """End it."""
    _servers.pop().stop()


def rules_elsewhere() -> int:
    """Return the number of its rules."""
    return len(_servers[-1].rules)


def messages_elsewhere() -> int:
    """Return the number of its messages."""
    return len(_servers[-1])
