"""Taking a server offline for a while: connections are refused, as by a server that is down."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smtpmock.mailbox.backend import Backend


class Availability:
    """The part of a mailbox that takes its server offline."""

    _backend: Backend

    @property
    def is_online(self) -> bool:
        """True while the server accepts connections: it is running, and it has not been taken offline."""
        return self._backend.is_online

    def go_offline(self) -> None:
        """Refuse connections until `go_online` is called: the system answers as if the server were down.

        Open sessions go on. The server keeps its port, its mail and its rules, and waits go on as well.

        Raises:
            ServerStateError: If the server is not running.

        Example:
            >>> from smtplib import SMTP
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock:
            ...     mock.go_offline()
            ...     try:
            ...         SMTP(mock.host, mock.port)
            ...     except ConnectionRefusedError:
            ...         print("refused")
            refused
        """
        self._backend.set_online(False)

    def go_online(self) -> None:
        """Accept connections again, on the same port; do nothing if the server is not offline.

        Raises:
            ServerStateError: If the server is not running.
            StartError: If the port is no longer available.

        Example:
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock:
            ...     mock.go_offline()
            ...     mock.go_online()
            ...     mock.is_online
            True
        """
        self._backend.set_online(True)

    @contextmanager
    def offline(self) -> Iterator[None]:
        """Refuse connections during a `with` block; see `go_offline`.

        Raises:
            ServerStateError: If the server is not running.
            StartError: If the port is no longer available at the end.

        Example:
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock:
            ...     with mock.offline():
            ...         mock.is_online
            False
        """
        self.go_offline()
        try:
            yield
        finally:
            if self._backend.is_running:  # it may have been stopped meanwhile
                self.go_online()
