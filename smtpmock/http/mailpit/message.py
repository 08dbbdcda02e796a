"""One message: its content, headers, parts and source. What smtpmock does not do is answered with a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import falcon

from smtpmock.errors import QueryError
from smtpmock.http.downloads import write_download
from smtpmock.http.mailpit.requests import TIME_ZONE, read_query, searched, write_bytes, write_json
from smtpmock.http.mailpit.shapes import whole
from smtpmock.http.parameters import HIGHEST
from smtpmock.text import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smtpmock.http.context import Context
    from smtpmock.http.parameters import Parameter
    from smtpmock.mail.attachments import Attachment
    from smtpmock.messages.message import Message

LATEST = "latest"

NOT_DONE: Mapping[str, str] = {
    "html-check": "The HTML is not checked: that takes data about mail programs, which smtpmock does not contain.",
    "link-check": "Links are not checked: smtpmock opens no connections to other hosts.",
    "sa-check": "The message is not rated as spam: smtpmock opens no connections to other hosts.",
    "release": "The message is not released: smtpmock sends no mail to other hosts.",
}
"""The checks of Mailpit that smtpmock does not make: an empty answer would let tests pass that checked nothing."""

NO_THUMBNAIL = "There are no thumbnails: smtpmock does not decode images. The path without /thumb is the part itself."


def find(request: falcon.Request, context: Context, message_id: str, *known: Parameter | str) -> Message:
    """Return a message by its ID; for "latest", the newest one or the newest that a search finds.

    Args:
        request: The request, whose parameters are read.
        context: The context of the HTTP interface.
        message_id: The ID.
        known: Further parameters that the request may have.

    Raises:
        falcon.HTTPNotFound: If there is no such message.
        QueryError: If a parameter is unknown or invalid.
    """
    mailbox = context.mailbox
    if message_id != LATEST:
        read_query(request, *known)
        found = mailbox.messages(id=message_id)
    else:
        values = read_query(request, "query", TIME_ZONE, *known)
        if "query" in values:
            found = context.aside(mailbox.messages, search=searched(values["query"], values))
        else:
            found, _ = mailbox.page(limit=1, before=HIGHEST)
    if not found:
        what = "message yet" if message_id == LATEST else f"message {quote(message_id)}"
        raise falcon.HTTPNotFound(description=f"There is no {what}")
    return found[-1]


def read_by_client(context: Context, message: Message) -> Message:
    """Mark a message as read; return it as it is then."""
    if message.is_read:
        return message
    return next(iter(context.mailbox.update_messages(read=True, id=message.id)), message)


class OneMessage:
    """`/api/v1/message/{ID}`: a message."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def on_get(self, request: falcon.Request, response: falcon.Response, message_id: str) -> None:
        """Show the message, and mark it as read."""
        message = find(request, self._context, message_id)
        write_json(response, self._context.aside(whole, read_by_client(self._context, message)))

    on_head = on_get


class Headers:
    """`/api/v1/message/{ID}/headers`: the header fields of a message."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def on_get(self, request: falcon.Request, response: falcon.Response, message_id: str) -> None:
        """Show the fields by name, unfolded but not decoded; names are capitalised as Mailpit's are."""
        values: dict[str, list[str]] = {}
        for name, value in find(request, self._context, message_id).raw_headers.items():
            values.setdefault(_capitalised(name), []).append(value)
        write_json(response, dict(sorted(values.items())))

    on_head = on_get


class Source:
    """`/api/v1/message/{ID}/raw`: the exact bytes of a message."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def on_get(self, request: falcon.Request, response: falcon.Response, message_id: str) -> None:
        """Show the source; with `dl=1`, as a download."""
        message = find(request, self._context, message_id, "dl")
        if request.get_param("dl") == "1":
            write_download(response, message.raw, "text/plain; charset=utf-8", f"{message.id}.eml")
        else:
            write_bytes(response, message.raw, "text/plain; charset=utf-8")

    on_head = on_get


class OnePart:
    """`/api/v1/message/{ID}/part/{PartID}`: an attachment or an inline part."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def on_get(self, request: falcon.Request, response: falcon.Response, message_id: str, part_id: str) -> None:
        """Show the part as a download, which runs and displays nothing."""
        part = _part(find(request, self._context, message_id), part_id)
        write_download(response, part.content, part.content_type, part.name or part.content_id)

    on_head = on_get


class Thumbnail:
    """`/api/v1/message/{ID}/part/{PartID}/thumb`, which smtpmock does not have."""

    def on_get(self, _: falcon.Request, __: falcon.Response, **path: str) -> None:
        """Refuse."""
        raise QueryError(NO_THUMBNAIL)

    on_head = on_get


class NotDone:
    """A check of a message that smtpmock does not make.

    Args:
        context: The context of the HTTP interface.
        sentence: The sentence that says so.
    """

    def __init__(self, context: Context, sentence: str) -> None:
        self._context = context
        self._sentence = sentence

    def on_get(self, request: falcon.Request, _: falcon.Response, message_id: str) -> None:
        """Refuse."""
        find(request, self._context, message_id, "follow")
        raise QueryError(self._sentence)

    on_head = on_get


class Release:
    """`/api/v1/message/{ID}/release`, which smtpmock does not do."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def on_post(self, request: falcon.Request, _: falcon.Response, message_id: str) -> None:
        """Refuse."""
        find(request, self._context, message_id)
        raise QueryError(NOT_DONE["release"])


def _part(message: Message, part_id: str) -> Attachment:
    for attachment in message.attachments:
        if attachment.part_id == part_id:
            return attachment
    raise falcon.HTTPNotFound(description=f"The message has no part {quote(part_id)}")


def _capitalised(name: str) -> str:
    return "-".join(word.capitalize() for word in name.split("-"))
