"""The time until the command accepts connections, next to Python and to an import of gevent."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.processes import connect, smtpmock_home
from benchmarks.results import Figure, ratio
from benchmarks.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.plan import Plan

_PATIENCE = 0.1
"""The seconds that the Ruby gem smtp_mock waits for the command."""

_NOTHING = "pass"
_GEVENT = "import gevent.server"


def measure(plan: Plan) -> Iterator[Figure]:
    """Measure starts until a connection is accepted and until the greeting is read; then starts on a busy machine."""
    what = "spawn of the command until it accepts a connection"
    seconds: dict[str, list[float]] = {"command": [], "greeting": [], _NOTHING: [], _GEVENT: []}
    for name in plan.rounds(["command", _NOTHING, _GEVENT] * plan.scaled(6, 1), what):
        if name == "command":
            accepted, greeted = spawn()
            seconds["command"].append(accepted)
            seconds["greeting"].append(greeted)
        else:
            seconds[name].append(run(name))
    for key, against, text, target in (
        ("command", _NOTHING, what, 2.0),
        ("greeting", _GEVENT, "spawn of the command until its greeting", None),
    ):
        value, rounds = ratio(seconds[key], seconds[against])
        note = f"{median(seconds[key]) * 1e3:.0f} ms / {median(seconds[against]) * 1e3:.0f} ms"
        yield Figure(text, f'python -c "{against}"', value, "x", target, more_is_better=False, note=note, rounds=rounds)
    yield beside_busy_loops(plan)


def beside_busy_loops(plan: Plan) -> Figure:
    """Measure how many starts are in time for whoever does not wait long, while two processes keep the machine busy."""
    what = f"starts that accept a connection within {_PATIENCE:g} s, beside two busy loops"
    starts = plan.scaled(20, 1)
    seconds: dict[str, list[float]] = {"command": [], _NOTHING: []}
    with busy_loops(2):
        for name in plan.steps(["command", _NOTHING] * starts, what):
            seconds[name].append(spawn()[0] if name == "command" else run(name))
    in_time, ended = (sum(one <= _PATIENCE for one in seconds[name]) for name in ("command", _NOTHING))
    note = f"{ended} of {starts} / median {median(seconds['command']) * 1e3:.0f} ms"
    return Figure(what, f'python -c "{_NOTHING}"', in_time, f"of {starts}", 0.6 * starts, note=note)


def run(code: str) -> float:
    """Return the seconds that Python takes to start, run some code and end."""
    begin = perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return perf_counter() - begin


def spawn() -> tuple[float, float]:
    """Return the seconds until a connection is accepted and until the greeting is read."""
    script = Path(sys.executable).with_name("smtpmock")
    command = [str(script)] if script.exists() else [sys.executable, "-m", "smtpmock"]
    port = free_port()
    environment = {**os.environ, "PYTHONPATH": str(smtpmock_home())}
    begin = perf_counter()
    child = subprocess.Popen([*command, f"-port={port}"], env=environment, stdout=subprocess.DEVNULL)
    try:
        with connect(port, pause=0.0005) as client:
            accepted = perf_counter() - begin
            client.recv(512)
            return accepted, perf_counter() - begin
    finally:
        child.terminate()
        child.wait()


@contextmanager
def busy_loops(number: int) -> Iterator[None]:
    """Keep as many processes busy, each of which says so first."""
    code = "print(flush=True)\nwhile True: pass"
    loops = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(number)]
    try:
        for loop in loops:
            assert loop.stdout is not None
            loop.stdout.readline()
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.communicate()
