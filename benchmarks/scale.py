"""Many connections at once, many messages through one server, many messages kept."""

from __future__ import annotations

import subprocess
import sys
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.load import Load
from benchmarks.processes import HERE, Server, raise_descriptors
from benchmarks.results import Figure, ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.plan import Plan

_BOUND = 10_000
_FEW, _MANY = 1_000, 100_000
_STEPS = 10


def measure(plan: Plan) -> Iterator[Figure]:
    """All four."""
    yield from at_once(plan)
    yield from bounded(plan)
    yield from long_life(plan)
    yield from side_by_side(plan)


def at_once(plan: Plan) -> Iterator[Figure]:
    """10,000 clients are connected at the same time, then all of them deliver."""
    count = min(plan.scaled(10_000), raise_descriptors() - 200)
    what = f"{count:,} connections at once, each delivering: kept"
    for _ in plan.steps((None,), what):
        with Server("smtpmock") as server:
            command = [sys.executable, str(HERE / "generator.py"), "at-once", str(server.port), str(count), "1000"]
            said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            kept, _ = server.kept()
    connected, delivered = map(float, said.split())
    note = f"connected and greeted in {connected:.1f} s, delivered in {delivered:.1f} s"
    yield Figure(what, "", kept, "messages", count, note=note)


def bounded(plan: Plan) -> Iterator[Figure]:
    """1,000,000 messages through a server that keeps 10,000, one per connection and on long connections in turn."""
    count = plan.scaled(1_000_000, _STEPS * 100)
    what = f"memory after {count:,} messages with max_messages={_BOUND:,}"
    with Server("smtpmock", str(_BOUND)) as server:

        def step(number: int) -> str:
            is_long = number % 2
            load = Load(count // _STEPS, sessions=2, keep_open=True) if is_long else Load(count // _STEPS)
            plan.generator.deliver(server.port, load)
            return ""

        yield _level(plan, server, what, step)


def long_life(plan: Plan) -> Iterator[Figure]:
    """1,000,000 sessions, none like another, with every extension, rules that count, violations and the log on."""
    count = plan.scaled(1_000_000, _STEPS * 100)
    what = f"memory after {count:,} differing sessions with all extensions, counting rules, violations and the log"
    with Server("smtpmock", str(_FEW), "everything") as server:

        def step(number: int) -> str:
            numbers = map(str, (server.port, count // _STEPS, number * (count // _STEPS), 20))
            subprocess.run(
                [sys.executable, str(HERE / "generator.py"), "differing", *numbers], check=True, capture_output=True
            )
            return f"{server.violations():,} violations"

        yield _level(plan, server, what, step)


def _level(plan: Plan, server: Server, what: str, step: Callable[[int], str]) -> Figure:
    """Measure the memory after each of some steps, which may tell something."""
    memory = []
    for number in plan.steps(range(_STEPS), what):
        told = step(number)
        memory.append(server.memory() / 1e6)
    kept, _ = server.kept()
    note = f"{', '.join(filter(None, (f'{kept:,} kept', told)))}; "
    note += f"MB after each tenth: {', '.join(f'{size:.0f}' for size in memory)}"
    grown = memory[-1] / max(memory[:-2])
    return Figure(what, "the most of the first eight tenths", grown, "x", 1.05, more_is_better=False, note=note)


def side_by_side(plan: Plan) -> Iterator[Figure]:
    """Compare the cost of another message while few are kept and while many are."""
    few, many = plan.scaled(_FEW), plan.scaled(_MANY)
    what = f"seconds per message with {many:,} kept"
    load = Load(plan.scaled(4000))
    seconds: dict[int, list[float]] = {few: [], many: []}
    cpu: dict[int, list[float]] = {few: [], many: []}
    with Server("smtpmock") as small, Server("smtpmock") as large:
        plan.generator.deliver(large.port, Load(many, keep_open=True))
        for count in plan.rounds((few, many), what):
            if count == few:
                small.purge()
                plan.generator.deliver(small.port, Load(few, keep_open=True))
            server = small if count == few else large
            before = server.cpu()
            seconds[count].append(plan.generator.deliver(server.port, load) / load.messages)
            cpu[count].append((server.cpu() - before) / load.messages)
    value, rounds = ratio(seconds[many], seconds[few])
    note = f"processor time: {median(cpu[many]) * 1e6:.0f} us / {median(cpu[few]) * 1e6:.0f} us"
    yield Figure(what, f"with {few:,} kept", value, note=note, rounds=rounds)
