"""The page says what the table says."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from smtpmock import STANDARDS, QueryError
from smtpmock.conformance.catalogue import SECTIONS, drop_ignored, violation

DOCS = Path(__file__).parent.parent.parent / "docs"
TEXT = (DOCS / "violations.md").read_text(encoding="utf-8")


def test_the_page_is_what_the_declaration_makes_of_it():
    specification = importlib.util.spec_from_file_location("render_violations", DOCS / "render_violations.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)

    assert module.page() == TEXT, "run python docs/render_violations.py"


def test_the_page_has_a_row_for_each_violation_in_its_section():
    sections = {
        title: re.findall(r"^\| `([a-z0-9-]+)` \| RFC", rows, re.MULTILINE)
        for title, rows in re.findall(r"^### (.*)\n\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    }

    assert sections == {title: list(rows) for title, rows in SECTIONS.items()}


def test_no_code_is_in_two_sections():
    assert len(STANDARDS) == sum(map(len, SECTIONS.values()))


def test_every_code_that_the_page_names_exists():
    named = set(re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)+)`", TEXT)) - {"quoted-printable"}

    assert named == set(STANDARDS)


@pytest.mark.parametrize(("code", "standard"), STANDARDS.items())
def test_a_violation_names_its_section_and_says_one_sentence(code, standard):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", code)
    assert re.fullmatch(r"RFC \d{4}( \d+(\.\d+)*)", standard.rfc)
    assert re.fullmatch(r"[A-Z].{20,110}\.", standard.text)


def test_a_violation_has_the_level_of_its_row():
    assert {code: violation(code).level for code in STANDARDS} == {code: row.level for code, row in STANDARDS.items()}
    assert violation("missing-message-id").level == "should"
    assert violation("missing-date").level == "must"


def test_the_page_tells_the_level_of_each_violation():
    levels = dict(re.findall(r"^\| `([a-z0-9-]+)` \| RFC [^|]* \| (must|should) \| ", TEXT, re.MULTILINE))

    assert levels == {code: row.level for code, row in STANDARDS.items()}


@pytest.mark.parametrize("ignore", ["missing-date", ["missing-date"], {"missing-date"}], ids=repr)
def test_a_code_can_be_ignored_alone_or_in_a_collection(ignore):
    found = [violation("missing-date"), violation("no-quit")]

    assert drop_ignored(found, ignore) == [violation("no-quit")]
    assert drop_ignored(found, ()) == found


@pytest.mark.parametrize("ignore", ["missing-dat", ["no-quit", "missing-dat"]], ids=repr)
def test_an_unknown_code_is_refused_with_the_nearest_one(ignore):
    with pytest.raises(QueryError, match=r"^Unknown violation 'missing-dat': did you mean 'missing-date'\?$"):
        drop_ignored([], ignore)
