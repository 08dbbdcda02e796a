"""The memory of an idle session, and of a kept message."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from benchmarks.load import Load
from benchmarks.processes import Server, connect, raise_descriptors
from benchmarks.results import Figure

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from benchmarks.plan import Plan

_SIZE = 100_000


def measure(plan: Plan) -> Iterator[Figure]:
    """Both figures."""
    yield _idle_sessions(plan)
    yield _kept_messages(plan)


def _idle_sessions(plan: Plan) -> Figure:
    count = min(plan.scaled(5000), raise_descriptors() - 200)
    what = f"memory of an idle session ({count:,} connected, EHLO said)"
    rounds = []
    for _ in plan.rounds((None,), what):
        with Server("smtpmock") as server:
            _leave(_arrive(server.port, 100))  # what the first ones bring with them is not theirs
            before = server.memory()
            clients = _arrive(server.port, count)
            rounds.append((server.memory() - before) / count / 1000)
            _leave(clients)
    return Figure(what, "", median(rounds), "kB", 9, more_is_better=False, rounds=rounds)


def _kept_messages(plan: Plan) -> Figure:
    count = plan.scaled(2000)
    what = f"memory of a kept message ({count:,} of 100 kB)"
    rounds = []
    for _ in plan.rounds((None,), what):
        with Server("smtpmock") as server:
            plan.generator.deliver(server.port, Load(40, size=_SIZE, sessions=4))
            server.purge()
            before = server.memory()
            plan.generator.deliver(server.port, Load(count, size=_SIZE, sessions=4))
            grown = server.memory() - before
            messages, size = server.kept()
            assert messages == count
            rounds.append(grown / size)
    return Figure(what, "bytes of the bodies", median(rounds), "x", 1.10, more_is_better=False, rounds=rounds)


def _arrive(port: int, count: int) -> list[socket.socket]:
    clients = []
    for _ in range(count):
        client = connect(port)
        client.recv(512)
        client.sendall(b"EHLO test.example.com\r\n")
        client.recv(512)
        clients.append(client)
    return clients


def _leave(clients: list[socket.socket]) -> None:
    for client in clients:
        client.sendall(b"QUIT\r\n")
    for client in clients:
        while client.recv(512):
            pass
        client.close()
