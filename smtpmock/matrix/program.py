"""A command as the scenario: it finds the server in its environment, and is ended with all that it has started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

from smtpmock.errors import SettingError
from smtpmock.text import escape_controls, quote, shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smtpmock.server import SMTPMock

_MOST_OUTPUT = 4_096  # bytes of its end that are read
_MOST_NOTE = 100  # characters
_SECONDS_TO_DIE = 5.0


class ProgramError(Exception):
    """A command that failed.

    Attributes:
        last_words: The last line that it wrote to standard error.
    """

    def __init__(self, status: int, last_words: str) -> None:
        super().__init__(f"exit status {status}" if status >= 0 else f"signal {-status}")
        self.last_words = last_words


class Program:
    """A command that sends mail to SMTP_HOST and SMTP_PORT. With TLS, SMTP_CAFILE is the certificate to trust.

    Args:
        command: The command and its arguments.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)
        self._running: subprocess.Popen[bytes] | None = None

    def __call__(self, mock: SMTPMock) -> None:
        """Run the command until it ends.

        Raises:
            ProgramError: If it fails.
            SettingError: If it cannot be started.
        """
        environment = {**os.environ, "SMTP_HOST": mock.host, "SMTP_PORT": str(mock.port)}
        if mock.settings.tls and not mock.settings.certfile:
            environment["SMTP_CAFILE"] = str(mock.ca_certificate)
        group: dict[str, Any] = {} if sys.platform == "win32" else {"start_new_session": True}
        with TemporaryFile() as errors:
            try:
                running = subprocess.Popen(  # noqa: S603  # what the user asked to run
                    self._command,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    **group,
                )
            except OSError as error:
                what = f"The command {quote(self._command[0])} cannot be run"
                raise SettingError(f"{what}: {error.strerror or error}") from None
            self._running = running
            try:
                status = running.wait()
            except BaseException:  # interrupted: nobody else would end it
                self.stop()
                running.wait(_SECONDS_TO_DIE)
                raise
            if status:
                raise ProgramError(status, _last_line(errors))

    def stop(self) -> None:
        """End the command, and what it has started and left behind."""
        running, self._running = self._running, None
        if running is None:
            return
        if sys.platform == "win32":
            running.kill()
        else:
            with suppress(ProcessLookupError, PermissionError):  # macOS: of a group that is just ending
                os.killpg(running.pid, signal.SIGKILL)


def _last_line(errors: Any) -> str:
    size = errors.seek(0, os.SEEK_END)
    errors.seek(max(0, size - _MOST_OUTPUT))
    lines = errors.read().decode(errors="replace").strip().splitlines()
    return escape_controls(shorten(lines[-1].strip(), _MOST_NOTE)) if lines else ""
