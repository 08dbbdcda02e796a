"""The rules that servers share, in Redis, and their counters."""

from __future__ import annotations

import json
from collections import deque
from functools import partial
from secrets import token_hex
from time import monotonic
from typing import TYPE_CHECKING, Any

import gevent

from smtpmock.errors import StoreError
from smtpmock.rules.book import MOST_ENDED, Clock, check_advance
from smtpmock.rules.decision import GATE
from smtpmock.rules.gates import gate_to_json
from smtpmock.rules.json_form import rule_from_json, rule_to_json
from smtpmock.rules.recent import short_key
from smtpmock.rules.rule import Usage
from smtpmock.stores.redis.listener import SharedCallbacks

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from smtpmock.records.change import Change
    from smtpmock.rules.rule import Rule
    from smtpmock.stores.base import ServerThread
    from smtpmock.stores.redis.store import RedisStore

_FIRST_PAUSE, _LONGEST_PAUSE = 0.001, 0.02  # seconds between looks at who has acknowledged a rule


class RedisRuleBook:
    """The rules of all servers that share a store.

    Args:
        store: The store.
        thread: A function that returns the thread of the servers.
        warn: The function to call with what users should know.

    Attributes:
        clock: The clock of greylisting and rate limits, which all servers share.
    """

    def __init__(self, store: RedisStore, thread: Callable[[], ServerThread], warn: Callable[[str], object]) -> None:
        self._store = store
        self._thread = thread
        self._warn = warn
        self._rules: list[Rule] = []
        self._known: dict[str, Rule] = {}
        self._ended_unused: deque[Rule] = deque(maxlen=MOST_ENDED)
        self._callbacks = SharedCallbacks(lambda: store.listener, "rule:changes", self._hear, thread)
        self.clock: Clock = SharedClock(self._ask)
        store.lease.fetch = self._fetch

    @property
    def rules(self) -> list[Rule]:
        """The active rules, oldest first; always the same list."""
        return self._rules

    def catch_up(self) -> None:
        """Bring the rules up to date, in any thread; a server that runs has them."""
        if not self._store.lease.is_kept:
            self._thread().call(self._fetch)

    def refresh(self) -> bool:
        """Wait until the rules are up to date; return False if that cannot be known."""
        lease = self._store.lease
        if monotonic() < lease.until:
            return True
        try:
            lease.renew(if_expired=True)
        except StoreError:
            return False  # of which the log was told
        return True

    def add(self, rule: Rule) -> str:
        """Add a rule, which all servers have when this returns; return its id.

        Raises:
            RuleError: If it has a function, which servers cannot share.
            StoreError: If Redis cannot be reached.
        """
        written = json.dumps(rule_to_json(rule))
        self._thread().call(self._add, rule, written)
        return rule.id

    def _add(self, rule: Rule, written: str) -> None:
        rule_id, version = self._ask("rule_add", token_hex(8), written)
        self._own(rule, rule_id.decode())
        self._wait_for_all(version)

    def remove(self, rule_id: str) -> None:
        """Remove a rule, if it exists; all servers know when this returns."""
        self._thread().call(self._remove, rule_id)

    def _remove(self, *ids: str) -> None:
        self._wait_for_all(self._ask("rule_remove", *ids))

    def clear(self) -> None:
        """Remove all rules, and forget the unused ones."""
        self._thread().call(self._remove)
        self._ended_unused.clear()

    def count(self, rule_id: str, key: str) -> int:
        """Count one more match of a rule with a key; return the number of these matches at all servers.

        Raises:
            StoreError: If Redis cannot be reached.
        """
        token = token_hex(8)
        if not key.startswith(GATE):
            return int(self._ask("count", token, rule_id, short_key(key)))
        rule = self._known.get(rule_id)
        if rule is None or rule.gate is None:
            return 0
        [(name, arguments)] = gate_to_json(rule.gate).items()
        self._store.flush()  # the session itself is among the connections
        return int(self._ask("gate", token, rule_id, short_key(key.removeprefix(GATE)), name, *arguments.values()))

    def note_consulted(self, asked: Iterable[str], applied: Collection[str]) -> None:
        """Note that rules were asked, and that some of them applied, of which everyone knows before the reply."""
        link, ids = self._store.link, tuple(asked)
        if link.is_full or (link.is_down and not applied):
            return  # no reply depends on it
        request = link.tell("consulted", token_hex(8), len(ids), *ids, *applied)
        if applied:
            try:
                link.wait(request, is_needed=True)
            except StoreError as error:
                self._warn(f"Redis was not told yet that a rule applied: {error}")

    def subscribe(self, callback: Callable[[Change], object]) -> Callable[[], None]:
        """Call a function with each change; return a function that ends this."""
        return self._callbacks.add(callback)

    def unused(self) -> list[Rule]:
        """Return the rules that have never applied, including those of finished `with` blocks."""
        self.catch_up()
        return [rule for rule in (*self._ended_unused, *self._rules) if not rule.profile and not rule.hits]

    # In the hub thread.

    def _ask(self, script: str, *args: Any) -> Any:
        return self._thread().call(self._store.link.ask, script, *args)

    def _fetch(self) -> int:
        """Fetch the rules; return their version."""
        version, *found = self._ask("rules")
        rules = []
        for rule_id, written in zip(map(bytes.decode, found[::2]), found[1::2], strict=True):
            rule = self._known.get(rule_id)
            if rule is None:
                rule = rule_from_json(json.loads(written))
                self._own(rule, rule_id)
            rules.append(rule)
        self._rules[:] = rules
        self._known = {rule.id: rule for rule in rules}
        return int(version)

    def _own(self, rule: Rule, rule_id: str) -> None:
        rule.share_gate()
        ended_unused = partial(self._ended_unused.append, rule)
        rule.belong(rule_id, partial(self.remove, rule_id), ended_unused, partial(self._usage, rule_id))
        self._known[rule_id] = rule

    def _usage(self, rule_id: str) -> Usage:
        return Usage(*self._ask("usage", rule_id))

    def _wait_for_all(self, version: int) -> None:
        """Wait until each live server has acknowledged a version of the rules; the lease of a dead one ends.

        Raises:
            StoreError: If Redis cannot be reached, or a server does not acknowledge it in time.
        """
        if self._store.lease.is_kept:
            self._store.lease.renew()
        else:
            self._fetch()
        end = monotonic() + self._store.timeout
        pause = _FIRST_PAUSE
        while behind := self._ask("acked", version):
            if monotonic() > end:
                raise StoreError(f"{behind} of the servers that share the store have not acknowledged a rule in time")
            gevent.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _hear(self, told: bytes | None) -> None:
        if told is None:  # some may have been missed
            self._callbacks.call("rule", "applied", ())
        else:
            _, action, ids, *_ = json.loads(told)
            self._callbacks.call("rule", action, tuple(ids))


class SharedClock(Clock):
    """The clock that all servers share: the time of Redis, moved forward.

    Args:
        ask: A function that asks Redis, from any thread.
    """

    def __init__(self, ask: Callable[..., Any]) -> None:
        self._ask = ask

    def time(self) -> float:
        """Return the seconds since an arbitrary moment."""
        return float(self._ask("clock", "", "")[0])

    @property
    def ahead(self) -> float:
        """The number of seconds by which it has been moved forward."""
        return float(self._ask("clock", "", "")[1])

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        check_advance(seconds)
        self._ask("clock", token_hex(8), seconds)

    def reset(self) -> None:
        """Return to the normal time."""
        self._ask("clock", "", "reset")
