"""Delivery of messages into the inbox without SMTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smtpmock.errors import QueryError
from smtpmock.mail.content import Content
from smtpmock.mailbox.explaining import as_messages
from smtpmock.rfc.grammar import forward_path, local_path
from smtpmock.text import invalid

if TYPE_CHECKING:
    from collections.abc import Sequence
    from email.message import EmailMessage

    from smtpmock.mailbox.backend import Backend
    from smtpmock.messages.message import Message


class Delivering:
    """The part of a mailbox that puts messages into it."""

    _backend: Backend

    def deliver(
        self, message: bytes | EmailMessage, sender: str | None = None, recipients: Sequence[str] | None = None
    ) -> Message:
        r"""Deliver a message into the inbox without SMTP: no rule is asked, and there is no session.

        Args:
            message: The message: its bytes, or an `EmailMessage`.
            sender: The sender of the envelope, "" for the null path; by default the first address in From.
            recipients: The recipients of the envelope; by default the addresses in To, Cc and Bcc.

        Returns:
            The message as it is in the inbox. It is accepted, and waits see it.

        Raises:
            QueryError: If the message is no such value, an address is invalid, or there is no recipient.

        Example:
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock:
            ...     _ = mock.deliver(b"From: a@example.com\r\nTo: b@example.com\r\nSubject: hi\r\n\r\nhello\r\n")
            ...     mock.message(recipient="b@example.com").subject
            'hi'
        """
        content = _content(message)
        if sender is None:
            sender = content.from_
        if recipients is None:
            recipients = tuple(dict.fromkeys((*content.to, *content.cc, *content.root.addresses("bcc"))))
        if sender != "":
            _check_address("sender", sender, "an address, or an empty text")
        if isinstance(recipients, str) or not hasattr(recipients, "__iter__"):
            raise QueryError(invalid("recipients", recipients, "a list of addresses"))
        for recipient in recipients:
            _check_address("recipient", recipient, "an address")
        if not recipients:
            raise QueryError("Missing recipients: expected at least one, in the envelope or in To, Cc or Bcc")
        return as_messages([self._backend.deliver(_without_bcc(message), sender, tuple(recipients))])[0]


def _check_address(what: str, address: Any, expected: str) -> None:
    path = None
    if isinstance(address, str):
        path = forward_path(f"<{address}>") or local_path(f"<{address}>")
    if path is None or path.address != address:
        raise QueryError(invalid(what, address, expected))


def _content(message: Any) -> Content:
    if isinstance(message, bytes):
        return Content(message)
    from email.message import EmailMessage

    if not isinstance(message, EmailMessage):
        raise QueryError(invalid("message", message, "bytes or an EmailMessage"))
    try:
        return Content(message.as_bytes(policy=message.policy.clone(linesep="\r\n")))
    except (UnicodeError, ValueError, LookupError) as error:
        raise QueryError(f"Invalid message: it cannot be written as bytes ({error})") from None


def _without_bcc(message: Any) -> Content:
    """Return the content without the Bcc of an `EmailMessage`, which its transport would remove as well."""
    if isinstance(message, bytes) or "Bcc" not in message:
        return _content(message)
    from copy import copy

    sent = copy(message)
    del sent["Bcc"]
    return _content(sent)
