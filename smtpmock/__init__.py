"""An SMTP mock server for tests: it answers as it is told to, keeps what it was sent, and explains itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smtpmock.content import Attachment, ContentError
    from smtpmock.errors import (
        ExpectationError,
        MessageTimeoutError,
        QueryError,
        RuleError,
        ServerStateError,
        SettingError,
        SMTPMockError,
        StartError,
    )
    from smtpmock.exchange import Exchange
    from smtpmock.messages import Message
    from smtpmock.query import Mark
    from smtpmock.rules import Rule
    from smtpmock.server import SMTPMock
    from smtpmock.sessions import Session
    from smtpmock.settings import Settings
    from smtpmock.violations import Violation

__version__ = "3.0.0"

_HOMES = {
    "ContentError": "content",
    "Violation": "violations",
    "Attachment": "content",
    "Mark": "query",
    "Rule": "rules",
    "RuleError": "errors",
    "QueryError": "errors",
    "ExpectationError": "errors",
    "Exchange": "exchange",
    "Message": "messages",
    "MessageTimeoutError": "errors",
    "SMTPMock": "server",
    "SMTPMockError": "errors",
    "ServerStateError": "errors",
    "Session": "sessions",
    "SettingError": "errors",
    "Settings": "settings",
    "StartError": "errors",
}

__all__ = [
    "ContentError",
    "Violation",
    "Attachment",
    "Mark",
    "Rule",
    "RuleError",
    "QueryError",
    "ExpectationError",
    "Exchange",
    "Message",
    "MessageTimeoutError",
    "SMTPMock",
    "SMTPMockError",
    "ServerStateError",
    "Session",
    "SettingError",
    "Settings",
    "StartError",
    "__version__",
]


def __getattr__(name: str) -> object:
    """Imports a public name when it is first used (PEP 562), so that importing the package costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
