"""The command in the hands of the Ruby gem smtp_mock, which does with it what is done here."""

from __future__ import annotations

import os
import re
import shutil
import signal
import smtplib
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.clients.command import environment, wait_for
from tests.ports import reserved_port
from tests.raw_client import SECONDS, Client

if TYPE_CHECKING:
    from collections.abc import Iterator


class Session(NamedTuple):
    process: subprocess.Popen[bytes]
    client: smtplib.SMTP


@pytest.fixture
def gem_path(tmp_path):
    """A directory with a symbolic link to the command, as the gem makes it, to stand first in PATH."""
    installed = Path(sys.executable).with_name("smtpmock")
    if not installed.exists():
        pytest.skip("the package is not installed beside this interpreter")
    (tmp_path / "smtpmock").symlink_to(installed)
    return f"{tmp_path}{os.pathsep}{os.environ['PATH']}"


@contextmanager
def spawned_by_gem(path: str, error_log: Path, arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Spawn the command as the gem does: standard error into a file, 0.1 s of patience, a look at the file.

    Ruby needs a shell only for a command with quotes; the process that it knows is the shell then.
    """
    # Without what measures coverage in children: it would be the larger part of a start.
    plain = {name: text for name, text in environment(PATH=path).items() if not name.startswith("COVERAGE_")}
    command = f"smtpmock {arguments}"
    needs_shell = '"' in command
    with (
        error_log.open("wb") as errors,
        subprocess.Popen(
            command if needs_shell else command.split(),
            shell=needs_shell,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env=plain,
            start_new_session=True,
        ) as process,
    ):
        try:
            time.sleep(0.1)
            assert error_log.read_text() == ""
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def session_with_gem_server(path: str, error_log: Path, arguments: str) -> Iterator[Session]:
    """A client that connects when the gem would let it, or as soon as a busy machine lets it."""
    with (
        reserved_port() as port,
        spawned_by_gem(path, error_log, f"{arguments} -port={port} -sessionTimeout=60") as process,
    ):
        wait_for(port)
        with smtplib.SMTP("127.0.0.1", port, timeout=SECONDS) as client:
            yield Session(process, client)
        assert error_log.read_text() == ""


def test_gem_finds_a_version_that_it_accepts(gem_path):
    link = shutil.which("smtpmock", path=gem_path)
    assert link is not None
    assert Path(link).is_symlink()

    output = subprocess.run(
        "smtpmock -v", shell=True, capture_output=True, text=True, check=True, env=environment(PATH=gem_path)
    ).stdout

    version = re.match(r"smtpmock: (\d+)\.(\d+)\.(\d+)\n", output)
    assert version
    assert tuple(map(int, version.groups())) >= (1, 5, 0)


@pytest.mark.parametrize(("how", "status"), [(signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)])
def test_gem_takes_the_silence_after_the_spawn_for_a_good_start_and_stops_the_command(gem_path, tmp_path, how, status):
    with session_with_gem_server(gem_path, tmp_path / "err_log", "-failFast -log") as (process, client):
        assert client.ehlo() == (250, b"Received")
        client.quit()
        process.send_signal(how)
        assert process.wait(SECONDS) == status


def test_gem_quotes_lists_and_texts(gem_path, tmp_path):
    arguments = (
        '-msgRcpttoNotRegisteredEmail="550 Who is that?" -notRegisteredEmails="nobody@example.com,b@example.com"'
    )

    with session_with_gem_server(gem_path, tmp_path / "err_log", arguments) as (_, client):
        client.ehlo()
        client.mail("a@example.com")
        assert client.rcpt("b@example.com") == (550, b"Who is that?")


def test_gem_reads_an_assigned_port_off_lsof(gem_path, tmp_path):
    if shutil.which("lsof") is None:
        pytest.skip("lsof is not installed")
    give_up = time.monotonic() + SECONDS
    with spawned_by_gem(gem_path, tmp_path / "err_log", "") as process:
        while True:
            listed = subprocess.run(["lsof", "-aPi", "-p", str(process.pid)], capture_output=True, text=True)
            if found := re.search(r":(\d+) \(LISTEN\)", listed.stdout):
                break
            assert time.monotonic() < give_up, listed
        Client(int(found[1])).close()
