"""Lists of messages: reading, searching, marking and deleting them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smtpmock.errors import QueryError
from smtpmock.http.mailpit.requests import (
    BEFORE,
    LIMIT,
    START,
    TIME_ZONE,
    as_flag,
    as_texts,
    read_fields,
    read_query,
    received_before,
    searched,
    write_json,
    write_ok,
)
from smtpmock.http.mailpit.shapes import sorted_tags, summary
from smtpmock.http.parameters import HIGHEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    import falcon

    from smtpmock.http.context import Context
    from smtpmock.mailbox.mailbox import Mailbox
    from smtpmock.messages.message import Message
    from smtpmock.queries.search import Search
    from smtpmock.stores.base import Tally


class Messages:
    """`/api/v1/messages`: all messages."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        """List the messages, newest first."""
        values = read_query(request, START, LIMIT, BEFORE)
        mailbox = self._context.mailbox
        if "before" in values:
            found = mailbox.messages(search=received_before(values["before"], values))
            write_json(response, self._context.aside(_page_of, found, mailbox.tally(), values))
        else:
            write_json(response, self._context.aside(_page, mailbox, values))

    on_head = on_get

    def on_put(self, request: falcon.Request, response: falcon.Response) -> None:
        """Mark messages as read or unread: those with some IDs, those that a search finds, or all."""
        values = read_query(request, TIME_ZONE)
        fields = read_fields(request, self._context, ("IDs", "Read", "Search"))
        read = as_flag(fields, "Read")
        ids = as_texts(fields, "IDs")
        text = fields.get("Search") or ""
        if ids and text:
            raise QueryError("Both IDs and Search are given: expected one of them, or neither for all messages")
        mailbox = self._context.mailbox
        if text:
            search = searched(text, values)
            mailbox.update_messages(read=read, search=search, id=_ids(self._context, search))
        elif ids:
            mailbox.update_messages(read=read, id=ids)
        else:
            mailbox.update_messages(read=read)
        write_ok(response)

    def on_delete(self, request: falcon.Request, response: falcon.Response) -> None:
        """Delete the messages with some IDs; without any, everything."""
        read_query(request)
        ids = as_texts(read_fields(request, self._context, ("IDs",)), "IDs")
        if ids:
            self._context.mailbox.purge(id=ids, accepted=True)
        else:
            self._context.mailbox.purge()
        write_ok(response)


class Found:
    """`/api/v1/search`: the messages that a search finds."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        """List them, newest first."""
        values = read_query(request, "query", START, LIMIT, TIME_ZONE, BEFORE)
        mailbox = self._context.mailbox
        search = searched(values.get("query"), values)
        if "before" in values:
            search &= received_before(values["before"], values)
        found = self._context.aside(mailbox.messages, search=search)
        write_json(response, self._context.aside(_page_of, found, mailbox.tally(), values))

    on_head = on_get

    def on_delete(self, request: falcon.Request, response: falcon.Response) -> None:
        """Delete them."""
        values = read_query(request, "query", TIME_ZONE)
        search = searched(values.get("query"), values)
        self._context.mailbox.purge(search=search, id=_ids(self._context, search), accepted=True)
        write_ok(response)


def _ids(context: Context, search: Search) -> list[str]:
    """Return the IDs of what a search finds: among these, the change itself searches fast."""
    return [message.id for message in context.aside(context.mailbox.messages, search=search)]


def _page(mailbox: Mailbox, values: dict[str, Any]) -> dict[str, Any]:
    """Return a page of all messages, for which no others but newer ones are read.

    Args:
        mailbox: The mailbox.
        values: The parameters of the request.
    """
    tally, start, limit = mailbox.tally(), *_span(values)
    newest, _ = mailbox.page(limit=start + limit, before=HIGHEST)
    return _shown(newest[: max(len(newest) - start, 0)], start, tally, tally.messages, tally.unread)


def _page_of(found: Sequence[Message], tally: Tally, values: dict[str, Any]) -> dict[str, Any]:
    """Return a page of some messages.

    Args:
        found: The messages to list, oldest first.
        tally: The tally of all messages.
        values: The parameters of the request.
    """
    start, limit = _span(values)
    last = max(len(found) - start, 0)
    unread = sum(not message.is_read for message in found)
    return _shown(found[max(last - limit, 0) : last], start, tally, len(found), unread)


def _span(values: dict[str, Any]) -> tuple[int, int]:
    """Return how many messages precede a page, and how many it has at most."""
    return values.get("start", 0), values.get("limit") or 50


def _shown(page: Sequence[Message], start: int, tally: Tally, count: int, unread: int) -> dict[str, Any]:
    return {
        "total": tally.messages,
        "unread": tally.unread,
        "count": len(page),
        "messages_count": count,
        "messages_unread": unread,
        "start": start,
        "tags": sorted_tags(tally.tags),
        "messages": list(map(summary, reversed(page))),
    }
