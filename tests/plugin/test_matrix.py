"""`@pytest.mark.smtpmock_matrix`: each fault is a test of its own."""

from __future__ import annotations

import re

from smtpmock import FAULTS
from tests.plugin.conftest import failures
from tests.pytest_runs import run_pytest

pytest_plugins = ["pytester"]

SENDING = """
import smtplib

import pytest

from mail import send


def send_stubbornly(mock):
    for _ in range(3):
        try:
            return send(mock)
        except smtplib.SMTPException as error:
            last = error
    raise last


def send_and_forget(mock):
    try:
        send(mock)
    except smtplib.SMTPException:
        pass
"""


def outcomes(result):
    """The outcome of each test, by its name."""
    return dict(re.findall(r"^\S+::(\S+) (PASSED|FAILED|SKIPPED|ERROR)", result.stdout.str(), re.MULTILINE))


def test_each_fault_is_a_test_named_by_it(run_tests):
    result = run_tests(
        """
        @pytest.mark.smtpmock_matrix(
            faults=["deferred-once", "closed-after-dot", "refused-for-ever", "login-refused", "one-recipient-refused"],
            expect="unreported=0; duplicated=0",
        )
        def test_stubborn(smtpmock):
            send_stubbornly(smtpmock)

        @pytest.mark.smtpmock_matrix(faults=["deferred-once", "421-at-mail", "slow-replies"])
        def test_forgetful(smtpmock):
            send_and_forget(smtpmock)

        def test_other(smtpmock):
            send(smtpmock)
        """,
        "-v",
        before=SENDING,
    )

    assert outcomes(result) == {
        "test_stubborn[deferred-once]": "PASSED",
        "test_stubborn[closed-after-dot]": "FAILED",
        "test_stubborn[refused-for-ever]": "PASSED",  # lost, but reported
        "test_stubborn[login-refused]": "SKIPPED",
        "test_stubborn[one-recipient-refused]": "SKIPPED",
        "test_forgetful[deferred-once]": "FAILED",
        "test_forgetful[421-at-mail]": "FAILED",
        "test_forgetful[slow-replies]": "PASSED",
        "test_other": "PASSED",
    }
    told = dict(failures(result.stdout.str()))
    assert told["test_stubborn[closed-after-dot]"][:3] == [
        "Expected duplicated=0, but mail arrived twice under 1 of 1 fault:",
        "  closed-after-dot: duplicated, 2 attempts, not reported to the caller",
        "    repeat it alone with the rule: message times=1 then=close",
    ]
    assert told["test_forgetful[deferred-once]"][0].startswith(
        "Expected unreported=0, but mail was lost, and the caller"
    )
    table = result.stdout.str().partition("survival matrix of ")[2]
    assert re.search(r"^deferred-once +delivered +2 +1 of 1", table, re.MULTILINE)
    assert "test_forgetful" in table


def test_fault_can_be_run_alone_and_without_a_choice_all_are_run(run_tests):
    tests = """
        @pytest.mark.smtpmock_matrix
        def test_stubborn(smtpmock):
            send_stubbornly(smtpmock)
        """
    alone = run_tests(tests, "-v", "-k", "closed-after-dot", before=SENDING)

    assert outcomes(alone) == {"test_stubborn[closed-after-dot]": "PASSED"}
    listed = run_tests(tests, "--collect-only", "-q", before=SENDING).stdout.str()
    assert re.findall(r"test_stubborn\[(.+)\]$", listed, re.MULTILINE) == list(FAULTS)


def test_assertion_of_the_test_fails_it_whatever_the_fault(run_tests):
    result = run_tests(
        """
        @pytest.mark.smtpmock_matrix(faults=["421-at-mail", "slow-replies"])
        def test_asserts(smtpmock):
            send_and_forget(smtpmock)
            assert smtpmock.message().subject == "Welcome"
        """,
        "-v",
        before=SENDING,
    )

    assert outcomes(result) == {"test_asserts[421-at-mail]": "FAILED", "test_asserts[slow-replies]": "PASSED"}


def test_test_that_fails_or_sends_nothing_without_a_fault_cannot_be_judged(run_tests):
    result = run_tests(
        """
        @pytest.mark.smtpmock_matrix(faults=["slow-replies"])
        def test_nothing(smtpmock):
            pass

        @pytest.mark.smtpmock_matrix(faults=["slow-replies"])
        def test_broken(smtpmock):
            send(smtpmock)
            raise ValueError("no template")

        @pytest.mark.smtpmock_matrix(faults=["login-refused"])
        def test_without_logins(smtpmock):
            if smtpmock.settings.auth:
                raise ValueError("no logins, please")
            send(smtpmock)
        """,
        "-v",
        "-rs",
        before=SENDING,
    )

    assert outcomes(result) == {
        "test_nothing[slow-replies]": "FAILED",
        "test_broken[slow-replies]": "FAILED",
        "test_without_logins[login-refused]": "SKIPPED",
    }
    text = result.stdout.str()
    assert "The test cannot be judged: without the fault, no mail arrives" in text
    assert "The test cannot be judged: without the fault, ValueError: no template" in text
    assert "without the fault, ValueError: no logins, please (settings: auth=any)" in text


WRONG = {
    "faults": (
        "@pytest.mark.smtpmock_matrix(faults=['deferred'])",
        "Unknown fault 'deferred': did you mean",
    ),
    "expect": ("@pytest.mark.smtpmock_matrix(expect='lots=0')", "Invalid expectation 'lots=0'"),
    "words": (
        "@pytest.mark.smtpmock_matrix(fault='x')",
        "invalid arguments fault: expected faults, expect",
    ),
    "seconds": ("@pytest.mark.smtpmock_matrix(time_limit=0)", "Invalid time_limit 0: expected a number of seconds"),
    "fixture": ("@pytest.mark.smtpmock_matrix", "expected a test with the fixture smtpmock"),
    "marker": ("", "The fixture smtpmock_fault needs the marker smtpmock_matrix"),
}


def test_wrong_use_is_told_in_a_sentence(pytester):
    arguments = {"fixture": "", "marker": "smtpmock_fault"}
    pytester.makepyfile(
        **{
            f"test_{name}": f"import pytest\n{marker}\ndef test_it({arguments.get(name, 'smtpmock')}):\n    pass\n"
            for name, (marker, _) in WRONG.items()
        }
    )
    result = run_pytest(pytester, "--continue-on-collection-errors")

    result.assert_outcomes(errors=len(WRONG))
    for _, why in WRONG.values():
        assert why in result.stdout.str()
