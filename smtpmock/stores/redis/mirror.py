"""The records of a store in Redis, as far as this process has read them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from smtpmock.mail.content import Content
from smtpmock.records.exchange import Exchange
from smtpmock.records.message import MessageRecord
from smtpmock.records.packed import unpack, unpack_all
from smtpmock.records.session import Erasure, Negotiated, Observation, Origin
from smtpmock.stores.base import Entry
from smtpmock.stores.memory import MemoryStore, RecordedSession

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Mirror(MemoryStore):
    """A copy of the records and sessions, which only ever follows what is read from Redis.

    Attributes:
        token: The token of the store that the messages are from.
        position: The number of the last change of messages that it has.
        session_token: The token of the store that the sessions are from.
        session_position: The number of the last change of sessions that it has.
    """

    def __init__(self, changes: int = 0) -> None:
        super().__init__()
        self.token = b""
        self.position = 0
        self.session_token = b""
        self.session_position = 0
        self._changes = changes
        self._pieces: dict[str, int] = {}
        self._of_session: dict[str, dict[int, None]] = {}

    def successor(self) -> Mirror:
        """Return a mirror with the same sessions and without messages."""
        successor = Mirror(self._changes + 1)
        successor._sessions, successor._pieces = self._sessions, self._pieces
        successor.session_token, successor.session_position = self.session_token, self.session_position
        return successor

    def forget_sessions(self) -> None:
        """Forget all sessions, which are about to be read anew."""
        self._sessions, self._pieces = {}, {}

    def note_last(self, message: int, session: int) -> None:
        """Note the last numbers that were visible."""
        self._last = message
        self._last_session = session

    def put(self, number: int, packed: bytes, raw: bytes, tags: bytes, session_number: int) -> None:
        """Add or replace a message; new ones come in the order of their numbers."""
        record = unpack(MessageRecord, packed)
        origin = record.origin
        if session_number:
            origin = origin._replace(session_number=session_number)
        known = self._entries.get(number)
        content = known.record.content if known is not None and known.record.content.raw == raw else Content(raw)
        record = record._replace(origin=origin, content=content)
        entry = Entry(number, record, tags[:1] == b"1", tuple(json.loads(tags[1:])) if tags else ())
        if known is not None:
            if (
                known.is_read != entry.is_read
                or known.tags != entry.tags
                or not record.differs_only_in_its_end(known.record)
            ):
                self._changes += 1
            self._leave_indexes(known)
            self._accepted -= known.record.accepted
        self._entries[number] = entry
        self._numbers[record.id] = number
        self._index(entry)
        self._accepted += record.accepted
        self._of_session.setdefault(origin.session_id, {})[number] = None

    def remove(self, number: int) -> None:
        """Remove a message, if it is there."""
        if number in self._entries:
            entry = self._take(number)
            session_id = entry.record.origin.session_id
            numbers = self._of_session.get(session_id, {})
            numbers.pop(number, None)
            if not numbers:
                self._of_session.pop(session_id, None)

    def count_pieces(self, session_id: str) -> int:
        """Return the number of pieces of a dialogue, lost ones included, that are known."""
        return self._pieces.get(session_id, 0)

    def put_session(self, session_id: str, fields: Mapping[bytes, bytes], pieces: Sequence[bytes], count: int) -> None:
        """Add a session, or what followed; new ones come in the order of their numbers.

        Args:
            session_id: Its id.
            fields: The facts about it.
            pieces: The pieces of its dialogue that were not known.
            count: The number of all pieces, lost ones included.
        """
        session = self._sessions.get(session_id)
        number = int(fields[b"number"])
        if session is None:
            session = RecordedSession(unpack(Origin, fields[b"origin"])._replace(session_number=number))
            self._sessions[session_id] = session
        for piece in pieces:
            begins, _, packed = piece.partition(b":")
            known = session.forgotten + len(session.exchanges)
            if int(begins) > known:  # what came before is lost
                session.exchanges.clear()
                session.forgotten = known = int(begins)
            session.exchanges.extend(unpack_all(Exchange, packed)[known - int(begins) :])
        session.forget_beginning(int(fields[b"count"]) - int(fields[b"forgotten"]))
        self._pieces[session_id] = count
        if b"n" in fields:
            session.negotiated = unpack(Negotiated, fields[b"n"])
        if b"o" in fields:
            session.observations = unpack_all(Observation, fields[b"o"])
        if b"e" in fields:
            session.erasures = unpack_all(Erasure, fields[b"e"])
        ended = fields.get(b"ended")
        session.ended = None if ended is None else float(ended)

    def remove_session(self, session_id: str) -> None:
        """Remove a session, if it is there."""
        self._sessions.pop(session_id, None)
        self._pieces.pop(session_id, None)

    def _entries_of(self, session: RecordedSession) -> tuple[Entry, ...]:
        """Return the records of a session that are still there."""
        numbers = tuple(self._of_session.get(session.origin.session_id, ()))
        return tuple(filter(None, map(self._entries.get, numbers)))
