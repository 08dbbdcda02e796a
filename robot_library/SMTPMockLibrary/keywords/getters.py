"""Getters for the messages that have arrived."""

from typing import Any

from robot.api.deco import keyword

from SMTPMockLibrary.api import Mark, Message
from SMTPMockLibrary.comparing import compare
from SMTPMockLibrary.failures import Keywords, assertion, explain_failures
from SMTPMockLibrary.signatures import given_criteria, takes_criteria
from SMTPMockLibrary.types import Operator


class GetterKeywords(Keywords):
    """Keywords that return messages, without waiting."""

    @keyword("Get Messages", tags=("Getter",))
    @explain_failures
    @takes_criteria
    def get_messages(self, **criteria: Any) -> list[Message]:
        """Returns the messages that match, in the order of their arrival, or an empty list.

        See the `Selecting messages` section for the criteria.

        Examples:
        | ${mails} =    Get Messages
        | Should Be Equal    ${mails[0].subject}    Welcome to the shop
        | ${refused} =    Get Messages    accepted=False
        | Should Be Empty    ${refused}
        """
        return self.servers.current.mock.messages(**given_criteria(criteria))

    @keyword("Get Message", tags=("Getter",))
    @assertion
    @takes_criteria
    def get_message(self, **criteria: Any) -> Message:
        """Returns the message that matches. Fails if none or more than one does.

        Does not wait: if the application sends its mail before it responds to the test, the message has already
        arrived. Otherwise, use `Wait For Message`. See the `Selecting messages` section for the criteria.

        Example:
        | ${mail} =    Get Message    recipient=bob@example.com
        | Should Be Equal    ${mail.subject}    Welcome to the shop
        | Should Be Equal    ${mail.headers}[X-Campaign]    autumn
        """
        return self.servers.current.mock.message(**given_criteria(criteria))

    @keyword("Get Message Count", tags=("Getter", "Assertion"))
    @assertion
    @takes_criteria
    def get_message_count(
        self,
        assertion_operator: Operator = None,
        assertion_expected: int | None = None,
        **criteria: Any,
    ) -> int:
        """Returns the number of messages that match.

        Optionally compares the number with ``assertion_expected``; see the `Inline assertions` section. See the
        `Selecting messages` section for the criteria.

        Example:
        | ${count} =    Get Message Count    recipient=*@example.com
        | Should Be Equal As Integers    ${count}    1
        """
        count = len(self.servers.current.mock.messages(**given_criteria(criteria)))
        return compare(count, assertion_operator, assertion_expected, "The number of messages")

    @keyword("Get Mark", tags=("Getter",))
    @explain_failures
    def get_mark(self) -> Mark:
        """Returns a mark. With ``since``, other keywords only consider what arrives after it.

        Example:
        | ${mark} =    Get Mark
        | No Message Should Arrive    since=${mark}    within=50 ms
        """
        return self.servers.current.mock.mark()

    @keyword("Purge Messages", tags=("Server",))
    @explain_failures
    def purge_messages(self) -> list[Message]:
        """Removes all messages and returns them, including those that were refused or incomplete.

        Sessions that have ended are removed as well. A message that was removed never reappears.

        Example:
        | ${purged} =    Purge Messages
        | Should Be Equal    ${purged[0].subject}    Welcome to the shop
        | Message Count Should Be    0
        """
        return self.servers.current.mock.purge()
