"""Asking for messages that are there."""

from typing import Any

from robot.api.deco import keyword

from smtpmock.messages.message import Message
from smtpmock.queries.query import Mark
from SMTPMockLibrary.comparing import AssertionOperator, compared
from SMTPMockLibrary.failures import Keywords, assertion, explained
from SMTPMockLibrary.signatures import asked, takes_criteria


class GetterKeywords(Keywords):
    """Keywords that return messages, and do not wait."""

    @keyword("Get Messages", tags=("Getter",))
    @explained
    @takes_criteria
    def get_messages(self, **criteria: Any) -> list[Message]:
        """Returns the messages that match, in the order in which they arrived; an empty list if there are none.

        See `Which messages are meant` for the criteria.

        Examples:
        | ${mails} =    Get Messages
        | Should Be Equal    ${mails[0].subject}    Welcome to the shop
        | ${refused} =    Get Messages    consistent=False
        | Should Be Empty    ${refused}
        """
        return self.servers.current.mock.messages(**asked(criteria))

    @keyword("Get Message", tags=("Getter",))
    @assertion
    @takes_criteria
    def get_message(self, **criteria: Any) -> Message:
        """Returns the only message that matches; fails if there is none or more than one.

        It does not wait: an application that sends while the test waits for its answer has sent by then. For others
        there is `Wait For Message`. See `Which messages are meant` for the criteria.

        Example:
        | ${mail} =    Get Message    recipient=bob@example.com
        | Should Be Equal    ${mail.subject}    Welcome to the shop
        | Should Be Equal    ${mail.headers}[X-Campaign]    autumn
        """
        mock = self.servers.current.mock
        words = asked(criteria)
        return mock.message(**words)

    @keyword("Get Message Count", tags=("Getter", "Assertion"))
    @assertion
    @takes_criteria
    def get_message_count(
        self,
        assertion_operator: AssertionOperator | None = None,
        assertion_expected: int | None = None,
        **criteria: Any,
    ) -> int:
        """Returns how many messages match, and compares that if it is asked to (see `Comparing getters`).

        Examples:
        | ${count} =    Get Message Count    recipient=*@example.com
        | Should Be Equal As Integers    ${count}    1
        """
        count = len(self.servers.current.mock.messages(**asked(criteria)))
        return compared(count, assertion_operator, assertion_expected, "The number of messages")

    @keyword("Get Mark", tags=("Getter",))
    @explained
    def get_mark(self) -> Mark:
        """Returns this moment, for the criterion ``since``: what arrives from now on.

        Example:
        | ${mark} =    Get Mark
        | No Message Should Arrive    since=${mark}    within=50 ms
        """
        return self.servers.current.mock.mark()

    @keyword("Purge Messages", tags=("Server",))
    @explained
    def purge_messages(self) -> list[Message]:
        """Empties the inbox in one step and returns what was in it, refused and broken-off messages included.

        What was purged never comes back. Sessions that have ended are forgotten, too.

        Example:
        | ${purged} =    Purge Messages
        | Should Be Equal    ${purged[0].subject}    Welcome to the shop
        | Message Count Should Be    0
        """
        return self.servers.current.mock.purge()
