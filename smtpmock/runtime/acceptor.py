"""A running server: a gevent StreamServer and a greenlet for each session.

All of it belongs to the hub thread.
"""

from __future__ import annotations

from dataclasses import replace
from time import monotonic, time
from typing import TYPE_CHECKING, Any

import gevent
from gevent.event import Event
from gevent.lock import BoundedSemaphore
from gevent.socket import socket as make_socket

from smtpmock.errors import StartError
from smtpmock.rfc.replies import SESSION_TIMEOUT, SHUTTING_DOWN
from smtpmock.runtime.gevent_internals import abandon_sockets, accept_plain
from smtpmock.runtime.listener import begin, bind, reserve
from smtpmock.runtime.patient import PatientServer
from smtpmock.runtime.session_worker import SessionWorker, Surroundings
from smtpmock.runtime.wakeup import SHORTEST_TIMER

if TYPE_CHECKING:
    from collections.abc import Callable

    from gevent.socket import socket

    from smtpmock.protocol.behaviour import Behaviour
    from smtpmock.rules.book import RuleBook
    from smtpmock.runtime.log import Log
    from smtpmock.runtime.tls import ServerTLS
    from smtpmock.stores.base import Store

_IDLE_PRECISION = 0.05
"""The fraction of the session timeout by which an idle session may be ended late."""


class _Acceptor(PatientServer):
    """A server in which each session is a greenlet of its own already."""

    def __init__(self, log: Log, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.patient_log = log

    def accept(self) -> Any:
        """Return a connection and the address of the client; None if there is no connection."""
        try:
            return accept_plain(self.socket)
        except AttributeError:  # gevent hides it
            return super().accept()

    def do_handle(self, *args: Any) -> None:
        try:
            self.handle(*args)
        except BaseException:
            self.do_close(*args)
            raise


class RunningServer:
    """A running server.

    Args:
        listener: The listening socket.
        name: The name or address of the server, for trace headers.
        behaviour: The behaviour of its sessions.
        store: The store of its records.
        rules: The rules.
        log: The log.
        failed: The function to call with an unexpected exception that ended a session.
        tls: The TLS of the server; None without TLS.
    """

    def __init__(
        self,
        listener: socket,
        name: str,
        behaviour: Behaviour,
        store: Store,
        rules: RuleBook,
        log: Log,
        failed: Callable[[BaseException], object],
        tls: ServerTLS | None,
    ) -> None:
        self._name = name
        self._store = store
        self._log = log
        self._failed = failed
        self._timeout = behaviour.settings.session_timeout
        self._sessions: set[SessionWorker] = set()
        self._stopping = Event()
        self._quiet = Event()  # set when the last session has ended after a stop
        self._hub = gevent.get_hub()
        self._surroundings = Surroundings(behaviour, store, rules, log, self._hub, self._stopping, self._ended, tls)
        self._idle_timer: Any = None
        self._address = listener.getsockname()
        self._reserved: socket | None = None  # keeps the port while the server is offline
        self._switching = BoundedSemaphore()
        self._accept(listener)

    @property
    def is_online(self) -> bool:
        """True while it accepts connections."""
        return self._server.started

    def behave(self, behaviour: Behaviour, tls: ServerTLS | None) -> None:
        """Have sessions that begin from now on behave differently; the session timeout changes for all.

        Args:
            behaviour: Their behaviour.
            tls: Their TLS; None without TLS.
        """
        self._surroundings = replace(self._surroundings, behaviour=behaviour, tls=tls)
        self._timeout = behaviour.settings.session_timeout
        if self._idle_timer is not None:
            self._idle_timer.close()
            self._watch_idle(0)

    def _accept(self, listener: socket) -> None:
        self._server = _Acceptor(self._log, listener, self._serve)
        self._server.start()

    def go_offline(self) -> None:
        """Refuse connections, and keep the port where the system allows that; open sessions go on."""
        with self._switching:
            if not self.is_online:
                return
            family = self._server.socket.family
            self._server.close()
            gevent.sleep(0)  # gevent closes sockets in the next round of the loop
            try:
                self._reserved = reserve(make_socket(family), self._address)
            except OSError:  # open sessions may not let it: whoever goes online tries again
                self._reserved = None
            self._family = family
            self._log.info("SMTP mock server is offline")

    def go_online(self) -> None:
        """Accept connections again, on the same port.

        Raises:
            StartError: If the port is no longer available.
        """
        with self._switching:
            if self.is_online or self._stopping.is_set():
                return
            listener, self._reserved = self._reserved, None
            try:
                if listener is None:
                    listener = bind(make_socket(self._family), self._address)
                begin(listener)
            except OSError as error:
                raise StartError(f"Failed to bring SMTP mock server online again: {error.strerror}") from error
            self._accept(listener)
            self._log.info("SMTP mock server is online")

    def close(self, grace: float) -> bool:
        """Stop the server: end idle sessions at once, busy ones within `grace` seconds, the rest by force.

        Returns:
            True if no session had to be ended by force.
        """
        self._stopping.set()
        with self._switching:
            self._server.close()
            if self._reserved is not None:
                self._reserved.close()
        for session in self._sessions:
            if session.is_idle:
                self._hub.loop.run_callback(session.interrupt, SHUTTING_DOWN)
        in_time = not self._sessions or self._quiet.wait(grace)
        if not in_time:
            for session in self._sessions:
                self._hub.loop.run_callback(session.throw, gevent.GreenletExit)
            self._quiet.wait()
        if self._idle_timer is not None:
            self._idle_timer.close()
        gevent.sleep(0)  # gevent closes sockets in the next round of the loop
        return in_time

    def abandon(self) -> None:
        """Close the descriptors in a forked child, while the parent goes on using them; nothing else is left there."""
        listener = self._server.socket if self.is_online else self._reserved
        sockets = (*((listener,) if listener is not None else ()), *(session.socket for session in self._sessions))
        abandon_sockets(sockets)

    def _serve(self, sock: socket, address: tuple[Any, ...]) -> None:
        origin = self._store.begin(address[0], address[1], self._name, time())
        session = SessionWorker(sock, origin, self._surroundings)
        self._sessions.add(session)
        if self._idle_timer is None:
            self._watch_idle(self._timeout)
        session.switch()  # until it waits for its client

    def _ended(self, session: SessionWorker, mistake: BaseException | None) -> None:
        self._sessions.discard(session)
        if not self._sessions and self._stopping.is_set():
            self._quiet.set()
        if mistake is not None:
            self._failed(mistake)

    def _watch_idle(self, seconds: float) -> None:
        self._idle_timer = self._hub.loop.timer(max(seconds, SHORTEST_TIMER))
        self._idle_timer.start(self._end_idle)

    def _end_idle(self) -> None:
        """End the sessions that have timed out, and check again when the next one may."""
        now = monotonic()
        due = now + self._timeout
        for session in tuple(self._sessions):
            if session.waits_since is not None:
                ends = session.waits_since + self._timeout
                if ends <= now:
                    session.interrupt(SESSION_TIMEOUT)
                else:
                    due = min(due, ends)
        self._idle_timer.close()
        self._idle_timer = None
        if self._sessions:
            self._watch_idle(max(due - now, self._timeout * _IDLE_PRECISION))
