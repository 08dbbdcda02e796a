"""What smtpmock raises: every error is an `SMTPMockError`, and a standard one besides."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from smtpmock.messages import Message


class SMTPMockError(Exception):
    """The base of all errors that smtpmock raises."""


class SettingError(SMTPMockError, ValueError):
    """A setting that does not exist, or a value that it cannot have."""


class ServerStateError(SMTPMockError, RuntimeError):
    """The server is not in the state that the call needs, as in a second start."""


class StartError(SMTPMockError, OSError):
    """The server could not listen on its address."""


class MessageTimeoutError(SMTPMockError, AssertionError, TimeoutError):
    """A wait ended before what it waited for had arrived.

    Attributes:
        messages: What had arrived when the time was up.
    """

    def __init__(self, text: str, messages: Iterable[Message] = ()) -> None:
        super().__init__(text)
        self.messages = tuple(messages)
