"""The benchmarks work; what they measure in a moment says nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

if find_spec("tqdm") is None:
    pytest.skip("the dependency group bench is not installed", allow_module_level=True)


def test_the_command_measures_every_row_and_writes_what_it_measured(tmp_path: Path) -> None:
    written = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks", "--quick", "--json", str(written)]

    ended = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=100, check=False
    )

    assert (ended.returncode, ended.stderr) == (0, "")
    figures = json.loads(written.read_text())["figures"]
    assert len(figures) == 21
    assert all(figure["value"] is not None or "not installed" in figure["note"] for figure in figures)
    assert all(figure["what"] in ended.stdout for figure in figures)
