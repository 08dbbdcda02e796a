"""Each example of docs/esmtp.md runs, and its tables name what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from smtpmock.rfc.extensions import EXTENSIONS, MECHANISMS
from smtpmock.settings.declarations import SETTINGS
from smtpmock.settings.values import TLS_FAULTS

PAGE = Path(__file__).parent.parent.parent / "docs" / "esmtp.md"
TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = [
    (TEXT.count("\n", 0, found.start()) + 1, found[1])
    for found in re.finditer(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
]


@pytest.mark.parametrize(("line", "code"), EXAMPLES, ids=lambda value: str(value) if isinstance(value, int) else "")
def test_example(line, code):
    exec(compile("\n" * line + code, str(PAGE), "exec"), {"__name__": "example"})


def test_there_are_examples():
    assert len(EXAMPLES) == 7


def test_every_setting_of_the_section_is_named():
    section = {name for name, field in SETTINGS.items() if field.section == "ESMTP"}

    assert section - set(re.findall(r"`(\w+)[`=]", TEXT)) == set()


@pytest.mark.parametrize("word", [*EXTENSIONS, *MECHANISMS, *TLS_FAULTS])
def test_every_word_is_named(word):
    assert f"`{word}`" in TEXT or f'`"{word}"`' in TEXT
