"""A process that starts and stops servers as it is told: to start one there takes milliseconds, a process a second."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING, Any

import smtpmock
from smtpmock import SMTPMock, SMTPMockError, connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smtpmock import Mailbox

# What is installed comes first.
_PROGRAM = f"import sys; sys.path.append({str(Path(__file__).parents[1])!r}); from tests.farm import main; main()"


class Farm:
    """A process with servers that can be reached over HTTP."""

    def __init__(self) -> None:
        self._turn = Lock()
        command = [sys.executable, "-W", "error", "-c", _PROGRAM]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def start(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Start a server.

        Returns:
            Its `id`, its `url`, and the settings `timeout` and `ignore_violations`, which concern its clients.

        Raises:
            SMTPMockError: If it cannot start.
        """
        answer: dict[str, Any] = self._ask("start", settings)
        return answer

    def stop(self, server: str) -> list[str]:
        """Stop a server; return what went wrong in it."""
        errors: list[str] = self._ask("stop", server)
        return errors

    @contextmanager
    def served(self, settings: dict[str, Any]) -> Iterator[Mailbox]:
        """Give a server, and make sure at the end that nothing unexpected happened in it."""
        started = self.start(settings)
        try:
            with connect(
                started["url"], timeout=started["timeout"], ignore_violations=started["ignore_violations"]
            ) as mock:
                yield mock
        finally:
            errors = self.stop(started["id"])
        assert errors == []

    def _ask(self, *what: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._turn:
            pickle.dump(what, self._process.stdin)
            self._process.stdin.flush()
            answer = json.loads(self._process.stdout.readline())
        if isinstance(answer, dict) and "error" in answer:
            raise getattr(smtpmock, answer["error"])(answer["text"])
        return answer

    def end(self) -> None:
        """End the process."""
        self._process.communicate()


def main() -> None:
    """Do what standard input says, until it ends."""
    with TemporaryDirectory() as folder:
        _work(Path(folder))


def _work(folder: Path) -> None:
    servers: dict[str, SMTPMock] = {}
    while True:
        try:
            verb, what = pickle.load(sys.stdin.buffer)
        except EOFError:
            break
        try:
            answer = _start(servers, folder, what) if verb == "start" else _stop(servers.pop(what))
        except SMTPMockError as error:
            answer = {"error": type(error).__name__, "text": str(error)}
        print(json.dumps(answer), flush=True)
    for server in servers.values():
        server.stop()


def _start(servers: dict[str, SMTPMock], folder: Path, settings: dict[str, Any]) -> Any:
    server = SMTPMock(**{"http_port": 0, "store": f"sqlite:///{folder / token_hex(4)}.db", **settings})
    server.start()
    servers[server.http_url] = server
    known = server.settings
    return {
        "id": server.http_url,
        "url": server.http_url,
        "timeout": known.timeout,
        "ignore_violations": known.ignore_violations,
    }


def _stop(server: SMTPMock) -> Any:
    server.stop()
    return list(map(repr, server.errors))
