"""Lines and tables of a fixed width: what is too long goes on in the next line; addresses and replies are never cut."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from smtpmock.text import escape_controls, pluralize, shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 78
"""The maximum width of a line."""

LONGEST = 1_000
"""The most characters of one text: more than any address, reply or rule that is meant to be read."""

_NARROWEST = 8
_NARROWEST_BROKEN = 14
_GAP = "  "


def wrapped(text: str, indent: str = "", hanging: str | None = None) -> list[str]:
    r"""Return a text as lines, with what a terminal could obey escaped.

    Args:
        text: The text, of which at most 1,000 characters are shown.
        indent: The beginning of the first line.
        hanging: The beginning of the other lines; by default, as many spaces as the first line is indented.

    Example:
        >>> wrapped("550 User unknown " * 5, "  ", "    ")[1]
        '    unknown'
    """
    hanging = " " * len(indent) if hanging is None else hanging
    shown = shorten(escape_controls(text[: LONGEST + 1]), LONGEST)
    lines = wrap(shown, WIDTH, initial_indent=indent, subsequent_indent=hanging, break_on_hyphens=False)
    return lines or [indent.rstrip()]


def table(rows: Sequence[Sequence[str]], prose: int) -> list[list[str]]:
    """Return the lines of each row, with the columns aligned; cells that are too wide go on in the next line.

    The first column keeps its width. The others lose what they can without breaking a word; then the longest words are
    broken.

    Args:
        rows: The rows, each with a cell for every column; a header is a row like the others.
        prose: The position of the column in which words are broken rather than elsewhere.
    """
    columns = [[shorten(cell, LONGEST) for cell in column] for column in zip(*rows, strict=True)]
    widths = [max(map(len, column)) for column in columns]
    whole = [max(max(map(len, cell.split()), default=0) for cell in column) for column in columns]
    whole[prose] = min(whole[prose], _NARROWEST_BROKEN)
    broken, narrowest = [_NARROWEST_BROKEN] * len(widths), [_NARROWEST] * len(widths)
    for least, order in ((whole, widths), (broken, whole), (narrowest, widths)):
        while sum(widths) + len(_GAP) * (len(widths) - 1) > WIDTH:
            spare = [column for column in range(1, len(widths)) if widths[column] > max(least[column], _NARROWEST)]
            if not spare:
                break
            widths[max(spare, key=order.__getitem__)] -= 1
    return [_row(cells, widths) for cells in zip(*columns, strict=True)]


def _row(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    parts = [wrap(cell, width, break_on_hyphens=False) for cell, width in zip(cells, widths, strict=True)]
    height = max(1, *map(len, parts))
    filled = [[*part, *[""] * (height - len(part))] for part in parts]
    return [
        _GAP.join(f"{text:{width}}" for text, width in zip(line, widths, strict=True)).rstrip()
        for line in zip(*filled, strict=True)
    ]


def cut_end(lines: list[str], most: int) -> list[str]:
    """Return the first lines, at most so many."""
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], f"… and {pluralize(len(lines) - most + 1, 'more line')}"]


def cut_beginning(lines: list[str], most: int) -> list[str]:
    """Return the last lines, at most so many."""
    if len(lines) <= most:
        return lines
    return [f"… {pluralize(len(lines) - most + 1, 'earlier line')}", *lines[1 - most :]]
