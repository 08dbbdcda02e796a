"""The survival matrix: its rows, its expectations, and its forms for people and programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smtpmock.errors import ExpectationError
from smtpmock.matrix.rendering import as_html, as_junit, as_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smtpmock.matrix.expectations import Expectation
    from smtpmock.matrix.row import Row

_NOTHING_REACHED = "The scenario came to none of the faults, so that no expectation could have been broken"


class SurvivalMatrix:
    """The fate of the mail of a scenario under each of many faults.

    Args:
        rows: A row for each fault.
        expected: The number of copies of mails that arrive without a fault.
        expectations: The expectations.
        failure: Why the scenario cannot be judged; "" if it can.

    Attributes:
        rows: A row for each fault.
        expected: The number of copies of mails that arrive without a fault.
        expectations: The expectations.
        failure: Why the scenario cannot be judged; "" if it can: without a fault, it succeeds and its mail arrives.
    """

    def __init__(
        self, rows: Sequence[Row], expected: int, expectations: Sequence[Expectation] = (), failure: str = ""
    ) -> None:
        self.rows: tuple[Row, ...] = tuple(rows)
        self.expected: int = expected
        self.expectations: tuple[Expectation, ...] = tuple(expectations)
        self.failure: str = failure

    def __eq__(self, other: object) -> bool:
        """Return True if the rows are equal; the time does not count."""
        return isinstance(other, SurvivalMatrix) and self.rows == other.rows

    def __hash__(self) -> int:
        return hash(tuple((row.fault, row.outcome) for row in self.rows))

    def __str__(self) -> str:
        """Return the matrix as a table of text."""
        return as_text(self.rows)

    def row(self, fault: str) -> Row:
        """Return the row of a fault.

        Raises:
            KeyError: If the matrix has no such row.
        """
        for row in self.rows:
            if row.fault == fault:
                return row
        raise KeyError(fault)

    @property
    def broken(self) -> dict[str, str]:
        """The explanation of each broken expectation, by its text."""
        if self.expectations and all(row.outcome == "not-reached" for row in self.rows):
            why = f": {self.failure}" if self.failure else ""
            return {str(one): f"{_NOTHING_REACHED}{why}." for one in self.expectations}
        total = len(self.rows)
        found = [(one, one.broken_by(self.rows)) for one in self.expectations]
        return {str(one): one.explain(rows, total) for one, rows in found if rows}

    def check(self) -> None:
        """Make sure that the expectations are met.

        Raises:
            ExpectationError: If one is broken; the text explains each that is.
        """
        texts = dict.fromkeys(self.broken.values())
        if texts:
            raise BrokenMatrixError("\n".join(texts), self)

    def to_json(self) -> dict[str, Any]:
        """Return the matrix as what `json.dumps` takes."""
        broken = self.broken
        return {
            "rows": [row.to_json() for row in self.rows],
            "expected": self.expected,
            "failure": self.failure,
            "expectations": [
                {"expectation": str(one), "met": str(one) not in broken, "explanation": broken.get(str(one), "")}
                for one in self.expectations
            ],
        }

    def html(self) -> str:
        """Return the matrix as a fragment of HTML, which loads nothing and inherits the colours of its page."""
        return as_html(self.rows, list(dict.fromkeys(self.broken.values())))

    def junit(self, name: str = "survival matrix") -> str:
        """Return the matrix as a JUnit report: a test for each fault, which fails if it breaks an expectation.

        Args:
            name: The name of the test suite.
        """
        failures: dict[str, str] = {}
        if self.broken and all(row.outcome == "not-reached" for row in self.rows):
            failures = {row.fault: next(iter(self.broken.values())) for row in self.rows}
        for one in self.expectations:
            for row in one.broken_by(self.rows):
                failures.setdefault(row.fault, one.explain([row], len(self.rows)))
        return as_junit(self.rows, failures, name)


class BrokenMatrixError(ExpectationError):
    """A matrix that breaks an expectation.

    Attributes:
        matrix: The matrix.
    """

    def __init__(self, text: str, matrix: SurvivalMatrix) -> None:
        super().__init__(text)
        self.matrix: SurvivalMatrix = matrix

    def __reduce__(self) -> tuple[type[BrokenMatrixError], tuple[str, SurvivalMatrix]]:
        return type(self), (str(self), self.matrix)
