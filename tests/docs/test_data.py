"""Every block of the pages is in a language that the tests know; data can be read, and suites run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import ALL, DOCS, files
from tests.docs.test_python import masked, write
from tests.test_project import tomllib

if TYPE_CHECKING:
    from pathlib import Path

RUN = {"python", "sh", "console", "robotframework", "js", "perl", "toml", "json", "yaml"}
FOREIGN = {"go", "java", "csharp", "ruby"}  # of other tools: how-to/coming-from.md shows their call beside ours
BLOCKS = [example for found in ALL.values() for example in found]


@pytest.mark.parametrize("page", ALL)
def test_blocks_have_a_language(page):
    """Text is what is printed or drawn; everything else is run or read."""
    allowed = RUN | {"text"} | (FOREIGN if page.startswith("how-to/coming-from") else set())
    assert [str(example) for example in ALL[page] if example.language not in allowed] == []


@pytest.mark.parametrize("example", [block for block in BLOCKS if block.language == "toml"], ids=str)
def test_toml(example):
    assert tomllib.loads(example.code)


@pytest.mark.parametrize("example", [block for block in BLOCKS if block.language == "json"], ids=str)
def test_json(example):
    decoder, rest = json.JSONDecoder(), example.code.strip()
    while rest:
        found, end = decoder.raw_decode(rest)
        assert found
        rest = rest[end:].strip()


@pytest.mark.parametrize("example", [block for block in BLOCKS if block.language == "yaml"], ids=str)
def test_yaml(example):
    yaml = pytest.importorskip("yaml")
    assert yaml.safe_load(example.code)


@pytest.mark.skipif(find_spec("robot") is None, reason="needs Robot Framework")
def test_suites(tmp_path):
    """Run all suites of all pages, in one process."""
    (tmp_path / "pages").mkdir()
    for page, found in ALL.items():
        suites = [example for example in found if example.language == "robotframework"]
        folder = tmp_path / "pages" / page.replace("/", "_").replace("..", "").removesuffix(".md")
        if suites:
            write(files(found), folder)
            write({f"line_{example.line}.robot": example.code for example in suites if not example.title}, folder)
    status, printed = _robot(tmp_path, "pages")
    assert status == 0, printed


@pytest.mark.skipif(find_spec("robot") is None, reason="needs Robot Framework")
def test_failure_of_the_tutorial_is_the_one_that_it_shows(tmp_path):
    page = "tutorials/robot.md"
    [line] = re.findall(r"^Add `(.+)` as the last line", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE)
    [shown] = [example.code for example in ALL[page] if example.language == "text"]
    write(files(ALL[page]), tmp_path)
    with (tmp_path / "refused.robot").open("a", encoding="utf-8") as suite:
        suite.write(f"    {line}\n")

    status, printed = _robot(tmp_path, "refused.robot")

    assert status == 1
    assert "\n".join(masked(line) for line in shown.splitlines()) in masked(printed)


def _robot(folder: Path, suites: str) -> tuple[int, str]:
    """Run suites; return the number of failed tests, and what is printed."""
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-m", "robot", "--outputdir", str(folder), "--log", "none", suites],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return ended.returncode, ended.stdout
