"""The distributions: they build, their metadata reads well, and what a reader is told to do with them works.

`tox -e package` has the tools.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest

from tests.docs.pages import ALL, ROOT

if TYPE_CHECKING:
    from pathlib import Path

for tool in ("build", "twine", "check_wheel_contents", "shiv"):
    pytest.importorskip(tool)

SECONDS = 120
BIN = "Scripts" if sys.platform == "win32" else "bin"


def run(*command: object, cwd: Path | None = None, **variables: str) -> str:
    """Run a command, free of what the environment of the tests says; return what it prints."""
    own = ("PYTHONPATH", "PYTHONWARNINGS", "SMTPMOCK_", "COVERAGE_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(own)} | variables
    ended = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


@pytest.fixture(scope="module")
def distributions(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--sdist", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    return folder


@pytest.fixture(scope="module")
def wheel(distributions):
    [wheel] = distributions.glob("*.whl")
    return wheel


def test_metadata_and_readme_are_fit_for_an_index(distributions):
    told = run(sys.executable, "-m", "twine", "check", "--strict", *distributions.iterdir(), NO_COLOR="1")

    assert told.count("PASSED") == 2


def test_contents_of_the_wheel(wheel):
    run(sys.executable, "-m", "check_wheel_contents", "--config", ROOT / "pyproject.toml", wheel)
    with ZipFile(wheel) as files:
        names = {name.partition("/")[0] for name in files.namelist()}

    assert {name for name in names if not name.endswith(".dist-info")} == {"smtpmock", "SMTPMockLibrary"}


def test_first_example_of_the_readme_runs_in_an_empty_environment(wheel, tmp_path):
    [example] = [found for found in ALL["../README.md"] if found.language == "python" and not found.title]
    venv.create(tmp_path / "environment", with_pip=True)
    python = tmp_path / "environment" / BIN / "python"
    run(python, "-m", "pip", "install", "--quiet", wheel)
    (tmp_path / "example.py").write_text(example.code, encoding="utf-8")

    assert run(python, "-W", "error", "example.py", cwd=tmp_path) == ""
    assert run(tmp_path / "environment" / BIN / "smtpmock", "-v", cwd=tmp_path).startswith("smtpmock: ")


def test_one_file_of_the_command_serves(wheel, tmp_path):
    """The command of how-to/containers.md, with the wheel instead of the repository."""
    [told] = [found.code for found in ALL["how-to/containers.md"] if "shiv --" in found.code]
    options = re.search(r"^shiv (.+) \"smtpmock\[(\w+)\]", told, re.MULTILINE)
    run(sys.executable, "-m", "shiv.cli", *options[1].split(), f"{wheel}[{options[2]}]", cwd=tmp_path)
    environment = os.environ | {"SHIV_ROOT": str(tmp_path / "unpacked"), "PYTHONUNBUFFERED": "1"}
    environment.pop("PYTHONPATH", None)
    command = [sys.executable, "smtpmock.pyz", "serve", "--smtp-port", "0", "--http-port", "0"]

    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as server:
        lines = [server.stdout.readline() for _ in range(2)]
        server.terminate()

    assert re.fullmatch(r"SMTP: smtp://127\.0\.0\.1:\d+\n", lines[0])
    assert re.fullmatch(r"Inbox: http://127\.0\.0\.1:\d+\n", lines[1])
