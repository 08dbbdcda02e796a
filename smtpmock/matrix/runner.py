"""The runner of the matrix: the scenario without a fault first, then once under each, always against a fresh server."""

from __future__ import annotations

from contextlib import suppress
from inspect import iscoroutine
from threading import Timer
from time import monotonic
from typing import TYPE_CHECKING, Any

from smtpmock.errors import MessageTimeoutError, ServerStateError, SettingError
from smtpmock.mailbox import registry
from smtpmock.matrix.delivery import Arrivals, compare, observe
from smtpmock.matrix.expectations import parse_expectations
from smtpmock.matrix.faults import find_faults
from smtpmock.matrix.program import Program, ProgramError
from smtpmock.matrix.table import SurvivalMatrix
from smtpmock.matrix.trial import Trial, not_tried
from smtpmock.server import SMTPMock
from smtpmock.settings.declarations import Settings
from smtpmock.settings.values import SECONDS
from smtpmock.text import format_error, invalid, pluralize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeAlias

    from typing_extensions import Unpack

    from smtpmock.matrix.faults import Fault
    from smtpmock.matrix.row import Row
    from smtpmock.settings.words import SettingWords

    Scenario: TypeAlias = Callable[[SMTPMock], object]

_TIME_LIMIT = 10.0
"""The seconds that the scenario has under each fault."""

_GRACE = 0.2  # seconds that the server gives sessions at its end; by then their clients have been told all they will be


