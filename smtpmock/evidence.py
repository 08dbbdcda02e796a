"""The evidence of a test: what happened at all servers of this process since a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from smtpmock.mailbox import registry

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from smtpmock.mailbox.mailbox import Mailbox
    from smtpmock.messages.message import Message
    from smtpmock.queries.query import Mark
    from smtpmock.reports.facts import ServerFacts


class Evidence:
    """The mail and the sessions of all servers of this process from now on, whoever creates them.

    Make one at the beginning of a test and show it if the test fails. Only weak references to the servers are kept: a
    server that nobody holds any more is not shown, unless the evidence is to hold it.

    Args:
        hold: True to hold the last 20 servers that are started from now on, as a test runner does that reports about
            them itself. While there is such an evidence, no exception that leaves a `with` block of a server gets a
            note.

    Example:
        >>> from smtplib import SMTP
        >>> from smtpmock import Evidence, SMTPMock
        >>> evidence = Evidence()
        >>> with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
        ...     _ = client.sendmail("a@example.com", "b@example.com", "Subject: Welcome")
        >>> print(evidence.text({mock: "shop"}))  # doctest: +ELLIPSIS
        shop (127.0.0.1:...): 1 message, 1 session
        time          sender         recipients     subject  state
        ...  a@example.com  b@example.com  Welcome  accepted
        ...
    """

    def __init__(self, *, hold: bool = False) -> None:
        self._moment = registry.moment()
        self._held = registry.hold() if hold else None
        self._reported: tuple[Evidence, str] | None = None  # what has happened since, and the remarks of the report
        self._marks: WeakKeyDictionary[Mailbox, Mark] = WeakKeyDictionary()
        self._running: WeakKeyDictionary[Mailbox, None] = WeakKeyDictionary()
        for mailbox in registry.known_mailboxes():
            mark = _present(mailbox)
            if mark is not None:
                self._marks[mailbox] = mark
                if mailbox.is_running:
                    self._running[mailbox] = None

    @staticmethod
    def is_held() -> bool:
        """Return True while any evidence holds servers: whoever made it reports about them.

        Example:
            >>> from smtpmock import Evidence
            >>> evidence = Evidence(hold=True)
            >>> Evidence.is_held()
            True
        """
        return registry.is_held()

    @property
    def servers(self) -> tuple[Mailbox, ...]:
        """The servers that have been running since the beginning, in the order in which they were started.

        Those that were running before and that still exist are included, and so are those that have stopped meanwhile,
        but not those elsewhere that cannot be reached: nothing is known of them.
        """
        since = registry.used_since(self._moment)
        known = (*(mailbox for mailbox in list(self._running) if mailbox not in since), *since)
        return tuple(mailbox for mailbox in known if _present(mailbox) is not None)

    def mark(self, server: Mailbox) -> Mark:
        """Return the mark of a server for the beginning, for `since`.

        Example:
            >>> from smtpmock import Evidence, SMTPMock
            >>> Evidence().mark(SMTPMock())
            Mark(message=0, session=0)
        """
        from smtpmock.queries.query import Mark

        return self._marks.get(server) or registry.first_mark(server) or Mark(0, 0)

    def text(self, names: Mapping[Mailbox, str] | None = None, *, told: Iterable[Message] = ()) -> str:
        """Return the evidence as text; "" if no server has been running.

        First come sentences about mail that arrived after a wait had given up, and about mail that arrived at another
        server than the one at which the test looked for it. Then follows the evidence of each server: see
        `SMTPMock.evidence`.

        Args:
            names: The names of the servers in the test, as far as they have one.
            told: Messages that the failure shows itself, such as `ExpectationError.messages`: a server at which
                nothing else arrived has no table of them.
        """
        from smtpmock.reports.evidence import evidence

        return evidence(self._facts(names), {message.id for message in told})

    def report(self, names: Mapping[Mailbox, str] | None = None, *, told: Iterable[Message] = ()) -> str:
        """Return the text the first time, and then only what has happened since; "" if nothing has.

        It is for tests that can fail more than once: in subtests, and again while they are torn down. A server that was
        running before is left out unless it has a name in the test, or a client has connected since.

        Args:
            names: The names of the servers in the test, as far as they have one.
            told: Messages that the failure shows itself; see `text`.

        Example:
            >>> from smtpmock import Evidence, SMTPMock
            >>> evidence = Evidence()
            >>> with SMTPMock() as mock:
            ...     evidence.report({mock: "shop"}), evidence.report({mock: "shop"})  # doctest: +ELLIPSIS
            ('shop (127.0.0.1:...): no client connected', '')
        """
        from smtpmock.reports.evidence import evidence, remarks

        said = remarks(self._facts(names))
        if self._reported is None:
            text = evidence(self._used(names), {message.id for message in told})
        else:
            since, said_before = self._reported
            used = [facts for facts in since._facts(names) if facts.entries or facts.sessions]
            text = evidence(used, {message.id for message in told}) or (said if said != said_before else "")
        self._reported = Evidence(), said
        return text

    def add_note(self, error: BaseException, names: Mapping[Mailbox, str] | None = None) -> None:
        """Add the report to an exception as a note, which tracebacks show from Python 3.11 on.

        Args:
            error: The exception.
            names: The names of the servers in the test, as far as they have one.

        Example:
            >>> from smtpmock import Evidence, SMTPMock
            >>> evidence = Evidence()
            >>> with SMTPMock():
            ...     error = AssertionError("4 != 5")
            ...     evidence.add_note(error)
            >>> print(error.__notes__[0])  # doctest: +ELLIPSIS
            <BLANKLINE>
            SMTP mail and sessions
            127.0.0.1:...: no client connected
        """
        from smtpmock.errors import ExpectationError
        from smtpmock.mailbox.explaining import add_note

        text = self.report(names, told=error.messages if isinstance(error, ExpectationError) else ())
        if text:
            add_note(error, text)

    def html(self, names: Mapping[Mailbox, str] | None = None, *, about: Collection[str] = ()) -> str:
        """Return the evidence as a self-contained fragment of HTML; "" if no server has been running.

        Args:
            names: The names of the servers in the test, as far as they have one.
            about: The ids of the sessions to expand; by default, the last one of each server and those with refusals.
        """
        from smtpmock.reports.evidence import evidence_html

        facts = self._facts(names)
        return evidence_html(facts, about) if facts else ""

    def remarks(self, names: Mapping[Mailbox, str] | None = None) -> str:
        """Return only the sentences about mail that arrived too late or elsewhere; "" if there are none.

        Args:
            names: The names of the servers in the test, as far as they have one.
        """
        from smtpmock.reports.evidence import remarks

        return remarks(self._facts(names))

    def summary(self, names: Mapping[Mailbox, str] | None = None) -> list[str]:
        """Return one line for each message and each failed attempt, for the log of a test that passed.

        Args:
            names: The names of the servers in the test, as far as they have one.
        """
        from smtpmock.reports.evidence import summary

        return summary(self._facts(names))

    def wait_for_late_mail(self, most: float | None = None) -> None:
        """Wait for mail that comes too late for the wait that gave up last, before a failure is reported.

        This takes as long again as that wait, at most `most` seconds, and ends when such mail arrives. It does nothing
        if the server has stopped.

        Args:
            most: The most seconds to wait; None for 1 second.

        Example:
            >>> from smtpmock import Evidence
            >>> Evidence().wait_for_late_mail()
        """
        from smtpmock.mailbox.explaining import wait_for_late_mail

        wait_for_late_mail(self.servers, most)

    def _facts(
        self, names: Mapping[Mailbox, str] | None, servers: Iterable[Mailbox] | None = None
    ) -> list[ServerFacts]:
        from smtpmock.mailbox.explaining import server_facts

        names = {} if names is None else names
        servers = self.servers if servers is None else servers
        return [server_facts(server, self.mark(server), names.get(server, "")) for server in servers]

    def _used(self, names: Mapping[Mailbox, str] | None) -> list[ServerFacts]:
        """Return the facts about the servers that the test used."""
        servers = self.servers
        meant = [server in (names or ()) or server not in self._running for server in servers]
        facts = zip(self._facts(names, servers), meant, strict=True)
        return [fact for fact, is_meant in facts if is_meant or fact.entries or fact.sessions]


def _present(mailbox: Mailbox) -> Mark | None:
    """Return the mark of a server for the present moment; None if it is elsewhere and cannot be reached."""
    from smtpmock.errors import SMTPMockError

    try:
        return mailbox.mark()
    except SMTPMockError:
        return None
