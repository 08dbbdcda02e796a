"""The backend of a mailbox whose server is elsewhere: everything is asked over HTTP."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

from smtpmock.errors import SMTPMockError
from smtpmock.mailbox.explained import explained
from smtpmock.messages.message import Message
from smtpmock.messages.session import Session
from smtpmock.queries.query import Mark, Query
from smtpmock.remote.changes import subscribe, wait_for_change
from smtpmock.remote.client import LIMIT, Client, MissingError, UnreachableError
from smtpmock.remote.parameters import message_parameters, session_parameters
from smtpmock.remote.rules import RemoteClock, RemoteRules
from smtpmock.stores.base import tally
from smtpmock.stores.paging import part
from smtpmock.text import format_address, listed
from smtpmock.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from smtpmock.mail.content import Content
    from smtpmock.profiles.profile import Profile
    from smtpmock.queries.query import SessionQuery
    from smtpmock.records.change import Change
    from smtpmock.remote.parameters import Sent
    from smtpmock.rules.book import Clock
    from smtpmock.rules.rule import Rule
    from smtpmock.stores.base import Entry, SessionEntry, Tally

_FEATURES = ("clock", "events", "messages", "offline", "rules", "sessions", "stored", "waits")
_STORED = ("fields", "stored")
_IDS = 50  # in one request


class RemoteBackend:
    """The records, the sessions and the rules of a server elsewhere.

    Args:
        client: The client of its API.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._rules = RemoteRules(client)
        self._clock = RemoteClock(client)
        self._smtp: tuple[str, int] | None = None

    def describe(self) -> dict[str, Any]:
        """Return what the server says of itself.

        Raises:
            SMTPMockError: If it cannot be reached, or it is no such server.
        """
        described = self._client.ask("GET", "/server")
        if not isinstance(described, dict) or described.get("name") != "smtpmock":
            raise self._client.unexpected("it is not smtpmock")
        return described

    def check_version(self) -> None:
        """Make sure that the server can do what is asked of it.

        Raises:
            SMTPMockError: If it cannot, or there is no such server.
        """
        described = self.describe()
        missing = [feature for feature in _FEATURES if feature not in described.get("features", ())]
        if missing:
            version = described.get("version", "unknown")
            raise self._client.unexpected(
                f"it is smtpmock {version}, which lacks {listed(missing, 9)}; this is smtpmock {__version__}"
            )

    @property
    def smtp(self) -> tuple[str, int]:
        """The host and the port at which clients reach SMTP; they stay the same as long as the server runs."""
        if self._smtp is None or not self._client.is_connected:
            self._smtp = self._ask_smtp()
        return self._smtp

    def _ask_smtp(self) -> tuple[str, int]:
        described, part = self._client.part(self.describe(), "smtp"), self._client.part
        public = described.get("public")
        if public:
            return part(public, "host"), part(public, "port")
        return self._client.address.host, part(described, "port")

    @property
    def address(self) -> str:
        """The address of the server, for people."""
        return format_address(*self.smtp)

    def certificate(self) -> bytes:
        """Return the certificate to trust.

        Raises:
            SMTPMockError: If the server has no TLS.
        """
        return self._client.download("/ca.pem")

    @property
    def is_running(self) -> bool:
        """True while messages can arrive."""
        try:
            self.describe()
        except SMTPMockError:
            return False
        return True

    @property
    def is_online(self) -> bool:
        """True while connections are accepted."""
        try:
            return bool(self._client.part(self.describe(), "smtp", "online"))
        except UnreachableError:
            return False

    def set_online(self, online: bool) -> None:
        """Refuse connections, or accept them again, on the same port."""
        self._client.ask("POST", "/online" if online else "/offline")

    @property
    def dropped(self) -> int:
        """The number of records that were dropped because of a bound."""
        return int(self._client.part(self.describe(), "counters", "dropped"))

    @property
    def clock(self) -> Clock:
        """The clock that greylisting and rate limits use."""
        return self._clock

    @property
    def rules(self) -> Sequence[Rule]:
        """The active rules, oldest first."""
        return self._rules.list()

    def check_ran(self) -> None:
        """Do nothing: a server that answers runs, and one that does not is an error of each call."""

    def select(self, query: Query) -> list[Entry]:
        """Return the records that match, in order of arrival."""
        sent = message_parameters(query)
        return self._decided(self._client.collect("/messages", [*sent.pairs, _STORED]), sent)

    def page(self, query: Query, after: int, limit: int, before: int | None = None) -> tuple[list[Entry], int]:
        """Return the first records that match and have a number above `after`, and the number of all that match."""
        sent = message_parameters(query)
        if sent.rest or limit > LIMIT:
            found = self.select(query)
            return part(found, after, limit, before), len(found)
        document = self._client.ask("GET", "/messages", [*sent.pairs, _STORED, *_span(after, limit, before)])
        return self._decided(self._client.items(document, "/messages"), sent), int(self._client.part(document, "total"))

    def tally(self) -> Tally:
        """Return the tally of all accepted records."""
        return tally(self.select(Query({})))

    def sessions(self, query: SessionQuery | None = None) -> list[SessionEntry]:
        """Return the sessions that match, in the order in which they began."""
        sent = session_parameters(query)
        found = self._sessions(self._client.collect("/sessions", [*sent.pairs, _STORED]))
        return [session for session in found if query is None or query.matches(session.record)]

    def session_page(
        self, query: SessionQuery, after: int, limit: int, before: int | None = None
    ) -> tuple[list[SessionEntry], int]:
        """Return the first sessions that match and have a number above `after`, and the number of all that match."""
        sent = session_parameters(query)
        if sent.rest or limit > LIMIT:
            found = self.sessions(query)
            return part(found, after, limit, before), len(found)
        document = self._client.ask("GET", "/sessions", [*sent.pairs, _STORED, *_span(after, limit, before)])
        return self._sessions(self._client.items(document, "/sessions")), int(self._client.part(document, "total"))

    def ended_sessions(self) -> list[str]:
        """Return the ids of the sessions that have ended, in the order in which they began."""
        found, read = self._client.collect("/sessions", [("fields", "id,ended_at")]), self._client.part
        return [str(read(session, "id")) for session in found if read(session, "ended_at") is not None]

    def mark(self) -> Mark:
        """Return a mark for the present moment."""
        document = self._client.ask("GET", "/mark")
        return Mark(*(int(self._client.part(document, name)) for name in ("message", "session")))

    def update(self, ids: Iterable[str], *, is_read: bool | None = None, tags: Iterable[str] | None = None) -> int:
        """Mark records as read or unread, or tag them; return the number of those that existed."""
        change = {} if is_read is None else {"read": is_read}
        body = {**change, **({} if tags is None else {"tags": list(tags)})}
        updated = 0
        for batch in _batches(ids) if body else ():
            document = self._client.ask("PATCH", "/messages", batch, body)
            updated += int(self._client.part(document, "total"))
        return updated

    def purge(self, query: Query | None = None) -> list[Entry]:
        """Remove and return the records that match, in one step; without a query, all of them and ended sessions."""
        everything = ("limit", str(10**9))
        if query is None:
            document = self._client.ask("DELETE", "/messages", [_STORED, everything])
            return self._entries(self._client.items(document, "/messages"))
        sent = message_parameters(query)
        if not sent.rest:
            document = self._client.ask("DELETE", "/messages", [*sent.pairs, _STORED, everything])
            return self._entries(self._client.items(document, "/messages"))
        taken: list[Entry] = []
        for batch in _batches(entry.record.id for entry in self.select(query)):
            document = self._client.ask("DELETE", "/messages", [*batch, _STORED, everything])
            taken += self._entries(self._client.items(document, "/messages"))
        return taken

    def wait(self, query: Query, count: int, timeout: float) -> list[Entry]:
        """Return the records that match as soon as there are `count` of them or the timeout expires."""
        sent = message_parameters(query)
        if sent.rest:
            found: list[Entry] = []

            def is_there() -> bool:
                found[:] = self.select(query)
                return len(found) >= count

            self.wait_until(is_there, timeout, "messages")
            return found
        document = self._client.poll([*sent.pairs, _STORED, ("count", str(count)), ("limit", str(LIMIT))], timeout)
        if document is None or document.get("next") is not None:
            return self.select(query)
        return self._decided(self._client.items(document, "/messages"), sent)

    def wait_for_session(self, query: SessionQuery, timeout: float) -> SessionEntry | None:
        """Return the first session that matches and has ended; None after the timeout."""
        sent = session_parameters(query)
        if not sent.rest:
            document = self._client.poll([("for", "session"), *sent.pairs, _STORED], timeout)
            return None if document is None else self._sessions(self._client.items(document, "/sessions"))[0]
        found: list[SessionEntry] = []

        def has_ended() -> bool:
            found[:] = [session for session in self.sessions(query) if session.record.ended is not None]
            return bool(found)

        self.wait_until(has_ended, timeout, "a session")
        return found[0] if found else None

    def wait_for_rule(self, rule: Rule, times: int, timeout: float) -> bool:
        """Return True as soon as a rule has applied so many times; False after the timeout."""
        try:
            found = self._client.poll([("for", "rule"), ("rule", rule.id), ("count", str(times))], timeout)
        except MissingError:  # it was removed
            return rule.hits >= times
        return found is not None

    def wait_until(self, condition: Callable[[], bool], timeout: float, what: str) -> None:
        """Wait until a condition holds, for at most `timeout` seconds; it is checked after each event of the server."""
        wait_for_change(self._client, condition, timeout)

    def subscribe(self, callback: Callable[[Change], object]) -> Callable[[], None]:
        """Call a function with each change of the records, the sessions and the rules; return what ends this."""
        return subscribe(self._client, callback)

    def deliver(self, content: Content, sender: str, recipients: Sequence[str]) -> Entry:
        """Store a message without SMTP, and return it."""
        body = {"raw": b64encode(content.raw).decode(), "sender": sender, "recipients": list(recipients)}
        delivered = self._client.ask("POST", "/messages", body=body)
        return self.select(Query({"id": self._client.part(delivered, "id")}, accepted=None))[0]

    def explain(self, headline: str, query: Query, entries: Sequence[Entry] | None = None) -> str:
        """Return the text for a failed expectation."""
        return explained(self, headline, query, entries)

    def add_rule(self, rule: Rule) -> Rule:
        """Add a rule, which takes effect at once; return it."""
        self._rules.add(rule)
        return rule

    def clear_rules(self) -> None:
        """Remove all rules, and end the use of a profile."""
        self._rules.clear()

    @property
    def profile(self) -> Profile | None:
        """The profile that `use_profile` has put in use; None while there is no such profile."""
        return self._rules.profile

    def use_profile(self, profile: str | Profile) -> Profile:
        """Add the rules of a profile, and have its settings for the sessions to come; return it."""
        return self._rules.use_profile(profile)

    def clear_profile(self) -> None:
        """End the use of a profile."""
        self._rules.clear_profile()

    def unused_rules(self) -> list[Rule]:
        """Return the rules added here that have never applied: those of others who share the server are theirs."""
        return list(self._rules.unused())

    def disconnect(self) -> None:
        """Remove the rules that were added here and a profile that was put in use here, and close idle connections."""
        try:
            self._rules.remove_added()
        finally:
            self.close()

    def close(self) -> None:
        """Close idle connections."""
        self._client.close()

    def _decided(self, written: Sequence[Any], sent: Sent) -> list[Entry]:
        """Return the entries in an answer that match what the server was not asked."""
        query = Query({}, accepted=None).and_terms(sent.rest)
        return [entry for entry in self._entries(written) if query.matches(entry)]

    def _entries(self, written: Sequence[Any]) -> list[Entry]:
        try:
            return [Message.from_json(one["stored"])._entry for one in written]
        except (ValueError, KeyError, TypeError) as error:
            raise self._unreadable("message", error) from None

    def _sessions(self, written: Sequence[Any]) -> list[SessionEntry]:
        try:
            return [Session.from_json(one["stored"])._entry for one in written]
        except (ValueError, KeyError, TypeError) as error:
            raise self._unreadable("session", error) from None

    def _unreadable(self, what: str, error: Exception) -> SMTPMockError:
        version = self.describe().get("version", "unknown")
        return self._client.unexpected(
            f"smtpmock {__version__} cannot read a {what} of smtpmock {version} ({error or type(error).__name__})"
        )


def _span(after: int, limit: int, before: int | None) -> list[tuple[str, str]]:
    """Return the parameters that ask for a page."""
    span = [("after", str(after)), ("limit", str(limit))]
    return span if before is None else [*span, ("before", str(before))]


def _batches(ids: Iterable[str]) -> Iterable[list[tuple[str, str]]]:
    """Return the parameters that name records, a limited number at a time."""
    pairs = [("id", one) for one in ids]
    for start in range(0, len(pairs), _IDS):
        yield [*pairs[start : start + _IDS], ("accepted", "any")]
