"""Expectations of a matrix, such as `lost=0` or `duplicated=0 except closed-after-dot`, and where they were broken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from smtpmock.errors import SettingError
from smtpmock.matrix.faults import find_faults
from smtpmock.text import invalid, pluralize, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from smtpmock.matrix.row import Row

_FORM = re.compile(r"\s*([a-z-]+)\s*=\s*([0-9]{1,6})\s*(?:except\s+(.+?))?\s*")
_SEPARATORS = re.compile(r"\s*(?:,|\s)\s*(?:and\s+)?")

MEASURES: Mapping[str, tuple[Callable[[Row], bool], str]] = {
    "lost": (lambda row: row.lost > 0, "mail was lost"),
    "duplicated": (lambda row: row.duplicated > 0, "mail arrived twice"),
    "unreported": (lambda row: row.is_unreported_loss, "mail was lost, and the caller was not told"),
    "hanging": (lambda row: row.timed_out, "the scenario did not return in time"),
    "not-reached": (lambda row: row.outcome == "not-reached", "the scenario never came to the fault"),
}
"""The terms of expectations: a function that finds the rows that count, and what these mean."""


class Expectation(NamedTuple):
    """An expectation of a matrix.

    Attributes:
        measure: What is counted: "lost", "duplicated", "unreported", "hanging" or "not-reached".
        most: The most faults under which it may happen.
        exceptions: The faults that do not count.
    """

    measure: str
    most: int
    exceptions: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the expectation as it is written."""
        return f"{self.measure}={self.most}" + (f" except {', '.join(self.exceptions)}" if self.exceptions else "")

    def broken_by(self, rows: Iterable[Row]) -> list[Row]:
        """Return the rows that break it; none if there are no more than it allows."""
        counts, _ = MEASURES[self.measure]
        found = [row for row in rows if row.fault not in self.exceptions and counts(row)]
        return found if len(found) > self.most else []

    def explain(self, rows: Sequence[Row], total: int) -> str:
        """Return the text about the rows that break it, with the rule to repeat each.

        Args:
            rows: These rows.
            total: The number of all rows.
        """
        lines = [f"Expected {self}, but {MEASURES[self.measure][1]} under {len(rows)} of {pluralize(total, 'fault')}:"]
        for row in rows:
            lines += [f"  {row}", f"    repeat it alone with the rule: {row.rule_and_settings}"]
        return "\n".join(lines)


def parse_expectations(expect: str | Iterable[str]) -> tuple[Expectation, ...]:
    """Return expectations that are given as text; several in one text are separated by semicolons.

    Raises:
        SettingError: If one is invalid.

    Example:
        >>> [str(one) for one in parse_expectations("lost=0; duplicated = 0 except half-reply and closed-after-dot")]
        ['lost=0', 'duplicated=0 except half-reply, closed-after-dot']
    """
    texts = [expect] if isinstance(expect, str) else list(expect)
    parts = [part for text in texts for part in str(text).split(";")]
    if isinstance(expect, str) and not expect.strip():
        return ()
    return tuple(map(_parse, parts))


def _parse(text: str) -> Expectation:
    match = _FORM.fullmatch(text)
    if match is None:
        expected = "a text such as 'lost=0' or 'duplicated=0 except closed-after-dot'"
        raise SettingError(invalid("expectation", text, expected))
    if match[1] not in MEASURES:
        raise SettingError(f"Invalid expectation {text.strip()!r}: {unknown('measure', match[1], MEASURES)}")
    names = _SEPARATORS.split(match[3]) if match[3] else []
    find_faults(names or None)  # refuses what is unknown
    return Expectation(match[1], int(match[2]), tuple(names))
