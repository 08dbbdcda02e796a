"""The running servers: which one the keywords use, and when each one is stopped."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from typing import TYPE_CHECKING

from robot.api import logger
from robot.libraries.BuiltIn import BuiltIn, RobotNotRunningError

from SMTPMockLibrary.api import ExpectationError, Rule, ServerStateError

if TYPE_CHECKING:
    from SMTPMockLibrary.api import SMTPMock


class AutoStop(Enum):
    """Defines when a server is stopped automatically, unless a keyword stops it earlier.

    - TEST: At the end of the test that started it, or of the suite if the suite setup started it.
    - SUITE: At the end of the suite in which it was started, whether by a test or by the suite setup.
    - MANUAL: At the end of the test run.
    """

    TEST = "TEST"
    SUITE = "SUITE"
    MANUAL = "MANUAL"


@dataclass(frozen=True)
class MockServer:
    """A running server.

    Attributes:
        alias: The alias of the server.
        host: The address that it listens on.
        port: The port that it listens on.
        url: The address as a URL.
        mock: The server itself, with its whole Python interface.
    """

    alias: str
    host: str
    port: int
    mock: "SMTPMock" = field(repr=False)

    @property
    def url(self) -> str:
        """Return the address as a URL: smtp://127.0.0.1:2525, or smtps with implicit TLS."""
        return self.mock.url

    @property
    def address(self) -> str:
        """Return host and port as in the URL."""
        return self.mock.address

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True)
class _Owner:
    """The suite or test at whose end a server is stopped; both are empty if it is stopped at the end of the run."""

    suite: str = ""
    test: str = ""


class Servers:
    """The running servers by alias; the one that was started or switched to last is the current one.

    Args:
        auto_stop: When servers are stopped if `start` is not told.
    """

    def __init__(self, auto_stop: AutoStop) -> None:
        self._auto_stop = auto_stop
        self._running: dict[str, MockServer] = {}
        self._owners: dict[str, _Owner] = {}
        self._older_rules: set[Rule] = set()

    def start(self, mock: "SMTPMock", alias: str | None, auto_stop: AutoStop | None) -> MockServer:
        """Start a server and make it the current one."""
        if alias is None:
            alias = next(str(number) for number in count(1) if str(number) not in self._running)
        if alias in self._running:
            raise ServerStateError(f"An SMTP mock with the alias '{alias}' is already running.")
        owner = _owner(auto_stop or self._auto_stop)
        try:
            mock.start()
            server = MockServer(alias, mock.host, mock.port, mock)
            self._owners[alias] = owner
            self._running[alias] = server
        except BaseException:  # a timeout of Robot Framework can be raised anywhere
            if alias not in self._running:
                self._owners.pop(alias, None)
                if mock.is_running:
                    mock.stop()
            raise
        return server

    @property
    def current(self) -> MockServer:
        """Return the server that the keywords use."""
        if not self._running:
            raise ServerStateError("No SMTP mock is running: use Start SMTP Mock first.")
        return next(reversed(self._running.values()))

    def all(self) -> list[MockServer]:
        """Return all servers, the current one last."""
        return list(self._running.values())

    def switch(self, alias: str) -> str:
        """Make another server the current one, and return the alias of the previous one."""
        previous = self.current.alias
        server = self._named(alias)
        del self._running[alias]
        self._running[alias] = server
        return previous

    def stop(self, alias: str | None = None) -> None:
        """Stop a server, or the current one; the one used before becomes the current one."""
        self._stop(self.current if alias is None else self._named(alias))

    def stop_all(self) -> None:
        """Stop all servers."""
        self._stop(*reversed(self._running.values()))

    def end_all(self) -> None:
        """Stop all servers at the end of the run."""
        self._end_those(lambda owner: True)

    def begin_test(self) -> None:
        """Remember the rules that exist before the test."""
        self._older_rules = {rule for server in self.all() for rule in server.mock.rules}

    def unused_rules(self) -> str:
        """Describe the rules of strict servers that the test left unused: those of the test, or of its own servers."""
        failures = []
        for alias, owner in self._owners.items():
            mock = self._running[alias].mock
            concerns_test = owner.test or any(not rule.hits for rule in {*mock.rules} - self._older_rules)
            if mock.settings.strict and concerns_test:
                failures += _unused(mock)
        return "\n".join(failures)

    def end_test(self) -> None:
        """Stop the servers that belong to the test."""
        self._end_those(lambda owner: bool(owner.test))

    def end_suite(self, suite: str) -> None:
        """Stop the servers that belong to the suite or to a suite inside it."""
        self._end_those(lambda owner: owner.suite == suite or owner.suite.startswith(f"{suite}."))

    def _stop(self, *servers: MockServer) -> None:
        failures = []
        for server in servers:
            self._forget(server)
            if server.mock.settings.strict and not _has_failed():
                failures += _unused(server.mock)
        if failures:
            raise ExpectationError("\n".join(failures))

    def _end_those(self, ends: Callable[[_Owner], bool]) -> None:
        for alias, owner in reversed(list(self._owners.items())):
            if ends(owner):
                server = self._running[alias]
                self._forget(server)
                if server.mock.settings.strict and not owner.test:  # no test is left that could fail
                    for failure in _unused(server.mock):
                        logger.error(f"SMTP mock '{alias}': {failure}")

    def _forget(self, server: MockServer) -> None:
        self._running.pop(server.alias)
        self._owners.pop(server.alias, None)
        if server.mock.is_running:
            server.mock.stop()

    def _named(self, alias: str) -> MockServer:
        if alias not in self._running:
            aliases = ", ".join(f"'{known}'" for known in self._running) or "none"
            raise ServerStateError(f"No SMTP mock with the alias '{alias}' is running; running: {aliases}.")
        return self._running[alias]


def _unused(mock: "SMTPMock") -> list[str]:
    """Return the text about the unused rules of a server, if there are any."""
    try:
        mock.assert_rules_used()
    except ExpectationError as error:
        return [str(error)]
    return []


def _has_failed() -> bool:
    """Return True in the teardown of a test that has failed, which needs no further failure."""
    try:
        return bool(BuiltIn().get_variable_value("${TEST STATUS}") == "FAIL")
    except RobotNotRunningError:
        return False


def _owner(auto_stop: AutoStop) -> _Owner:
    """Return the suite or test that a server started now belongs to."""
    if auto_stop is AutoStop.MANUAL:
        return _Owner()
    try:
        variable = BuiltIn().get_variable_value
        test = variable("${TEST NAME}", "") if auto_stop is AutoStop.TEST else ""
        return _Owner(variable("${SUITE NAME}", ""), test)
    except RobotNotRunningError:
        return _Owner()
