"""Start, one mail, read it, stop: what a server costs a test. As a program: so many cycles of one contender."""

from __future__ import annotations

import os
import subprocess
import sys
from smtplib import SMTP
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.plan import Plan
    from benchmarks.results import Figure

_MAIL = "Subject: hi\r\n\r\nhello\r\n"


def measure(plan: Plan) -> Iterator[Figure]:
    """Measure how many times as fast as aiosmtpd's Controller it is."""
    from benchmarks.processes import missing
    from benchmarks.results import Figure, ratio

    what, against, target = "start, a mail by smtplib, read it, stop", "aiosmtpd's Controller", 2.0
    if missing("aiosmtpd"):
        yield Figure(what, against, None, target=target, note=missing("aiosmtpd"))
        return
    seconds: dict[str, list[float]] = {"smtpmock": [], "aiosmtpd": []}
    for name in plan.rounds(seconds, what):
        seconds[name].append(cycles(name, plan.scaled(300)))
    value, rounds = ratio(seconds["aiosmtpd"], seconds["smtpmock"])
    note = " / ".join(f"{median(taken) * 1e3:.2f} ms" for taken in seconds.values())
    yield Figure(what, against, value, target=target, note=note, rounds=rounds)


def cycles(name: str, count: int) -> float:
    """The median of the seconds of so many cycles, in a process of their own."""
    from benchmarks.processes import HERE, smtpmock_home

    command = [sys.executable, str(HERE / "lifecycle.py"), name, str(count)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(smtpmock_home()), str(HERE.parent)))}
    return float(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)


def smtpmock() -> None:
    """A cycle of smtpmock."""
    from smtpmock import SMTPMock

    with SMTPMock() as mock:
        _send(mock.port)
        assert len(mock.messages()) == 1


def aiosmtpd() -> None:
    """A cycle of aiosmtpd."""
    from aiosmtpd.controller import Controller

    from benchmarks.servers import free_port

    bodies = []

    class Storing:
        async def handle_DATA(self, _: Any, __: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
            bodies.append(envelope.content)
            return "250 OK"

    controller = Controller(Storing(), hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        _send(controller.port)
        assert len(bodies) == 1
    finally:
        controller.stop()


def _send(port: int) -> None:
    with SMTP("127.0.0.1", port, local_hostname="test.example.com") as client:
        client.sendmail("a@example.com", ["b@example.com"], _MAIL)


def _time(cycle: Callable[[], None], count: int) -> Iterator[float]:
    cycle()  # imports
    for _ in range(count):
        begin = perf_counter()
        cycle()
        yield perf_counter() - begin


if __name__ == "__main__":
    print(median(_time({"smtpmock": smtpmock, "aiosmtpd": aiosmtpd}[sys.argv[1]], int(sys.argv[2]))))
