"""Runs the acceptance tests on the library that is installed: python atest/run.py [options of robot].

The results, log.html first of all, are in atest/results unless --outputdir says otherwise.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from robot.api import ExecutionResult

HERE = Path(__file__).parent.resolve()


def main() -> int:
    """Runs them all; the exit status is 0 only if something ran and nothing failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--outputdir", type=Path, default=HERE / "results")
    arguments, options = parser.parse_known_args()
    output = arguments.outputdir.resolve()
    command = [sys.executable, "-W", "error", "-m", "robot", "--name", "Acceptance", "--outputdir", output]
    command += ["--pythonpath", HERE / "resources", *options, HERE / "examples", HERE / "suites"]
    # Not from the checkout: Python would find the library there, and not the one that is installed.
    ended = subprocess.run(command, check=False, cwd=HERE)
    total = ExecutionResult(output / "output.xml").statistics.total
    if total.skipped:
        print(f"{total.skipped} skipped: what they need is missing here")
    print(f"{total.passed} passed, {total.failed} failed")
    return ended.returncode or (0 if total.passed else 1)


if __name__ == "__main__":
    sys.exit(main())
