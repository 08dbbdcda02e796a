"""A session without a socket, as in tests/protocol, that begins TLS when it is told to."""

from __future__ import annotations

from base64 import b64encode

from smtpmock.protocol.actions import Action, StartTLS
from smtpmock.records.exchange import TLS
from smtpmock.records.session import Session
from tests.protocol.conversation import Conversation

EHLO = "EHLO client.example"
MAIL = "MAIL FROM:<a@example.com>"
RCPT = "RCPT TO:<b@example.com>"
AGREED = TLS("TLSv1.3", "TLS_AES_256_GCM_SHA384", "localhost", None)


def b64(text: str | bytes) -> str:
    return b64encode(text.encode() if isinstance(text, str) else text).decode()


def plain(user: str, password: str, authorisation: str = "") -> str:
    """What stands behind AUTH PLAIN."""
    return b64(f"{authorisation}\0{user}\0{password}")


class Talk(Conversation):
    """A conversation in which every handshake succeeds at once."""

    def __init__(self, **settings: object) -> None:
        self.handshakes: list[str] = []
        super().__init__(**settings)

    def _feed(self, data: bytes) -> str:
        return "" if self.closed else super()._feed(data)  # who has gone hears nothing

    def carry_out(self, actions: list[Action]) -> str:
        replies = super().carry_out(actions)
        for number, action in enumerate(actions):
            if isinstance(action, StartTLS):
                assert not actions[number + 1 :], "nothing is done between STARTTLS and the handshake"
                self.handshakes.append(action.fault)
                replies += self.carry_out(self.connection.secured(AGREED, 1_700_000_001.5))
        return replies

    def secured(self) -> Talk:
        """Begins TLS; returns itself."""
        assert self.say(EHLO, "STARTTLS").endswith("220 Ready to start TLS\r\n")
        return self

    @property
    def session(self) -> Session:
        return Session(self.log)

    @property
    def said(self) -> list[tuple[str, str]]:
        """What was said, without the greeting."""
        return [(exchange.request, exchange.reply) for exchange in self.exchanges if exchange.stage != "connect"]

    @property
    def violations(self) -> list[str]:
        return [one.code for one in self.session.violations]
