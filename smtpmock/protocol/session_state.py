"""The state of a session: what judging and recording a command needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpmock.protocol.transaction import Transaction
from smtpmock.records.session import NOTHING_NEGOTIATED

if TYPE_CHECKING:
    from smtpmock.protocol.behaviour import Behaviour
    from smtpmock.records.session import Negotiated, Origin


class SessionState:
    """The state of a session.

    Attributes:
        behaviour: The behaviour that the settings define.
        origin: The origin of the session.
        negotiated: The facts negotiated so far.
        transaction: The current transaction.
        size: The bytes of the message that arrived or was announced last; None if there was none.
    """

    __slots__ = ("behaviour", "negotiated", "origin", "size", "transaction")

    def __init__(self, behaviour: Behaviour, origin: Origin) -> None:
        self.behaviour = behaviour
        self.origin = origin
        self.negotiated: Negotiated = NOTHING_NEGOTIATED
        self.transaction = Transaction()
        self.size: int | None = None

    @property
    def is_secure(self) -> bool:
        """True if TLS is active."""
        return self.negotiated.tls is not None
