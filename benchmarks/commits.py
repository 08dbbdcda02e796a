"""The speed of one commit next to another's, as the checkout has them."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.processes import HERE
from benchmarks.results import Figure, ratio
from benchmarks.throughput import CASES, Pace, pace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.plan import Plan

WORKING_TREE = "."


def measure(plan: Plan, old: str, new: str) -> Iterator[Figure]:
    """Measure how many times as fast the new commit is ("." for the files as they are), on small messages."""
    with tempfile.TemporaryDirectory() as directory:
        homes = {commit: checkout(commit, Path(directory) / str(place)) for place, commit in enumerate((old, new))}
        for case in CASES[:2]:
            load = case.load._replace(messages=plan.scaled(case.load.messages))
            paces: dict[str, list[Pace]] = {commit: [] for commit in homes}
            for commit in plan.rounds(homes, case.what):
                paces[commit].append(pace(plan, "smtpmock", load, home=homes[commit]))
            value, rounds = ratio([one.rate for one in paces[new]], [one.rate for one in paces[old]])
            cpu = median(one.cpu for one in paces[new]) / median(one.cpu for one in paces[old])
            note = f"{cpu:.2f}x the processor time"
            yield Figure(f"{case.what}: {new}", old, value, note=note, rounds=rounds)


def checkout(commit: str, directory: Path) -> Path:
    """The package as it was at a commit."""
    if commit == WORKING_TREE:
        return HERE.parent
    archive = subprocess.run(["git", "archive", commit, "smtpmock"], cwd=HERE.parent, check=True, capture_output=True)
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(directory, filter="data")
    return directory
