"""The running servers: which one the keywords use, and when each one is stopped."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from robot.api import logger

from SMTPMockLibrary.api import ExpectationError, Mark, Rule, ServerStateError, SMTPMockError
from SMTPMockLibrary.owners import AutoStop, Owner, has_failed, owner, present

if TYPE_CHECKING:
    from SMTPMockLibrary.api import RemoteMock, Scope, SMTPMock


@dataclass(frozen=True)
class MockServer:
    """A running server.

    Attributes:
        alias: The alias of the server.
        host: The address that it listens on.
        port: The port that it listens on.
        url: The address as a URL.
        mock: The server itself, with its whole Python interface.
        is_strict: True if it is an error to leave a rule unused.
        connection: The connection to it, if it was not started here.
    """

    alias: str
    host: str
    port: int
    mock: "SMTPMock | RemoteMock | Scope" = field(repr=False)
    is_strict: bool = False
    connection: "RemoteMock | None" = field(default=None, repr=False)

    @property
    def whole(self) -> "SMTPMock | RemoteMock":
        """Return the whole server, of which `mock` may be a part."""
        mock: Any = self.mock
        return mock if self.connection is None else self.connection

    @property
    def is_elsewhere(self) -> bool:
        """Return True if it was not started here, but only connected to."""
        return self.connection is not None

    @property
    def is_shared(self) -> bool:
        """Return True if only a part of its mail belongs to this run."""
        return self.is_elsewhere and self.mock is not self.connection

    @property
    def url(self) -> str:
        """Return the address as a URL: smtp://127.0.0.1:2525, or smtps with implicit TLS."""
        return self.whole.url

    @property
    def address(self) -> str:
        """Return host and port as in the URL."""
        return self.mock.address

    def __str__(self) -> str:
        return self.url


class _Stopped(NamedTuple):
    """A server that no longer runs.

    Attributes:
        owner: The suite or test that it belonged to.
        where: The test or suite in which a keyword stopped it; None if it was stopped automatically.
    """

    owner: Owner
    where: Owner | None

    def __str__(self) -> str:
        return f"{self.where} stopped it" if self.where else f"it was stopped at the end of {self.owner}"


