"""What a failing keyword shows: the text as its error, the conversation in the log."""

from collections.abc import Callable, Iterable
from functools import wraps
from html import escape
from inspect import Parameter
from typing import Any, TypeVar

from robot import errors
from robot.api import logger

from smtpmock.errors import SMTPMockError
from smtpmock.messages.message import Message
from SMTPMockLibrary.servers import MockServer, Servers
from SMTPMockLibrary.signatures import spelled_out

Method = TypeVar("Method", bound=Callable[..., Any])

_Timeout: type[BaseException] = getattr(errors, "TimeoutExceeded", None) or errors.TimeoutError


class Keywords:
    """What the keywords of every topic have.

    Attributes:
        servers: The servers of the run.
    """

    servers: Servers


def explained(method: Method) -> Method:
    """A keyword which shows the conversation when it fails or is timed out."""

    @wraps(method)
    def run(self: Keywords, *args: Any, **words: Any) -> Any:
        message = words.pop("message", None)
        try:
            return method(self, *args, **words)
        except _Timeout:
            _show(self.servers, ())
            raise
        except AssertionError as error:
            _show(self.servers, (*args, *words.values()))
            text = _introduced(str(error), message)
        except SMTPMockError as error:
            raise RuntimeError(str(error)) from None  # whose name Robot Framework does not show
        raise AssertionError(text)

    return run  # type: ignore[return-value]


def assertion(method: Method) -> Method:
    """Such a keyword that, besides, takes a text for its failure to begin with."""
    message = Parameter("message", Parameter.KEYWORD_ONLY, default=None, annotation=str | None)
    return spelled_out(explained(method), [message])


def _introduced(text: str, message: str | None) -> str:
    """The text behind the message of a test; where that is HTML, what comes from a mail must not become any."""
    if message is None:
        return text
    if message.startswith("*HTML*"):
        return f"{message}<pre>{escape(text)}</pre>"
    return f"{message}\n{text}"


def show(server: MockServer, sessions: Iterable[Any], level: str = "INFO", about: Iterable[int] = ()) -> None:
    """Writes sessions into the log."""
    from smtpmock.reports.html import sessions_shown

    logger.write(sessions_shown(list(sessions), server.address, about=about), level, html=True)  # type: ignore[arg-type]


def _show(servers: Servers, values: Iterable[Any]) -> None:
    """Writes what a failure is about into the log: a mail, if the keyword was given one, or all that was said."""
    mail = next((value for value in values if isinstance(value, Message)), None)
    if mail is not None:
        from smtpmock.reports.html import message_shown

        logger.info(message_shown(mail), html=True)
    for server in reversed(servers.all()):
        sessions = server.mock.sessions()
        if mail is None:
            show(server, sessions)
            return
        its_own = [session for session in sessions if any(found.raw is mail.raw for found in session.messages)]
        if its_own:
            show(server, its_own)
            return
