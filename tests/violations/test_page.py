"""The page says what the table says."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from smtpmock.conformance.catalogue import SECTIONS, STANDARDS

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
