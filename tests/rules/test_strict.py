"""Strict mode under pytest: a rule that was left unused fails its test, and no other."""

from __future__ import annotations

from tests.pytest_runs import run_pytest

pytest_plugins = ["pytester"]

TESTS = """
    import socket

    import pytest


    def greet(smtpmock):
        with socket.create_connection((smtpmock.host, smtpmock.port)) as client, client.makefile("rb") as lines:
            return lines.readline()


    @pytest.mark.smtpmock(strict=True)
    def test_unused(smtpmock):
        smtpmock.on("NOOP", reply="451 no")
        greet(smtpmock)


    @pytest.mark.smtpmock(strict=True)
    def test_used(smtpmock):
        smtpmock.on("connect", reply="220 as told")
        assert greet(smtpmock) == b"220 as told\\r\\n"


    def test_not_strict(smtpmock):
        smtpmock.on("NOOP", reply="451 no")
"""


def test_unused_rule_fails_its_test_and_is_named(pytester):
    pytester.makepyfile(TESTS)

    result = run_pytest(pytester, "-W", "error")

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["1 rule never used:", "*NOOP reply='451 no' (asked 0 times)", "FAILED *test_unused*"])
