"""The fixtures with a server that runs elsewhere, and workers that share it."""

from __future__ import annotations

from smtplib import SMTP

import pytest

from smtpmock import SMTPMock
from tests.pytest_runs import run_pytest

pytest_plugins = ["pytester"]

TESTS = """
    from smtplib import SMTP

    import pytest


    def send(smtpmock, recipient, subject="hi"):
        with SMTP(smtpmock.host, smtpmock.port) as client:
            client.sendmail("a@example.com", recipient, f"Subject: {subject}\\r\\n\\r\\nhello")
"""

FREE = (
    TESTS
    + """
    def test_it_is_empty_and_has_no_rules(smtpmock):
        assert (smtpmock.messages(), smtpmock.rules) == ([], ())
        smtpmock.fail_next(stage="NOOP")
        send(smtpmock, "b@example.com")
        assert smtpmock.wait_for_message().subject == "hi"


    def test_it_is_empty_again(smtpmock):
        assert (smtpmock.messages(), smtpmock.rules) == ([], ())


    @pytest.mark.smtpmock(timeout=0.01)
    def test_failure(smtpmock):
        send(smtpmock, "b@example.com", "other")
        smtpmock.wait_for_message(subject="Welcome")


    @pytest.mark.smtpmock(strict=True)
    def test_unused(smtpmock):
        smtpmock.fail_next()


    @pytest.mark.smtpmock(fail_fast=True)
    def test_setting(smtpmock):
        pass


    def test_factory(smtpmock_factory):
        pass


    def test_session(smtpmock_session):
        assert smtpmock_session.messages() == []
"""
)

SHARED = (
    TESTS
    + """
    @pytest.fixture(scope="session")
    def smtpmock_scope(worker_id):
        return {"recipient": f"*@{worker_id}.example"}


    @pytest.mark.parametrize("number", range(12))
    def test_it_has_the_server_to_itself(smtpmock, worker_id, number):
        assert smtpmock.messages() == []
        bob = f"bob@{worker_id}.example"
        refused = smtpmock.reject_recipient("eve@*")
        send(smtpmock, bob, number)
        assert smtpmock.wait_for_message(timeout=30, recipient=bob).subject == str(number)
        with pytest.raises(Exception, match="User unknown"):
            send(smtpmock, f"eve@{worker_id}.example")
        assert refused.hits == 1
        assert len(smtpmock.messages()) == 1
"""
)


@pytest.fixture
def server():
    with SMTPMock(http_port=0) as running:
        yield running
    assert running.errors == []


def run(pytester, code, *options, plugins=()):
    pytester.makepyfile(code)
    return run_pytest(pytester, "-p", "no:cacheprovider", *options, plugins=plugins)


def test_the_fixtures_use_a_server_that_runs_elsewhere(pytester, server):
    with SMTP(server.host, server.port) as client:
        client.sendmail("a@example.com", "b@example.com", "Subject: from before")

    result = run(pytester, FREE, f"--smtpmock-url={server.http_url}")

    result.assert_outcomes(passed=3, failed=2, errors=2)
    result.stdout.fnmatch_lines(
        [
            "*The marker smtpmock cannot set fail_fast: the server runs elsewhere (smtpmock_url). Those of the *",
            "*The fixture smtpmock_factory cannot start servers: the server runs elsewhere (smtpmock_url)*",
            "*No message with subject='Welcome' arrived within 0.01 s.*",
            "*other*accepted*",
            "*1 rule never used:*",
        ]
    )
    assert server.rules == ()


def test_matrix_needs_servers_of_its_own(pytester, server):
    code = """
        import pytest

        @pytest.mark.smtpmock_matrix(faults=["deferred-once", "login-refused"])
        def test_newsletter(smtpmock):
            raise AssertionError("it runs")

        def test_other(smtpmock):
            assert smtpmock.rules == ()
    """
    server.deliver(b"Subject: from before", "a@example.com", ["b@example.com"])

    result = run(pytester, code, f"--smtpmock-url={server.http_url}", "-k", "newsletter")

    result.assert_outcomes(errors=2, deselected=1)
    sentence = (
        "The marker smtpmock_matrix needs a server of its own for each fault: the server runs elsewhere (smtpmock_url)"
    )
    assert result.stdout.lines.count(sentence) == 2
    assert len(server) == 1  # nothing was done to the server
    run(pytester, code, f"--smtpmock-url={server.http_url}", "-m", "not smtpmock_matrix").assert_outcomes(
        passed=1, deselected=2
    )


def test_matrix_is_refused_where_the_fixture_itself_is_elsewhere(pytester, server):
    code = f"""
        import pytest
        from smtpmock import connect

        @pytest.fixture
        def smtpmock():
            with connect({server.http_url!r}) as mock:
                yield mock

        @pytest.mark.smtpmock_matrix(faults=["deferred-once"])
        def test_newsletter(smtpmock):
            raise AssertionError("it runs")
    """

    result = run(pytester, code)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["The marker smtpmock_matrix needs a server of its own for each fault: *"])


@pytest.mark.parametrize("option", ["--smtpmock-host=127.0.0.1", "--smtpmock-port=0"])
def test_options_of_a_server_are_refused(pytester, server, option):
    result = run(pytester, "def test(smtpmock): pass", f"--smtpmock-url={server.http_url}", option)
    result.stdout.fnmatch_lines(["*The option smtpmock_* has no effect: the server runs elsewhere*"])


def test_the_url_is_that_of_the_option_or_the_variable_or_the_file(pytester, server, monkeypatch):
    test = "def test(smtpmock, pytestconfig): assert smtpmock.http_url"
    pytester.makeini("[pytest]\nsmtpmock_url = http://127.0.0.1:1\n")
    result = run(pytester, test)
    result.stdout.fnmatch_lines(["*The SMTP mock at http://127.0.0.1:1 cannot be reached: the connection was refused*"])
    monkeypatch.setenv("SMTPMOCK_URL", server.http_url)
    run(pytester, test).assert_outcomes(passed=1)
    result = run(pytester, test, "--smtpmock-url=http://127.0.0.1:2")
    result.stdout.fnmatch_lines(["*The SMTP mock at http://127.0.0.1:2 cannot be reached*"])


def test_workers_share_a_server(pytester, server):
    pytest.importorskip("xdist")
    run(pytester, SHARED, f"--smtpmock-url={server.http_url}", "-n", "4", plugins=["xdist"]).assert_outcomes(passed=12)
    result = run(
        pytester, "def test(smtpmock): pass", f"--smtpmock-url={server.http_url}", "-n", "1", plugins=["xdist"]
    )
    result.stdout.fnmatch_lines(["*Several workers share the server at smtpmock_url: override the fixture *"])
