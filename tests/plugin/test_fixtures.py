"""The fixtures, the marker, and where the settings come from."""

from __future__ import annotations

import socket

import pytest

from tests.ports import reserved_port

pytest_plugins = ["pytester"]


def test_each_test_has_a_server_of_its_own_that_records_everything(run_tests):
    run_tests(
        """
        from mail import send
        from smtpmock import SMTPMock
        servers = []

        def test_one(smtpmock):
            assert type(smtpmock) is SMTPMock
            assert smtpmock.is_running and smtpmock.host == "127.0.0.1" and smtpmock.port
            assert smtpmock.settings.multiple_rcptto and smtpmock.settings.multiple_message_receiving
            servers.append(smtpmock)
            send(smtpmock)
            assert smtpmock.message().subject == "Welcome"

        def test_two(smtpmock):
            assert smtpmock.messages() == []
            assert smtpmock is not servers[0]
            assert not servers[0].is_running
        """
    ).assert_outcomes(passed=2)


def test_a_test_may_stop_its_server(run_tests):
    run_tests(
        """
        def test(smtpmock, smtpmock_factory):
            smtpmock.stop()
            smtpmock_factory().stop()
        """
    ).assert_outcomes(passed=1)


def test_further_servers_have_settings_of_their_own_and_end_with_the_test(run_tests):
    run_tests(
        """
        from smtplib import SMTP
        servers = []

        def test_one(smtpmock, smtpmock_factory):
            first = smtpmock_factory(msg_greeting="220 First")
            second = smtpmock_factory(msg_greeting="220 Second", multiple_rcptto=False)
            servers.extend([first, second])
            assert len({smtpmock.port, first.port, second.port}) == 3
            for server, greeting in ((first, b"First"), (second, b"Second")):
                with SMTP() as client:
                    assert client.connect(server.host, server.port) == (220, greeting)
            assert first.settings.multiple_rcptto and not second.settings.multiple_rcptto

        def test_two():
            assert [server.is_running for server in servers] == [False, False]
        """
    ).assert_outcomes(passed=2)


def test_the_server_of_the_run_is_empty_when_a_test_begins(run_tests):
    run_tests(
        """
        from mail import send
        ports = set()

        def test_one(smtpmock_session):
            ports.add(smtpmock_session.port)
            send(smtpmock_session)
            assert smtpmock_session.message()

        def test_without_it():
            pass

        def test_two(smtpmock_session):
            ports.add(smtpmock_session.port)
            assert len(ports) == 1
            assert smtpmock_session.settings.multiple_message_receiving
            assert smtpmock_session.messages() == smtpmock_session.sessions() == []
            mark = smtpmock_session.mark()
            send(smtpmock_session)
            assert smtpmock_session.message(since=mark)
        """
    ).assert_outcomes(passed=3)


def test_the_server_of_the_run_has_no_rules_and_the_usual_time_when_a_test_begins(run_tests):
    run_tests(
        """
        import time
        import pytest
        from mail import send

        @pytest.mark.parametrize("number", range(3))
        def test(smtpmock_session, number):
            assert smtpmock_session.rules == ()
            assert smtpmock_session.clock.time() < time.monotonic() + 1000
            smtpmock_session.on("RCPT TO", recipient="other@example.com", reply="550 No")
            with smtpmock_session.on("NOOP", reply="250 Never"):
                pass
            smtpmock_session.clock.advance(1000)
            send(smtpmock_session)
            assert smtpmock_session.message()

        def test_last(smtpmock_session):
            smtpmock_session.assert_rules_used()
        """
    ).assert_outcomes(passed=4)


@pytest.mark.parametrize(
    ("marked", "tests"),
    [
        ("@pytest.mark.smtpmock(fail_fast=True)", "def test(smtpmock_session): pass"),
        ("@pytest.mark.smtpmock(fail_fast=True)", "class TestAll:\n    def test(self, smtpmock_session): pass"),
        ("pytestmark = pytest.mark.smtpmock(fail_fast=True)", "def test(fixture): pass"),
    ],
    ids=["function", "class", "module"],
)
def test_a_marker_with_settings_on_the_server_of_the_run_is_refused(run_tests, marked, tests):
    result = run_tests(
        "\n".join(
            (
                "import pytest",
                "@pytest.fixture",
                "def fixture(smtpmock_session): pass",
                marked,
                tests,
            )
        )
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "The marker smtpmock cannot change the settings of smtpmock_session, which runs for all tests: "
            "use the fixture smtpmock, or override smtpmock_settings."
        ]
    )


