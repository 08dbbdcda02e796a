"""Waiting for messages, or for none to arrive."""

from datetime import timedelta
from typing import Any

from robot.api.deco import keyword

from SMTPMockLibrary.api import Message
from SMTPMockLibrary.failures import Keywords, assertion
from SMTPMockLibrary.signatures import given_criteria, seconds, takes_criteria


class WaitKeywords(Keywords):
    """Keywords that wait. A wait ends as soon as its condition is met, and does not remove messages."""

    @keyword("Wait For Message", tags=("Getter", "Wait"))
    @assertion
    @takes_criteria
    def wait_for_message(self, *, timeout: timedelta | None = None, **criteria: Any) -> Message:
        """Waits until a message matches, and returns it. Fails if more than one message matches.

        A message that has already arrived is found as well, unless ``since`` excludes it. The default ``timeout`` is
        the ``timeout`` setting of `Start SMTP Mock`, which is 5 seconds by default. See the `Selecting messages`
        section for the criteria.

        Example:
        | ${mail} =    Wait For Message    recipient=bob@example.com    subject=Welcome*    timeout=10 s
        | Should Be Equal    ${mail.sender}    shop@example.com
        """
        return self.servers.current.mock.wait_for_message(seconds(timeout), **given_criteria(criteria))

    @keyword("Wait For Messages", tags=("Getter", "Wait"))
    @assertion
    @takes_criteria
    def wait_for_messages(self, count: int = 1, *, timeout: timedelta | None = None, **criteria: Any) -> list[Message]:
        """Waits until at least ``count`` messages match, and returns all that do.

        The default ``timeout`` is the ``timeout`` setting of `Start SMTP Mock`, which is 5 seconds by default. See the
        `Selecting messages` section for the criteria.

        Example:
        | ${mails} =    Wait For Messages    1    sender=shop@example.com
        | Length Should Be    ${mails}    1
        """
        return self.servers.current.mock.wait_for_messages(count, seconds(timeout), **given_criteria(criteria))

    @keyword("No Message Should Arrive", tags=("Assertion", "Wait"))
    @assertion
    @takes_criteria
    def no_message_should_arrive(self, *, within: timedelta = timedelta(milliseconds=200), **criteria: Any) -> None:
        """Fails if a message that matches has arrived already, or arrives within the given time.

        Fails as soon as there is such a message, and passes only after the whole time. See the `Selecting messages`
        section for the criteria.

        Example:
        | No Message Should Arrive    recipient=*@other.example    within=200 ms
        """
        self.servers.current.mock.assert_no_message(within.total_seconds(), **given_criteria(criteria))
