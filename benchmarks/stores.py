"""SMTP with a file of SQLite and with Redis, next to memory."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.load import Load
from benchmarks.processes import Server, children, connect, cpu, smtpmock_home
from benchmarks.results import Figure, ratio
from benchmarks.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.plan import Plan

LOAD = Load(8000, sessions=50, keep_open=True)
TARGETS = {"sqlite": 0.6, "redis": 0.5}
MOST_FOR_TWO_WORKERS = 1.1
_WHAT = "1 kB messages per second, 50 connections kept open"


def measure(plan: Plan) -> Iterator[Figure]:
    """The throughput with each store, as a ratio to that with memory."""
    load = LOAD._replace(messages=plan.scaled(LOAD.messages, 100))
    with TemporaryDirectory() as folder, _redis(folder) as redis:
        urls = {"memory": "memory:", "sqlite": f"sqlite:///{folder}/mails.db", "redis": redis}
        contenders = [name for name, url in urls.items() if url]
        paces: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
        for name in plan.rounds(contenders, "stores"):
            paces[name].append(_pace(plan, urls[name], load))
        for name, target in TARGETS.items():
            if name not in paces:
                yield Figure(_WHAT, name, None, target=target, note="neither Redis nor Valkey is installed")
                continue
            value, rounds = ratio([rate for rate, _ in paces[name]], [rate for rate, _ in paces["memory"]])
            note = f"{_middle(paces[name])} / memory {_middle(paces['memory'])}"
            yield Figure(_WHAT, f"{name}, as a part of memory", value, target=target, note=note, rounds=rounds)
        if redis:
            yield _two_workers(plan, redis, load)


def _two_workers(plan: Plan, url: str, load: Load) -> Figure:
    """The processor time of two workers for a message, as a ratio to that of one."""
    costs: dict[int, list[float]] = {1: [], 2: []}
    for count in plan.rounds(costs, "workers"):
        with _workers(count, url) as (port, pids):
            plan.generator.deliver(port, load._replace(messages=load.sessions))
            before = sum(map(cpu, pids))
            plan.generator.deliver(port, load)
            costs[count].append((sum(map(cpu, pids)) - before) / load.messages * 1e6)
    value, rounds = ratio(costs[2], costs[1])
    note = f"{median(costs[2]):,.0f} us / {median(costs[1]):,.0f} us"
    what, most = "processor time for a 1 kB message, two workers over Redis", MOST_FOR_TWO_WORKERS
    return Figure(what, "one worker", value, target=most, more_is_better=False, note=note, rounds=rounds)


@contextmanager
def _workers(count: int, url: str) -> Iterator[tuple[int, list[int]]]:
    """Start the command with workers; give its port and their ids."""
    options = ["--smtp-port=0", f"--workers={count}", f"--store={url}", "--max-messages=0"]
    command = [sys.executable, "-m", "smtpmock", "serve", *options, "--multiple-rcptto", "--multiple-message-receiving"]
    environment = {**os.environ, "PYTHONPATH": str(smtpmock_home())}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline().rpartition(":")[2])
            yield port, children(process.pid) or [process.pid]
        finally:
            process.terminate()
            process.wait()


def _pace(plan: Plan, url: str, load: Load) -> tuple[float, float]:
    """Messages per second, and microseconds of the server's processor for each; all of them have to be there."""
    with Server("smtpmock", "", "", "", url) as server:
        server.purge()
        plan.generator.deliver(server.port, load._replace(messages=load.sessions))
        before = server.cpu()
        seconds = plan.generator.deliver(server.port, load)
        cpu = (server.cpu() - before) / load.messages * 1e6
        if server.kept()[0] != load.sessions + load.messages:
            raise RuntimeError(f"{url} has lost messages: {server.kept()[0]} of {load.sessions + load.messages}")
    return load.messages / seconds, cpu


def _middle(paces: list[tuple[float, float]]) -> str:
    return f"{median(rate for rate, _ in paces):,.0f}/s ({median(cpu for _, cpu in paces):,.0f} us CPU)"


@contextmanager
def _redis(folder: str) -> Iterator[str]:
    """Start Redis or Valkey; give its URL, "" if neither is installed."""
    command = shutil.which("redis-server") or shutil.which("valkey-server")
    if command is None:
        yield ""
        return
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    with subprocess.Popen([command, *options], stdout=subprocess.DEVNULL) as process:
        try:
            connect(port).close()
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait()
            Path(folder, "dump.rdb").unlink(missing_ok=True)
