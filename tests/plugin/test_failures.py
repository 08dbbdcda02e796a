"""The output of a failing test."""

from __future__ import annotations

import re

import pytest

from tests.plugin.conftest import masked

pytest_plugins = ["pytester"]

BREAK_THE_SERVER = """
import pytest

@pytest.fixture
def broken(monkeypatch):
    from smtpmock.protocol.connection import Connection

    def feed(*_, **__):
        raise ZeroDivisionError("a mistake")

    monkeypatch.setattr(Connection, "feed", feed)
"""


def test_a_wait_in_vain_explains_itself_and_the_trace_stays_in_the_test(run_tests):
    result = run_tests(
        """
        from mail import send

        def test_invoice(smtpmock):
            send(smtpmock, "alice@example.com")
            smtpmock.wait_for_message(timeout=0.05, recipient="b@example.com")
        """,
        "--show-capture=no",
    )
    result.assert_outcomes(failed=1)
    lines = masked(result.stdout.str())
    begin = next(number for number, line in enumerate(lines) if "test_invoice ___" in line)
    name = next(line for line in lines if line.endswith(": MessageTimeoutError"))
    assert lines[begin + 1 : lines.index(name) + 1] == [
        "",
        "smtpmock = <SMTPMock on 127.0.0.1:2525, 1 message>",
        "",
        "    def test_invoice(smtpmock):",
        '        send(smtpmock, "alice@example.com")',
        '>       smtpmock.wait_for_message(timeout=0.05, recipient="b@example.com")',
        "E       smtpmock.errors.MessageTimeoutError: No message with recipient='b@example.com' arrived within 0.05 s.",
        "E",
        "E       1 message arrived:",
        "E       time          sender            recipients         subject  state",
        "E       12:00:00.000  shop@example.com  alice@example.com  Welcome  accepted",
        "E                     x recipient is 'alice@example.com'",
        "",
        name,
    ]
    assert re.fullmatch(r"test_\w+\.py:5: MessageTimeoutError", name)


def test_a_failed_test_shows_no_log_of_its_ordinary_servers(run_tests):
    result = run_tests(
        """
        from mail import send

        def test(smtpmock, smtpmock_factory):
            send(smtpmock)
            smtpmock_factory().stop()
            assert False

        def test_log(smtpmock, smtpmock_factory, caplog):
            other = smtpmock_factory()
            send(other)
            other.stop()
            assert caplog.records == []
        """
    )
    result.assert_outcomes(failed=1, passed=1)
    assert "Captured log" not in result.stdout.str()


def test_a_failure_of_the_test_itself_keeps_its_trace(run_tests):
    result = run_tests(
        """
        def test(smtpmock):
            smtpmock.messages(subject=lambda subject: 1 / 0)
            raise LookupError("never")

        def test_criterion(smtpmock):
            from mail import send
            send(smtpmock)
            smtpmock.messages(subject=lambda subject: 1 / 0)
        """
    )
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        ["E*LookupError: never", "*smtpmock/queries/query.py:*", "E*ZeroDivisionError: division by zero"]
    )


def test_an_error_of_a_message_ends_the_trace_in_the_test_too(run_tests):
    result = run_tests(
        """
        from mail import send

        def test(smtpmock):
            send(smtpmock)
            smtpmock.message().code()
        """,
        "--tb=short",
    )
    result.assert_outcomes(failed=1)
    assert "smtpmock/" not in result.stdout.str()


def test_an_exception_in_the_server_fails_the_test_that_caused_it(run_tests):
    result = run_tests(
        """
        import smtplib
        import pytest

        def test_causes_it(smtpmock, broken):
            with pytest.raises(smtplib.SMTPServerDisconnected):
                smtplib.SMTP(smtpmock.host, smtpmock.port).helo()

        def test_is_innocent(smtpmock):
            pass
        """,
        conftest=BREAK_THE_SERVER,
    )
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(
        [
            "*_ test_causes_it _*",
            "A session of 127.0.0.1:* failed with ZeroDivisionError: a mistake",
            "Traceback (most recent call last):",
            "*in feed",
            "ZeroDivisionError: a mistake",
        ]
    )


def test_an_exception_in_the_server_is_told_beside_the_failure_that_it_caused(run_tests):
    result = run_tests(
        """
        import smtplib

        def test(smtpmock, broken):
            smtplib.SMTP(smtpmock.host, smtpmock.port).helo()
        """,
        conftest=BREAK_THE_SERVER,
    )
    result.assert_outcomes(failed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*_ ERROR at teardown of test _*",
            "A session of 127.0.0.1:* failed with ZeroDivisionError: a mistake",
            "*_ test _*",
            "E*SMTPServerDisconnected*",
        ]
    )


def test_an_exception_after_the_test_is_told_at_its_end(run_tests):
    result = run_tests(
        """
        import socket

        import pytest

        @pytest.fixture
        def client():
            with socket.socket() as client:
                yield client

        def test(client, broken, smtpmock):
            client.connect((smtpmock.host, smtpmock.port))
            assert client.recv(512) == b"220 Welcome\\r\\n"

        def test_is_innocent(smtpmock):
            pass
        """,
        conftest=BREAK_THE_SERVER.replace("feed", "end"),
    )
    result.assert_outcomes(errors=1, passed=2)
    result.stdout.fnmatch_lines(
        ["*_ ERROR at teardown of test _*", "A session of 127.0.0.1:* failed with ZeroDivision*"]
    )


@pytest.mark.parametrize("fixture", ["smtpmock", "smtpmock_factory()", "smtpmock_session"])
def test_an_exception_in_any_server_counts(run_tests, fixture):
    run_tests(
        f"""
        import smtplib
        import pytest

        def test({fixture.removesuffix("()")}, broken):
            server = {fixture}
            with pytest.raises(smtplib.SMTPServerDisconnected):
                smtplib.SMTP(server.host, server.port).helo()

        def test_forgives({fixture.removesuffix("()")}, broken):
            server = {fixture}
            with pytest.raises(smtplib.SMTPServerDisconnected):
                smtplib.SMTP(server.host, server.port).helo()
            [error] = server.errors
            assert isinstance(error, ZeroDivisionError)
            server.errors.clear()
        """,
        conftest=BREAK_THE_SERVER,
    ).assert_outcomes(failed=1, passed=1)
