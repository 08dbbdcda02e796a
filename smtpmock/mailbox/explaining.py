"""The base of all calls of a mailbox: its backend, and the explanation of an expectation that failed."""

from __future__ import annotations

import sys
from contextlib import suppress
from time import time
from typing import TYPE_CHECKING, Literal

from smtpmock.errors import ExpectationError, MessageTimeoutError, QueryError
from smtpmock.queries.query import Mark, Query, SessionQuery
from smtpmock.reports.unmet import MOST_LATE, MOST_UNMET, Unmet
from smtpmock.runtime.tasks import blocks_a_task
from smtpmock.text import format_error, invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TypeGuard

    from typing_extensions import Unpack

    from smtpmock.mailbox.backend import Backend
    from smtpmock.messages.message import Message
    from smtpmock.messages.session import Session
    from smtpmock.queries.words import Numbered, QueryWords
    from smtpmock.reports.facts import ServerFacts
    from smtpmock.stores.base import Entry, SessionEntry

_BLOCKING = """\
The wait blocked the event loop of its thread, so the application may have had
no chance to run. In a coroutine, await the waits of `mock.aio` instead."""


class Explaining:
    """The part of a mailbox that raises explained errors."""

    _backend: Backend
    _default_timeout: float
    _unmet: dict[tuple[str, bool | None], Unmet]

    def evidence(self, since: Mark | Numbered | None = None, *, told: Iterable[Message] = ()) -> str:
        """Return what has happened as text for people: a table of the mail, and the transcripts of the sessions.

        The text names the causes of refusals, and mail that came after a wait had given up. It is meant to be read
        after a failure; `smtpmock.Evidence` collects it from several servers.

        Args:
            since: The mark or the message after which it begins; None for everything.
            told: Messages that the failure shows itself, such as `ExpectationError.messages`: if nothing else arrived,
                there is no table.

        Example:
            >>> from smtplib import SMTP
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
            ...     _ = client.sendmail("a@example.com", "b@example.com", "Subject: Welcome")
            ...     print(mock.evidence())  # doctest: +ELLIPSIS
            127.0.0.1:...: 1 message, 1 session
            time          sender         recipients     subject  state
            ...  a@example.com  b@example.com  Welcome  accepted
            ...
        """
        from smtpmock.reports.evidence import evidence

        return evidence([server_facts(self, since)], {message.id for message in told})

    def evidence_html(self, since: Mark | Numbered | None = None) -> str:
        """Return what has happened as a self-contained fragment of HTML, with everything that was sent escaped.

        Args:
            since: The mark or the message after which it begins; None for everything.

        Example:
            >>> from smtpmock import SMTPMock
            >>> "no client connected" in SMTPMock().evidence_html()
            True
        """
        from smtpmock.reports.evidence import evidence_html

        return evidence_html([server_facts(self, since)])

    def explain(self, headline: str, messages: Sequence[Message] | None = None, **query: Unpack[QueryWords]) -> str:
        """Return the text of a failed expectation, for those who decide themselves what has failed.

        Args:
            headline: One sentence that says what was expected and what happened instead.
            messages: The messages to show; None for all.
            **query: The criteria that were not met: the messages that come closest are shown first.

        Example:
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock:
            ...     text = mock.explain("No invoice arrived.", subject="Invoice*")
            >>> text.splitlines()[0]
            'No invoice arrived.'
        """
        shown = None if messages is None else [message._entry for message in messages]
        return self._backend.explain(headline, Query(query), shown)

    def _seconds(self, timeout: float | None) -> float:
        if timeout is None:
            return self._default_timeout
        if is_seconds(timeout):  # below 0, it expires at once, as in go-smtp-mock
            return timeout
        raise QueryError(invalid("timeout", timeout, "a number of seconds"))

    def _within(self, timeout: float | None) -> str:
        """Return how long a wait lasted, as the end of a sentence."""
        if not self._backend.is_running:
            return "before the server was stopped"
        return f"within {max(self._seconds(timeout), 0):g} s"

    def _note_unmet(self, kind: Literal["wait", "check"], wanted: str, query: Query, seconds: float = 0.0) -> None:
        """Remember that a wait or a check found too little, for the evidence."""
        self._note_met(query)
        self._unmet[_identity(query)] = Unmet(kind, wanted, query, self._backend.mark().message, time(), seconds)
        while len(self._unmet) > MOST_UNMET:
            self._unmet.pop(next(iter(self._unmet)), None)

    def _note_met(self, query: Query) -> None:
        """Forget that a query found too little before."""
        if self._unmet:
            self._unmet.pop(_identity(query), None)

    def _only(self, found: Sequence[Entry], query: Query) -> Message:
        if len(found) == 1:
            self._note_met(query)
            return as_messages(found)[0]
        if not found:
            self._note_unmet("check", f"a message{with_criteria(query)}", query)
            raise self._failed(f"No message{with_criteria(query)} has arrived.", query)
        headline = f"{len(found)} messages{with_criteria(query)} have arrived, but exactly one was expected."
        raise self._failed(headline, query, found)

    def _failed(self, headline: str, query: Query, found: Sequence[Entry] | None = None) -> ExpectationError:
        shown = self._backend.select(Query({}, accepted=None)) if found is None else found
        return ExpectationError(self._backend.explain(headline, query, found), as_messages(shown))

    def _late(self, headline: str, query: Query) -> MessageTimeoutError:
        shown = self._backend.select(Query({}, accepted=None))
        text = self._backend.explain(headline, query, shown)
        if blocks_a_task():
            text += f"\n\n{_BLOCKING}"
        return MessageTimeoutError(text, as_messages(shown))


