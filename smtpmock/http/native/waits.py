"""Waits, in the way of long polls: they end as soon as what they wait for is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smtpmock.errors import QueryError
from smtpmock.http.native.forms import FORMS
from smtpmock.http.native.lists import answer, list_schema, page
from smtpmock.http.native.messages import MESSAGES, SOME_MESSAGES, item_form, message_list
from smtpmock.http.native.operations import Operation, checked_object
from smtpmock.http.native.rules import find_rule, rule_form
from smtpmock.http.native.words import (
    INCLUDE,
    LIMIT,
    QUERY,
    SESSION_QUERY,
    choice,
    fields,
    format_mark,
    integer,
    messages_query,
    query_words,
    seconds,
    sessions_query,
)
from smtpmock.http.parameters import Parameter, read_parameters
from smtpmock.messages.message import Message
from smtpmock.messages.session import Session
from smtpmock.queries.criteria import MESSAGE_WORDS
from smtpmock.text import invalid, unknown

if TYPE_CHECKING:
    from smtpmock.http.native.operations import Call

LONGEST_WAIT = 3_600.0
"""The most seconds that a request may wait."""

_TARGETS = ("message", "session", "rule")
_FOR = choice("for", "What to wait for, message unless given", _TARGETS)
_COUNT = integer("count", "The number of messages to wait for, or of uses of the rule; 1 unless given", 0, 10**9)
_TIMEOUT = seconds("timeout", "The most seconds to wait; by default the setting `timeout`", LONGEST_WAIT)
_WITHIN = seconds("within", "The seconds in which none may arrive, 0.2 unless given", LONGEST_WAIT)
_RULE = Parameter("rule", "The id of the rule to wait for", {"type": "string"})
_KINDS = {"message": Message, "session": Session}
_ONLY: dict[str, tuple[str, ...]] = {
    "message": ("count", "fields", *(parameter.name for parameter in QUERY)),
    "session": ("fields", *(parameter.name for parameter in SESSION_QUERY)),
    "rule": ("count", "rule"),
}
"""The parameters that each kind of wait takes, besides those that all take."""

_EXPLAIN: dict[str, Any] = {
    "type": "object",
    "properties": {
        "headline": {"type": "string", "description": "What was expected and what happened instead, in one sentence"},
        "query": {
            "type": "object",
            "description": "The criteria that were not met, by the names of the parameters",
            "additionalProperties": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
        },
        "messages": {
            "type": "array",
            "items": {"type": "string"},
            "description": "The ids of the messages to show; all unless given",
        },
    },
    "required": ["headline"],
    "additionalProperties": False,
}


def _mark(call: Call) -> Any:
    mark = call.context.mailbox.mark()
    return {"mark": format_mark(mark), "message": mark.message, "session": mark.session}


def _wait(call: Call) -> Any:
    target, values = call.values.get("for", _TARGETS[0]), call.values
    for name in values:
        if name not in ("for", "timeout", "include", "limit", *_ONLY[target]):
            raise QueryError(f"The parameter {name} has no effect on a wait for a {target}")
    mailbox, timeout, count = call.context.mailbox, values.get("timeout"), values.get("count", 1)
    for name in values.get("fields", ()):
        if name not in FORMS[_KINDS[target]].names:
            raise QueryError(unknown("field", name, FORMS[_KINDS[target]].names))
    form = item_form(call)
    with call.context.stream():
        if target == "rule":
            if "rule" not in values:
                raise QueryError("Missing rule: expected the id of the rule to wait for")
            rule = find_rule(mailbox, values["rule"])
            mailbox.wait_for_rule(rule, count, timeout)
            return answer("rules", [rule], 1, rule_form)
        if target == "session":
            session = mailbox.wait_for_session(timeout, **sessions_query(call))
            return answer("sessions", [session], 1, form)
        found = mailbox.wait_for_messages(count, timeout, **messages_query(call))
    return page("messages", found, values, lambda message: message.number, form)


def _none(call: Call) -> Any:
    with call.context.stream():
        call.context.mailbox.assert_no_message(call.values.get("within", 0.2), **messages_query(call))
    return message_list(call, [])


def _explain(call: Call) -> Any:
    body = checked_object(call.body, tuple(_EXPLAIN["properties"]), "field")
    headline, query, ids = body.get("headline"), body.get("query", {}), body.get("messages")
    if not isinstance(headline, str):
        raise QueryError(invalid("headline", headline, "a text"))
    if not isinstance(query, dict):
        raise QueryError(invalid("query", query, "an object"))
    if ids is not None and not (isinstance(ids, list) and all(isinstance(one, str) for one in ids)):
        raise QueryError(invalid("messages", ids, "a list of ids"))
    mailbox = call.context.mailbox
    pairs = [(word, text) for word, texts in query.items() for text in (texts if isinstance(texts, list) else [texts])]
    for word, text in pairs:
        if not isinstance(text, str):
            raise QueryError(invalid(word, text, "a text"))
    words = query_words(mailbox, read_parameters(QUERY, pairs), MESSAGE_WORDS)
    shown = None if ids is None else mailbox.messages(id=ids, accepted=None)
    return {"text": mailbox.explain(headline, shown, **words)}


OPERATIONS = (
    Operation(
        "GET",
        "/mark",
        "Return a mark for this moment, for `since`",
        _mark,
        {
            "type": "object",
            "properties": {
                "mark": {"type": "string"},
                "message": {"type": "integer", "description": "The number of the last message"},
                "session": {"type": "integer", "description": "The number of the last session"},
            },
            "required": ["mark", "message", "session"],
        },
    ),
    Operation(
        "GET",
        "/wait",
        "Wait for messages, for a session to end, or for a rule to be used",
        _wait,
        {"anyOf": [SOME_MESSAGES, list_schema("sessions", "Session", with_fields=True), list_schema("rules", "Rule")]},
        (_FOR, _COUNT, _TIMEOUT, _RULE, *QUERY, LIMIT, INCLUDE, fields(*_KINDS.values())),
        problems=(404, 503),
    ),
    Operation(
        "GET",
        "/none",
        "Make sure that no message matches, now or within the given time",
        _none,
        MESSAGES,
        (_WITHIN, *QUERY),
        problems=(409, 503),
    ),
    Operation(
        "POST",
        "/explain",
        "Return the text of a failed expectation, for clients that decide themselves",
        _explain,
        {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
        body=_EXPLAIN,
    ),
)
