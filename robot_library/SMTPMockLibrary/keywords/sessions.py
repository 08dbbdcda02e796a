"""What was said in the sessions, whatever came of it."""

from typing import Any, Literal

from robot.api.deco import keyword

from smtpmock.records.session import Session
from SMTPMockLibrary.failures import Keywords, explained, show
from SMTPMockLibrary.signatures import takes_session_criteria

Level = Literal["TRACE", "DEBUG", "INFO", "WARN", "ERROR"]


class SessionKeywords(Keywords):
    """Keywords about sessions."""

    @keyword("Get Sessions", tags=("Getter", "Session"))
    @explained
    @takes_session_criteria
    def get_sessions(self, **criteria: Any) -> list[Session]:
        """Returns the sessions that match, those that go on included, in the order in which they began.

        A session has ``client``, ``helo_name``, ``started_at``, ``ended_at`` (None while it goes on), ``messages`` and
        ``exchanges``; an exchange has ``request``, ``reply``, ``accepted`` and others. The greeting is the first.

        Example:
        | ${sessions} =    Get Sessions    client=127.0.0.1
        | Should Be Equal    ${sessions[0].exchanges[0].reply}    220 Welcome
        """
        return self._sessions(criteria)

    @keyword("Log Session Transcript", tags=("Session",))
    @explained
    @takes_session_criteria
    def log_session_transcript(self, *, level: Level = "INFO", **criteria: Any) -> str:
        """Shows the sessions that match in the log, as a picture, and returns them as text.

        Example:
        | ${transcript} =    Log Session Transcript
        | Should Contain    ${transcript}    C: (the message)
        """
        from smtpmock.reports.explanation import transcripts

        sessions = self._sessions(criteria)
        show(self.servers.current, sessions, level, about=[session.id for session in sessions])
        return transcripts(sessions)

    def _sessions(self, criteria: dict[str, Any]) -> list[Session]:
        from smtpmock.queries.query import SessionQuery

        query = SessionQuery({word: wanted for word, wanted in criteria.items() if wanted is not None})
        return [session for session in self.servers.current.mock.sessions() if query.matches(session)]
