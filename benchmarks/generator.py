"""A load generator: clients as greenlets that wait for each reply and fail on a wrong one.

As a program it takes the port, the number of messages, their size, the number of connections at once and whether those
are kept open (0 or 1), and prints how many seconds it took. It needs about as much of a core as a server in gevent:
ratios measured with it come out nearer to 1 than those that Postfix's smtp-source shows.
"""

from __future__ import annotations

import sys
from base64 import b64encode
from time import perf_counter

import gevent
from gevent.socket import create_connection, socket


class Client:
    """A connection that has been greeted and has said who it is."""

    def __init__(self, port: int, name: bytes = b"test.example.com") -> None:
        self._socket: socket = create_connection(("127.0.0.1", port))
        self._expect(b"220")
        self.say(b"EHLO %b\r\n" % name, b"250")

    def send(self, body: bytes) -> None:
        """Deliver a message."""
        self.say(b"MAIL FROM:<a@example.com>\r\n", b"250")
        self.say(b"RCPT TO:<b@example.com>\r\n", b"250")
        self.say(b"DATA\r\n", b"354")
        self.say(body, b"250")

    def quit(self) -> None:
        """Say goodbye."""
        self.say(b"QUIT\r\n", b"221")
        self.close()

    def close(self) -> None:
        """Leave without a word."""
        self._socket.close()

    def say(self, request: bytes, code: bytes) -> None:
        """Sends, and reads the reply."""
        self._socket.sendall(request)
        self._expect(code)

    def _expect(self, code: bytes) -> None:
        reply = self._socket.recv(4096)
        # The last line of a reply has a blank behind its code.
        while not reply.endswith(b"\n") or reply[reply.rfind(b"\n", 0, -1) + 4 :][:1] != b" ":
            more = self._socket.recv(4096)
            if not more:
                break
            reply += more
        if not reply.startswith(code):
            raise RuntimeError(f"the server answered {reply!r} instead of {code.decode()}")


def body_of(size: int) -> bytes:
    """A message of so many bytes, with its end."""
    line = b"x" * 70 + b"\r\n"
    return (b"Subject: test\r\n\r\n" + line * (size // len(line) + 1))[: size - 2] + b"\r\n.\r\n"


def deliver(port: int, messages: int, size: int, sessions: int, keep_open: bool) -> float:
    """Delivers, and returns how many seconds that took."""
    body = body_of(size)
    numbers = iter(range(messages))

    def many() -> None:
        client = Client(port)
        for _ in numbers:
            client.send(body)
        client.quit()

    def one_each() -> None:
        for _ in numbers:
            client = Client(port)
            client.send(body)
            client.quit()

    begin = perf_counter()
    greenlets = [gevent.spawn(many if keep_open else one_each) for _ in range(min(sessions, messages))]
    gevent.joinall(greenlets, raise_error=True)
    return perf_counter() - begin


def deliver_differing(port: int, messages: int, first: int, sessions: int) -> float:
    """Deliver messages in sessions no two of which are alike, from a number on; return how many seconds that took."""
    numbers = iter(range(first, first + messages))

    def some() -> None:
        for number in numbers:
            _differing(port, number)

    begin = perf_counter()
    gevent.joinall([gevent.spawn(some) for _ in range(min(sessions, messages))], raise_error=True)
    return perf_counter() - begin


def _differing(port: int, number: int) -> None:
    """Deliver a message that breaks rules, from an own name to an own recipient, who is refused at first."""
    client = Client(port, b"c%d.example.com" % number)
    if number % 50 == 0:  # a function of a rule fails, which ends the session
        client.say(b"MAIL FROM:<a@example.com>\r\n", b"250")
        client.say(b"RCPT TO:<broken%d@example.com>\r\n" % number, b"")
        client.close()
        client = Client(port, b"c%d.example.com" % number)
    if number % 4 == 0:
        client.say(b"AUTH PLAIN %b\r\n" % b64encode(b"\0user%d\0password" % number), b"235")
    elif number % 4 == 1:
        client.say(b"AUTH PLAIN !\r\n", b"501")
    client.say(b"UNKNOWN %d\r\n" % number, b"5")
    client.say(b"MAIL FROM: <a%d@example.com> SIZE=300\r\n" % number, b"250")
    for code in (b"450", b"250"):
        client.say(b"RCPT TO:<b%d@example.com>\r\n" % number, code)
    body = b"Subject: %d\nX-Odd:\xff\r\n\r\n%b\r\n" % (number, b"x" * 200)
    if number % 3:
        client.say(b"DATA\r\n", b"354")
        client.say(b"%b.\r\n" % body, b"250")
    else:
        client.say(b"BDAT %d LAST\r\n%b" % (len(body), body), b"250")
    if number % 7:
        client.quit()
    else:
        client.close()


def at_once(port: int, connections: int, size: int) -> dict[str, float]:
    """Connect so many clients, and when all of them are there have each deliver one message."""
    body = body_of(size)
    begin = perf_counter()
    connecting = [gevent.spawn(Client, port) for _ in range(connections)]
    clients = [greenlet.get() for greenlet in gevent.joinall(connecting, raise_error=True)]
    connected = perf_counter()
    gevent.joinall([gevent.spawn(client.send, body) for client in clients], raise_error=True)
    delivered = perf_counter()
    gevent.joinall([gevent.spawn(client.quit) for client in clients], raise_error=True)
    return {"connected": connected - begin, "delivered": delivered - connected}


if __name__ == "__main__":
    if sys.argv[1] == "at-once":
        print(*at_once(*map(int, sys.argv[2:])).values())
    elif sys.argv[1] == "differing":
        print(deliver_differing(*map(int, sys.argv[2:])))
    else:
        print(deliver(*map(int, sys.argv[1:])))  # type: ignore[arg-type]  # keep_open is 0 or 1
