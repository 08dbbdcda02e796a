"""Waiting for messages, and for none."""

from datetime import timedelta
from typing import Any

from robot.api.deco import keyword

from smtpmock.messages.message import Message
from SMTPMockLibrary.failures import Keywords, assertion
from SMTPMockLibrary.signatures import asked, takes_criteria


def _seconds(timeout: timedelta | None) -> float | None:
    return None if timeout is None else timeout.total_seconds()


class WaitKeywords(Keywords):
    """Keywords that wait. A wait ends at once when there is what it waits for, and it consumes nothing."""

    @keyword("Wait For Message", tags=("Getter", "Wait"))
    @assertion
    @takes_criteria
    def wait_for_message(self, *, timeout: timedelta | None = None, **criteria: Any) -> Message:
        """Waits for a message that matches and returns it; fails if there is more than one.

        A message that is there already is found at once; ``since`` leaves out what is old. Without ``timeout`` the
        setting of that name counts, which is 5 seconds unless `Start SMTP Mock` said otherwise.
        See `Which messages are meant` for the criteria.

        Example:
        | ${mail} =    Wait For Message    recipient=bob@example.com    subject=Welcome*    timeout=10 s
        | Should Be Equal    ${mail.sender}    shop@example.com
        """
        return self.servers.current.mock.wait_for_message(_seconds(timeout), **asked(criteria))

    @keyword("Wait For Messages", tags=("Getter", "Wait"))
    @assertion
    @takes_criteria
    def wait_for_messages(self, count: int = 1, *, timeout: timedelta | None = None, **criteria: Any) -> list[Message]:
        """Waits until so many messages match, and returns all that do, which can be more.

        Without ``timeout`` the setting of that name counts, which is 5 seconds unless `Start SMTP Mock` said otherwise.
        See `Which messages are meant` for the criteria.

        Example:
        | ${mails} =    Wait For Messages    1    sender=shop@example.com
        | Length Should Be    ${mails}    1
        """
        return self.servers.current.mock.wait_for_messages(count, _seconds(timeout), **asked(criteria))

    @keyword("No Message Should Arrive", tags=("Assertion", "Wait"))
    @assertion
    @takes_criteria
    def no_message_should_arrive(self, *, within: timedelta = timedelta(milliseconds=200), **criteria: Any) -> None:
        """Fails if a message matches that is there or arrives within that time.

        It fails as soon as there is one, and passes only after the whole time.
        See `Which messages are meant` for the criteria.

        Example:
        | No Message Should Arrive    recipient=*@other.example    within=200 ms
        """
        self.servers.current.mock.assert_no_message(within.total_seconds(), **asked(criteria))
