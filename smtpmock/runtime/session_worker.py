"""The greenlet of one session: reads from the socket, feeds the protocol, carries out what it says."""

from __future__ import annotations

import struct
import sys
from time import monotonic, time
from typing import TYPE_CHECKING, Any

from gevent import GreenletExit, sleep, socket
from greenlet import greenlet

from smtpmock.protocol.actions import Close, End, Erase, Keep, Reset, StartTLS, Wait
from smtpmock.protocol.connection import Connection
from smtpmock.records.session import SessionLog
from smtpmock.rfc.replies import SHUTTING_DOWN
from smtpmock.runtime.gevent_internals import has_data, plain_socket, read_watcher

if TYPE_CHECKING:
    from collections.abc import Callable

    from gevent.event import Event
    from gevent.hub import Hub

    from smtpmock.protocol.actions import Action
    from smtpmock.protocol.behaviour import Behaviour
    from smtpmock.records.exchange import Exchange, Origin
    from smtpmock.rfc.replies import Reply
    from smtpmock.runtime.log import Log
    from smtpmock.runtime.tls import Handshaker
    from smtpmock.stores.memory import Inbox

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # struct linger: on, for no time
_MORE_FOLLOWS = getattr(socket, "MSG_MORE", 0)  # Linux has it
_FOR_THE_INBOX = (Keep, End, Erase)


class Interruption(BaseException):
    """Raised in a session that waits for its client, to tell it that it is over.

    Attributes:
        reply: What to tell the client.
    """

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.text)
        self.reply = reply


