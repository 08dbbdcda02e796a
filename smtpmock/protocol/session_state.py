"""What a session knows while it goes on: what judging and recording a command needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpmock.protocol.transaction import Transaction
from smtpmock.records.session import NOTHING_NEGOTIATED

if TYPE_CHECKING:
    from smtpmock.protocol.behaviour import Behaviour
    from smtpmock.records.session import Negotiated, Origin


class SessionState:
    """What a session knows.

    Attributes:
        behaviour: What the settings say.
        origin: Where the session comes from.
        negotiated: What was negotiated so far.
        transaction: The current transaction.
        size: Bytes of the message that came or was announced last; None if none was.
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
