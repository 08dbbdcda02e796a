"""The calls of a mailbox as coroutines, for tasks of asyncio and trio."""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from smtpmock.mailbox.assertions import Assertions
from smtpmock.mailbox.availability import Availability
from smtpmock.mailbox.delivering import Delivering
from smtpmock.mailbox.explaining import Explaining
from smtpmock.mailbox.reading import Reading
from smtpmock.mailbox.scripting import Scripting
from smtpmock.mailbox.waiting import Waiting
from smtpmock.runtime.tasks import checkpoint, run_in_task

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

P = ParamSpec("P")
T = TypeVar("T")


def coroutine(
    method: Callable[Concatenate[Any, P], T],
) -> Callable[Concatenate[AsyncMailbox, P], Coroutine[Any, Any, T]]:
    """Return a method of a mailbox as a coroutine method with the same parameters, result and exceptions."""

    @wraps(method)
    async def call(self: AsyncMailbox, /, *args: P.args, **words: P.kwargs) -> T:
        await checkpoint()
        return await run_in_task(getattr(self._mailbox, method.__name__), *args, **words)

    return call


class AsyncMailbox:
    """The calls of a mailbox as coroutines; `mock.aio` is one.

    Each has the parameters, the result and the exceptions of the method of the same name, which its documentation
    describes. Only the task that awaits it waits, and cancelling the task ends the call at once.

    Args:
        mailbox: The mailbox whose methods are called.

    Example:
        >>> import asyncio
        >>> from smtplib import SMTP
        >>> from smtpmock import SMTPMock
        >>> async def test():
        ...     async with SMTPMock() as mock:
        ...         asyncio.get_running_loop().run_in_executor(None, SMTP(mock.host, mock.port).quit)
        ...         return await mock.aio.wait_for_session(timeout=5)
        >>> asyncio.run(test()).exchanges[-1].reply
        '221 Closing connection'
    """

    def __init__(self, mailbox: Explaining) -> None:
        self._mailbox = mailbox

    wait_for_message = coroutine(Waiting.wait_for_message)
    wait_for_messages = coroutine(Waiting.wait_for_messages)
    wait_for_messages_and_purge = coroutine(Waiting.wait_for_messages_and_purge)
    wait_for_session = coroutine(Waiting.wait_for_session)
    wait_for_rule = coroutine(Waiting.wait_for_rule)

    assert_no_message = coroutine(Waiting.assert_no_message)
    assert_message_count = coroutine(Assertions.assert_message_count)
    assert_recipients = coroutine(Assertions.assert_recipients)
    assert_no_violations = coroutine(Assertions.assert_no_violations)
    assert_rules_used = coroutine(Scripting.assert_rules_used)

    message = coroutine(Reading.message)
    messages = coroutine(Reading.messages)
    page = coroutine(Reading.page)
    tally = coroutine(Reading.tally)
    messages_and_purge = coroutine(Reading.messages_and_purge)
    purge = coroutine(Reading.purge)
    update_messages = coroutine(Reading.update_messages)
    deliver = coroutine(Delivering.deliver)
    save_messages = coroutine(Reading.save_messages)
    sessions = coroutine(Reading.sessions)
    session_page = coroutine(Reading.session_page)
    violations = coroutine(Assertions.violations)
    mark = coroutine(Reading.mark)
    subscribe = coroutine(Reading.subscribe)
    explain = coroutine(Explaining.explain)
    evidence = coroutine(Explaining.evidence)
    evidence_html = coroutine(Explaining.evidence_html)

    on = coroutine(Scripting.on)
    add_rule = coroutine(Scripting.add_rule)
    clear_rules = coroutine(Scripting.clear_rules)
    use_profile = coroutine(Scripting.use_profile)
    clear_profile = coroutine(Scripting.clear_profile)
    greylist = coroutine(Scripting.greylist)
    limit_rate = coroutine(Scripting.limit_rate)
    limit_connections = coroutine(Scripting.limit_connections)
    reject_recipient = coroutine(Scripting.reject_recipient)
    fail_next = coroutine(Scripting.fail_next)

    go_offline = coroutine(Availability.go_offline)
    go_online = coroutine(Availability.go_online)

    @asynccontextmanager
    async def offline(self) -> AsyncIterator[None]:
        """Refuse connections during an `async with` block."""
        await self.go_offline()
        try:
            yield
        finally:
            if self._mailbox._backend.is_running:  # it may have been stopped meanwhile
                await self.go_online()
