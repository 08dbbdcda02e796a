"""The evidence of a test: what happened at all servers of this process since a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from smtpmock.mailbox import registry
from smtpmock.queries.query import Mark

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from smtpmock.mailbox.mailbox import Mailbox
    from smtpmock.reports.evidence import ServerFacts


class Evidence:
    """What happens from now on at the servers of this process, whoever creates them.

    Make one at the beginning of a test and show it if the test fails. Only weak references to the servers are kept: a
    server that nobody holds any more is not shown.

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

    def __init__(self) -> None:
        self._moment = registry.moment()
        self._marks: WeakKeyDictionary[Mailbox, Mark] = WeakKeyDictionary()
        self._running: WeakKeyDictionary[Mailbox, None] = WeakKeyDictionary()
        for mailbox in registry.known_mailboxes():
            self._marks[mailbox] = mailbox.mark()
            if mailbox.is_running:
                self._running[mailbox] = None

    @property
    def servers(self) -> tuple[Mailbox, ...]:
        """The servers that have been running since the beginning, in the order in which they were started.

        Those that were running before and that still exist are included, and so are those that have stopped meanwhile.
        """
        since = registry.used_since(self._moment)
        return (*(mailbox for mailbox in list(self._running) if mailbox not in since), *since)

    def mark(self, server: Mailbox) -> Mark:
        """Return the mark of a server for the beginning, for `since`.

        Example:
            >>> from smtpmock import Evidence, SMTPMock
            >>> Evidence().mark(SMTPMock())
            Mark(message=0, session=0)
        """
        return self._marks.get(server, Mark(0, 0))

    def text(self, names: Mapping[Mailbox, str] | None = None) -> str:
        """Return the evidence as text; "" if no server has been running.

        First come sentences about mail that arrived after a wait had given up, and about mail that arrived at another
        server than the one at which the test looked for it. Then follows the evidence of each server: see
        `SMTPMock.evidence`.

        Args:
            names: The names of the servers in the test, as far as they have one.
        """
        from smtpmock.reports.evidence import evidence

        return evidence(self._facts(names))

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

    def _facts(self, names: Mapping[Mailbox, str] | None) -> list[ServerFacts]:
        from smtpmock.mailbox.explaining import server_facts

        names = {} if names is None else names
        return [server_facts(server, self.mark(server), names.get(server, "")) for server in self.servers]
