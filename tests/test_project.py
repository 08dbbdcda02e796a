"""Facts that several files of the project state are the same in all of them."""

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


PAGES = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").rglob("*.md"))]
SOURCES = [
    path.relative_to(ROOT).as_posix() for base in ("smtpmock", "robot_library") for path in (ROOT / base).rglob("*.py")
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


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", *PAGES])
def test_links_to_files_lead_somewhere(page):
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", read(page))

    assert [target for target in targets if not ((ROOT / page).parent / target).exists()] == []


@pytest.mark.parametrize("page", ["README.md", *PAGES, *SOURCES])
def test_absolute_links_to_the_project_lead_somewhere(page):
    """Links of the README work on a package index, and those of docstrings in an editor."""
    repository, site = PROJECT["urls"]["Homepage"], PROJECT["urls"]["Documentation"]
    raw = repository.replace("https://github.com", "https://raw.githubusercontent.com")
    text = read(page)
    named = re.findall(rf"(?:{re.escape(repository)}/(?:blob|tree)|{re.escape(raw)})/main/([\w./-]*[\w/])", text)
    for place, anchor in re.findall(rf"{re.escape(site)}([\w/-]*)(?:#([\w-]+))?", text):
        if place and not place.startswith("keywords"):
            assert place.endswith("/"), place
            named.append(f"docs/{place.rstrip('/')}.md")
            assert not anchor or anchor in _anchors(named[-1]), anchor

    assert [name for name in named if not (ROOT / name).exists()] == []


def test_links_of_the_readme_are_absolute():
    assert re.findall(r"\]\((?!https:)([^)]+)", read("README.md")) == []


def test_pictures_of_the_readme_are_those_of_the_repository():
    """A package index shows the README, but has no pictures."""
    raw = PROJECT["urls"]["Homepage"].replace("https://github.com", "https://raw.githubusercontent.com")
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", read("README.md"))

    assert pictures
    assert [picture for picture in pictures if not picture.startswith(f"{raw}/main/docs/images/")] == []


def test_docstrings_name_no_file_that_is_not_installed():
    assert [path for path in SOURCES if re.search(r"\bdocs/\S*\.md|\.md\b", read(path))] == []


def test_every_page_is_in_the_navigation():
    """A page that is not belongs in the `nav` of mkdocs.yml, below the heading that fits."""
    named = re.findall(r"^ +- (?:[^:\n]+: )?(\S+\.md)$", read("mkdocs.yml"), re.MULTILINE)

    assert sorted(named) == sorted(["index.md", *(path.removeprefix("docs/") for path in PAGES)])


def _anchors(page):
    """Return the anchors of the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", read(page), re.MULTILINE)
    return [re.sub(r"[^\w\s-]", "", heading).strip().lower().replace(" ", "-") for heading in headings]


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
