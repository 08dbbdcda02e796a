"""Tags: listing, setting, renaming and deleting them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from smtpmock.errors import QueryError
from smtpmock.http.mailpit.requests import as_texts, read_fields, read_query, write_json, write_ok
from smtpmock.http.mailpit.shapes import sorted_tags
from smtpmock.text import invalid, unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    import falcon

    from smtpmock.http.context import Context

_LONGEST_TAG = 100
_NOT_IN_TAGS = re.compile(r"[^a-zA-Z0-9\-_.@]+")


def clean_tags(tags: Iterable[str]) -> list[str]:
    """Return tags as Mailpit keeps them: letters, digits and ``-_.@``, other characters as spaces, each once, sorted.

    Example:
        >>> clean_tags(["b/c", "a", "A", "<>"])
        ['a', 'b c']
    """
    cleaned: dict[str, str] = {}
    for tag in tags:
        name = _NOT_IN_TAGS.sub(" ", tag).strip()[:_LONGEST_TAG].strip()
        if name:
            cleaned.setdefault(name.lower(), name)
    return [cleaned[key] for key in sorted(cleaned)]


class Tags:
    """`/api/v1/tags`: the tags of all messages."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        """List the tags."""
        read_query(request)
        write_json(response, sorted_tags(self._context.mailbox.tally().tags))

    on_head = on_get

    def on_put(self, request: falcon.Request, response: falcon.Response) -> None:
        """Replace the tags of some messages."""
        read_query(request)
        fields = read_fields(request, self._context, ("IDs", "Tags"))
        self._context.mailbox.update_messages(id=as_texts(fields, "IDs"), tags=clean_tags(as_texts(fields, "Tags")))
        write_ok(response)


class OneTag:
    """`/api/v1/tags/{Tag}`: a tag, wherever it is."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def on_put(self, request: falcon.Request, response: falcon.Response, tag: str) -> None:
        """Rename the tag."""
        read_query(request)
        name = read_fields(request, self._context, ("Name",)).get("Name")
        new = clean_tags([name]) if isinstance(name, str) else []
        if not new:
            raise QueryError(invalid("Name", name, "a text with letters or digits"))
        if not self._replace(tag, new):
            raise QueryError(unknown("tag", tag, sorted_tags(self._context.mailbox.tally().tags)))
        write_ok(response)

    def on_delete(self, request: falcon.Request, response: falcon.Response, tag: str) -> None:
        """Delete the tag; messages keep their other tags."""
        read_query(request)
        self._replace(tag, [])
        write_ok(response)

    def _replace(self, tag: str, new: list[str]) -> bool:
        """Put tags in the place of another one; return False if no message has it."""
        mailbox = self._context.mailbox
        tagged = [message for message in mailbox.messages() if tag.lower() in map(str.lower, message.tags)]
        for message in tagged:
            kept = [known for known in message.tags if known.lower() != tag.lower()]
            mailbox.update_messages(id=message.id, tags=clean_tags([*kept, *new]))
        return bool(tagged)
