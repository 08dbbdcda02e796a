"""The plugin beside others, and in runs that do not use it."""

from __future__ import annotations

import signal
from importlib.util import find_spec

import pytest

from tests.pytest_runs import IS_INSTALLED, LOOPS, run_pytest

pytest_plugins = ["pytester"]


def needs(module):
    return pytest.mark.skipif(find_spec(module) is None, reason=f"{module} is not installed")


@pytest.mark.uninstrumented
def test_a_run_that_does_not_use_it_imports_nothing(pytester):
    pytester.makepyfile(
        """
        import sys

        def test():
            assert "smtpmock.pytest_plugin" in sys.modules
            heavy = {"gevent", "ssl", "smtpmock.settings", "smtpmock.server", "smtpmock.errors", "smtpmock.reports"}
            assert heavy & set(sys.modules) == set()
        """
    )
    run_pytest(pytester).assert_outcomes(passed=1)


@pytest.mark.skipif(not IS_INSTALLED, reason="the package is not installed")
def test_it_is_there_when_the_package_is_installed_and_can_be_left_out(pytester):
    pytester.makepyfile("def test(smtpmock): assert smtpmock.is_running")
    options = (*LOOPS, "-W", "error")  # as users have them: every plugin that is installed is loaded
    pytester.runpytest_subprocess(*options, timeout=120).assert_outcomes(passed=1)
    result = pytester.runpytest_subprocess(*options, "-p", "no:smtpmock", timeout=120)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'smtpmock' not found"])


@pytest.mark.uninstrumented
def test_a_run_that_does_not_use_it_loads_nothing_but_the_plugin(run):
    output = run(
        """
        import sys
        import pytest  # which is there anyway
        before = set(sys.modules)
        import smtpmock.pytest_plugin
        print(*sorted(set(sys.modules) - before))
        """
    )
    loaded = [name for name in output.split() if not name.startswith("smtpmock.pytest_plugin")]
    assert loaded == ["smtpmock", "smtpmock.version"]


@needs("xdist")
def test_workers_of_xdist_have_servers_of_their_own(run_tests):
    result = run_tests(
        """
        import os
        import pytest
        from mail import send

        @pytest.mark.parametrize("number", range(20))
        def test(smtpmock, smtpmock_session, number):
            for server in (smtpmock, smtpmock_session):
                send(server, f"{os.environ['PYTEST_XDIST_WORKER']}-{number}@example.com")
                assert server.message().recipients == (f"{os.environ['PYTEST_XDIST_WORKER']}-{number}@example.com",)
        """,
        "-n",
        "2",
        plugins=["xdist"],
    )
    result.assert_outcomes(passed=20)


@needs("xdist")
def test_a_failure_in_a_worker_is_shown_in_full(run_tests):
    result = run_tests(
        """
        import socket

        def test(smtpmock):
            with socket.create_connection((smtpmock.host, smtpmock.port), timeout=60) as client:
                client.sendall("HELO \\ud800\\r\\n".encode("utf-8", "surrogatepass"))
                client.sendall(b"\\xff\\x00\\r\\nQUIT\\r\\n")
                while client.recv(1000):
                    pass
            smtpmock.message(subject="x")
        """,
        "-n",
        "1",
        plugins=["xdist"],
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E*ExpectationError: No message*", "-* SMTP mail and sessions -*", r"*C: \xff\x00"])


@needs("pytest_timeout")
def test_a_timeout_of_pytest_timeout_ends_a_wait_and_the_run_goes_on(run_tests):
    result = run_tests(
        """
        import pytest
        from mail import send

        @pytest.mark.timeout(0.5, method="signal", func_only=True)
        def test_one(smtpmock):
            send(smtpmock)
            smtpmock.wait_for_messages(2, timeout=3600)

        @pytest.mark.timeout(0.5, method="signal", func_only=True)
        def test_session(smtpmock_session):
            smtpmock_session.assert_no_message(within=3600)

        def test_two(smtpmock, smtpmock_session):
            for server in (smtpmock, smtpmock_session):
                send(server)
                assert server.wait_for_message().subject == "Welcome"
        """,
        plugins=["timeout"],
    )
    result.assert_outcomes(failed=2, passed=1)
    result.stdout.fnmatch_lines(["E*Timeout*0.5*", "-* SMTP mail and sessions -*"])


def test_a_signal_handler_that_raises_ends_a_wait(run_tests):
    result = run_tests(
        f"""
        import signal
        import pytest

        def test_one(smtpmock):
            def handle(*_):
                raise KeyError("enough")
            signal.signal({int(signal.SIGALRM)}, handle)
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            with pytest.raises(KeyError):
                smtpmock.wait_for_message(timeout=3600)

        def test_two(smtpmock):
            pass
        """
    )
    result.assert_outcomes(passed=2)


@needs("pytest_asyncio")
def test_asyncio_tests_wait_in_a_thread(run_tests):
    run_tests(
        """
        import asyncio
        import pytest
        from mail import send

        @pytest.mark.asyncio
        async def test(smtpmock):
            wait = asyncio.create_task(asyncio.to_thread(smtpmock.wait_for_message, 60))
            await asyncio.to_thread(send, smtpmock)
            assert (await wait).subject == "Welcome"
        """,
        plugins=["asyncio"],
    ).assert_outcomes(passed=1)


def test_unittest_cases_take_the_fixture_from_another_one(run_tests):
    run_tests(
        """
        import unittest
        import pytest
        from mail import send

        class TestMail(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def _take(self, smtpmock):
                self.smtpmock = smtpmock

            @pytest.mark.smtpmock(msg_greeting="220 Hello")
            def test_one(self):
                send(self.smtpmock)
                self.assertEqual(self.smtpmock.message().subject, "Welcome")
                self.assertEqual(self.smtpmock.settings.msg_greeting, "220 Hello")

            def test_two(self):
                self.assertEqual(self.smtpmock.messages(), [])
                self.smtpmock.message()
        """
    ).assert_outcomes(passed=1, failed=1)


def test_unittest_alone_needs_no_plugin(run):
    output = run(
        """
        import unittest
        from smtplib import SMTP
        from smtpmock import SMTPMock

        class TestMail(unittest.TestCase):
            def setUp(self):
                self.mock = SMTPMock()
                self.mock.start()
                self.addCleanup(self.mock.stop)

            def test_one(self):
                with SMTP(self.mock.host, self.mock.port) as client:
                    client.sendmail("a@example.com", ["b@example.com"], "hello")
                self.mock.message(recipient="b@example.com")

            @unittest.expectedFailure
            def test_two(self):
                self.mock.message(recipient="b@example.com")

        unittest.main(exit=False, verbosity=0)
        print("done")
        """,
        may_complain=True,  # the report of unittest
    )
    assert output == "done\n"
