"""The backend of a scope: it sees, waits for, removes and scripts only what matches, so that tests share a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from smtpmock.errors import QueryError, RuleError, ServerStateError
from smtpmock.mailbox.explained import explained
from smtpmock.queries.criteria import SESSION_WORDS
from smtpmock.queries.query import Query, SessionQuery
from smtpmock.queries.terms import AllOf
from smtpmock.rules.rule import Rule
from smtpmock.rules.words import STAGES
from smtpmock.stores.base import tally
from smtpmock.stores.paging import part
from smtpmock.text import pluralize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from smtpmock.mail.content import Content
    from smtpmock.mailbox.backend import Backend
    from smtpmock.profiles.profile import Profile
    from smtpmock.queries.query import Mark
    from smtpmock.records.change import Change
    from smtpmock.rules.book import Clock
    from smtpmock.stores.base import Entry, SessionEntry, Tally


class ScopedBackend:
    """The part of a backend that matches.

    Args:
        backend: The backend.
        words: The criteria for messages.

    Raises:
        QueryError: If there is no criterion, or one is unknown or invalid.
    """

    def __init__(self, backend: Backend, words: Mapping[str, Any]) -> None:
        for word in ("accepted", "since"):
            if word in words:
                raise QueryError(f"Invalid scope: {word} is given to each call instead")
        self._backend = backend
        self._words = words
        self._scope = Query(words, accepted=None)
        if not self._scope.terms:
            raise QueryError("Missing criteria of the scope: expected at least one, such as recipient")
        self._session_scope = SessionQuery({})
        self._session_scope.terms = self._scope.terms
        self._is_of_sessions = all(term.field in SESSION_WORDS for term in self._scope.terms)
        self._purged: frozenset[str] = frozenset()
        self._added: dict[str, Rule] = {}

    @property
    def address(self) -> str:
        """The address of the server, for people."""
        return self._backend.address

    @property
    def is_running(self) -> bool:
        """True while messages can arrive."""
        return self._backend.is_running

    @property
    def is_online(self) -> bool:
        """True while connections are accepted."""
        return self._backend.is_online

    def set_online(self, online: bool) -> None:
        """Refuse: others use the server, too."""
        self._refuse(f"go {'online' if online else 'offline'}")

    @property
    def dropped(self) -> int:
        """The number of records that the server dropped because of a bound."""
        return self._backend.dropped

    @property
    def clock(self) -> Clock:
        """Refuse: others use the clock, too."""
        self._refuse("use the clock")

    @property
    def rules(self) -> Sequence[Rule]:
        """The active rules that were added through the scope, oldest first."""
        return [rule for rule in self._backend.rules if rule.id in self._added]

    def check_ran(self) -> None:
        """Make sure that the server has been started."""
        self._backend.check_ran()

    def select(self, query: Query) -> list[Entry]:
        """Return the records that match, in order of arrival."""
        return self._backend.select(query.and_terms(self._scope.terms))

    def page(self, query: Query, after: int, limit: int, before: int | None = None) -> tuple[list[Entry], int]:
        """Return the first records that match and have a number above `after`, and the number of all that match."""
        return self._backend.page(query.and_terms(self._scope.terms), after, limit, before)

    def tally(self) -> Tally:
        """Return the tally of all accepted records."""
        return tally(self.select(Query({})))

    def sessions(self, query: SessionQuery | None = None) -> list[SessionEntry]:
        """Return the sessions that match and have a record that does, or that are known to belong to the scope."""
        asked = query or SessionQuery({})
        if not self._is_of_sessions:  # each has a record of the scope
            ids = {entry.record.origin.session_id for entry in self._backend.select(self._scope)}
            if not ids:
                return []
            asked = asked.and_terms(SessionQuery({"id": ids}).terms)
        return [session for session in self._backend.sessions(asked) if self._has(session)]

    def session_page(
        self, query: SessionQuery, after: int, limit: int, before: int | None = None
    ) -> tuple[list[SessionEntry], int]:
        """Return the first sessions that match and have a number above `after`, and the number of all that match."""
        found = self.sessions(query)
        return part(found, after, limit, before), len(found)

    def ended_sessions(self) -> list[str]:
        """Return the ids of the sessions that have ended, those of others included, which nobody sees here."""
        return self._backend.ended_sessions()

    def mark(self) -> Mark:
        """Return a mark for the present moment."""
        return self._backend.mark()

    def update(self, ids: Iterable[str], *, is_read: bool | None = None, tags: Iterable[str] | None = None) -> int:
        """Mark records of the scope as read or unread, or tag them; return the number of those that existed."""
        known = [entry.record.id for entry in self.select(Query({"id": tuple(ids)}, accepted=None))]
        return self._backend.update(known, is_read=is_read, tags=tags)

    def purge(self, query: Query | None = None) -> list[Entry]:
        """Remove and return the records that match; without a query, all of the scope, and its ended sessions."""
        if query is None:
            self._purged = frozenset(self._backend.ended_sessions())
        asked = Query({}, accepted=None) if query is None else query
        return self._backend.purge(asked.and_terms(self._scope.terms))

    def wait(self, query: Query, count: int, timeout: float) -> list[Entry]:
        """Return the records that match as soon as there are `count` of them or the timeout expires."""
        return self._backend.wait(query.and_terms(self._scope.terms), count, timeout)

    def wait_for_session(self, query: SessionQuery, timeout: float) -> SessionEntry | None:
        """Return the first session of the scope that matches and has ended; None after the timeout."""
        found: list[SessionEntry] = []

        def has_ended() -> bool:
            found[:] = [session for session in self.sessions(query) if session.record.ended is not None]
            return bool(found)

        self._backend.wait_until(has_ended, timeout, "a session")
        return found[0] if found else None

    def wait_for_rule(self, rule: Rule, times: int, timeout: float) -> bool:
        """Return True as soon as a rule has applied so many times; False after the timeout."""
        return self._backend.wait_for_rule(rule, times, timeout)

    def wait_until(self, condition: Callable[[], bool], timeout: float, what: str) -> None:
        """Wait until a condition holds, for at most `timeout` seconds."""
        self._backend.wait_until(condition, timeout, what)

    def subscribe(self, callback: Callable[[Change], object]) -> Callable[[], None]:
        """Refuse: changes say of what, but not of whose."""
        self._refuse("subscribe to changes")

    def deliver(self, content: Content, sender: str, recipients: Sequence[str]) -> Entry:
        """Store a message without SMTP, and return it."""
        return self._backend.deliver(content, sender, recipients)

    def explain(self, headline: str, query: Query, entries: Sequence[Entry] | None = None) -> str:
        """Return the text for a failed expectation, which counts the mail outside of the scope."""
        outside = self._backend.page(Query({}), 0, 1)[1] - self.page(Query({}), 0, 1)[1]
        many = f"{pluralize(outside, 'message')} arrived outside of the scope {self._scope}." if outside > 0 else ""
        return explained(self, headline, query, entries, many)

    def add_rule(self, rule: Rule) -> Rule:
        """Add a rule that has the conditions of the scope as well; return it."""
        added = self._backend.add_rule(Rule(rule.stage, self._conditions(rule), gate=rule.gate))
        self._added[added.id] = added
        return added

    def clear_rules(self) -> None:
        """Remove the rules that were added through the scope."""
        for rule in self.rules:
            rule.remove()
        self._added.clear()

    @property
    def profile(self) -> Profile | None:
        """The profile that `use_profile` has put in use; None while there is no such profile."""
        return self._backend.profile

    def use_profile(self, profile: str | Profile) -> Profile:
        """Refuse: it would concern others, too."""
        self._refuse("use a profile")

    def clear_profile(self) -> None:
        """Refuse: it would concern others, too."""
        self._refuse("clear the profile")

    def unused_rules(self) -> list[Rule]:
        """Return the rules of the scope that have never applied, including those of finished `with` blocks."""
        return [rule for rule in self._backend.unused_rules() if rule.id in self._added]

    def _conditions(self, rule: Rule) -> dict[str, Any]:
        """Return the words of a rule with the conditions of the scope.

        Raises:
            RuleError: If the stage does not know them.
        """
        words = dict(rule.words)
        for word, value in self._words.items():
            if word not in STAGES[rule.stage]:
                raise RuleError(
                    f"A rule at {rule.stage} cannot be limited to the scope {self._scope}: {word} is not known there. "
                    "A scope by client or helo_name is known earlier"
                )
            words[word] = AllOf((value, words[word])) if word in words else value
        return words

    def _has(self, session: SessionEntry) -> bool:
        if session.record.id in self._purged:
            return False
        if any(self._scope.matches(entry) for entry in session.entries):
            return True
        return not session.entries and self._is_of_sessions and self._session_scope.matches(session.record)

    def _refuse(self, what: str) -> NoReturn:
        raise ServerStateError(
            f"Unable to {what} in the scope {self._scope}: it would concern all who share the server. "
            "Use the mailbox of the whole server"
        )
