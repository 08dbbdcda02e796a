"""The reception of a message in a session: the lines after DATA, or the chunks of BDAT (RFC 3030)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from smtpmock.mail.content import Content
from smtpmock.protocol.body import Body
from smtpmock.protocol.commands import CHUNK, MESSAGE, UNREAD_CHUNK
from smtpmock.protocol.responder import COMMAND_SIZE, READ_SIZE, Responder
from smtpmock.protocol.rule_effects import apply_decision
from smtpmock.records.exchange import Exchange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smtpmock.protocol.behaviour import Behaviour
    from smtpmock.protocol.chunk import Chunks
    from smtpmock.records.session import Origin
    from smtpmock.rules.decision import Decision
    from smtpmock.rules.rule import Rule


class Chunk(NamedTuple):
    """The current chunk.

    Attributes:
        request: The BDAT command.
        refusal: The setting that refuses it; None if it is accepted.
        chunks: The message to which its octets belong.
    """

    request: str
    refusal: str | None
    chunks: Chunks


class MessageReceiver(Responder):
    """The receiving half of a connection."""

    __slots__ = ("_body", "_body_is_new", "_buffer", "_chunk", "_chunks", "_chunks_over", "_start")

    def __init__(self, behaviour: Behaviour, rules: Sequence[Rule], origin: Origin, asks: bool = True) -> None:
        super().__init__(behaviour, rules, origin, asks)
        self._buffer = b""
        self._start = 0  # index of the first byte that was not read
        self._body: Body | None = None
        self._body_is_new = False
        self._chunks: Chunks | None = None  # a message that comes by BDAT
        self._chunk: Chunk | None = None
        self._chunks_over = False  # True if no chunk can follow: the last one came, or one was refused

    @property
    def is_chunked(self) -> bool:
        """True once a message has begun to come by BDAT: RCPT and DATA are out of sequence (RFC 3030 section 3)."""
        return self._chunks is not None or self._chunks_over

    def expect_more(self) -> None:
        """Read as much as possible at a time: the client sends more than a command."""
        if self._throttle is None:
            self.read_size = READ_SIZE

    def _expect_message(self) -> None:
        """Read what follows as a message."""
        self._body = Body(self.behaviour.settings.msg_size_limit)
        self._body_is_new = True
        self._throttle = None
        self.read_size = READ_SIZE

    def _end_chunks(self) -> None:
        """Refuse the chunks that may follow."""
        self._chunks = None
        self._chunks_over = True

    def _read_body(self, body: Body) -> None:
        if self._body_is_new:
            self._body_is_new = False
            if self._rules and not self._may_read():
                return
        rest = self._read(body)
        if rest is not None:
            self._body = None
            self._end_message(body, "")

    def _read_chunk(self, chunk: Chunk) -> None:
        if self._body_is_new and chunk.refusal is None:
            self._body_is_new = False
            if self._rules and not self._may_read():
                return
        self._read(chunk.chunks)
        if not chunk.chunks.remaining:
            self._end_chunk(chunk)

    def _read(self, message: Body | Chunks) -> bytes | None:
        """Feed all input to a message, and keep what follows it; pause if a rule throttles reading."""
        data = self._buffer[self._start :] if self._start else self._buffer
        self._start = 0
        rest = message.feed(data)
        self._buffer = rest or b""
        if self._throttle is not None:
            self._pause((len(data) - len(self._buffer)) / self._throttle)
        return rest

    def _end_chunk(self, chunk: Chunk) -> None:
        self._chunk = None
        request, refusal, chunks = chunk
        if refusal is not None:
            self.respond(UNREAD_CHUNK, request, refusal)
        elif chunks.is_last:
            self._end_chunks()
            self._end_message(chunks, request)
        else:
            self.respond(CHUNK, request, "msg_msg_size_is_too_big" if chunks.too_big else None)

    def _may_read(self) -> bool:
        """Ask the rules about the first bytes of a message; return False if it must not be read now."""
        self._consult_rules("body", "", None, self._begin_message)
        return not (self.paused or self.ended or self._silent or self._resume is not None)

    def _begin_message(self, decision: Decision | None) -> None:
        if decision is None:
            return
        exchange = apply_decision(Exchange("", "", self._now, stage="body"), decision)
        if decision.rule is not None:
            self._number += 1
            self._note(exchange._replace(number=self._number))
        self._follow(decision, exchange, b"")

    def _end_message(self, body: Body | Chunks, request: str) -> None:
        self._throttle = None
        self.read_size = COMMAND_SIZE
        self.state.size = body.size
        self.state.transaction.undotted = body.undotted
        refusal = "msg_msg_size_is_too_big" if body.too_big else None
        self.respond(MESSAGE, request, refusal, content=Content(body.content()))
