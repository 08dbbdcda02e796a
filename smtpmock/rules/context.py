"""The facts about a command that the conditions of rules examine."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from smtpmock.rfc.grammar import address_key
from smtpmock.rules.recent import short_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from smtpmock.mail.content import Content
    from smtpmock.queries.terms import Term


class Recipients(list[str]):
    """The accepted recipients of a transaction, which is only ever extended.

    What rules ask about all of them is remembered: otherwise each command would take time for each recipient.

    Example:
        >>> from smtpmock.queries.terms import Term
        >>> recipients, term = Recipients(["a@example.com"]), Term("recipient", "is", "b@example.com")
        >>> before = recipients.match(term)
        >>> recipients.append("b@example.com")
        >>> before, recipients.match(term), recipients.key
        (False, True, 'a@example.com b@example.com')
    """

    __slots__ = ("_key", "_matches")

    def match(self, term: Term) -> bool:
        """Return True if one of them matches. A function is called for all of them each time."""
        if term.operator == "function":
            return any(map(term.test, self))
        tested, is_met = self._remembered.get(term, (0, False))
        if not is_met and tested < len(self):
            is_met = any(map(term.test, islice(self, tested, None)))
            self._remembered[term] = len(self), is_met
        return is_met

    @property
    def key(self) -> str:
        """All of them as one short text, whatever their order."""
        count, key = getattr(self, "_key", (0, ""))
        if count != len(self):
            key = short_key(" ".join(sorted(map(address_key, self))))
            self._key = len(self), key
        return key

    @property
    def _remembered(self) -> dict[Term, tuple[int, bool]]:
        try:
            return self._matches
        except AttributeError:  # no rule has asked yet
            self._matches: dict[Term, tuple[int, bool]] = {}
            return self._matches


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