class LiveSession(greenlet):
    """A session that is going on.

    It is a bare greenlet: that of gevent, which also records who spawned it, takes 9 us and 1.7 kB more.

    Args:
        sock: Its connection.
        origin: Where its messages come from.
        behaviour: What it answers.
        inbox: Where its records go.
        log: The log; None where nobody reads it.
        stopping: Set when the server stops.
        hub: What it returns to.
        ended: Called with it at its end, and with the exception that ended it by mistake, if one did.
        handshaker: What begins TLS; None without.

    Attributes:
        socket: Its connection.
        waits_since: Since when it has been waiting for its client, on the monotonic clock; None while it is at work.
    """

    __slots__ = (
        "_connection",
        "_ended",
        "_handshaker",
        "_holds_back",
        "_hub",
        "_inbox",
        "_log",
        "_logged",
        "_plain",
        "_readable",
        "_record",
        "_sends",
        "_shakes_hands",
        "_stopping",
        "_unanswered",
        "socket",
        "waits_since",
    )

    def __init__(
        self,
        sock: socket.socket,
        origin: Origin,
        behaviour: Behaviour,
        inbox: Inbox,
        log: Log | None,
        stopping: Event,
        hub: Hub,
        ended: Callable[[LiveSession, BaseException | None], object],
        handshaker: Handshaker | None,
    ) -> None:
        super().__init__(None, hub)
        self.socket = sock
        # The socket itself, and what tells that it can be read; None once TLS lies between, or where gevent hides them.
        self._plain: Any = plain_socket(sock)
        self._readable: Any = read_watcher(sock)
        self._hub = hub
        self._handshaker = handshaker
        self._record = SessionLog(origin)
        self._connection = Connection(behaviour, self._record)
        self._inbox = inbox
        self._log = log
        self._stopping = stopping
        self._ended = ended
        self._logged = 0
        self._unanswered: Exchange | None = None  # what is logged when its delay is over
        self._sends = False
        self._holds_back = False
        self._shakes_hands = False
        self.waits_since: float | None = None

    @property
    def is_idle(self) -> bool:
        """Whether it waits between two commands."""
        is_busy = self._sends or self._shakes_hands
        return self.waits_since is not None and not is_busy and self._connection.is_between_commands

    def interrupt(self, reply: Reply) -> None:
        """Ends the session if it waits for its client; to be called by the hub itself."""
        if self.waits_since is not None:
            self.throw(Interruption(reply))

    def run(self) -> None:
        """Talks to the client until one of the two ends it, then closes the connection."""
        mistake = None
        try:
            self._converse()
        except (OSError, Interruption, GreenletExit):
            pass  # nobody is left to talk to
        except BaseException as error:
            mistake = error
        try:
            self._ended(self, mistake)
        except BaseException:  # of a user's logger: it must not get into whoever woke this session
            self._hub.handle_error(self, *sys.exc_info())
        finally:
            self._hang_up()

    def _hang_up(self) -> None:
        if self._holds_back and self._plain is not None:
            try:
                self._plain.shutdown(socket.SHUT_WR)  # gevent closes in the next round of the loop only
            except OSError:
                pass  # the client was faster
        self.socket.close()

    def _converse(self) -> None:
        self._inbox.begin(self._record)
        if self._log is not None:
            self._log.info("SMTP session started")
        try:
            self._talk()
        except Interruption as interruption:
            self._say_last(interruption.reply)
        except OSError as error:
            self._record.note("no-quit")
            if self._log is not None:
                self._log.info(f"SMTP client has gone: {error.strerror or error}")
        finally:
            self.waits_since = None
            for action in self._connection.end(time()):
                self._note(action)
            if self._log is not None:
                self._log.info("SMTP session finished")

    def _talk(self) -> None:
        connection = self._connection
        self._carry_out(connection.open(time(), early=has_data(self.socket)))
        while not connection.ended:
            if self._stopping.is_set() and connection.is_between_commands:
                self._carry_out(connection.end(time(), SHUTTING_DOWN))
                return
            data = self._receive()
            if not data:
                self._record.note("no-quit")
                return
            if len(data) == connection.read_size:
                sleep(0)  # there is more: others have their turn before it
            self._carry_out(connection.feed(data, time()))
            del data  # up to 64 kB, which nobody needs while the client is silent
            if self._inbox.bound is not None:
                self._inbox.trim(self._record)
            while connection.paused:
                sleep(0)
                self._carry_out(connection.feed(b"", time()))

    def _say_last(self, reply: Reply) -> None:
        """Tells the client why it is over, unless it does not read, or is in the middle of a handshake."""
        can_be_told = not self._sends and not self._shakes_hands
        self._sends = False
        if can_be_told:
            try:
                self._carry_out(self._connection.end(time(), reply))
            except (OSError, Interruption):
                return  # it does not listen

    def _receive(self) -> bytes:
        self.waits_since = monotonic()
        data: bytes | None = None
        while data is None:
            if self._plain is None or self._readable is None:
                data = self.socket.recv(self._connection.read_size)
                break
            # What answers our reply cannot be there yet: to ask for it first, as gevent does, would be in vain.
            self._readable.start(self.switch)
            try:
                self._hub.switch()
            finally:
                self._readable.stop()
            try:
                data = self._plain.recv(self._connection.read_size)
            except BlockingIOError:
                continue  # woken in vain
        self.waits_since = None
        return data

    def _send(self, data: bytes, flags: int = 0) -> None:
        if self._plain is not None:
            try:
                sent = self._plain.send(data, flags)
            except BlockingIOError:
                sent = 0
            if sent == len(data):  # nearly always; sendall would ask for the size of the buffer first
                return
            data = data[sent:]
        self.waits_since = monotonic()
        self._sends = True
        self.socket.sendall(data)
        self._sends = False
        self.waits_since = None

    def _carry_out(self, actions: list[Action]) -> None:
        if self._log is not None:
            self._log_exchanges(self._log)
        remaining = iter(actions)
        try:
            for action in remaining:
                if type(action) is bytes:
                    self._send(action)
                elif type(action) in _FOR_THE_INBOX:
                    self._note(action)
                else:
                    self._do(action)
        finally:
            # Whatever became of the connection, the inbox learns what it was to learn.
            for action in remaining:
                self._note(action)

    def _do(self, action: Action) -> None:
        if isinstance(action, Close):
            if action.data:
                # The end of the connection follows in the same packet: the kernel holds the data back until then.
                self._send(action.data, _MORE_FOLLOWS)
                self._holds_back = True
        elif isinstance(action, Wait):
            self._stopping.wait(action.seconds)
            if self._log is not None and self._unanswered is not None:
                self._log.response(self._unanswered)
                self._unanswered = None
        elif isinstance(action, StartTLS):
            self._begin_tls(action.fault)
        elif isinstance(action, Reset):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)

    def _begin_tls(self, fault: str) -> None:
        assert self._handshaker is not None
        self.waits_since = monotonic()
        self._shakes_hands = True
        try:
            self.socket = self._handshaker.wrap(self.socket, fault)
            self._plain = self._readable = None
            tls = self._handshaker.shake(self.socket)
        except (OSError, Interruption) as error:
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
            self._connection.negotiate(tls_error=reason)
            raise
        self._shakes_hands = False
        self.waits_since = None
        self._carry_out(self._connection.secured(tls, time()))

    def _note(self, action: Action) -> None:
        """Carries out an action if it concerns the inbox."""
        if isinstance(action, Keep):
            self._inbox.keep(action.record, action.message, self._record)
        elif isinstance(action, Erase):
            self._inbox.erase(action.record)
        elif isinstance(action, End):
            self._inbox.end(self._record, time())

    def _log_exchanges(self, log: Log) -> None:
        record = self._record
        for exchange in record.exchanges[self._logged - record.forgotten :]:
            log.request(exchange)
            if exchange.delay:
                self._unanswered = exchange
            else:
                log.response(exchange)
        self._logged = record.forgotten + len(record.exchanges)
