"""What should, or should not, have arrived."""

from collections.abc import Mapping
from typing import Any

from robot.api.deco import keyword

from smtpmock.messages.message import Message
from smtpmock.queries.query import Query
from smtpmock.reports.explanation import Scene, explain
from smtpmock.text import counted
from SMTPMockLibrary.failures import Keywords, assertion
from SMTPMockLibrary.signatures import asked, takes_criteria
from SMTPMockLibrary.types import Address, Text


class AssertionKeywords(Keywords):
    """Keywords that look at all messages, and do not wait."""

    @keyword("Message Count Should Be", tags=("Assertion",))
    @assertion
    @takes_criteria
    def message_count_should_be(self, count: int, **criteria: Any) -> None:
        """Fails unless exactly so many messages match.

        See `Which messages are meant` for the criteria.

        Examples:
        | Message Count Should Be    1
        | Message Count Should Be    0    recipient=*@other.example
        """
        query = Query(asked(criteria))
        found = self._found(query)
        if len(found) != count:
            verb = "has" if len(found) == 1 else "have"
            headline = f"{counted(len(found), 'message')}{_with(query)} {verb} arrived, where {count} should."
            raise self._failure(headline, query, found if len(found) > count else None)

    @keyword("Messages Should Contain Recipient", tags=("Assertion",))
    @assertion
    @takes_criteria
    def messages_should_contain_recipient(self, recipient: Address, **criteria: Any) -> None:
        """Fails if no message has that recipient in its envelope.

        Further criteria narrow down which messages are meant; see `Which messages are meant`.

        Example:
        | Messages Should Contain Recipient    bob@example.com
        | Messages Should Contain Recipient    *@example.com    subject=Welcome*
        """
        self._should_contain({"recipient": recipient, **criteria})

    @keyword("Messages Should Not Contain Recipient", tags=("Assertion",))
    @assertion
    @takes_criteria
    def messages_should_not_contain_recipient(self, recipient: Address, **criteria: Any) -> None:
        """Fails if a message has that recipient in its envelope.

        It does not wait, as `No Message Should Arrive` does. See `Which messages are meant` for further criteria.

        Example:
        | Messages Should Not Contain Recipient    *@other.example
        """
        self._should_not_contain({"recipient": recipient, **criteria})

    @keyword("Messages Should Contain Sender", tags=("Assertion",))
    @assertion
    @takes_criteria
    def messages_should_contain_sender(self, sender: Address, **criteria: Any) -> None:
        """Fails if no message has that sender in its envelope.

        See `Which messages are meant` for further criteria.

        Example:
        | Messages Should Contain Sender    shop@example.com
        """
        self._should_contain({"sender": sender, **criteria})

    @keyword("Messages Should Not Contain Sender", tags=("Assertion",))
    @assertion
    @takes_criteria
    def messages_should_not_contain_sender(self, sender: Address, **criteria: Any) -> None:
        """Fails if a message has that sender in its envelope.

        See `Which messages are meant` for further criteria.

        Example:
        | Messages Should Not Contain Sender    root@*
        """
        self._should_not_contain({"sender": sender, **criteria})

    @keyword("Messages Should Contain Subject", tags=("Assertion",))
    @assertion
    @takes_criteria
    def messages_should_contain_subject(self, subject: Text, **criteria: Any) -> None:
        """Fails if no message has that subject: a plain text is contained in it, one with ``*`` is the whole.

        See `Which messages are meant` for further criteria.

        Example:
        | Messages Should Contain Subject    Welcome
        | Messages Should Contain Subject    REGEXP:^Welcome to (the|our) shop$
        """
        self._should_contain({"subject": subject, **criteria})

    @keyword("Messages Should Not Contain Subject", tags=("Assertion",))
    @assertion
    @takes_criteria
    def messages_should_not_contain_subject(self, subject: Text, **criteria: Any) -> None:
        """Fails if a message has that subject: a plain text is contained in it, one with ``*`` is the whole.

        See `Which messages are meant` for further criteria.

        Example:
        | Messages Should Not Contain Subject    Error*    recipient=bob@example.com
        """
        self._should_not_contain({"subject": subject, **criteria})

    def _should_contain(self, criteria: Mapping[str, Any]) -> None:
        query = Query(asked(criteria))
        if not self._found(query):
            raise self._failure(f"No message{_with(query)} has arrived.", query)

    def _should_not_contain(self, criteria: Mapping[str, Any]) -> None:
        query = Query(asked(criteria))
        found = self._found(query)
        if found:
            headline = f"{counted(len(found), 'message')}{_with(query)} arrived, where none should."
            raise self._failure(headline, query, found)

    def _found(self, query: Query) -> list[Message]:
        return [message for message in self.servers.current.mock.messages() if query.matches(message)]

    def _failure(self, headline: str, query: Query, too_much: list[Message] | None = None) -> AssertionError:
        """The failure; it shows what is too much, or else all that there is."""
        server = self.servers.current
        mock = server.mock
        messages = mock.messages() if too_much is None else too_much
        return AssertionError(explain(headline, Scene(server.address, messages, mock.sessions(), mock.dropped), query))


def _with(query: Query) -> str:
    return f" with {query}" if query.conditions else ""
