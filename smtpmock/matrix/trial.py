"""A trial: the scenario is run once against a server with a fault, and judged."""

from __future__ import annotations

import shlex
from time import monotonic
from typing import TYPE_CHECKING

from smtpmock.errors import RuleError
from smtpmock.matrix.delivery import compare, observe
from smtpmock.matrix.faults import RECIPIENT
from smtpmock.matrix.program import ProgramError
from smtpmock.matrix.row import Row
from smtpmock.rules.text_form import parse_rule

if TYPE_CHECKING:
    from typing import Any

    from smtpmock.mailbox.mailbox import Mailbox
    from smtpmock.matrix.delivery import Arrivals
    from smtpmock.matrix.faults import Fault
    from smtpmock.matrix.row import Outcome
    from smtpmock.records.change import Change
    from smtpmock.rules.rule import Rule


class Trial:
    """A run of the scenario under a fault, on a server without mail.

    Args:
        mailbox: The server.
        fault: The fault.
        baseline: What arrives without a fault.
        settings: The settings of the server that tell how to repeat it.

    Attributes:
        rule_text: The rule, as on the command line.
    """

    def __init__(
        self, mailbox: Mailbox, fault: Fault, baseline: Arrivals, settings: dict[str, Any] | None = None
    ) -> None:
        self._mailbox = mailbox
        self._fault = fault
        self._baseline = baseline
        self._settings = settings or {}
        self._rule: Rule | None = None
        self._began = monotonic()
        self._seconds: float | None = None
        self._error: BaseException | None = None
        self._note = ""
        self.timed_out = False
        self.rule_text = fault.rule.replace(RECIPIENT, shlex.quote(baseline.one_of_several or "*"))

    def begin(self) -> None:
        """Add the fault to the server."""
        if self._fault.needs_several_recipients and not self._baseline.one_of_several:
            self._note = "no mail has several recipients"
        else:
            try:
                self._rule = self._mailbox.add_rule(parse_rule(self.rule_text))
            except RuleError as error:
                self._note = str(error)
        self._began = monotonic()

    def note_error(self, error: BaseException) -> None:
        """Note how the scenario failed: whoever called it knows."""
        self._error = error

    def end(self, *, waits: bool = False) -> None:
        """Note that the scenario has returned, and move the clock of the server as the fault says.

        Args:
            waits: True to move it again after each session in which the fault is met, for clients that try later.
        """
        self._seconds = monotonic() - self._began
        rule = self._rule
        if self._fault.advance and rule is not None:
            clock, seen = self._mailbox.clock, rule.hits
            clock.advance(self._fault.advance)

            def advance_again(change: Change) -> None:
                nonlocal seen
                if change.topic == "session" and change.action == "ended" and rule.hits > seen:
                    seen = rule.hits
                    clock.advance(self._fault.advance)

            if waits:
                self._mailbox.subscribe(advance_again)

    def judge(self) -> Row:
        """Return what became of the mail."""
        found = observe(self._mailbox)
        lost, surplus = compare(self._baseline.copies, found.copies)
        error = self._error
        name = "" if error is None else str(error) if isinstance(error, ProgramError) else type(error).__name__
        return Row(
            self._fault.name,
            self._outcome(lost, surplus),
            found.attempts,
            len(self._baseline.copies),
            len(found.copies),
            surplus,
            lost,
            error is not None,
            self.timed_out,
            name,
            self._note,
            self.rule_text,
            self._settings,
            round(monotonic() - self._began if self._seconds is None else self._seconds, 3),
        )

    def _outcome(self, lost: int, surplus: int) -> Outcome:
        if self._rule is None or not self._rule.hits:
            return "not-reached"
        if lost:
            return "lost"
        return "duplicated" if surplus else "delivered"


def not_tried(fault: Fault, baseline: Arrivals, note: str, settings: dict[str, Any] | None = None) -> Row:
    """Return the row of a fault under which the scenario could not be tried.

    Args:
        fault: The fault.
        baseline: What arrives without a fault.
        note: Why it could not.
        settings: The settings of the server that it would need.
    """
    expected = len(baseline.copies)
    rule = fault.rule.replace(RECIPIENT, shlex.quote(baseline.one_of_several or "*"))
    return Row(fault.name, "not-reached", 0, expected, 0, 0, 0, False, False, "", note, rule, settings or {}, 0.0)
