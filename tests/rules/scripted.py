"""A session under rules, without a socket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smtpmock.protocol.actions import Action, Reset
from smtpmock.protocol.behaviour import Behaviour
from smtpmock.protocol.connection import Connection
from smtpmock.records.session import SessionLog
from smtpmock.rules.rule import Rule
from smtpmock.settings.declarations import Settings
from smtpmock.stores.memory import Inbox
from tests.protocol.conversation import ORIGIN, Conversation

if TYPE_CHECKING:
    from smtpmock.records.exchange import Exchange

EHLO = "EHLO client.example"
MAIL = "MAIL FROM:<a@example.com>"
RCPT = "RCPT TO:<b@example.com>"
ENVELOPE = (EHLO, MAIL, RCPT)
CONTENT = b"Subject: Invoice 7\r\nX-Id: 42\r\n\r\nPay now.\r\n"

OK = "250 Received\r\n"
GO_AHEAD = "354 Ready for receive message. End data with <CR><LF>.<CR><LF>\r\n"
GARBAGE = "\x16\x03\x01\udcff not a reply\r\n"


def on(stage: str, **words: Any) -> Rule:
    """A rule, in the words of `SMTPMock.on`."""
    return Rule(stage, words)


class Scripted(Conversation):
    """A conversation whose rules hold from the greeting on."""

    def __init__(self, *rules: Rule, session: int = 1, **settings: object) -> None:
        behaviour = Behaviour(Settings(**settings))
        for rule in rules:
            rule.join(behaviour.rules)
        self.log = SessionLog(ORIGIN._replace(session_id=session))
        self.connection = Connection(behaviour, self.log)
        self.inbox = Inbox()
        self.delays: list[float] = []
        self.ended = self.closed = self.was_reset = False
        self.actions: list[Action] = []
        self.greeting = self.carry_out(self.connection.open(1_700_000_000.0))

    def carry_out(self, actions: list[Action]) -> str:
        assert not self.was_reset or not actions, "actions after the reset"
        self.actions += actions
        self.was_reset = any(isinstance(action, Reset) for action in actions)
        return super().carry_out(actions)

    def add(self, rule: Rule) -> Rule:
        """Adds a rule while the session goes on."""
        rule.join(self.connection.behaviour.rules)
        return rule

    def deliver(self, content: bytes = CONTENT) -> str:
        """Goes from EHLO to the end of the message; returns the reply to the latter."""
        self.say(*ENVELOPE, "DATA")
        return self.message(content)

    @property
    def last(self) -> Exchange:
        return self.exchanges[-1]
