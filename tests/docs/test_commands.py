"""Every command of the pages is run, in the order of its page, beside the files of the page.

A block of the language `sh` is a script that has to succeed; one of `console` has commands after `$ ` and what they
print. A server stays until the next one is started, or until the page ends. The ports of the pages are replaced by free
ones. Commands that need a Redis are not run here: tests/stores has one. Nor are those that install something: their
requirements are compared with the project, and tests/package installs the wheel.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.docs.pages import ALL, Example, files
from tests.docs.test_python import masked, write
from tests.ports import reserved_port
from tests.test_project import PROJECT

PORTS = ("1025", "8025", "2525")
SECONDS = 60
ELSEWHERE = {"other-languages.md"}  # tests/clients runs it against an application
_INSTALLS = re.compile(
    r"^(?:\.venv/bin/)?(?:\. \.venv/bin/activate|python3? -m (?:pip|venv)|"
    r"(?:pip|pipx|uvx?|shiv|tox|git|docker|podman)\b)"
)
_SERVES = re.compile(r"^(?:\w+=\S+ )*smtpmock\b(?!.* (?:-v|--version|--help|healthcheck)\b)")


class Command(NamedTuple):
    """A command, and what it prints if the page shows that."""

    text: str
    shown: str | None


def commands(example: Example) -> list[Command]:
    """Return the commands of a block."""
    if example.language == "console":
        parts = re.split(r"^\$ ", example.code, flags=re.MULTILINE)
        assert not parts[0], f"{example} does not begin with a command"
        return [Command(*part.partition("\n")[::2]) for part in parts[1:]]
    lines = example.code.replace("\\\n", "").splitlines()
    single = any(_SERVES.match(line) or _INSTALLS.match(line) for line in lines)
    return [Command(line, None) for line in lines if line] if single else [Command(example.code, None)]


PAGES = {
    page: [example for example in found if example.language in ("sh", "console") and not example.title]
    for page, found in ALL.items()
    if page not in ELSEWHERE
}


class Terminal:
    """A reader who does what the page says."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: subprocess.Popen[str] | None = None
        self._reserved = ExitStack()
        self.ports = {port: str(self._reserved.enter_context(reserved_port())) for port in PORTS}
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "SMTPMOCK_"))}
        self._environment = own | {"PATH": path, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}
        self._environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "-p smtpmock.pytest_plugin"}
        self._environment.pop("PYTHONWARNINGS", None)

    def localized(self, text: str) -> str:
        """Return the text with free ports."""
        return re.sub(r"(?<!\d)(?:1025|8025|2525)(?!\d)", lambda found: self.ports[found[0]], text)

    def run(self, command: Command) -> None:
        """Run a command; fail unless it succeeds and prints what the page shows."""
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", _strict(self.localized(command.text))],
            cwd=self._folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert ended.returncode == 0, f"{command.text}\n{ended.stdout}"
        if command.shown is not None:
            assert _masked(ended.stdout) == _masked(self.localized(command.shown))

    def serve(self, command: Command) -> None:
        """Start a server, and wait until it has printed what the page shows."""
        self.stop()
        arguments = shlex.split(self.localized(command.text))
        variables = [argument for argument in arguments if re.match(r"\w+=", argument)]
        defaults = {"SMTPMOCK_PORT": self.ports["1025"], "SMTPMOCK_HTTP_PORT": self.ports["8025"]}  # of `serve`
        self._server = subprocess.Popen(
            arguments[len(variables) :],
            cwd=self._folder,
            env=self._environment
            | (defaults if "serve" in arguments else {})
            | dict(variable.split("=", 1) for variable in variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._server.stdout is not None
        for line in self.localized(command.shown or "").splitlines() or [""]:
            printed = self._server.stdout.readline()
            assert printed, f"{command.text} ended with {self._server.wait(SECONDS)}"
            if command.shown:
                assert _masked(printed.rstrip()) == _masked(line)
            else:
                assert re.match(r"SMTP: |INFO: .+ started on port: ", printed), printed

    def stop(self) -> None:
        """Stop the server, if there is one, as Ctrl-C does."""
        if self._server:
            self._server.send_signal(signal.SIGINT)
            self._server.communicate(timeout=SECONDS)
            assert self._server.returncode == 0
            self._server = None

    def close(self) -> None:
        """Stop the server, and give the ports back."""
        with self._reserved:
            self.stop()


@pytest.fixture
def terminal(tmp_path):
    terminal = Terminal(tmp_path)
    yield terminal
    terminal.close()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a Unix shell")
@pytest.mark.parametrize("page", [page for page, found in PAGES.items() if found])
def test_commands(page, terminal, tmp_path):
    todo = [command for example in PAGES[page] for command in commands(example)]
    for command in todo:
        for program in ("curl", "jq"):
            if program in command.text and shutil.which(program) is None:
                pytest.skip(f"needs {program}")
    write({name: terminal.localized(code) for name, code in files(ALL[page]).items()}, tmp_path)
    for command in todo:
        if _INSTALLS.match(command.text) or "redis://" in command.text:
            continue
        if re.match("robot|libdoc", command.text) and find_spec("robot") is None:
            continue
        (terminal.serve if _SERVES.match(command.text) else terminal.run)(command)


@pytest.mark.parametrize("page", ALL)
def test_requirements_name_the_project_and_its_extras(page):
    text = "\n".join(example.code for example in ALL[page] if example.language in ("sh", "console", "yaml", "text"))
    for extras in re.findall(r"smtpmock\[([\w,]+)\]", text):
        assert set(extras.split(",")) <= set(PROJECT["optional-dependencies"])
    for address in re.findall(r"git\+(https://\S+?)(?:[\"'@ ]|$)", text):
        assert address == PROJECT["urls"]["Homepage"]


def _strict(script: str) -> str:
    """Return the script with an exit where a command that should fail does not: `set -e` passes over `!`."""
    return re.sub(r"(?m)^(! .+)$", r"\1 || exit 1", script)


def _masked(text: str) -> list[str]:
    """Return the lines without what differs from one run to another."""
    text = re.sub(r"(?m)^Certificate authority: .*$", "Certificate authority: ca.pem", text)
    text = re.sub(r"\b\d{4}[-/]\d\d[-/]\d\d[T ][\d:.,]+Z?\b|\bin \d+\.\d+s\b|\b[0-9a-f]{7,}(?:-\d+)+\b", "0", text)
    return [masked(line).rstrip() for line in text.splitlines()]
