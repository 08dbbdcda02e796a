"""Something to write, and who waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smtpmock.stores.answers import Awaited

if TYPE_CHECKING:
    from collections.abc import Callable

    from smtpmock.records.message import MessageRecord
    from smtpmock.stores.base import Entry
    from smtpmock.stores.sqlite.open_session import OpenSession
    from smtpmock.stores.sqlite.transaction import Transaction


class Step(Awaited):
    """Something to write, and who waits for it.

    Args:
        take: What to do.
        waits: True if somebody waits for the result; else it is tried again when it fails.

    Attributes:
        waits: True if somebody waits for the result.
        has_begun: True once it has begun.
    """

    __slots__ = ("_take", "has_begun", "waits")

    is_urgent = False
    """True if it is given up after `store_timeout` even if it has begun."""

    def __init__(self, take: Callable[[Transaction], Any] | None = None, *, waits: bool = True) -> None:
        super().__init__()
        self._take = take
        self.waits = waits
        self.has_begun = False

    @property
    def can_expire(self) -> bool:
        """True if it fails when its time is over: one that has begun may have much to do."""
        return self.is_urgent or not self.has_begun

    @property
    def is_question(self) -> bool:
        """True if somebody waits for it who is not a client with a message: a reader, or a purge."""
        return self.waits and not self.is_urgent

    def __call__(self, transaction: Transaction) -> Any:
        """Do it, unless whoever waited has been told that it failed."""
        self.has_begun = True
        return None if self.is_given_up else self.take(transaction)

    def take(self, transaction: Transaction) -> Any:
        """Do it."""
        return None if self._take is None else self._take(transaction)

    def done(self, result: Any) -> None:
        """Do what follows in the hub thread, before anybody is told."""


class Addition(Step):
    """A record to store.

    Args:
        record: The record.
        session: Its session; None if it has ended.
    """

    __slots__ = ("_record", "_session")

    is_urgent = True

    def __init__(self, record: MessageRecord, session: OpenSession | None) -> None:
        super().__init__(waits=record.accepted)
        self._record = record
        self._session = session

    @property
    def size(self) -> int:
        """The bytes of its message."""
        return len(self._record.content.raw)

    def take(self, transaction: Transaction) -> Entry | None:
        """Store it, unless a purge has removed it."""
        session = self._session
        is_gone = session is not None and session.purged == self._record.id
        return None if is_gone else transaction.add(self._record)

    def done(self, result: Entry | None) -> None:
        """Remember which record the session may still add to."""
        if result is not None and self._session is not None:
            self._session.last_id = self._record.id
