"""The command as a child process."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.children import heed_hangups
from tests.raw_client import SECONDS, Client

if TYPE_CHECKING:
    from collections.abc import Iterator


def environment(**added: str) -> dict[str, str]:
    return {name: text for name, text in os.environ.items() if not name.startswith("SMTPMOCK_")} | added


@contextmanager
def spawned(*arguments: str, **added: str) -> Iterator[subprocess.Popen[str]]:
    """Run the command as a child process, which does not outlive the block."""
    command = [sys.executable, "-m", "smtpmock", *arguments]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**added),
        cwd=Path(__file__).parent,  # not the checkout: the command is the installed one
        preexec_fn=heed_hangups,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def run(*arguments: str, **added: str) -> tuple[int, str, str]:
    """Run the command to its end; return its exit status, output and errors."""
    with spawned(*arguments, **added) as process:
        output, errors = process.communicate(timeout=SECONDS)
    return process.returncode, output, errors


def port_of(process: subprocess.Popen[str]) -> int:
    """Return the port that the command says first."""
    assert process.stdout is not None
    assert select.select([process.stdout], [], [], SECONDS)[0], "it says nothing"
    line = process.stdout.readline()
    match = re.search(r"SMTP mock server started on port: (\d+)$", line)
    assert match, line
    return int(match[1])


def stop(process: subprocess.Popen[str], how: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
    """End the command; return its exit status, its output since the port and its errors."""
    process.send_signal(how)
    output, errors = process.communicate(timeout=SECONDS)
    return process.returncode, output, errors


def wait_for(port: int) -> None:
    """Wait until somebody listens, which a command that was told its port does not say."""
    give_up = time.monotonic() + SECONDS
    while True:
        try:
            Client(port, greeting=None).close()
            return
        except ConnectionRefusedError:
            assert time.monotonic() < give_up, "it does not listen"
