"""The time from the client's 250 to the return of a wait. As a program: the median, and the 99th percentile."""

from __future__ import annotations

import os
import subprocess
import sys
from socket import create_connection
from statistics import median, quantiles
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from socket import socket

    from benchmarks.plan import Plan
    from benchmarks.results import Figure


def measure(plan: Plan) -> Iterator[Figure]:
    """The median of the medians."""
    from benchmarks.processes import HERE, smtpmock_home
    from benchmarks.results import Figure

    what = "a wait's return after the client's 250, median"
    command = [sys.executable, str(HERE / "waits.py"), str(plan.scaled(1000))]
    rounds, late = [], []
    for _ in plan.rounds((None,), what):
        environment = {**os.environ, "PYTHONPATH": str(smtpmock_home())}
        said = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
        middle, end = map(float, said.split())
        rounds.append(middle)
        late.append(end)
    note = f"99 of 100 within {median(late):,.0f} us"
    yield Figure(what, "", median(rounds), "us", 100, more_is_better=False, note=note, rounds=rounds)


def microseconds(count: int) -> list[float]:
    """The time between the client's 250 and the return of the wait, for so many messages."""
    from smtpmock import SMTPMock

    times = []
    with SMTPMock(multiple_message_receiving=True) as mock:
        command = [sys.executable, __file__, "client", str(mock.port)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
            assert client.stdin is not None
            assert client.stdout is not None
            for _ in range(count):
                client.stdin.write("go\n")
                client.stdin.flush()
                mock.wait_for_messages(1, timeout=30)
                returned = perf_counter()  # the same clock in all processes
                times.append((returned - float(client.stdout.readline())) * 1e6)
                mock.purge()
    return times


def send(port: int) -> None:
    """Deliver a message for each line of input, and print when the 250 was read."""
    with create_connection(("127.0.0.1", port)) as client:
        client.recv(512)
        _say(client, b"EHLO test.example.com\r\n")
        for _ in sys.stdin:
            for line in (b"MAIL FROM:<a@example.com>\r\n", b"RCPT TO:<b@example.com>\r\n", b"DATA\r\n"):
                _say(client, line)
            _say(client, b"Subject: hi\r\n\r\nhello\r\n.\r\n")
            print(perf_counter(), flush=True)


def _say(client: socket, line: bytes) -> None:
    client.sendall(line)
    client.recv(512)


if __name__ == "__main__":
    if sys.argv[1] == "client":
        send(int(sys.argv[2]))
    else:
        found = microseconds(int(sys.argv[1]))
        print(median(found), quantiles(found, n=100)[-1])