def test_a_marker_may_stand_where_it_says_nothing_of_the_server_of_the_run(run_tests):
    run_tests(
        """
        import pytest

        @pytest.mark.smtpmock()
        def test_without_settings(smtpmock_session):
            pass

        @pytest.mark.smtpmock(fail_fast=True)
        def test_for_the_other_server(smtpmock_session, smtpmock):
            assert smtpmock.settings.fail_fast and not smtpmock_session.settings.fail_fast

        @pytest.mark.smtpmock(fail_fast=True)
        def test_without_a_server():
            pass
        """
    ).assert_outcomes(passed=3)


VIOLATES = """
    from smtplib import SMTP

    def test(smtpmock, smtpmock_session, smtpmock_factory):
        for server in (smtpmock, smtpmock_session, smtpmock_factory()):
            with SMTP(server.host, server.port, local_hostname="laptop", timeout=60) as client:
                client.noop()
                client.helo("laptop")
            assert [found.code for found in server.sessions()[0].violations] == ["helo-not-qualified"]
            server.assert_no_violations()
"""


@pytest.mark.parametrize(
    ("ini", "options"),
    [
        ("smtpmock_ignore_violations = helo-not-qualified", ()),
        ("", ("--smtpmock-ignore-violations=helo-not-qualified",)),
        ("smtpmock_ignore_violations = missing-date, helo-not-qualified", ()),
        ("smtpmock_ignore_violations = missing-date", ("--smtpmock-ignore-violations=no-quit,helo-not-qualified",)),
    ],
)
def test_violations_can_be_ignored_in_a_whole_run(run_tests, ini, options):
    run_tests(VIOLATES, *options, ini=ini).assert_outcomes(passed=1)


def test_violations_that_are_not_ignored_fail_the_test(run_tests):
    result = run_tests(VIOLATES, ini="smtpmock_ignore_violations = missing-date")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E*ExpectationError: 1 violation of standards by the client:", "E*helo-not-qualified*"]
    )


def test_a_violation_that_does_not_exist_cannot_be_ignored(run_tests):
    result = run_tests(VIOLATES, "--smtpmock-ignore-violations=helo-not-qualifed")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["Invalid ignore_violations: Unknown violation 'helo-not-qualifed': did you mean 'helo-not-qualified'[?]"]
    )


def test_the_settings_of_all_servers_can_be_overridden(run_tests):
    run_tests(
        """
        def test(smtpmock, smtpmock_factory, smtpmock_session):
            for server in (smtpmock, smtpmock_factory(), smtpmock_session):
                assert server.settings.msg_greeting == "220 Hello"
                assert server.settings.multiple_rcptto is False
                assert server.settings.multiple_message_receiving is True
            assert smtpmock_factory(msg_greeting="220 Hi").settings.msg_greeting == "220 Hi"
        """,
        conftest="""
        import pytest

        @pytest.fixture(scope="session")
        def smtpmock_settings():
            return {"msg_greeting": "220 Hello", "multiple_rcptto": False}
        """,
    ).assert_outcomes(passed=1)


def test_markers_set_what_one_test_a_class_or_a_module_needs_the_nearest_last(run_tests):
    run_tests(
        """
        import pytest
        pytestmark = pytest.mark.smtpmock(msg_greeting="220 Module", msg_size_limit=1000)

        def test_module(smtpmock):
            assert smtpmock.settings.msg_greeting == "220 Module"

        @pytest.mark.smtpmock(fail_fast=True, msg_greeting="220 Class")
        class TestClass:
            def test_class(self, smtpmock):
                assert smtpmock.settings.msg_greeting == "220 Class"
                assert smtpmock.settings.msg_size_limit == 1000
                assert smtpmock.settings.fail_fast

            @pytest.mark.smtpmock(msg_greeting="220 Test", multiple_rcptto=False)
            def test_function(self, smtpmock):
                assert smtpmock.settings.msg_greeting == "220 Test"
                assert smtpmock.settings.fail_fast
                assert not smtpmock.settings.multiple_rcptto
        """,
        "--strict-markers",
    ).assert_outcomes(passed=3)


