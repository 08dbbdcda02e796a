"""A row of the matrix: what became of the mail under one fault."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from smtpmock.text import pluralize

if TYPE_CHECKING:
    from collections.abc import Mapping

Outcome = Literal["delivered", "duplicated", "lost", "not-reached"]


@dataclass(frozen=True)
class Row:
    """The fate of the mail under one fault. The time does not count when rows are compared.

    Attributes:
        fault: The name of the fault.
        outcome: "delivered", "duplicated", "lost" (of several mails, the worst), or "not-reached" if the scenario never
            came to the fault.
        attempts: The number of attempts: of connections, and of further mails in one.
        expected: The number of copies that arrive without a fault, one for each recipient of each mail.
        delivered: The number of copies that arrived.
        duplicated: The number of copies that arrived although they had before.
        lost: The number of copies that did not arrive.
        reported: True if the scenario failed: its caller knows that something went wrong.
        timed_out: True if the scenario did not return within its time.
        error: How it failed: the type of an exception, or the exit status; "" if it did not.
        note: What else there is to know; "" if there is nothing.
        rule: The rule with which the fault can be repeated alone, as on the command line.
        settings: The settings that the server had beside it.
        seconds: The time that it took.
    """

    fault: str
    outcome: Outcome
    attempts: int
    expected: int
    delivered: int
    duplicated: int
    lost: int
    reported: bool
    timed_out: bool
    error: str
    note: str
    rule: str
    settings: Mapping[str, Any]
    seconds: float = field(compare=False)

    @property
    def is_unreported_loss(self) -> bool:
        """True if mail was lost and nobody was told."""
        return self.lost > 0 and not self.reported

    def __str__(self) -> str:
        """Return the row as a sentence."""
        told = f"reported ({self.error})" if self.reported else "not reported to the caller"
        parts = [f"{self.fault}: {self.outcome}", f"{pluralize(self.attempts, 'attempt')}", told]
        if self.expected > 1:
            parts.insert(1, f"{self.lost} of {self.expected} lost, {self.duplicated} duplicated")
        if self.timed_out:
            parts.append("did not return in time")
        return ", ".join((*parts, *filter(None, [self.note])))

    @property
    def rule_and_settings(self) -> str:
        """The rule, followed by the settings in parentheses if there are any: what repeats the fault alone."""
        settings = ", ".join(f"{name}={value}" for name, value in self.settings.items())
        return f"{self.rule} (settings: {settings})" if settings else self.rule

    def to_json(self) -> dict[str, Any]:
        """Return the row as what `json.dumps` takes."""
        return {**asdict(self), "settings": {name: str(value) for name, value in self.settings.items()}}
