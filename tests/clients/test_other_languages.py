"""The tests in docs/other-languages.md, run as they stand there."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from smtpmock import SMTPMock
from tests.clients.application import MISTAKES, application
from tests.docs.pages import ALL, files

FILES = files(ALL["other-languages.md"])
COMMANDS = {".sh": ["sh"], ".mjs": ["node", "--test"], ".t": ["perl"]}
NEEDED = {".sh": ("sh", "curl", "jq"), ".mjs": ("node",), ".t": ("perl",)}
SECONDS = 60


@pytest.fixture
def mock():
    with SMTPMock(http_port=0) as mock:
        yield mock
        assert mock.errors == []


def run(name: str, folder: Path, mock: SMTPMock, mistake: str = "") -> subprocess.CompletedProcess[str]:
    """Run a file of the page against the application."""
    kind = Path(name).suffix
    for program in NEEDED[kind]:
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}")
    (folder / name).write_text(FILES[name], encoding="utf-8")
    with application(mock, mistake) as url:
        environment = {**os.environ, "APP": url, "MOCK": mock.http_url}
        return subprocess.run(
            [*COMMANDS[kind], name],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )


def test_page_has_a_file_for_each_language():
    assert [Path(name).suffix for name in FILES] == list(COMMANDS)


@pytest.mark.parametrize("name", FILES)
def test_test_of_the_page_passes_and_uses_the_server(name, tmp_path, mock):
    ended = run(name, tmp_path, mock)

    assert ended.returncode == 0, ended.stdout
    assert [rule.hits for rule in mock.rules] == [1]


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("name", FILES)
def test_test_of_the_page_fails_if_the_application_has_a_mistake(name, mistake, tmp_path, mock):
    assert run(name, tmp_path, mock, mistake).returncode != 0
