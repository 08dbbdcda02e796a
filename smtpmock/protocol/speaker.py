"""What a server says in a session, and what it does besides: replies by settings or rules, as actions.

This file does not know what commands mean; connection.py does.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from smtpmock.exchange import NOTHING_NEGOTIATED, Exchange
from smtpmock.messages import Message, Record
from smtpmock.protocol.actions import Close, End, Keep, Learn, Reset, Send, Wait
from smtpmock.protocol.replies import SHUTTING_DOWN
from smtpmock.protocol.ruled import ruled, values_at, wire
from smtpmock.protocol.transaction import Transaction
from smtpmock.rules import Circumstances, decide

if TYPE_CHECKING:
    from collections.abc import Callable

    from smtpmock.content import Content
    from smtpmock.exchange import Origin
    from smtpmock.protocol.actions import Action
    from smtpmock.protocol.behaviour import Behaviour
    from smtpmock.rules import Ruling

READ_SIZE = 65_536
"""How many bytes are read at a time, unless a rule slows the reading down."""

_STEPS_PER_SECOND = 20  # in which what is slowed down is sent or read


class Speaker:
    """The speaking half of a connection.

    Attributes:
        behaviour: What the settings say.
        exchanges: What was said so far.
        negotiated: What was negotiated so far.
        transaction: The current record.
        paused: Whether the last action but one is a wait.
        ended: Whether the session is over.
        read_size: How many bytes to feed at most.
        size: Bytes of the message that came or was announced last; None if none was.
    """

    __slots__ = (
        "_actions",
        "_before",
        "_drip",
        "_leaving",
        "_now",
        "_origin",
        "_out",
        "_reply_of_settings",
        "_resets",
        "_ruling",
        "_silent",
        "_spoken",
        "_throttle",
        "behaviour",
        "ended",
        "exchanges",
        "negotiated",
        "paused",
        "read_size",
        "size",
        "transaction",
    )

    def __init__(self, behaviour: Behaviour, origin: Origin) -> None:
        self.behaviour = behaviour
        self.exchanges: list[Exchange] = []
        self.negotiated = NOTHING_NEGOTIATED
        self.transaction = Transaction()
        self.paused = False
        self.ended = False
        self.read_size = READ_SIZE
        self.size: int | None = None
        self._before: Transaction | None = None  # the record before the command at hand erased a part of it
        self._origin = origin
        self._now = 0.0
        self._reply_of_settings = SHUTTING_DOWN  # to the command at hand
        self._ruling: Ruling | None = None  # what the rules say of the command at hand
        self._drip: float | None = None
        self._throttle: float | None = None
        self._silent = False
        self._resets = False
        self._leaving = False
        self._spoken = False  # whether the client has sent a line
        self._actions: list[Action] = []
        self._out: list[bytes] = []

    @property
    def now(self) -> float:
        """The time that it was told last, in seconds since the epoch."""
        return self._now

    def say(self, exchange: Exchange) -> None:
        """Records an exchange, and sends its reply as it is."""
        self.exchanges.append(exchange)
        self._out.append(wire(exchange))

    def conclude(
        self,
        request: str,
        stage: str,
        setting: str,
        value: str | None,
        decided: Callable[[Exchange], object],
        *,
        accepted: bool,
    ) -> None:
        """Answers a command that took several lines, as `_exchange` decides; `decided` is told before that is said."""
        exchange = self._exchange(request, stage, setting, 0.0, value, accepted=accepted)
        if not exchange.accepted and self.behaviour.settings.fail_fast:
            self._leaving = True
        decided(exchange)
        self._reply(exchange)

    def negotiate(self, **changes: Any) -> None:
        """Notes what was negotiated, for the session and for the messages to come."""
        self.negotiated = self.negotiated._replace(**changes)
        self._actions.append(Learn(self.negotiated))

    def _exchange(
        self,
        request: str,
        stage: str,
        setting: str,
        delay: float,
        value: str | Content | None = None,
        *,
        accepted: bool,
    ) -> Exchange:
        """What is answered, by the newest rule that decides or else by a setting.

        Args:
            request: The command line.
            stage: What was asked for.
            setting: What the settings answer.
            delay: Seconds before that.
            value: The value of the command's argument, or the message.
            accepted: Whether the settings accept it.
        """
        if stage == "EHLO" and accepted:
            reply = self.behaviour.ehlo[self.negotiated.tls is not None]
        else:
            reply = self.behaviour.replies[setting]
        self._reply_of_settings = reply
        exchange = Exchange(request, reply.text, self._now, delay, setting, accepted, stage)
        if self.behaviour.rules:
            self._ruling = self._decide(stage, value)
            if self._ruling is not None:
                exchange = ruled(exchange, self._ruling)
        self.exchanges.append(exchange)
        return exchange

    def _decide(self, stage: str, value: str | Content | None) -> Ruling | None:
        # A RSET is asked about the transaction that it ends.
        transaction = self._before if self._before is not None and stage == "RSET" else self.transaction
        values = partial(values_at, stage, value, transaction, self._origin, self.negotiated.user, self.size)
        return decide(tuple(self.behaviour.rules), Circumstances(stage, self._origin.session_id, values))

    def _reply(self, exchange: Exchange) -> None:
        if exchange.delay:
            self._pause(exchange.delay)
        ruling = self._ruling
        if ruling is None:
            self._out.append(self._reply_of_settings.wire)
        else:
            self._ruling = None
            self._follow(ruling, exchange)
        if self._leaving:
            self._finish()
        elif self._drip is not None:
            self._flush()

    def _follow(self, ruling: Ruling, exchange: Exchange) -> None:
        """Does what the rules say about the reply to a command."""
        if ruling.drip is not None:
            self._flush()
            self._drip = ruling.drip
            self.paused = True
        self._out.append(wire(exchange))
        message_follows = exchange.stage == "body" or (exchange.accepted and exchange.stage in ("DATA", "BDAT"))
        if ruling.throttle is not None and message_follows:
            self._throttle = min(ruling.throttle, self._throttle or ruling.throttle)
            self.read_size = max(1, min(READ_SIZE, int(self._throttle / _STEPS_PER_SECOND)))
        then = exchange.then
        self._resets = then == "reset"
        if then == "silence":
            self._silent = True
            self._leaving = False
        elif then in ("close", "half", "reset"):
            self._leaving = True

    def _finish(self) -> None:
        """Completes the record of the session, then says what is left to say and closes."""
        if self.transaction.record is None and self._spoken:
            self._actions.append(Keep(Record(), Message(self.transaction, self._origin, self.negotiated)))
        self._actions.append(End())
        self._flush()
        self._actions.append(Reset() if self._resets else Close())
        self.ended = True

    def _pause(self, seconds: float) -> None:
        """Says what there is to say, then waits; the rest of the input is answered after that."""
        self._flush()
        self._actions.append(Wait(seconds))
        self.paused = True

    def _flush(self) -> None:
        if not self._out:
            return
        data = b"".join(self._out)
        self._out.clear()
        if self._drip is None:
            if data:
                self._actions.append(Send(data))
            return
        step = max(1, int(self._drip / _STEPS_PER_SECOND))
        for start in range(0, len(data), step):
            piece = data[start : start + step]
            self._actions += (Wait(len(piece) / self._drip), Send(piece))
        self._drip = None

    def _done(self) -> list[Action]:
        if self._out:
            self._flush()
        actions, self._actions = self._actions, []
        return actions
