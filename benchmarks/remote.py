"""A remote mailbox against the local one, and against polling the API of Mailpit. As a program: its figures as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from http.client import HTTPConnection
from importlib.util import find_spec
from random import Random
from statistics import median
from time import perf_counter, sleep
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.plan import Plan
    from benchmarks.results import Figure

PAUSE = 0.1
"""Seconds between two polls, as clients of Mailpit have it."""

_chance = Random(7)

_READ, _WAIT = "messages() of one mail, remote", "a remote wait's return after the client's 250"
_AGAINST = {
    (_READ, "read"): {"local": "the local mailbox", "polled": "its list and its message from the API of Mailpit"},
    (_WAIT, "wait"): {"local": "the local mailbox", "polled": f"polling the API of Mailpit every {PAUSE * 1e3:g} ms"},
}


def measure(plan: Plan) -> Iterator[Figure]:
    """Measure what a mailbox elsewhere costs."""
    from benchmarks.processes import HERE, smtpmock_home
    from benchmarks.results import Figure, ratio

    if find_spec("falcon") is None:
        for what, _ in _AGAINST:
            yield Figure(what, "", None, note="the extra http is not installed")
        return
    command = [sys.executable, str(HERE / "remote.py"), str(plan.scaled(500, 5)), str(plan.scaled(50, 3))]
    environment = {**os.environ, "PYTHONPATH": str(smtpmock_home())}
    rounds = [
        json.loads(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)
        for _ in plan.rounds((None,), _READ)
    ]
    for (what, kind), contenders in _AGAINST.items():
        ours = [found[f"{kind}, remote"] for found in rounds]
        yield Figure(what, "", median(ours), "us", more_is_better=False, rounds=ours)
        for name, against in contenders.items():
            theirs = [found[f"{kind}, {name}"] for found in rounds]
            note = f"{median(ours):,.0f} us / {median(theirs):,.0f} us"
            if (kind, name) == ("wait", "local"):  # which may return before the client has read its 250
                later = [one - other for one, other in zip(ours, theirs, strict=True)]
                yield Figure(what, f"later than at {against}", median(later), "us", more_is_better=False, note=note)
                continue
            value, ratios = ratio(ours, theirs)
            yield Figure(what, against, value, "x", more_is_better=False, note=note, rounds=ratios)


def figures(reads: int, waits: int) -> dict[str, float]:
    """Return the microseconds of each kind for each contender, medians."""
    from smtpmock import SMTPMock, spawn

    with SMTPMock() as local, spawn() as remote:
        remote.messages()
        connection = HTTPConnection(remote.http_url.partition("//")[2])
        found = {
            "wait, local": lateness(local, lambda: local.wait_for_messages(1, timeout=30), waits),
            "wait, remote": lateness(remote, lambda: remote.wait_for_messages(1, timeout=30), waits),
            "wait, polled": lateness(remote, lambda: poll(connection), waits),
        }
        for mailbox in (local, remote):
            mailbox.deliver(b"Subject: hi\r\n\r\nhello\r\n", "a@example.com", ["b@example.com"])
        found |= {
            "read, local": seconds(local.messages, reads),
            "read, remote": seconds(remote.messages, reads),
            "read, polled": seconds(lambda: read(connection), reads),
        }
        connection.close()
    return {name: 1e6 * value for name, value in found.items()}


def seconds(call: Callable[[], object], count: int) -> float:
    """Return how long a call takes, the median."""
    times = []
    for _ in range(count):
        begin = perf_counter()
        call()
        times.append(perf_counter() - begin)
    return median(times)


def lateness(mailbox: Any, wait: Callable[[], object], count: int) -> float:
    """Return how long after a client in another process has read its 250 a wait returns, the median."""
    times = []
    with sender(mailbox.port) as send:
        for _ in range(count):
            accepted = send()
            wait()
            returned = perf_counter()  # the same clock in all processes
            times.append(returned - accepted())
            mailbox.purge()
    return median(times)


@contextmanager
def sender(port: int) -> Iterator[Callable[[], Callable[[], float]]]:
    """Give a function that lets another process send a mail, and returns one that tells when it was accepted."""
    command = [sys.executable, __file__.replace("remote.py", "waits.py"), "client", str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        told, answers = client.stdin, client.stdout

        def send() -> Callable[[], float]:
            told.write("go\n")
            told.flush()
            return lambda: float(answers.readline())

        yield send
        told.close()


def poll(connection: HTTPConnection) -> None:
    """Ask until there is a message, as clients of Mailpit do."""
    pause = PAUSE * _chance.random()  # the mail does not come when a poll has just been answered
    while not ask(connection, "messages?limit=1")["messages"]:
        sleep(pause)
        pause = PAUSE


def read(connection: HTTPConnection) -> list[Any]:
    """Read all messages, as clients of Mailpit do."""
    listed = ask(connection, "messages")["messages"]
    return [ask(connection, f"message/{one['ID']}") for one in listed]


def ask(connection: HTTPConnection, path: str) -> Any:
    """Return the document that the Mailpit-compatible API answers with."""
    connection.request("GET", f"/api/v1/{path}")
    return json.loads(connection.getresponse().read())


if __name__ == "__main__":
    print(json.dumps(figures(int(sys.argv[1]), int(sys.argv[2]))))
