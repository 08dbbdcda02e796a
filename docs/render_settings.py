"""Write the tables of settings.md anew from the declarations of the settings: python docs/render_settings.py."""

import re
from pathlib import Path
from typing import Any

from smtpmock.settings import declarations as settings
from smtpmock.settings.setting import Setting

PAGE = Path(__file__).with_name("settings.md")

_TABLE = re.compile(r"(?<=<!-- settings -->\n).*(?=<!-- end of settings -->\n)", re.DOTALL)


def table() -> str:
    """Return the settings as Markdown, with a table for each section."""
    sections: dict[str, list[str]] = {}
    for name, declared in settings.SETTINGS.items():
        flag = f"`-{settings.SETTINGS[name].flag}`" if declared.in_command else _none_or_serve(declared)
        cells = (f"`{name}`", flag, declared.type.expected, _default(declared), declared.meaning)
        sections.setdefault(declared.section, []).append(f"| {' | '.join(cells)} |")
    return "".join(
        f"\n## {section}\n\n| name | flag | values | default | meaning |\n|---|---|---|---|---|\n"
        + "".join(f"{row}\n" for row in rows)
        for section, rows in sections.items()
    )


def page() -> str:
    """Return the whole page as it should be."""
    return _TABLE.sub(lambda _: f"{table()}\n", PAGE.read_text(encoding="utf-8"))


def _none_or_serve(declared: Setting) -> str:
    return f"`--{declared.name.replace('_', '-')}` of `serve`" if declared.in_serve else "(none)"


def _default(declared: Setting) -> str:
    default, in_command, in_serve = map(_shown, (declared.default, declared.command_default, declared.serve_default))
    shown = default if default == in_command else f"{default}; {in_command} in the command"
    return shown if default == in_serve else f"{shown}; {in_serve} in `serve`"


def _shown(default: Any) -> str:
    if isinstance(default, bool):
        return "on" if default else "off"
    if isinstance(default, float):
        return f"{default:g}"
    if isinstance(default, tuple):
        default = ",".join(default)
    return f"`{default}`" if default or default == 0 else "none"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
