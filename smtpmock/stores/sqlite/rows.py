"""Rows of the tables, and the facts that they hold."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from smtpmock.mail.content import Content
from smtpmock.records.exchange import Exchange
from smtpmock.records.message import MessageRecord
from smtpmock.records.packed import unpack, unpack_all
from smtpmock.records.session import Erasure, Negotiated, Observation, Origin, SessionRecord
from smtpmock.stores.base import Entry

if TYPE_CHECKING:
    from collections.abc import Iterable

ENTRY = "m.number, m.head, m.content, m.is_read, m.tags"
"""The columns of an entry."""

_LONGEST_NUMBER = 18  # digits of an integer of SQLite


class Head(NamedTuple):
    """The facts of a session, besides its exchanges and its end."""

    origin: Origin
    negotiated: Negotiated
    observations: tuple[Observation, ...]
    erasures: tuple[Erasure, ...]


class State(NamedTuple):
    """The counts that are stored with what they count.

    Attributes:
        last: The number of the last record.
        last_session: The number of the last session.
        records: The number of records.
        accepted: The number of those that were accepted.
        bytes: The bytes of their messages.
        dropped: The number of records that were dropped because of a bound.
        ended: The number of ended sessions.
        ended_exchanges: The number of their exchanges.
        settled: The number of the last record whose keys are in their table, and whose session is stored.
        indexed: The number of the last record whose subject is indexed.
    """

    last: int = 0
    last_session: int = 0
    records: int = 0
    accepted: int = 0
    bytes: int = 0
    dropped: int = 0
    ended: int = 0
    ended_exchanges: int = 0
    settled: int = 0
    indexed: int = 0


def make_session_id(prefix: str, number: int) -> str:
    """Return the id of a session.

    Args:
        prefix: The part of the id that differs from server to server.
        number: The number of the session.
    """
    return f"{prefix}-{number}"


def session_number(session_id: str) -> int:
    """Return the number of the session that may have an id; 0 if none can have it.

    Example:
        >>> session_number(make_session_id("c3758772", 510)), session_number("x")
        (510, 0)
    """
    digits = session_id.rpartition("-")[2]
    return int(digits) if digits.isdecimal() and len(digits) <= _LONGEST_NUMBER else 0


def entry(row: tuple[Any, ...]) -> Entry:
    """Return the entry of a row with the columns `ENTRY`."""
    number, head, content, is_read, tags = row
    record = unpack(MessageRecord, head)._replace(content=Content(content))
    return Entry(number, record, bool(is_read), tuple(json.loads(tags)))


def session(row: tuple[Any, ...], chunks: Iterable[tuple[int, str]]) -> SessionRecord:
    """Return a session.

    Args:
        row: Its end, the number of its exchanges that are forgotten, and its head.
        chunks: The place of the first exchange in each chunk, and its exchanges.
    """
    ended, forgotten, text = row
    head = unpack(Head, text)
    exchanges: list[Exchange] = []
    for first, items in chunks:
        exchanges += unpack_all(Exchange, items)[max(forgotten - first, 0) :]
    return SessionRecord(
        head.origin, ended, tuple(exchanges), head.negotiated, head.observations, forgotten, head.erasures
    )
