"""A client that says what it is told to say, line by line."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from smtpmock import SMTPMock

HELLO = "EHLO client.example"
ENVELOPE = (HELLO, "MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>")
TEXT = ("Subject: hi", "", "hello")
RAW = b"Subject: hi\r\n\r\nhello\r\n"


class Client:
    """A connection to a server."""

    def __init__(self, mock: SMTPMock, host: str | None = None) -> None:
        self.socket = socket.create_connection((host or mock.host, mock.port), timeout=30)
        self._lines = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        assert self.read() == "220 Welcome"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lines.close()
        self.socket.close()

    def send(self, *lines: str) -> None:
        """Sends these lines."""
        self.socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def read(self) -> str:
        """The next line of the server; "" if it has closed the connection."""
        return self._lines.readline().decode().removesuffix("\r\n")

    def read_all(self) -> list[str]:
        """All lines up to the end of the connection."""
        return list(iter(self.read, ""))

    def ask(self, *commands: str) -> list[str]:
        """Sends these commands one after the other; returns the line of reply to each."""
        replies = []
        for command in commands:
            self.send(command)
            replies.append(self.read())
        return replies

    def flood(self) -> None:
        """Sends NOOPs as long as it can, and never reads."""
        while True:
            self.send(*["NOOP"] * 1000)

    def begin_message(self) -> None:
        """Goes as far as the 354, and sends the first line of a message."""
        assert self.ask(*ENVELOPE, "DATA")[-1].startswith("354 ")
        self.send("Subject: hi")

    def deliver(self) -> None:
        """Delivers a message, in a transaction of its own."""
        assert self.ask(*ENVELOPE, "DATA")[-1].startswith("354 ")
        self.send(*TEXT, ".")
        assert self.read() == "250 Received"

    def reset(self) -> None:
        """Closes the connection rudely."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.__exit__(None, None, None)


def deliver(mock: SMTPMock, count: int = 1) -> None:
    """Delivers messages, each in a session of its own."""
    for _ in range(count):
        with Client(mock) as client:
            client.deliver()
            client.send("QUIT")
            assert client.read_all() == ["221 Closing connection"]
