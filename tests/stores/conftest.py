"""The stores that the suite is about."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from smtpmock import SMTPMock
from tests.redis_server import RedisServer
from tests.stores.records import Stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

STORES = ("memory", "sqlite", "redis")


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A server of Redis."""
    server = RedisServer()
    yield server
    server.close()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The URL of an empty database."""
    redis_server.ask("FLUSHALL")
    return redis_server.url


@pytest.fixture
def servers(redis_url: str) -> Iterator[Callable[..., list[SMTPMock]]]:
    """Starts servers that share a store; they are stopped at the end of the test."""
    with ExitStack() as started:

        def servers(count: int, **settings: Any) -> list[SMTPMock]:
            return [started.enter_context(SMTPMock(store=redis_url, **settings)) for _ in range(count)]

        yield servers


@pytest.fixture(params=STORES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store of each kind."""
    if request.param == "redis":
        url: str = request.getfixturevalue("redis_url")
        return url
    return "memory:" if request.param == "memory" else f"sqlite:///{tmp_path / 'mails.db'}"


@pytest.fixture
def stored(url: str) -> Iterator[Callable[..., Stored]]:
    """Opens a store with some settings; it is closed at the end of the test."""
    opened = []

    def stored(**settings: Any) -> Stored:
        opened.append(Stored(url, **settings))
        return opened[-1]

    yield stored
    for store in opened:
        store.close()
        assert store.warnings == []
