"""What a session has recorded of its current transaction, and what a command erases of it.

The order of the parts is that of the record: HELO, MAIL FROM, RCPT TO, DATA, the message, RSET, NOOP, QUIT.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smtpmock.mail.content import Content
    from smtpmock.messages.message import Record
    from smtpmock.records.exchange import Exchange


class Transaction:
    """A record while its session can still change it.

    Attributes:
        helo: The HELO or EHLO exchange.
        mailfrom: The MAIL FROM exchange.
        rcptto: The RCPT TO exchanges that are kept.
        rcptto_accepted: Whether these open the way to DATA.
        data: The DATA exchange.
        end_of_data: The exchange at the end of the message.
        content: The message, once accepted.
        undotted: The beginning of its first line that lost a dot; b"" if none did.
        is_settled: Whether nothing may erase it: an accepted message, where a session may send several.
        rset: The RSET exchange.
        noop: Whether NOOP was sent.
        quit: Whether QUIT was sent.
        sender: The address of the accepted MAIL FROM.
        recipients: The addresses of all accepted RCPT TO.
        accepted_recipients: Those that the accepted message was for.
        record: Its place in the inbox, once it has been given one.
    """

    __slots__ = (
        "accepted_recipients",
        "content",
        "data",
        "end_of_data",
        "helo",
        "is_settled",
        "mailfrom",
        "noop",
        "quit",
        "rcptto",
        "rcptto_accepted",
        "recipients",
        "record",
        "rset",
        "sender",
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
        self.sender = ""
        self.recipients: list[str] = []
        self.accepted_recipients: tuple[str, ...] = ()
        self.record: Record | None = None
        self.is_settled = False

    def forget_from_rcptto(self) -> None:
        """Forgets the recipients and what follows them; who was accepted is still known until a message was."""
        if self.content is not None:
            self.recipients = []
        self.rcptto = []
        self.rcptto_accepted = False
        self.forget_from_data()

    def forget_from_data(self) -> None:
        """Forgets DATA and what follows it."""
        self.data = None
        self.end_of_data = None
        self.content = None
        self.undotted = b""
        self.accepted_recipients = ()
        self.rset = None
        self.noop = False
