"""The stored facts about one transaction: its requests, the replies, and the message."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from smtpmock.mail.content import Content
from smtpmock.records.session import NOTHING_NEGOTIATED, Negotiated, Origin

if TYPE_CHECKING:
    from smtpmock.records.exchange import Exchange

NO_CONTENT = Content(b"")


class MessageRecord(NamedTuple):
    """A transaction that a session attempted.

    Attributes:
        id: An opaque, URL-safe text, made before the record is stored.
        origin: The origin of its session.
        negotiated: The facts that its session had negotiated.
        helo: The HELO or EHLO exchange.
        mailfrom: The MAIL FROM exchange.
        rcptto: The RCPT TO exchanges: the last one or, with `multiple_rcptto`, all.
        rcptto_accepted: True if RCPT TO succeeded: the last one or, with `multiple_rcptto`, any.
        data: The DATA exchange.
        end_of_data: The exchange at the end of the message.
        rset: The RSET exchange after the message.
        noop: True if NOOP was sent.
        quit_sent: True if QUIT was sent.
        sender: The address of the reverse-path; "" for the null path; as given if it could not be parsed.
        recipients: The addresses that were accepted, in order.
        refused_recipients: The addresses that were refused, in order; as given if they could not be parsed.
        content: The message; empty if none was accepted.
        undotted: The beginning of its first line that lost a dot which had not been doubled; b"" if none did.
    """

    id: str
    origin: Origin
    negotiated: Negotiated = NOTHING_NEGOTIATED
    helo: Exchange | None = None
    mailfrom: Exchange | None = None
    rcptto: tuple[Exchange, ...] = ()
    rcptto_accepted: bool = False
    data: Exchange | None = None
    end_of_data: Exchange | None = None
    rset: Exchange | None = None
    noop: bool = False
    quit_sent: bool = False
    sender: str = ""
    recipients: tuple[str, ...] = ()
    refused_recipients: tuple[str, ...] = ()
    content: Content = NO_CONTENT
    undotted: bytes = b""

    @property
    def accepted(self) -> bool:
        """True if MAIL FROM, RCPT TO, DATA and the message itself all succeeded."""
        mailfrom, data, end = self.mailfrom, self.data, self.end_of_data
        return (
            end is not None
            and end.accepted
            and self.rcptto_accepted
            and mailfrom is not None
            and mailfrom.accepted
            and data is not None
            and data.accepted
        )

    def differs_only_in_its_end(self, other: MessageRecord) -> bool:
        """Return True if nothing but RSET, NOOP and QUIT, which follow a message, can make the two differ."""
        return self[:_END] == other[:_END] and self[_BEHIND_END:] == other[_BEHIND_END:]

    @property
    def state(self) -> str:
        """The outcome of the transaction, for people: "accepted", "RCPT TO refused", "ended after DATA"."""
        if self.accepted:
            return "accepted"
        steps = (self.helo, self.mailfrom, self.rcptto[-1] if self.rcptto else None, self.data, self.end_of_data)
        taken = [step for step in steps if step is not None]
        refused = [step for step in taken if not step.accepted]
        if refused:
            return f"{refused[-1].stage} refused"
        return f"ended after {taken[-1].stage}" if taken else "nothing sent"

    @property
    def refusal(self) -> Exchange | None:
        """The exchange that refused the transaction; None if none did."""
        steps = (self.end_of_data, self.data, *reversed(self.rcptto), self.mailfrom, self.helo)
        return None if self.accepted else next((step for step in steps if step and not step.accepted), None)

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The exchanges of the transaction, in order: MAIL FROM, RCPT TO, DATA, the end of the message, RSET."""
        steps = (self.mailfrom, *self.rcptto, self.data, self.end_of_data, self.rset)
        return tuple({step.number: step for step in steps if step is not None}.values())

    @property
    def helo_name(self) -> str:
        """The name that the client gave in an accepted HELO or EHLO; "" if none was accepted."""
        return (self.helo.argument or "") if self.helo is not None and self.helo.accepted else ""

    @property
    def received(self) -> float:
        """The time at which the end of the message, or else the last command, was read, in seconds since the epoch."""
        if self.end_of_data is not None:  # nearly always; without this check it takes 0.6 us more
            return self.end_of_data.timestamp
        steps = (self.data, *reversed(self.rcptto), self.mailfrom, self.helo)
        return next((step.timestamp for step in steps if step is not None), self.origin.started)

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of MAIL FROM, by keyword in upper case; "" for one without a value."""
        return dict(self.mailfrom.parameters) if self.mailfrom is not None else {}


_END = MessageRecord._fields.index("rset")
_BEHIND_END = MessageRecord._fields.index("quit_sent") + 1
