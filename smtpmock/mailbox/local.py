"""The backend of a server in this process: its store and its rules, available to any thread."""

from __future__ import annotations

import os
from functools import partial
from itertools import count
from time import monotonic, time
from typing import TYPE_CHECKING, TypeVar

from smtpmock.errors import RuleError, ServerStateError, SettingError
from smtpmock.mailbox.explained import explained
from smtpmock.queries.query import SessionQuery
from smtpmock.records.delivery import delivered
from smtpmock.rfc.extensions import announced
from smtpmock.runtime import hub
from smtpmock.runtime.wakeup import make_wakeup
from smtpmock.settings.declarations import with_profile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from smtpmock.mail.content import Content
    from smtpmock.profiles.profile import Profile
    from smtpmock.queries.query import Mark, Query
    from smtpmock.records.change import Change, Topic
    from smtpmock.rules.book import Clock, RuleBook
    from smtpmock.rules.rule import Rule
    from smtpmock.runtime.acceptor import RunningServer
    from smtpmock.settings.declarations import Settings
    from smtpmock.stores.base import Entry, SessionEntry, Store, Tally

    Subscribe = Callable[[Callable[[Change], object]], Callable[[], None]]

T = TypeVar("T")

_FIRST_SESSIONS = 50
"""The sessions that a wait for one examines at once, and then twice as many each time."""

_LONGEST_NAP = 86_400.0
"""Seconds after which a wait checks again: the timeout of a lock has an upper limit."""


