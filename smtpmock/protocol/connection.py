"""The conversation with one client: bytes in, actions out.

The connection reads no clock: it is told the time. It never sees a socket or a store: it returns what is to be done
with them as actions, to be carried out in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpmock.protocol.actions import StartTLS
from smtpmock.protocol.chunk import Chunks, parse
from smtpmock.protocol.command_line import KNOWN, CommandLine, remember
from smtpmock.protocol.commands import CHUNK, GREETING, LOGIN, UNKNOWN, UNREAD_CHUNK, Effect, Part, recognise
from smtpmock.protocol.eraser import Eraser
from smtpmock.protocol.message_receiver import Chunk
from smtpmock.protocol.rule_effects import apply_decision
from smtpmock.records.exchange import Cause, Exchange
from smtpmock.rfc.replies import LINE_TOO_LONG, SESSION_TIMEOUT, TOO_MANY_RECIPIENTS
from smtpmock.text import readable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smtpmock.protocol.actions import Action
    from smtpmock.protocol.behaviour import Behaviour
    from smtpmock.protocol.commands import Command
    from smtpmock.protocol.login import Login, Step
    from smtpmock.records.session import TLS, Origin
    from smtpmock.rfc.replies import Reply
    from smtpmock.rules.decision import Decision
    from smtpmock.rules.rule import Rule

# Before Python 3.12, a lookup takes as long as a call.
_HELO, _, _RCPTTO, _DATA, _ = Part
_NEGOTIATE, _AMEND, _RECEIVE, _LEAVE, _START_TLS, _END_LOGIN, _END_CHUNKS = Effect

LONGEST_LINE = 16_384
"""The most bytes of a command line, including its line end."""

_SHOWN_OF_A_LONG_LINE = 80
_MOST_REPLIES_AT_ONCE = 256  # then others have their turn, and the client has to read its replies
_NEEDS_LOGIN = ("MAIL FROM", "RCPT TO", "DATA", "BDAT", "VRFY")  # RFC 4954 section 6
_HAS_TO_BE_WAITED_FOR = ("HELO", "EHLO", "DATA", "NOOP", "QUIT", "VRFY", "STARTTLS", "AUTH")  # RFC 2920 section 3.1


class Connection(Eraser):
    r"""The server's side of one SMTP session.

    Args:
        behaviour: The behaviour that the settings define.
        rules: The rules, oldest first; the list may change at any time.
        origin: The origin of the session.
        asks: False if the store takes every message: then no reply depends on its answer, and nothing is asked.

    Example:
        >>> from smtpmock.protocol.behaviour import Behaviour
        >>> from smtpmock.records.session import Origin
        >>> from smtpmock.settings.declarations import Settings
        >>> origin = Origin("s-1", 1, "127.0.0.1", 40000, "127.0.0.1", 0.0)
        >>> connection = Connection(Behaviour(Settings()), [], origin)
        >>> [type(action).__name__ for action in connection.open(now=0.0)]
        ['Exchange', 'bytes']
        >>> connection.feed(b"NOOP\r\nQUIT\r\n", now=1.0)[-1]
        Close(data=b'250 Ok\r\n221 Closing connection\r\n')
    """

    __slots__ = ("_hides", "_login", "_overlong")

    def __init__(self, behaviour: Behaviour, rules: Sequence[Rule], origin: Origin, asks: bool = True) -> None:
        super().__init__(behaviour, rules, origin, asks)
        self._overlong: bytes | None = None  # the beginning of a line that is being discarded
        self._login: Login | None = None
        self._hides = False  # True if an unrecognised line may hold credentials, because AUTH came before

    @property
    def is_between_commands(self) -> bool:
        """True if the client is not in the middle of a command or a message."""
        waits = self._body is None and self._chunk is None and self._login is None and self._overlong is None
        return self._silent or (waits and not self._has_input)

    # Events from outside.

    def open(self, now: float, *, early: bool = False) -> list[Action]:
        """Greet the client, or begin TLS, after the connection was accepted.

        Args:
            now: Seconds since the epoch.
            early: True if the client has sent something already.
        """
        self._now = now
        if self.behaviour.settings.tls == "implicit" and not self.state.is_secure:
            self._begin_implicit_tls()
            return self._done()
        if early:
            self._observe("command-before-greeting")
        self.respond(GREETING, "")
        return self._done()

    def feed(self, data: bytes, now: float) -> list[Action]:
        """Answer the bytes that the client sent.

        Args:
            data: The bytes that arrived; b"" to go on after a pause.
            now: Seconds since the epoch.

        Returns:
            The actions to carry out now, in this order. If they end with a wait and a reply, `paused` is True if some
            bytes could not be answered yet; if they end with a question, go on with `resume`.
        """
        self._now = now
        self._buffer = self._buffer[self._start :] + data if self._buffer else data
        self._start = 0
        self.paused = False
        if self.ended or self._silent:
            self._buffer = b""
            return self._done()
        while self._buffer:  # which is emptied once all of it was read
            body = self._body
            if body is not None:
                self._read_body(body)
            elif self._chunk is not None:
                self._read_chunk(self._chunk)
            elif not self._read_line():
                break
            if self._resume is not None:
                return self._done()
            if self._start >= len(self._buffer):
                self._buffer = b""
                break
            if body is not None and self._body is not None:  # what follows within a message belongs to it
                if self._is_deaf():
                    self._buffer = b""
                elif self.paused:
                    return self._done()
            elif self._must_wait():
                return self._done()
        self.paused = False
        return self._done()

    def resume(self, answer: bool | int | None) -> list[Action]:
        """Go on with the answer to the question that the last actions ended with."""
        assert self._resume is not None
        resume, self._resume = self._resume, None
        resume(answer)
        if self._resume is None and self._start < len(self._buffer):
            is_in_body = self._body is not None and not self._body_is_new
            if not (self.paused if is_in_body else self._must_wait()):
                return self.feed(b"", self._now)
        return self._done()

    def tls_established(self, tls: TLS, now: float) -> list[Action]:
        """Forget everything learnt before TLS became active (RFC 3207 section 4.2).

        Args:
            tls: The result of the handshake.
            now: Seconds since the epoch.
        """
        self._negotiate(tls=tls, extensions=frozenset(), user="")
        self._erase(_HELO, "STARTTLS")
        return self.open(now) if self.behaviour.settings.tls == "implicit" else self._done()

    def refuse_tls(self, reason: str) -> list[Action]:
        """Record the reason why the TLS handshake failed."""
        self._negotiate(tls_error=reason)
        return self._done()

    def end(self, now: float, reply: Reply | None = None, *, gone: bool = False) -> list[Action]:
        """End the session, whatever ended it: the client, a timeout, a stop.

        Args:
            now: Seconds since the epoch.
            reply: The reply to send; None if nobody can receive it.
            gone: True if the client has closed the connection.
        """
        self._now = now
        self._resume = None
        if not self.ended:
            if gone:
                self._observe("no-quit")
            if reply is not None and not self._silent:
                limit = "session-timeout" if reply is SESSION_TIMEOUT else "shutdown"
                self._say(self.behaviour.with_status_code(reply), "", Cause(limit=limit))
            self._finish()
        return self._done()

    # The effects of commands.

    def _carry_out(self, effect: Effect, exchange: Exchange) -> None:
        if effect is _RECEIVE:
            self._expect_message()
        elif effect is _AMEND:
            self._amend()
        elif effect is _NEGOTIATE:
            announced = frozenset(keyword for keyword, _ in exchange.parameters)
            if announced != self.state.negotiated.extensions:
                self._negotiate(extensions=announced)
        elif effect is _LEAVE:
            self._amend()
            self._leaving = True
        elif effect is _END_LOGIN:
            self._end_login(succeeded=exchange.accepted)
        elif effect is _END_CHUNKS:
            self._end_chunks()

    # Reading.

    def _must_wait(self) -> bool:
        """Judge what was sent too early; return True if it must not be read now."""
        self._judge_haste()
        if self._is_deaf():
            self._buffer = b""
        elif self.paused or len(self._out) >= _MOST_REPLIES_AT_ONCE:
            self.paused = True
            return True
        return False

    def _is_deaf(self) -> bool:
        """Return True if nothing will be answered any more."""
        return self.ended or self._silent

    @property
    def _has_input(self) -> bool:
        return self._start < len(self._buffer)

    def _read_line(self) -> bool:
        """Take a command line from the buffer and answer it; return False if none is complete."""
        octets: bytes | None
        line = KNOWN.get(self._buffer)
        if line is not None:  # the usual case: nothing but a line that came before
            octets, self._buffer = self._buffer, b""
        else:
            octets = self._take_line()
            if octets is None:
                return False
            line = KNOWN.get(octets)
        self._spoken = True
        if line is None or self._overlong is not None or self._login is not None:
            self._read_new_line(octets)
        else:
            self._command(line)
        return True

    def _take_line(self) -> bytes | None:
        """Take a line from the buffer, with its line feed; return None if none is complete."""
        buffer, start = self._buffer, self._start
        end = buffer.find(b"\n", start) + 1
        if end:
            self._start = end
            return buffer[start:end]
        if self._overlong is not None:
            self._buffer = b""
        elif len(buffer) - start > LONGEST_LINE:
            self._overlong = buffer[start : start + _SHOWN_OF_A_LONG_LINE]
            self._buffer = b""
        return None

    def _read_new_line(self, octets: bytes) -> None:
        request = octets.strip()
        is_regular = octets == request + b"\r\n"
        if not is_regular:
            self._observe_line_end(octets[:-1], request)
        if self._overlong is not None or len(octets) > LONGEST_LINE:
            self._refuse_long_line(self._overlong or octets[:_SHOWN_OF_A_LONG_LINE])
        elif self._login is not None:
            self._hides = True
            self._take_login_step(self._login.answer(request))
        else:
            self._read_command(octets, request, is_regular=is_regular)

    def _read_command(self, octets: bytes, request: bytes, *, is_regular: bool) -> None:
        command = recognise(request)
        if command is None or (command.extension and not self._is_offered(command.extension)):
            self._refuse_unknown(request)
            return
        line = CommandLine.read(command, self._decoded(request))
        if command is LOGIN:
            self._hides = True
            self._octets = b""
            self._log_in(line.argument)
        elif command is CHUNK:
            self._hides = False
            self._begin_chunk(line)
        else:
            if is_regular and not self._octets and not command.extension:  # which may be offered here only
                remember(octets, line)
            self._command(line)

    def _observe_line_end(self, line: bytes, request: bytes) -> None:
        """Record what is wrong with the end of a line, for the exchange that answers it."""
        if line[-1:] != b"\r":
            self._observed += ("bare-lf-command",)
        if b"\r" in line[:-1] and b"\r" not in request:  # the record shows what is inside the line
            self._observed += ("bare-cr-command",)

    def _refuse_long_line(self, beginning: bytes) -> None:
        self._overlong = None
        request = self._masked(beginning)
        self._login = None
        reply = self.behaviour.with_status_code(LINE_TOO_LONG)
        self._octets = b""  # only the beginning was read
        self._say(reply, readable(f"{request}…"), Cause(limit="line-length"))

    def _judge_haste(self) -> None:
        """Record that the client sent more before it could have the reply."""
        last = self._last
        if self.ended and last.stage == "QUIT":
            self._observe("command-after-quit", last.number)
        elif self._chunk is not None:
            return  # the octets of a chunk follow its command
        elif "PIPELINING" not in self.state.negotiated.extensions:
            self._observe("pipelining-not-offered", last.number)
        elif last.stage in _HAS_TO_BE_WAITED_FOR:
            self._observe("pipelining-past-wait", last.number)

    def _command(self, line: CommandLine) -> None:
        command = line.command
        self._hides = False
        behaviour, state = self.behaviour, self.state
        if self._rules:
            self._before = state.transaction
        erases = command.erases
        if erases is _RCPTTO and behaviour.most_recipients is not None and self._is_full(behaviour.most_recipients):
            reply = behaviour.with_status_code(TOO_MANY_RECIPIENTS)
            self._say(reply, readable(line.request), Cause(limit="recipients"), stage="RCPT TO")
            return
        is_chunked = self._chunks is not None or self._chunks_over
        first_refusal = self._first_refusal(command) if is_chunked or behaviour.guards else None
        if erases is not None:
            if not is_chunked and behaviour.keeps_everything:
                self._end_attempt(erases)  # as `_erase` does, which takes 0.1 us more for each command
            elif not is_chunked or first_refusal is None:
                self._erase(erases, command.stage)
        judge = command.judge
        refusal, argument, parameters = judge(state, line.argument, line.path)
        self.respond(command, line.request, first_refusal or refusal, argument, parameters)

    def _is_offered(self, extension: str) -> bool:
        """Return True if the server offers an extension, or announced it because of a rule."""
        return extension in self.behaviour.offers or extension in self.state.negotiated.extensions

    def _refuse_unknown(self, line: bytes) -> None:
        is_suspicious = self._hides or line[:1] in b"Aa" or not line[:1].isalpha()
        request = self._masked(line) if is_suspicious else self._decoded(line)
        self.respond(UNKNOWN, request, UNKNOWN.accepted)

    def _decoded(self, line: bytes) -> str:
        """Return the line as text; bytes that are not UTF-8 become surrogates, and the original line is kept."""
        try:
            return line.decode()
        except UnicodeDecodeError:
            self._octets = line
            return line.decode("utf-8", "surrogateescape")

    def _is_full(self, most: int) -> bool:
        """Return True if the transaction cannot take another recipient."""
        transaction = self.state.transaction
        tried = len(transaction.recipients) + len(transaction.refused_recipients)
        return tried >= most and not transaction.is_over

    def _first_refusal(self, command: Command) -> str | None:
        """Return the setting that refuses a command whatever its argument; None if no setting does."""
        settings = self.behaviour.settings
        if settings.require_tls and not self.state.is_secure and not command.is_preliminary:
            return "msg_tls_required"
        if settings.require_auth and not self.state.negotiated.user and command.stage in _NEEDS_LOGIN:
            return "msg_auth_required"
        if self.is_chunked and command.stage in ("RCPT TO", "DATA"):
            return "msg_invalid_cmd_rcptto_sequence" if command.stage == "RCPT TO" else "msg_invalid_cmd_data_sequence"
        return None

    # AUTH and STARTTLS.

    def _masked(self, line: bytes) -> str:
        """Return an unrecognised line as the record shows it, with any credentials masked."""
        from smtpmock.protocol.login import is_login, mask_credentials

        request = mask_credentials(line, is_response=self._hides or self._login is not None)
        self._hides = self._hides or is_login(line)
        if request == line.decode("utf-8", "surrogateescape"):
            return self._decoded(line)
        return readable(request)

    def _log_in(self, argument: str) -> None:
        from smtpmock.protocol.login import Login

        self._login = Login(self.state)
        origin = self.state.origin
        challenge = f"<{origin.session_number}.{self._now:.6f}@{origin.server}>"
        self._take_login_step(self._login.begin(argument, challenge.encode()))

    def _take_login_step(self, step: Step) -> None:
        """Send a challenge or the final reply, by a rule for AUTH or by the settings."""
        assert self._login is not None
        if step.failed:
            self._note_attempt(succeeded=False)  # not every client waits for the end
        if step.challenge is not None:
            self._say(step.challenge, self._login.request, Cause(), stage="AUTH", accepted=True)
        else:
            login = self._login
            self.respond(LOGIN, login.request, step.refusal, login.user, line=login.line)

    def _end_login(self, *, succeeded: bool) -> None:
        self._note_attempt(succeeded=succeeded)
        self._login = None

    def _note_attempt(self, *, succeeded: bool) -> None:
        assert self._login is not None
        changes = self._login.attempt_changes(succeeded=succeeded)
        if changes:
            self._negotiate(**changes)

    def _begin_tls(self, exchange: Exchange) -> None:
        """Start the handshake; discard whatever came in clear text after the command."""
        if self._has_input:
            self._observe("command-after-starttls", exchange.number)
            self._buffer = b""
            self._start = 0
        self._start_tls()

    def _begin_implicit_tls(self) -> None:
        if self._rules:
            self._consult_rules("STARTTLS", "", None, self._begin_tls_as_decided)
        else:
            self._start_tls()

    def _begin_tls_as_decided(self, decision: Decision | None) -> None:
        """Begin implicit TLS, unless a rule closes or resets the connection first."""
        if decision is not None:
            exchange = apply_decision(Exchange("", "", self._now, stage="STARTTLS", accepted=True), decision)
            self._tls_fault = decision.rule.tls if decision.rule is not None else None
            if exchange.delay:
                self._pause(exchange.delay)
            self._resets = exchange.then == "reset"
            if exchange.then in ("close", "reset"):
                self._finish()
                return
        self._start_tls()

    def _start_tls(self) -> None:
        fault, self._tls_fault = self._tls_fault or self.behaviour.settings.tls_fault, None
        self._flush()
        self._actions.append(StartTLS(fault))

    # BDAT.

    def _begin_chunk(self, line: CommandLine) -> None:
        parsed = parse(line.argument)
        if parsed is None:
            self.respond(UNREAD_CHUNK, line.request, "msg_invalid_cmd_bdat_arg")
            return
        refusal = self._first_refusal(line.command)
        if refusal is None:
            if not self.is_chunked and not self._has_message:
                self._erase(_DATA, "BDAT")
            if self._chunks_over or not self.state.transaction.rcptto_accepted or self._has_message:
                refusal = "msg_invalid_cmd_bdat_sequence"
        if refusal is None and self._chunks is None:
            self._chunks = Chunks(self.behaviour.settings.msg_size_limit)
            self._body_is_new = True
        # The octets of a refused chunk have to be read all the same (RFC 3030 section 2).
        chunks = self._chunks if refusal is None and self._chunks is not None else Chunks(0)
        chunks.expect(parsed[0], is_last=parsed[1])
        self._chunk = Chunk(line.request, refusal, chunks)
        if not parsed[0]:
            self._end_chunk(self._chunk)

    @property
    def _has_message(self) -> bool:
        """True if the transaction already has an accepted message."""
        return self.state.transaction.content is not None or self.state.transaction.is_over
