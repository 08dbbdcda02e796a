"""The exceptions of smtpmock: each is an `SMTPMockError` and a standard exception as well."""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` would take 12 ms before the command has its port
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


class SMTPMockError(Exception):
    """The base of all errors that smtpmock raises."""


class SettingError(SMTPMockError, ValueError):
    """An unknown setting, or an invalid value for one."""


class QueryError(SMTPMockError, ValueError):
    """An unknown criterion, or an invalid value for one."""


class RuleError(SMTPMockError, ValueError):
    """An invalid rule: an unknown word, a condition that its stage does not know yet, or an invalid value."""


class ServerStateError(SMTPMockError, RuntimeError):
    """The server is in the wrong state for the call, such as a second start."""


class StartError(SMTPMockError, OSError):
    """The server cannot listen on its address."""


class ExpectationError(SMTPMockError, AssertionError):
    """What arrived is not what was expected; the text explains the difference.

    Attributes:
        messages: The messages (`Message`) that had arrived.
    """

    def __init__(self, text: str, messages: Iterable[Any] = ()) -> None:
        super().__init__(text)
        self.messages: tuple[Any, ...] = tuple(messages)


class MessageTimeoutError(ExpectationError, TimeoutError):
    """A wait ended before the expected messages arrived; the text explains what did arrive."""
