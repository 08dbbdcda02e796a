"""The context of the HTTP interface: the mailbox, the server that it belongs to, and their limits."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar

import gevent

from smtpmock.http.events import EventLog
from smtpmock.stores.threads import in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from smtpmock.mailbox.mailbox import Mailbox
    from smtpmock.settings.declarations import Settings

T = TypeVar("T")

MOST_STREAMS = 4_000
"""The most long polls and event streams that may be open at the same time."""


class Server(Protocol):
    """The part of a server that HTTP needs, besides its mailbox."""

    settings: Settings

    @property
    def is_running(self) -> bool:
        """True while the server accepts connections."""

    @property
    def host(self) -> str:
        """The address or name that the server listens on."""

    @property
    def port(self) -> int:
        """The port that the server listens on."""

    @property
    def ca_certificate(self) -> Path:
        """The path of the certificate of the authority that issued the server's certificate."""


class TooManyStreamsError(Exception):
    """As many long polls and event streams are open as may be."""


class Context:
    """The context in which every part of the HTTP interface works.

    Args:
        mailbox: The mailbox.
        server: The server that it belongs to.
        failed: The function to call with an unexpected exception.

    Attributes:
        mailbox: The mailbox.
        server: The server that it belongs to.
        failed: The function to call with an unexpected exception.
        events: The events of the mailbox.
    """

    def __init__(self, mailbox: Mailbox, server: Server, failed: Callable[[BaseException], object]) -> None:
        self.mailbox = mailbox
        self.server = server
        self.failed = failed
        self.events = EventLog(mailbox, failed)
        self._streams = 0

    @property
    def largest_body(self) -> int:
        """The largest request body in bytes: a message in base64 with its envelope fits."""
        return 2 * self.server.settings.msg_size_limit + 1_048_576

    def aside(self, function: Callable[..., T], *args: object, **words: object) -> T:
        """Run a function that may take long in another thread, so that SMTP goes on meanwhile.

        Args:
            function: The function; it may only read.
            *args: Its arguments.
            **words: Its arguments by name.

        Returns:
            The result of the function.
        """
        return in_thread(gevent.get_hub().threadpool, function, *args, **words)

    @contextmanager
    def stream(self) -> Iterator[None]:
        """Count a long poll or an event stream while it is open.

        Raises:
            TooManyStreamsError: If too many are open.
        """
        if self._streams >= MOST_STREAMS:
            raise TooManyStreamsError(f"Too many open long polls and event streams: at most {MOST_STREAMS} are served.")
        self._streams += 1
        try:
            yield
        finally:
            self._streams -= 1
