"""The process that opens the ports, starts the workers, and replaces those that die."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from time import monotonic, sleep
from typing import IO, TYPE_CHECKING

from smtpmock import Settings, invalid
from smtpmock.errors import SettingError, StartError
from smtpmock.runtime.listener import CAN_SHARE, share

if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable, Sequence

    from smtpmock.runtime.signals import StopSignals

_PAUSE_SECONDS = 0.5  # between two starts of a worker
_CHILD_ENDED = getattr(signal, "SIGCHLD", 0)  # Windows has none; the command refuses --workers there


def check_workers(count: int, settings: Settings) -> None:
    """Refuse what several processes cannot share.

    Args:
        count: The number of workers.
        settings: The settings of the server.

    Raises:
        SettingError: If the store belongs to one process, or the system cannot hand sockets on.
    """
    if not settings.store.startswith("redis:"):
        expected = "a store that processes can share as well, such as --store=redis://localhost/0"
        raise SettingError(f"{invalid('workers', count, expected)} instead of {settings.store.partition(':')[0]}:")
    if sys.platform == "win32":
        raise SettingError("Invalid workers: not available on Windows, where processes do not inherit sockets")


_CHILD_ENDED = getattr(signal, "SIGCHLD", 0)  # Windows has none; the command refuses --workers there


class Worker:
    """A worker, with the process that is it at the moment.

    Args:
        arguments: The arguments of `smtpmock serve`.
        sockets: The descriptors on which it listens; this process keeps them, so that connections wait while it dies.
        is_first: True if it adds the rules and sends the examples of the command line, once.
    """

    def __init__(self, arguments: Sequence[str], sockets: Sequence[int], *, is_first: bool) -> None:
        self._arguments = list(arguments)
        self._sockets = list(sockets)
        self._is_first = is_first
        self._started = -_PAUSE_SECONDS
        self._process: subprocess.Popen[bytes] | None = None
        self._answer: dict[str, str] | None = None
        self._input: IO[bytes] | None = None

    def start(self) -> None:
        """Start the process; not at once if the last one ended soon."""
        soon = self._started + _PAUSE_SECONDS - monotonic()
        if soon > 0:
            sleep(soon)
        self._started = monotonic()
        self._answer = None
        answers, told = os.pipe()
        task = {"arguments": self._arguments, "sockets": self._sockets, "told": told, "is_first": self._is_first}
        self._is_first = False
        self._answers = os.fdopen(answers, "rb")
        try:
            command = [sys.executable, "-m", "smtpmock.workers.worker"]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=(*self._sockets, told))  # noqa: S603  # of this process
            self._input = self._process.stdin
        finally:
            os.close(told)
        assert self._input is not None
        with suppress(BrokenPipeError):  # it died, of which its end tells
            self._input.write(json.dumps(task).encode() + b"\n")
            self._input.flush()

    def answer(self) -> dict[str, str]:
        """Wait until the process serves, or has ended; return the text to show, or the error."""
        if self._answer is None:
            line = self._answers.readline()
            self._answer = json.loads(line) if line else {"error": "it ended before it served"}
        return self._answer

    def death(self) -> str:
        """Return how the process has ended, and clear up after it; "" while it runs."""
        status = None if self._process is None else self._process.poll()
        if self._process is None or status is None:
            return ""
        how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with the status {status}"
        error = self.answer().get("error", "")
        self._clear_up()
        return f"The worker {self._process.pid} {how}{error and f' ({error})'}"

    def end(self) -> None:
        """Tell the process to stop."""
        if self._input is not None:
            self._input.close()

    def join(self) -> None:
        """Wait until the process has ended."""
        if self._process is not None:
            self._process.wait()

    def kill(self) -> None:
        """End the process at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._clear_up()

    def _clear_up(self) -> None:
        self._answers.close()
        with suppress(BrokenPipeError):
            self.end()


def serve_with_workers(
    count: int,
    arguments: Sequence[str],
    listeners: Sequence[socket],
    stop_signals: StopSignals,
    show: Callable[[str], object],
) -> None:
    """Serve until a signal comes.

    Args:
        count: The number of workers.
        arguments: The arguments of `smtpmock serve`.
        listeners: The sockets that listen, for SMTP and for HTTP.
        stop_signals: The signals that stop the command.
        show: The function to call with the addresses once all workers serve.

    Raises:
        StartError: If a worker cannot serve.
    """
    signal.signal(_CHILD_ENDED, lambda *_: None)  # leaves a byte for those who wait for signals
    # Each worker has sockets of its own, so that the system spreads connections evenly; else all have the same.
    sockets = [listeners] + [[share(one) if CAN_SHARE else one for one in listeners] for _ in range(1, count)]
    workers = [
        Worker(arguments, [one.fileno() for one in own], is_first=number == 0) for number, own in enumerate(sockets)
    ]
    try:
        for worker in workers:
            worker.start()
        answers = [worker.answer() for worker in workers]
        for answer in answers:
            if "error" in answer:
                raise StartError(answer["error"])
        show(answers[0]["text"])
        while stop_signals.next_of(_CHILD_ENDED) == _CHILD_ENDED:
            for worker in workers:
                death = worker.death()
                if death:
                    print(f"smtpmock: {death}; it is replaced", file=sys.stderr, flush=True)
                    worker.start()
        stop_signals.bear(lambda: _stop(workers))
    finally:
        for worker in workers:
            worker.kill()
        for own in sockets:
            for one in own:
                one.close()


def _stop(workers: Sequence[Worker]) -> None:
    for worker in workers:
        worker.end()
    for worker in workers:
        worker.join()