class Servers:
    """The running servers by alias; the one that was started or switched to last is the current one.

    Args:
        auto_stop: When servers are stopped if `start` is not told.
    """

    def __init__(self, auto_stop: AutoStop) -> None:
        self._auto_stop = auto_stop
        self._running: dict[str, MockServer] = {}
        self._owners: dict[str, Owner] = {}
        self._stopped: dict[str, _Stopped] = {}
        self._older_rules: set[Rule] = set()
        self._seen: dict[MockServer, Mark] = {}
        self._used: set[MockServer] = set()

    def connect(
        self,
        connection: "RemoteMock",
        mock: "RemoteMock | Scope",
        alias: str | None,
        auto_stop: AutoStop | None,
        *,
        strict: bool,
    ) -> MockServer:
        """Make a server that runs elsewhere, or a part of its mail, the current one."""
        alias = self._new_alias(alias)
        server = MockServer(alias, mock.host, mock.port, mock, strict, connection)
        self._seen[server] = mock.mark()
        self._used.add(server)
        self._owners[alias] = owner(auto_stop or self._auto_stop)
        self._running[alias] = server
        return server

    def _new_alias(self, alias: str | None) -> str:
        if alias is None:
            alias = next(str(number) for number in count(1) if str(number) not in self._running)
        if alias in self._running:
            raise ServerStateError(f"An SMTP mock with the alias '{alias}' is already running.")
        return alias

    def start(self, mock: "SMTPMock", alias: str | None, auto_stop: AutoStop | None) -> MockServer:
        """Start a server and make it the current one."""
        alias = self._new_alias(alias)
        owning = self._former_owner(alias) if auto_stop is None else None
        owning = owning or owner(auto_stop or self._auto_stop)
        try:
            mock.start()
            server = MockServer(alias, mock.host, mock.port, mock, mock.settings.strict)
            self._seen[server] = mock.mark()
            self._used.add(server)
            self._owners[alias] = owning
            self._running[alias] = server
        except BaseException:  # a timeout of Robot Framework can be raised anywhere
            if alias not in self._running:
                self._owners.pop(alias, None)
                if mock.is_running:
                    mock.stop()
            raise
        return server

    @contextmanager
    def lend(self, mock: "SMTPMock") -> Iterator[MockServer]:
        """Make a server that somebody else runs the current one, and none of the evidence, for a while."""
        server = MockServer(self._new_alias(None), mock.host, mock.port, mock)
        self._running[server.alias] = server
        try:
            yield server
        finally:
            self._running.pop(server.alias, None)

    @property
    def current(self) -> MockServer:
        """Return the server that the keywords use."""
        if not self._running:
            last = next(reversed(self._stopped.values()), "use Start SMTP Mock first")
            raise ServerStateError(f"No SMTP mock is running: {last}.")
        return self._use(next(reversed(self._running.values())))

    def get(self, alias: str | None) -> MockServer:
        """Return the server with the alias; without one, the current server."""
        return self.current if alias is None else self._use(self._named(alias))

    def choice(self) -> str:
        """Return a sentence about which of several servers the keywords use; "" if there is no choice."""
        if len(self._running) < 2:
            return ""
        *others, server = self.all()
        aliases = ", ".join(f"'{other.alias}'" for other in others)
        return f"The current SMTP mock is '{server.alias}' ({server.address}); also running: {aliases}."

    def of_rule(self, rule: Rule) -> MockServer:
        """Return the server that a rule was added to; the current one if the rule has been removed."""
        return next((server for server in self.all() if rule in server.mock.rules), None) or self.current

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
        self._stop(self.get(alias))

    def stop_all(self) -> None:
        """Stop all servers."""
        self._stop(*reversed(self._running.values()))

    def end_all(self) -> None:
        """Stop all servers at the end of the run."""
        self._end_those(lambda owned: True)

    def begin(self) -> None:
        """Begin a test, or what a suite does before and after its tests: what exists now does not belong to it."""
        self._older_rules = {rule for server in self.all() for rule in server.mock.rules}
        self._seen = {server: server.mock.mark() for server in self.all()}
        self._used = set()

    @property
    def seen(self) -> dict[MockServer, Mark]:
        """The servers that have run since `begin`, even if they were stopped, each with a mark of its beginning."""
        return self._seen

    def used(self) -> dict[MockServer, Mark]:
        """Return those that a keyword or a client has used since `begin`."""
        return {
            server: mark
            for server, mark in self._seen.items()
            if server in self._used or server.mock.sessions(since=mark) or server.mock.messages(since=mark)
        }

    def unused_rules(self) -> str:
        """Describe the rules of strict servers that the test left unused: those of the test, or of its own servers."""
        failures = []
        for alias, owned in self._owners.items():
            server = self._running[alias]
            if not server.is_strict:
                continue
            mock = server.mock
            if owned.test or any(not rule.hits for rule in {*mock.rules} - self._older_rules):
                failures += _unused(mock)
        return "\n".join(failures)

    def end_test(self) -> None:
        """Stop the servers that belong to the test, and bring the others online."""
        self._end_those(lambda owned: bool(owned.test))
        for server in self.all():
            if server.is_shared:
                continue  # it cannot be taken offline here
            try:
                server.mock.go_online()
            except SMTPMockError as error:
                logger.error(f"SMTP mock '{server.alias}': {error}")

    def end_suite(self, suite: str) -> None:
        """Stop the servers that belong to the suite or to a suite inside it."""
        self._end_those(lambda owned: owned.is_in(suite))

    def _stop(self, *servers: MockServer) -> None:
        failures = []
        for server in servers:
            unused = self._end(server, present())
            if not has_failed():
                failures += unused
        if failures:
            raise ExpectationError("\n".join(failures))

    def _end_those(self, ends: Callable[[Owner], bool]) -> None:
        for alias, owned in reversed(list(self._owners.items())):
            if ends(owned):
                server = self._running[alias]
                unused = self._end(server)
                if not owned.test:  # no test is left that could fail
                    for failure in unused:
                        logger.error(f"SMTP mock '{alias}': {failure}")

    def _former_owner(self, alias: str) -> Owner | None:
        """Return the suite whose server this test has stopped, so that starting it again leaves it to the suite."""
        stopped = self._stopped.get(alias)
        is_suites = stopped is not None and stopped.owner.suite and not stopped.owner.test
        return stopped.owner if stopped and is_suites and stopped.where == present() else None

    def _end(self, server: MockServer, where: Owner | None = None) -> list[str]:
        """Stop a server, or end the connection to it; return the text about unused rules if it is strict."""
        unused = (
            _unused(server.mock) if server.is_strict and server.is_elsewhere else []
        )  # they are about to be removed
        self._forget(server, where)
        return _unused(server.mock) if server.is_strict and not server.is_elsewhere else unused

    def _forget(self, server: MockServer, where: Owner | None = None) -> None:
        self._running.pop(server.alias)
        self._stopped.pop(server.alias, None)  # the last one shall be the one that was stopped last
        self._stopped[server.alias] = _Stopped(self._owners.pop(server.alias, Owner()), where)
        mock: Any = server.mock
        if server.connection is not None:
            server.connection.disconnect()
        elif mock.is_running:
            mock.stop()

    def _use(self, server: MockServer) -> MockServer:
        self._used.add(server)
        return server

    def _named(self, alias: str) -> MockServer:
        if alias not in self._running:
            stopped = self._stopped.get(alias)
            why = f": {stopped}" if stopped else ""
            aliases = ", ".join(f"'{known}'" for known in self._running) or "none"
            raise ServerStateError(f"No SMTP mock with the alias '{alias}' is running{why}; running: {aliases}.")
        return self._running[alias]


def _unused(mock: "SMTPMock | RemoteMock | Scope") -> list[str]:
    """Return the text about the unused rules of a server, if there are any."""
    try:
        mock.assert_rules_used()
    except ExpectationError as error:
        return [str(error)]
    return []