def server_facts(mailbox: Explaining, since: Mark | Numbered | None = None, name: str = "") -> ServerFacts:
    """Return what has happened at the server of a mailbox since a moment.

    Args:
        mailbox: The mailbox.
        since: The mark or the message after which it begins; None for everything.
        name: The name of the server in the test.
    """
    from smtpmock.reports.facts import ServerFacts

    backend = mailbox._backend
    query = Query({} if since is None else {"since": since}, accepted=None)
    entries = backend.select(query)
    if since is None:
        sessions = backend.sessions()
    else:
        sessions = backend.sessions(SessionQuery({"since": since})) if isinstance(since, Mark) else []
        sending = {entry.record.origin.session_id for entry in entries} - {session.record.id for session in sessions}
        sessions = [*(backend.sessions(SessionQuery({"id": sending})) if sending else ()), *sessions]
    unmet = [one for one in tuple(mailbox._unmet.values()) if one.last >= query.after]
    return ServerFacts(backend.address, entries, sessions, backend.dropped, name, unmet)


def wait_for_late_mail(mailboxes: Iterable[Explaining], most: float | None = None) -> None:
    """Wait for mail that comes too late for the wait that gave up last, as long again as that wait took.

    Args:
        mailboxes: The mailboxes that may have waited.
        most: The most seconds to wait; None for `MOST_LATE`.
    """
    waits = [(unmet, mailbox) for mailbox in mailboxes for unmet in list(mailbox._unmet.values()) if unmet.seconds > 0]
    if not waits:
        return
    unmet, mailbox = max(waits, key=lambda wait: wait[0].ended)
    try:
        mailbox._backend.wait(unmet.query.since(unmet.last), 1, min(unmet.seconds, MOST_LATE if most is None else most))
    except Exception:  # a stop ends this wait, as does a function of the test that cannot examine the mail
        return


def add_evidence(error: Exception, mailbox: Explaining, since: Mark | None = None) -> None:
    """Add a note with what has happened at the server of a mailbox to an exception (PEP 678).

    Python 3.10 keeps the note, but does not print it; pytest does.
    """
    try:
        text = mailbox.evidence(since, told=error.messages if isinstance(error, ExpectationError) else ())
    except (OSError, ImportError) as failure:  # no descriptor is left
        text = f"no evidence: {format_error(failure)}"
    add_note(error, text)


def add_note(error: BaseException, evidence: str) -> None:
    """Add evidence to an exception as a note, as Python 3.11 does."""
    note = f"\nSMTP mail and sessions\n{evidence}"
    if sys.version_info >= (3, 11):
        error.add_note(note)
    else:
        error.__notes__ = [*getattr(error, "__notes__", ()), note]


def _identity(query: Query) -> tuple[str, bool | None]:
    return str(query), query.accepted


def check_count(count: object) -> None:
    """Refuse a value that is not an integer of at least 0."""
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise QueryError(invalid("count", count, "an integer of at least 0"))


def is_seconds(value: object) -> TypeGuard[float]:
    """Return True for a number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value


def load_readers() -> None:
    """Load what reads mail and makes rules: later, there may be no descriptor left to open its files with."""
    with suppress(OSError, ImportError):  # no descriptor is left now: the start fails, or whoever reads tries again
        import smtpmock.conformance.catalogue
        import smtpmock.mailbox.scoped
        import smtpmock.messages.session  # noqa: F401


def as_messages(entries: Sequence[Entry]) -> list[Message]:
    """Return stored records as users see them."""
    from smtpmock.messages.message import Message  # the command reads none

    return list(map(Message, entries))


def as_sessions(entries: Iterable[SessionEntry]) -> list[Session]:
    """Return stored sessions as users see them."""
    from smtpmock.messages.session import Session  # nor sessions

    return list(map(Session, entries))


def with_criteria(query: Query | SessionQuery) -> str:
    """Return the criteria as a part of a sentence."""
    return f" with {query}" if query.terms else ""
