"""The servers of a run: which there are, which one keywords speak to, and when each ends."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from typing import TYPE_CHECKING

from robot.api import logger
from robot.libraries.BuiltIn import BuiltIn, RobotNotRunningError

from smtpmock.errors import ExpectationError, ServerStateError

if TYPE_CHECKING:
    from smtpmock import SMTPMock
    from smtpmock.rules.rule import Rule


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
        url: Both, as in smtp://127.0.0.1:2525; smtps with TLS from the beginning.
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
        """The address as a URL; with TLS from the beginning it starts with smtps."""
        return self.mock.url

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
        self._older_rules: set[Rule] = set()

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
            if alias not in self._running:
                self._owners.pop(alias, None)
                if mock.is_running:
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
        self._stop(self.current if alias is None else self._named(alias))

    def stop_all(self) -> None:
        """Stops every server."""
        self._stop(*reversed(self._running.values()))

    def end_all(self) -> None:
        """Stops every server when the run ends."""
        self._end_those(lambda owner: True)

    def begin_test(self) -> None:
        """Keeps in mind which rules there are before the test."""
        self._older_rules = {rule for server in self.all() for rule in server.mock.rules}

    def unused_rules(self) -> str:
        """What a test that ends has left unused on strict servers, as text: a rule of its own, or of its server."""
        failures = []
        for alias, owner in self._owners.items():
            mock = self._running[alias].mock
            older: set[Rule] = set() if owner.test else self._older_rules
            if mock.settings.strict and (owner.test or any(not rule.hits for rule in {*mock.rules} - older)):
                failures += _unused(mock)
        return "\n".join(failures)

    def end_test(self) -> None:
        """Stops what ends with the test."""
        self._end_those(lambda owner: bool(owner.test))

    def end_suite(self, suite: str) -> None:
        """Stops what ends with the suite, or with one below it."""
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
                if server.mock.settings.strict and not owner.test:  # nobody is left to fail
                    for failure in _unused(server.mock):
                        logger.error(f"SMTP mock '{alias}': {failure}")

    def _forget(self, server: MockServer) -> None:
        self._running.pop(server.alias)
        self._owners.pop(server.alias, None)
        if server.mock.is_running:
            server.mock.stop()

    def _named(self, alias: str) -> MockServer:
        if alias not in self._running:
            there_are = ", ".join(f"'{known}'" for known in self._running) or "none"
            raise ServerStateError(f"There is no SMTP mock with the alias '{alias}'; there are: {there_are}.")
        return self._running[alias]


def _unused(mock: "SMTPMock") -> list[str]:
    """The text about the rules of a server that were never used, if there are any."""
    try:
        mock.assert_rules_used()
    except ExpectationError as error:
        return [str(error)]
    return []


def _has_failed() -> bool:
    """Whether this is the teardown of a test that has failed, which needs no further reason."""
    try:
        return bool(BuiltIn().get_variable_value("${TEST STATUS}") == "FAIL")
    except RobotNotRunningError:
        return False


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
