"""A server in a child process, for tests that compute without pause and would slow down a server beside them."""

from __future__ import annotations

import atexit
import json
import os
import pickle
import subprocess
import sys
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from smtpmock import errors
from smtpmock.errors import RuleError, ServerStateError, StartError
from smtpmock.mailbox import registry
from smtpmock.mailbox.aio import coroutine
from smtpmock.mailbox.explaining import add_evidence
from smtpmock.remote.mock import AsyncRemote, RemoteMock
from smtpmock.runtime.wakeup import make_wakeup
from smtpmock.settings.declarations import SETTINGS, Settings, changed_settings

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self, Unpack

    from smtpmock.queries.query import Mark
    from smtpmock.settings.words import SettingWords

_SECONDS_TO_END = 10.0  # beyond `shutdown_timeout`
_FIRST_PAUSE, _LONGEST_PAUSE = 0.0005, 0.05


class SpawnedMock(RemoteMock):
    """The mailbox of a server in a child process, as `spawn` returns it.

    The child ends with `stop`, at the end of a `with` block, and whenever this process ends, however that may be.

    Args:
        values: The settings of the server.

    Raises:
        StartError: If the child cannot serve.
    """

    def __init__(self, values: dict[str, Any]) -> None:
        self._settings = Settings(**values)
        self._owner = os.getpid()
        self._child = _start(values)
        try:
            answer = _answer(self._child)
            login = self._settings.http_auth.partition(":")
            super().__init__(
                answer["url"],
                auth=(login[0], login[2]) if self._settings.http_auth else None,
                cafile=answer["cafile"],
                timeout=self._settings.timeout,
                ignore_violations=self._settings.ignore_violations,
            )
        except BaseException:
            self._end(0)
            raise
        self._entered: Mark | None = None
        _spawned.add(self)
        registry.note_used(self)

    def __enter__(self) -> Self:
        self._entered = self.mark()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.is_running:
            return
        try:
            if error is None and self._settings.strict:
                self.assert_rules_used()
            if isinstance(error, Exception) and not registry.is_held():
                add_evidence(error, self, self._entered)
        finally:
            self.stop()

    @property
    def aio(self) -> AsyncSpawned:
        """The calls of the server as coroutines, for asyncio and trio: waits, assertions and `stop`."""
        return AsyncSpawned(self)

    @property
    def is_running(self) -> bool:
        """True while messages can arrive."""
        return self._child.poll() is None

    def stop(self) -> None:
        """Stop the server and end its process: when this returns, the ports are free.

        Raises:
            ServerStateError: If it was stopped before.

        Example:
            >>> from smtpmock import spawn
            >>> mock = spawn()
            >>> mock.stop()
            >>> mock.is_running
            False
        """
        if self._owner != os.getpid():
            return  # the child of a fork: the server belongs to its parent
        if not self.is_running:
            raise ServerStateError("Unable to stop SMTP mock server. Server is not running")
        self._end(self._settings.shutdown_timeout + _SECONDS_TO_END)
        self._remote.close()
        _spawned.discard(self)

    def _end(self, seconds: float) -> None:
        child = self._child
        assert child.stdin is not None
        assert child.stdout is not None
        with suppress(OSError):
            child.stdin.close()
        try:
            _wait(child, seconds)
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
            child.stdout.close()


class AsyncSpawned(AsyncRemote):
    """The calls of a server in a child process as coroutines; the `aio` of what `spawn` returns is one."""

    stop = coroutine(SpawnedMock.stop)


def spawn(**settings: Unpack[SettingWords]) -> SpawnedMock:
    """Start a server in a child process, and return its mailbox; it needs the extra `http`.

    It has the defaults of `smtpmock serve`, on free ports of 127.0.0.1.

    Args:
        **settings: Settings, as of an `SMTPMock`.

    Raises:
        SettingError: If a setting is unknown, its value is invalid, or the extra is not installed.
        RuleError: If a setting is a function, which cannot be sent to another process.
        StartError: If the address is not available.

    Example:
        >>> from smtplib import SMTP
        >>> from smtpmock import spawn
        >>> with spawn() as mock, SMTP(mock.host, mock.port) as client:
        ...     _ = client.sendmail("a@example.com", "b@example.com", "Subject: Welcome")
        ...     mock.message().subject
        'Welcome'
    """
    from smtpmock.http.installed import check_installed

    given: dict[str, Any] = dict(settings)
    defaults = {name: declared.serve_default for name, declared in SETTINGS.items() if declared.in_serve}
    values = changed_settings(Settings(**{**defaults, "port": 0, "http_port": 0, **given}))
    for name, value in values.items():
        if callable(value):
            raise RuleError(f"Invalid {name}: expected a value, because a function cannot be sent to another process")
    check_installed()
    return SpawnedMock(values)


def _start(values: dict[str, Any]) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        child = subprocess.Popen(
            [sys.executable, "-m", "smtpmock.remote.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )
    except OSError as error:
        raise StartError(f"Failed to start a process for the SMTP mock: {error.strerror or error}") from error
    assert child.stdin is not None
    try:
        pickle.dump(values, child.stdin)
        child.stdin.flush()
    except BrokenPipeError:
        pass  # it has ended, which its answer tells
    return child


def _wait(child: subprocess.Popen[bytes], seconds: float) -> None:
    """Wait for the end of the child, at most so many seconds: as `Popen.wait` does, which would block a task."""
    end, pause = monotonic() + seconds, _FIRST_PAUSE
    wakeup = make_wakeup()
    try:
        while child.poll() is None and (left := end - monotonic()) > 0:
            wakeup.wait(min(pause, left))
            pause = min(2 * pause, _LONGEST_PAUSE)
    finally:
        wakeup.close()


def _answer(child: subprocess.Popen[bytes]) -> dict[str, Any]:
    """Return what the child says once it serves.

    Raises:
        SMTPMockError: If it cannot serve.
    """
    assert child.stdout is not None
    line = child.stdout.readline()
    if not line:
        raise StartError(f"The process of the SMTP mock ended with status {child.wait()} before it served")
    answer: dict[str, Any] = json.loads(line)
    if "error" in answer:
        raise getattr(errors, answer["error"])(answer["text"])
    return answer


_spawned: WeakSet[SpawnedMock] = WeakSet()


@atexit.register
def _end_all() -> None:
    for mock in tuple(_spawned):
        with suppress(ServerStateError):
            mock.stop()
