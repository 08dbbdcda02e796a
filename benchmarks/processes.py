"""Servers in processes of their own, and what the system says of them."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.servers import free_port

if TYPE_CHECKING:
    from typing_extensions import Self

HERE = Path(__file__).parent
_TICKS = os.sysconf("SC_CLK_TCK")
_PATIENCE = 30.0


def smtpmock_home() -> Path:
    """The directory from which this process has smtpmock."""
    import smtpmock

    return Path(smtpmock.__file__).parent.parent


def raise_descriptors() -> int:
    """Allow this process, and those it starts, as many descriptors as may be; return how many."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


class Server:
    """A contender at work.

    Args:
        name: Its name: one of those in servers.py, or "smtp-sink".
        *options: What it is told.
        home: The directory to take smtpmock from; None for the one that this process has.
    """

    def __init__(self, name: str, *options: str, home: Path | None = None) -> None:
        self.name = name
        if name == "smtp-sink":
            self.port = free_port()
            command = [smtp_sink(), *(["-u", "nobody"] if os.getuid() == 0 else []), f"127.0.0.1:{self.port}", "1024"]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
            connect(self.port).close()
        else:
            self._process = subprocess.Popen(
                [sys.executable, str(HERE / "servers.py"), name, *options],
                env={**os.environ, "PYTHONPATH": str(home or smtpmock_home())},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            self.port = int(self._read())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.stdin is None:
            self._process.terminate()
        else:
            self._process.stdin.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def kept(self) -> tuple[int, int]:
        """Return the number of messages that it keeps, and the bytes of their bodies."""
        count, size = self._ask("kept").split()
        return int(count), int(size)

    def violations(self) -> int:
        """Return the number of violations in what it keeps."""
        return int(self._ask("violations"))

    def url(self) -> str:
        """Return the URL of its HTTP."""
        return self._ask("url").strip()

    def purge(self) -> None:
        """Make it forget them."""
        self._ask("purge")

    def memory(self) -> int:
        """The bytes of memory that are its own."""
        for line in Path(f"/proc/{self._process.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
        raise LookupError("the system does not say")

    def cpu(self) -> float:
        """The seconds that it has computed."""
        return cpu(self._process.pid)

    def _ask(self, what: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} has ended")
        return line


def cpu(pid: int) -> float:
    """The seconds that a process has computed."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def children(pid: int) -> list[int]:
    """Return the ids of the processes that a process has started."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for started in lists for child in started.read_text().split()]


def connect(port: int, pause: float = 0.001) -> socket.socket:
    """A connection, as soon as there can be one."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
        time.sleep(pause)  # a process that was just started tells nobody when it listens


def smtp_sink() -> str:
    """The path of Postfix's smtp-sink; "" if it is not there."""
    return _program("smtp-sink")


def smtp_source() -> str:
    """The path of Postfix's smtp-source; "" if it is not there."""
    return _program("smtp-source")


def _program(name: str) -> str:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin") or ""


def missing(name: str) -> str:
    """Why a contender cannot take part; "" if it can."""
    from importlib.util import find_spec

    if name == "smtp-sink":
        return "" if smtp_sink() else "Postfix's smtp-sink is not installed"
    if name == "aiosmtpd":
        return "" if find_spec("aiosmtpd") else "aiosmtpd is not installed"
    return ""
