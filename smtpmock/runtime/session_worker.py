"""The greenlet of a session, which reads from the socket, feeds the protocol and carries out its actions."""

from __future__ import annotations

import struct
import sys
from dataclasses import dataclass, field
from time import monotonic, time
from typing import TYPE_CHECKING, Any

from gevent import GreenletExit, sleep, socket
from greenlet import greenlet

from smtpmock.errors import StoreError
from smtpmock.protocol.actions import Add, Amend, Close, Consulted, Count, End, Erase, Keep, Reset, StartTLS, Wait
from smtpmock.protocol.connection import Connection
from smtpmock.records.exchange import Exchange
from smtpmock.records.session import Negotiated, Observation
from smtpmock.rfc.replies import SHUTTING_DOWN
from smtpmock.runtime.gevent_internals import has_data

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gevent.event import Event
    from gevent.hub import Hub

    from smtpmock.protocol.actions import Action, Question
    from smtpmock.protocol.behaviour import Behaviour
    from smtpmock.records.session import Origin
    from smtpmock.rfc.replies import Reply
    from smtpmock.rules.book import RuleBook
    from smtpmock.rules.rule import Rule
    from smtpmock.runtime.log import Log
    from smtpmock.runtime.tls import ServerTLS
    from smtpmock.stores.base import Store

_RESET_ON_CLOSE = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)  # struct linger: on, with a timeout of 0
_switch = greenlet.switch  # that of a hub first asks who leaves for a hook, which no session has: 0.1 us
_MORE_FOLLOWS = getattr(socket, "MSG_MORE", 0)  # only on Linux


class Interruption(BaseException):
    """An exception raised in a session that waits for its client, to end it.

    Attributes:
        reply: The reply to send.
    """

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.text)
        self.reply = reply


@dataclass(slots=True, eq=False, repr=False)
class Surroundings:
    """The part of a server that all of its sessions share.

    Args:
        behaviour: Their behaviour.
        store: The store of their records, in which they have begun.
        rules: The rule book.
        log: The log.
        hub: The greenlet that they return to.
        stopping: The event that is set when the server stops.
        ended: The function to call at the end of a session, with it and any unexpected exception that ended it.
        tls: The TLS of the server; None without TLS.

    Attributes:
        asks: True if the store may refuse a message.
        listed: The rules, oldest first.
        refresh: The function that brings shared rules up to date; None if they are not shared.
    """

    behaviour: Behaviour
    store: Store
    rules: RuleBook
    log: Log
    hub: Hub
    stopping: Event
    ended: Callable[[SessionWorker, BaseException | None], object]
    tls: ServerTLS | None
    asks: bool = field(init=False)
    listed: Sequence[Rule] = field(init=False)
    refresh: Callable[[], bool] | None = field(init=False)

    def __post_init__(self) -> None:
        self.asks = self.store.can_refuse
        self.listed = self.rules.rules
        self.refresh = self.rules.refresh


