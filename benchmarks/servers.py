"""The contenders, each as a program of its own: prints its port, then does what its input says until that ends.

`kept` prints how many messages there are and how many bytes their bodies have; `violations` prints how many of those
there are; `url` prints where HTTP is; `purge` forgets the messages.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sized


class Contender:
    """A server that runs: its port, what it keeps, and what it finds wrong with that."""

    def __init__(
        self,
        port: int,
        bodies: Callable[[], list[bytes]],
        purge: Callable[[], object],
        violations: Callable[[], Sized] = tuple,
        url: str = "",
    ) -> None:
        self.port = port
        self.bodies = bodies
        self.purge = purge
        self.violations = violations
        self.url = url


def smtpmock(max_messages: str = "", everything: str = "", http: str = "", store: str = "") -> Contender:
    """The server of this project, with every message recorded; with all that it can keep, or HTTP, if it is told to."""
    from smtpmock import SMTPMock

    settings: dict[str, Any] = {"max_messages": int(max_messages)} if max_messages else {}
    if http:
        settings["http_port"] = 0
    if store:
        settings["store"] = store
    if everything:
        logger = logging.Logger("benchmark", logging.DEBUG)
        logger.addHandler(logging.FileHandler(os.devnull))
        settings |= {"extensions": "all", "auth": "any", "log_server_activity": True, "logger": logger}
    mock = SMTPMock(multiple_rcptto=True, multiple_message_receiving=True, **settings)
    if everything:
        mock.on("MAIL FROM", per="session", every=2, reply="250 Received")
        mock.on("RCPT TO", per="recipient", times=1, reply="450 Try again")
        mock.greylist(retry_after=0)
        mock.limit_rate(10**9)
        mock.on("RCPT TO", recipient=_fail_if_broken, reply="550 No")
    mock.start()
    return Contender(
        mock.port,
        lambda: [message.raw for message in mock.messages() if message.msg],
        mock.purge,
        mock.violations,
        mock.http_url if http else "",
    )


def _fail_if_broken(recipient: str) -> bool:
    if recipient.startswith("broken"):
        raise ValueError(recipient)
    return False


def aiosmtpd() -> Contender:
    """The Controller of aiosmtpd, with a handler that stores."""
    from aiosmtpd.controller import Controller

    bodies: list[bytes] = []

    class Storing:
        async def handle_DATA(self, _: Any, __: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
            bodies.append(envelope.content)
            return "250 OK"

    controller = Controller(Storing(), hostname="127.0.0.1", port=free_port())
    controller.start()
    return Contender(controller.port, lambda: bodies, bodies.clear)


def bare() -> Contender:
    """A gevent StreamServer that keeps nothing and parses nothing: what gevent itself costs."""
    from gevent.server import StreamServer

    def serve(sock: Any, _: object) -> None:
        sock.sendall(b"220 ready\r\n")
        end = None  # the last bytes of a message; None between commands
        while data := sock.recv(65_536):
            if end is not None:
                end = (end + data)[-5:]
                if end != b"\r\n.\r\n":
                    continue
                end = None
                sock.sendall(b"250 ok\r\n")
            elif data[:4] == b"DATA":
                end = b""
                sock.sendall(b"354 go on\r\n")
            elif data[:4] == b"QUIT":
                sock.sendall(b"221 bye\r\n")
                break
            else:
                sock.sendall(b"250 ok\r\n")
        sock.close()

    started = threading.Event()
    ports: list[int] = []

    def run() -> None:
        server = StreamServer(("127.0.0.1", 0), serve, backlog=1024)
        server.start()
        ports.append(server.server_port)
        started.set()
        server.serve_forever()

    threading.Thread(target=run, daemon=True).start()
    started.wait()
    return Contender(ports[0], list, lambda: None)


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


CONTENDERS: dict[str, Callable[..., Contender]] = {"smtpmock": smtpmock, "aiosmtpd": aiosmtpd, "bare": bare}


def main(name: str, *options: str) -> None:
    """Run a contender until the input ends."""
    contender = CONTENDERS[name](*options)
    print(contender.port, flush=True)
    for line in sys.stdin:
        if line == "kept\n":
            bodies = contender.bodies()
            print(len(bodies), sum(map(len, bodies)), flush=True)
        elif line == "violations\n":
            print(len(contender.violations()), flush=True)
        elif line == "url\n":
            print(contender.url, flush=True)
        elif line == "purge\n":
            contender.purge()
            print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
    os._exit(0)  # what is kept need not be taken apart
