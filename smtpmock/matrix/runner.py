"""The runner of the matrix: the scenario without a fault first, then once under each, always against a fresh server."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from smtpmock.errors import ServerStateError, SettingError
from smtpmock.mailbox import registry
from smtpmock.matrix.delivery import compare
from smtpmock.matrix.expectations import parse_expectations
from smtpmock.matrix.faults import find_faults
from smtpmock.matrix.program import Program
from smtpmock.matrix.table import SurvivalMatrix
from smtpmock.matrix.trial import not_tried
from smtpmock.matrix.trying import SECONDS_OF_A_TRIAL, rehearse, trial_limits, try_fault
from smtpmock.server import SMTPMock
from smtpmock.settings.declarations import Settings
from smtpmock.text import invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence
    from typing import TypeAlias

    from typing_extensions import Unpack

    from smtpmock.matrix.faults import Fault
    from smtpmock.matrix.row import Row
    from smtpmock.matrix.trying import Rehearsal, TrialLimits
    from smtpmock.settings.words import SettingWords

    Scenario: TypeAlias = Callable[[SMTPMock], object]

_GRACE = 0.2  # seconds that the server gives sessions at its end; by then their clients have been told all they will be


def survival_matrix(
    scenario: Callable[[SMTPMock], object] | Sequence[str],
    *,
    faults: Iterable[str] | None = None,
    expect: str | Iterable[str] = (),
    time_limit: float = SECONDS_OF_A_TRIAL,
    wait: float = 0.0,
    **settings: Unpack[SettingWords],
) -> SurvivalMatrix:
    """Run a scenario that sends mail once under each fault, and return what became of the mail.

    The scenario is run without a fault first: what arrives then is what has to arrive under each fault. Each run has a
    fresh server. A scenario that fails has told its caller that something went wrong.

    Args:
        scenario: A function of the server, or a coroutine function, which is run with asyncio; or a command with its
            arguments, which finds the server in SMTP_HOST and SMTP_PORT.
        faults: The names of the faults; by default all.
        expect: Expectations, such as "lost=0" or "duplicated=0 except closed-after-dot".
        time_limit: Seconds that the scenario has under each fault. Then a command is ended; for a function, the server
            is stopped, so that a client that waits for it fails.
        wait: Seconds to wait for mail after the scenario has returned, for clients with a queue of their own.
        **settings: Settings of the servers.

    Raises:
        ExpectationError: If an expectation was broken; the text explains which and how to repeat it.
        SettingError: If a fault, an expectation, a setting or a number is invalid, or the command cannot be run.

    Example:
        >>> from smtplib import SMTP
        >>> def send(mock):
        ...     with SMTP(mock.host, mock.port) as client:
        ...         client.sendmail("a@example.com", "b@example.com", "Subject: Welcome")
        >>> matrix = survival_matrix(send, faults=["deferred-once", "slow-replies"], expect="duplicated=0")
        >>> [(row.fault, row.outcome, row.reported) for row in matrix.rows]
        [('deferred-once', 'lost', True), ('slow-replies', 'delivered', False)]
    """
    chosen = find_faults(faults)
    expectations = parse_expectations(expect)
    limits = trial_limits(time_limit, wait)
    runnable = _runnable(scenario)
    if isinstance(runnable, Program):
        limits = limits._replace(stop=runnable.stop)
    runner = _Runner(runnable, settings, limits)
    rows = [runner.row(fault) for fault in chosen]
    matrix = SurvivalMatrix(rows, len(runner.rehearsal.arrivals.copies), expectations, runner.failure)
    matrix.check()
    return matrix


def _runnable(scenario: Any) -> Scenario:
    if callable(scenario):
        return scenario  # type: ignore[no-any-return]  # whatever can be called
    if not isinstance(scenario, list | tuple) or not scenario or not all(isinstance(word, str) for word in scenario):
        raise SettingError(invalid("scenario", scenario, "a function of the server, or a command as a list of words"))
    return Program(scenario)


class _Runner:
    """Runs the scenario, and remembers what arrives without a fault.

    Args:
        scenario: The scenario.
        settings: The settings of all servers.
        limits: The limits of each run.

    Attributes:
        rehearsal: What the scenario does without a fault.
    """

    def __init__(self, scenario: Scenario, settings: SettingWords, limits: TrialLimits) -> None:
        self._scenario = scenario
        self._settings: dict[str, Any] = {"shutdown_timeout": _GRACE, **settings}
        Settings(**self._settings)  # refused before anything runs
        self._limits = limits
        self.rehearsal = self._rehearse({})
        self._hindrances: dict[str, str] = {}

    @property
    def failure(self) -> str:
        """Why the scenario cannot be judged; "" if it can."""
        return f"without a fault, {self.rehearsal.failure}" if self.rehearsal.failure else ""

    def row(self, fault: Fault) -> Row:
        """Run the scenario under a fault."""
        added = {name: value for name, value in fault.settings.items() if name not in self._settings}
        shown = {name: value for name, value in {**added, **self._settings}.items() if name in fault.settings}
        hindrance = self.failure or (self._hindrance(added) if added else "")
        if hindrance:
            return not_tried(fault, self.rehearsal.arrivals, hindrance, shown)
        with self._server(added) as mock:
            return try_fault(mock, fault, self.rehearsal, partial(self._scenario, mock), self._limits, shown)

    def _hindrance(self, added: dict[str, Any]) -> str:
        """Return why the scenario cannot be tried with further settings; "" if it can: without a fault, all arrives."""
        key = str(added)
        if key not in self._hindrances:
            shown = ", ".join(f"{name}={value}" for name, value in added.items())
            try:
                rehearsal = self._rehearse(added)
            except SettingError as error:  # an extra that is not installed
                self._hindrances[key] = str(error)
            else:
                lost, _ = compare(self.rehearsal.arrivals.copies, rehearsal.arrivals.copies)
                why = rehearsal.failure or (f"{lost} of {len(self.rehearsal.arrivals.copies)} lost" if lost else "")
                self._hindrances[key] = f"without the fault, the scenario fails with {shown}: {why}" if why else ""
        return self._hindrances[key]

    def _rehearse(self, added: dict[str, Any]) -> Rehearsal:
        with self._server(added) as mock:
            return rehearse(mock, partial(self._scenario, mock), self._limits)

    @contextmanager
    def _server(self, added: dict[str, Any]) -> Generator[SMTPMock, None, None]:
        """Run a fresh server; the evidence of failed tests leaves it out, for the matrix tells of it."""
        mock = SMTPMock(**{**added, **self._settings})
        mock.start()
        try:
            yield mock
        finally:
            if isinstance(self._scenario, Program):
                self._scenario.stop()
            with suppress(ServerStateError):  # its time was over
                mock.stop()
            registry.forget(mock)
