"""A raw SMTP client: it sends exactly what it is told to send, and returns what the server says."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

    from typing_extensions import Self

    from smtpmock import SMTPMock

SECONDS = 60
"""After which a server that says nothing is taken to hang."""

GREETING = "220 Welcome"
HELLO = "EHLO client.example"
ENVELOPE = (HELLO, "MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>")
TEXT = ("Subject: hi", "", "hello")
RAW = b"Subject: hi\r\n\r\nhello\r\n"


class Client:
    """A connection to a server.

    Args:
        server: The server, or the port of one on this machine.
        host: The address to connect to, if it is not the server's own.
        source: The address to connect from.
        greeting: The greeting to expect; None leaves it unread.
    """

    def __init__(
        self, server: SMTPMock | int, host: str = "", *, source: str = "", greeting: str | None = GREETING
    ) -> None:
        own, port = ("127.0.0.1", server) if isinstance(server, int) else (server.host, server.port)
        self.socket = socket.create_connection((host or own, port), SECONDS, (source, 0) if source else None)
        # Or the system keeps a second small piece back until the server has acknowledged the first, for 40 ms.
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._lines = self.socket.makefile("rb")
        if greeting is not None:
            try:
                said = self.read_reply()
                assert said == greeting, said
            except BaseException:
                self.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._lines.close()
        self.socket.close()

    def half_close(self) -> None:
        """Tell the server that nothing more will be sent; replies can still be read."""
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Close the connection with a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def begin_tls(self, context: ssl.SSLContext, server_name: str | None = "localhost") -> None:
        """Do the handshake; everything after it is encrypted."""
        self._lines.close()
        self.socket = context.wrap_socket(self.socket, server_hostname=server_name)
        self._lines = self.socket.makefile("rb")

    def send(self, *lines: str) -> None:
        """Send the lines in one piece."""
        self.send_bytes("".join(f"{line}\r\n" for line in lines).encode())

    def send_bytes(self, data: bytes) -> None:
        """Send the bytes as they are."""
        self.socket.sendall(data)

    def read(self) -> str:
        """Return the next line; "" if the server has closed the connection."""
        return self._lines.readline().decode().removesuffix("\r\n")

    def read_reply(self) -> str:
        """Return the next reply, its lines separated by line feeds; "" if the server has closed the connection."""
        lines = [self.read()]
        while lines[-1][3:4] == "-":
            lines.append(self.read())
        return "\n".join(lines)

    def read_replies(self, count: int) -> list[str]:
        """Return the next replies."""
        return [self.read_reply() for _ in range(count)]

    def read_all(self) -> list[str]:
        """Return all lines up to the end of the connection."""
        return list(iter(self.read, ""))

    def read_bytes(self, count: int = -1) -> bytes:
        """Return so many bytes; all bytes up to the end of the connection, if no number is given."""
        return self._lines.read(count)

    def ask(self, *commands: str) -> list[str]:
        """Send the commands one after the other; return the reply to each."""
        replies = []
        for command in commands:
            self.send(command)
            replies.append(self.read_reply())
        return replies

    def begin_message(self) -> None:
        """Send a transaction up to the first line of its message."""
        assert self.ask(*ENVELOPE, "DATA")[-1].startswith("354 ")
        self.send(TEXT[0])

    def deliver(self) -> None:
        """Deliver a message in a transaction of its own."""
        self.begin_message()
        self.send(*TEXT[1:], ".")
        assert self.read_reply() == "250 Received"

    def flood(self) -> None:
        """Send NOOPs without end, and read nothing."""
        while True:
            self.send(*["NOOP"] * 1000)


def deliver(mock: SMTPMock, count: int = 1) -> None:
    """Deliver messages, each in a session of its own."""
    for _ in range(count):
        with Client(mock) as client:
            client.deliver()
            client.send("QUIT")
            assert client.read_all() == ["221 Closing connection"]
