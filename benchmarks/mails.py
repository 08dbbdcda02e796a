"""Seconds to read the worst mails of 10 MB: the slowest reader for each kind of shape."""

from __future__ import annotations

import time
from contextlib import suppress
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.results import Figure
from smtpmock.errors import SMTPMockError
from smtpmock.mail.content import Content
from tests.readers import READERS
from tests.shapes import BODIES, FIELDS, HEADERS, PARTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchmarks.plan import Plan
    from tests.shapes import Shape

_SIZE = 10_000_000
_TARGET = 2.0
_KINDS: Mapping[str, Mapping[str, Shape]] = {
    "one long field": FIELDS,
    "many fields": HEADERS,
    "one long body": BODIES,
    "many parts": PARTS,
}


def measure(plan: Plan) -> Iterator[Figure]:
    """Yield the slowest reader of each kind of shape: a reader that another one prepared takes its time with that."""
    size = plan.scaled(_SIZE)
    for kind, shapes in _KINDS.items():
        spent: dict[str, list[float]] = {}
        for name in plan.rounds(shapes, f"mails with {kind}"):
            for reader, seconds in _read(shapes[name].mail(size)).items():
                spent.setdefault(f"{reader}, {name}", []).append(seconds)
        slowest = max(spent, key=lambda name: median(spent[name]))
        rounds = spent[slowest]
        yield Figure(
            f"processor time for a mail of {size / 1e6:g} MB, {kind}",
            "",
            median(rounds),
            unit="s",
            target=_TARGET,
            more_is_better=False,
            note=f"slowest: {slowest}",
            rounds=rounds,
        )


def _read(raw: bytes) -> dict[str, float]:
    content = Content(raw)
    spent = {}
    for name, reader in READERS.items():
        began = time.process_time()
        with suppress(SMTPMockError):
            reader(content)
        spent[name] = time.process_time() - began
    return spent
