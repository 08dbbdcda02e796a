"""Failures of keywords: the text of the error, and the sessions or the message in the log."""

from collections.abc import Callable, Iterable
from functools import wraps
from html import escape
from inspect import Parameter
from typing import Any, TypeVar

from robot import errors
from robot.api import logger

from SMTPMockLibrary.api import Message, Session, SMTPMockError, sessions_html
from SMTPMockLibrary.servers import MockServer, Servers
from SMTPMockLibrary.signatures import spell_out

Method = TypeVar("Method", bound=Callable[..., Any])

_Timeout: type[BaseException] = getattr(errors, "TimeoutExceeded", None) or errors.TimeoutError


class Keywords:
    """The base class of keywords.

    Attributes:
        servers: The running servers.
    """

    servers: Servers


def explain_failures(method: Method) -> Method:
    """Make a keyword log the sessions or the message when it fails or times out."""

    @wraps(method)
    def run(self: Keywords, *args: Any, **words: Any) -> Any:
        message = words.pop("message", None)
        try:
            return method(self, *args, **words)
        except _Timeout:
            _log_subject(self.servers, ())
            raise
        except AssertionError as error:
            _log_subject(self.servers, (*args, *words.values()))
            text = _introduced(str(error), message)
        except SMTPMockError as error:
            raise RuntimeError(str(error)) from None  # Robot Framework omits the name of this type from the error
        raise AssertionError(text)

    return run  # type: ignore[return-value]


def assertion(method: Method) -> Method:
    """Make a keyword log like `explained`, and accept a message to prepend to the text of its failure."""
    message = Parameter("message", Parameter.KEYWORD_ONLY, default=None, annotation=str | None)
    return spell_out(explain_failures(method), [message])


def _introduced(text: str, message: str | None) -> str:
    """Return the text after the message from the test; if that is HTML, the text is escaped."""
    if message is None:
        return text
    if message.startswith("*HTML*"):
        return f"{message}<pre>{escape(text)}</pre>"
    return f"{message}\n{text}"


def log_sessions(
    server: MockServer, sessions: Iterable[Session], level: str = "INFO", about: Iterable[str] = ()
) -> None:
    """Write sessions to the log, with those in `about` expanded."""
    logger.write(sessions_html(sessions, server.address, about=about), level, html=True)  # type: ignore[arg-type]  # a level


def _log_subject(servers: Servers, values: Iterable[Any]) -> None:
    """Log the message that was passed to the keyword and its session, or else all sessions of the current server."""
    mail = next((value for value in values if isinstance(value, Message)), None)
    if mail is None:
        for server in servers.all()[-1:]:
            log_sessions(server, server.mock.sessions())
        return
    logger.info(mail.html_report(), html=True)
    for server in servers.all():
        its_own = [session for session in server.mock.sessions() if session.id == mail.session_id]
        if its_own:
            log_sessions(server, its_own)
