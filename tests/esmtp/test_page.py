"""The tables of docs/esmtp.md name what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from smtpmock.rfc.extensions import EXTENSIONS, MECHANISMS
from smtpmock.settings.declarations import SETTINGS
from smtpmock.settings.values import TLS_FAULTS

PAGE = Path(__file__).parent.parent.parent / "docs" / "esmtp.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_every_setting_of_the_section_is_named():
    section = {name for name, field in SETTINGS.items() if field.section == "ESMTP"}

    assert section - set(re.findall(r"`(\w+)[`=]", TEXT)) == set()


@pytest.mark.parametrize("word", [*EXTENSIONS, *MECHANISMS, *TLS_FAULTS])
def test_every_word_is_named(word):
    assert f"`{word}`" in TEXT or f'`"{word}"`' in TEXT
