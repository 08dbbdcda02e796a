"""The results: figures and their targets, as a table and as JSON."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import asdict, dataclass, field
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass
class Figure:
    """A row of the table.

    Attributes:
        what: The quantity that was measured.
        against: The contender that it is compared with; "" if the figure stands alone.
        value: The figure; None if it could not be measured.
        unit: Its unit: "x" for a ratio.
        target: The value to reach; None if there is no target.
        more_is_better: True if the target is a minimum, False if it is a maximum.
        note: The way the figure was measured, in a few words, or the reason that it is missing.
        rounds: The figures of the single rounds.
    """

    what: str
    against: str
    value: float | None
    unit: str = "x"
    target: float | None = None
    more_is_better: bool = True
    note: str = ""
    rounds: list[float] = field(default_factory=list)

    @property
    def is_met(self) -> bool | None:
        """True if the target is reached; None without a figure or a target."""
        if self.value is None or self.target is None:
            return None
        return self.value >= self.target if self.more_is_better else self.value <= self.target


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, list[float]]:
    """The median of the ratios round by round, and those ratios: what disturbs a round disturbs both."""
    ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
    return median(ratios), ratios


def table(figures: Iterable[Figure]) -> str:
    """A table in Markdown."""
    rows = [("what", "against", "measured", "target", "", "how")]
    for figure in figures:
        sign = {True: "met", False: "missed", None: ""}[figure.is_met]
        rows.append((figure.what, figure.against, shown(figure.value, figure.unit), _target(figure), sign, figure.note))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [f"| {' | '.join(map(str.ljust, row, widths))} |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def shown(value: float | None, unit: str) -> str:
    """A figure with its unit."""
    if value is None:
        return "-"
    if unit == "x":
        return f"{value:.2f}x"
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def _target(figure: Figure) -> str:
    if figure.target is None:
        return ""
    return f"{'at least' if figure.more_is_better else 'at most'} {shown(figure.target, figure.unit)}"


def machine() -> dict[str, Any]:
    """Return the machine and the versions of the measurement."""
    return {
        "date": date.today().isoformat(),
        "cores": os.cpu_count(),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        **{name: _version(name) for name in ("smtpmock", "gevent", "greenlet", "aiosmtpd")},
        "load_average": [round(load, 2) for load in os.getloadavg()],
    }


def to_json(figures: Sequence[Figure], **context: Any) -> str:
    """All of it, for machines."""
    rows = [{**asdict(figure), "met": figure.is_met} for figure in figures]
    return json.dumps({"machine": machine(), **context, "figures": rows}, indent=2) + "\n"


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or sys.platform
