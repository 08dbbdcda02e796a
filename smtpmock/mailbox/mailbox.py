"""The mailbox, with which tests read, wait, assert and explain. It knows a backend, but no socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpmock.mailbox.aio import AsyncMailbox
from smtpmock.mailbox.assertions import Assertions
from smtpmock.mailbox.availability import Availability
from smtpmock.mailbox.delivering import Delivering
from smtpmock.mailbox.scripting import Scripting
from smtpmock.mailbox.waiting import Waiting
from smtpmock.runtime.listener import bare

if TYPE_CHECKING:
    from collections.abc import Collection

    from typing_extensions import Unpack

    from smtpmock.mailbox.backend import Backend
    from smtpmock.queries.words import QueryWords


class Mailbox(Waiting, Assertions, Scripting, Delivering, Availability):
    """The mail that arrived, and the calls with which tests examine it.

    Every call refers to accepted mail unless `accepted=False` (failed attempts) or `accepted=None` (both) says
    otherwise.

    Args:
        backend: The backend that answers.
        timeout: The default timeout of waits, in seconds.
        ignore_violations: Codes of violations that every call ignores.
    """

    def __init__(self, backend: Backend, *, timeout: float, ignore_violations: Collection[str] = ()) -> None:
        self._backend = backend
        self._default_timeout = timeout
        self._ignored = tuple(ignore_violations)
        self._unmet = {}

    def __bool__(self) -> bool:
        """Return True, even if there are no messages."""
        return True

    @property
    def is_running(self) -> bool:
        """True while messages can arrive."""
        return self._backend.is_running

    def scope(self, **query: Unpack[QueryWords]) -> Scope:
        """Return a mailbox that sees, waits for, removes and scripts only what matches, for tests that share a server.

        A session belongs to it if one of its records does, refused ones included; one without a record only by
        criteria for sessions. Rules that are added through it have its criteria as conditions. The clock and the
        availability belong to the whole server: to use them through a scope is an error.

        Args:
            **query: Criteria, as listed at https://smtpmock.github.io/smtpmock/queries/, except `accepted` and `since`.

        Raises:
            QueryError: If there is no criterion, or one is unknown or invalid.

        Example:
            >>> from smtplib import SMTP
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock(multiple_message_receiving=True) as mock, SMTP(mock.host, mock.port) as client:
            ...     for recipient in ("bob@one.example", "bob@two.example"):
            ...         _ = client.sendmail("a@example.com", recipient, "Subject: Welcome")
            ...     mock.scope(recipient="*@one.example").message().recipients
            ('bob@one.example',)
        """
        from smtpmock.mailbox.scoped import ScopedBackend

        return Scope(
            ScopedBackend(self._backend, query), timeout=self._default_timeout, ignore_violations=self._ignored
        )

    @property
    def aio(self) -> AsyncMailbox:
        """The waits, the assertions and the other calls of this mailbox as coroutines, for asyncio and trio."""
        return AsyncMailbox(self)


class Scope(Mailbox):
    """The part of a mailbox that matches, as `scope` returns it."""

    def __repr__(self) -> str:
        return f"<Scope of {self.address}>"

    @property
    def address(self) -> str:
        """The host and the port of the server in one string, such as "127.0.0.1:2525"."""
        return self._backend.address

    @property
    def host(self) -> str:
        """The address or name to which the application has to send its mail."""
        return bare(self.address.rpartition(":")[0])

    @property
    def port(self) -> int:
        """The port to which the application has to send its mail."""
        return int(self.address.rpartition(":")[2])
