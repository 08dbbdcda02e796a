"""Everything that the library uses of smtpmock: the only module here that imports it."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, get_type_hints

from smtpmock import (
    Attachment,
    ExpectationError,
    Mark,
    Message,
    Rule,
    RuleError,
    ServerStateError,
    Session,
    Settings,
    SMTPMockError,
    Violation,
    __version__,
)
from smtpmock.queries.query import Query, SessionQuery, conditions_of, shown
from smtpmock.rfc.grammar import address_key
from smtpmock.rules.rule import STAGES, THEN
from smtpmock.settings.declarations import NAMED
from smtpmock.settings.declarations import from_text as parse_setting
from smtpmock.text import counted

if TYPE_CHECKING:
    from smtpmock import SMTPMock as SMTPMock  # imports gevent, which libdoc, dry runs and editors do not need

__all__ = [
    "CRITERIA",
    "RULE_WORDS",
    "SESSION_CRITERIA",
    "SETTINGS",
    "STAGES",
    "THEN",
    "Attachment",
    "ExpectationError",
    "Mark",
    "Message",
    "Rule",
    "RuleError",
    "SMTPMockError",
    "ServerStateError",
    "Session",
    "Violation",
    "__version__",
    "address_key",
    "assert_message_count",
    "create_mock",
    "message_html",
    "parse_setting",
    "sessions",
    "sessions_html",
    "shown",
    "text_matcher",
    "transcripts",
    "visible_text",
]


class Word(NamedTuple):
    """A criterion, or a word of a rule.

    Attributes:
        kind: The kind of its values.
        meaning: Its meaning, without a capital and a full stop.
    """

    kind: str
    meaning: str


class Setting(NamedTuple):
    """A setting of the server.

    Attributes:
        default: Its default.
        meaning: Its meaning, without a capital and a full stop.
        annotation: The type of its values.
        is_secret: True if its values must not be logged.
    """

    default: Any
    meaning: str
    annotation: Any
    is_secret: bool


CRITERIA: Mapping[str, Word] = {
    "recipient": Word("address", "a recipient of the envelope, Bcc included"),
    "sender": Word("address", "the sender of the envelope"),
    "subject": Word("text", "the decoded subject"),
    "text": Word("text", "the decoded plain text"),
    "html": Word("text", "the decoded HTML"),
    "attachment": Word("text", "the file name of an attachment"),
    "link": Word("text", "a link in the text or the HTML"),
    "header": Word("header", "a header"),
    "helo_name": Word("name", "the name given with HELO or EHLO"),
    "client": Word("name", "the address of the client"),
    "user": Word("exact-name", "the user logged in with AUTH"),
    "size": Word("size", "the size of the message in bytes"),
    "since": Word("since", "the time of arrival"),
    "consistent": Word("accepted", "the outcome"),
}
"""The criteria for messages."""

SESSION_CRITERIA: Mapping[str, Word] = {word: CRITERIA[word] for word in ("client", "helo_name", "since")}
"""The criteria for sessions."""

RULE_WORDS: Mapping[str, Word] = {
    "client": Word("name", "the address of the client matches"),
    "helo_name": Word("name", "the name given with HELO or EHLO matches"),
    "user": Word("exact-name", "the user logged in with AUTH matches; known at AUTH and later"),
    "sender": Word("address", "the sender of the envelope matches; known at MAIL FROM and later"),
    "recipient": Word("address", "a recipient of the envelope matches; known at RCPT TO and later"),
    "subject": Word("text", "the subject matches; known at message"),
    "header": Word("header", "a header matches; known at message"),
    "text": Word("text", "the plain text matches; known at message"),
    "size": Word("size", "the size in bytes matches; known at message, and at MAIL FROM if the client declares it"),
    "times": Word("integer", "apply at most this many times"),
    "after": Word("integer", "skip the first matches, this many"),
    "every": Word("integer", "apply to every nth match only: with 3, to the third, the sixth and so on"),
    "probability": Word("number", "apply at random, with this probability from 0 to 1"),
    "seed": Word("integer", "seed of the random numbers; the same seed gives the same sequence"),
    "per": Word("choice", "count separately for each recipient, sender or session"),
    "reply": Word("reply", "send this reply"),
    "delay": Word("seconds", "wait this long before the reply"),
    "jitter": Word("seconds", "vary the delay at random by up to this much"),
    "drip": Word("number", "send the reply slowly, at this many bytes per second"),
    "throttle": Word("number", "read the message slowly, at this many bytes per second"),
    "then": Word("choice", "close, reset, silence, half, garbage or accept"),
    "tls": Word("choice", "break TLS at STARTTLS: expired, wrong-host, unknown-authority, refuse or cut"),
}
"""The words of rules: conditions, counting and actions."""

_ANNOTATIONS = get_type_hints(Settings)

SETTINGS: Mapping[str, Setting] = {
    name: Setting(declared.default, declared.meaning, _ANNOTATIONS[name], declared.kind.is_secret)
    for name, declared in NAMED.items()
}
"""The settings of the server."""


def create_mock(**settings: Any) -> "SMTPMock":
    """Return a server that is not running yet."""
    from smtpmock import SMTPMock

    return SMTPMock(**settings)


def sessions(mock: "SMTPMock", **criteria: Any) -> list[Session]:
    """Return the sessions that match, in the order in which they began."""
    query = SessionQuery(criteria)
    return [session for session in mock.sessions() if query.matches(session)]


def assert_message_count(mock: "SMTPMock", count: int | None, **criteria: Any) -> None:
    """Fail unless exactly `count` messages match; if that is None, unless at least one does."""
    from smtpmock.reports.explanation import Scene, explain

    found = mock.messages(**criteria)
    if len(found) == count or (found and count is None):
        return
    query = Query(criteria)
    asked = f" with {query}" if query.conditions else ""
    if count is None:
        headline = f"No message{asked} has arrived."
    else:
        wanted = counted(count, "message") if count else "no message"
        headline = f"Expected {wanted}{asked}, but {len(found) or 'none'} arrived."
    messages = found if count is not None and len(found) > count else mock.messages()
    address = mock.url.partition("://")[2]
    raise ExpectationError(explain(headline, Scene(address, messages, mock.sessions(), mock.dropped), query), messages)


def transcripts(shown: Iterable[Session]) -> str:
    """Return the sessions as text."""
    from smtpmock.reports import explanation

    return explanation.transcripts(list(shown))


def sessions_html(shown: Iterable[Session], address: str, about: Iterable[int] = ()) -> str:
    """Return the sessions as a fragment of HTML, with those in `about` expanded."""
    from smtpmock.reports.html import sessions_shown

    return sessions_shown(list(shown), address, about=about)


def message_html(mail: Message) -> str:
    """Return the message as a fragment of HTML."""
    from smtpmock.reports.html import message_shown

    return message_shown(mail)


def text_matcher(wanted: Any) -> Callable[[str], bool]:
    """Return a function that compares a text as the criterion `text` does."""
    [(_, matches)] = conditions_of({"text": wanted})
    return matches


def visible_text(html: str) -> str:
    """Return the text that a reader of the HTML sees."""
    from smtpmock.mail.links import read_html

    return read_html(html)[0]
