"""The benchmarks work; what they measure in a moment says nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from shutil import which

import pytest

from tests.long import LONG

if find_spec("tqdm") is None:
    pytest.skip("the dependency group bench is not installed", allow_module_level=True)


@pytest.mark.uninstrumented
@pytest.mark.timeout(400)
def test_the_command_measures_every_row_and_writes_what_it_measured(tmp_path: Path) -> None:
    written = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks", "--quick", "--json", str(written)]

    ended = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=360, check=False
    )

    assert (ended.returncode, ended.stderr) == (0, "")
    figures = json.loads(written.read_text())["figures"]
    assert len(figures) == 27
    assert all(figure["value"] is not None or "not installed" in figure["note"] for figure in figures)
    assert all(figure["what"] in ended.stdout for figure in figures)


@pytest.mark.skipif(not LONG, reason="takes 20 s: tox -e benchmarks")
@pytest.mark.skipif(
    which("chromium") is None or find_spec("falcon") is None, reason="needs Chromium and the extra http"
)
def test_the_page_is_opened_and_follows_what_is_delivered() -> None:
    command = [sys.executable, "-m", "benchmarks", "page", "--quick"]

    ended = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=200, check=False
    )

    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.count("beside an open inbox page") == 4
