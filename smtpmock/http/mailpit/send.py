"""`/api/v1/send`: a message made from JSON, delivered without SMTP."""

from __future__ import annotations

import re
from base64 import b64decode
from datetime import datetime, timezone
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from secrets import token_hex
from typing import TYPE_CHECKING, Any, NamedTuple

from smtpmock.errors import QueryError
from smtpmock.http.mailpit.requests import as_texts, known_fields, read_fields, read_query, write_json
from smtpmock.http.mailpit.tags import clean_tags
from smtpmock.text import format_error, invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    import falcon

    from smtpmock.http.context import Context

FIELDS = ("From", "To", "Cc", "Bcc", "ReplyTo", "Subject", "Text", "HTML", "Attachments", "Headers", "Tags")

_RESERVED = frozenset(
    (
        *("to", "from", "cc", "bcc", "reply-to", "date", "subject", "x-tags"),
        *("mime-version", "content-type", "content-transfer-encoding", "content-disposition"),
    )
)
_HEADER_NAME = re.compile(r"[!-9;-~]{1,200}")
_MEDIA_TYPE = re.compile(r"(?!multipart/|message/)([a-z0-9][a-z0-9.+-]{0,80})/([a-z0-9][a-z0-9.+-]{0,80})")
_ATOMS = r"[^\s<>()\[\],;:\\\"@]+"
_ADDRESS = re.compile(rf'("(?:[^"\\\r\n])*"|{_ATOMS})@(\[[^\s\[\]]*\]|{_ATOMS})')
_OCTETS = "application/octet-stream"


class Delivery(NamedTuple):
    """A message with its envelope.

    Attributes:
        raw: The message.
        sender: The address of the sender.
        recipients: The addresses of the recipients, those in Bcc included.
        tags: Its tags.
    """

    raw: bytes
    sender: str
    recipients: tuple[str, ...]
    tags: list[str]


class Send:
    """`/api/v1/send`: messages to deliver."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def on_post(self, request: falcon.Request, response: falcon.Response) -> None:
        """Deliver a message."""
        read_query(request)
        made = make_delivery(read_fields(request, self._context, FIELDS))
        mailbox = self._context.mailbox
        message = mailbox.deliver(made.raw, made.sender, made.recipients)
        if made.tags:
            mailbox.update_messages(id=message.id, tags=made.tags)
        write_json(response, {"ID": message.id})


def make_delivery(fields: Mapping[str, Any]) -> Delivery:
    r"""Return a message with its envelope.

    Args:
        fields: The fields of the request.

    Raises:
        QueryError: If a field is invalid, or there is no sender or no recipient.

    Example:
        >>> made = make_delivery({"From": {"Email": "a@x.example"}, "To": [{"Email": "b@x.example"}], "Text": "Hi"})
        >>> made.sender, made.recipients, made.raw.endswith(b"Hi\r\n")
        ('a@x.example', ('b@x.example',), True)
    """
    author = _address(fields.get("From"), "From")
    lists = {name: _addresses(fields.get(name), name) for name in ("To", "Cc", "ReplyTo")}
    hidden = [_checked_address(address, "Bcc") for address in as_texts(fields, "Bcc")]
    recipients = (*(one.addr_spec for name in ("To", "Cc") for one in lists[name]), *hidden)
    if not recipients:
        raise QueryError("Missing recipients: expected an address in To, Cc or Bcc")
    tags = clean_tags(as_texts(fields, "Tags"))
    is_ascii = all(address.isascii() for address in (author.addr_spec, *recipients))
    message = EmailMessage(policy=(SMTP if is_ascii else SMTPUTF8).clone(cte_type="7bit"))
    try:
        message["From"] = author
        for header, addresses in (("To", lists["To"]), ("Cc", lists["Cc"]), ("Reply-To", lists["ReplyTo"])):
            if addresses:
                message[header] = addresses
        message["Subject"] = _text(fields, "Subject")
        message["Date"] = format_datetime(datetime.now(timezone.utc))
        _add_headers(message, fields.get("Headers"))
        if "Message-ID" not in message:
            message["Message-ID"] = f"<{token_hex(16)}@smtpmock>"
        if tags:
            message["X-Tags"] = ", ".join(tags)
        _add_content(message, fields)
        raw = message.as_bytes()
    except QueryError:
        raise
    except (MessageError, ValueError, LookupError, TypeError, AttributeError) as error:  # of the standard library
        raise QueryError(f"The message cannot be made: {format_error(error)}") from None
    return Delivery(raw, author.addr_spec, recipients, tags)


def _add_headers(message: EmailMessage, headers: Any) -> None:
    if headers is None:
        return
    if not isinstance(headers, dict):
        raise QueryError(invalid("Headers", headers, "an object of texts"))
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _RESERVED:
            raise QueryError(invalid("header", name, "the name of a header that no other field sets"))
        if not isinstance(value, str) or "\r" in value or "\n" in value:
            raise QueryError(invalid(f"header {name}", value, "a text on one line"))
        message[name] = value


def _add_content(message: EmailMessage, fields: Mapping[str, Any]) -> None:
    text, html = _text(fields, "Text"), _text(fields, "HTML")
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    for value in _objects(fields.get("Attachments"), "Attachments"):
        attachment = known_fields(value, ("Filename", "Content", "ContentID", "ContentType"), "attachment")
        name = _text(attachment, "Filename")
        kind, subkind = _media_type(_text(attachment, "ContentType"), name)
        content_id = _text(attachment, "ContentID")
        message.add_attachment(
            _content(_text(attachment, "Content"), name),
            kind,
            subkind,
            filename=name or None,
            disposition="inline" if content_id else "attachment",
            cid=f"<{content_id}>" if content_id else None,
        )


def _media_type(declared: str, name: str) -> tuple[str, str]:
    from mimetypes import MimeTypes

    found = declared.lower() or MimeTypes(()).guess_type(name)[0] or _OCTETS  # the same on every machine
    match = _MEDIA_TYPE.fullmatch(found.partition(";")[0].strip())
    if match is None:
        raise QueryError(invalid("ContentType", declared, "a media type of a single part, such as image/png"))
    return match[1], match[2]


def _content(encoded: str, name: str) -> bytes:
    """Return the content of an attachment; what browsers read as a data URL is welcome."""
    data = encoded.partition(",")[2] if encoded.startswith("data:") else encoded
    try:
        return b64decode("".join(data.split()), validate=True)
    except ValueError:
        raise QueryError(invalid("Content", encoded, f"base64 in the attachment {name!r}")) from None


def _addresses(value: Any, what: str) -> list[Address]:
    return [_address(one, what) for one in _objects(value, what)]


def _address(value: Any, what: str) -> Address:
    fields = known_fields(value, ("Name", "Email"), what)
    address = _checked_address(_text(fields, "Email"), what)
    name = _text(fields, "Name")
    if "\r" in name or "\n" in name:
        raise QueryError(invalid(f"Name in {what}", name, "a text on one line"))
    local, _, domain = address.rpartition("@")
    return Address(name, local.strip('"'), domain)


def _checked_address(address: str, what: str) -> str:
    if not _ADDRESS.fullmatch(address) or not address.isprintable():
        raise QueryError(invalid(f"address in {what}", address, "an address such as bob@example.com"))
    return address


def _objects(value: Any, what: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise QueryError(invalid(what, value, "a list of objects"))
    return value


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise QueryError(invalid(name, value, "a text"))
    return value
