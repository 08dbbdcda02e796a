"""What a server says in a session, and what it does besides: replies by settings or rules, as actions.

This file does not know what commands mean: their table, commands.py, does.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from smtpmock.messages.message import Message, Record
from smtpmock.protocol.actions import Close, End, Keep, Reset, Wait
from smtpmock.protocol.ruled import ruled, values_at, wire
from smtpmock.protocol.transaction import Transaction
from smtpmock.records.exchange import Exchange
from smtpmock.rules.rule import Circumstances, decide

if TYPE_CHECKING:
    from smtpmock.mail.content import Content
    from smtpmock.protocol.actions import Action
    from smtpmock.protocol.behaviour import Behaviour
    from smtpmock.protocol.commands import Command
    from smtpmock.records.session import SessionLog
    from smtpmock.rules.rule import Ruling

READ_SIZE = 65_536
"""How many bytes are read at a time, unless a rule slows the reading down."""

_STEPS_PER_SECOND = 20  # in which what is slowed down is sent or read

_tuple = tuple.__new__  # a named tuple's own constructor takes twice as long


class Speaker:
    """The speaking half of a connection.

    Attributes:
        behaviour: What the settings say.
        log: The record of the session.
        transaction: The current record.
        paused: Whether bytes that were fed wait until the actions are carried out: feed b"" then.
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
        "_out",
        "_resets",
        "_silent",
        "_spoken",
        "_throttle",
        "behaviour",
        "ended",
        "log",
        "paused",
        "read_size",
        "size",
        "transaction",
    )

    def __init__(self, behaviour: Behaviour, log: SessionLog) -> None:
        self.behaviour = behaviour
        self.log = log
        self.transaction = Transaction()
        self.paused = False
        self.ended = False
        self.read_size = READ_SIZE
        self.size: int | None = None
        self._before: Transaction | None = None  # the record before the command at hand erased a part, for rules
        self._now = 0.0
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
        self.log.exchanges.append(exchange)
        self._out.append(wire(exchange))

    def answer(
        self, command: Command, request: str, refusal: str | None = None, value: str | Content | None = None
    ) -> Exchange:
        """Answers by the newest rule that decides or else by a setting; records both.

        Args:
            command: What is answered.
            request: The command line.
            refusal: The setting that refuses it; None if it succeeds.
            value: The value of the command's argument, or the message.
        """
        behaviour = self.behaviour
        setting = refusal or command.accepted
        if refusal is None and command.stage == "EHLO":
            reply = behaviour.ehlo[self.log.negotiated.tls is not None]
        else:
            reply = behaviour.replies[setting]
        delay = behaviour.delays[command.delay]
        exchange = _tuple(
            Exchange, (request, reply.text, self._now, delay, setting, refusal is None, command.stage, None)
        )
        ruling = None
        if behaviour.rules:
            ruling = self._decide(command.stage, value)
            if ruling is not None:
                exchange = ruled(exchange, ruling)
        self.log.exchanges.append(exchange)
        command.record(self, exchange, value)
        if not exchange.accepted and command.ends and behaviour.settings.fail_fast:
            self._leaving = True
        if ruling is not None:
            self._follow(ruling, exchange)
            return exchange
        if delay:
            self._pause(delay)
        self._out.append(reply.wire)
        if self._leaving:
            self._finish()
        return exchange

    def negotiate(self, **changes: Any) -> None:
        """Notes what was negotiated, for the session and for the messages to come."""
        self.log.negotiated = self.log.negotiated._replace(**changes)

    def _decide(self, stage: str, value: str | Content | None) -> Ruling | None:
        # A RSET is asked about the transaction that it ends.
        transaction = self._before if stage == "RSET" and self._before is not None else self.transaction
        origin = self.log.origin
        values = partial(values_at, stage, value, transaction, origin, self.log.negotiated.user, self.size)
        return decide(tuple(self.behaviour.rules), Circumstances(stage, origin.session_id, values))

    def _follow(self, ruling: Ruling, exchange: Exchange) -> None:
        """Replies to a command as the rules say."""
        if exchange.delay:
            self._pause(exchange.delay)
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
        if self._leaving:
            self._finish()
        elif self._drip is not None:
            self._flush()

    def _finish(self) -> None:
        """Completes the record of the session, then says what is left to say and closes."""
        if self.transaction.record is None and self._spoken:
            self._show(Record())
        self._actions.append(End())
        if self._resets or self._drip is not None:
            self._flush()
        self._actions.append(Reset() if self._resets else Close(b"".join(self._out)))
        self._out.clear()
        self.ended = True

    def _show(self, record: Record) -> None:
        """Has the inbox show the transaction as it is now."""
        self._actions.append(Keep(record, Message(self.transaction, self.log.origin, self.log.negotiated)))

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
                self._actions.append(data)
            return
        step = max(1, int(self._drip / _STEPS_PER_SECOND))
        for start in range(0, len(data), step):
            piece = data[start : start + step]
            self._actions += (Wait(len(piece) / self._drip), piece)
        self._drip = None

    def _done(self) -> list[Action]:
        if not self._actions and len(self._out) == 1 and self._out[0]:  # a reply and nothing else, as to most commands
            return [self._out.pop()]
        if self._out:
            self._flush()
        actions, self._actions = self._actions, []
        return actions
