"""What smtpmock raises: every error is an `SMTPMockError`, and a standard one besides."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from smtpmock.messages.message import Message


class SMTPMockError(Exception):
    """The base of all errors that smtpmock raises."""


class SettingError(SMTPMockError, ValueError):
    """A setting that does not exist, or a value that it cannot have."""


class QueryError(SMTPMockError, ValueError):
    """A criterion that does not exist, or a value that cannot be asked for."""


class RuleError(SMTPMockError, ValueError):
    """A rule that cannot be: an unknown word, a condition that cannot be known then, a value that is not allowed."""


class ServerStateError(SMTPMockError, RuntimeError):
    """The server is not in the state that the call needs, as in a second start."""


class StartError(SMTPMockError, OSError):
    """The server could not listen on its address."""


class ExpectationError(SMTPMockError, AssertionError):
    """What arrived is not what was expected; the text explains it.

    Attributes:
        messages: What had arrived.
    """

    def __init__(self, text: str, messages: Iterable[Message] = ()) -> None:
        super().__init__(text)
        self.messages = tuple(messages)


class MessageTimeoutError(ExpectationError, TimeoutError):
    """A wait ended before what it waited for had arrived; the text explains what did."""
