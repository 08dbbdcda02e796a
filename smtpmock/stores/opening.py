"""The store that a URL names, and the rule book that belongs to it, made from the settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from smtpmock.errors import SettingError
from smtpmock.rules.book import MemoryRuleBook
from smtpmock.stores.memory import MemoryStore
from smtpmock.text import quote

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from smtpmock.rules.book import RuleBook
    from smtpmock.settings.declarations import Settings
    from smtpmock.stores.base import ServerThread, Store

    Warn: TypeAlias = Callable[[str], object]
    Thread: TypeAlias = Callable[[], ServerThread]
    Made: TypeAlias = tuple[Store, RuleBook]


def make_store(settings: Settings, warn: Warn, thread: Thread) -> Made:
    """Return the store that the setting `store` names, and its rule book: servers that share records share rules.

    Nothing is opened yet.

    Args:
        settings: The settings of the server.
        warn: The function to call with what a user should know, such as that something could not be written.
        thread: A function that returns the thread of the servers.

    Raises:
        SettingError: If a package that the store requires is not installed.

    Example:
        >>> from smtpmock.settings.declarations import Settings
        >>> from smtpmock.runtime.hub import get_hub
        >>> store, rule_book = make_store(Settings(), print, get_hub)
        >>> len(store), rule_book.rules
        (0, [])
    """
    scheme = settings.store.partition(":")[0]
    if scheme not in _MAKERS:
        raise SettingError(f"Invalid store {quote(f'{scheme}:')}: this version has no such store")
    return _MAKERS[scheme](settings, warn, thread)


def _memory(settings: Settings, *_: object) -> Made:
    return MemoryStore(settings.max_messages, settings.max_bytes, settings.max_age), MemoryRuleBook()


def _sqlite(settings: Settings, warn: Warn, thread: Thread) -> Made:
    from smtpmock.stores.sqlite.store import SQLiteStore
    from smtpmock.stores.sqlite.transaction import Bounds

    path = Path(settings.store.removeprefix("sqlite:///")).absolute()
    bounds = Bounds(settings.max_messages, settings.max_bytes, settings.max_age)
    return SQLiteStore(path, bounds, settings.store_timeout, warn, thread), MemoryRuleBook()


def _redis(settings: Settings, warn: Warn, thread: Thread) -> Made:
    from smtpmock.stores.redis.book import RedisRuleBook
    from smtpmock.stores.redis.store import RedisStore

    store = RedisStore(
        settings.store,
        warn,
        thread,
        bound=settings.max_messages,
        most_bytes=settings.max_bytes,
        max_age=settings.max_age,
        timeout=settings.store_timeout,
    )
    return store, RedisRuleBook(store, thread, warn)


_MAKERS: dict[str, Callable[..., Made]] = {"memory": _memory, "sqlite": _sqlite, "redis": _redis}
