"""The services of a server between a start and a stop: SMTP, HTTP if it is asked for, and what drops old records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gevent.socket import socket

if TYPE_CHECKING:
    from smtpmock.runtime.acceptor import RunningServer
    from smtpmock.runtime.expiry import Expiry
    from smtpmock.runtime.service import Service


class Running:
    """The services between a start and a stop; all of them belong to the hub thread."""

    def __init__(self, smtp: RunningServer) -> None:
        self.smtp: RunningServer = smtp
        self.http: Service | None = None
        self.expiry: Expiry | None = None

    def abandon(self) -> None:
        """Close the descriptors in a forked child."""
        self.smtp.abandon()
        if self.http is not None:
            self.http.abandon()


def take_listener(waiting: list[Any]) -> socket:
    """Return the listening socket that waits, as a socket of gevent.

    Raises:
        IndexError: If somebody else has taken it.
    """
    plain = waiting.pop()
    return socket(plain.family, plain.type, plain.proto, fileno=plain.detach())
