"""A server for each test of a `unittest.TestCase`, and the evidence in its failures.

It is for tests that unittest runs, or Django's test runner. Under pytest they work as well; the plugin reports then.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, ClassVar

from smtpmock import Evidence, MessageTimeoutError, SMTPMock

if TYPE_CHECKING:
    import unittest
    from types import TracebackType

    from smtpmock import Mailbox, SettingWords

    _TestCase = unittest.TestCase
    _Failure = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]
else:
    _TestCase = object


class SMTPMockMixin(_TestCase):
    """A base class beside `unittest.TestCase`, or one of its subclasses, whose tests have a server.

    A test that fails shows the mail and the sessions of all servers that it used, whoever created them: as a note of
    the exception from Python 3.11 on, and on standard error before.

    Attributes:
        smtpmock_settings: The settings of the server, by name.

    Example:
        .. code-block:: python

            class TestMail(SMTPMockMixin, unittest.TestCase):
                smtpmock_settings = {"not_registered_emails": ["nobody@example.com"]}

                def test_welcome(self):
                    sign_up("bob@example.com", self.smtpmock.host, self.smtpmock.port)
                    self.assertEqual(self.smtpmock.message().subject, "Welcome")
    """

    smtpmock_settings: ClassVar[SettingWords] = {}
    _smtpmock: SMTPMock | None = None
    _has_failed = False

    @property
    def smtpmock(self) -> SMTPMock:
        """The server of the test: it starts when it is first used, and stops after `tearDown`.

        Raises:
            SettingError: If a setting is unknown or its value is invalid.
            StartError: If the server cannot be started.
        """
        if self._smtpmock is None:
            server = SMTPMock(**self.smtpmock_settings)
            server.start()
            self._smtpmock = server
            self.addCleanup(self._end_smtpmock, server)
        return self._smtpmock

    def run(self, result: unittest.TestResult | None = None) -> unittest.TestResult | None:
        """Run the test, and add the evidence to its failures."""
        self._smtpmock = None
        self._has_failed = False
        if result is None:
            return super().run()
        super().run(_ResultWithEvidence(result, self))  # type: ignore[arg-type]  # it passes everything on
        return result

    def _end_smtpmock(self, server: SMTPMock) -> None:
        if server.is_running:
            server.stop()
        for error in server.errors:
            raise AssertionError(
                f"A session of {server.address} failed with {type(error).__name__}: {error}"
            ) from error
        if server.settings.strict and not self._has_failed:
            server.assert_rules_used()


class _ResultWithEvidence:
    """A result of tests that adds the evidence to the failures before it passes them on."""

    def __init__(self, result: unittest.TestResult, test: SMTPMockMixin) -> None:
        self._result = result
        self._test = test
        self._evidence = None if Evidence.is_held() else Evidence(hold=True)  # of pytest's plugin, which reports

    def __getattr__(self, name: str) -> Any:
        return getattr(self._result, name)

    def addError(self, test: unittest.TestCase, failure: _Failure) -> None:  # noqa: N802  # unittest's name
        self._add_evidence(failure)
        self._result.addError(test, failure)

    def addFailure(self, test: unittest.TestCase, failure: _Failure) -> None:  # noqa: N802  # unittest's name
        self._add_evidence(failure)
        self._result.addFailure(test, failure)

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, failure: _Failure | None) -> None:  # noqa: N802  # unittest's name
        if failure is not None:
            self._add_evidence(failure)
        self._result.addSubTest(test, subtest, failure)

    def _add_evidence(self, failure: _Failure) -> None:
        error = failure[1]
        self._test._has_failed = True
        if error is None or self._evidence is None:
            return
        if isinstance(error, MessageTimeoutError):
            self._evidence.wait_for_late_mail()
        names: dict[Mailbox, str] = {
            value: name.lstrip("_") for name, value in vars(self._test).items() if isinstance(value, SMTPMock)
        }
        self._evidence.add_note(error, names)
        if sys.version_info < (3, 11):  # whose tracebacks do not show notes
            print(*getattr(error, "__notes__", ()), file=sys.stderr)
