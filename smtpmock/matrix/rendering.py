"""A matrix as text, as HTML and as a JUnit report."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from smtpmock.matrix.faults import FAULTS
from smtpmock.text import escape_controls

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smtpmock.matrix.row import Row

_HEAD = ("fault", "outcome", "attempts", "delivered", "duplicated", "lost", "reported", "time", "rule")
_NUMBERS = (2, 3, 4, 5, 7)

_STYLE = """<style>
.smtpmock-matrix{font:13px/1.45 system-ui,"DejaVu Sans",sans-serif;border-collapse:collapse;margin:.4em 0}
.smtpmock-matrix th,.smtpmock-matrix td{border:1px solid rgba(128,128,128,.45);padding:.2em .6em;text-align:left;
vertical-align:top}
.smtpmock-matrix .n{text-align:right;white-space:nowrap}
.smtpmock-matrix code{font:12px/1.4 "DejaVu Sans Mono",monospace;background:none;overflow-wrap:anywhere}
.smtpmock-matrix small{display:block;opacity:.75}
.smtpmock-matrix .delivered{background:rgba(40,160,80,.22)}
.smtpmock-matrix .duplicated{background:rgba(220,160,30,.28)}
.smtpmock-matrix .lost{background:rgba(210,50,50,.26)}
.smtpmock-matrix .not-reached{opacity:.65}
</style>"""


def as_text(rows: Sequence[Row]) -> str:
    """Return rows as a table of text, with a line for each."""
    cells = [_HEAD, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEAD))]
    lines = []
    for line in cells:
        padded = (
            text.rjust(width) if column in _NUMBERS else text.ljust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        )
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def as_html(rows: Sequence[Row], failures: Sequence[str]) -> str:
    """Return rows as a fragment of HTML, after the texts about broken expectations."""
    head = "".join(f"<th>{title}</th>" for title in _HEAD)
    told = "".join(f"<pre>{escape(escape_lines(text))}</pre>" for text in failures)
    body = "".join(f"<tr>{_html_cells(row)}</tr>" for row in rows)
    return f'{_STYLE}{told}<table class="smtpmock-matrix"><tr>{head}</tr>{body}</table>'


def as_junit(rows: Sequence[Row], failures: Mapping[str, str], name: str) -> str:
    """Return rows as a JUnit report.

    Args:
        rows: The rows.
        failures: The texts about those that break an expectation, by the name of the fault.
        name: The name of the test suite.
    """
    not_reached = [row for row in rows if row.outcome == "not-reached" and row.fault not in failures]
    suite = ElementTree.Element(
        "testsuite",
        name=escape_controls(name),
        tests=str(len(rows)),
        failures=str(len(failures)),
        errors="0",
        skipped=str(len(not_reached)),
        time=f"{sum(row.seconds for row in rows):.3f}",
    )
    for row in rows:
        case = ElementTree.SubElement(
            suite, "testcase", classname=escape_controls(name), name=row.fault, time=f"{row.seconds:.3f}"
        )
        if row.fault in failures:
            failure = ElementTree.SubElement(case, "failure", message=escape_controls(str(row)))
            failure.text = escape_lines(failures[row.fault])
        elif row in not_reached:
            ElementTree.SubElement(case, "skipped", message=escape_controls(row.note or "the fault was not reached"))
        ElementTree.SubElement(case, "system-out").text = escape_controls(f"{row}; rule: {row.rule_and_settings}")
    whole = ElementTree.Element("testsuites")
    whole.append(suite)
    ElementTree.indent(whole)
    return ElementTree.tostring(whole, encoding="unicode", xml_declaration=True) + "\n"


def escape_lines(text: str) -> str:
    """Return the text with the controls in its lines written as escapes."""
    return "\n".join(map(escape_controls, text.split("\n")))


def _cells(row: Row) -> tuple[str, ...]:
    reported = (row.error or "yes") if row.reported else "no"
    return tuple(
        map(
            escape_controls,
            (
                row.fault,
                row.outcome,
                str(row.attempts),
                f"{row.expected - row.lost} of {row.expected}" if row.attempts else "-",
                str(row.duplicated),
                str(row.lost),
                f"{reported}, hung" if row.timed_out else reported,
                f"{row.seconds:.2f} s",
                row.rule_and_settings,
            ),
        )
    )


def _html_cells(row: Row) -> str:
    shown = []
    for column, text in enumerate(_cells(row)):
        kind = row.outcome if column == 1 else "n" if column in _NUMBERS else ""
        inner = escape(text)
        if column == 0:
            meaning = FAULTS[row.fault].meaning if row.fault in FAULTS else ""
            inner = f"<b>{inner}</b><small>{escape(meaning)}</small>"
        elif column == 1 and row.note:
            inner += f"<small>{escape(escape_controls(row.note))}</small>"
        elif column == len(_HEAD) - 1:
            inner = f"<code>{inner}</code>"
        shown.append(f'<td class="{kind}">{inner}</td>' if kind else f"<td>{inner}</td>")
    return "".join(shown)
