"""The exceptions of smtpmock: each is an `SMTPMockError` and a standard exception as well."""

from __future__ import annotations

TYPE_CHECKING = False  # importing `typing` would delay the start of the command by 12 ms
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
    """An invalid rule: an unknown word, a condition that is not available at its stage, or an invalid value."""


class ContentError(SMTPMockError, AssertionError, LookupError):
    """A mail that does not have exactly one of what is looked for, such as a link, or that is too large to parse."""


class MissingHeaderError(ContentError, KeyError):
    """A header field that a mail does not have."""

    __str__ = Exception.__str__  # KeyError would show the sentence in quotes


class ServerStateError(SMTPMockError, RuntimeError):
    """A call that the state of the server does not allow, such as a second start."""


class StartError(SMTPMockError, OSError):
    """A failure to listen on the address of the server, or to open its store."""


class StoreError(SMTPMockError, OSError):
    """A store that cannot take or return what it should, for example because its disk is full."""


class ExpectationError(SMTPMockError, AssertionError):
    """A difference between what was expected and what arrived; the text explains it.

    Attributes:
        messages: The messages (`Message`) that had arrived.
    """

    def __init__(self, text: str, messages: Iterable[Any] = ()) -> None:
        super().__init__(text)
        self.messages: tuple[Any, ...] = tuple(messages)


class MessageTimeoutError(ExpectationError, TimeoutError):
    """A wait that ended before the expected messages arrived; the text explains what did arrive."""
