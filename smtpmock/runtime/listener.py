"""The listening socket, opened with so few imports that the command has it before anything else."""

from __future__ import annotations

import _socket as socket  # `socket` would load `selectors` and `enum` as well, which takes 8 ms
import sys

from smtpmock.errors import StartError

TYPE_CHECKING = False  # `typing` would take 12 ms before the command has its port
if TYPE_CHECKING:
    from typing import Any

_BACKLOG = 1024
CAN_SHARE = sys.platform == "linux" and hasattr(socket, "SO_REUSEPORT")
"""True if several sockets can listen on a port, and the system spreads connections over them."""

if sys.platform == "win32":  # there SO_REUSEADDR would let a second server take the port of a running one
    _ONE_SERVER_AT_A_TIME = socket.SO_EXCLUSIVEADDRUSE
else:  # without it the port could not be had while connections of the last server linger
    _ONE_SERVER_AT_A_TIME = socket.SO_REUSEADDR


def listen(host: str, port: int, *, is_shared: bool = False) -> socket.socket:
    """Return a socket that listens.

    Args:
        host: An address (an IPv6 address may stand in brackets) or a name, of whose addresses IPv4 comes first.
        port: The port; 0 lets the system choose one.
        is_shared: True if further sockets of this process are to listen on the port, see `share`.

    Raises:
        StartError: If the name cannot be resolved, or the address or the port is unavailable.
    """
    name = bare(host)
    try:
        # For a str, getaddrinfo would load the tables of international names, which takes 3 ms.
        asked = name.encode("ascii") if name.isascii() else name
        found = socket.getaddrinfo(asked, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise _failed(port, f"cannot resolve the host {name!r}: {error.strerror}") from error
    except UnicodeError as error:
        raise _failed(port, f"invalid host name {name!r}") from error
    family, kind, protocol, _, address = min(found, key=lambda candidate: candidate[0] != socket.AF_INET)
    try:
        if is_shared and CAN_SHARE:
            bind(socket.socket(family, kind, protocol), address).close()  # nobody else has it
        listener: socket.socket = socket.socket(family, kind, protocol)
        if sys.platform != "win32" and is_shared and CAN_SHARE:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bind(listener, address)
        begin(listener)
    except OSError as error:
        raise _failed(port, f"{host}: {error.strerror}") from error
    return listener


def share(listener: socket.socket) -> socket.socket:
    """Return another socket that listens on the port of one that `listen` returned with `is_shared`.

    The system spreads connections over both.

    Raises:
        OSError: If that fails.
    """
    another: socket.socket = socket.socket(listener.family, listener.type, listener.proto)
    if sys.platform != "win32":  # where CAN_SHARE is false
        another.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bind(another, listener.getsockname())
    begin(another)
    return another


def bind(listener: Any, address: Any) -> Any:
    """Bind a socket to an address, which no other server can then have; it does not listen yet, or it is closed.

    Args:
        listener: The socket.
        address: The address.

    Returns:
        The socket.

    Raises:
        OSError: If the address is unavailable.
    """
    try:
        listener.setsockopt(socket.SOL_SOCKET, _ONE_SERVER_AT_A_TIME, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # connections inherit it
        if address[0] == "::":
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)  # all addresses include those of IPv4
        listener.bind(address)
    except BaseException:  # interrupted, as by a time limit of a test
        listener.close()
        raise
    return listener


def reserve(listener: Any, address: Any) -> Any:
    """Bind a socket to an address so that nobody else can have it; connections are refused until it listens.

    Args:
        listener: The socket.
        address: The address.

    Returns:
        The socket.

    Raises:
        OSError: If the address is unavailable.
    """
    bind(listener, address)
    if sys.platform != "win32":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    return listener


def begin(listener: Any) -> None:
    """Let a bound socket listen, or close it.

    Raises:
        OSError: If another socket listens on its address.
    """
    try:
        listener.setsockopt(socket.SOL_SOCKET, _ONE_SERVER_AT_A_TIME, 1)
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise


def bare(host: str) -> str:
    """Return the host without the brackets of an IPv6 address."""
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


def reachable(host: str) -> str:
    """Return the host that clients on this machine connect to: all addresses (0.0.0.0, ::) include the loopback's.

    Example:
        >>> reachable("0.0.0.0"), reachable("::"), reachable("mail.example")
        ('127.0.0.1', '::1', 'mail.example')
    """
    from ipaddress import ip_address  # takes 3 ms

    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not address.is_unspecified:
        return host
    return "127.0.0.1" if address.version == 4 else "::1"


def _failed(port: int, reason: str) -> StartError:
    return StartError(f"Failed to start SMTP mock server on port: {port} ({reason})")
