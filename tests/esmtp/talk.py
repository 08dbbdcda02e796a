"""A session without a socket, as in tests/protocol, that begins TLS when it is told to."""

from __future__ import annotations

from base64 import b64encode

from tests.protocol.conversation import Conversation

EHLO = "EHLO client.example"
MAIL = "MAIL FROM:<a@example.com>"
RCPT = "RCPT TO:<b@example.com>"
AGREED = Conversation.agreed


def b64(text: str | bytes) -> str:
    return b64encode(text.encode() if isinstance(text, str) else text).decode()


def plain(user: str, password: str, authorisation: str = "") -> str:
    """Return the argument of AUTH PLAIN."""
    return b64(f"{authorisation}\0{user}\0{password}")


class Talk(Conversation):
    """A conversation in which every handshake succeeds at once."""

    def secured(self) -> Talk:
        """Begin TLS; return itself."""
        assert self.say(EHLO, "STARTTLS").endswith("220 Ready to start TLS\r\n")
        return self

    @property
    def said(self) -> list[tuple[str, str]]:
        """The conversation without the greeting."""
        return [(exchange.request, exchange.reply) for exchange in self.exchanges if exchange.stage != "connect"]

    @property
    def violations(self) -> list[str]:
        return [one.code for one in self.session.violations]
