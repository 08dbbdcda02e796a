"""The fixtures: servers for a test and for the run, and where their settings come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

import pytest

from smtpmock.pytest_plugin import matrix
from smtpmock.pytest_plugin.elsewhere import connected, refuse_factory, server_url

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from typing_extensions import Unpack

    from smtpmock import AsyncServer, Mailbox, SettingWords, SMTPMock

OPTIONS = {
    "host": "address or host name on which the servers listen",
    "port": "port of the fixtures smtpmock and smtpmock_session (default: a free port)",
    "timeout": "default timeout of waits, in seconds",
    "ignore_violations": "codes of violations that no test fails for, separated by commas",
}

URL_MEANING = "URL of a server that runs elsewhere, which the fixtures use instead of servers of their own"

_servers_key = pytest.StashKey[list["Mailbox"]]()
_strict_key = pytest.StashKey[list["Mailbox"]]()
_session_server_key = pytest.StashKey["Mailbox"]()


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
    if server_url(request.config):
        matrix.refuse_elsewhere(request.node)
        yield from _run_elsewhere(request, smtpmock_settings)
        return
    layers = (matrix.settings_of(request.node), smtpmock_settings, _marked(request.node))
    server = _make(request.config, *layers, fixed=True)
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
    refuse_factory(request.config)
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
    if server_url(request.config):
        elsewhere, _ = connected(request, smtpmock_settings, {})
        request.config.stash[_session_server_key] = elsewhere
        yield cast("SMTPMock", elsewhere)
        del request.config.stash[_session_server_key]
        elsewhere.clear_rules()
        return
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
        for name in OPTIONS:
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


def _run_elsewhere(request: pytest.FixtureRequest, settings: Mapping[str, Any]) -> Generator[SMTPMock, None, None]:
    mailbox, is_strict = connected(request, settings, _marked(request.node))
    request.node.stash[_servers_key].append(mailbox)
    request.node.stash[_strict_key] = [mailbox] if is_strict else []
    yield cast("SMTPMock", mailbox)  # it has all that a test uses
    if mailbox.is_running:
        mailbox.clear_rules()


def _start(server: SMTPMock) -> None:
    from smtpmock import StartError

    try:
        server.start()
        return
    except StartError as error:
        refusal = str(error)
    pytest.fail(refusal, pytrace=False)


# What the hooks ask.


def begin(item: pytest.Item) -> None:
    """Prepare for a test: the server of the run starts anew, and settings for it are refused."""
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
        from smtpmock import Scope, SMTPMock

        if isinstance(shared, SMTPMock):
            shared.errors.clear()
        shared.clear_rules()
        if not isinstance(shared, Scope):
            shared.clock.reset()
        shared.purge()


def is_strict(item: pytest.Item, server: Mailbox) -> bool:
    """Return True if a rule of the server that is never used fails the test."""
    from smtpmock import SMTPMock

    return server.settings.strict if isinstance(server, SMTPMock) else server in item.stash.get(_strict_key, [])


def servers_of(item: pytest.Item) -> list[Mailbox]:
    """Return the servers that the fixtures started for a test, and that of the run."""
    servers = item.stash.get(_servers_key, [])
    shared = item.config.stash.get(_session_server_key, None)
    return servers if shared is None else [*servers, shared]


def release(item: pytest.Item) -> None:
    """Release the servers of a test, with their messages."""
    item.stash[_servers_key] = []
