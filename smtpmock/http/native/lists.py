"""Lists in answers: one page of them, their length, and where the next page begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from gevent import sleep

from smtpmock.http.native.schemas import reference
from smtpmock.messages.message import Message
from smtpmock.messages.session import Session
from smtpmock.runtime.hub import get_hub

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

N = TypeVar("N", Message, Session)

_UNINTERRUPTED = 50  # items that are made without serving others

USUAL_LIMIT = 50
"""The items of a page unless the request says otherwise."""


def page(
    name: str,
    items: Sequence[Any],
    values: Mapping[str, Any],
    number: Callable[[Any], int],
    form: Callable[[Any], Any],
) -> dict[str, Any]:
    """Return a page of a list: the first items after a number.

    Args:
        name: The name of the list.
        items: All items that match, in order of their numbers.
        values: The parameters: `after` and `limit`.
        number: The function that returns the number of an item, at which a page can end.
        form: The function that returns an item as JSON.

    Example:
        >>> page("letters", "abcd", {"limit": 2}, lambda item: ord(item) - 96, str.upper)
        {'letters': ['A', 'B'], 'total': 4, 'next': 2}
    """
    after, limit = span(values)
    rest = [item for item in items if number(item) > after] if after else items
    shown = rest[:limit]
    return answer(name, shown, len(items), form, number(shown[-1]) if len(rest) > limit else None)


def span(values: Mapping[str, Any]) -> tuple[int, int]:
    """Return where a page begins, and how many items it has at most."""
    return values.get("after", 0), values.get("limit", USUAL_LIMIT)


def cut(found: list[N], limit: int, before: int | None) -> tuple[list[N], int | None]:
    """Return the items of a page, and the number at which the next one begins or ends; None if this is the last.

    Args:
        found: The items, and one more if there is a next page.
        limit: The most items of a page.
        before: The number before which the page ends, if it is read from there.
    """
    shown, edge = (found[:limit], -1) if before is None else (found[-limit:], 0)
    return shown, shown[edge].number if len(found) > limit else None


def answer(
    name: str, shown: Sequence[Any], total: int, form: Callable[[Any], Any], following: int | None = None
) -> dict[str, Any]:
    """Return the items of a page as JSON; while a long one is made, others are served.

    Args:
        name: The name of the list.
        shown: The items of the page.
        total: The number of items on all pages.
        form: The function that returns an item as JSON.
        following: The number after which the next page begins; None if this is the last.
    """
    forms = []
    for place, item in enumerate(shown, 1):
        forms.append(form(item))
        if place % _UNINTERRUPTED == 0 and get_hub().is_current:
            sleep(0)
    return {name: forms, "total": total, "next": following}


def list_schema(name: str, item: str, *, with_fields: bool = False) -> dict[str, Any]:
    """Return the schema of a list.

    Args:
        name: The name of the list.
        item: The name of the schema of its items.
        with_fields: True if a request can say which attributes the items are to have.
    """
    whole = reference(item)
    some = {"type": "object", "description": "What `fields` names of it"}
    properties = {
        name: {"type": "array", "items": {"anyOf": [whole, some]} if with_fields else whole},
        "total": {"type": "integer", "description": "The number of items that match, on all pages"},
        "next": {
            "anyOf": [{"type": "integer"}, {"type": "null"}],
            "description": "The value of `after`, or of `before` if it was given, for the next page; null on the last",
        },
    }
    return {"type": "object", "properties": properties, "required": list(properties)}
