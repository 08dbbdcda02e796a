"""A session without a socket: what is said, what is answered, what is left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpmock.protocol.actions import Action, Close, End, Erase, Keep, Wait
from smtpmock.protocol.behaviour import Behaviour
from smtpmock.protocol.connection import Connection
from smtpmock.records.exchange import Exchange, Origin
from smtpmock.records.session import SessionLog
from smtpmock.settings.declarations import Settings
from smtpmock.stores.memory import Inbox

if TYPE_CHECKING:
    from smtpmock.messages.message import Message

ORIGIN = Origin(1, "192.0.2.1", 40000, "192.0.2.2", 1_700_000_000.0)


def stuffed(content: bytes) -> bytes:
    """A dot more before each line that begins with one (RFC 5321 section 4.5.2)."""
    return (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:]


class Conversation:
    """Feeds a connection and carries its actions out, as a server does."""

    def __init__(self, origin: Origin = ORIGIN, /, **settings: object) -> None:
        self.log = SessionLog(origin)
        self.connection = Connection(Behaviour(Settings(**settings)), self.log)
        self.inbox = Inbox()
        self.delays: list[float] = []
        self.ended = False
        self.closed = False
        self.greeting = self.carry_out(self.connection.open(1_700_000_000.0))

    def send(self, *lines: str | bytes) -> str:
        """Sends the pieces as they are; returns all that is answered."""
        return "".join(self._feed(line if isinstance(line, bytes) else line.encode()) for line in lines)

    def say(self, *lines: str) -> str:
        """Sends each line with CRLF; returns all that is answered."""
        return self.send(*(f"{line}\r\n" for line in lines))

    def message(self, content: bytes) -> str:
        """Sends a message as a client does: dots stuffed, then the end of data; it has to end with CRLF or be empty."""
        return self.send(stuffed(content) + b".\r\n")

    def accepted(self, content: bytes = b"hello\r\n") -> Conversation:
        """Brings a whole message in; returns itself."""
        self.say("EHLO client.example", "MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>", "DATA")
        assert self.message(content) == "250 Received\r\n"
        return self

    @property
    def exchanges(self) -> list[Exchange]:
        return self.log.exchanges

    def end(self) -> str:
        """The client leaves."""
        return self.carry_out(self.connection.end(1_700_000_002.0))

    def messages(self) -> list[Message]:
        return self.inbox.messages()

    def _feed(self, data: bytes) -> str:
        replies = self.carry_out(self.connection.feed(data, 1_700_000_001.0))
        while self.connection.paused:
            replies += self.carry_out(self.connection.feed(b"", 1_700_000_001.0))
        return replies

    def carry_out(self, actions: list[Action]) -> str:
        replies = b""
        for action in actions:
            assert not self.closed, f"{action} after the close"
            match action:
                case bytes(data):
                    replies += data
                case Wait(seconds=seconds):
                    self.delays.append(seconds)
                case Keep(record=record, message=message):
                    self.inbox.keep(record, message, self.log)
                case Erase(record=record):
                    self.inbox.erase(record)
                case End():
                    self.ended = True
                case Close(data=data):
                    replies += data
                    self.closed = True
        return replies.decode("utf-8", "surrogateescape")
