"""A server of Redis for tests, on a free port, in a process that can be stopped, paused and started again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from tempfile import TemporaryDirectory
from time import monotonic, sleep

import pytest

from tests.ports import reserved_port

NEEDED = "SMTPMOCK_TEST_REDIS"
"""The environment variable that makes it an error if there is no Redis; CI sets one of its own."""

_SECONDS = 20


def find_redis() -> str:
    """Return the path of the server; skip the test if there is none, unless it is needed."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found is None:
        reason = "neither redis-server nor valkey-server is installed"
        if os.environ.get(NEEDED) or os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


class RedisServer:
    """A server of Redis that keeps nothing on disk.

    Attributes:
        port: Its port, which stays the same after a restart.
    """

    def __init__(self) -> None:
        self._command = find_redis()
        self._folder = TemporaryDirectory()
        self._reserved = ExitStack()
        self.port = self._reserved.enter_context(reserved_port())
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        """The URL of its first database."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self, *options: str) -> None:
        """Start it, empty; return when it answers."""
        assert self._process is None
        self._process = subprocess.Popen(
            [self._command, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", self._folder.name,
             *options],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        end = monotonic() + _SECONDS
        while True:
            try:
                if self.ask("PING") == "+PONG":
                    return
            except OSError:
                if self._process.poll() is not None or monotonic() > end:
                    raise
                sleep(0.01)

    def ask(self, *words: str) -> str:
        """Return the first line of the answer to a command."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=_SECONDS) as client:
            client.sendall((" ".join(words) + "\r\n").encode())
            return client.makefile("rb").readline().decode().strip()

    def stop(self) -> None:
        """Stop it; what it had is gone."""
        process, self._process = self._process, None
        if process is not None:
            if sys.platform != "win32":
                process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait(_SECONDS)

    def pause(self) -> None:
        """Have it answer nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Have it answer again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """Stop it, and remove its folder."""
        with self._reserved:
            self.stop()
        self._folder.cleanup()
