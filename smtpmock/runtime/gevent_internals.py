"""The parts of gevent that it does not document, behind functions that do without them where they are missing.

No other module names one. `tests/server/test_gevent_internals.py` tells which version of gevent broke which.
"""

from __future__ import annotations

import socket as native
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import gevent
from gevent import monkey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gevent.hub import Hub
    from gevent.socket import socket

try:
    _ioctl: Any = import_module("fcntl").ioctl
    _UNREAD = import_module("termios").FIONREAD
except ImportError:  # on Windows
    _ioctl = None

try:
    from gevent._hub_local import get_hub_if_exists
except ImportError:

    def get_hub_if_exists() -> Hub | None:
        """Guess: in a patched process every thread that waits has a hub, or soon will have."""
        return gevent.get_hub() if monkey.is_module_patched("threading") else None


def patch_sockets() -> None:
    """Replace the sockets and the name lookups of the process with those of gevent, as `monkey.patch_socket` does.

    Only nobody is asked first: to look for a plugin among all installed packages takes a fifth of the time until the
    command greets its first client (155 instead of 200 ms). Without the function for one name, they are asked.
    """
    patch_item = getattr(monkey, "patch_item", None)
    if patch_item is None:
        monkey.patch_socket()
        return
    cooperative: Any = import_module("gevent.socket")
    for name in cooperative.__implements__:
        patch_item(native, name, getattr(cooperative, name))


_close_descriptor = monkey.get_original("os", "close")  # gevent's closes later, when its loop runs
_PlainSocket: Any = monkey.get_original("socket", "SocketType")  # in a patched process, that of `socket` is gevent's


def hub_of_this_thread() -> Hub | None:
    """Return the hub of the calling thread, or None if it has none; never make one."""
    return get_hub_if_exists()


def threadpool_of(hub: Any) -> Any:
    """Return the pool of threads of a hub, or None if it has none or cannot be asked; never make one.

    Without it, the end of a hub waits for its threads.
    """
    return getattr(hub, "_threadpool", None)


def plain_socket(sock: socket) -> native.socket | None:
    """Return the non-blocking socket beneath gevent's, or None if it cannot be reached.

    Going around gevent saves a call for each reply. Without it, use the socket itself.
    """
    try:
        # Not getattr(): a gevent socket asks its `_sock` for what it lacks, without end if `_sock` itself is missing.
        return cast("native.socket", object.__getattribute__(sock, "_sock"))
    except AttributeError:
        return None


def accept_plain(listener: Any) -> tuple[native.socket, Any] | None:
    """Return a plain non-blocking connection and the address of the client; None if there is no connection.

    A socket of gevent has two watchers and is closed in the next round of the loop, which takes 5 us more. Without it,
    use what the server of gevent accepts.

    Raises:
        AttributeError: If the listener does not hand out descriptors, as that of gevent's server does.
    """
    try:
        descriptor, address = listener._accept()
    except BlockingIOError:
        return None
    sock: native.socket = _PlainSocket(listener.family, listener.type, listener.proto, descriptor)
    sock.setblocking(False)
    return sock, address


def has_data(sock: socket) -> bool:
    """Return whether bytes have arrived that nobody has read yet; do not wait for any."""
    try:
        if _ioctl is not None:  # nearly always there are none: to be told so by an exception takes five times as long
            count = bytearray(4)
            _ioctl(sock.fileno(), _UNREAD, count)
            return any(count)
        plain = plain_socket(sock)
        if plain is not None:
            return bool(plain.recv(1, native.MSG_PEEK))
        timeout = sock.gettimeout()
        sock.settimeout(0)
        try:
            return bool(sock.recv(1, native.MSG_PEEK))
        finally:
            sock.settimeout(timeout)
    except OSError:
        return False  # nothing has arrived, or the connection is broken, which the next call will tell


class SendsTogether:
    """The part of a handler of gevent's pywsgi that sends the head of a response and a short body in one packet.

    gevent sends them apart, which takes another 70 us, wakes the client twice, and may have the body wait until the
    client has acknowledged the head. Without its method, that stays so.
    """

    _held_back: bytearray | None = None

    def send_together(self, respond: Callable[[], object]) -> None:
        """Call a function, and send what it sends as one."""
        self._held_back = bytearray()
        try:
            respond()
        finally:
            held_back, self._held_back = self._held_back, None
            if held_back:
                self._sendall(held_back)

    def _sendall(self, data: bytes | bytearray) -> None:
        if self._held_back is None:
            super()._sendall(data)  # type: ignore[misc]  # of the handler
        else:
            self._held_back += data


def take_descriptor(sock: socket) -> int:
    """Return the descriptor of a socket and leave the socket without one; -1 if it had none.

    After a fork the hub of the socket is a thread that does not exist: its cooperation must not be needed.
    """
    plain = plain_socket(sock)
    return sock.detach() if plain is None else plain.detach()


def abandon_sockets(sockets: Iterable[socket]) -> None:
    """Close the descriptors of sockets in a forked child, while the parent goes on using them."""
    for descriptor in map(take_descriptor, sockets):
        if descriptor >= 0:  # it is not while a connection is being wrapped in TLS
            _close_descriptor(descriptor)
