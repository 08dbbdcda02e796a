"""Where the server of a test can be: in its process, in another one, or behind HTTPS and a login."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from smtpmock import SMTPMock, connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smtpmock import Mailbox

PLACES = ("local", "process", "https")
LOGIN = ("tester", "secret: 1")

_farms: list[Farm] = []


@contextmanager
def served(place: str, **settings: Any) -> Iterator[Any]:
    """Give a server in a place, and make sure at the end that nothing unexpected happened in it."""
    if place == "local":
        with SMTPMock(**settings) as mock:
            yield mock
        assert mock.errors == []
    elif place == "https":
        server = SMTPMock(http_port=0, http_tls=True, http_auth=":".join(LOGIN), **settings)
        with server, connect(server.http_url, auth=LOGIN, cafile=server.ca_certificate, **_of_client(server)) as mock:
            yield mock
        assert server.errors == []
    else:
        with farm().served(settings) as mock:
            yield mock


def _of_client(server: SMTPMock) -> dict[str, Any]:
    return {"timeout": server.settings.timeout, "ignore_violations": server.settings.ignore_violations}


class Farm:
    """A process that starts and stops servers as it is told: to start one takes milliseconds, a process a second."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.places"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    @contextmanager
    def served(self, settings: dict[str, Any]) -> Iterator[Mailbox]:
        """Give a server."""
        started = self._ask(settings)
        try:
            with connect(started["url"], timeout=started["timeout"]) as mock:
                yield mock
        finally:
            errors = self._ask(None)
        assert errors == []

    def _ask(self, what: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pickle.dump(what, self._process.stdin)
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def end(self) -> None:
        """End the process."""
        self._process.communicate()


def farm() -> Farm:
    """Return the process of this run; start it if there is none."""
    if not _farms:
        _farms.append(Farm())
    return _farms[0]


def end_farm() -> None:
    """End the process of this run."""
    while _farms:
        _farms.pop().end()


def _main() -> None:
    servers: list[SMTPMock] = []
    while True:
        try:
            told = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        if told is None:
            server = servers.pop()
            server.stop()
            print(json.dumps(list(map(repr, server.errors))), flush=True)
        else:
            server = SMTPMock(http_port=0, **told)
            server.start()
            servers.append(server)
            print(json.dumps({"url": server.http_url, "timeout": server.settings.timeout}), flush=True)


if __name__ == "__main__":
    _main()