class SessionWorker(greenlet):
    """An open session.

    It is a bare greenlet: a `gevent.Greenlet`, which also records who spawned it, takes 9 us and 1.7 kB more.

    Args:
        sock: Its connection.
        origin: Its origin.
        surroundings: The part of its server that all sessions share.

    Attributes:
        socket: Its connection.
        waits_since: The time on the monotonic clock at which it began to wait for its client; None while it is busy.
    """

    __slots__ = (
        "_common",
        "_connection",
        "_holds_back",
        "_hub",
        "_listens",
        "_log",
        "_readable",
        "_record",
        "_sends",
        "_session_id",
        "_shakes_hands",
        "_store",
        "_unanswered",
        "socket",
        "waits_since",
    )

    def __init__(self, sock: socket.socket, origin: Origin, surroundings: Surroundings) -> None:
        super().__init__(None, surroundings.hub)
        self.socket = sock
        # What tells that a plain socket can be read; None if it is one of gevent, which waits itself.
        self._readable: Any = None if isinstance(sock, socket.socket) else surroundings.hub.loop.io(sock.fileno(), 1)
        self._listens = False  # True while that is active, which it stays from one command to the next
        self._common = surroundings
        self._hub = surroundings.hub
        self._session_id = origin.session_id
        self._connection = Connection(surroundings.behaviour, surroundings.listed, origin, surroundings.asks)
        self._store = surroundings.store
        self._record = surroundings.store.recorder(origin.session_id)
        self._log = surroundings.log if surroundings.log.is_active else None  # None if nobody reads it
        self._unanswered: Exchange | None = None  # to be logged when its delay is over
        self._sends = False
        self._holds_back = False
        self._shakes_hands = False
        self.waits_since: float | None = None

    @property
    def is_idle(self) -> bool:
        """True if it waits between two commands."""
        is_busy = self._sends or self._shakes_hands
        return self.waits_since is not None and not is_busy and self._connection.is_between_commands

    def interrupt(self, reply: Reply) -> None:
        """End the session if it waits for its client; only the hub may call this."""
        if self.waits_since is not None:
            self.throw(Interruption(reply))

    def run(self) -> None:
        """Talk to the client until either side ends the session, then close the connection."""
        mistake = None
        try:
            self._converse()
        except (OSError, Interruption, GreenletExit):
            pass  # there is nobody left to talk to
        except BaseException as error:
            mistake = error
        try:
            self._common.ended(self, mistake)
        except BaseException:  # from a user's logger: it must not reach the code that woke this session
            self._hub.handle_error(self, *sys.exc_info())
        finally:
            self._hang_up()

    def _hang_up(self) -> None:
        if self._readable is not None:
            self._readable.close()
            if self._holds_back:
                try:
                    self.socket.shutdown(socket.SHUT_WR)  # to close would lose the data if there is input left to read
                except OSError:
                    pass  # the client was faster
        self.socket.close()

    def _let_gevent_wait(self) -> None:
        """Go on with a socket of gevent, which can wait for more than input."""
        if self._readable is not None:
            self._readable.close()
            self._readable = None
            plain = self.socket
            self.socket = socket.socket(plain.family, plain.type, plain.proto, plain.detach())

    def _converse(self) -> None:
        if self._log is not None:
            self._log.info("SMTP session started")
        gone = False
        try:
            gone = self._talk()
        except Interruption as interruption:
            self._say_last(interruption.reply)
        except OSError as error:
            gone = True
            if self._log is not None:
                self._log.info(f"SMTP client has gone: {error.strerror or error}")
        finally:
            self.waits_since = None
            if not self._connection.ended:
                self._store_rest(self._connection.end(time(), gone=gone))
            if self._log is not None:
                self._log.info("SMTP session finished")

    def _talk(self) -> bool:
        """Answer the client until the session is over; return True if the client has closed the connection."""
        connection = self._connection
        refresh = self._common.refresh
        stopping = self._common.stopping
        if refresh is not None:
            connection.unavailable = not refresh()
        self._carry_out(connection.open(time(), early=has_data(self.socket)))
        while not connection.ended:
            if stopping.is_set() and connection.is_between_commands:
                self._carry_out(connection.end(time(), SHUTTING_DOWN))
                return False
            data = self._receive()
            if not data:
                return True
            if len(data) == connection.read_size:
                sleep(0)  # there is more input: other sessions have their turn first
                connection.expect_more()
            if refresh is not None:
                connection.unavailable = not refresh()
            self._carry_out(connection.feed(data, time()))
            del data  # up to 64 kB, which nobody needs while the client is silent
            while connection.paused:
                sleep(0)
                if refresh is not None:
                    connection.unavailable = not refresh()
                self._carry_out(connection.feed(b"", time()))
        return False

    def _say_last(self, reply: Reply) -> None:
        """Tell the client why the session is over, unless it does not read, or is in the middle of a handshake."""
        can_be_told = not self._sends and not self._shakes_hands
        self._sends = False
        if can_be_told:
            try:
                self._carry_out(self._connection.end(time(), reply))
            except (OSError, Interruption):
                return  # it does not read

    def _receive(self) -> bytes:
        self.waits_since = monotonic()
        while self._readable is not None:
            # The answer to our reply cannot be there yet: to read first, as gevent does, would be in vain.
            if not self._listens:
                self._readable.start(self._go_on)
                self._listens = True
            _switch(self._hub)
            try:
                data: bytes = self.socket.recv(self._connection.read_size)
                break
            except BlockingIOError:
                continue  # a spurious wake-up
        else:
            data = self.socket.recv(self._connection.read_size)
        self.waits_since = None
        return data

    def _go_on(self) -> None:
        """Go on with the input; if this session waits for something else, ask for it again later."""
        if self.waits_since is not None:
            self.switch()
        else:
            self._readable.stop()
            self._listens = False

    def _send(self, data: bytes, flags: int = 0) -> None:
        if self._readable is not None:
            try:
                sent = self.socket.send(data, flags)
            except BlockingIOError:
                sent = 0
            if sent == len(data):  # the usual case; sendall would query the size of the buffer first
                return
            data = data[sent:]
            self._let_gevent_wait()
        self.waits_since = monotonic()
        self._sends = True
        self.socket.sendall(data)
        self._sends = False
        self.waits_since = None

    def _carry_out(self, actions: list[Action]) -> None:
        """Carry out the actions of the protocol in their order, answering its questions on the way."""
        question: Question | None = None
        record = self._record
        while True:
            remaining = iter(actions)
            try:
                for action in remaining:
                    kind = type(action)
                    if kind is Exchange:
                        record(action)  # type: ignore[arg-type]  # mypy does not see `kind`
                        if self._log is not None:
                            self._log_exchange(self._log, action)  # type: ignore[arg-type]  # likewise
                    elif kind is bytes:
                        self._send(action)  # type: ignore[arg-type]  # likewise
                    elif kind is Keep or kind is Count:
                        question = action  # type: ignore[assignment]  # it comes last
                    else:
                        carry_out = _CARRYING_OUT[kind]
                        carry_out(self, action)
            except BaseException:
                self._store_rest(remaining)
                raise
            if question is None:
                return
            answer = self._keep(question) if type(question) is Keep else self._count(question)  # type: ignore[arg-type]  # likewise
            question = None
            actions = self._connection.resume(answer)

    def _store_rest(self, actions: Iterable[Action]) -> None:
        """Pass the facts on to the store, whatever became of the connection."""
        for action in actions:
            store = _STORING.get(type(action))
            if store is not None:
                store(self, action)

    def _keep(self, question: Keep) -> bool:
        """Store an accepted message; return False if the store does not take it."""
        try:
            self._store.add(question.record)
        except StoreError as error:
            self._common.log.warning(str(error))
            return False
        return True

    def _count(self, question: Count) -> int | None:
        """Return the answer of the rule book; None if it cannot be reached."""
        try:
            return self._common.rules.count(*question)
        except StoreError as error:
            self._common.log.warning(str(error))
            self._connection.unavailable = True
            return None

    # One method for each kind of action: a table is faster than a chain of checks, by 4 us for a connection.

    def _store_fact(self, fact: Negotiated | Observation) -> None:
        self._store.append(self._session_id, fact)

    def _store_exchange(self, exchange: Exchange) -> None:
        self._record(exchange)
        if self._log is not None:
            self._log_exchange(self._log, exchange)

    def _add(self, action: Add | Keep) -> None:
        try:
            self._store.add(action.record)
        except StoreError as error:  # no reply depends on it
            self._common.log.warning(str(error))

    def _amend(self, action: Amend) -> None:
        try:
            self._store.amend(action.record)
        except StoreError as error:
            self._common.log.warning(str(error))

    def _erase(self, action: Erase) -> None:
        try:
            if self._store.erase((action.record_id,)):
                self._store.append(self._session_id, action.erasure)
        except StoreError as error:
            self._common.log.warning(str(error))

    def _note_consulted(self, action: Consulted) -> None:
        self._common.rules.note_consulted(action.asked, action.applied)

    def _end(self, _: End) -> None:
        self._store.end(self._session_id, time())

    def _close(self, action: Close) -> None:
        if action.data:
            if self._common.asks:
                self._store.settle(self._session_id)
            # The end of the connection follows in the same packet: the kernel holds the data back until then.
            self._send(action.data, _MORE_FOLLOWS)
            self._holds_back = True

    def _wait(self, action: Wait) -> None:
        self._common.stopping.wait(action.seconds)
        if self._log is not None and self._unanswered is not None:
            self._log.response(self._unanswered)
            self._unanswered = None

    def _start_tls(self, action: StartTLS) -> None:
        self._begin_tls(action.fault)

    def _reset(self, _: Reset) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)

    def _begin_tls(self, fault: str) -> None:
        tls = self._common.tls
        assert tls is not None
        self.waits_since = monotonic()
        self._shakes_hands = True
        try:
            self._let_gevent_wait()
            self.socket = tls.wrap(self.socket, fault)
            agreed = tls.handshake(self.socket)
        except (OSError, Interruption) as error:
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
            self._carry_out(self._connection.refuse_tls(reason))
            raise
        self._shakes_hands = False
        self.waits_since = None
        self._carry_out(self._connection.tls_established(agreed, time()))

    def _log_exchange(self, log: Log, exchange: Exchange) -> None:
        log.request(exchange)
        if exchange.delay:
            self._unanswered = exchange
        else:
            log.response(exchange)


_STORING: dict[type, Callable[[SessionWorker, Any], None]] = {
    Exchange: SessionWorker._store_exchange,
    Negotiated: SessionWorker._store_fact,
    Observation: SessionWorker._store_fact,
    Add: SessionWorker._add,
    Keep: SessionWorker._add,
    Amend: SessionWorker._amend,
    Erase: SessionWorker._erase,
    Consulted: SessionWorker._note_consulted,
    End: SessionWorker._end,
}
_CARRYING_OUT: dict[type, Callable[[SessionWorker, Any], None]] = {
    **_STORING,
    Close: SessionWorker._close,
    Wait: SessionWorker._wait,
    StartTLS: SessionWorker._start_tls,
    Reset: SessionWorker._reset,
}
