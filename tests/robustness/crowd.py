"""Clients that misbehave, many at once, in a process of their own.

Run it as `python -m tests.robustness.crowd PORT NUMBER PAUSE KIND…`.

PAUSE is the time between two bytes of a slow one, in seconds.

It prints "ready" when all of them have done what makes them a burden, and goes on until its input ends.
"""

from __future__ import annotations

import selectors
import socket
import sys
import threading
import time

from tests.raw_client import Client

_ENVELOPE = b"EHLO c.example\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n"
_ENOUGH = 300_000  # bytes: more than a line, a message or a read may have
_STUCK = 20  # rounds

# What they send first, and what again and again.
KINDS = {
    "slow": (b"", b""),  # a byte at a time, of a conversation
    "deaf": (b"", b"NOOP\r\n" * 100),  # never reads
    "silent": (b"", b""),  # never speaks
    "line without end": (b"", b"x" * 8192),
    "body without end": (_ENVELOPE + b"DATA\r\n", (b"x" * 70 + b"\r\n" + b".." + b"y" * 70 + b"\r\n") * 50),
}


class Misbehaving:
    """One of them."""

    def __init__(self, port: int, kind: str) -> None:
        self.kind = kind
        self._left, self._again = KINDS[kind]
        self._sent = self._stuck = 0
        self._socket = Client(port).socket
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # so that a deaf one is full soon
        self._socket.setblocking(False)

    @property
    def is_ready(self) -> bool:
        """True once it is the burden that it can be."""
        if self.kind == "slow":
            return self._sent > 1
        return self.kind == "silent" or self._sent >= _ENOUGH or self._stuck >= _STUCK

    def go_on(self) -> None:
        """Send or receive a little more."""
        if self.kind == "slow":
            self._left = self._left or _ENVELOPE
            data, self._left = self._left[:1], self._left[1:]
        elif self.kind == "silent":
            return
        else:
            data, self._left = (self._left, b"") if self._left else (self._again, b"")
        try:
            sent = self._socket.send(data)
            self._sent += sent
            self._stuck = 0
            if self.kind != "slow":
                self._left = data[sent:]
        except BlockingIOError:
            self._stuck += 1
            self._left = data if self.kind != "slow" else self._left
        except OSError:
            self.kind = "silent"  # the server has had enough


def main(port: str, number: str, pause: str, *kinds: str) -> None:
    """Lets them loose."""
    clients = [Misbehaving(int(port), kind) for kind in kinds for _ in range(int(number))]
    threading.Thread(target=_go_on, args=(clients, float(pause)), daemon=True).start()
    with selectors.DefaultSelector() as selector:
        selector.register(sys.stdin, selectors.EVENT_READ)
        selector.select()  # the input ends


def _go_on(clients: list[Misbehaving], pause: float) -> None:
    is_told = False
    due = 0.0
    while True:
        now = time.monotonic()
        is_due = now >= due
        if is_due:
            due = now + pause
        for client in clients:
            if is_due or client.kind != "slow":
                client.go_on()
        if not is_told and all(client.is_ready for client in clients):
            is_told = True
            print("ready", flush=True)
        time.sleep(0.01)


if __name__ == "__main__":
    main(*sys.argv[1:])
