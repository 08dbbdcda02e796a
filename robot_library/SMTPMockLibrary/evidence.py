"""The mail of a test in log.html: a line for each message, and one picture of everything if the test fails."""

from html import escape
from typing import Any

from robot.api import logger
from robot.libraries.BuiltIn import BuiltIn
from robot.result import TestCase, TestSuite  # type: ignore[import-untyped]  # it has no types

from SMTPMockLibrary.api import Evidence, Mark, Message, MessageTimeoutError
from SMTPMockLibrary.markup import PREFIX
from SMTPMockLibrary.servers import MockServer, Servers

__all__ = ["TestEvidence"]

_MOST_LISTED = 20  # messages that arrived during one keyword

# The message of a test is preformatted as soon as the picture of its failure is on the page: its tables are aligned.
_STYLE = "<style>.test:has(.smtpmock) td.message{font:12.5px/1.45 monospace;white-space:pre-wrap}</style>"


class TestEvidence:
    """The evidence of the present test, or of the setup or the teardown of a suite.

    A listener can write to the log at the end of each keyword. What a keyword of the test itself has caused is final:
    what fails further inside may still be caught, and be tried again many times.

    Args:
        servers: The servers.

    Attributes:
        hint: A sentence for the message of the test if it fails.
    """

    def __init__(self, servers: Servers) -> None:
        self.hint = ""
        self._servers = servers
        self._evidence: Evidence | None = None
        self._listed: dict[MockServer, Mark | Message] = {}
        self._subject: Message | None = None
        self._has_timed_out = False
        self._is_shown = False

    def begin(self) -> None:
        """Begin a test, or what a suite does before and after its tests."""
        self._servers.begin()
        self.hint = ""
        self._evidence = Evidence()
        self._listed = {}
        self._subject = None
        self._has_timed_out = False
        self._is_shown = False

    def note_failure(self, error: AssertionError, mail: Message | None) -> None:
        """Note the error of a keyword, and which message it was about."""
        self._subject = mail
        self._has_timed_out = isinstance(error, MessageTimeoutError)

    def end_item(self, result: Any) -> None:
        """List what arrived during a keyword of the test itself, and show everything if it failed."""
        if not isinstance(result.parent, TestCase | TestSuite):
            return
        self._list_arrivals()
        if result.failed:
            if self._has_timed_out and self._evidence is not None:
                self._evidence.wait_for_late_mail()  # now: the teardown may stop the server
            self._show()
        self._subject = None
        self._has_timed_out = False

    def end_test(self, result: Any) -> None:
        """Complete the message of a failed test."""
        if result.failed:
            self._show()  # it may have failed outside of a keyword; Robot Framework 7.0 ignores it
            remarks = self._evidence.remarks(self._names()) if self._evidence and self._servers.used() else ""
            for text in filter(None, (self.hint, remarks)):
                result.message = extended(result.message, text)

    def _show(self) -> None:
        if self._is_shown or self._evidence is None or not (self._subject or self._servers.used()):
            return
        self._is_shown = True
        subject = self._subject.html_report() if self._subject else ""
        about = [self._subject.session_id] if self._subject else []
        logger.info(f"{_STYLE}{subject}{self._evidence.html(self._names(), about=about)}", html=True)

    def _list_arrivals(self) -> None:
        for server, beginning in self._servers.seen.items():
            arrived = server.mock.messages(since=self._listed.get(server, beginning), accepted=None)
            if not arrived:
                continue
            self._listed[server] = arrived[-1]
            lines = [f"SMTP mock '{server.alias}' received {mail!r}" for mail in arrived[:_MOST_LISTED]]
            if len(arrived) > _MOST_LISTED:
                lines.append(f"SMTP mock '{server.alias}' received {len(arrived) - _MOST_LISTED} more messages")
            logger.info("\n".join(lines))
            if BuiltIn().get_variable_value("${LOG LEVEL}") in ("DEBUG", "TRACE"):
                for mail in arrived[:_MOST_LISTED]:
                    logger.debug(mail.html_report(), html=True)

    def _names(self) -> dict[Any, str]:
        servers = self._servers.seen
        return {server.mock: f"SMTP mock '{server.alias}'" for server in servers} if len(servers) > 1 else {}


def extended(message: str, text: str, gap: str = "\n\n") -> str:
    """Return a message of the test with a text after it, which is escaped if the message is HTML."""
    return f"{message}<pre>{escape(text)}</pre>" if message.startswith(PREFIX) else f"{message}{gap}{text}"
