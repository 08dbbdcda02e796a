"""A run of a scenario on a server that is given: without a fault, or under one, within its time."""

from __future__ import annotations

from contextlib import suppress
from inspect import iscoroutine
from threading import Timer
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from smtpmock.errors import MessageTimeoutError, ServerStateError, SettingError
from smtpmock.matrix.delivery import compare, observe
from smtpmock.matrix.program import ProgramError
from smtpmock.matrix.trial import Trial
from smtpmock.settings.values import SECONDS
from smtpmock.text import format_error, invalid

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from smtpmock.matrix.delivery import Arrivals
    from smtpmock.matrix.faults import Fault
    from smtpmock.matrix.row import Row
    from smtpmock.server import SMTPMock


SECONDS_OF_A_TRIAL = 10.0
"""The seconds that a scenario has, unless told otherwise."""


class TrialLimits(NamedTuple):
    """The limits of a run.

    Attributes:
        seconds: The seconds that the scenario has.
        wait: The seconds to wait for mail after it has returned.
        raised: The exceptions that are raised instead of being noted: they do not tell of the mail.
        stop: The function that ends a scenario whose time is over; None to stop the server.
    """

    seconds: float = SECONDS_OF_A_TRIAL
    wait: float = 0.0
    raised: tuple[type[BaseException], ...] = ()
    stop: Callable[[], object] | None = None


def trial_limits(time_limit: Any, wait: Any = 0.0, raised: tuple[type[BaseException], ...] = ()) -> TrialLimits:
    """Return limits that are given as numbers or as text, such as "500 ms".

    Args:
        time_limit: The seconds that the scenario has.
        wait: The seconds to wait for mail after it has returned.
        raised: The exceptions that are raised instead of being noted.

    Raises:
        SettingError: If a number is invalid.
    """
    limits = TrialLimits(_seconds("time_limit", time_limit), _seconds("wait", wait), raised)
    if not limits.seconds:
        raise SettingError(invalid("time_limit", time_limit, "a number of seconds greater than 0"))
    return limits


def _seconds(name: str, value: Any) -> float:
    try:
        return float(SECONDS.check(SECONDS.parse(value) if isinstance(value, str) else value))
    except ValueError:
        raise SettingError(invalid(name, value, SECONDS.expected)) from None


class Rehearsal(NamedTuple):
    """The run of a scenario without a fault.

    Attributes:
        arrivals: What arrived.
        failure: Why the scenario cannot be judged under faults; "" if it can: it succeeded, and mail arrived.
    """

    arrivals: Arrivals
    failure: str


def rehearse(mock: SMTPMock, scenario: Callable[[], object], limits: TrialLimits) -> Rehearsal:
    """Run a scenario without a fault, and return what it does.

    Args:
        mock: The server, running and without mail.
        scenario: The scenario.
        limits: Its limits.

    Example:
        >>> from smtplib import SMTP
        >>> from smtpmock import FAULTS, SMTPMock, TrialLimits, rehearse, try_fault
        >>> def send():
        ...     with SMTP(mock.host, mock.port) as client:
        ...         client.sendmail("a@example.com", "b@example.com", "Subject: Welcome")
        >>> with SMTPMock() as mock:
        ...     rehearsal = rehearse(mock, send, TrialLimits())
        >>> with SMTPMock() as mock:
        ...     row = try_fault(mock, FAULTS["closed-after-dot"], rehearsal, send, TrialLimits())
        >>> row.outcome, row.attempts, row.error
        ('delivered', 1, 'SMTPServerDisconnected')
    """
    failure = _run(mock, scenario, limits, None)
    if limits.wait and mock.is_running:
        _wait_for_mail(mock, limits, None)
    arrivals = observe(mock)
    return Rehearsal(arrivals, failure or ("" if arrivals.copies else "no mail arrives"))


def try_fault(
    mock: SMTPMock,
    fault: Fault,
    rehearsal: Rehearsal,
    scenario: Callable[[], object],
    limits: TrialLimits,
    settings: dict[str, Any] | None = None,
) -> Row:
    """Run a scenario under a fault, stop the server, and return what became of the mail.

    Args:
        mock: The server, running and without mail; the rule of the fault is added to it.
        fault: The fault.
        rehearsal: What the scenario does without a fault.
        scenario: The scenario.
        limits: Its limits.
        settings: The settings that are told beside the rule, for who repeats it.
    """
    trial = Trial(mock, fault, rehearsal.arrivals, settings)
    trial.begin()
    _run(mock, scenario, limits, trial)
    if limits.wait and mock.is_running:
        _wait_for_mail(mock, limits, None if fault.hides_the_outcome else rehearsal.arrivals)
    with suppress(ServerStateError):  # its time was over
        mock.stop()
    return trial.judge()


def _run(mock: SMTPMock, scenario: Callable[[], object], limits: TrialLimits, trial: Trial | None) -> str:
    """Run a scenario; return how it failed."""
    failure = ""
    expired: list[bool] = []

    def expire() -> None:
        expired.append(True)
        with suppress(ServerStateError):
            (limits.stop or mock.stop)()

    timer = Timer(limits.seconds, expire)
    timer.daemon = True
    timer.start()
    try:
        result = scenario()
        if iscoroutine(result):
            import asyncio

            asyncio.run(result)
    except (Exception, SystemExit) as error:
        if isinstance(error, (SettingError, *limits.raised)):
            raise
        failure = _told(error)
        if trial is not None and failure:
            trial.note_error(error)
    finally:
        timer.cancel()
        timer.join()
    if trial is not None:
        trial.timed_out = bool(expired)
        trial.end(waits=limits.wait > 0)
    return "the scenario does not return in time" if expired else failure


def _wait_for_mail(mock: SMTPMock, limits: TrialLimits, expected: Arrivals | None) -> None:
    """Wait for what a client with a queue sends later, until all that is expected has arrived; None to wait on."""
    end = monotonic() + limits.wait
    with suppress(MessageTimeoutError):
        while expected is None or compare(expected.copies, observe(mock).copies)[0]:
            mock.wait_for_messages(len(mock) + 1, max(0.0, end - monotonic()))


def _told(error: BaseException) -> str:
    """Return how a scenario failed; "" if it ended with success."""
    if isinstance(error, SystemExit) and error.code in (None, 0):
        return ""
    if isinstance(error, ProgramError):
        return f"{error}: {error.last_words}" if error.last_words else str(error)
    return format_error(error)
