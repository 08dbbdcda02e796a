"""Messages per second, next to aiosmtpd, Postfix's smtp-sink and a gevent server that does nothing."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.load import Load
from benchmarks.processes import Server, missing
from benchmarks.results import Figure, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.plan import Plan

NAMES = {"aiosmtpd": "aiosmtpd that stores", "smtp-sink": "Postfix smtp-sink", "bare": "gevent, canned replies"}


class Case(NamedTuple):
    """A kind of load, and how many times as fast as each peer smtpmock is to be."""

    what: str
    load: Load
    targets: dict[str, float]


CASES = (
    Case(
        "1 kB messages per second, one per connection",
        Load(4000),
        {"aiosmtpd": 3.3, "smtp-sink": 0.65, "bare": 0.80},
    ),
    Case(
        "1 kB messages per second, connections kept open",
        Load(8000, keep_open=True),
        {"aiosmtpd": 3.5, "smtp-sink": 0.50, "bare": 0.70},
    ),
    Case(
        "1 MB messages per second, 4 connections",
        Load(200, size=1_000_000, sessions=4),
        {"aiosmtpd": 5.5, "smtp-sink": 0.90},
    ),
)


class Pace(NamedTuple):
    """The result of a contender in a round: messages per second, and microseconds of its processor for each."""

    rate: float
    cpu: float


def measure(plan: Plan) -> Iterator[Figure]:
    """The figures of all cases."""
    for case in CASES:
        load = case.load._replace(messages=plan.scaled(case.load.messages))
        peers = [name for name in case.targets if not missing(name)]
        contenders = ("smtpmock", *peers)
        paces: dict[str, list[Pace]] = {name: [] for name in contenders}
        for name in plan.rounds(contenders, case.what):
            paces[name].append(pace(plan, name, load))
        ours = paces["smtpmock"]
        for name, target in case.targets.items():
            if name not in paces:
                yield Figure(case.what, NAMES[name], None, target=target, note=missing(name))
                continue
            theirs = paces[name]
            value, rounds = ratio([one.rate for one in ours], [one.rate for one in theirs])
            note = f"{_middle(ours)} / {_middle(theirs)}"
            yield Figure(case.what, NAMES[name], value, target=target, note=note, rounds=rounds)


def pace(plan: Plan, name: str, load: Load, **where: Any) -> Pace:
    """Start a contender, deliver, and make sure that what keeps messages has kept all."""
    with Server(name, **where) as server:
        warm = min(load.messages, 40)
        plan.generator.deliver(server.port, load._replace(messages=warm))
        before = server.cpu()
        seconds = plan.generator.deliver(server.port, load)
        cpu = (server.cpu() - before) / load.messages * 1e6
        if name in ("smtpmock", "aiosmtpd") and server.kept()[0] != warm + load.messages:
            raise RuntimeError(f"{name} has lost messages: {server.kept()[0]} of {warm + load.messages}")
    return Pace(load.messages / seconds, cpu)


def _middle(paces: list[Pace]) -> str:
    return f"{median(pace.rate for pace in paces):,.0f}/s ({median(pace.cpu for pace in paces):,.0f} us CPU)"
