"""Measure the survival matrix of each client that is installed, and write the table of docs/survival.md anew."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from smtpmock import FAULTS

FOLDER = Path(__file__).parent
PAGE = FOLDER.parents[1] / "docs" / "survival.md"
NODE_MODULES = FOLDER.parents[1] / "tests" / "clients" / "node_modules"
SECONDS_OF_THE_QUEUE = 9

_TABLE = re.compile(r"(?<=<!-- clients -->\n).*(?=<!-- end of clients -->\n)", re.DOTALL)

CLIENTS: dict[str, tuple[list[str], bool]] = {
    "smtplib": ([sys.executable, "smtplib_client.py"], True),
    "aiosmtplib": ([sys.executable, "aiosmtplib_client.py"], find_spec("aiosmtplib") is not None),
    "Django": ([sys.executable, "django_client.py"], find_spec("django") is not None),
    "Nodemailer": (["node", "nodemailer_client.js"], (NODE_MODULES / "nodemailer").exists()),
    "msmtp": (["sh", "msmtp_client.sh"], shutil.which("msmtp") is not None),
    "swaks": (["sh", "swaks_client.sh"], shutil.which("swaks") is not None),
    "curl": (["sh", "curl_client.sh"], shutil.which("curl") is not None),
    "Exim": ([sys.executable, "exim_client.py"], shutil.which("exim4") is not None),
}
"""The clients: the command of each, and True if it is installed."""


def measure(name: str) -> dict[str, dict[str, Any]]:
    """Return the rows of the matrix of a client, by fault."""
    words, _ = CLIENTS[name]
    command = [str(FOLDER / word) if (FOLDER / word).exists() else word for word in words]
    wait = ["--wait", str(SECONDS_OF_THE_QUEUE)] if name == "Exim" else []
    with TemporaryDirectory() as folder:
        rows = Path(folder) / "rows.json"
        flags = ["--auth", "any", "--time-limit", "10", *wait, "--json", str(rows)]
        subprocess.run(
            [sys.executable, "-m", "smtpmock", "matrix", *flags, "--", *command],
            check=True,
            env={**os.environ, "NODE_PATH": str(NODE_MODULES)},
            stdout=subprocess.DEVNULL,
        )
        return {row["fault"]: row for row in json.loads(rows.read_text(encoding="utf-8"))["rows"]}


def cell(row: dict[str, Any]) -> str:
    """Return what became of the mail, in few words."""
    if row["outcome"] == "not-reached":
        return "not reached"
    attempts = f" ({row['attempts']})" if row["attempts"] > 1 and row["outcome"] != "lost" else ""
    if row["outcome"] == "lost":
        lost = "lost" if row["lost"] == row["expected"] else f"lost {row['lost']} of {row['expected']}"
        return f"{lost}, told" if row["reported"] else f"**{lost}, not told**"
    if row["outcome"] == "duplicated":
        return f"**twice**{attempts}"
    return f"delivered{', error told' if row['reported'] else ''}{attempts}"


def table(found: dict[str, dict[str, dict[str, Any]]]) -> str:
    """Return the outcomes as Markdown: a row for each fault, a column for each client."""
    lines = [f"| fault | {' | '.join(found)} |", f"|---|{'---|' * len(found)}"]
    lines += [f"| `{fault}` | {' | '.join(cell(rows[fault]) for rows in found.values())} |" for fault in FAULTS]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure the clients, and write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.survival", description=__doc__)
    parser.add_argument("--json", type=Path, help="write all rows to this file")
    parser.add_argument("clients", nargs="*", metavar="CLIENT", help="only these; the page is not written then")
    options = parser.parse_args()
    names = options.clients or [name for name, (_, is_installed) in CLIENTS.items() if is_installed]
    found = {name: measure(name) for name in names}
    print(table(found))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2), encoding="utf-8")
    if not options.clients:
        PAGE.write_text(_TABLE.sub(lambda _: table(found), PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
