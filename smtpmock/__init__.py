"""An SMTP mock server for tests: it answers as it is told to, keeps what it was sent, and explains itself."""

from __future__ import annotations

from smtpmock.version import __version__

TYPE_CHECKING = False  # `typing` would take 12 ms before the command has its port
if TYPE_CHECKING:
    from smtpmock.conformance.catalogue import STANDARDS, Level, Violation
    from smtpmock.errors import (
        ContentError,
        ExpectationError,
        MessageTimeoutError,
        QueryError,
        RuleError,
        ServerStateError,
        SettingError,
        SMTPMockError,
        StartError,
        StoreError,
    )
    from smtpmock.evidence import Evidence
    from smtpmock.mail.addresses import Address
    from smtpmock.mail.attachments import Attachment
    from smtpmock.mail.headers import Headers
    from smtpmock.mailbox.aio import AsyncMailbox
    from smtpmock.mailbox.mailbox import Mailbox, Scope
    from smtpmock.mailbox.startable import AsyncServer
    from smtpmock.matrix.expectations import Expectation, parse_expectations
    from smtpmock.matrix.faults import FAULTS, Fault, find_faults
    from smtpmock.matrix.row import Row
    from smtpmock.matrix.runner import survival_matrix
    from smtpmock.matrix.table import BrokenMatrixError, SurvivalMatrix
    from smtpmock.matrix.trying import Rehearsal, TrialLimits, rehearse, trial_limits, try_fault
    from smtpmock.messages.message import Message
    from smtpmock.messages.session import Session, sessions_html, transcripts
    from smtpmock.patterns import Expression
    from smtpmock.profiles.profile import Profile, Source, load_profile, profile_names
    from smtpmock.queries.criteria import CRITERIA, INSTEAD, MESSAGE_WORDS, SESSION_WORDS, Criterion
    from smtpmock.queries.query import Mark
    from smtpmock.queries.search import Search
    from smtpmock.queries.terms import AllOf, format_value, text_matcher
    from smtpmock.queries.words import QueryWords, SessionWords, Text
    from smtpmock.records.change import Change
    from smtpmock.records.exchange import Cause, Exchange
    from smtpmock.records.session import TLS, Attempt
    from smtpmock.remote.mock import RemoteMock, connect
    from smtpmock.remote.spawned import SpawnedMock, spawn
    from smtpmock.rfc.grammar import address_key
    from smtpmock.rules.book import Clock
    from smtpmock.rules.context import ReceivedMessage
    from smtpmock.rules.gates import GATES, gate_from_json, gate_to_json
    from smtpmock.rules.rule import Rule
    from smtpmock.rules.text_form import load_rules, parse_rule, profile_rules
    from smtpmock.rules.words import RULE_WORDS, STAGES, THEN, Conditions, RuleWords, Stage, Then
    from smtpmock.runtime.listener import listen
    from smtpmock.server import SMTPMock
    from smtpmock.settings.declarations import SETTINGS, Settings, parse_setting
    from smtpmock.settings.setting import Setting
    from smtpmock.settings.words import SettingWords
    from smtpmock.stores.base import Tally
    from smtpmock.text import invalid, quote, unknown

