"""How a session receives a message: the lines behind DATA, or the chunks of BDAT (RFC 3030)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpmock.mail.content import Content
from smtpmock.protocol.body import Body
from smtpmock.protocol.commands import CHUNK, MESSAGE
from smtpmock.protocol.ruled import ruled
from smtpmock.protocol.speaker import READ_SIZE, Speaker
from smtpmock.records.exchange import Exchange

if TYPE_CHECKING:
    from smtpmock.protocol.behaviour import Behaviour
    from smtpmock.protocol.chunk import Chunks
    from smtpmock.records.session import SessionLog


class Receiver(Speaker):
    """The receiving half of a connection."""

    __slots__ = ("_body", "_body_is_new", "_buffer", "_chunk", "_chunks", "_chunks_over", "_start")

    def __init__(self, behaviour: Behaviour, log: SessionLog) -> None:
        super().__init__(behaviour, log)
        self._buffer = b""
        self._start = 0  # of what has not been read
        self._body: Body | None = None
        self._body_is_new = False
        self._chunks: Chunks | None = None  # a message that comes by BDAT
        self._chunk: tuple[str, str | None, Chunks] | None = None  # the chunk at hand: command, refusal, where it goes
        self._chunks_over = False  # whether no chunk can follow: the last one came, or one was refused

    @property
    def is_chunked(self) -> bool:
        """Whether a message has begun to come by BDAT: RCPT and DATA are out of sequence (RFC 3030 section 3)."""
        return self._chunks is not None or self._chunks_over

    def expect_message(self) -> None:
        """What follows is a message."""
        self._body = Body(self.behaviour.settings.msg_size_limit)
        self._body_is_new = True
        self._throttle = None

    def amend(self) -> None:
        """Shows in the inbox what the session added to a message that is there."""
        record = self.transaction.record
        if record is not None and not record.gone:
            self._show(record)

    def _read_body(self, body: Body) -> None:
        if self._body_is_new:
            self._body_is_new = False
            if self.behaviour.rules and self._begin_body():
                return
        arrived = self._buffer[self._start :] if self._start else self._buffer
        rest = body.feed(arrived)
        self._buffer = rest or b""
        self._start = 0
        if self._throttle is not None:
            self._pause((len(arrived) - len(self._buffer)) / self._throttle)
        if rest is not None:
            self._body = None
            self._end_body(body, "")

    def _read_chunk(self, chunks: Chunks) -> None:
        assert self._chunk is not None
        request, refusal, _ = self._chunk
        if self._body_is_new and refusal is None:
            self._body_is_new = False
            if self.behaviour.rules and self._begin_body():
                return
        arrived = self._buffer[self._start :] if self._start else self._buffer
        self._buffer = chunks.feed(arrived)
        self._start = 0
        if self._throttle is not None:
            self._pause((len(arrived) - len(self._buffer)) / self._throttle)
        if not chunks.remaining:
            self._end_chunk(request, refusal, chunks)

    def _end_chunk(self, request: str, refusal: str | None, chunks: Chunks) -> None:
        self._chunk = None
        if refusal is not None:
            self.answer(CHUNK, request, refusal)
        elif chunks.is_last:
            self._chunks = None
            self._chunks_over = True
            self._end_body(chunks, request)
        else:
            exchange = self.answer(CHUNK, request, "msg_msg_size_is_too_big" if chunks.too_big else None)
            if not exchange.accepted:
                self._chunks = None
                self._chunks_over = True

    def _begin_body(self) -> bool:
        """Asks the rules about the first bytes of a message; returns whether nothing is to be read now."""
        ruling = self._decide("body", None)
        if ruling is None:
            return False
        exchange = ruled(Exchange("", "", self._now, stage="body"), ruling)
        if exchange.rule is not None:
            self.log.exchanges.append(exchange)
        self._follow(ruling, exchange)
        return self.paused or self.ended or self._silent

    def _end_body(self, body: Body | Chunks, request: str) -> None:
        self._throttle = None
        self.read_size = READ_SIZE
        self.size = body.size
        self.transaction.undotted = body.undotted
        refusal = "msg_msg_size_is_too_big" if body.too_big else None
        self.answer(MESSAGE, request, refusal, Content(body.content()))
