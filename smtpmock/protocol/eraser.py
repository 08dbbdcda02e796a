"""Erasing: a command begins a part of the current record anew, and with it all that follows."""

from __future__ import annotations

from smtpmock.protocol.actions import Erase
from smtpmock.protocol.commands import Part
from smtpmock.protocol.message_receiver import MessageReceiver
from smtpmock.protocol.transaction import Transaction
from smtpmock.records.session import Erasure

# Before Python 3.12, a lookup takes as long as a call.
_HELO, _MAILFROM, _RCPTTO, _DATA, _RSET = Part

_MOST_NAMED_IN_ERASURE = 3


class Eraser(MessageReceiver):
    """The erasing part of a connection."""

    __slots__ = ()

    def _erase(self, part: Part, stage: str) -> None:
        """Erase a part of the record and all that follow it; or begin a new record, if the old one is kept.

        Args:
            part: The part at which the erasing begins.
            stage: The command that erases.
        """
        self._chunks = None
        self._chunks_over = False
        if self.behaviour.keeps_everything:
            self._end_attempt(part)
            return
        transaction = self.state.transaction
        if part is _RCPTTO and self.behaviour.settings.multiple_rcptto:
            return
        self._complete()
        if transaction.is_recorded:
            if transaction.is_over:  # a session can send several messages: the accepted one stays
                if part <= _MAILFROM:
                    self.state.transaction = Transaction(None if part is _HELO else transaction.helo)
                return
            recipients = transaction.accepted_recipients
            erasure = Erasure(stage, recipients[:_MOST_NAMED_IN_ERASURE], len(recipients))
            self._actions.append(Erase(transaction.record_id, erasure))
            transaction.is_recorded = False
        if part is not _RSET:
            transaction.record_id = ""
        if part is _DATA:
            transaction.forget_from_data()
        elif part is _RCPTTO:
            transaction.forget_from_rcptto()
        else:
            self.state.transaction = Transaction(None if part is _HELO else transaction.helo)
            self.state.transaction.quit = transaction.quit
            if part is _RSET:  # a record that was purged does not come back
                self.state.transaction.record_id = transaction.record_id

    def _end_attempt(self, part: Part) -> None:
        """If everything is kept, store what the command ends, and begin anew what it begins."""
        transaction = self.state.transaction
        if part is _RCPTTO or part is _DATA:
            if transaction.is_over:
                return
            if transaction.is_recorded:  # a refused message, which the client sends again
                self._complete()
                transaction.is_recorded = False
                transaction.record_id = ""
                transaction.forget_from_data()
            elif part is _DATA and transaction.data is not None:
                transaction.forget_from_data()
            return
        has_begun = transaction.has_begun
        if has_begun and not transaction.is_recorded:
            self._add()
        if part is _RSET:
            transaction.is_over = has_begun
            return
        self._complete()
        if has_begun or transaction.has_end:
            self.state.transaction = Transaction(None if part is _HELO else transaction.helo)
        elif part is _HELO:  # a new one would take 0.6 us, and differ in this only
            transaction.helo = None
