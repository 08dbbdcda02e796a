"""Violations of mail standards by the client."""

from typing import Any, Literal

from robot.api.deco import keyword

from SMTPMockLibrary.api import Violation
from SMTPMockLibrary.failures import Keywords, assertion, explain_failures
from SMTPMockLibrary.signatures import narrowing_criteria, takes_criteria
from SMTPMockLibrary.types import Codes

Level = Literal["must", "should"]


class StandardKeywords(Keywords):
    """Keywords for what the client did wrong although the server accepted it."""

    @keyword("Messages Should Follow Standards", tags=("Assertion",))
    @assertion
    @takes_criteria
    def messages_should_follow_standards(self, ignore: Codes = None, *, level: Level = "must", **criteria: Any) -> None:
        """Fails if an accepted message, or the session in which it was sent, violates mail standards.

        The error lists each violation with its code, the standard, and the place where it occurred. By default, only
        what the standards require is checked; with ``level=should``, what they recommend is checked as well (RFC 2119).
        ``ignore`` takes codes of violations to ignore, as a list or separated by commas. Without criteria, all sessions
        are checked; otherwise, only the sessions of the messages that match. See the `Selecting messages` section for
        the criteria.

        Examples:
        | Messages Should Follow Standards    ignore=missing-date
        | Messages Should Follow Standards    missing-date, missing-message-id    level=should
        | Messages Should Follow Standards    missing-date    recipient=bob@example.com
        """
        mock = self.servers.current.mock
        mock.assert_no_violations(_codes(ignore), level=level, **narrowing_criteria(criteria))

    @keyword("Get Violations", tags=("Getter",))
    @explain_failures
    @takes_criteria
    def get_violations(self, ignore: Codes = None, *, level: Level = "should", **criteria: Any) -> list[Violation]:
        """Returns the violations of mail standards by the client, or an empty list.

        The arguments are those of `Messages Should Follow Standards`, but all violations are returned by default, and
        with ``level=must`` only those of what the standards require. Violations in sessions come first, followed by
        those in messages. Each has the attributes ``code``, ``level``, ``rfc``, ``where`` and ``text``.

        Example:
        | ${violations} =    Get Violations    recipient=bob@example.com
        | Should Be Equal    ${violations[0].code}    missing-date
        | Should Be Equal    ${violations[0].rfc}    RFC 5322 3.6
        | Should Be Equal    ${violations[1].level}    should
        """
        return self.servers.current.mock.violations(_codes(ignore), level=level, **narrowing_criteria(criteria))


def _codes(ignore: Any) -> list[str]:
    return ignore or []
