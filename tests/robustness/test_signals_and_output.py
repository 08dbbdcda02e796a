"""The ends of the command, and its output."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.children import heed_hangups
from tests.raw_client import SECONDS, Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Run = Callable[..., str]


class Command:
    """The command, started with these flags, with its output."""

    def __init__(self, *flags: str, **options: Any) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "smtpmock", "-port=0", *flags],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options},
        )

    def read_until(self, begin: str) -> str:
        """Return what follows this beginning of a line of its output."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(begin):
                return str(line.removeprefix(begin).strip())
        raise AssertionError(f"no line begins with {begin!r}: {self.process.communicate()[1]}")

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def start() -> Iterator[Callable[..., Command]]:
    started = []

    def start(*flags: str, **options: Any) -> Command:
        options.setdefault("preexec_fn", heed_hangups)
        started.append(Command(*flags, **options))
        return started[-1]

    yield start
    for command in started:
        command.end()


@pytest.mark.needs("signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"])
def test_a_signal_stops_the_command_with_success_and_removes_the_key_folder(
    start: Callable[..., Command], name: str
) -> None:
    pytest.importorskip("trustme")
    command = start("--tls=starttls")
    folder = Path(command.read_until("Certificate authority: ")).parent
    command.read_until("SMTP mock server started on port: ")
    assert folder.is_dir()
    command.process.send_signal(getattr(signal, name))
    _, complaints = command.process.communicate(timeout=SECONDS)
    assert (command.process.returncode, complaints) == (0, "")
    assert not folder.exists()


@pytest.mark.needs("signals")
@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_second_signal_ends_the_command_at_once(start: Callable[..., Command], name: str, status: int) -> None:
    pytest.importorskip("trustme")
    command = start("--tls=starttls", "--shutdown-timeout=3600", "--log-server-activity", "--log-to-stdout")
    folder = Path(command.read_until("Certificate authority: ")).parent
    port = int(command.read_until("INFO: ").rpartition(" ")[2])
    with Client(port) as client:
        client.send_bytes(b"EHLO")  # a command that is not complete: the stop waits for its end
        command.read_until("INFO: ")  # session started
        while "shutdown mode" not in (line := command.read_until("INFO: ")):
            if "220" in line:
                command.process.send_signal(getattr(signal, name))
        command.process.send_signal(getattr(signal, name))
        _, complaints = command.process.communicate(timeout=SECONDS)
    assert (command.process.returncode, complaints) == (status, "")
    assert not folder.exists()


@pytest.mark.needs("signals")
def test_a_command_that_outlives_its_terminal_goes_on(start: Callable[..., Command]) -> None:
    command = start(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    port = int(command.read_until("SMTP mock server started on port: "))
    command.process.send_signal(signal.SIGHUP)
    with Client(port) as client:
        client.deliver()
    command.process.terminate()
    assert command.process.wait(SECONDS) == 0


@pytest.mark.needs("signals")
def test_a_log_to_a_closed_output_says_so_once_and_the_server_goes_on(
    start: Callable[..., Command], free_port: int
) -> None:
    read, write = os.pipe()
    command = start("-log", f"-port={free_port}", stdout=write)
    os.close(write)
    with os.fdopen(read) as output:
        assert "started on port" in output.readline()
    for _ in range(3):
        with Client(free_port) as client:
            client.deliver()
    command.process.terminate()
    _, complaints = command.process.communicate(timeout=SECONDS)
    assert complaints == "smtpmock: Cannot write the log to standard output: Broken pipe\n"
    assert command.process.returncode == 0


def test_a_log_without_any_output_says_so_once(run: Run) -> None:
    output = run(
        """
        import subprocess, sys
        script = '''
        import os, sys
        sys.stdout = None
        from smtpmock import SMTPMock
        from tests.raw_client import deliver
        with SMTPMock(log_to_stdout=True, log_server_activity=True) as mock:
            deliver(mock, 3)
        '''
        import textwrap
        child = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True)
        print(child.returncode, child.stderr)
        """
    )

    assert output == "0 smtpmock: Cannot write the log to standard output: Bad file descriptor\n\n"
