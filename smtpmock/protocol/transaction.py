"""The current transaction of a session, and what a command erases of it.

The order of the parts is that of the record: HELO, MAIL FROM, RCPT TO, DATA, the message, RSET, NOOP, QUIT.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpmock.records.message import NO_CONTENT, MessageRecord
from smtpmock.rules.context import Recipients

if TYPE_CHECKING:
    from smtpmock.mail.content import Content
    from smtpmock.records.exchange import Exchange
    from smtpmock.records.session import Negotiated, Origin

_tuple = tuple.__new__  # a named tuple's own constructor takes twice as long


class Transaction:
    """A transaction while its session can still change it.

    Attributes:
        helo: The HELO or EHLO exchange.
        mailfrom: The MAIL FROM exchange.
        rcptto: The RCPT TO exchanges that are kept.
        rcptto_accepted: True if DATA may follow them.
        data: The DATA exchange.
        end_of_data: The exchange at the end of the message.
        content: The message, once accepted.
        undotted: The beginning of its first line that lost a dot; b"" if none did.
        is_over: True if only RSET, NOOP and QUIT can be added to it.
        rset: The RSET exchange.
        noop: True if NOOP was sent.
        quit: True if QUIT was sent.
        recipients: The addresses of all accepted RCPT TO.
        refused_recipients: The addresses of all refused RCPT TO.
        accepted_recipients: The recipients of the accepted message.
        record_id: The id of its record; "" until it has one.
        is_recorded: True while its record is stored.
    """

    __slots__ = (
        "accepted_recipients",
        "content",
        "data",
        "end_of_data",
        "helo",
        "is_over",
        "is_recorded",
        "mailfrom",
        "noop",
        "quit",
        "rcptto",
        "rcptto_accepted",
        "recipients",
        "record_id",
        "refused_recipients",
        "rset",
        "undotted",
    )

    def __init__(self, helo: Exchange | None = None) -> None:
        self.helo = helo
        self.mailfrom: Exchange | None = None
        self.rcptto: list[Exchange] = []
        self.rcptto_accepted = False
        self.data: Exchange | None = None
        self.end_of_data: Exchange | None = None
        self.content: Content | None = None
        self.undotted = b""
        self.rset: Exchange | None = None
        self.noop = False
        self.quit = False
        self.recipients = Recipients()
        self.refused_recipients: list[str] = []
        self.accepted_recipients: tuple[str, ...] = ()
        self.is_over = False
        self.record_id = ""
        self.is_recorded = False

    @property
    def sender(self) -> str | None:
        """The address of the accepted MAIL FROM; None if none was accepted."""
        mailfrom = self.mailfrom
        return mailfrom.address if mailfrom is not None and mailfrom.accepted else None

    @property
    def has_begun(self) -> bool:
        """True if it has any command of a mail transaction: MAIL FROM, RCPT TO, DATA or BDAT."""
        return self.mailfrom is not None or bool(self.rcptto) or self.data is not None

    @property
    def has_end(self) -> bool:
        """True if it has any of the commands that may follow a message: RSET, NOOP or QUIT."""
        return self.rset is not None or self.noop or self.quit

    @property
    def is_open(self) -> bool:
        """True from an accepted MAIL FROM until the message has been answered."""
        return self.sender is not None and self.end_of_data is None and not self.is_over

    def record(self, record_id: str, origin: Origin, negotiated: Negotiated) -> MessageRecord:
        """Return the facts so far."""
        return _tuple(
            MessageRecord,
            (
                record_id,
                origin,
                negotiated,
                self.helo,
                self.mailfrom,
                tuple(self.rcptto),
                self.rcptto_accepted,
                self.data,
                self.end_of_data,
                self.rset,
                self.noop,
                self.quit,
                (self.mailfrom.argument or self.mailfrom.address) if self.mailfrom is not None else "",
                tuple(self.accepted_recipients or self.recipients),
                tuple(self.refused_recipients),
                self.content or NO_CONTENT,
                self.undotted,
            ),
        )

    def forget_from_rcptto(self) -> None:
        """Erase the recipients and what follows; who was accepted stays known until a message is accepted."""
        if self.content is not None:
            self.recipients = Recipients()
            self.refused_recipients = []
        self.rcptto = []
        self.rcptto_accepted = False
        self.forget_from_data()

    def forget_from_data(self) -> None:
        """Erase DATA and what follows."""
        self.data = None
        self.end_of_data = None
        self.content = None
        self.undotted = b""
        self.accepted_recipients = ()
        self.rset = None
        self.noop = False
