"""Writes the tables of violations.md anew from the declaration of the violations: python docs/render_violations.py."""

import re
from pathlib import Path

from smtpmock.conformance.catalogue import SECTIONS

PAGE = Path(__file__).with_name("violations.md")

_TABLE = re.compile(r"(?<=<!-- violations -->\n).*(?=<!-- end of violations -->\n)", re.DOTALL)


def table() -> str:
    """The violations as Markdown, a table for each section."""
    return "".join(
        f"\n### {section}\n\n| code | standard | level | what is wrong |\n|---|---|---|---|\n"
        + "".join(f"| `{code}` | {row.rfc} | {row.level} | {_shown(row.text)} |\n" for code, row in rows.items())
        for section, rows in SECTIONS.items()
    )


def page() -> str:
    """The whole page as it ought to be."""
    return _TABLE.sub(lambda _: f"{table()}\n", PAGE.read_text(encoding="utf-8"))


def _shown(text: str) -> str:
    return text.replace("<", "&lt;").replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
