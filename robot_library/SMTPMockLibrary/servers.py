"""The servers of a run: which there are, which one keywords speak to, and when each ends."""

from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from typing import TYPE_CHECKING, Any

from robot.libraries.BuiltIn import BuiltIn, RobotNotRunningError

from smtpmock.errors import ServerStateError

if TYPE_CHECKING:
    from smtpmock import SMTPMock


class AutoStop(Enum):
    """When a server is stopped that no keyword has stopped.

    - TEST: with the test that started it; one that was started in a suite setup, with that suite.
    - SUITE: with the suite in which it was started, by a test or by its setup.
    - MANUAL: when the run ends.
    """

    TEST = "TEST"
    SUITE = "SUITE"
    MANUAL = "MANUAL"


@dataclass(frozen=True)
class MockServer:
    """A server that runs.

    Attributes:
        alias: The name that it is switched to by.
        host: The address that it listens on.
        port: The port that it listens on.
        url: Both, as in smtp://127.0.0.1:2525.
        mock: The server itself, with all that its Python interface can do.
    """

    alias: str
    host: str
    port: int
    mock: "SMTPMock" = field(repr=False)

    @property
    def address(self) -> str:
        """Host and port, as people write them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The address as a URL."""
        return f"smtp://{self.address}"

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True)
class _Owner:
    """Who a server ends with; nobody, if both are empty."""

    suite: str = ""
    test: str = ""


class Servers:
    """The servers that run, by alias; the one that was used last is the current one.

    Args:
        auto_stop: When they end if their start does not say.
    """

    def __init__(self, auto_stop: AutoStop) -> None:
        self._auto_stop = auto_stop
        self._running: dict[str, MockServer] = {}
        self._owners: dict[str, _Owner] = {}

    def start(self, mock: "SMTPMock", alias: str | None, auto_stop: AutoStop | None) -> MockServer:
        """Starts a server and makes it the current one."""
        if alias is None:
            alias = next(str(number) for number in count(1) if str(number) not in self._running)
        if alias in self._running:
            raise ServerStateError(f"There is an SMTP mock with the alias '{alias}' already.")
        owner = _owner(auto_stop or self._auto_stop)
        try:
            mock.start()
            server = MockServer(alias, mock.host, mock.port, mock)
            self._owners[alias] = owner
            self._running[alias] = server
        except BaseException:  # a timeout comes at any place
            if self._running.get(alias) is None and mock.is_running:
                mock.stop()
            raise
        return server

    @property
    def current(self) -> MockServer:
        """The server that keywords speak to."""
        if not self._running:
            raise ServerStateError("No SMTP mock is running: use Start SMTP Mock first.")
        return next(reversed(self._running.values()))

    def all(self) -> list[MockServer]:
        """All servers, the current one last."""
        return list(self._running.values())

    def switch(self, alias: str) -> str:
        """Makes another server the current one; returns the alias of the one that was."""
        previous = self.current.alias
        server = self._named(alias)
        del self._running[alias]
        self._running[alias] = server
        return previous

    def stop(self, alias: str | None = None) -> None:
        """Stops a server, or the current one; the one that was used before becomes the current one."""
        server = self.current if alias is None else self._named(alias)
        self._running.pop(server.alias)
        self._owners.pop(server.alias, None)
        if server.mock.is_running:
            server.mock.stop()
        if server.mock.settings.strict:
            server.mock.assert_rules_used()

    def stop_all(self) -> None:
        """Stops every server."""
        self._stop_those(lambda owner: True)

    def end_test(self) -> None:
        """Stops what ends with the test."""
        self._stop_those(lambda owner: bool(owner.test))

    def end_suite(self, suite: str) -> None:
        """Stops what ends with the suite, or with one below it."""
        self._stop_those(lambda owner: owner.suite == suite or owner.suite.startswith(f"{suite}."))

    def _stop_those(self, ends: Any) -> None:
        for alias, owner in reversed(list(self._owners.items())):
            if ends(owner):
                server = self._running.pop(alias)
                del self._owners[alias]
                if server.mock.is_running:
                    server.mock.stop()

    def _named(self, alias: str) -> MockServer:
        if alias not in self._running:
            there_are = ", ".join(f"'{known}'" for known in self._running) or "none"
            raise ServerStateError(f"There is no SMTP mock with the alias '{alias}'; there are: {there_are}.")
        return self._running[alias]


def _owner(auto_stop: AutoStop) -> _Owner:
    """Who a server ends with that is started now."""
    if auto_stop is AutoStop.MANUAL:
        return _Owner()
    try:
        variable = BuiltIn().get_variable_value
        test = variable("${TEST NAME}", "") if auto_stop is AutoStop.TEST else ""
        return _Owner(variable("${SUITE NAME}", ""), test)
    except RobotNotRunningError:
        return _Owner()
