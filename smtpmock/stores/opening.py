"""The store that a URL names, made from the settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from smtpmock.errors import SettingError
from smtpmock.rules.book import MemoryRuleBook
from smtpmock.stores.memory import MemoryStore
from smtpmock.text import quote

if TYPE_CHECKING:
    from collections.abc import Callable

    from smtpmock.rules.book import RuleBook
    from smtpmock.settings.declarations import Settings
    from smtpmock.stores.base import ServerThread, Store


def make_store(settings: Settings, warn: Callable[[str], object], thread: Callable[[], ServerThread]) -> Store:
    """Return the store that the setting `store` names; nothing is opened yet.

    Args:
        settings: The settings of the server.
        warn: The function to call with what a user should know, such as that something could not be written.
        thread: A function that returns the thread of the servers.

    Raises:
        SettingError: If a package that the store requires is not installed.

    Example:
        >>> from smtpmock.settings.declarations import Settings
        >>> from smtpmock.runtime.hub import get_hub
        >>> len(make_store(Settings(), print, get_hub))
        0
    """
    scheme = settings.store.partition(":")[0]
    if scheme not in _MAKERS:
        raise SettingError(f"Invalid store {quote(f'{scheme}:')}: this version has no such store")
    return _MAKERS[scheme](settings, warn, thread)


def make_store_and_rules(
    settings: Settings, warn: Callable[[str], object], thread: Callable[[], ServerThread]
) -> tuple[Store, RuleBook]:
    """Return the store that the setting `store` names, and its rule book: who shares records shares rules, too.

    Args:
        settings: The settings of the server.
        warn: The function to call with what a user should know.
        thread: A function that returns the thread of the servers.

    Raises:
        SettingError: If a package that the store requires is not installed.
    """
    store = make_store(settings, warn, thread)
    if not settings.store.startswith("redis:"):
        return store, MemoryRuleBook()
    from smtpmock.stores.redis.book import RedisRuleBook
    from smtpmock.stores.redis.store import RedisStore

    assert isinstance(store, RedisStore)
    return store, RedisRuleBook(store, thread, warn)


def _memory(settings: Settings, *_: object) -> Store:
    return MemoryStore(settings.max_messages, settings.max_bytes, settings.max_age)


def _sqlite(settings: Settings, warn: Callable[[str], object], thread: Callable[[], ServerThread]) -> Store:
    from smtpmock.stores.sqlite.store import SQLiteStore
    from smtpmock.stores.sqlite.transaction import Bounds

    path = Path(settings.store.removeprefix("sqlite:///")).absolute()
    bounds = Bounds(settings.max_messages, settings.max_bytes, settings.max_age)
    return SQLiteStore(path, bounds, settings.store_timeout, warn, thread)


def _redis(settings: Settings, warn: Callable[[str], object], thread: Callable[[], ServerThread]) -> Store:
    from smtpmock.stores.redis.store import RedisStore

    return RedisStore(
        settings.store,
        warn,
        thread,
        bound=settings.max_messages,
        most_bytes=settings.max_bytes,
        max_age=settings.max_age,
        timeout=settings.store_timeout,
    )


_MAKERS: dict[str, Callable[..., Store]] = {"memory": _memory, "sqlite": _sqlite, "redis": _redis}
