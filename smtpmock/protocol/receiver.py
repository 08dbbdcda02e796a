"""How a session receives a message: the lines behind DATA, or the chunks of BDAT (RFC 3030)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpmock.content import Content
from smtpmock.exchange import Exchange
from smtpmock.messages import Message, Record
from smtpmock.protocol.actions import Keep
from smtpmock.protocol.body import Body
from smtpmock.protocol.ruled import ruled
from smtpmock.protocol.speaker import READ_SIZE, Speaker

if TYPE_CHECKING:
    from smtpmock.exchange import Origin
    from smtpmock.protocol.behaviour import Behaviour
    from smtpmock.protocol.chunk import Chunks


class Receiver(Speaker):
    """The receiving half of a connection."""

    __slots__ = ("_body", "_body_is_new", "_buffer", "_chunk", "_chunks", "_chunks_over", "_start")

    def __init__(self, behaviour: Behaviour, origin: Origin) -> None:
        super().__init__(behaviour, origin)
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
            self._actions.append(Keep(record, Message(self.transaction, self._origin, self.negotiated)))

    def _read_body(self, body: Body) -> None:
        if self._body_is_new:
            self._body_is_new = False
            if self.behaviour.rules and self._begin_body():
                return
        arrived = self._buffer[self._start :] if self._start else self._buffer
        rest = body.feed(arrived)
        self._buffer = rest or b""
        self._start = 0
        self._slow_down(len(arrived) - len(self._buffer))
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
        self._slow_down(len(arrived) - len(self._buffer))
        if not chunks.remaining:
            self._end_chunk(request, refusal, chunks)

    def _end_chunk(self, request: str, refusal: str | None, chunks: Chunks) -> None:
        self._chunk = None
        if refusal is not None:
            self._answer_chunk(request, refusal)
        elif chunks.is_last:
            self._chunks = None
            self._chunks_over = True
            self._end_body(chunks, request)
        else:
            exchange = self._answer_chunk(request, "msg_msg_size_is_too_big" if chunks.too_big else None)
            if not exchange.accepted:
                self._chunks = None
                self._chunks_over = True

    def _answer_chunk(self, request: str, refusal: str | None) -> Exchange:
        setting = refusal or "msg_bdat_received"
        exchange = self._exchange(request, "BDAT", setting, 0.0, accepted=refusal is None)
        if self.transaction.record is None and self.transaction.data is None:
            self.transaction.data = exchange
        if not exchange.accepted and self.behaviour.settings.fail_fast:
            self._leaving = True
        self._reply(exchange)
        return exchange

    def _slow_down(self, size: int) -> None:
        """Waits, where a rule wants the message to be read slowly."""
        if self._throttle is not None:
            self._pause(size / self._throttle)

    def _begin_body(self) -> bool:
        """Asks the rules about the first bytes of a message; returns whether nothing is to be read now."""
        self._ruling = self._decide("body", None)
        if self._ruling is None:
            return False
        exchange = ruled(Exchange("", "", self._now, stage="body"), self._ruling)
        if exchange.rule is not None:
            self.exchanges.append(exchange)
        self._reply(exchange)
        return self.paused or self.ended or self._silent

    def _end_body(self, body: Body | Chunks, request: str) -> None:
        self._throttle = None
        self.read_size = READ_SIZE
        content = Content(body.content())
        self.size = body.size
        settings = self.behaviour.settings
        exchange = self._exchange(
            request,
            "message",
            "msg_msg_size_is_too_big" if body.too_big else "msg_msg_received",
            settings.response_delay_message,
            content,
            accepted=not body.too_big,
        )
        transaction = self.transaction
        transaction.end_of_data = exchange
        if request and transaction.data is None:
            transaction.data = exchange
        if exchange.accepted:
            transaction.content = content
            transaction.undotted = body.undotted
            transaction.accepted_recipients = tuple(transaction.recipients)
            transaction.record = Record()
            self.amend()
        elif settings.fail_fast:
            self._leaving = True
        self._reply(exchange)
