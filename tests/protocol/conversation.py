"""A session without a socket: what is said, what is answered, what is left behind.

It is the one interpreter of the protocol's actions in the tests: others add to it what they look at besides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smtpmock.messages.message import Message
from smtpmock.messages.session import Session
from smtpmock.protocol.actions import (
    Action,
    Add,
    Amend,
    Close,
    Consulted,
    Count,
    End,
    Erase,
    Keep,
    Question,
    Reset,
    StartTLS,
    Wait,
)
from smtpmock.protocol.behaviour import Behaviour
from smtpmock.protocol.connection import Connection
from smtpmock.records.exchange import Exchange
from smtpmock.records.session import TLS, Negotiated, Observation
from smtpmock.rules.book import MemoryRuleBook
from smtpmock.settings.declarations import Settings
from smtpmock.stores.memory import MemoryStore

if TYPE_CHECKING:
    from smtpmock.rules.rule import Rule

CLIENT, PORT, SERVER, STARTED = "192.0.2.1", 40000, "192.0.2.2", 1_700_000_000.0
AS_IN_GO = {"multiple_rcptto": False, "multiple_message_receiving": False}
"""go-smtp-mock's defaults, which most conversations are about."""


def stuffed(content: bytes) -> bytes:
    """Add a dot before each line that begins with one (RFC 5321 section 4.5.2)."""
    return (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:]


class Conversation:
    """Feeds a connection and carries its actions out, as a server does.

    Settings that are not given are those of go-smtp-mock.

    Args:
        rules: The rules that hold from the greeting on.
        beside: Another session of the same server, whose store and rules are shared.

    Attributes:
        actions: All actions so far.
        delays: How long was waited, in seconds.
        handshakes: The faults of the TLS handshakes, all of which succeed.
    """

    agreed = TLS("TLSv1.3", "TLS_AES_256_GCM_SHA384", "localhost")

    def __init__(
        self,
        *rules: Rule,
        client: str = CLIENT,
        server: str = SERVER,
        beside: Conversation | None = None,
        **settings: Any,
    ) -> None:
        self.store = MemoryStore() if beside is None else beside.store
        self.book = MemoryRuleBook() if beside is None else beside.book
        for rule in rules:
            self.book.add(rule)
        self.origin = self.store.begin(client, PORT, server, STARTED)
        self.connection = Connection(Behaviour(Settings(**{**AS_IN_GO, **settings})), self.book.rules, self.origin)
        self.actions: list[Action] = []
        self.delays: list[float] = []
        self.handshakes: list[str] = []
        self.ended = self.closed = self.was_reset = False
        self.greeting = self.carry_out(self.connection.open(STARTED))

    def send(self, *lines: str | bytes) -> str:
        """Send the pieces as they are; return all that is answered."""
        return "".join(self._feed(line if isinstance(line, bytes) else line.encode()) for line in lines)

    def say(self, *lines: str) -> str:
        """Send each line with CRLF; return all that is answered."""
        return self.send(*(f"{line}\r\n" for line in lines))

    def message(self, content: bytes) -> str:
        """Send a message as a client does: dots stuffed, then the end of data; it has to end with CRLF or be empty."""
        return self.send(stuffed(content) + b".\r\n")

    def accepted(self, content: bytes = b"hello\r\n") -> Conversation:
        """Bring a whole message in; return itself."""
        self.say("EHLO client.example", "MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>", "DATA")
        assert self.message(content) == "250 Received\r\n"
        return self

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return self.session.exchanges

    @property
    def session(self) -> Session:
        [entry] = [entry for entry in self.store.sessions() if entry.record.id == self.origin.session_id]
        return Session(entry)

    def end(self) -> str:
        """Let the client leave."""
        return self.carry_out(self.connection.end(STARTED + 2))

    def messages(self) -> list[Message]:
        """Return the records of any outcome."""
        return [Message(entry) for entry in self.store.select()]

    def purge(self) -> list[Message]:
        return [Message(entry) for entry in self.store.purge()]

    def step(self, data: bytes, now: float = STARTED + 1) -> list[Action]:
        """Feed bytes once; return what is done but for facts that are stored, answers to questions included."""
        return self.done(self.connection.feed(data, now))

    def done(self, actions: list[Action]) -> list[Action]:
        """Carry out actions, and those that follow; return them but for facts that are stored."""
        before = len(self.actions)
        self.sent(actions)
        facts = Exchange | Negotiated | Observation | Consulted
        return [action for action in self.actions[before:] if not isinstance(action, facts)]

    def _feed(self, data: bytes) -> str:
        if self.closed:
            return ""  # who has gone hears nothing
        replies = self.carry_out(self.connection.feed(data, STARTED + 1))
        while self.connection.paused:
            replies += self.carry_out(self.connection.feed(b"", STARTED + 1))
        return replies

    def carry_out(self, actions: list[Action]) -> str:
        return self.sent(actions).decode("utf-8", "surrogateescape")

    def asked(self, question: Question) -> bytes:
        """Answer a question at once; return what is sent then."""
        return self.sent(self.connection.resume(self.answer(question)))

    def answer(self, question: Question) -> bool | int:
        """Return what the store or the rule book answers."""
        if isinstance(question, Count):
            return self.book.count(*question)
        self.store.add(question.record)
        return True

    def sent(self, actions: list[Action]) -> bytes:
        """Carry out actions, and those that follow; return what is sent."""
        replies = b""
        self.actions += actions
        for place, action in enumerate(actions):
            assert not self.closed, f"{action} after the close"
            is_last = place == len(actions) - 1
            match action:
                case bytes(data):
                    replies += data
                case Exchange() | Negotiated() | Observation():
                    self.store.append(self.origin.session_id, action)
                case Wait(seconds=seconds):
                    self.delays.append(seconds)
                case Keep() | Count():
                    assert is_last, "a question stands last"
                    replies += self.asked(action)
                case Add(record=record):
                    self.store.add(record)
                case Amend(record=record):
                    self.store.amend(record)
                case Erase(record_id=record_id, erasure=erasure):
                    if self.store.erase([record_id]):
                        self.store.append(self.origin.session_id, erasure)
                case Consulted(asked=asked, applied=applied):
                    self.book.note_consulted(asked, applied)
                case StartTLS(fault=fault):
                    assert is_last, "nothing is done between STARTTLS and the handshake"
                    self.handshakes.append(fault)
                    replies += self.sent(self.connection.tls_established(self.agreed, STARTED + 1.5))
                case End():
                    self.ended = True
                    self.store.end(self.origin.session_id, STARTED + 2)
                case Close(data=data):
                    replies += data
                    self.closed = True
                case Reset():
                    self.closed = self.was_reset = True
                case _:
                    raise AssertionError(f"unknown action {action!r}")
        return replies
