"""A mailbox that is started and stopped: what coroutines need for that, in addition."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from smtpmock.mailbox.aio import AsyncMailbox, coroutine
from smtpmock.mailbox.mailbox import Mailbox
from smtpmock.runtime.tasks import AsyncContext

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self


class Startable(AsyncContext, Mailbox):
    """A mailbox that is started and stopped; a context manager, for coroutines as well."""

    @abstractmethod
    def start(self) -> None:
        """Start the server: when this returns, it accepts connections."""

    @abstractmethod
    def stop(self) -> None:
        """Stop the server: when this returns, no session is running and the port is free."""

    @abstractmethod
    def __enter__(self) -> Self: ...

    @abstractmethod
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    @property
    def aio(self) -> AsyncServer:
        """The calls of the server as coroutines, for asyncio and trio: waits, assertions, start and stop.

        Example:
            >>> import asyncio
            >>> from smtpmock import SMTPMock
            >>> async def test():
            ...     mock = SMTPMock()
            ...     await mock.aio.start()
            ...     await mock.aio.assert_no_message(within=0.01)
            ...     await mock.aio.stop()
            >>> asyncio.run(test())
        """
        return AsyncServer(self)


class AsyncServer(AsyncMailbox):
    """The calls of a server as coroutines; the `aio` of an `SMTPMock` is one."""

    start = coroutine(Startable.start)
    stop = coroutine(Startable.stop)
