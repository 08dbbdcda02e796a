"""The record of a transaction, as users see it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from smtpmock.messages.checks import MessageChecks
from smtpmock.messages.steps import MessageSteps
from smtpmock.text import escape_controls, shorten

if TYPE_CHECKING:
    import os
    import re
    from collections.abc import Mapping
    from email.message import EmailMessage
    from pathlib import Path

    from typing_extensions import Self

    from smtpmock.conformance.catalogue import Violation
    from smtpmock.mail.addresses import Address
    from smtpmock.mail.attachments import Attachment
    from smtpmock.mail.headers import Headers
    from smtpmock.records.exchange import Exchange
    from smtpmock.records.session import TLS
    from smtpmock.stores.base import Entry


class Message(MessageSteps, MessageChecks):
    r"""The record of one transaction: its requests, the replies, and the message.

    A record never changes: what its session adds later appears in the record that is read later.

    Attributes:
        number: Its position in the inbox of its server, counted from 1 in order of arrival.

    Example:
        >>> from smtplib import SMTP
        >>> from smtpmock import SMTPMock
        >>> with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
        ...     _ = client.sendmail("a@example.com", "b@example.com", "Subject: hi\r\n\r\nhello")
        ...     [message] = mock.messages()
        >>> message.mailfrom_response, message.recipients
        ('250 Received', ('b@example.com',))
    """

    __slots__ = ("_entry", "_record", "number")

    def __init__(self, entry: Entry) -> None:
        self._entry = entry
        self._record = entry.record
        self.number: int = entry.number

    def __repr__(self) -> str:
        sender, recipients = (
            escape_controls(self.sender) or "<>",
            escape_controls(", ".join(self.recipients)) or "nobody",
        )
        said = repr(shorten(self.subject, 40)) if self.accepted else f"({self.state})"
        return f"<Message {self.number} from {shorten(sender, 60)} to {shorten(recipients, 60)} {said}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and self._entry == other._entry

    def __hash__(self) -> int:
        return hash((self.number, self._record.id))

    @property
    def id(self) -> str:
        """An opaque, URL-safe identifier that is never reused."""
        return self._record.id

    @property
    def is_read(self) -> bool:
        """True once the message has been marked as read."""
        return self._entry.is_read

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags of the message."""
        return self._entry.tags

    @property
    def accepted(self) -> bool:
        """True if MAIL FROM, RCPT TO, DATA and the message itself all succeeded."""
        return self._record.accepted

    @property
    def state(self) -> str:
        """The outcome of the transaction, for people: "accepted", "RCPT TO refused", "ended after DATA"."""
        return self._record.state

    # The envelope and the session.

    @property
    def helo_name(self) -> str:
        """The name that the client gave in an accepted HELO or EHLO."""
        return self._record.helo_name

    @property
    def sender(self) -> str:
        """The address of the reverse-path, without brackets; "" for the null path."""
        return self._record.sender

    @property
    def recipients(self) -> tuple[str, ...]:
        """The addresses of all accepted recipients of the transaction, in order."""
        return self._record.recipients

    @property
    def refused_recipients(self) -> tuple[str, ...]:
        """The addresses of all refused recipients, in order; one that could not be parsed is shown as given."""
        return self._record.refused_recipients

    @property
    def received_at(self) -> datetime:
        """The time at which the end of the message, or else the last command, was read (UTC)."""
        return datetime.fromtimestamp(self._record.received, timezone.utc)

    @property
    def session_id(self) -> str:
        """The id of the session that sent the message; see `Session.id`."""
        return self._record.origin.session_id

    @property
    def client(self) -> str:
        """The client's address."""
        return self._record.origin.client

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The commands of the transaction and the replies to them, from MAIL FROM to RSET."""
        return self._record.exchanges

    @property
    def parameters(self) -> Mapping[str, str]:
        """The parameters of MAIL FROM, by keyword in upper case: SIZE, BODY, ...; "" for one without a value."""
        return self._record.parameters

    @property
    def recipient_parameters(self) -> Mapping[str, Mapping[str, str]]:
        """The parameters of each accepted RCPT TO in the record, by address: NOTIFY, ORCPT."""
        accepted = (exchange for exchange in self._record.rcptto if exchange.accepted)
        return {exchange.address: dict(exchange.parameters) for exchange in accepted}

    @property
    def extensions(self) -> frozenset[str]:
        """The extensions that were announced to the client."""
        return self._record.negotiated.extensions

    @property
    def tls(self) -> TLS | None:
        """The result of the TLS handshake; None if the message was sent without TLS."""
        return self._record.negotiated.tls

    @property
    def user(self) -> str:
        """The user who had logged in; "" if nobody had."""
        return self._record.negotiated.user

    @property
    def violations(self) -> tuple[Violation, ...]:
        """The violations in the message, which was accepted nevertheless; see https://smtpmock.github.io/smtpmock/violations/."""
        from smtpmock.conformance.message import message_violations

        return message_violations(self._record)

    def to_json(self) -> dict[str, Any]:
        r"""Return the message as what `json.dumps` takes, with all that is known of it; `from_json` makes it again.

        Example:
            >>> import json
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock:
            ...     message = mock.deliver(b"Subject: hi\r\n\r\n", "a@example.com", ["b@example.com"])
            >>> Message.from_json(json.loads(json.dumps(message.to_json()))) == message
            True
        """
        from smtpmock.records.json_form import to_json

        return {"number": self.number, "is_read": self.is_read, "tags": [*self.tags], "record": to_json(self._record)}

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Self:
        """Return the message that `to_json` wrote.

        Args:
            written: The result of `to_json`.

        Raises:
            ValueError: If it is something else.
        """
        from smtpmock.records.json_form import from_json
        from smtpmock.records.message import MessageRecord
        from smtpmock.stores.base import Entry

        try:
            number, is_read, tags = written["number"], written["is_read"], tuple(written["tags"])
            record = written["record"]
        except (KeyError, TypeError):
            raise ValueError("Invalid message: expected what Message.to_json returns") from None
        if type(number) is not int or type(is_read) is not bool or not all(isinstance(tag, str) for tag in tags):
            raise ValueError("Invalid message: expected a number, a read flag and tags as Message.to_json returns them")
        return cls(Entry(number, from_json(MessageRecord, record), is_read, tags))

    def html_report(self) -> str:
        """Return the message as a self-contained fragment of HTML, with its content escaped."""
        from smtpmock.reports.html import render_message

        return render_message(self._record)

    # The content; see content.py.

    @property
    def email(self) -> EmailMessage:
        """The message as the standard library's `EmailMessage`."""
        return self._record.content.email

    @property
    def subject(self) -> str:
        """The decoded subject, on one line; "" if the mail has no Subject."""
        return self._record.content.subject

    @property
    def from_(self) -> str:
        """The address of the first author in the From header; "" if it names nobody."""
        return self._record.content.from_

    @property
    def to(self) -> tuple[str, ...]:
        """The addresses in the To header."""
        return self._record.content.to

    @property
    def cc(self) -> tuple[str, ...]:
        """The addresses in the Cc header."""
        return self._record.content.cc

    @property
    def reply_to(self) -> tuple[str, ...]:
        """The addresses in the Reply-To header."""
        return self._record.content.reply_to

    @property
    def bcc(self) -> tuple[str, ...]:
        """The recipients of the envelope that appear in no header."""
        return self._record.content.bcc(self.recipients)

    def addresses(self, name: str) -> tuple[Address, ...]:
        """Return the addresses in the headers with a name, with display names; see `Content.addresses`."""
        return self._record.content.addresses(name)

    @property
    def date(self) -> datetime | None:
        """The date in the Date header; None if it is missing or invalid."""
        return self._record.content.date

    @property
    def headers(self) -> Headers:
        """All headers, decoded; names are case-insensitive, repeated headers are kept."""
        return self._record.content.headers

    @property
    def raw_headers(self) -> Headers:
        """All headers, each on one line, but not decoded."""
        return self._record.content.raw_headers

    @property
    def text(self) -> str:
        """The plain text, decoded; "" for a mail without plain text."""
        return self._record.content.text

    @property
    def html(self) -> str:
        """The HTML, decoded; "" for a mail without HTML."""
        return self._record.content.html

    @property
    def html_text(self) -> str:
        """The text that a reader of the HTML sees; "" if there is no HTML."""
        return self._record.content.html_text

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """The attachments, inline images included."""
        return self._record.content.attachments

    @property
    def links(self) -> tuple[str, ...]:
        """The links in the text and the HTML, in order, each once."""
        return self._record.content.links

    def find_links(
        self, pattern: str | re.Pattern[str] | None = None, *, text: str | re.Pattern[str] | None = None
    ) -> tuple[str, ...]:
        """Return the links that match; see `Content.find_links`."""
        return self._record.content.find_links(pattern, text=text)

    def link(self, pattern: str | re.Pattern[str] | None = None, *, text: str | re.Pattern[str] | None = None) -> str:
        """Return the only link, or the only one that matches; see `Content.link`."""
        return self._record.content.link(pattern, text=text)

    @property
    def codes(self) -> tuple[str, ...]:
        """The candidates for the one-time code, each once; usually one or none."""
        return self._record.content.codes

    def code(self, pattern: str | re.Pattern[str] | None = None) -> str:
        """Return the one-time code; see `Content.code`."""
        return self._record.content.code(pattern)

    @property
    def raw(self) -> bytes:
        """The exact bytes of the message, with dot-stuffing removed."""
        return self._record.content.raw

    @property
    def content(self) -> bytes:
        """The message as it would be delivered: one Received header (RFC 5321 section 4.4), then `raw`."""
        from smtpmock.messages.trace_header import received

        return received(self._record, self.number) + self.raw

    def save(self, path: str | os.PathLike[str]) -> Path:
        r"""Write the exact bytes of the message to a file, for mail programs to open: give it the suffix ".eml".

        Folders are created, and an existing file is overwritten.

        Args:
            path: The path of the file.

        Returns:
            The path.

        Raises:
            OSError: If the file cannot be written.

        Example:
            >>> import tempfile
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock, tempfile.TemporaryDirectory() as folder:
            ...     message = mock.deliver(b"From: a@example.com\r\nTo: b@example.com\r\n\r\nhello\r\n")
            ...     message.save(f"{folder}/mails/welcome.eml").read_bytes() == message.raw
            True
        """
        from smtpmock.mail.files import write

        return write(path, self.raw)
