"""Ports that no other program on the machine takes while a test needs them."""

from __future__ import annotations

import socket
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def reserved_port(host: str = "127.0.0.1") -> Iterator[int]:
    """Give a port of an address, or of all for "::", on which only servers of the test can listen.

    It refuses connections before and after. On Linux, a socket that is bound to it keeps it, beside which a server can
    listen if both allow that (SO_REUSEADDR). Elsewhere it would keep the server away, too: there the port is only free
    when it is given.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as keeper:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeper.bind((host, 0))
        port: int = keeper.getsockname()[1]
        if sys.platform != "linux":
            keeper.close()
        yield port
