"""The answers of a server in a session: replies by settings or rules, delays and the end, all as actions.

This file does not know the commands: their table is in commands.py.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from smtpmock.protocol.actions import Add, Amend, Close, Consulted, Count, End, Keep, Reset, Wait
from smtpmock.protocol.commands import Effect
from smtpmock.protocol.rule_effects import apply_decision, values_at, wire
from smtpmock.protocol.session_state import SessionState
from smtpmock.records.exchange import NO_EXCHANGE, Cause, Exchange
from smtpmock.records.session import Observation
from smtpmock.rfc.extensions import announced
from smtpmock.rfc.replies import STORE_UNAVAILABLE
from smtpmock.rules.decision import RuleContext, decide
from smtpmock.text import readable

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from smtpmock.mail.content import Content
    from smtpmock.protocol.actions import Action
    from smtpmock.protocol.behaviour import Behaviour
    from smtpmock.protocol.commands import Command
    from smtpmock.protocol.transaction import Transaction
    from smtpmock.records.message import MessageRecord
    from smtpmock.records.session import Origin
    from smtpmock.rfc.replies import Reply
    from smtpmock.rules.decision import Decision
    from smtpmock.rules.rule import Rule

READ_SIZE = 65_536
"""The most bytes that are read at a time, unless a rule throttles reading."""

COMMAND_SIZE = 479
"""The most bytes that are read while a command is expected: they come from the pools of Python, which saves 1 %."""

_STEPS_PER_SECOND = 20  # in which throttled data is sent or read

_NEEDS_STORE = ("MAIL FROM", "RCPT TO")
_NO_STORE = Cause(limit="store")
_END = End()
_START_TLS = Effect.START_TLS  # before Python 3.12, a lookup takes as long as a call
_tuple = tuple.__new__  # a named tuple's own constructor takes twice as long


def _without_store(exchange: Exchange) -> Exchange:
    """Return the exchange as it is if the store is unavailable."""
    return exchange._replace(reply=STORE_UNAVAILABLE.text, accepted=False, cause=_NO_STORE)


class Responder:
    """The answering half of a connection.

    Attributes:
        state: The state of the session.
        behaviour: The behaviour that the settings define.
        unavailable: True if a store cannot be reached that servers share: MAIL FROM and RCPT TO are refused for now.
        paused: True if some input has to wait until the actions are carried out: feed b"" then.
        ended: True if the session is over.
        read_size: The most bytes to feed at a time.
    """

    __slots__ = (
        "_actions",
        "_amends",
        "_asks",
        "_before",
        "_drip",
        "_last",
        "_leaving",
        "_now",
        "_number",
        "_observed",
        "_octets",
        "_out",
        "_records",
        "_resets",
        "_resume",
        "_rules",
        "_silent",
        "_spoken",
        "_throttle",
        "_tls_fault",
        "behaviour",
        "ended",
        "paused",
        "read_size",
        "state",
        "unavailable",
    )

    def __init__(self, behaviour: Behaviour, rules: Sequence[Rule], origin: Origin, asks: bool = True) -> None:
        self.behaviour = behaviour
        self.state = SessionState(behaviour, origin)
        self.unavailable = False
        self.paused = False
        self.ended = False
        self.read_size = COMMAND_SIZE
        self._asks = asks
        self._rules = rules  # oldest first; rules are added to this very list, and removed from it
        self._before: Transaction | None = None  # the transaction before the current command erased a part, for rules
        self._now = 0.0
        self._drip: float | None = None
        self._throttle: float | None = None
        self._tls_fault: str | None = None  # requested by a rule for the handshake
        self._silent = False
        self._resets = False
        self._leaving = False
        self._amends = False  # True if something was added to the record that is not stored yet
        self._spoken = False  # True once the client has sent a line
        self._last = NO_EXCHANGE
        self._number = 0  # of the last exchange
        self._octets = b""  # the current request, if it is not UTF-8
        self._observed: tuple[str, ...] = ()  # codes of violations
        self._records = 0  # the number of records that have an id
        self._resume: Callable[[Any], object] | None = None  # the continuation after a question
        self._actions: list[Action] = []
        self._out: list[bytes] = []

    def respond(
        self,
        command: Command,
        request: str,
        refusal: str | None = None,
        argument: str | None = None,
        parameters: tuple[tuple[str, str], ...] = (),
        line: str = "",
        content: Content | None = None,
    ) -> None:
        """Answer by the newest rule that decides, or else by a setting.

        Args:
            command: The command to answer.
            request: The request of the client.
            refusal: The setting that refuses it; None if it succeeds.
            argument: The value of the command's argument; None if it has none.
            parameters: The ESMTP parameters of its path.
            line: The command line that rules are asked about, if it differs from the request.
            content: The message; None if this is not its end.
        """
        behaviour = self.behaviour
        reply, cause = behaviour.replies[refusal or command.accepted]
        if command.stage == "EHLO" and refusal is None:
            reply, parameters = behaviour.ehlo[self.state.negotiated.tls is not None]
        octets = self._octets
        if octets:
            self._octets = b""
            request = readable(request)
            parameters = tuple((keyword, readable(text)) for keyword, text in parameters)
            if argument is not None:
                argument = readable(argument)
        number = self._number = self._number + 1
        exchange = _tuple(
            Exchange,
            (
                request,
                reply.recorded,
                self._now,
                behaviour.delays[command.delay],
                refusal is None,
                command.stage,
                cause,
                number,
                argument,
                parameters,
                octets,
            ),
        )
        if self.unavailable and command.stage in _NEEDS_STORE:
            self._refuse_for_store(command, exchange)
        elif self._rules:
            decided = partial(self._answer_as_decided, command, exchange, content, reply)
            self._consult_rules(command.stage, line or request, argument if content is None else content, decided)
        elif command.is_message:
            self._settle_message(command, exchange, content, reply.wire, None)
        else:
            record = command.record
            self._conclude(command, exchange, record(self.state, exchange), reply.wire, None)

    def _answer_as_decided(
        self, command: Command, exchange: Exchange, content: Content | None, reply: Reply, decision: Decision | None
    ) -> None:
        if self.unavailable and command.stage in _NEEDS_STORE:  # it became so while the rules were asked
            self._refuse_for_store(command, exchange)
            return
        data = reply.wire
        if decision is not None:
            exchange = apply_decision(exchange, decision)
            data = reply.wire if exchange.reply is reply.recorded else wire(exchange)
            if not exchange.reply.isascii():  # a reply may have bytes that are not UTF-8
                exchange = exchange._replace(reply=readable(exchange.reply))
            if exchange.stage == "EHLO":
                parameters = tuple(announced(exchange.reply)) if exchange.accepted else ()
                exchange = exchange._replace(parameters=parameters)
        if command.is_message:
            self._settle_message(command, exchange, content, data, decision)
        else:
            self._conclude(command, exchange, command.record(self.state, exchange), data, decision)

    def _refuse_for_store(self, command: Command, exchange: Exchange) -> None:
        exchange = _without_store(exchange)
        self._conclude(command, exchange, command.record(self.state, exchange), STORE_UNAVAILABLE.wire, None)

    def _settle_message(
        self, command: Command, exchange: Exchange, content: Content | None, data: bytes, decision: Decision | None
    ) -> None:
        """Store the record of a message before its exchange is made."""
        transaction = self.state.transaction
        command.record(self.state, exchange)
        if not exchange.accepted:
            if self.behaviour.keeps_everything:
                self._add()
            self._conclude(command, exchange, None, data, decision)
            return
        transaction.content = content
        transaction.accepted_recipients = tuple(transaction.recipients)
        transaction.is_over = self.behaviour.settings.multiple_message_receiving
        transaction.is_recorded = True  # even if the client leaves before the answer
        if self._asks:
            self._actions.append(Keep(self._make_record()))
            self._resume = partial(self._finish_message, transaction, command, exchange, data, decision)
        else:
            self._actions.append(_tuple(Add, (self._make_record(),)))
            self._conclude(command, exchange, None, data, decision)

    def _finish_message(
        self,
        transaction: Transaction,
        command: Command,
        exchange: Exchange,
        data: bytes,
        decision: Decision | None,
        is_stored: bool,
    ) -> None:
        if not is_stored:
            exchange, data, decision = _without_store(exchange), STORE_UNAVAILABLE.wire, None
            transaction.content, transaction.accepted_recipients = None, ()
            transaction.end_of_data, transaction.is_over, transaction.is_recorded = exchange, False, False
            if self.behaviour.keeps_everything:
                self._add()
        self._conclude(command, exchange, None, data, decision)

    def _conclude(
        self,
        command: Command,
        exchange: Exchange,
        effect: Effect | None,
        data: bytes,
        decision: Decision | None,
    ) -> None:
        """Store an exchange that the transaction has, with its effect, and send the reply as the rules decided."""
        self._last = exchange  # as `_note` does, which takes 0.1 us more for each command
        self._actions.append(exchange)
        if self._observed:
            self._observe_line(exchange)
        if effect is not None:
            self._carry_out(effect, exchange)
        if self.behaviour.fails_fast and command.ends and not exchange.accepted:
            self._leaving = True
        if decision is not None:
            self._follow(decision, exchange, data)
        else:
            if exchange.delay:
                self._pause(exchange.delay)
            self._out.append(data)
            if self._leaving:
                self._finish()
        if effect is _START_TLS and not self.ended and not self._silent:
            self._begin_tls(exchange)

    def _begin_tls(self, exchange: Exchange) -> None:
        """Start the handshake once the reply has been sent."""
        raise NotImplementedError

    def _carry_out(self, effect: Effect, exchange: Exchange) -> None:
        """Carry out an effect of a command before its reply is sent."""
        raise NotImplementedError

    # Facts.

    def _note(self, exchange: Exchange) -> None:
        """Record an exchange, and what was wrong with its line."""
        self._last = exchange
        self._actions.append(exchange)
        if self._observed:
            self._observe_line(exchange)

    def _observe_line(self, exchange: Exchange) -> None:
        codes, self._observed = self._observed, ()
        for code in codes:
            self._observe(code, exchange.number)

    def _observe(self, code: str, exchange: int = 0) -> None:
        """Record a violation that the exchanges do not show; one after the end still belongs to the session."""
        place = self._actions.index(_END) if self.ended else len(self._actions)
        self._actions.insert(place, Observation(code, exchange))

    def _say(self, reply: Reply, request: str, cause: Cause, *, stage: str = "", accepted: bool = False) -> None:
        """Send a reply whose text is not a setting."""
        octets, self._octets = self._octets, b""
        self._number += 1
        exchange = Exchange(
            readable(request) if octets else request,
            reply.text,
            self._now,
            accepted=accepted,
            stage=stage,
            cause=cause,
            number=self._number,
            octets=octets,
        )
        self._note(exchange)
        self._out.append(reply.wire)

    def _negotiate(self, **changes: Any) -> None:
        """Record what was negotiated, for the session and for later messages."""
        self.state.negotiated = self.state.negotiated._replace(**changes)
        self._actions.append(self.state.negotiated)

    def _make_record(self) -> MessageRecord:
        state = self.state
        transaction = state.transaction
        if not transaction.record_id:
            self._records += 1
            transaction.record_id = f"{state.origin.session_id}-{self._records}"
        return transaction.record(transaction.record_id, state.origin, state.negotiated)

    def _add(self) -> None:
        """Store the record of a transaction that is not an accepted message."""
        self._actions.append(Add(self._make_record()))
        self.state.transaction.is_recorded = True

    def _amend(self) -> None:
        """Store what the session added to an existing record, before the next reply is sent.

        A record is copied for that, and a client may add to it with each of very many commands in one packet.
        """
        self._amends = self._amends or self.state.transaction.is_recorded

    def _complete(self) -> None:
        """Store what was added and is not stored yet."""
        if self._amends:
            self._amends = False
            self._actions.append(_tuple(Amend, (self._make_record(),)))

    # Questions.

    def _consult_rules(
        self,
        stage: str,
        request: str,
        value: str | Content | None,
        decided: Callable[[Decision | None], object],
    ) -> None:
        """Ask the rules about a command, and pass on their decision once their questions are answered."""
        # A rule for RSET is asked about the transaction that the command ends.
        transaction = self._before if stage == "RSET" and self._before is not None else self.state.transaction
        values = partial(values_at, stage, request, value, transaction, self.state)
        # The number of the session, not its id, which differs from run to run: chance is a function of the count key.
        origin = self.state.origin
        context = RuleContext(stage, str(origin.session_number or origin.session_id), values)
        self._advance(decide(tuple(self._rules), context), decided, None)

    def _advance(
        self,
        deciding: Generator[tuple[str, str], int | None, Decision],
        decided: Callable[[Decision | None], object],
        answer: int | None,
    ) -> None:
        try:
            rule_id, key = deciding.send(answer)
        except StopIteration as stop:
            decision: Decision = stop.value
            if decision.asked:
                self._actions.append(Consulted(decision.asked, decision.applied))
            decided(decision if decision.applied else None)
        else:
            self._actions.append(Count(rule_id, key))
            self._resume = partial(self._advance, deciding, decided)

    # Sending.

    def _follow(self, decision: Decision, exchange: Exchange, data: bytes) -> None:
        """Reply to a command as the rules decided."""
        if exchange.delay:
            self._pause(exchange.delay)
        if decision.drip is not None:
            self._flush()
            self._drip = decision.drip
            self.paused = True
        self._out.append(data)
        message_follows = exchange.stage == "body" or (exchange.accepted and exchange.stage in ("DATA", "BDAT"))
        if decision.throttle is not None and message_follows:
            self._throttle = min(decision.throttle, self._throttle or decision.throttle)
            self.read_size = max(1, min(READ_SIZE, int(self._throttle / _STEPS_PER_SECOND)))
        if decision.rule is not None:
            self._tls_fault = decision.rule.tls
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
        """Complete the record of the session, then send the last bytes and close."""
        self._complete()
        transaction = self.state.transaction
        has_record = transaction.has_begun if self.behaviour.keeps_everything else self._spoken
        if has_record and not transaction.is_recorded:
            self._add()
        self._actions.append(_END)
        if self._resets or self._drip is not None:
            self._flush()
        self._actions.append(Reset() if self._resets else Close(b"".join(self._out)))
        self._out.clear()
        self.ended = True

    def _pause(self, seconds: float) -> None:
        """Send all pending replies, then wait; the rest of the input is answered after that."""
        self._flush()
        self._actions.append(Wait(seconds))
        self.paused = True

    def _flush(self) -> None:
        if self._amends:
            self._complete()
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
        if self._resume is None:  # a question comes last
            self._flush()
        actions, self._actions = self._actions, []
        return actions
