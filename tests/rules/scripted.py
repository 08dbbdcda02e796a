"""A session under rules, without a socket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smtpmock import Exchange, Rule
from smtpmock.protocol.actions import Consulted
from smtpmock.records.session import Negotiated
from tests.protocol.conversation import Conversation

if TYPE_CHECKING:
    from smtpmock.protocol.actions import Action

EHLO = "EHLO client.example"
MAIL = "MAIL FROM:<a@example.com>"
RCPT = "RCPT TO:<b@example.com>"
ENVELOPE = (EHLO, MAIL, RCPT)
CONTENT = b"Subject: Invoice 7\r\nX-Id: 42\r\n\r\nPay now.\r\n"

OK = "250 Received\r\n"
GO_AHEAD = "354 Ready for receive message. End data with <CR><LF>.<CR><LF>\r\n"
GARBAGE = "\x16\x03\x01\udcff not a reply\r\n"
GARBAGE_SHOWN = "\x16\x03\x01\\xff not a reply"


def on(stage: str, **words: Any) -> Rule:
    """A rule, in the words of `SMTPMock.on`."""
    return Rule(stage, words)


class Scripted(Conversation):
    """A conversation whose rules hold from the greeting on."""

    def add(self, rule: Rule) -> Rule:
        """Add a rule while the session goes on."""
        self.book.add(rule)
        return rule

    def deliver(self, content: bytes = CONTENT) -> str:
        """Go from EHLO to the end of the message; return the reply to the latter."""
        self.say(*ENVELOPE, "DATA")
        return self.message(content)

    @property
    def last(self) -> Exchange:
        return self.exchanges[-1]

    @property
    def performed(self) -> list[Action]:
        """The actions that do something, and are not facts for the store or notes for the rule book."""
        return [action for action in self.actions if not isinstance(action, Exchange | Negotiated | Consulted)]
