"""Makes the sockets of a process cooperative that serves and does nothing else."""

import socket

import gevent.socket
from gevent.monkey import patch_item


def patch_sockets() -> None:
    """Replace the sockets and the name lookups of the process with those of gevent.

    `gevent.monkey.patch_socket` does the same, and asks the metadata of every installed package whether it wants to be
    told: that is a fifth of the time until the command greets its first client.
    """
    for name in gevent.socket.__implements__:
        patch_item(socket, name, getattr(gevent.socket, name))
