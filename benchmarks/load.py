"""The load: so many messages, delivered by Postfix's smtp-source or by generator.py, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from time import perf_counter
from typing import NamedTuple

from benchmarks.processes import HERE, smtp_source


class Load(NamedTuple):
    """The mail to deliver.

    Attributes:
        messages: How many messages.
        size: The bytes of each.
        sessions: How many connections at once.
        keep_open: True to send many messages over each connection, False to send one.
    """

    messages: int
    size: int = 1000
    sessions: int = 20
    keep_open: bool = False


class Generator:
    """The client that delivers.

    Args:
        own: True for the one in generator.py, False for smtp-source; None for the best available.
    """

    def __init__(self, own: bool | None = None) -> None:
        self._source = "" if own else smtp_source()
        if own is False and not self._source:
            raise FileNotFoundError("Postfix's smtp-source is not installed")
        self.name = "smtp-source" if self._source else "the generator of the benchmarks"

    def deliver(self, port: int, load: Load) -> float:
        """Delivers, and returns how many seconds that took."""
        numbers = [str(number) for number in (load.messages, load.size, load.sessions)]
        if self._source:
            command = [self._source, "-s", numbers[2], "-m", numbers[0], "-l", numbers[1], "-M", "test.example.com"]
            command += ["-f", "a@example.com", "-t", "b@example.com"]
            command += ["-d"] if load.keep_open else []
            command.append(f"127.0.0.1:{port}")
            begin = perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            return perf_counter() - begin
        # Its interpreter has to start first: it takes the time itself.
        command = [sys.executable, str(HERE / "generator.py"), str(port), *numbers, str(int(load.keep_open))]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
