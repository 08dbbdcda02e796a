"""The mail that arrived, compared with what arrives without a fault: which was lost, and which came twice."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, TypeAlias

    from smtpmock.mailbox.mailbox import Mailbox
    from smtpmock.messages.message import Message
    from smtpmock.messages.session import Session

    _Key: TypeAlias = Callable[["Copy"], tuple[Any, ...]]


class Copy(NamedTuple):
    """A copy of a mail: what arrived for one recipient.

    Attributes:
        recipient: The recipient in the envelope.
        subject: The subject.
        content: The texts, plain and HTML.
    """

    recipient: str
    subject: str
    content: str


class Arrivals(NamedTuple):
    """The mail that a run of the scenario brought to a server.

    Attributes:
        copies: The copies that arrived.
        attempts: The number of attempts: of connections, and of further mails in one.
        one_of_several: A recipient of a mail that has several: the second one; "" if there is no such mail.
    """

    copies: Sequence[Copy]
    attempts: int
    one_of_several: str


_BY_RECIPIENT: Sequence[_Key] = (tuple, lambda copy: copy[:2], lambda copy: copy[:1])
_BY_SUBJECT: Sequence[_Key] = (lambda copy: copy[1:], lambda copy: copy[1:2])
"""The keys that tell copies apart, the most exact first."""


def observe(mailbox: Mailbox) -> Arrivals:
    """Return what arrived at a server, except notifications about other mail: their sender is the null path."""
    messages = [message for message in mailbox.messages() if message.sender]
    copies = [copy for message in messages for copy in _copies(message)]
    several = next((message.recipients[1] for message in messages if len(message.recipients) > 1), "")
    return Arrivals(copies, sum(map(_attempts, mailbox.sessions())), several)


def compare(expected: Iterable[Copy], found: Iterable[Copy]) -> tuple[int, int]:
    """Return how many of the expected copies were lost, and how many came that were not expected.

    A copy is known by recipient, subject and content. If some of these differ from run to run, such as a number in the
    subject, by those that do not. What came with another recipient and another subject is other mail.

    Example:
        >>> first, second = Copy("a@example.com", "Order 1", "Hi"), Copy("a@example.com", "Order 2", "Hi")
        >>> compare([first, second], [first, first])
        (1, 1)
        >>> compare([first], [second, second])
        (0, 1)
        >>> compare([first], [first, Copy("warden@example.com", "Order 1 was sent", "Hi")])
        (0, 0)
    """
    wanted, came = list(expected), list(found)
    recipients, subjects = {copy.recipient for copy in wanted}, {copy.subject for copy in wanted}
    of_recipient = [copy for copy in came if copy.recipient in recipients]
    if of_recipient or not came:
        came, keys = of_recipient, _BY_RECIPIENT
    else:
        came, keys = [copy for copy in came if copy.subject in subjects], _BY_SUBJECT
    for key in keys:
        needed, counted = Counter(map(key, wanted)), Counter(map(key, came))
        if counted.keys() <= needed.keys():
            break
    return (needed - counted).total(), (counted - needed).total()


def _copies(message: Message) -> list[Copy]:
    content = f"{message.text}\n{message.html}"
    return [Copy(recipient, message.subject, content) for recipient in message.recipients]


def _attempts(session: Session) -> int:
    return max(1, sum(exchange.stage == "MAIL FROM" for exchange in session.exchanges))
