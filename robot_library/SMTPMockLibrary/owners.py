"""The suite or test that a server belongs to, at whose end it is stopped."""

from dataclasses import dataclass
from enum import Enum

from robot.libraries.BuiltIn import BuiltIn, RobotNotRunningError

__all__ = ["AutoStop", "Owner", "has_failed", "owner", "present"]


class AutoStop(Enum):
    """Defines when a server is stopped automatically, unless a keyword stops it earlier.

    - TEST: At the end of the test that started it, or of the suite if the suite setup started it.
    - SUITE: At the end of the suite in which it was started, whether by a test or by the suite setup.
    - MANUAL: At the end of the test run.
    """

    TEST = "TEST"
    SUITE = "SUITE"
    MANUAL = "MANUAL"


@dataclass(frozen=True)
class Owner:
    """The suite or test at whose end a server is stopped; both are empty if it is stopped at the end of the run."""

    suite: str = ""
    test: str = ""

    def __str__(self) -> str:
        return f"test '{self.test}'" if self.test else f"suite '{self.suite}'" if self.suite else "the run"

    def is_in(self, suite: str) -> bool:
        """Return True if it is the suite, or a suite or test inside it."""
        return self.suite == suite or self.suite.startswith(f"{suite}.")


def present() -> Owner:
    """Return the test that is running, or else the suite."""
    try:
        variable = BuiltIn().get_variable_value
        return Owner(variable("${SUITE NAME}", ""), variable("${TEST NAME}", ""))
    except RobotNotRunningError:
        return Owner()


def owner(auto_stop: AutoStop) -> Owner:
    """Return the suite or test that a server started now belongs to."""
    if auto_stop is AutoStop.MANUAL:
        return Owner()
    return present() if auto_stop is AutoStop.TEST else Owner(present().suite)


def has_failed() -> bool:
    """Return True in the teardown of a test that has failed, which needs no further failure."""
    try:
        return bool(BuiltIn().get_variable_value("${TEST STATUS}") == "FAIL")
    except RobotNotRunningError:
        return False
