"""Messages: listed, read whole, marked, and removed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from smtpmock.errors import QueryError
from smtpmock.http.native.forms import as_json, fields_as_json
from smtpmock.http.native.lists import N, answer, cut, list_schema, span
from smtpmock.http.native.operations import NotFoundError, Operation, checked_object, json_answer
from smtpmock.http.native.schemas import reference
from smtpmock.http.native.words import (
    AFTER,
    BEFORE,
    INCLUDE,
    LIMIT,
    LIMIT_OF_TAKEN,
    QUERY,
    fields,
    messages_query,
)
from smtpmock.http.parameters import HIGHEST
from smtpmock.messages.message import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from smtpmock.http.native.operations import Answer, Call

LATEST = "latest"
"""The id that stands for the newest accepted message, or for the newest session."""

MESSAGES = list_schema("messages", "Message")
SOME_MESSAGES = list_schema("messages", "Message", with_fields=True)

UPDATE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "read": {"type": "boolean", "description": "True to mark as read, false to mark as unread"},
        "tags": {
            "type": "array",
            "items": {"type": "string", "minLength": 1, "maxLength": 200},
            "description": "The tags from now on",
        },
    },
    "additionalProperties": False,
}


def find_message(call: Call) -> Message:
    """Return the message that the path names.

    Raises:
        NotFoundError: If it is not there.
    """
    wanted, mailbox = call.path["id"], call.context.mailbox
    if wanted == LATEST:
        found, _ = mailbox.page(limit=1, before=HIGHEST)
        if not found:
            raise NotFoundError("There is no message")
        return found[0]
    for message in mailbox.messages(id=wanted, accepted=None):
        return message
    raise NotFoundError(f"There is no message {wanted!r}")


def message_list(call: Call, found: Sequence[Message]) -> dict[str, Any]:
    """Return the first of some messages as a list, which has no further page."""
    _, limit = span(call.values)
    return answer("messages", found[:limit], len(found), item_form(call))


def item_form(call: Call) -> Callable[[Any], Any]:
    """Return the function that makes JSON of an item of a list, with what the request asks for."""
    if "fields" in call.values:
        return partial(fields_as_json, fields=call.values["fields"])
    return partial(as_json, include=call.values.get("include", ()))


def written_page(name: str, read: Callable[..., tuple[list[N], int]], query: Mapping[str, Any], call: Call) -> Answer:
    """Return the page that a request asks for, which may take a while to read and to write.

    Args:
        name: The name of the list.
        read: The function of a mailbox that reads a page.
        query: The criteria.
        call: The request.
    """
    (after, limit), before = span(call.values), call.values.get("before")
    found, total = read(after, limit + 1, before, **query)
    shown, following = cut(found, limit, before)
    return json_answer(answer(name, shown, total, item_form(call), following))


def _list(call: Call) -> Any:
    context = call.context
    return context.aside(written_page, "messages", context.mailbox.page, messages_query(call), call)


def _read(call: Call) -> Any:
    return call.context.aside(as_json, find_message(call), {"exchanges", *call.values.get("include", ())})


def _update(call: Call) -> Any:
    words = checked_object(call.body, tuple(UPDATE["properties"]), "field")
    query = messages_query(call)
    if not words:
        raise QueryError("Nothing to change: expected read or tags")
    changed = call.context.mailbox.update_messages(**{**words, **query})
    return message_list(call, changed)


def _update_one(call: Call) -> Any:
    message = find_message(call)
    words = checked_object(call.body, tuple(UPDATE["properties"]), "field")
    if not words:
        raise QueryError("Nothing to change: expected read or tags")
    changed = call.context.mailbox.update_messages(**words, id=message.id, accepted=None)
    return message_list(call, changed)


def _purge(call: Call) -> Any:
    return message_list(call, call.context.mailbox.purge(**messages_query(call)))


def _purge_one(call: Call) -> Any:
    taken = call.context.mailbox.purge(id=find_message(call).id)
    return message_list(call, taken)


OPERATIONS = (
    Operation(
        "GET",
        "/messages",
        "List the messages that match, in order of appearance",
        _list,
        SOME_MESSAGES,
        (*QUERY, AFTER, BEFORE, LIMIT, INCLUDE, fields(Message)),
    ),
    Operation(
        "PATCH",
        "/messages",
        "Mark the messages that match as read or unread, or replace their tags",
        _update,
        MESSAGES,
        (*QUERY, LIMIT_OF_TAKEN, INCLUDE),
        UPDATE,
    ),
    Operation(
        "DELETE",
        "/messages",
        "Remove the messages that match, whatever their outcome; without criteria, all of them and all ended sessions",
        _purge,
        SOME_MESSAGES,
        (*QUERY, LIMIT_OF_TAKEN, INCLUDE, fields(Message)),
    ),
    Operation("GET", "/messages/{id}", "Read a message whole", _read, reference("Message"), (INCLUDE,), names_one=True),
    Operation(
        "PATCH",
        "/messages/{id}",
        "Mark a message as read or unread, or replace its tags",
        _update_one,
        MESSAGES,
        (INCLUDE,),
        UPDATE,
        names_one=True,
    ),
    Operation("DELETE", "/messages/{id}", "Remove a message", _purge_one, MESSAGES, (INCLUDE,), names_one=True),
)