class LocalBackend:
    """The store and the rules of a server in this process.

    Args:
        settings: The settings of the server.
        store: The store of its records.
        book: Its rule book.
        address: A function that returns the address on which it listens, for people.
        running: A function that returns what accepts its connections; None while it is not running.
        prepare: A function that checks settings for the sessions to come, and returns what puts them in force.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        book: RuleBook,
        address: Callable[[], str],
        running: Callable[[], RunningServer | None],
        prepare: Callable[[Settings], Callable[[], object]],
    ) -> None:
        self._started_with = settings
        self._settings = settings
        self._profile: Profile | None = None
        self._of_profile: list[str] = []
        self._prepare = prepare
        self._store = store
        self._book = book
        self._address = address
        self._running = running
        self._is_running = False
        self._has_run = False
        self._is_forked = False
        self._stops = 0
        self._prefix = os.urandom(4).hex()
        self._delivered = count(1)
        self._waiters: dict[int, Callable[[], object]] = {}
        self._add_rules_of_start()

    # Reports from the server.

    def note_started(self) -> None:
        """Note that the server accepts connections."""
        self._is_running = self._has_run = True

    def note_stopped(self, *, at_exit: bool = False) -> None:
        """Note that the server was stopped, and end all waits; at exit they end silently, with their threads."""
        self._is_running = False
        if not at_exit:
            self._stops += 1
            for wake in tuple(self._waiters.values()):
                wake()

    def note_forked(self) -> None:
        """Note that this process is a forked child, in which nothing arrives."""
        self._is_forked = True

    # The interface for a mailbox.

    @property
    def address(self) -> str:
        """The address on which the server listens, for people."""
        return self._address()

    @property
    def is_running(self) -> bool:
        """True while messages can arrive."""
        return self._is_running and not self._is_forked

    @property
    def is_online(self) -> bool:
        """True while connections are accepted."""
        running = self._running()
        return self.is_running and running is not None and running.is_online

    def set_online(self, online: bool) -> None:
        """Refuse connections, or accept them again, on the same port."""
        hub.get_hub().call(self._set_online, online)

    def _set_online(self, online: bool) -> None:
        running = self._running()
        if running is None or self._is_forked:
            raise ServerStateError(f"Unable to go {'online' if online else 'offline'}: the server is not running.")
        if online:
            running.go_online()
        else:
            running.go_offline()

    @property
    def dropped(self) -> int:
        """The number of records that were dropped because of a bound."""
        return self._store.dropped

    @property
    def clock(self) -> Clock:
        """The clock that greylisting and rate limits use."""
        return self._book.clock

    @property
    def rules(self) -> Sequence[Rule]:
        """The active rules, oldest first."""
        self._book.catch_up()
        return tuple(self._book.rules)

    def check_ran(self) -> None:
        """Make sure that the server has been started."""
        if not self._has_run:
            raise ServerStateError("The server was never started: no message can have arrived. Call start() first.")

    def select(self, query: Query) -> list[Entry]:
        """Return the records that match, in order of arrival."""
        return self._store.select(query)

    def page(self, query: Query, after: int, limit: int, before: int | None = None) -> tuple[list[Entry], int]:
        """Return the first records that match and have a number above `after`, and the number of all that match."""
        return self._store.page(query, after, limit, before)

    def tally(self) -> Tally:
        """Return the tally of all accepted records."""
        return self._store.tally()

    def sessions(self, query: SessionQuery | None = None) -> list[SessionEntry]:
        """Return the sessions that match, in the order in which they began."""
        return self._store.sessions(query)

    def session_page(
        self, query: SessionQuery, after: int, limit: int, before: int | None = None
    ) -> tuple[list[SessionEntry], int]:
        """Return the first sessions that match and have a number above `after`, and the number of all that match."""
        return self._store.session_page(query, after, limit, before)

    def ended_sessions(self) -> list[str]:
        """Return the ids of the sessions that have ended, in the order in which they began."""
        return self._store.ended_sessions()

    def mark(self) -> Mark:
        """Return a mark for the present moment."""
        return self._store.mark()

    def update(self, ids: Iterable[str], *, is_read: bool | None = None, tags: Iterable[str] | None = None) -> int:
        """Mark records as read or unread, or tag them; return the number of those that existed."""
        return self._change(partial(self._store.update, ids, is_read=is_read, tags=tags))

    def purge(self, query: Query | None = None) -> list[Entry]:
        """Remove and return the records that match, in one step; without a query, all of them and ended sessions."""
        return self._change(partial(self._store.purge, query))

    def wait(self, query: Query, count: int, timeout: float) -> list[Entry]:
        """Return the records that match as soon as there are `count` of them or the timeout expires."""
        found: list[Entry] = []
        self.wait_until(self._collector(query, count, found), timeout, "messages", topic="message")
        return found

    def wait_for_session(self, query: SessionQuery, timeout: float) -> SessionEntry | None:
        """Return the first session that matches and has ended; None after the timeout."""
        found: list[SessionEntry] = []
        asked = SessionQuery({})
        asked.terms = tuple(term for term in query.terms if term.field == "id")  # the only one that cannot change
        after = query.after

        def has_ended() -> bool:
            nonlocal after
            place, at_once, are_over = after, _FIRST_SESSIONS, True
            while True:
                sessions, _ = self._store.session_page(asked, place, at_once)
                for session in sessions:
                    if session.record.ended is not None and query.matches(session.record):
                        found.append(session)
                        return True
                    place = session.number
                    are_over = are_over and session.record.ended is not None
                    after = place if are_over else after  # one that has ended does not change any more
                if len(sessions) < at_once:
                    return False
                at_once *= 2

        self.wait_until(has_ended, timeout, "a session", topic="session")
        return found[0] if found else None

    def wait_for_rule(self, rule: Rule, times: int, timeout: float) -> bool:
        """Return True as soon as a rule has applied so many times; False after the timeout."""
        self.wait_until(lambda: rule.hits >= times, timeout, "a rule", self._book.subscribe)
        return rule.hits >= times

    def subscribe(self, callback: Callable[[Change], object]) -> Callable[[], None]:
        """Call a function with each change of the records, the sessions and the rules; return what ends this."""
        endings = self._store.subscribe(callback), self._book.subscribe(callback)

        def unsubscribe() -> None:
            for end in endings:
                end()

        return unsubscribe

    def deliver(self, content: Content, sender: str, recipients: Sequence[str]) -> Entry:
        """Store a message without SMTP, and return it."""
        record_id = f"{self._prefix}-{next(self._delivered)}"
        record = delivered(record_id, content, sender, recipients, self._settings.host, time())
        entry = self._change(partial(self._store.add, record))
        assert entry is not None  # nobody else knows its id
        return entry

    def explain(self, headline: str, query: Query, entries: Sequence[Entry] | None = None) -> str:
        """Return the text for a failed expectation."""
        return explained(self, headline, query, entries)

    def add_rule(self, rule: Rule) -> Rule:
        """Add a rule, which takes effect at once; return it."""
        self._check_can_apply(rule, self._settings, self._book.rules)
        rule.open_gate(self)
        self._book.add(rule)
        return rule

    def now(self) -> float:
        """Return the time of the clock."""
        return self._book.clock.time()

    def open_connections(self) -> int:
        """Return the number of open sessions."""
        return self._store.open_sessions

    def open_logins(self, user: str) -> int:
        """Return the number of open sessions in which a user is logged in."""
        return self._store.open_logins(user)

    def clear_rules(self) -> None:
        """Remove all rules, and end the use of a profile; the rules of that of the start begin anew."""
        self.clear_profile()
        self._book.clear()
        self._add_rules_of_start()

    def _add_rules_of_start(self) -> None:
        if self._started_with.profile:
            from smtpmock.profiles.profile import load_profile
            from smtpmock.rules.text_form import profile_rules

            for rule in profile_rules(load_profile(self._started_with.profile)):
                self.add_rule(rule)

    @property
    def profile(self) -> Profile | None:
        """The profile in use besides that of the start."""
        return self._profile

    def use_profile(self, profile: str | Profile) -> Profile:
        """Add the rules of a profile, and have its settings for the sessions to come; return it."""
        from smtpmock.profiles.profile import load_profile
        from smtpmock.rules.text_form import profile_rules

        if self._started_with.store.startswith("redis:"):
            raise SettingError(
                "Unable to use a profile: servers that share a store share rules, but not settings. "
                "Start each of them with the profile"
            )
        if isinstance(profile, str):
            profile = load_profile(profile)
        settings = with_profile(self._started_with, profile)
        rules = profile_rules(profile)
        change = self._prepare(settings)
        for number, rule in enumerate(rules):
            self._check_can_apply(rule, settings, (*self._book.rules, *rules[:number]))
            rule.open_gate(self)
        self._change(partial(self._replace_profile, profile, settings, change, rules))
        return profile

    def clear_profile(self) -> None:
        """End the use of a profile: its rules are removed, and the settings are those of the start."""
        if self._profile is not None:
            settings = self._started_with
            self._change(partial(self._replace_profile, None, settings, self._prepare(settings), ()))

    def _replace_profile(
        self, profile: Profile | None, settings: Settings, change: Callable[[], object], rules: Iterable[Rule]
    ) -> None:
        """Change rules and settings in the hub thread, where no session comes between."""
        for rule_id in self._of_profile:
            self._book.remove(rule_id)
        change()
        self._settings, self._profile = settings, profile
        self._of_profile = [self._book.add(rule) for rule in rules]

    def unused_rules(self) -> list[Rule]:
        """Return the rules that have never applied, including those of finished `with` blocks."""
        return self._book.unused()

    def _change(self, change: Callable[[], T]) -> T:
        """Change the store where that is done: in the hub thread, but for a forked child, which has none."""
        return change() if self._is_forked else hub.get_hub().call(change)

    def _check_can_apply(self, rule: Rule, settings: Settings, rules: Iterable[Rule]) -> None:
        """Refuse a rule for a command that a server with these settings and rules does not offer: it never applies."""
        setting = {"STARTTLS": "tls", "AUTH": "auth"}.get(rule.stage)
        if setting is None or getattr(settings, setting) not in ("", None):
            return
        replies = [known.reply.text for known in rules if known.reply and known.concerns("EHLO")]
        if not any(rule.stage == keyword for text in replies for keyword, _ in announced(text)):
            raise RuleError(
                f"A rule at {rule.stage} can never apply: the server does not offer {rule.stage}. "
                f"Set {setting}, or add a rule at EHLO that announces it first"
            )

    # Waiting.

    def wait_until(
        self,
        condition: Callable[[], bool],
        timeout: float,
        what: str,
        subscribe: Subscribe | None = None,
        topic: Topic | None = None,
    ) -> None:
        """Wait until the condition holds, for at most `timeout` seconds.

        The condition is checked in the waiting thread, first at once and then after each change, of a topic or of all.
        """
        if self._is_forked:
            raise ServerStateError("The server belongs to the parent process: nothing arrives here.")
        self.check_ran()
        was_running, stops = self._is_running, self._stops
        end = monotonic() + timeout
        while not condition():
            if not was_running:
                return  # nothing more can arrive
            wakeup = make_wakeup()
            unsubscribe = (subscribe or self._store.subscribe)(_on_change(wakeup.set, topic))
            self._waiters[id(wakeup)] = wakeup.set
            try:
                if condition():  # it may have become true before the wake-up was registered
                    return
                if stops != self._stops:
                    raise ServerStateError(f"The server was stopped while waiting for {what}.")
                remaining = end - monotonic()
                if remaining <= 0:
                    return
                wakeup.wait(min(remaining, _LONGEST_NAP))
            finally:
                unsubscribe()
                self._waiters.pop(id(wakeup), None)
                wakeup.close()

    def _collector(self, query: Query, count: int, found: list[Entry]) -> Callable[[], bool]:
        """Return a condition that holds once `count` messages match, and that keeps them in `found`."""
        seen = changes = 0

        def enough() -> bool:
            nonlocal seen, changes
            last, changes_now = self._store.mark().message, self._store.changes()
            if changes_now != changes:  # what was found before may have been removed, or match no longer
                found.clear()
                seen = 0
                changes = changes_now
            is_repeated = seen > 0
            arrived = self._store.select(query, after=seen)
            seen = max(last, arrived[-1].number if arrived else 0)
            found.extend(arrived)
            if is_repeated and len(found) >= count:
                found[:] = self._store.select(query)  # with what has followed the messages since they were found
            return len(found) >= count

        return enough


def _on_change(call: Callable[[], object], topic: Topic | None) -> Callable[[Change], object]:
    """Return a function that is given a change, and calls one that is not if the change has the topic."""
    return lambda change: call() if topic in (None, change.topic) else None
