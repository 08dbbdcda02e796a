"""Assertions about the messages that have arrived."""

from typing import Any

from robot.api.deco import keyword

from SMTPMockLibrary.failures import Keywords, assertion
from SMTPMockLibrary.signatures import given_criteria, takes_criteria
from SMTPMockLibrary.types import Address, Names, Text


class AssertionKeywords(Keywords):
    """Keywords that check all messages, without waiting."""

    @keyword("Message Count Should Be", tags=("Assertion",))
    @assertion
    @takes_criteria
    def message_count_should_be(self, count: int, **criteria: Any) -> None:
        """Fails unless exactly ``count`` messages match.

        See the `Selecting messages` section for the criteria.

        Examples:
        | Message Count Should Be    1
        | Message Count Should Be    0    recipient=*@other.example
        """
        self.servers.current.mock.assert_message_count(count, **given_criteria(criteria))

    @keyword("Messages Should Contain Recipient", tags=("Assertion",))
    @assertion
    @takes_criteria
    def messages_should_contain_recipient(self, recipient: Address, **criteria: Any) -> None:
        """Fails if no message has the given recipient in its envelope.

        Further criteria limit the messages to search; see the `Selecting messages` section.

        Examples:
        | Messages Should Contain Recipient    bob@example.com
        | Messages Should Contain Recipient    *@example.com    subject=Welcome
        """
        self._should_contain(recipient=recipient, **criteria)

    @keyword("Messages Should Not Contain Recipient", tags=("Assertion",))
    @assertion
    @takes_criteria
    def messages_should_not_contain_recipient(self, recipient: Address, **criteria: Any) -> None:
        """Fails if a message has the given recipient in its envelope.

        Does not wait; use `No Message Should Arrive` for that. Further criteria limit the messages to search; see the
        `Selecting messages` section.

        Example:
        | Messages Should Not Contain Recipient    *@other.example
        """
        self._should_not_contain(recipient=recipient, **criteria)

    @keyword("Messages Should Have Recipients", tags=("Assertion",))
    @assertion
    @takes_criteria
    def messages_should_have_recipients(self, recipients: Names, **criteria: Any) -> None:
        """Fails unless the messages that match were sent to exactly these recipients, all messages together.

        ``recipients`` is a list, or text separated by commas. The order does not matter, nor how many messages each one
        gets. The error names those that are missing and those that were not expected. See the `Selecting messages`
        section for the criteria.

        Examples:
        | Messages Should Have Recipients    bob@example.com, archive@example.com
        | @{everybody} =    Create List    bob@example.com    archive@example.com
        | Messages Should Have Recipients    ${everybody}    subject=Welcome
        """
        self.servers.current.mock.assert_recipients(recipients, **given_criteria(criteria))

    @keyword("Messages Should Contain Sender", tags=("Assertion",))
    @assertion
    @takes_criteria
    def messages_should_contain_sender(self, sender: Address, **criteria: Any) -> None:
        """Fails if no message has the given sender in its envelope.

        Further criteria limit the messages to search; see the `Selecting messages` section.

        Example:
        | Messages Should Contain Sender    shop@example.com
        """
        self._should_contain(sender=sender, **criteria)

    @keyword("Messages Should Not Contain Sender", tags=("Assertion",))
    @assertion
    @takes_criteria
    def messages_should_not_contain_sender(self, sender: Address, **criteria: Any) -> None:
        """Fails if a message has the given sender in its envelope.

        Further criteria limit the messages to search; see the `Selecting messages` section.

        Example:
        | Messages Should Not Contain Sender    root@*
        """
        self._should_not_contain(sender=sender, **criteria)

    @keyword("Messages Should Contain Subject", tags=("Assertion",))
    @assertion
    @takes_criteria
    def messages_should_contain_subject(self, subject: Text, **criteria: Any) -> None:
        """Fails if no message has the given subject.

        The subject of the message must contain ``subject``, or match it as a whole if it has a ``*``.
        Further criteria limit the messages to search; see the `Selecting messages` section.

        Examples:
        | Messages Should Contain Subject    Welcome
        | Messages Should Contain Subject    REGEXP:^Welcome to (the|our) shop$
        """
        self._should_contain(subject=subject, **criteria)

    @keyword("Messages Should Not Contain Subject", tags=("Assertion",))
    @assertion
    @takes_criteria
    def messages_should_not_contain_subject(self, subject: Text, **criteria: Any) -> None:
        """Fails if a message has the given subject.

        The subject is compared as by `Messages Should Contain Subject`.
        Further criteria limit the messages to search; see the `Selecting messages` section.

        Example:
        | Messages Should Not Contain Subject    Error*    recipient=bob@example.com
        """
        self._should_not_contain(subject=subject, **criteria)

    def _should_contain(self, **criteria: Any) -> None:
        self.servers.current.mock.assert_message_count(None, **given_criteria(criteria))

    def _should_not_contain(self, **criteria: Any) -> None:
        self.servers.current.mock.assert_no_message(0, **given_criteria(criteria))
