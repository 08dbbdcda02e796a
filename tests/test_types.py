"""Type checkers find wrong keyword arguments: a comment in `data/misuse.py` marks each line that is an error.

`# error: CODE` stands on a line for which mypy has to report exactly that error; pyright, where it is installed, has to
report an error there and nowhere else.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

MISUSE = Path(__file__).parent / "data" / "misuse.py"
EXPECTED = {
    number: found[1]
    for number, line in enumerate(MISUSE.read_text(encoding="utf-8").splitlines(), 1)
    if (found := re.search(r"# error: ([a-z-]+)$", line))
}


def check(*command: str) -> str:
    """Return what a type checker says about the file; it fails because there are errors."""
    done = subprocess.run([*command, str(MISUSE)], capture_output=True, text=True, cwd=MISUSE.parents[2])
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def test_mypy_reports_every_misuse_and_nothing_else(tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="mypy is not installed")
    output = check(sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path))

    errors = re.findall(r"misuse\.py:(\d+): error: .+\[([a-z-]+)\]$", output, re.MULTILINE)
    assert {int(line): code for line, code in errors} == EXPECTED, output


def test_pyright_reports_every_misuse_and_nothing_else() -> None:
    pyright = shutil.which("pyright")
    if pyright is None:
        pytest.skip("pyright is not installed")
    found = json.loads(check(pyright, "--pythonpath", sys.executable, "--outputjson"))["generalDiagnostics"]

    assert {item["range"]["start"]["line"] + 1 for item in found if item["severity"] == "error"} == EXPECTED.keys()
