"""Messages in the form in which Mailpit's API shows them."""

from __future__ import annotations

from datetime import datetime, timezone
from hashlib import md5, sha1, sha256
from typing import TYPE_CHECKING, Any

from smtpmock.http.mailpit.unsubscribe import list_unsubscribe
from smtpmock.mail.addresses import Address
from smtpmock.text import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable

    from smtpmock.mail.attachments import Attachment
    from smtpmock.messages.message import Message

_LONGEST_SNIPPET = 250


def summary(message: Message) -> dict[str, Any]:
    """Return a message as it stands in lists."""
    return {
        **_common(message),
        "Created": _written(message.received_at, "milliseconds"),
        "Attachments": sum(not attachment.is_inline for attachment in message.attachments),
        "Snippet": shorten(" ".join((message.text or message.html_text).split()), _LONGEST_SNIPPET),
    }


def whole(message: Message) -> dict[str, Any]:
    """Return a message with its texts and attachments."""
    shown = [(attachment.is_inline, _attachment(attachment)) for attachment in message.attachments]
    return {
        **_common(message),
        "Date": _written(message.date or message.received_at),
        "ReturnPath": message.sender,
        "Text": text(message),
        "HTML": message.html,
        "Inline": [attachment for is_inline, attachment in shown if is_inline],
        "Attachments": [attachment for is_inline, attachment in shown if not is_inline],
        "ListUnsubscribe": list_unsubscribe(message.headers),
    }


def text(message: Message) -> str:
    """Return the text of a message; if it has HTML only, the text that a reader of it sees."""
    if message.text or not message.html:
        return message.text
    lines = [" ".join(line.split()) for line in message.html_text.split("\n")]
    return "\n".join(line for line in lines if line)


def sorted_tags(tags: Iterable[str]) -> list[str]:
    """Return tags in the order of lists."""
    return sorted(tags, key=lambda tag: (tag.casefold(), tag))


def _common(message: Message) -> dict[str, Any]:
    author = next(iter(message.addresses("From")), Address(message.headers.get("From"), ""))
    hidden = (Address("", address) for address in message.bcc)
    return {
        "ID": message.id,
        "MessageID": message.headers.get("Message-ID").strip("<> \t"),
        "Read": message.is_read,
        "From": _address(author),
        "To": list(map(_address, message.addresses("To"))),
        "Cc": list(map(_address, message.addresses("Cc"))),
        "Bcc": list(map(_address, (*message.addresses("Bcc"), *hidden))),
        "ReplyTo": list(map(_address, message.addresses("Reply-To"))),
        "Subject": message.subject,
        "Username": message.user,
        "Tags": list(message.tags),
        "Size": len(message.raw),
    }


def _address(address: Address) -> dict[str, str]:
    return {"Name": address.name, "Address": address.address}


def _attachment(attachment: Attachment) -> dict[str, Any]:
    content = attachment.content
    return {
        "PartID": attachment.part_id,
        "FileName": attachment.name or attachment.content_id,
        "ContentType": attachment.content_type,
        "ContentID": attachment.content_id,
        "Size": attachment.size,
        "Checksums": {
            "MD5": md5(content, usedforsecurity=False).hexdigest(),
            "SHA1": sha1(content, usedforsecurity=False).hexdigest(),
            "SHA256": sha256(content).hexdigest(),
        },
    }


def _written(moment: datetime, precision: str = "auto") -> str:
    """Return a time as in RFC 3339; one without a zone is in UTC (RFC 5322 section 3.3)."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).isoformat(timespec=precision)
