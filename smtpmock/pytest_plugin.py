"""The pytest plugin: servers as fixtures, and transcripts in the reports of failed tests.

It imports the server when a test first asks for one; a run that does not pays for a few options.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping

    from smtpmock import SMTPMock

_RECORDING = {"multiple_rcptto": True, "multiple_message_receiving": True}
"""What a test expects: everything is recorded."""

_OPTIONS = {
    "host": "address or name that the servers of the fixtures listen on",
    "port": "port that the servers of the fixtures smtpmock and smtpmock_session listen on",
    "timeout": "seconds that a wait lasts, at most, unless the test says otherwise",
}

_servers_key = pytest.StashKey[list["SMTPMock"]]()
_session_server_key = pytest.StashKey["SMTPMock"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options and their values in the configuration file."""
    group = parser.getgroup("smtpmock", "SMTP mock server")
    for name, meaning in _OPTIONS.items():
        group.addoption(f"--smtpmock-{name}", dest=f"smtpmock_{name}", metavar=name.upper(), help=meaning)
        parser.addini(f"smtpmock_{name}", meaning)


def pytest_configure(config: pytest.Config) -> None:
    """Registers the marker."""
    config.addinivalue_line(
        "markers", "smtpmock(**settings): settings of the server that the fixture smtpmock starts for this test"
    )


# The fixtures.


@pytest.fixture(scope="session")
def smtpmock_settings() -> dict[str, Any]:
    """Settings for all servers of the fixtures; to be overridden.

    With the scope of a session it can be used by `smtpmock_session`, too.

    Example:
        .. code-block:: python

            @pytest.fixture(scope="session")
            def smtpmock_settings():
                return {"not_registered_emails": ["nobody@example.com"]}
    """
    return {}


@pytest.fixture
def smtpmock(request: pytest.FixtureRequest, smtpmock_settings: Mapping[str, Any]) -> Generator[SMTPMock, None, None]:
    """A server of its own for the test, on a free port, that records everything.

    Example:
        .. code-block:: python

            def test_welcome(smtpmock):
                sign_up("bob@example.com", smtp=(smtpmock.host, smtpmock.port))
                mail = smtpmock.wait_for_message(recipient="bob@example.com")
                assert mail.subject == "Welcome"
    """
    server = _make(request.config, smtpmock_settings, _marked(request.node), fixed=True)
    yield from _run(server, request.node)


@pytest.fixture
def smtpmock_factory(
    request: pytest.FixtureRequest, smtpmock_settings: Mapping[str, Any]
) -> Generator[Callable[..., SMTPMock], None, None]:
    """A function that starts a further server, with these settings, until the end of the test.

    Example:
        .. code-block:: python

            def test_fallback(smtpmock, smtpmock_factory):
                broken = smtpmock_factory(msg_greeting="554 No service")
    """
    running: list[Generator[SMTPMock, None, None]] = []

    def start(**settings: Any) -> SMTPMock:
        run = _run(_make(request.config, smtpmock_settings, settings), request.node)
        server = next(run)
        running.append(run)
        return server

    yield start
    for run in reversed(running):
        next(run, None)


@pytest.fixture(scope="session")
def smtpmock_session(
    request: pytest.FixtureRequest, smtpmock_settings: Mapping[str, Any]
) -> Generator[SMTPMock, None, None]:
    """One server for the whole run, emptied before each test, for applications that are configured once."""
    server = _make(request.config, smtpmock_settings, fixed=True)
    _start(server)
    request.config.stash[_session_server_key] = server
    yield server
    del request.config.stash[_session_server_key]
    if server.is_running:
        server.stop()


def _make(config: pytest.Config, *layers: Mapping[str, Any], fixed: bool = False) -> SMTPMock:
    """A server with the settings of the options and of each layer on top of those before it."""
    from smtpmock import SettingError, SMTPMock, parse_setting

    values: dict[str, Any] = dict(_RECORDING)
    try:
        for name in _OPTIONS:
            text = config.getoption(f"smtpmock_{name}") or config.getini(f"smtpmock_{name}")
            if text and (fixed or name != "port"):
                values[name] = parse_setting(name, str(text))
        for layer in layers:
            values.update(layer)
        return SMTPMock(**values)
    except SettingError as error:
        refusal = str(error)
    pytest.fail(refusal, pytrace=False)


def _marked(item: pytest.Item) -> dict[str, Any]:
    """The settings of the markers, those nearest to the test last."""
    settings: dict[str, Any] = {}
    for marker in reversed(list(item.iter_markers("smtpmock"))):
        if marker.args:
            pytest.fail("The marker smtpmock takes settings by name, as in smtpmock(fail_fast=True).", pytrace=False)
        settings.update(marker.kwargs)
    return settings


def _run(server: SMTPMock, item: pytest.Item) -> Generator[SMTPMock, None, None]:
    item.stash[_servers_key].append(server)
    _start(server)
    yield server
    if server.is_running:
        server.stop()


def _start(server: SMTPMock) -> None:
    from smtpmock import StartError

    try:
        server.start()
        return
    except StartError as error:
        refusal = str(error)
    pytest.fail(refusal, pytrace=False)


# The reports.


def _servers(item: pytest.Item) -> list[SMTPMock]:
    servers = item.stash.get(_servers_key, [])
    shared = item.config.stash.get(_session_server_key, None)
    return servers if shared is None else [*servers, shared]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Empties the server of the run."""
    item.stash[_servers_key] = []
    shared = item.config.stash.get(_session_server_key, None)
    if shared is not None:
        shared.errors.clear()
        shared.purge()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Fails the test whose sessions ended with an exception of their own, or which left a rule unused (`strict`)."""
    yield
    servers = _servers(item)
    _raise_what_ended_a_session(servers)
    for server in servers:
        if server.settings.strict:
            server.assert_rules_used()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """Tells of exceptions that came later, and of those for which the test itself failed."""
    servers = _servers(item)
    yield
    _raise_what_ended_a_session(servers)


def _raise_what_ended_a_session(servers: Iterable[SMTPMock]) -> None:
    for server in servers:
        if server.errors:
            from traceback import format_exception

            error, *_ = server.errors
            server.errors.clear()
            headline = f"A session of {server.host}:{server.port} ended with {type(error).__name__}: {error}"
            pytest.fail("\n".join((headline, "", *"".join(format_exception(error)).splitlines())), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Ends the trace of a failure in the test, and shows what was said to the servers."""
    if call.excinfo is not None and _is_own(call.excinfo.value):
        _hide_own_frames(call.excinfo.value)
    report = yield
    if report.failed:
        for server in _servers(item):
            sessions = server.sessions()
            if sessions:
                from smtpmock import transcripts

                report.sections.append((f"SMTP sessions of {server.host}:{server.port}", transcripts(sessions)))
    if call.when == "teardown":
        item.stash[_servers_key] = []  # what a test received goes with it
    return report


def _is_own(error: BaseException) -> bool:
    return any(kind.__module__ == "smtpmock.errors" for kind in type(error).__mro__)


def _hide_own_frames(error: BaseException) -> None:
    """Ends the trace where the last function that is not ours called ours."""
    last = trace = error.__traceback__
    while trace is not None:
        if not trace.tb_frame.f_globals.get("__name__", "").startswith("smtpmock."):
            last = trace
        trace = trace.tb_next
    if last is not None:
        last.tb_next = None
