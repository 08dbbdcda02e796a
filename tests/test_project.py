"""What stands in several files of the project says the same in all of them."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path

import pytest

from smtpmock import AsyncMailbox, Mailbox

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PYTHONS = [
    name.rpartition(" ")[2]
    for name in PROJECT["classifiers"]
    if re.fullmatch(r"Programming Language :: Python :: 3\.\d+", name)
]


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def test_ci_runs_the_command_that_the_readme_tells():
    (command,) = re.findall(r"runs the tests of the project:\n\n```sh\n(.+)\n```", read("README.md"))

    assert command in read(".ci/run").splitlines()


@pytest.mark.parametrize("version", PYTHONS)
def test_every_python_that_is_promised_is_tested(version):
    factor = version.replace(".", "")
    (factors,) = re.findall(r"^    py\{([\d,]+)\}-smoke", read("tox.ini"), re.MULTILINE)
    (matrix,) = re.findall(r"matrix = .*py\{([\d,]+)\},", read("tox.ini"))

    assert factor in factors.split(",")
    assert factor in matrix.split(",")
    assert f'{{ env: py{factor}, python: "{version}" }}' in read(".github/workflows/tests.yml")
    assert version in re.findall(r"for version in (.+); do", read(".ci/run"))[0].split()


def test_oldest_python_is_the_one_that_is_required():
    assert PROJECT["requires-python"] == f">={PYTHONS[0]}"


def test_oldest_gevent_that_is_allowed_is_the_one_that_is_tested():
    (requirement,) = [name for name in PROJECT["dependencies"] if name.startswith("gevent")]
    oldest, newest = re.fullmatch(r"gevent>=([\d.]+),<(\d+)", requirement).groups()

    assert f"oldest: gevent=={oldest}\n" in read("tox.ini")
    assert re.search(rf"\| gevent \| {re.escape(oldest)} to {int(newest) - 1}\.", read("docs/versions.md"))


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]
)
def test_links_to_files_lead_somewhere(page):
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", read(page))

    assert [target for target in targets if not ((ROOT / page).parent / target).exists()] == []


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "tox.ini"])
def test_test_files_that_are_named_exist(page):
    named = re.findall(r"(?<![\w/])(?:tests|atest|docs)/[\w/.]*\w", read(page).replace("{tox_root}/", ""))

    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_method_of_a_mailbox_is_a_coroutine_of_its_aio():
    methods = inspect.getmembers(Mailbox, inspect.isfunction)
    names = [name for name, _ in methods if not name.startswith("_")]
    assert {"wait_for_message", "assert_no_message", "messages", "on"} <= set(names)
    for synchronous in ("offline", "scope"):  # a context manager, and what asks nobody
        names.remove(synchronous)
    for name in names:
        assert inspect.iscoroutinefunction(getattr(AsyncMailbox, name, None)), name
        assert inspect.getdoc(getattr(AsyncMailbox, name)) == inspect.getdoc(getattr(Mailbox, name))
