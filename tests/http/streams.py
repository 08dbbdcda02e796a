"""Clients of server-sent events, on sockets: they read when they are told to."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from tests.http.conftest import API, SECONDS

if TYPE_CHECKING:
    from smtpmock import SMTPMock


class Event(NamedTuple):
    """An event as it came."""

    id: str
    topic: str
    data: dict[str, Any]


def connected_socket(mock: SMTPMock, buffer: int = 0) -> socket.socket:
    """Connect to the HTTP of a server, with a receive buffer of so many bytes; 0 for that of the system."""
    address = urlsplit(mock.http_url)
    connected = socket.socket()
    if buffer:
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    connected.settimeout(SECONDS)
    connected.connect((address.hostname, address.port))
    return connected


class Stream:
    """A client of `/events`. Without chunks (HTTP/1.0), the body is the text of the stream."""

    def __init__(self, mock: SMTPMock, last_id: str = "", *, buffer: int = 0, interval: float | None = None) -> None:
        self.socket = connected_socket(mock, buffer)
        known = f"Last-Event-ID: {last_id}\r\n" if last_id else ""
        query = "" if interval is None else f"?interval={interval}"
        self.socket.sendall(f"GET {API}/events{query} HTTP/1.0\r\n{known}\r\n".encode())
        self._reader = self.socket.makefile("rb")
        head = []
        while (line := self._reader.readline()) not in (b"\r\n", b""):
            head.append(line.decode())
        self.status = int(head[0].split()[1])
        self.headers = dict(line.rstrip().split(": ", 1) for line in head[1:])
        self.last_id = last_id
        self._has_ids = interval is None
        self.comments = 0
        if self.status == 200:
            assert self._block() == ["retry: 1000"]
            if not last_id and self._has_ids:
                [line] = self._block()
                self.last_id = line.removeprefix("id: ")

    def _block(self) -> list[str]:
        lines: list[str] = []
        while line := self._reader.readline():
            if line == b"\n":
                return lines
            lines.append(line.decode().removesuffix("\n"))
        raise EOFError

    def next(self) -> Event:
        """Return the next event."""
        while True:
            lines = self._block()
            if lines == [":"]:
                self.comments += 1
                continue
            fields = dict(line.split(": ", 1) for line in lines)
            assert set(fields) == {"event", "data", *(["id"] if self._has_ids else [])}
            self.last_id = fields.get("id", "")
            return Event(self.last_id, fields["event"], json.loads(fields["data"]))

    def until(self, topic: str, action: str = "") -> list[Event]:
        """Return the events up to one."""
        events = [self.next()]
        while events[-1].topic != topic or (action and events[-1].data["action"] != action):
            events.append(self.next())
        return events

    def has_ended(self) -> bool:
        """Return True if the server has ended the stream, once it has read what is left."""
        try:
            while self._reader.read(65_536):
                pass
        except ConnectionResetError:
            pass
        return True

    def close(self) -> None:
        self._reader.close()
        self.socket.close()
