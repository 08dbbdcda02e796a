"""The examples of the pages: the fenced blocks, each with its language, its title and its place.

A block with a title is a file. It lies beside the other examples of its page; a conftest.py lies beside those of its
section only. A block without a title is complete beside these files: no other block has to be run before it, except
that commands find the server that the commands before them started.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

_BLOCK = re.compile(
    r'^(?P<indent> *)```(?P<language>[\w-]*)(?: title="(?P<title>[^"]+)")?(?P<rest>[^\n]*)\n'
    r"(?P<code>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


class Example(NamedTuple):
    """A fenced block."""

    page: str
    section: str
    line: int  # the number of its first line
    language: str
    title: str
    code: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    """Return the paths of all pages, relative to the folder, and the README."""
    return ["../README.md", *sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))]


def examples(page: str) -> list[Example]:
    """Return the examples of a page."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = []
    for block in _BLOCK.finditer(text):
        assert not block["rest"], f"{page}: {block[0].splitlines()[0]!r} is more than a language and a title"
        sections = re.findall(r"^## (.+)$", text[: block.start()], re.MULTILINE)
        line = text.count("\n", 0, block.start()) + 2
        code = re.sub(f"^{block['indent']}", "", block["code"], flags=re.MULTILINE)
        found.append(
            Example(page, sections[-1] if sections else "", line, block["language"], block["title"] or "", code)
        )
    return found


def files(of: list[Example], section: str | None = None) -> dict[str, str]:
    """Return the files of a page by their names: those of a section only, or those that all sections share."""
    named = [example for example in of if example.title and (example.title == "conftest.py") == (section is not None)]
    chosen = [example for example in named if section is None or example.section == section]
    assert len({example.title for example in chosen}) == len(chosen), f"{of[0].page} has two files of the same name"
    return {example.title: example.code for example in chosen}


ALL = {page: examples(page) for page in pages()}
