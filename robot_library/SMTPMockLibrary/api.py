"""Everything that the library uses of smtpmock: the only module here that imports it."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, get_type_hints

import smtpmock
from smtpmock import (
    FAULTS,
    INSTEAD,
    MESSAGE_WORDS,
    SESSION_WORDS,
    SETTINGS,
    STAGES,
    STANDARDS,
    THEN,
    Attachment,
    BrokenMatrixError,
    Evidence,
    ExpectationError,
    Mark,
    Message,
    MessageTimeoutError,
    Profile,
    Rule,
    RuleError,
    ServerStateError,
    Session,
    Settings,
    SMTPMockError,
    StartError,
    SurvivalMatrix,
    Violation,
    __version__,
    address_key,
    parse_setting,
    sessions_html,
    transcripts,
    unknown,
)

if TYPE_CHECKING:
    from smtpmock import RemoteMock as RemoteMock
    from smtpmock import Scope as Scope
    from smtpmock import SMTPMock as SMTPMock  # imports gevent, which libdoc, dry runs and editors do not need

__all__ = [
    "ANNOTATIONS",
    "BrokenMatrixError",
    "CRITERIA",
    "FAULTS",
    "INSTEAD",
    "RULE_WORDS",
    "SESSION_CRITERIA",
    "SETTINGS",
    "STAGES",
    "STANDARDS",
    "THEN",
    "Attachment",
    "Evidence",
    "ExpectationError",
    "Mark",
    "Message",
    "MessageTimeoutError",
    "Profile",
    "Rule",
    "RuleError",
    "SMTPMockError",
    "ServerStateError",
    "StartError",
    "Session",
    "SurvivalMatrix",
    "Violation",
    "__version__",
    "address_key",
    "connect_mock",
    "create_mock",
    "parse_setting",
    "run_matrix",
    "sessions_html",
    "transcripts",
    "unknown",
]


class Word(NamedTuple):
    """A word of a rule.

    Attributes:
        kind: The kind of its values.
        meaning: Its meaning, without a capital and a full stop.
    """

    kind: str
    meaning: str


CRITERIA = {word.rstrip("_"): smtpmock.CRITERIA[word] for word in MESSAGE_WORDS}
"""The criteria for messages. In tests, `from_` is `from`, which is no keyword there."""

SESSION_CRITERIA = {word: CRITERIA[word] for word in SESSION_WORDS}
"""The criteria for sessions."""

RULE_WORDS: Mapping[str, Word] = {
    **{
        word: Word(known.kind, f"{known.meaning}{',' if ',' in known.meaning else ''} matches")
        for word, known in smtpmock.CRITERIA.items()
        if any(word in conditions for conditions in STAGES.values()) and known.kind != "function"
    },
    **{word: Word(known.kind, known.meaning) for word, known in smtpmock.RULE_WORDS.items()},
}
"""The words of rules: conditions, counting and actions. Functions cannot be written in a test case."""

ANNOTATIONS: Mapping[str, Any] = get_type_hints(Settings)
"""The types of the settings."""


def create_mock(**settings: Any) -> "SMTPMock":
    """Return a server that is not running yet."""
    from smtpmock import SMTPMock

    return SMTPMock(**settings)


def connect_mock(url: str, criteria: Mapping[str, Any], **words: Any) -> tuple["RemoteMock", "RemoteMock | Scope"]:
    """Return the connection to a server that runs elsewhere, and the mailbox of all of its mail, or of what matches."""
    from smtpmock import RemoteMock, connect

    if not criteria:
        mock = connect(url, **words)
        return mock, mock
    mock = RemoteMock(url, **words)
    return mock, mock.scope(**criteria)


def run_matrix(scenario: Callable[["SMTPMock"], object], **words: Any) -> SurvivalMatrix:
    """Run a scenario under each fault."""
    from smtpmock import survival_matrix

    return survival_matrix(scenario, **words)
