"""How long the command takes until it can be connected to, next to an interpreter that imports gevent."""

from __future__ import annotations

import os
import subprocess
import sys
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


def measure(plan: Plan) -> Iterator[Figure]:
    """Until a connection is accepted, and until the greeting is read."""
    what = "spawn of the command until it accepts a connection"
    seconds: dict[str, list[float]] = {"command": [], "greeting": [], "gevent": []}
    for name in plan.rounds(["command", "gevent"] * plan.scaled(6, 1), what):
        if name == "gevent":
            begin = perf_counter()
            subprocess.run([sys.executable, "-c", "import gevent.server"], check=True)
            seconds["gevent"].append(perf_counter() - begin)
        else:
            accepted, greeted = spawn()
            seconds["command"].append(accepted)
            seconds["greeting"].append(greeted)
    against = 'python -c "import gevent.server"'
    for key, text, target in (("command", what, 1.0), ("greeting", "spawn of the command until its greeting", None)):
        value, rounds = ratio(seconds[key], seconds["gevent"])
        note = f"{median(seconds[key]) * 1e3:.0f} ms / {median(seconds['gevent']) * 1e3:.0f} ms"
        yield Figure(text, against, value, "x", target, more_is_better=False, note=note, rounds=rounds)


def spawn() -> tuple[float, float]:
    """The seconds until a connection is accepted, and until the greeting is read."""
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