_HOMES = {
    "quote": "text",
    "invalid": "text",
    "unknown": "text",
    "listen": "runtime.listener",
    "parse_rule": "rules.text_form",
    "load_rules": "rules.text_form",
    "Setting": "settings.setting",
    "Address": "mail.addresses",
    "AllOf": "queries.terms",
    "AsyncMailbox": "mailbox.aio",
    "AsyncServer": "mailbox.startable",
    "Attachment": "mail.attachments",
    "Attempt": "records.session",
    "CRITERIA": "queries.criteria",
    "Cause": "records.exchange",
    "Change": "records.change",
    "Clock": "rules.book",
    "Conditions": "rules.words",
    "ContentError": "errors",
    "Criterion": "queries.criteria",
    "Evidence": "evidence",
    "Exchange": "records.exchange",
    "ExpectationError": "errors",
    "Expression": "patterns",
    "GATES": "rules.gates",
    "Headers": "mail.headers",
    "Level": "conformance.catalogue",
    "INSTEAD": "queries.criteria",
    "MESSAGE_WORDS": "queries.criteria",
    "Mailbox": "mailbox.mailbox",
    "Mark": "queries.query",
    "Message": "messages.message",
    "MessageTimeoutError": "errors",
    "QueryError": "errors",
    "QueryWords": "queries.words",
    "RULE_WORDS": "rules.words",
    "ReceivedMessage": "rules.context",
    "RemoteMock": "remote.mock",
    "Rule": "rules.rule",
    "RuleError": "errors",
    "RuleWords": "rules.words",
    "SESSION_WORDS": "queries.criteria",
    "SETTINGS": "settings.declarations",
    "SMTPMock": "server",
    "SMTPMockError": "errors",
    "STAGES": "rules.words",
    "STANDARDS": "conformance.catalogue",
    "Scope": "mailbox.mailbox",
    "Search": "queries.search",
    "ServerStateError": "errors",
    "Session": "messages.session",
    "SessionWords": "queries.words",
    "SettingError": "errors",
    "SettingWords": "settings.words",
    "Settings": "settings.declarations",
    "Stage": "rules.words",
    "SpawnedMock": "remote.spawned",
    "StartError": "errors",
    "StoreError": "errors",
    "THEN": "rules.words",
    "TLS": "records.session",
    "Tally": "stores.base",
    "Text": "queries.words",
    "Then": "rules.words",
    "Violation": "conformance.catalogue",
    "address_key": "rfc.grammar",
    "connect": "remote.mock",
    "parse_setting": "settings.declarations",
    "sessions_html": "messages.session",
    "spawn": "remote.spawned",
    "format_value": "queries.terms",
    "gate_from_json": "rules.gates",
    "gate_to_json": "rules.gates",
    "text_matcher": "queries.terms",
    "BrokenMatrixError": "matrix.table",
    "Expectation": "matrix.expectations",
    "FAULTS": "matrix.faults",
    "Fault": "matrix.faults",
    "Row": "matrix.row",
    "SurvivalMatrix": "matrix.table",
    "Rehearsal": "matrix.trying",
    "TrialLimits": "matrix.trying",
    "rehearse": "matrix.trying",
    "trial_limits": "matrix.trying",
    "try_fault": "matrix.trying",
    "find_faults": "matrix.faults",
    "Profile": "profiles.profile",
    "Source": "profiles.profile",
    "load_profile": "profiles.profile",
    "profile_names": "profiles.profile",
    "profile_rules": "rules.text_form",
    "parse_expectations": "matrix.expectations",
    "survival_matrix": "matrix.runner",
    "transcripts": "messages.session",
}

__all__ = [
    "quote",
    "invalid",
    "unknown",
    "listen",
    "parse_rule",
    "load_rules",
    "Setting",
    "Address",
    "AllOf",
    "AsyncMailbox",
    "AsyncServer",
    "Attachment",
    "Attempt",
    "CRITERIA",
    "Cause",
    "Change",
    "Clock",
    "Conditions",
    "ContentError",
    "Criterion",
    "Evidence",
    "Exchange",
    "ExpectationError",
    "Expression",
    "GATES",
    "Headers",
    "Level",
    "INSTEAD",
    "MESSAGE_WORDS",
    "Mailbox",
    "Mark",
    "Message",
    "MessageTimeoutError",
    "QueryError",
    "QueryWords",
    "RULE_WORDS",
    "ReceivedMessage",
    "RemoteMock",
    "Rule",
    "RuleError",
    "RuleWords",
    "SESSION_WORDS",
    "SETTINGS",
    "SMTPMock",
    "SMTPMockError",
    "STAGES",
    "STANDARDS",
    "Scope",
    "Search",
    "ServerStateError",
    "Session",
    "SessionWords",
    "SettingError",
    "SettingWords",
    "Settings",
    "Stage",
    "SpawnedMock",
    "StartError",
    "StoreError",
    "THEN",
    "TLS",
    "Tally",
    "Text",
    "Then",
    "Violation",
    "address_key",
    "connect",
    "parse_setting",
    "sessions_html",
    "spawn",
    "format_value",
    "gate_from_json",
    "gate_to_json",
    "text_matcher",
    "BrokenMatrixError",
    "Expectation",
    "FAULTS",
    "Fault",
    "Row",
    "SurvivalMatrix",
    "Rehearsal",
    "TrialLimits",
    "rehearse",
    "trial_limits",
    "try_fault",
    "find_faults",
    "Profile",
    "Source",
    "load_profile",
    "profile_names",
    "profile_rules",
    "parse_expectations",
    "survival_matrix",
    "transcripts",
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
