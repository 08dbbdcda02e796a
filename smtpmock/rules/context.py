"""The facts about a command that the conditions of rules examine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from smtpmock.mail.content import Content


class RuleContext:
    """The facts about a command, as rules are asked about it.

    Args:
        stage: The stage.
        session: The number of the session.
        values: A function that returns the values of a condition, one of which has to match.
    """

    __slots__ = ("session", "stage", "values")

    def __init__(self, stage: str, session: str, values: Callable[[str], Iterable[Any]]) -> None:
        self.stage: str = stage
        self.session: str = session
        self.values: Callable[[str], Iterable[Any]] = values


class ReceivedMessage(NamedTuple):
    """A whole message with its envelope, as the condition `where` sees it.

    Attributes:
        sender: The address of the reverse-path; "" for the null path.
        recipients: The addresses that were accepted, in order.
        content: Its content: `subject`, `from_`, `to`, `headers`, `text`, `html`, `attachments`, `raw`, ...
        client: The client's address.
        helo_name: The name that the client gave in HELO or EHLO.
        user: The user who has logged in; "" if nobody has.
    """

    sender: str
    recipients: tuple[str, ...]
    content: Content
    client: str
    helo_name: str
    user: str
