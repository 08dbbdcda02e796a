"""The survival matrix of a keyword that sends mail."""

from datetime import timedelta
from typing import Any

from robot.api import logger
from robot.api.deco import keyword
from robot.errors import ExecutionFailed  # type: ignore[import-untyped]  # it has no types
from robot.libraries.BuiltIn import BuiltIn

from SMTPMockLibrary.api import BrokenMatrixError, SurvivalMatrix, run_matrix
from SMTPMockLibrary.failures import Keywords, assertion
from SMTPMockLibrary.signatures import given_settings, takes_settings
from SMTPMockLibrary.types import Faults


class MatrixKeywords(Keywords):
    """Keywords that run other keywords under faults."""

    @keyword("Survival Matrix Of", tags=("Assertion",))
    @assertion
    @takes_settings
    def survival_matrix_of(
        self,
        name: str,
        *arguments: Any,
        faults: Faults = None,
        expect: str = "unreported=0; hanging=0",
        time_limit: timedelta = timedelta(seconds=10),
        wait: timedelta = timedelta(0),
        **settings: Any,
    ) -> SurvivalMatrix:
        """Runs a keyword that sends mail once under each of many faults, and shows what became of the mail in the log.

        ``name`` and ``arguments`` are the keyword and its positional arguments. It is run without a fault first: what
        arrives then has to arrive under each fault. Each run has a fresh server, which is the current one: the keyword
        gets its port with `Get SMTP Mock`. A keyword that fails has told its caller that something went wrong.

        ``faults`` are the names of the faults, separated by commas; by default all. ``expect`` has the expectations,
        separated by semicolons: ``lost=0``, ``duplicated=0 except closed-after-dot``, ``unreported=0`` (no mail is lost
        without a failure), ``hanging=0``, ``not-reached=0``. The keyword fails if one is broken, and says with which
        rule each fault can be repeated alone. A run that takes longer than ``time_limit`` is ended by stopping the
        server. ``wait`` is the time to wait for mail after the keyword, for applications with a queue of their own.

        All settings of a server are named arguments, as of `Start SMTP Mock`. Returns the matrix, whose ``rows`` have
        the attributes ``fault``, ``outcome``, ``attempts``, ``lost``, ``duplicated``, ``reported`` and others.

        Examples:
        | Survival Matrix Of    Sign Up    bob@example.com    faults=slow-replies    expect=lost=0; duplicated=0
        | ${matrix} =    Survival Matrix Of    Sign Up    bob@example.com    faults=closed-after-dot
        | Should Be Equal    ${matrix.rows[0].outcome}    delivered
        """

        def scenario(mock: Any) -> None:
            with self.servers.lend(mock):
                try:
                    BuiltIn().run_keyword(name, *arguments)
                except ExecutionFailed as error:
                    if error.test_timeout or error.syntax or error.exit or error.skip:
                        raise _EndOfTest(error) from None
                    raise KeywordFailed(str(error)) from None

        given = {
            "faults": faults,
            "expect": expect,
            "time_limit": time_limit.total_seconds(),
            "wait": wait.total_seconds(),
        }
        try:
            matrix = run_matrix(scenario, **given, **given_settings(settings))
        except BrokenMatrixError as error:
            _log(error.matrix)
            raise
        except _EndOfTest as end:
            raise end.error from None
        _log(matrix)
        return matrix


class _EndOfTest(BaseException):
    """The end of the whole test, not of one run: its time is over, or it has a mistake, such as an unknown keyword."""

    def __init__(self, error: ExecutionFailed) -> None:
        super().__init__(str(error))
        self.error = error


class KeywordFailed(Exception):  # noqa: N818  # its name is shown in the matrix
    """A keyword that failed under a fault."""


def _log(matrix: SurvivalMatrix) -> None:
    logger.info(matrix.html(), html=True)
