"""The service over HTTP: its start, its first page, and its waits. As a program: the figures of the last two."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from http.client import HTTPConnection
from importlib.util import find_spec
from statistics import median, quantiles
from threading import Thread
from time import perf_counter, sleep
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.plan import Plan
    from benchmarks.results import Figure

_API = "/api/smtpmock/v1"
_PAGES = 20
_MAIL = b"From: a@example.com\r\nTo: b@example.com\r\nSubject: Order %d\r\n\r\n" + b"See https://example.com/7\r\n" * 40


def measure(plan: Plan) -> Iterator[Figure]:
    """Measure the start of the service against that of the command, then pages and waits."""
    from benchmarks.results import Figure, ratio

    start = "spawn of smtpmock serve until its greeting"
    live = "spawn of smtpmock serve until /livez is answered"
    page = "first page of 10,000 messages over HTTP, once read"
    wait = "a wait's return over HTTP after the client's 250, median"
    if find_spec("falcon") is None:
        for what in (start, live, page, wait):
            yield Figure(what, "", None, note="the extra http is not installed")
        return
    greeted, answered, commands = [], [], []
    for name in plan.rounds(["serve", "command"] * plan.scaled(6, 1), start):
        if name == "serve":
            until_greeting, until_live = spawn("serve")
            greeted.append(until_greeting)
            answered.append(until_live)
        else:
            commands.append(spawn("command")[0])
    for what, against, ours, theirs, target in (
        (start, "the command", greeted, commands, 1.1),
        (live, "its greeting", answered, greeted, 1.1),
    ):
        value, rounds = ratio(ours, theirs)
        note = f"{median(ours) * 1e3:.0f} ms / {median(theirs) * 1e3:.0f} ms"
        yield Figure(what, against, value, "x", target, more_is_better=False, note=note, rounds=rounds)
    pages, waits, late = [], [], []
    for _ in plan.rounds((None,), page):
        milliseconds, microseconds, end = run(plan.scaled(10_000), plan.scaled(500, 5))
        pages.append(milliseconds)
        waits.append(microseconds)
        late.append(end)
    yield Figure(page, "", median(pages), "ms", 10, more_is_better=False, rounds=pages)
    note = f"99 of 100 within {median(late):,.0f} us"
    yield Figure(wait, "", median(waits), "us", 1000, more_is_better=False, note=note, rounds=waits)


def spawn(name: str) -> tuple[float, float]:
    """Return the seconds until the greeting of the command or the service is read, and until `/livez` is answered."""
    from benchmarks.processes import connect, smtpmock_home
    from benchmarks.servers import free_port

    smtp, http = free_port(), free_port()
    flags = {"serve": ["serve", f"--smtp-port={smtp}", f"--http-port={http}"], "command": [f"-port={smtp}"]}[name]
    environment = {**os.environ, "PYTHONPATH": str(smtpmock_home())}
    begin = perf_counter()
    child = subprocess.Popen([sys.executable, "-m", "smtpmock", *flags], env=environment, stdout=subprocess.DEVNULL)
    try:
        with connect(smtp, pause=0.0005) as client:
            client.recv(512)
            greeted = perf_counter() - begin
        if name == "serve":
            connection = HTTPConnection("127.0.0.1", http)
            connection.request("GET", "/livez")
            connection.getresponse().read()
            connection.close()
        return greeted, perf_counter() - begin
    finally:
        child.terminate()
        child.wait()


def run(messages: int, waits: int) -> tuple[float, float, float]:
    """Return the figures that this program prints in a process of its own."""
    from benchmarks.processes import HERE, smtpmock_home

    environment = {**os.environ, "PYTHONPATH": str(smtpmock_home())}
    command = [sys.executable, str(HERE / "over_http.py"), str(messages), str(waits)]
    said = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    page, middle, end = map(float, said.split())
    return page, middle, end


def figures(messages: int, waits: int) -> tuple[float, float, float]:
    """Return the milliseconds that a page takes, and the microseconds that waits return late: the median, and most."""
    command = [sys.executable, "-m", "smtpmock", "serve", "--smtp-port=0", "--http-port=0", "--max-messages=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        smtp, http = (urlsplit(server.stdout.readline().split()[1]).port for _ in range(2))
        try:
            connection = HTTPConnection("127.0.0.1", http)
            found = pages(connection, smtp, messages)
            late = [lateness(connection, smtp, number) for number in range(waits)]
            connection.close()
        finally:
            server.terminate()
    return median(found) * 1e3, median(late), quantiles(late, n=100)[-1]


def pages(connection: HTTPConnection, smtp: int | None, messages: int) -> list[float]:
    """Return the seconds that the first page takes, when all messages have been sent and it was read once."""
    with Sender(smtp) as sender:
        for number in range(messages):
            sender.send(number)
    seconds = []
    for _ in range(_PAGES + 1):
        begin = perf_counter()
        document = ask(connection, "/messages")
        seconds.append(perf_counter() - begin)
        assert document["total"] == messages
    return seconds[1:]


def lateness(connection: HTTPConnection, smtp: int | None, number: int) -> float:
    """Return the microseconds between the client's 250 and the answer to a wait."""
    mark = ask(connection, "/mark")["mark"]
    ended: list[float] = []

    def wait() -> None:
        ask(connection, f"/wait?since={mark}&timeout=30")
        ended.append(perf_counter())

    waiting = Thread(target=wait)
    with Sender(smtp) as sender:
        waiting.start()
        sleep(0.002)  # the request is on its way
        sender.send(number)
        accepted = perf_counter()
    waiting.join()
    return (ended[0] - accepted) * 1e6


def ask(connection: HTTPConnection, path: str) -> dict:
    """Return the document that the API answers with."""
    connection.request("GET", _API + path)
    return json.loads(connection.getresponse().read())


class Sender:
    """An SMTP client that only sends."""

    def __init__(self, port: int | None) -> None:
        from socket import create_connection

        assert port is not None
        self._socket = create_connection(("127.0.0.1", port))
        self._socket.recv(512)
        self._say(b"EHLO test.example.com\r\n")

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, number: int) -> None:
        """Send a message; return when its 250 is read."""
        for line in (b"MAIL FROM:<a@example.com>\r\n", b"RCPT TO:<b@example.com>\r\n", b"DATA\r\n"):
            self._say(line)
        self._say(_MAIL.replace(b"%d", b"%d" % number) + b".\r\n")

    def _say(self, line: bytes) -> None:
        self._socket.sendall(line)
        self._socket.recv(4096)


if __name__ == "__main__":
    print(*figures(int(sys.argv[1]), int(sys.argv[2])))
