"""The pytest plugin: servers as fixtures, and the evidence in the reports of failed tests.

The server is imported when a fixture is first used. Test runs that do not use one only pay for the options.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from smtpmock.pytest_plugin import matrix, reports
from smtpmock.pytest_plugin.elsewhere import smtpmock_scope
from smtpmock.pytest_plugin.fixtures import (
    OPTIONS,
    URL_MEANING,
    SMTPMockFactory,
    begin,
    is_strict,
    release,
    servers_of,
    smtpmock,
    smtpmock_aio,
    smtpmock_factory,
    smtpmock_session,
    smtpmock_settings,
)
from smtpmock.pytest_plugin.matrix import smtpmock_fault

if TYPE_CHECKING:
    from collections.abc import Collection, Generator

    from smtpmock import Mailbox

__all__ = [
    "SMTPMockFactory",
    "smtpmock",
    "smtpmock_aio",
    "smtpmock_factory",
    "smtpmock_fault",
    "smtpmock_scope",
    "smtpmock_session",
    "smtpmock_settings",
]

_METAVARS = {"ignore_violations": "CODES"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, on the command line and in the configuration file."""
    group = parser.getgroup("smtpmock", "SMTP mock server")
    for name, meaning in OPTIONS.items():
        flag = f"--smtpmock-{name.replace('_', '-')}"
        group.addoption(flag, dest=f"smtpmock_{name}", metavar=_METAVARS.get(name, name.upper()), help=meaning)
        parser.addini(f"smtpmock_{name}", meaning)
    group.addoption("--smtpmock-url", dest="smtpmock_url", metavar="URL", help=URL_MEANING)
    parser.addini("smtpmock_url", URL_MEANING)


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers."""
    config.addinivalue_line("markers", "smtpmock(**settings): start the server of the fixture smtpmock with settings")
    config.addinivalue_line("markers", matrix.USAGE)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each fault, for tests with the marker of the matrix."""
    matrix.parametrize(metafunc)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test of a matrix under its fault."""
    return matrix.run(pyfuncitem) or None


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Show the matrices."""
    if any(
        name == matrix.PROPERTY
        for reports_of_kind in terminalreporter.stats.values()
        for told in reports_of_kind
        for name, _ in getattr(told, "user_properties", ())
    ):
        matrix.report(terminalreporter)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Begin the evidence of the test, and have the server of the run start anew."""
    reports.begin(item)
    begin(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Fail the test if the server raised an exception, or if the test left a rule unused and `strict` is set."""
    yield
    servers = servers_of(item)
    _fail_if_session_failed(servers)
    for server in servers:
        if is_strict(item, server):
            _fail_if_rule_is_unused(server)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """Report exceptions that the server raised after the test, or during a test that failed anyway."""
    servers = servers_of(item)
    yield
    _fail_if_session_failed(servers)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """End the traceback of a failure in the test, and add the evidence to the report."""
    if call.excinfo is not None:
        reports.hide_own_frames(call.excinfo.value)
    report = yield
    reports.add_evidence(item, call, report)
    if call.when == "teardown":
        release(item)
        reports.end(item)
    return report


def _fail_if_session_failed(servers: Collection[Mailbox]) -> None:
    if not servers:
        return  # nothing is imported for a test that uses none
    from smtpmock import SMTPMock

    for server in servers:
        if isinstance(server, SMTPMock) and server.errors:
            from traceback import format_exception

            error, *_ = server.errors
            server.errors.clear()
            headline = f"A session of {server.address} failed with {type(error).__name__}: {error}"
            pytest.fail("\n".join((headline, "", *"".join(format_exception(error)).splitlines())), pytrace=False)


def _fail_if_rule_is_unused(server: Mailbox) -> None:
    from smtpmock import ExpectationError

    try:
        server.assert_rules_used()
        return
    except ExpectationError as error:
        unused = str(error)
    pytest.fail(unused, pytrace=False)
