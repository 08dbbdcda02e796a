"""SMTP sessions: the commands of clients and the replies to them."""

from datetime import timedelta
from typing import Any

from robot.api import logger
from robot.api.deco import keyword

from SMTPMockLibrary.api import Session, sessions_html, transcripts
from SMTPMockLibrary.failures import Keywords, assertion, explain_failures
from SMTPMockLibrary.signatures import given_session_criteria, seconds, takes_session_criteria
from SMTPMockLibrary.types import LogLevel


class SessionKeywords(Keywords):
    """Keywords for sessions."""

    @keyword("Get Sessions", tags=("Getter", "Session"))
    @explain_failures
    @takes_session_criteria
    def get_sessions(self, **criteria: Any) -> list[Session]:
        """Returns the sessions that match, in the order in which they began.

        Sessions that are still open are included. A session has the attributes ``client``, ``helo_name``,
        ``started_at``, ``ended_at`` (``None`` while it is open), ``messages`` and ``exchanges``. Each exchange has
        ``request``, ``reply``, ``accepted`` and others; the first one is the greeting.

        Example:
        | ${sessions} =    Get Sessions    client=127.0.0.1
        | Should Be Equal    ${sessions[0].exchanges[0].reply}    220 Welcome
        """
        return self.servers.current.mock.sessions(**given_session_criteria(criteria))

    @keyword("Wait For Session", tags=("Getter", "Session", "Wait"))
    @assertion
    @takes_session_criteria
    def wait_for_session(self, *, timeout: timedelta | None = None, **criteria: Any) -> Session:
        """Waits until a session that matches has ended, and returns it. One that has already ended is returned at once.

        The default ``timeout`` is the ``timeout`` setting of `Start SMTP Mock`, which is 5 seconds by default. If
        several sessions match, the first one is returned; ``since`` excludes earlier ones.

        Example:
        | ${session} =    Wait For Session    client=127.0.0.1    timeout=10 s
        | Should Be Equal    ${session.exchanges[-1].request}    QUIT    ignore_case=True
        """
        return self.servers.current.mock.wait_for_session(seconds(timeout), **given_session_criteria(criteria))

    @keyword("Log Session Transcript", tags=("Session",))
    @explain_failures
    @takes_session_criteria
    def log_session_transcript(self, *, level: LogLevel = "INFO", **criteria: Any) -> str:
        """Logs the sessions that match, and returns their transcripts as text.

        Example:
        | ${transcript} =    Log Session Transcript
        | Should Contain    ${transcript}    C: (the message)
        """
        server = self.servers.current
        found = server.mock.sessions(**given_session_criteria(criteria))
        logger.write(sessions_html(found, server.address, about=[session.id for session in found]), level, html=True)
        return transcripts(found)
