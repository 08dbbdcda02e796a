"""The violations of standards by the clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from smtpmock.conformance.catalogue import STANDARDS, Level
from smtpmock.errors import QueryError
from smtpmock.http.native.forms import as_json
from smtpmock.http.native.lists import list_schema, page
from smtpmock.http.native.operations import Operation
from smtpmock.http.native.words import AFTER, LIMIT, QUERY, choice, messages_query
from smtpmock.http.parameters import Parameter
from smtpmock.text import unknown

if TYPE_CHECKING:
    from smtpmock.http.native.operations import Call


def _code(text: str) -> str:
    if text not in STANDARDS:
        raise QueryError(unknown("violation", text, STANDARDS))
    return text


_IGNORE = Parameter(
    "ignore",
    "The code of a violation to leave out",
    {"type": "string", "enum": list(STANDARDS)},
    _code,
    "the code of a violation",
    repeated=True,
)
_LEVEL = choice("level", "must for requirements only; should, unless given, includes recommendations", get_args(Level))


def _list(call: Call) -> Any:
    values = call.values
    found = call.context.aside(
        call.context.mailbox.violations,
        values.get("ignore", ()),
        level=values.get("level", "should"),
        **messages_query(call),
    )
    numbered = list(enumerate(found, 1))
    return page("violations", numbered, values, lambda one: one[0], lambda one: as_json(one[1]))


OPERATIONS = (
    Operation(
        "GET",
        "/violations",
        "List the violations of standards by the clients: those of sessions, then those of messages",
        _list,
        list_schema("violations", "Violation"),
        (_IGNORE, _LEVEL, *QUERY, AFTER, LIMIT),
    ),
)
