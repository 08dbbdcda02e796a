"""Run the acceptance tests with the installed library: python atest/run.py [options of robot].

The results, including log.html, are written to atest/results unless --outputdir is given. With --remote, each server
that a test starts runs in another process.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from robot.api import ExecutionResult

HERE = Path(__file__).parent.resolve()


def main() -> int:
    """Run all tests, and return 0 only if at least one ran and none failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--outputdir", type=Path, default=HERE / "results")
    parser.add_argument("--remote", action="store_true", help="with servers in another process, spoken to over HTTP")
    arguments, options = parser.parse_known_args()
    output = arguments.outputdir.resolve()
    command = [sys.executable, "-W", "error", "-m", "robot", "--name", "Acceptance", "--outputdir", output]
    command += ["--pythonpath", HERE / "resources", *options, HERE / "examples", HERE / "suites", HERE / "inbox"]
    environment = dict(os.environ)
    if arguments.remote:
        command[5:5] = ["--listener", "Remotely", "--exclude", "local"]
        environment["SUBJECT_OPTIONS"] = "--listener Remotely"
    # In the root of the checkout, Python would import the library from there instead of the installed one.
    ended = subprocess.run(command, check=False, cwd=HERE, env=environment)
    total = ExecutionResult(output / "output.xml").statistics.total
    if total.skipped:
        print(f"{total.skipped} skipped because of missing requirements")
    print(f"{total.passed} passed, {total.failed} failed")
    return ended.returncode or (0 if total.passed else 1)


if __name__ == "__main__":
    sys.exit(main())
