"""Every Python example of the pages is run.

One that defines tests is run by pytest, in one process for all of its page; any other is executed where it stands. An
example that is to fail says so in its first line: `# fails`. The text below it is what it shows.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from tests.docs.pages import ALL, DOCS, Example, files
from tests.pytest_runs import plugin_options

if TYPE_CHECKING:
    from pathlib import Path

REPEATED = {"rules.md", "recipes.md"}  # tests/rules runs their examples several times
PYTHON = {
    page: [example for example in found if example.language == "python"]
    for page, found in ALL.items()
    if page not in REPEATED
}


# The plugins of pytest that an example can use, and how that can be seen.
SIGNS = {"asyncio": "pytest.mark.asyncio", "anyio": "pytest.mark.anyio", "xdist": "worker_id"}


def has_tests(example: Example) -> bool:
    return "def test_" in example.code


STATEMENTS = [example for found in PYTHON.values() for example in found if not example.title and not has_tests(example)]
TESTED = [page for page, found in PYTHON.items() if any(has_tests(example) for example in found)]


@pytest.mark.parametrize("example", STATEMENTS, ids=str)
def test_statements(example, tmp_path, monkeypatch):
    _skip_unless_installed([example], files(ALL[example.page]))
    write(files(ALL[example.page]), tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    try:
        code = compile("\n" * (example.line - 1) + example.code, str(DOCS / example.page), "exec")
        exec(code, {"__name__": "example"})
    finally:
        for name in {*sys.modules} - before:
            if name + ".py" in files(ALL[example.page]):
                del sys.modules[name]


@pytest.mark.parametrize("page", TESTED)
def test_tests(page, tmp_path):
    tests = [example for example in PYTHON[page] if has_tests(example)]
    _skip_unless_installed(tests, files(ALL[page]))
    outcomes, output = run(page, tests, tmp_path)
    for example in tests:
        assert outcomes[example] == {"failed" if example.code.startswith("# fails") else "passed"}, output
        shown = [below for below in ALL[page] if below.language == "text" and below.line > example.line]
        if example.title and example.code.startswith("# fails"):
            expected = [masked(line) for line in shown[0].code.splitlines()]
            lines = [masked(line.rstrip()) for line in output.splitlines()]
            begin = lines.index(expected[0])
            assert lines[begin : begin + len(expected)] == expected


def write(named: dict[str, str], folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, code in named.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code, encoding="utf-8")


def run(page: str, tests: list[Example], folder: Path) -> tuple[dict[Example, set[str]], str]:
    """Run tests of a page with pytest; return their outcomes, and what it wrote."""
    write({name: code for name, code in files(ALL[page]).items() if not name.startswith("test_")}, folder)
    places = {}
    for number, example in enumerate(tests):
        place = folder / f"section_{[*dict.fromkeys(test.section for test in tests)].index(example.section)}"
        write(files(ALL[page], example.section), place)
        name = example.title or f"test_example_{number}.py"
        (place / name).write_text(example.code, encoding="utf-8")
        places[f"{place.name}.{name.removesuffix('.py')}"] = example
    codes = "".join(example.code for example in tests)
    options = plugin_options(*(name for name, sign in SIGNS.items() if sign in codes))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}  # of its children
    environment |= {"PYTHONPATH": os.pathsep.join([str(folder), *filter(None, [environment.get("PYTHONPATH")])])}
    environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # the other plugins of this environment take seconds to load
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-W", "error", "--strict-markers", "--junitxml=junit.xml", *options],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert (folder / "junit.xml").exists(), ended.stdout
    outcomes: dict[Example, set[str]] = {example: set() for example in tests}
    for case in ElementTree.parse(folder / "junit.xml").iter("testcase"):
        [example] = [found for name, found in places.items() if f"{case.get('classname')}.".startswith(f"{name}.")]
        marks = {child.tag for child in case} & {"failure", "error", "skipped"}
        outcomes[example] |= {"failed" if marks == {"failure"} else marks.pop() if marks else "passed"}
    return outcomes, ended.stdout


def masked(line: str) -> str:
    """Return the line without times and ports, nor what depends on their width."""
    line = re.sub(r"\d\d:\d\d:\d\d\.\d{3}|\d+\.\d{3}|(?<=127\.0\.0\.1:)\d+", "0", line)
    line = re.sub(r"\b(from|to):<", lambda found: found[0].upper(), line)  # smtplib 3.13.0 writes small letters
    return re.sub(r"-{5,}|_{5,}", "--", re.sub(r"^section_\d+/", "", line))


def _skip_unless_installed(used: list[Example], named: dict[str, str]) -> None:
    codes = [*(example.code for example in used), *(code for name, code in named.items() if name.endswith(".py"))]
    own = {name.removesuffix(".py") for name in named}
    for module in sorted(_imported(codes) - own):
        if find_spec(module) is None:
            pytest.skip(f"{module} is not installed")


def _imported(codes: list[str]) -> set[str]:
    """Return the names of the modules that the code imports, and of the plugins whose markers it uses."""
    found = {"pytest_asyncio" for code in codes if "pytest.mark.asyncio" in code}
    for code in codes:
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add((node.module or "").partition(".")[0])
    return found
