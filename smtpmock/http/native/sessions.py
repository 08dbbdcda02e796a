"""Sessions: the connections of clients, open ones included, and their transcripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import falcon

from smtpmock.http.native.forms import as_json
from smtpmock.http.native.lists import list_schema
from smtpmock.http.native.messages import LATEST, written_page
from smtpmock.http.native.operations import Answer, NotFoundError, Operation
from smtpmock.http.native.parts import ISOLATED
from smtpmock.http.native.schemas import reference
from smtpmock.http.native.words import AFTER, BEFORE, INCLUDE, LIMIT, SESSION_QUERY, fields, sessions_query
from smtpmock.http.parameters import HIGHEST
from smtpmock.messages.session import Session

if TYPE_CHECKING:
    from smtpmock.http.native.operations import Call

_TRANSCRIPTS = ("text/plain", "text/html")


def _find(call: Call) -> Session:
    wanted, mailbox = call.path["id"], call.context.mailbox
    found = mailbox.session_page(limit=1, before=HIGHEST)[0] if wanted == LATEST else mailbox.sessions(id=wanted)
    for session in found:
        return session
    raise NotFoundError("There is no session" if wanted == LATEST else f"There is no session {wanted!r}")


def _list(call: Call) -> Any:
    context = call.context
    return context.aside(written_page, "sessions", context.mailbox.session_page, sessions_query(call), call)


def _read(call: Call) -> Any:
    return as_json(_find(call), {"exchanges", *call.values.get("include", ())})


def _transcript(call: Call) -> Answer:
    session, kind = _find(call), call.accept(_TRANSCRIPTS)
    if kind is None:
        raise falcon.HTTPNotAcceptable(description=f"Invalid Accept: expected {' or '.join(_TRANSCRIPTS)}")
    text = call.context.aside(session.html if kind == "text/html" else session.transcript)
    return Answer(text.encode(), f"{kind}; charset=utf-8", {"Content-Security-Policy": ISOLATED, "Vary": "Accept"})


OPERATIONS = (
    Operation(
        "GET",
        "/sessions",
        "List the sessions that match, in the order in which they began",
        _list,
        list_schema("sessions", "Session", with_fields=True),
        (*SESSION_QUERY, AFTER, BEFORE, LIMIT, INCLUDE, fields(Session)),
    ),
    Operation("GET", "/sessions/{id}", "Read a session whole", _read, reference("Session"), (INCLUDE,), names_one=True),
    Operation(
        "GET",
        "/sessions/{id}/transcript",
        "Read the dialogue of a session as text or, by Accept, as HTML",
        _transcript,
        _TRANSCRIPTS,
        problems=(406,),
        names_one=True,
    ),
)
