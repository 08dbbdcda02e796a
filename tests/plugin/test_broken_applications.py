"""Applications that are broken as testers meet them, and the whole text of the failures.

Each file in broken/ is an application with its test; beside it stands the text that the test fails with. Whoever has
nothing but this text can say what is wrong with the application. With SMTPMOCK_REWRITE=1 the texts are written anew:
read them before you commit them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.plugin.conftest import failures
from tests.pytest_runs import IS_INSTALLED, LOOPS

FOLDER = Path(__file__).parent / "broken"
FILES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "mailer")


@pytest.fixture(scope="module")
def texts(tmp_path_factory) -> dict[str, str]:
    """The failures of all applications by the names of their files, from a run with every plugin that is installed."""
    folder = tmp_path_factory.mktemp("broken")
    for path in FOLDER.glob("*.py"):
        shutil.copy(path, folder)
    plugin = () if IS_INSTALLED else ("-p", "smtpmock.pytest_plugin")
    options = (*plugin, *LOOPS, "-p", "no:cacheprovider", "-p", "no:randomly", "-W", "error")
    files = [f"{name}.py" for name in FILES]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *files],
        cwd=folder,
        env={**os.environ, "COLUMNS": "80", "PYTEST_ADDOPTS": ""},
        capture_output=True,
        encoding="utf-8",
        timeout=150,
    )
    found = [lines for _, lines in failures(ended.stdout)]
    assert len(found) == len(FILES), ended.stdout + ended.stderr
    return {name: "\n".join(lines) + "\n" for name, lines in zip(FILES, found, strict=True)}


@pytest.mark.parametrize("name", FILES)
def test_whole_text_of_the_failure(name, texts):
    expected = FOLDER / f"{name}.txt"
    if os.environ.get("SMTPMOCK_REWRITE"):
        expected.write_text(texts[name], encoding="utf-8")
        pytest.fail("written anew", pytrace=False)
    assert texts[name] == expected.read_text(encoding="utf-8")
