"""The conversation with one client: bytes in, actions out.

The connection reads no clock: what time it is, it is told. It never sees a socket or the inbox: what it wants done
with them, it returns as actions, to be carried out in order.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from smtpmock.content import Content
from smtpmock.messages import Exchange, Message, Record
from smtpmock.protocol.actions import Close, End, Erase, Keep, Reset, Send, Wait
from smtpmock.protocol.body import Body
from smtpmock.protocol.commands import Part, recognise
from smtpmock.protocol.replies import LINE_TOO_LONG, Reply
from smtpmock.protocol.ruled import ruled, values_at, wire
from smtpmock.protocol.transaction import Transaction
from smtpmock.rules import Circumstances, decide

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smtpmock.messages import Origin
    from smtpmock.protocol.actions import Action
    from smtpmock.protocol.behaviour import Behaviour
    from smtpmock.rules import Ruling

LONGEST_LINE = 16_384
"""The most bytes that a command line may have, its line end included."""

READ_SIZE = 65_536
"""How many bytes are read at a time, unless a rule slows the reading down."""

_SHOWN_OF_A_LONG_LINE = 80
_HAS_TO_BE_WAITED_FOR = ("HELO", "EHLO", "DATA", "NOOP", "QUIT", "VRFY", "STARTTLS", "AUTH")  # RFC 2920 section 3.1
_STEPS_PER_SECOND = 20  # in which what is slowed down is sent or read


class Connection:
    r"""The server's side of one SMTP session.

    Attributes:
        behaviour: What the settings say.
        exchanges: What was said so far.
        noted: What the client did wrong that the exchanges do not show: codes of violations, and to what they belong.
        transaction: The current record.
        extensions: What was announced in reply to the last EHLO.
        paused: Whether bytes that were fed wait for the last `Wait` to be over: feed b"" then.
        ended: Whether the session is over.
        read_size: How many bytes to feed at most.

    Example:
        >>> from smtpmock.messages import Origin
        >>> from smtpmock.protocol.behaviour import Behaviour
        >>> from smtpmock.settings import Settings
        >>> connection = Connection(Behaviour(Settings()), Origin(1, "127.0.0.1", 40000, "127.0.0.1", 0.0))
        >>> connection.open(now=0.0)
        [Send(b'220 Welcome\r\n')]
        >>> connection.feed(b"NOOP\r\nQUIT\r\n", now=1.0)
        [Keep(<Message from <> to nobody (not accepted)>), End(), Send(b'250 Ok\r\n221 Closing...\r\n'), Close()]
    """

    __slots__ = (
        "_actions",
        "_body",
        "_body_is_new",
        "_buffer",
        "_drip",
        "_leaving",
        "_now",
        "_origin",
        "_out",
        "_overlong",
        "_resets",
        "_ruling",
        "_silent",
        "_spoken",
        "_start",
        "_throttle",
        "behaviour",
        "ended",
        "exchanges",
        "extensions",
        "noted",
        "paused",
        "read_size",
        "transaction",
    )

    def __init__(self, behaviour: Behaviour, origin: Origin) -> None:
        self.behaviour = behaviour
        self.exchanges: list[Exchange] = []
        self.noted: list[tuple[str, Exchange | None]] = []
        self.transaction = Transaction()
        self.extensions: frozenset[str] = frozenset()
        self.paused = False
        self.ended = False
        self.read_size = READ_SIZE
        self._origin = origin
        self._now = 0.0
        self._buffer = b""
        self._start = 0  # of what has not been read
        self._overlong: bytes | None = None  # the beginning of a line that is being discarded
        self._body: Body | None = None
        self._body_is_new = False
        self._ruling: Ruling | None = None  # what the rules say of the command at hand
        self._drip: float | None = None
        self._throttle: float | None = None
        self._silent = False
        self._resets = False
        self._spoken = False  # whether the client has sent a line
        self._leaving = False
        self._actions: list[Action] = []
        self._out: list[bytes] = []

    @property
    def is_between_commands(self) -> bool:
        """Whether the client has sent nothing that still waits for its end."""
        return self._silent or (self._body is None and not self._has_input and self._overlong is None)

    @property
    def is_settled(self) -> bool:
        """Whether the record is an accepted message that nothing may erase: RCPT and DATA are out of sequence."""
        return self.transaction.record is not None and self.behaviour.settings.multiple_message_receiving

    def allows(self, parameters: Mapping[str, str], extensions: Mapping[str, str]) -> bool:
        """Whether the extension that defines each of the parameters was announced."""
        return all(extensions.get(keyword) in self.extensions for keyword in parameters)

    # What happens from outside.

    def open(self, now: float, *, early: bool = False) -> list[Action]:
        """The connection was accepted: greets.

        Args:
            now: Seconds since the epoch.
            early: Whether the client has sent something already.
        """
        self._now = now
        if early:
            self._note("command-before-greeting")
        self._reply(self._exchange("", "connect", "msg_greeting", 0.0, accepted=True))
        return self._done()

    def feed(self, data: bytes, now: float) -> list[Action]:
        """The client sent these bytes.

        Args:
            data: What arrived; b"" to go on after a pause.
            now: Seconds since the epoch.

        Returns:
            What to do now, in this order. Where it ends with a wait and a reply, `paused` tells whether bytes are left
            that could not be answered yet.
        """
        self._now = now
        if self._silent:
            return []
        self._buffer = self._buffer[self._start :] + data if self._start < len(self._buffer) else data
        self._start = 0
        self.paused = False
        while self._has_input and not (self.ended or self.paused or self._silent):
            if self._body is not None:
                self._read_body(self._body)
            elif not self._read_line():
                break
            if self._has_input:
                self._judge_haste()
        if self.ended or self._silent:
            self._buffer = b""
        self.paused = self.paused and self._has_input
        return self._done()

    def end(self, now: float, reply: Reply | None = None) -> list[Action]:
        """The session is over, whoever ended it: the client, a timeout, a stop.

        Args:
            now: Seconds since the epoch.
            reply: What to tell the client; None if there is nobody to tell.
        """
        self._now = now
        if not self.ended:
            if reply is not None and not self._silent:
                self.exchanges.append(Exchange("", reply.text, now))
                self._out.append(reply.wire)
            self._finish()
        return self._done()

    # What commands do to the record.

    def expect_message(self) -> None:
        """What follows is a message."""
        self._body = Body(self.behaviour.settings.msg_size_limit)
        self._body_is_new = True

    def leave(self) -> None:
        """The session ends with the reply that is about to be given."""
        self._leaving = True

    def amend(self) -> None:
        """Shows in the inbox what the session added to a message that is there."""
        record = self.transaction.record
        if record is not None and not record.gone:
            self._actions.append(Keep(record, Message(self.transaction, self._origin)))

    def _erase(self, part: Part) -> None:
        """Forgets a part of the record and all that follow it; or begins a new record, where an accepted one stays."""
        transaction = self.transaction
        record = transaction.record
        if part is Part.RCPTTO and self.behaviour.settings.multiple_rcptto:
            if record is None or not record.gone:
                return
            part = Part.DATA  # what was purged with the message stays away
        if record is not None:
            if self.behaviour.settings.multiple_message_receiving:
                if part <= Part.MAILFROM or (part < Part.RSET and record.gone):
                    self.transaction = Transaction(None if part is Part.HELO else transaction.helo)
                return
            if not record.gone:
                self._actions.append(Erase(record))
                transaction.record = None
            elif part is not Part.RSET:
                transaction.record = None
        if part is Part.HELO:
            transaction.helo = None
        if part is Part.DATA:
            transaction.forget_from_data()
        elif part is Part.RCPTTO:
            transaction.forget_from_rcptto()
        else:
            transaction.forget_from_mailfrom()

    # Reading.

    @property
    def _has_input(self) -> bool:
        return self._start < len(self._buffer)

    def _read_line(self) -> bool:
        """Takes a command line from the buffer and answers it; False if none is complete."""
        start, end = self._start, self._buffer.find(b"\n", self._start)
        if end < 0:
            if self._overlong is not None:
                self._buffer = b""
            elif len(self._buffer) - start > LONGEST_LINE:
                self._overlong = self._buffer[start : start + _SHOWN_OF_A_LONG_LINE]
                self._buffer = b""
            return False
        line = self._buffer[start:end]
        self._start = end + 1
        self._spoken = True
        if self._overlong is not None or len(line) >= LONGEST_LINE:
            shown = self._overlong or line[:_SHOWN_OF_A_LONG_LINE]
            self._overlong = None
            self.exchanges.append(Exchange(f"{_text(shown)}…", LINE_TOO_LONG.text, self._now))
            self._out.append(LINE_TOO_LONG.wire)
        else:
            self._command(line.strip())
        if line[-1:] != b"\r":
            self._note("bare-lf-command", self.exchanges[-1])
        return True

    def _judge_haste(self) -> None:
        """Notes that the client sent more before it could have the reply."""
        last = self.exchanges[-1]
        if self.ended and last.stage == "QUIT":
            self._note("command-after-quit", last)
        elif "PIPELINING" not in self.extensions:
            self._note("pipelining-not-offered", last)
        elif last.stage in _HAS_TO_BE_WAITED_FOR:
            self._note("pipelining-past-wait", last)

    def _note(self, code: str, exchange: Exchange | None = None) -> None:
        """Notes a violation, the first of each kind."""
        if not any(noted == code for noted, _ in self.noted):
            self.noted.append((code, exchange))

    def _command(self, line: bytes) -> None:
        command = recognise(line)
        request = _text(line)
        if command is None:
            self._reply(self._exchange(request, "", "msg_invalid_cmd", 0.0, accepted=False))
            return
        if command.erases is not Part.NONE:
            self._erase(command.erases)
        refusal, value = command.judge(self, request[len(command.prefix) :])
        exchange = self._exchange(
            request,
            command.stage,
            refusal or command.accepted,
            getattr(self.behaviour.settings, command.delay),
            value,
            accepted=refusal is None,
        )
        command.record(self, exchange, value)
        if not exchange.accepted and command.ends and self.behaviour.settings.fail_fast:
            self._leaving = True
        self._reply(exchange)

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
            self._throttle = None
            self.read_size = READ_SIZE
            self._end_body(body)

    def _end_body(self, body: Body) -> None:
        content = Content(body.content())
        settings = self.behaviour.settings
        exchange = self._exchange(
            "",
            "message",
            "msg_msg_size_is_too_big" if body.too_big else "msg_msg_received",
            settings.response_delay_message,
            content,
            accepted=not body.too_big,
        )
        transaction = self.transaction
        transaction.end_of_data = exchange
        if exchange.accepted:
            transaction.content = content
            transaction.undotted = body.undotted
            transaction.accepted_recipients = tuple(transaction.recipients)
            transaction.record = Record()
            self.amend()
        elif settings.fail_fast:
            self._leaving = True
        self._reply(exchange)

    # Answering.

    def _exchange(
        self, request: str, stage: str, setting: str, delay: float, value: str | Content = "", *, accepted: bool
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
        exchange = Exchange(request, self.behaviour.replies[setting].text, self._now, delay, setting, accepted, stage)
        if self.behaviour.rules:
            self._ruling = self._decide(stage, value)
            if self._ruling is not None:
                exchange = ruled(exchange, self._ruling)
        self.exchanges.append(exchange)
        return exchange

    def _decide(self, stage: str, value: str | Content) -> Ruling | None:
        values = partial(values_at, stage, value, self.transaction, self._origin)
        return decide(tuple(self.behaviour.rules), Circumstances(stage, self._origin.session_id, values))

    def _begin_body(self) -> bool:
        """Asks the rules about the first bytes of a message; returns whether nothing is to be read now."""
        self._ruling = self._decide("body", "")
        if self._ruling is None:
            return False
        exchange = ruled(Exchange("", "", self._now, stage="body"), self._ruling)
        if exchange.rule is not None:
            self.exchanges.append(exchange)
        self._reply(exchange)
        return self.paused or self.ended or self._silent

    def _reply(self, exchange: Exchange) -> None:
        if exchange.delay:
            self._pause(exchange.delay)
        ruling, self._ruling = self._ruling, None
        if ruling is None:
            assert exchange.setting is not None
            self._out.append(self.behaviour.replies[exchange.setting].wire)
        else:
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
        if ruling.throttle is not None and self._body is not None:
            self._throttle = ruling.throttle
            self.read_size = max(1, min(READ_SIZE, int(ruling.throttle / _STEPS_PER_SECOND)))
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
            self._actions.append(Keep(Record(), Message(self.transaction, self._origin)))
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
        self._flush()
        actions = self._actions
        self._actions = []
        return actions


def _text(line: bytes) -> str:
    return line.decode("utf-8", "surrogateescape")
