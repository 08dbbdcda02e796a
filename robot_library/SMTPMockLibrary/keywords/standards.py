"""The verdict on the client: what standards it did not keep."""

from typing import Any

from robot.api.deco import keyword

from smtpmock.conformance.catalogue import Violation
from SMTPMockLibrary.failures import Keywords, assertion, explained
from SMTPMockLibrary.signatures import asked, takes_criteria
from SMTPMockLibrary.types import Names


class StandardKeywords(Keywords):
    """Keywords about what a client does wrong though the server puts up with it."""

    @keyword("Messages Should Follow Standards", tags=("Assertion",))
    @assertion
    @takes_criteria
    def messages_should_follow_standards(self, ignore: Names | None = None, **criteria: Any) -> None:
        """Fails if an accepted message, or the session that brought it, does not keep the standards of mail.

        The text lists each violation with its code, the standard and the place. ``ignore`` takes codes that do not
        matter, separated by commas or as a list. Without criteria all sessions are judged, with them those of the
        messages that match; see `Which messages are meant`.

        Examples:
        | Messages Should Follow Standards    ignore=missing-date,missing-message-id
        | Messages Should Follow Standards    missing-date, missing-message-id    recipient=bob@example.com
        """
        self.servers.current.mock.assert_no_violations(_codes(ignore), **_given(criteria))

    @keyword("Get Violations", tags=("Getter",))
    @explained
    @takes_criteria
    def get_violations(self, ignore: Names | None = None, **criteria: Any) -> list[Violation]:
        """Returns what `Messages Should Follow Standards` would list: that of sessions first, then that of messages.

        A violation has ``code``, ``rfc``, ``where`` and ``text``.

        Example:
        | ${violations} =    Get Violations    recipient=bob@example.com
        | Should Be Equal    ${violations[0].code}    missing-date
        | Should Be Equal    ${violations[0].rfc}    RFC 5322 3.6
        """
        return self.servers.current.mock.violations(_codes(ignore), **_given(criteria))


def _codes(ignore: Any) -> list[str]:
    return ignore or []


def _given(criteria: dict[str, Any]) -> dict[str, Any]:
    """The criteria that narrow down what is meant."""
    words = asked(criteria)
    return {word: wanted for word, wanted in words.items() if (word, wanted) != ("consistent", True)}
