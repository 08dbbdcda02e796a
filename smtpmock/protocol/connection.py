"""The conversation with one client: bytes in, actions out.

The connection reads no clock: what time it is, it is told. It never sees a socket or the inbox: what it wants done
with them, it returns as actions, to be carried out in order.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from smtpmock.protocol.actions import Erase, StartTLS
from smtpmock.protocol.chunk import Chunks, parse
from smtpmock.protocol.commands import CHUNK, GREETING, LOGIN, UNKNOWN, Part, recognise
from smtpmock.protocol.receiver import Receiver
from smtpmock.protocol.ruled import ruled
from smtpmock.protocol.transaction import Transaction
from smtpmock.records.exchange import Exchange
from smtpmock.rfc.replies import LINE_TOO_LONG, Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smtpmock.protocol.actions import Action
    from smtpmock.protocol.behaviour import Behaviour
    from smtpmock.protocol.commands import Command
    from smtpmock.protocol.login import Login
    from smtpmock.records.exchange import TLS
    from smtpmock.records.session import SessionLog

_HELO, _MAILFROM, _RCPTTO, _DATA, _RSET = Part  # before Python 3.12, to look one up takes as long as a call

LONGEST_LINE = 16_384
"""The most bytes that a command line may have, its line end included."""

_SHOWN_OF_A_LONG_LINE = 80
_MOST_REPLIES_AT_ONCE = 256  # then others have their turn, and the client has to read what it was told
_HAS_TO_BE_WAITED_FOR = ("HELO", "EHLO", "DATA", "NOOP", "QUIT", "VRFY", "STARTTLS", "AUTH")  # RFC 2920 section 3.1


class Connection(Receiver):
    r"""The server's side of one SMTP session.

    Attributes:
        behaviour: What the settings say.
        log: The record of the session.
        transaction: The current record.
        paused: Whether bytes that were fed wait until the actions are carried out: feed b"" then.
        ended: Whether the session is over.
        read_size: How many bytes to feed at most.

    Example:
        >>> from smtpmock.exchange import Origin
        >>> from smtpmock.protocol.behaviour import Behaviour
        >>> from smtpmock.sessions import SessionLog
        >>> from smtpmock.settings import Settings
        >>> log = SessionLog(Origin(1, "127.0.0.1", 40000, "127.0.0.1", 0.0))
        >>> connection = Connection(Behaviour(Settings()), log)
        >>> connection.open(now=0.0)
        [b'220 Welcome\r\n']
        >>> connection.feed(b"NOOP\r\nQUIT\r\n", now=1.0)
        [Keep(<Message 0 from <> to nobody (nothing sent)>), End(), Close(b'250 Ok\r\n221 Closing...\r\n')]
    """

    __slots__ = ("_hides", "_login", "_overlong")

    def __init__(self, behaviour: Behaviour, log: SessionLog) -> None:
        super().__init__(behaviour, log)
        self._overlong: bytes | None = None  # the beginning of a line that is being discarded
        self._login: Login | None = None
        self._hides = False  # whether what is no command may be credentials: an AUTH came before

    @property
    def is_between_commands(self) -> bool:
        """Whether the client has sent nothing that still waits for its end."""
        waits = self._body is None and self._chunk is None and self._login is None and self._overlong is None
        return self._silent or (waits and not self._has_input)

    @property
    def is_secure(self) -> bool:
        """Whether TLS is active."""
        return self.log.negotiated.tls is not None

    def allows(self, parameters: Mapping[str, str], known: Mapping[str, tuple[str, str]]) -> bool:
        """Whether each of the parameters has a value that it can have, and its extension was announced."""
        return all(
            keyword in known
            and known[keyword][0] in self.log.negotiated.extensions
            and re.fullmatch(known[keyword][1], value) is not None
            for keyword, value in parameters.items()
        )

    # What happens from outside.

    def open(self, now: float, *, early: bool = False) -> list[Action]:
        """The connection was accepted: greets, or begins TLS.

        Args:
            now: Seconds since the epoch.
            early: Whether the client has sent something already.
        """
        self._now = now
        if self.behaviour.settings.tls == "implicit" and not self.is_secure:
            self._begin_tls(Exchange("", "", now, stage="STARTTLS", accepted=True))
            return self._done()
        if early:
            self.log.note("command-before-greeting")
        self.answer(GREETING, "")
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
        self._buffer = self._buffer[self._start :] + data if self._buffer else data
        self._start = 0
        self.paused = False
        if self._is_deaf():
            self._buffer = b""
            return []
        while self._start < len(self._buffer):
            body = self._body
            if body is not None:
                self._read_body(body)
            elif self._chunk is not None:
                self._read_chunk(self._chunk[2])
            elif not self._read_line():
                break
            if self._start < len(self._buffer):
                if body is None or self._body is None:  # what follows in a message is the message
                    self._judge_haste()
                if self._is_deaf():
                    self._buffer = b""
                elif self.paused or len(self._out) >= _MOST_REPLIES_AT_ONCE:
                    self.paused = True
                    return self._done()
        else:
            self._buffer = b""
        self.paused = False
        return self._done()

    def secured(self, tls: TLS, now: float) -> list[Action]:
        """TLS is active: what was learnt before is forgotten (RFC 3207 section 4.2).

        Args:
            tls: What it agreed on.
            now: Seconds since the epoch.
        """
        self.negotiate(tls=tls, extensions=frozenset(), user="")
        self._erase(_HELO)
        return self.open(now) if self.behaviour.settings.tls == "implicit" else self._done()

    def end(self, now: float, reply: Reply | None = None) -> list[Action]:
        """The session is over, whoever ended it: the client, a timeout, a stop.

        Args:
            now: Seconds since the epoch.
            reply: What to tell the client; None if there is nobody to tell.
        """
        self._now = now
        if not self.ended:
            if reply is not None and not self._silent:
                reply = self.behaviour.spoken(reply)
                self.log.exchanges.append(Exchange("", reply.text, now))
                self._out.append(reply.wire)
            self._finish()
        return self._done()

    # What commands do.

    def leave(self) -> None:
        """The session ends with the reply that is about to be given."""
        self._leaving = True

    def _erase(self, part: Part) -> None:
        """Forgets a part of the record and all that follow it; or begins a new record, where an accepted one stays."""
        self._chunks = None
        self._chunks_over = False
        transaction = self.transaction
        record = transaction.record
        if part is _RCPTTO and self.behaviour.settings.multiple_rcptto:
            if record is None or not record.gone:
                return
            part = _DATA  # what was purged with the message stays away
        if record is not None:
            if self.behaviour.settings.multiple_message_receiving:
                if part <= _MAILFROM or (part < _RSET and record.gone):
                    self.transaction = Transaction(None if part is _HELO else transaction.helo)
                return
            if not record.gone:
                self._actions.append(Erase(record))
                transaction.record = None
            elif part is not _RSET:
                transaction.record = None
        if part is _DATA:
            transaction.forget_from_data()
        elif part is _RCPTTO:
            transaction.forget_from_rcptto()
        else:
            self.transaction = Transaction(None if part is _HELO else transaction.helo)
            self.transaction.quit = transaction.quit
            self.transaction.record = transaction.record

    # Reading lines.

    def _is_deaf(self) -> bool:
        """Whether nothing will be answered any more."""
        return self.ended or self._silent

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
        said = line.strip()
        self._start = end + 1
        self._spoken = True
        exchanges = self.log.exchanges
        answered = len(exchanges)
        if self._overlong is not None or len(line) >= LONGEST_LINE:
            self._refuse_long_line(self._overlong or line[:_SHOWN_OF_A_LONG_LINE])
        elif self._login is not None:
            self._login.answer(said)
        else:
            self._command(said)
        if len(said) != len(line) - 1 or line[-1:] != b"\r":
            exchange = exchanges[-1] if len(exchanges) > answered else None
            if line[-1:] != b"\r":
                self.log.note("bare-lf-command", exchange)
            if b"\r" in line[:-1] and b"\r" not in said:  # what is inside, the record shows
                self.log.note("bare-cr-command", exchange)
        return True

    def _refuse_long_line(self, beginning: bytes) -> None:
        self._overlong = None
        request = self._shown(beginning)
        self._login = None
        reply = self.behaviour.spoken(LINE_TOO_LONG)
        self.log.exchanges.append(Exchange(f"{request}…", reply.text, self._now))
        self._out.append(reply.wire)

    def _judge_haste(self) -> None:
        """Notes that the client sent more before it could have the reply."""
        last = self.log.exchanges[-1]
        if self.ended and last.stage == "QUIT":
            self.log.note("command-after-quit", last)
        elif self._chunk is not None:
            return  # the octets of a chunk follow its command
        elif "PIPELINING" not in self.log.negotiated.extensions:
            self.log.note("pipelining-not-offered", last)
        elif last.stage in _HAS_TO_BE_WAITED_FOR:
            self.log.note("pipelining-past-wait", last)

    def _command(self, line: bytes) -> None:
        command = recognise(line, self.behaviour.offers, self.log.negotiated.extensions)
        request = line.decode("utf-8", "surrogateescape")
        if command is None:
            if self._hides or line[:1] in b"Aa":
                request = self._shown(line)
            self.answer(UNKNOWN, request, UNKNOWN.accepted)
            return
        self._hides = command is LOGIN
        if self._hides:
            self._log_in(request[len(command.prefix) :])
        elif command is CHUNK:
            self._begin_chunk(command, request)
        else:
            self._execute(command, request)

    def _execute(self, command: Command, request: str) -> None:
        refusal: str | None = None
        value: str | None = None
        if self.behaviour.rules:
            self._before = self.transaction
        if self.behaviour.guards or self._chunks is not None or self._chunks_over:
            refusal = self._first_refusal(command)
        if refusal is None:
            if command.erases is not None:
                self._erase(command.erases)
            refusal, value = command.judge(self, request[len(command.prefix) :])
        exchange = self.answer(command, request, refusal, value)
        if command.stage == "STARTTLS" and exchange.accepted and not self._leaving:
            self._begin_tls(exchange)

    def _first_refusal(self, command: Command) -> str | None:
        """What refuses a command whatever it says."""
        settings = self.behaviour.settings
        if settings.require_tls and not self.is_secure and not command.is_preliminary:
            return "msg_tls_required"
        if self.is_chunked and command.stage in ("RCPT TO", "DATA"):
            return "msg_invalid_cmd_rcptto_sequence" if command.stage == "RCPT TO" else "msg_invalid_cmd_data_sequence"
        if settings.require_auth and not self.log.negotiated.user and command.stage in ("MAIL FROM", "VRFY"):
            return "msg_auth_required"
        return None

    def _shown(self, line: bytes) -> str:
        """A line that is no command, as it is recorded: behind an AUTH it may hold credentials."""
        from smtpmock.protocol.login import shown

        request = shown(line, self._login, is_response=self._hides)
        self._hides = self._hides or line[:4].upper() == b"AUTH"
        return request

    # AUTH and STARTTLS.

    def _log_in(self, argument: str) -> None:
        from smtpmock.protocol.login import Login

        self._login = Login(self)
        origin = self.log.origin
        self._login.begin(argument, f"<{origin.session_id}.{self._now:.6f}@{origin.server}>".encode())

    def end_login(self, *, succeeded: bool) -> None:
        """The dialogue of AUTH is over."""
        assert self._login is not None
        login, self._login = self._login, None
        login.note(succeeded=succeeded)

    def _begin_tls(self, exchange: Exchange) -> None:
        """Has the handshake begin; whatever came in clear text behind the command is thrown away."""
        if self._has_input:
            self.log.note("command-after-starttls", exchange)
            self._buffer = b""
            self._start = 0
        fault = self.behaviour.settings.tls_fault
        if not exchange.reply and self.behaviour.rules:
            ruling = self._decide("STARTTLS", None)
            if ruling is not None:
                exchange = ruled(exchange, ruling)
                if self._ends_instead_of_tls(exchange):
                    return
        if exchange.rule is not None and exchange.rule.tls is not None:
            fault = exchange.rule.tls
        self._flush()
        self._actions.append(StartTLS(fault))

    def _ends_instead_of_tls(self, exchange: Exchange) -> bool:
        """Waits, and closes or resets the connection, where a rule wants that before implicit TLS."""
        if exchange.delay:
            self._pause(exchange.delay)
        self._resets = exchange.then == "reset"
        if exchange.then not in ("close", "reset"):
            return False
        self._finish()
        return True

    # BDAT.

    def _begin_chunk(self, command: Command, request: str) -> None:
        parsed = parse(request[len(command.prefix) :])
        if parsed is None:
            self.answer(CHUNK, request, "msg_invalid_cmd_bdat_arg")
            return
        refusal = self._first_refusal(command)
        if refusal is None:
            if not self.is_chunked and self.transaction.record is None:
                self._erase(_DATA)
            if self._chunks_over or not self.transaction.rcptto_accepted or self.transaction.record is not None:
                refusal = "msg_invalid_cmd_bdat_sequence"
        if refusal is None and self._chunks is None:
            self._chunks = Chunks(self.behaviour.settings.msg_size_limit)
            self._body_is_new = True
        # The octets of a chunk that is refused have to be read all the same (RFC 3030 section 2).
        chunks = self._chunks if refusal is None and self._chunks is not None else Chunks(0)
        chunks.expect(parsed[0], is_last=parsed[1])
        self._chunk = (request, refusal, chunks)
        if not parsed[0]:
            self._end_chunk(request, refusal, chunks)