def survival_matrix(
    scenario: Callable[[SMTPMock], object] | Sequence[str],
    *,
    faults: Iterable[str] | None = None,
    expect: str | Iterable[str] = (),
    time_limit: float = _TIME_LIMIT,
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
    limit, waiting = _seconds("time_limit", time_limit), _seconds("wait", wait)
    if not limit:
        raise SettingError(invalid("time_limit", time_limit, "a number of seconds greater than 0"))
    runner = _Runner(_runnable(scenario), settings, limit, waiting)
    rows = [runner.row(fault) for fault in chosen]
    matrix = SurvivalMatrix(rows, len(runner.baseline.copies), expectations, runner.failure)
    matrix.check()
    return matrix


def _runnable(scenario: Any) -> Scenario:
    if callable(scenario):
        return scenario  # type: ignore[no-any-return]
    if not isinstance(scenario, list | tuple) or not scenario or not all(isinstance(word, str) for word in scenario):
        raise SettingError(invalid("scenario", scenario, "a function of the server, or a command as a list of words"))
    return Program(scenario)


def _seconds(name: str, value: Any) -> float:
    try:
        return float(SECONDS.check(SECONDS.parse(value) if isinstance(value, str) else value))
    except ValueError:
        raise SettingError(invalid(name, value, SECONDS.expected)) from None


class _Runner:
    """Runs the scenario, and remembers what arrives without a fault.

    Args:
        scenario: The scenario.
        settings: The settings of all servers.
        time_limit: The seconds that a run has.
        wait: The seconds to wait for mail after it.

    Attributes:
        baseline: What arrives without a fault.
        failure: Why the scenario cannot be judged; "" if it can: without a fault, it succeeds and its mail arrives.
    """

    def __init__(self, scenario: Scenario, settings: SettingWords, time_limit: float, wait: float) -> None:
        self._scenario = scenario
        self._settings: dict[str, Any] = {"shutdown_timeout": _GRACE, **settings}
        Settings(**self._settings)  # refused before anything runs
        self._time_limit = time_limit
        self._wait = wait
        self.baseline, failure = self._run_without_fault({})
        if not self.baseline.copies:
            failure = failure or "no mail arrives"
        self.failure = f"without a fault, {failure}" if failure else ""
        self._hindrances: dict[str, str] = {}

    def row(self, fault: Fault) -> Row:
        """Run the scenario under a fault."""
        added = {name: value for name, value in fault.settings.items() if name not in self._settings}
        shown = {name: value for name, value in {**added, **self._settings}.items() if name in fault.settings}
        hindrance = self.failure or (self._hindrance(added) if added else "")
        if hindrance:
            return not_tried(fault, self.baseline, hindrance, shown)
        mock = SMTPMock(**{**added, **self._settings})
        trial = Trial(mock, fault, self.baseline, shown)
        with _Unseen(mock):
            trial.begin()
            self._run(mock, trial, needs_all_the_time=fault.hides_the_outcome)
        return trial.judge()

    def _hindrance(self, added: dict[str, Any]) -> str:
        """Return why the scenario cannot be tried with further settings; "" if it can: without a fault, all arrives."""
        key = str(added)
        if key not in self._hindrances:
            shown = ", ".join(f"{name}={value}" for name, value in added.items())
            try:
                arrivals, failure = self._run_without_fault(added)
            except SettingError as error:  # an extra that is not installed
                self._hindrances[key] = str(error)
            else:
                lost, _ = compare(self.baseline.copies, arrivals.copies)
                why = failure or (f"{pluralize(lost, 'copy')} lost" if lost else "")
                self._hindrances[key] = f"without the fault, the scenario fails with {shown}: {why}" if why else ""
        return self._hindrances[key]

    def _run_without_fault(self, added: dict[str, Any]) -> tuple[Arrivals, str]:
        mock = SMTPMock(**{**added, **self._settings})
        with _Unseen(mock):
            failure = self._run(mock, None, needs_all_the_time=False)
        return observe(mock), failure

    def _run(self, mock: SMTPMock, trial: Trial | None, *, needs_all_the_time: bool) -> str:
        """Run the scenario, and wait for what comes later; return how it failed."""
        failure = ""
        expired: list[bool] = []

        def expire() -> None:
            expired.append(True)
            if isinstance(self._scenario, Program):
                self._scenario.stop()
            else:
                with suppress(ServerStateError):
                    mock.stop()

        timer = Timer(self._time_limit, expire)
        timer.daemon = True
        timer.start()
        try:
            result = self._scenario(mock)
            if iscoroutine(result):
                import asyncio

                asyncio.run(result)
        except SettingError:
            raise
        except (Exception, SystemExit) as error:
            failure = _told(error)
            if trial is not None and failure:
                trial.note_error(error)
        finally:
            timer.cancel()
        timer.join()
        if trial is not None:
            trial.timed_out = bool(expired)
            trial.end(waits=self._wait > 0)
        if self._wait and mock.is_running:
            self._wait_for_mail(mock, until_complete=trial is not None and not needs_all_the_time)
        if isinstance(self._scenario, Program):
            self._scenario.stop()
        return "the scenario does not return in time" if expired else failure

    def _wait_for_mail(self, mock: SMTPMock, *, until_complete: bool) -> None:
        """Wait for what a client with a queue sends later: until all has arrived, unless some may come twice."""
        end = monotonic() + self._wait
        with suppress(MessageTimeoutError):
            while not (until_complete and compare(self.baseline.copies, observe(mock).copies)[0] == 0):
                mock.wait_for_messages(len(mock) + 1, max(0.0, end - monotonic()))


def _told(error: BaseException) -> str:
    """Return how a scenario failed; "" if it ended with success."""
    if isinstance(error, SystemExit) and error.code in (None, 0):
        return ""
    if isinstance(error, ProgramError):
        return f"{error}: {error.last_words}" if error.last_words else str(error)
    return format_error(error)


class _Unseen:
    """A server that runs in a `with` block; the evidence of failed tests leaves it out, for the matrix tells of it."""

    def __init__(self, mock: SMTPMock) -> None:
        self._mock = mock

    def __enter__(self) -> None:
        self._mock.start()

    def __exit__(self, *_: object) -> None:
        with suppress(ServerStateError):  # its time was over
            self._mock.stop()
        registry.forget(self._mock)
