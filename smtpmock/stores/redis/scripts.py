"""The scripts that Redis runs: each of them is one step for all servers and readers."""

from __future__ import annotations

from functools import cache
from hashlib import sha1
from pathlib import Path
from typing import NamedTuple

NAMES = (
    "init",
    "write",
    "messages",
    "sessions",
    "remove",
    "update",
    "beat",
    "leave",
    "dialogue",
    "expire",
    "rule_add",
    "rule_remove",
    "rules",
    "acked",
    "count",
    "gate",
    "consulted",
    "usage",
    "clock",
)


GROUPED = ("write",)
"""The scripts that run once for several requests: they take the arguments of each, with their number before, and return
the answers as one text, with commas between them, which is faster to read than many small values."""


class Script(NamedTuple):
    """A script.

    Attributes:
        text: Its text.
        digest: The name under which Redis runs it.
    """

    text: str
    digest: str


@cache
def scripts() -> dict[str, Script]:
    """Return all scripts by their names."""
    folder = Path(__file__).parent
    common = (folder / "common.lua").read_text(encoding="utf-8")
    found = {}
    for name in NAMES:
        text = common + (folder / f"{name}.lua").read_text(encoding="utf-8")
        found[name] = Script(text, sha1(text.encode(), usedforsecurity=False).hexdigest())
    return found
