"""An SMTP mock server for tests: it answers as it is told to, keeps what it was sent, and explains itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smtpmock.conformance.catalogue import Violation
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
    from smtpmock.mail.content import Attachment, ContentError
    from smtpmock.messages.message import Message
    from smtpmock.queries.query import Mark
    from smtpmock.records.exchange import Exchange
    from smtpmock.records.session import Session
    from smtpmock.rules.rule import Rule
    from smtpmock.server import SMTPMock
    from smtpmock.settings.declarations import Settings

__version__ = "3.0.0"

_HOMES = {
    "ContentError": "mail.content",
    "Violation": "conformance.catalogue",
    "Attachment": "mail.content",
    "Mark": "queries.query",
    "Rule": "rules.rule",
    "RuleError": "errors",
    "QueryError": "errors",
    "ExpectationError": "errors",
    "Exchange": "records.exchange",
    "Message": "messages.message",
    "MessageTimeoutError": "errors",
    "SMTPMock": "server",
    "SMTPMockError": "errors",
    "ServerStateError": "errors",
    "Session": "records.session",
    "SettingError": "errors",
    "Settings": "settings.declarations",
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
