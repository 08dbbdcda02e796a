"""Records for the tests of stores, and a store whose methods are called in the thread that they belong to."""

from __future__ import annotations

import json
from contextlib import closing
from itertools import count
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from redis import Redis

from smtpmock.mail.content import Content
from smtpmock.queries.query import SessionQuery
from smtpmock.records.exchange import Cause, Exchange
from smtpmock.records.message import MessageRecord
from smtpmock.runtime.hub import get_hub
from smtpmock.settings.declarations import Settings
from smtpmock.stores.opening import make_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from smtpmock.records.change import Change
    from smtpmock.records.session import Origin
    from smtpmock.stores.base import Entry

STARTED = 1_700_000_000.0
READERS = frozenset(
    (
        "can_refuse",
        "changes",
        "dropped",
        "ended_sessions",
        "mark",
        "open_sessions",
        "page",
        "select",
        "session_page",
        "sessions",
        "tally",
    )
)

_ids = count(1)


class Stored:
    """A store; what changes it is called in the hub thread, and what reads it in that of the test.

    Args:
        url: The URL of the store.
        **settings: Further settings.

    Attributes:
        warnings: What the store has warned of.
        told: The changes that it has told of.
    """

    def __init__(self, url: str, **settings: Any) -> None:
        self.url = url
        self.settings = settings
        self.warnings: list[str] = []
        self.told: list[Change] = []
        self._store, _ = make_store(Settings(store=url, **settings), self.warnings.append, get_hub)
        self._store.subscribe(self.told.append)
        self._call("open")

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith(("__", "_repr_")):
            raise AttributeError(name)
        if name in READERS:
            return getattr(self._store, name)  # type: ignore[no-any-return]
        return lambda *args, **words: self._call(name, *args, **words)

    def __len__(self) -> int:
        return len(self._store)

    def _call(self, name: str, *args: Any, **words: Any) -> Any:
        return get_hub().call(lambda: getattr(self._store, name)(*args, **words))

    def session(self, client: str = "192.0.2.1", now: float = STARTED) -> Origin:
        """Begin a session; return its origin as readers see it."""
        session_id = self._call("begin", client, 40000, "192.0.2.2", now).session_id
        [session] = self._store.sessions(SessionQuery({"id": session_id}))
        return session.record.origin

    def settle(self) -> None:
        """Wait until the store has told of all that has happened: changes come over a channel of Redis."""
        if not self.url.startswith("redis:"):
            return
        marker = uuid4().hex
        told = json.dumps(["message", "settled", [marker], 0, False])
        with closing(Redis.from_url(self.url)) as client:
            client.publish("smtpmock:0:record:changes", told)
        end = monotonic() + 10
        while not self.told or self.told[-1].ids != (marker,):
            assert monotonic() < end, "the changes are not told"
            sleep(0.001)
        self.told.pop()

    def mail(self, origin: Origin | None = None, *args: Any, **words: Any) -> MessageRecord:
        """Store a message of a session; without one, of a session of its own that stays open."""
        record = mail(self.session() if origin is None else origin, *args, **words)
        self._call("add", record)
        return record


def numbers(entries: Iterable[Entry]) -> list[int]:
    """Return the numbers of entries."""
    return [entry.number for entry in entries]


def records(entries: Iterable[Entry]) -> list[MessageRecord]:
    """Return the records of entries."""
    return [entry.record for entry in entries]


def said(number: int, stage: str, request: str, reply: str = "250 Ok", now: float = STARTED) -> Exchange:
    """Return an exchange."""
    refused = reply[0] in "45"
    cause = Cause("msg_rcptto_not_registered_email") if refused else Cause()
    return Exchange(request, reply, now, accepted=not refused, stage=stage, number=number, cause=cause)


def mail(
    origin: Origin,
    raw: bytes = b"Subject: hello\r\n\r\ntext\r\n",
    *,
    sender: str = "a@example.com",
    recipients: tuple[str, ...] = ("b@example.com",),
    refused: tuple[str, ...] = (),
    accepted: bool = True,
    now: float = STARTED,
) -> MessageRecord:
    """Return the record of a message of a session."""
    last = said(9, "message", "", "250 Received" if accepted else "552 Too big", now)
    return MessageRecord(
        f"{origin.session_id}-{next(_ids)}",
        origin,
        helo=said(2, "EHLO", "EHLO client.example", now=now)._replace(argument="client.example"),
        mailfrom=said(3, "MAIL FROM", f"MAIL FROM:<{sender}>", now=now),
        rcptto=tuple(said(4, "RCPT TO", f"RCPT TO:<{known}>", now=now) for known in recipients),
        rcptto_accepted=bool(recipients),
        data=said(8, "DATA", "DATA", "354 Go on", now=now),
        end_of_data=last,
        sender=sender,
        recipients=recipients,
        refused_recipients=refused,
        content=Content(raw if accepted else b""),
    )
