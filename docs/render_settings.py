"""Writes the table of settings.md anew from the declaration of the settings: python docs/render_settings.py."""

import re
from pathlib import Path
from typing import Any

from smtpmock.settings import declarations as settings

PAGE = Path(__file__).with_name("settings.md")

_TABLE = re.compile(r"(?<=<!-- settings -->\n).*(?=<!-- end of settings -->\n)", re.DOTALL)


def table() -> str:
    """The settings as Markdown, a table for each section."""
    sections: dict[str, list[str]] = {}
    for name, declared in settings.SETTINGS.items():
        flag = f"`-{settings.SETTINGS[name].flag}`" if declared.in_command else "(none)"
        cells = (f"`{name}`", flag, declared.type.expected, _shown(declared.default), declared.meaning)
        sections.setdefault(declared.section, []).append(f"| {' | '.join(cells)} |")
    return "".join(
        f"\n## {section}\n\n| name | flag | allowed | default | meaning |\n|---|---|---|---|---|\n"
        + "".join(f"{row}\n" for row in rows)
        for section, rows in sections.items()
    )


def page() -> str:
    """The whole page as it ought to be."""
    return _TABLE.sub(lambda _: f"{table()}\n", PAGE.read_text(encoding="utf-8"))


def _shown(default: Any) -> str:
    if isinstance(default, bool):
        return "on" if default else "off"
    if isinstance(default, float):
        return f"{default:g}"
    return f"`{default}`" if default or default == 0 else "none"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
