"""What is recorded of a transaction: a message. What is read never changes."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from smtpmock.mail.content import Content
from smtpmock.records.exchange import NOTHING_NEGOTIATED, Exchange
from smtpmock.rfc.grammar import forward_path, reverse_path
from smtpmock.text import escaped, shortened

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping
    from email.message import EmailMessage

    from smtpmock.conformance.catalogue import Violation
    from smtpmock.mail.content import Attachment, Headers
    from smtpmock.protocol.transaction import Transaction
    from smtpmock.records.exchange import TLS, Negotiated, Origin


_NOTHING = Exchange("", "", 0.0)


class Message:
    r"""The record of one transaction: what was said, what was answered, what was sent.

    A record is never changed: what a session adds to it later is in the record that is read later.

    Attributes:
        number: Its place in the inbox of its server, counted from 1 in order of appearance.

    Example:
        >>> from smtplib import SMTP
        >>> from smtpmock import SMTPMock
        >>> with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
        ...     _ = client.sendmail("a@example.com", "b@example.com", "Subject: hi\r\n\r\nhello")
        ...     [message] = mock.messages()
        >>> message.mailfrom_response, message.recipients
        ('250 Received', ('b@example.com',))
    """

    __slots__ = (
        "_content",
        "_data",
        "_end_of_data",
        "_helo",
        "_mailfrom",
        "_negotiated",
        "_noop",
        "_origin",
        "_quit",
        "_rcptto",
        "_rcptto_accepted",
        "_recipients",
        "_rset",
        "_sender",
        "_undotted",
        "_violations",
        "number",
    )

    def __init__(self, transaction: Transaction, origin: Origin, negotiated: Negotiated = NOTHING_NEGOTIATED) -> None:
        self.number = 0
        self._origin = origin
        self._negotiated = negotiated
        self._helo = transaction.helo or _NOTHING
        self._mailfrom = transaction.mailfrom or _NOTHING
        self._rcptto = tuple(transaction.rcptto)
        self._rcptto_accepted = transaction.rcptto_accepted
        self._data = transaction.data or _NOTHING
        self._end_of_data = transaction.end_of_data or _NOTHING
        self._rset = transaction.rset or _NOTHING
        self._noop = transaction.noop
        self._quit = transaction.quit
        self._sender = transaction.sender
        self._recipients = tuple(transaction.accepted_recipients or transaction.recipients)
        self._content = transaction.content or _NO_CONTENT
        self._undotted = transaction.undotted
        self._violations: tuple[Violation, ...] | None = None

    def __repr__(self) -> str:
        sender, recipients = escaped(self.sender) or "<>", escaped(", ".join(self.recipients)) or "nobody"
        said = repr(shortened(self.subject, 40)) if self.is_consistent else f"({self.state})"
        return f"<Message {self.number} from {shortened(sender, 60)} to {shortened(recipients, 60)} {said}>"

    # The record of go-smtp-mock.

    @property
    def helo(self) -> bool:
        """Whether HELO or EHLO succeeded."""
        return self._helo.accepted

    @property
    def helo_request(self) -> str:
        """The HELO or EHLO command."""
        return self._helo.request

    @property
    def helo_response(self) -> str:
        """The reply to HELO or EHLO."""
        return self._helo.reply

    @property
    def mailfrom(self) -> bool:
        """Whether MAIL FROM succeeded."""
        return self._mailfrom.accepted

    @property
    def mailfrom_request(self) -> str:
        """The MAIL FROM command."""
        return self._mailfrom.request

    @property
    def mailfrom_response(self) -> str:
        """The reply to MAIL FROM."""
        return self._mailfrom.reply

    @property
    def rcptto(self) -> bool:
        """Whether RCPT TO succeeded: the last one or, with `multiple_rcptto`, any."""
        return self._rcptto_accepted

    @property
    def rcptto_request_response(self) -> tuple[tuple[str, str], ...]:
        """RCPT TO commands and their replies: the last pair or, with `multiple_rcptto`, all."""
        return tuple((exchange.request, exchange.reply) for exchange in self._rcptto)

    @property
    def data(self) -> bool:
        """Whether DATA succeeded."""
        return self._data.accepted

    @property
    def data_request(self) -> str:
        """The DATA command."""
        return self._data.request

    @property
    def data_response(self) -> str:
        """The reply to DATA."""
        return self._data.reply

    @property
    def msg(self) -> bool:
        """Whether the message itself was accepted."""
        return self._end_of_data.accepted

    @property
    def msg_request(self) -> str:
        """The message as text; bytes that are not UTF-8 are surrogate escapes. See `raw` for the bytes."""
        return self.raw.decode("utf-8", "surrogateescape")

    @property
    def msg_response(self) -> str:
        """The reply to the end of the message; "" where a rule kept it from the client, or half of it."""
        return "" if self._end_of_data.then == "half" else self._end_of_data.reply

    @property
    def rset(self) -> bool:
        """Whether a RSET succeeded after the message."""
        return self._rset.accepted

    @property
    def rset_request(self) -> str:
        """The RSET command."""
        return self._rset.request

    @property
    def rset_response(self) -> str:
        """The reply to RSET."""
        return self._rset.reply

    @property
    def noop(self) -> bool:
        """Whether a NOOP was sent."""
        return self._noop

    @property
    def quit_sent(self) -> bool:
        """Whether the session ended with QUIT."""
        return self._quit

    @property
    def is_consistent(self) -> bool:
        """Whether MAIL FROM, RCPT TO, DATA and the message itself all succeeded."""
        return self.mailfrom and self.rcptto and self.data and self.msg

    @property
    def state(self) -> str:
        """What became of the transaction, for people: "accepted", "RCPT TO refused", "ended after DATA"."""
        if self.is_consistent:
            return "accepted"
        last_rcptto = self._rcptto[-1] if self._rcptto else _NOTHING
        steps = (self._helo, self._mailfrom, last_rcptto, self._data, self._end_of_data)
        said = [step for step in steps if step.stage]
        refused = [step for step in said if not step.accepted]
        if refused:
            return f"{refused[-1].stage} refused"
        return f"ended after {said[-1].stage}" if said else "nothing sent"

    # What is read from it.

    @property
    def helo_name(self) -> str:
        """The name that the client gave in an accepted HELO or EHLO."""
        return self._helo.request[5:] if self._helo.accepted else ""

    @property
    def sender(self) -> str:
        """The address of the reverse-path, without brackets; "" for the null path."""
        return self._sender

    @property
    def recipients(self) -> tuple[str, ...]:
        """The addresses of all recipients that were accepted in the transaction, in order."""
        return self._recipients

    @property
    def received_at(self) -> datetime:
        """When the end of the message was read, or else the last command of the transaction (UTC)."""
        exchanges = (self._end_of_data, self._data, *reversed(self._rcptto), self._mailfrom, self._helo)
        timestamp = next((exchange.timestamp for exchange in exchanges if exchange.stage), self._origin.started)
        return datetime.fromtimestamp(timestamp, timezone.utc)

    @property
    def session_id(self) -> int:
        """The number of the session, counted from 1 for each server."""
        return self._origin.session_id

    @property
    def client(self) -> str:
        """The client's address."""
        return self._origin.client

    @property
    def end_of_data(self) -> Exchange:
        """The exchange at the end of the message; an empty one if it did not come to that."""
        return self._end_of_data

    @property
    def parameters(self) -> Mapping[str, str]:
        """The parameters of MAIL FROM, by keyword in upper case: SIZE, BODY, …; "" for one without a value."""
        path = reverse_path(self._mailfrom.request.partition(":")[2].strip())
        return path.parameters if path else {}

    @property
    def recipient_parameters(self) -> Mapping[str, Mapping[str, str]]:
        """The parameters of each accepted RCPT TO that is in the record, by address: NOTIFY, ORCPT."""
        paths = (
            forward_path(exchange.request.partition(":")[2].strip()) for exchange in self._rcptto if exchange.accepted
        )
        return {path.address: path.parameters for path in paths if path}

    @property
    def extensions(self) -> frozenset[str]:
        """The extensions that were announced to the client."""
        return self._negotiated.extensions

    @property
    def tls(self) -> TLS | None:
        """What TLS agreed on; None if the message was sent without TLS."""
        return self._negotiated.tls

    @property
    def user(self) -> str:
        """Who had logged in; "" if nobody had."""
        return self._negotiated.user

    @property
    def violations(self) -> tuple[Violation, ...]:
        """What is wrong with the message though it was accepted; see docs/violations.md."""
        if self._violations is None:
            from smtpmock.conformance.message import judge_message

            # Of a message over the limit that a rule accepted nothing was kept.
            is_known = self.msg and (self.raw or self._end_of_data.rule is None)
            self._violations = (
                judge_message(
                    self._content,
                    parameters=self.parameters,
                    recipients=self.recipients,
                    undotted=self._undotted,
                )
                if is_known
                else ()
            )
        return self._violations

    # What it says; see content.py.

    @property
    def email(self) -> EmailMessage:
        """The message as the standard library's `EmailMessage`."""
        return self._content.email

    @property
    def subject(self) -> str:
        """The decoded subject, in one line; "" if there is none."""
        return self._content.subject

    @property
    def from_(self) -> str:
        """The address of the first author in the From header; "" if there is none."""
        return self._content.from_

    @property
    def to(self) -> tuple[str, ...]:
        """The addresses in the To header."""
        return self._content.to

    @property
    def cc(self) -> tuple[str, ...]:
        """The addresses in the Cc header."""
        return self._content.cc

    @property
    def reply_to(self) -> tuple[str, ...]:
        """The addresses in the Reply-To header."""
        return self._content.reply_to

    @property
    def bcc(self) -> tuple[str, ...]:
        """The recipients of the envelope that stand in no header."""
        return self._content.bcc(self.recipients)

    @property
    def date(self) -> datetime | None:
        """The date of the Date header; None if there is none that can be read."""
        return self._content.date

    @property
    def headers(self) -> Headers:
        """All headers, decoded; names in any case, repeated ones kept."""
        return self._content.headers

    @property
    def text(self) -> str:
        """The plain text, decoded; "" if there is none."""
        return self._content.text

    @property
    def html(self) -> str:
        """The HTML, decoded; "" if there is none."""
        return self._content.html

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """What is attached, inline images included."""
        return self._content.attachments

    @property
    def links(self) -> tuple[str, ...]:
        """The links in text and HTML, in order, each once."""
        return self._content.links

    def find_links(self, pattern: str | re.Pattern[str]) -> tuple[str, ...]:
        """The links that match; see `Content.find_links`."""
        return self._content.find_links(pattern)

    def link(self, pattern: str | re.Pattern[str] | None = None) -> str:
        """The only link, or the only one that matches; see `Content.link`."""
        return self._content.link(pattern)

    def code(self, pattern: str | re.Pattern[str] | None = None) -> str:
        """The one-time code; see `Content.code`."""
        return self._content.code(pattern)

    @property
    def raw(self) -> bytes:
        """The exact bytes of the message, after the dots of transparency were removed."""
        return self._content.raw

    @property
    def content(self) -> bytes:
        """The message as it would be delivered: one Received header (RFC 5321 section 4.4), then `raw`."""
        from smtpmock.messages.trace_header import received

        return received(self, self._origin.server) + self.raw


_NO_CONTENT = Content(b"")


class Record:
    """The place of a message in the inbox, known to the session that may still add to it.

    Attributes:
        number: Counted from 1 in order of appearance; 0 before it appears.
        message: What is read now; None before it appears and once it is gone.
        gone: Whether it was taken out, never to come back: by a purge, by a bound, or erased by its session.
    """

    __slots__ = ("gone", "message", "number")

    def __init__(self) -> None:
        self.number = 0
        self.message: Message | None = None
        self.gone = False

    def go(self) -> None:
        """It was taken out; its session, which may go on for long, holds the message no longer."""
        self.gone = True
        self.message = None
