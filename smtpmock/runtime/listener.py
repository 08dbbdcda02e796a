"""The listening socket, with nothing but the standard library, so that the command has it before all else."""

from __future__ import annotations

import os
import socket

from smtpmock.errors import StartError

_BACKLOG = 1024


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Args:
        host: An address (an IPv6 one may stand in brackets) or a name; of a name's addresses an IPv4 one comes first.
        port: The port; 0 for any that is free.

    Raises:
        StartError: If the name is unknown, or the address or the port cannot be had.
    """
    name = bare(host)
    try:
        # Of a text it would load the tables of international names, which takes 3 ms.
        asked = name.encode("ascii") if name.isascii() else name
        found = socket.getaddrinfo(asked, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise _failed(port, f"the host {name} is unknown: {error.strerror}") from error
    except UnicodeError as error:
        raise _failed(port, f"the host {name!r} is no name") from error
    family, kind, protocol, _, address = min(found, key=lambda candidate: candidate[0] != socket.AF_INET)
    listener = None
    try:
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # connections inherit it
        if address[0] == "::":
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)  # all addresses means IPv4 as well
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        if listener is not None:
            listener.close()
        raise _failed(port, f"{host}: {os.strerror(error.errno or 0)}") from error
    return listener


def bare(host: str) -> str:
    """The host without the brackets of an IPv6 address."""
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


def _failed(port: int, why: str) -> StartError:
    return StartError(f"Failed to start SMTP mock server on port: {port} ({why})")