@pytest.mark.parametrize(
    ("marker", "text"),
    [
        ("fail_fats=True", "Unknown setting 'fail_fats': did you mean 'fail_fast'?"),
        ("fail_fast=1", "Invalid fail_fast 1: expected true or false"),
        ("True", "Invalid marker smtpmock(True): expected settings as keyword arguments, such as *(fail_fast=True)"),
    ],
)
def test_a_marker_is_checked(run_tests, marker, text):
    result = run_tests(
        f"""
        import pytest

        @pytest.mark.smtpmock({marker})
        def test(smtpmock):
            pass
        """
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"{'_' * 3}*ERROR at setup of test*", text, "*short test summary*"], consecutive=True)


@pytest.mark.parametrize(
    ("ini", "options", "decorator", "timeout"),
    [
        ("", (), "", 5.0),
        ("smtpmock_timeout = 2", (), "", 2.0),
        ("smtpmock_timeout = 2", ("--smtpmock-timeout=300ms",), "", 0.3),
        ("smtpmock_timeout = 2", ("-o", "smtpmock_timeout=4"), "", 4.0),
        ("smtpmock_timeout = 2", ("--smtpmock-timeout=3",), "@pytest.mark.smtpmock(timeout=1)", 1.0),
    ],
)
def test_options_come_before_the_configuration_file_and_the_marker_before_both(
    run_tests, ini, options, decorator, timeout
):
    run_tests(
        f"""
        import pytest

        {decorator}
        def test(smtpmock):
            assert smtpmock.settings.timeout == {timeout}
        """,
        *options,
        ini=ini,
    ).assert_outcomes(passed=1)


def test_host_and_port_can_be_set(run_tests):
    with reserved_port("127.0.0.2") as port:
        run_tests(
            f"""
            def test(smtpmock, smtpmock_factory):
                assert (smtpmock.host, smtpmock.port) == ("127.0.0.2", {port})
                further = smtpmock_factory()
                assert further.host == "127.0.0.2"
                assert further.port != {port}

            def test_again(smtpmock):
                assert smtpmock.port == {port}
            """,
            f"--smtpmock-port={port}",
            ini="smtpmock_host = 127.0.0.2",
        ).assert_outcomes(passed=2)


def test_the_server_of_the_run_listens_where_it_is_told_to(run_tests, free_port):
    run_tests(
        f"""
        def test(smtpmock_session):
            assert smtpmock_session.port == {free_port}
        """,
        ini=f"smtpmock_port = {free_port}",
    ).assert_outcomes(passed=1)


def test_a_value_that_cannot_be_is_told_once_the_fixture_is_used(run_tests):
    result = run_tests(
        """
        def test_without_it():
            pass

        def test(smtpmock):
            pass
        """,
        "--smtpmock-port=high",
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["Invalid port 'high': expected an integer from 0 to 65535"])


def test_a_port_that_is_taken_is_told_in_one_line(run_tests):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        result = run_tests("def test(smtpmock): pass", f"--smtpmock-port={port}")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"Failed to start SMTP mock server on port: {port} (*)", "*short test summary*"])


def test_the_help_tells_of_options_fixtures_and_the_marker(run_tests):
    result = run_tests("def test(): pass", "--help")
    result.stdout.fnmatch_lines(["SMTP mock server:", "*--smtpmock-host=HOST*", "*smtpmock_timeout (string):*"])
    assert "@pytest.mark.smtpmock(**settings): " in run_tests("", "--markers").stdout.str()
    fixtures = run_tests("", "--fixtures").stdout.str()
    for name in ("smtpmock", "smtpmock_factory", "smtpmock_session", "smtpmock_settings"):
        assert f"\n{name} [session scope] -- " in fixtures or f"\n{name} -- " in fixtures
