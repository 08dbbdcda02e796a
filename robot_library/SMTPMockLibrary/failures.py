"""Failures of keywords: the text of the error, and the message that it is about."""

from collections.abc import Callable
from functools import wraps
from inspect import Parameter
from typing import Any, TypeVar

from SMTPMockLibrary.api import Message, Rule, SMTPMockError
from SMTPMockLibrary.evidence import TestEvidence, extended
from SMTPMockLibrary.servers import Servers
from SMTPMockLibrary.signatures import spell_out

Method = TypeVar("Method", bound=Callable[..., Any])


class Keywords:
    """The base class of keywords.

    Attributes:
        servers: The running servers.
        evidence: The evidence of the present test in the log.
    """

    servers: Servers
    evidence: TestEvidence


def explain_failures(method: Method) -> Method:
    """Make a keyword tell what it was about when it fails: a message, or one of several servers."""

    @wraps(method)
    def run(self: Keywords, *args: Any, **words: Any) -> Any:
        message = words.pop("message", None)
        try:
            return method(self, *args, **words)
        except AssertionError as error:
            values = (*args, *words.values())
            subject = next((value for value in values if isinstance(value, Message | Rule)), None)
            self.evidence.note_failure(error, subject if isinstance(subject, Message) else None)
            text = str(error) if subject else "\n\n".join(filter(None, (str(error), self.servers.choice())))
            text = text if message is None else extended(message, text, "\n")
        except SMTPMockError as error:
            raise RuntimeError(str(error)) from None  # Robot Framework omits the name of this type from the error
        raise AssertionError(text)

    return run  # type: ignore[return-value]  # it takes what the method takes, and `message`


def assertion(method: Method) -> Method:
    """Do what `explain_failures` does, and make a keyword accept a message to prepend to the text of its failure."""
    message = Parameter("message", Parameter.KEYWORD_ONLY, default=None, annotation=str | None)
    return spell_out(explain_failures(method), [message])
