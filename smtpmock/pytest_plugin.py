"""The pytest plugin: servers as fixtures, and transcripts in the reports of failed tests.

The server is imported when a fixture is first used. Test runs that do not use one only pay for the options.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping

    from typing_extensions import Unpack

    from smtpmock import AsyncServer, SettingWords, SMTPMock

_OPTIONS = {
    "host": "address or host name on which the servers listen",
    "port": "port of the fixtures smtpmock and smtpmock_session (default: a free port)",
    "timeout": "default timeout of waits, in seconds",
    "ignore_violations": "codes of violations that no test fails for, separated by commas",
}

_METAVARS = {"ignore_violations": "CODES"}

_servers_key = pytest.StashKey[list["SMTPMock"]]()
_session_server_key = pytest.StashKey["SMTPMock"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, on the command line and in the configuration file."""
    group = parser.getgroup("smtpmock", "SMTP mock server")
    for name, meaning in _OPTIONS.items():
        flag = f"--smtpmock-{name.replace('_', '-')}"
        group.addoption(flag, dest=f"smtpmock_{name}", metavar=_METAVARS.get(name, name.upper()), help=meaning)
        parser.addini(f"smtpmock_{name}", meaning)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", "smtpmock(**settings): start the server of the fixture smtpmock with settings")


# The fixtures.


class SMTPMockFactory(Protocol):
    """The type of the fixture `smtpmock_factory`.

    Example:
        .. code-block:: python

            from smtpmock import SMTPMock
            from smtpmock.pytest_plugin import SMTPMockFactory

            def test_fallback(smtpmock: SMTPMock, smtpmock_factory: SMTPMockFactory) -> None:
                broken = smtpmock_factory(msg_greeting="554 No service")
    """

    def __call__(self, **settings: Unpack[SettingWords]) -> SMTPMock:
        """Start another server, which is stopped at the end of the test.

        Args:
            **settings: Its settings, which override those of the other fixtures and options.
        """


@pytest.fixture(scope="session")
def smtpmock_settings() -> SettingWords:
    """Return the settings of all servers; override this fixture to change them.

    An override for `smtpmock_session` must have the scope "session".

    Example:
        .. code-block:: python

            @pytest.fixture(scope="session")
            def smtpmock_settings() -> SettingWords:
                return {"not_registered_emails": ["nobody@example.com"]}
    """
    return {}


@pytest.fixture
def smtpmock(request: pytest.FixtureRequest, smtpmock_settings: SettingWords) -> Generator[SMTPMock, None, None]:
    """Start a server for the test, on a free port. It records all messages.

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
def smtpmock_aio(smtpmock: SMTPMock) -> AsyncServer:
    """Return `smtpmock.aio`: the waits and assertions of the test's server, for tests that are coroutines.

    Example:
        .. code-block:: python

            async def test_welcome(smtpmock, smtpmock_aio):
                await sign_up("bob@example.com", smtp=(smtpmock.host, smtpmock.port))
                mail = await smtpmock_aio.wait_for_message(recipient="bob@example.com")
                assert mail.subject == "Welcome"
    """
    return smtpmock.aio


@pytest.fixture
def smtpmock_factory(
    request: pytest.FixtureRequest, smtpmock_settings: SettingWords
) -> Generator[SMTPMockFactory, None, None]:
    """Return a function that starts another server, with the given settings, until the end of the test.

    Example:
        .. code-block:: python

            def test_fallback(smtpmock, smtpmock_factory):
                broken = smtpmock_factory(msg_greeting="554 No service")
    """
    running: list[Generator[SMTPMock, None, None]] = []

    def start(**settings: Unpack[SettingWords]) -> SMTPMock:
        run = _run(_make(request.config, smtpmock_settings, settings), request.node)
        server = next(run)
        running.append(run)
        return server

    yield start
    for run in reversed(running):
        next(run, None)


@pytest.fixture(scope="session")
def smtpmock_session(
    request: pytest.FixtureRequest, smtpmock_settings: SettingWords
) -> Generator[SMTPMock, None, None]:
    """Start one server for the whole run, for applications that are configured once.

    Before each test it is emptied, its rules are removed, and its clock is reset.
    """
    server = _make(request.config, smtpmock_settings, fixed=True)
    _start(server)
    request.config.stash[_session_server_key] = server
    yield server
    del request.config.stash[_session_server_key]
    if server.is_running:
        server.stop()


def _make(config: pytest.Config, *layers: Mapping[str, Any], fixed: bool = False) -> SMTPMock:
    """Return a server with the settings of the options, overridden by each of the layers in turn."""
    from smtpmock import SettingError, SMTPMock, parse_setting

    values: dict[str, Any] = {}
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
    """Return the settings of the markers; the markers closest to the test take precedence."""
    settings: dict[str, Any] = {}
    for marker in reversed(list(item.iter_markers("smtpmock"))):
        if marker.args:
            pytest.fail(
                f"Invalid marker smtpmock({', '.join(map(repr, marker.args))}): "
                "expected settings as keyword arguments, such as smtpmock(fail_fast=True)",
                pytrace=False,
            )
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
    """Have the server of the run start anew, and refuse settings for it."""
    item.stash[_servers_key] = []
    fixtures = getattr(item, "fixturenames", ())
    if "smtpmock_session" in fixtures and "smtpmock" not in fixtures and _marked(item):
        pytest.fail(
            "The marker smtpmock cannot change the settings of smtpmock_session, which runs for all tests: "
            "use the fixture smtpmock, or override smtpmock_settings.",
            pytrace=False,
        )
    shared = item.config.stash.get(_session_server_key, None)
    if shared is not None:
        shared.errors.clear()
        shared.clear_rules()
        shared.clock.reset()
        shared.purge()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Fail the test if the server raised an exception, or if the test left a rule unused and `strict` is set."""
    yield
    servers = _servers(item)
    _fail_if_session_failed(servers)
    for server in servers:
        if server.settings.strict:
            server.assert_rules_used()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """Report exceptions that the server raised after the test, or during a test that failed anyway."""
    servers = _servers(item)
    yield
    _fail_if_session_failed(servers)


def _fail_if_session_failed(servers: Iterable[SMTPMock]) -> None:
    for server in servers:
        if server.errors:
            from traceback import format_exception

            error, *_ = server.errors
            server.errors.clear()
            headline = f"A session of {server.address} failed with {type(error).__name__}: {error}"
            pytest.fail("\n".join((headline, "", *"".join(format_exception(error)).splitlines())), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """End the traceback of a failure in the test, and add the transcripts of the sessions to the report."""
    if call.excinfo is not None and _is_own(call.excinfo.value):
        _hide_own_frames(call.excinfo.value)
    report = yield
    if report.failed:
        for server in _servers(item):
            sessions = server.sessions()
            if sessions:
                from smtpmock import transcripts

                report.sections.append((f"SMTP sessions of {server.address}", transcripts(sessions)))
    if call.when == "teardown":
        item.stash[_servers_key] = []  # release the messages of the test
    return report


def _is_own(error: BaseException) -> bool:
    return any(kind.__module__ == "smtpmock.errors" for kind in type(error).__mro__)


def _hide_own_frames(error: BaseException) -> None:
    """End the traceback where code outside of smtpmock called smtpmock last."""
    last = trace = error.__traceback__
    while trace is not None:
        if not trace.tb_frame.f_globals.get("__name__", "").startswith("smtpmock."):
            last = trace
        trace = trace.tb_next
    if last is not None:
        last.tb_next = None
