"""Delivery of a message into the inbox without SMTP."""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING, Any

from smtpmock.errors import QueryError
from smtpmock.http.native.forms import as_json
from smtpmock.http.native.operations import Answer, Operation, checked_object, json_answer
from smtpmock.http.native.schemas import reference
from smtpmock.text import invalid, quote

if TYPE_CHECKING:
    from email.message import EmailMessage

    from smtpmock.http.native.operations import Call

_TEXT = {"type": "string"}
_TEXTS = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}
_BASE64 = {"type": "string", "contentEncoding": "base64"}
_ENVELOPE = {
    "sender": {**_TEXT, "description": "The sender of the envelope; by default the address in From"},
    "recipients": {
        "type": "array",
        "items": _TEXT,
        "minItems": 1,
        "description": "The recipients of the envelope; by default the addresses in To, Cc and Bcc",
    },
}
_ATTACHMENT: dict[str, Any] = {
    "type": "object",
    "properties": {"name": _TEXT, "content_type": _TEXT, "content": _BASE64},
    "required": ["name", "content"],
    "additionalProperties": False,
}
_COMPOSED = {
    "from": _TEXT,
    "to": _TEXTS,
    "cc": _TEXTS,
    "bcc": _TEXTS,
    "subject": _TEXT,
    "text": _TEXT,
    "html": _TEXT,
    "attachments": {"type": "array", "items": _ATTACHMENT},
}
MESSAGE = {
    "anyOf": [
        {
            "type": "object",
            "properties": {**_ENVELOPE, "raw": {**_BASE64, "description": "The bytes of the message"}},
            "required": ["raw"],
            "additionalProperties": False,
        },
        {
            "type": "object",
            "properties": {**_ENVELOPE, **_COMPOSED},
            "required": ["from"],
            "additionalProperties": False,
        },
    ]
}
"""The schema of a message to deliver: its bytes, or what it is to be composed of."""


def _deliver(call: Call) -> Answer:
    body = checked_object(call.body, (*_ENVELOPE, "raw", *_COMPOSED), "field")
    if "raw" in body:
        for name in body:
            if name in _COMPOSED:
                raise QueryError(f"Unexpected {name} beside raw, which is the whole message")
        message: bytes | EmailMessage = _bytes("raw", body["raw"])
    else:
        message = _composed(body)
    delivered = call.context.mailbox.deliver(message, body.get("sender"), body.get("recipients"))
    return json_answer(as_json(delivered, {"exchanges"}), 201)


def _composed(body: dict[str, Any]) -> EmailMessage:
    from email.message import EmailMessage
    from email.utils import localtime, make_msgid

    if "from" not in body:
        raise QueryError("Missing from: expected the address of the author, or raw")
    message = EmailMessage()
    for name in ("from", "to", "cc", "bcc", "subject"):
        if name in body:
            _set(message, name.capitalize(), body[name], is_list=name not in ("from", "subject"))
    message["Date"] = localtime()
    message["Message-ID"] = make_msgid(domain="smtpmock.invalid")
    text, html = (_text(name, body.get(name, "")) for name in ("text", "html"))
    try:
        if text or not html:
            message.set_content(text)
        if html and text:
            message.add_alternative(html, subtype="html")
        elif html:
            message.set_content(html, subtype="html")
    except UnicodeError:
        raise QueryError("Invalid text or html: expected text that can be encoded in UTF-8") from None
    attachments = body.get("attachments", [])
    if not isinstance(attachments, list):
        raise QueryError(invalid("attachments", attachments, "a list of objects"))
    for attachment in attachments:
        _attach(message, attachment)
    return message


def _set(message: EmailMessage, name: str, value: Any, *, is_list: bool) -> None:
    texts = value if is_list and isinstance(value, list) else [value]
    joined = ", ".join(_text(name.lower(), text) for text in texts)
    try:
        message[name] = joined
    except (ValueError, IndexError, AttributeError, LookupError):  # the parser of addresses has mistakes of its own
        raise QueryError(f"Invalid {name.lower()} {quote(joined)}: expected the value of a header field") from None


def _attach(message: EmailMessage, attachment: Any) -> None:
    given = checked_object(attachment, tuple(_ATTACHMENT["properties"]), "field of an attachment")
    name = _text("name of an attachment", given.get("name"))
    main, slash, sub = _text("content_type", given.get("content_type", "application/octet-stream")).partition("/")
    if (
        not main.isalnum()
        or not slash
        or not all(c.isascii() and (c.isalnum() or c in "!#$&^_.+-") for c in sub or " ")
    ):
        raise QueryError(invalid("content_type", given["content_type"], "a media type, such as application/pdf"))
    if main in ("multipart", "message"):
        raise QueryError(invalid("content_type", given["content_type"], "the media type of a file"))
    content = _bytes("content of an attachment", given.get("content"))
    try:
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    except (ValueError, LookupError):
        raise QueryError(invalid("name of an attachment", name, "a file name")) from None


def _text(what: str, value: Any) -> str:
    if not isinstance(value, str):
        raise QueryError(invalid(what, value, "a text"))
    return value


def _bytes(what: str, value: Any) -> bytes:
    try:
        return b64decode(_text(what, value), validate=True)
    except ValueError as error:
        if isinstance(error, QueryError):
            raise
        raise QueryError(invalid(what, value, "bytes in base64")) from None


OPERATIONS = (
    Operation(
        "POST",
        "/messages",
        "Deliver a message into the inbox without SMTP",
        _deliver,
        reference("Message"),
        body=MESSAGE,
        status=201,
    ),
)
