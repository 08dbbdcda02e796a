"""The evidence after a failed test: the mail and the sessions of one or several servers, as text and as HTML."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from smtpmock.reports.layout import LONGEST, cut_beginning, wrapped
from smtpmock.reports.mails import COLUMNS, MARK, mail_table, parts, refusal, reply_line, row
from smtpmock.reports.transcript import dialogue, session_line
from smtpmock.reports.unmet import describe, format_lateness, late, matching
from smtpmock.text import escape_controls, pluralize, shorten

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from smtpmock.reports.facts import ServerFacts
    from smtpmock.reports.unmet import Unmet
    from smtpmock.stores.base import Entry, SessionEntry

_MOST_SERVERS = 10
_MOST_ROWS = 50
_MOST_SESSIONS = 20
_MOST_SESSION_LINES = 200  # of all sessions of a server


# For all servers.


def evidence(servers: Sequence[ServerFacts], told: Collection[str] = ()) -> str:
    """Return what happened at the servers as text: what came too late, then each server.

    Args:
        servers: The servers.
        told: The ids of the records that the failure shows itself: if they are all, they are not repeated.
    """
    blocks = [notes] if (notes := remarks(servers)) else []
    rest = len(servers) - _MOST_SERVERS
    blocks += [f"… {pluralize(rest, 'earlier server')}"] if rest > 0 else []
    blocks += ["\n".join(_server(server, told)) for server in servers[-_MOST_SERVERS:]]
    return "\n\n".join(blocks)


def evidence_html(servers: Sequence[ServerFacts], about: Collection[str] = ()) -> str:
    """Return what happened at the servers as a fragment of HTML, the mail itself included.

    Args:
        servers: The facts of each server.
        about: The ids of the sessions to expand; by default, the last one of each server and those with refusals.
    """
    from smtpmock.reports.html import STYLE, render_sessions

    parts = [f"<p><b>{escape(escape_controls(line))}</b></p>" for line in _remarks(servers)]
    for server in servers:
        cells = "".join(_html_row(entry, server) for entry in server.entries[-_MOST_ROWS:])
        header = "".join(f"<th>{name}</th>" for name in COLUMNS)
        mails = f'<table class="smtpmock-mails"><tr>{header}</tr>{cells}</table>' if cells else ""
        parts.append(f"<p>{escape(_headline(server))}</p>{mails}")
        parts.append(render_sessions(server.sessions, server.address, about=about) if server.sessions else "")
    return f'{STYLE}<div class="smtpmock">{"".join(parts)}</div>'


def remarks(servers: Sequence[ServerFacts]) -> str:
    """Return the sentences about mail that came too late, or to another server; "" if there are none."""
    return "\n".join(line for sentence in _remarks(servers) for line in wrapped(sentence, hanging="  "))


def summary(servers: Sequence[ServerFacts]) -> list[str]:
    """Return one line for each message."""
    return [
        f"{f'{server.title}  ' if len(servers) > 1 or server.name else ''}{'  '.join(row(entry.record))}"
        for server in servers
        for entry in server.entries
    ]


def _remarks(servers: Sequence[ServerFacts]) -> list[str]:
    found: list[str] = []
    for server in servers:
        at = f" at {server.title}" if len(servers) > 1 else ""
        for number, (unmet, seconds) in late(server.unmet, server.entries).items():
            record = next(entry.record for entry in server.entries if entry.number == number)
            found.append(
                f"{describe(record)} arrived{at} {format_lateness(seconds)} "
                f"after the {unmet.kind} for {unmet.wanted} {unmet.end}."
            )
        for unmet in server.unmet:
            for other in servers:
                if other is server:
                    continue
                found += [
                    f"{describe(entry.record)} arrived at {other.title}, "
                    f"but {unmet.wanted} was looked for at {server.title}."
                    for entry in list(matching(unmet.query, other.entries))[-3:]
                ]
    return list(dict.fromkeys(found))


# For one server.


def _headline(server: ServerFacts) -> str:
    accepted = sum(entry.record.accepted for entry in server.entries)
    failed = len(server.entries) - accepted
    if not server.sessions and not server.entries:
        return f"{server.title}: no client connected"
    parts = [pluralize(accepted, "message")]
    parts += [pluralize(failed, "failed attempt")] if failed else []
    parts += [pluralize(len(server.sessions), "session")]
    parts += (
        [f"{pluralize(server.dropped, 'message')} dropped because of max_messages or max_bytes"]
        if server.dropped
        else []
    )
    return f"{server.title}: {', '.join(parts)}"


def _server(server: ServerFacts, told: Collection[str]) -> Iterator[str]:
    yield from wrapped(_headline(server))
    if any(entry.record.id not in told for entry in server.entries):
        yield from _mails(server)
    if server.sessions:
        yield ""
        rest = len(server.sessions) - _MOST_SESSIONS
        if rest > 0:
            yield f"… {pluralize(rest, 'earlier session')}"
        lines = [line for session in server.sessions[-_MOST_SESSIONS:] for line in ("", *_session(session))][1:]
        yield from cut_beginning(lines, _MOST_SESSION_LINES)


def _mails(server: ServerFacts) -> Iterator[str]:
    shown = server.entries[-_MOST_ROWS:]
    header, *rows = mail_table([entry.record for entry in shown])
    yield from header
    rest = len(server.entries) - len(shown)
    if rest:
        yield f"… {pluralize(rest, 'earlier message')}"
    came_late = late(server.unmet, shown)
    for entry, lines in zip(shown, rows, strict=True):
        yield from lines
        yield from refusal(entry.record)
        yield from parts(entry.record)
        if entry.number in came_late:
            yield from wrapped(f"! {_lateness(*came_late[entry.number])}", MARK, MARK + "  ")


def _lateness(unmet: Unmet, seconds: float) -> str:
    return f"arrived {format_lateness(seconds)} after the {unmet.kind} {unmet.end}"


def _session(session: SessionEntry) -> Iterator[str]:
    yield session_line(session)
    for line in dialogue(session):
        yield from wrapped(line, hanging=" " * 10)


def _html_row(entry: Entry, server: ServerFacts) -> str:
    came_late = late(server.unmet, [entry]).get(entry.number)
    notes = [] if came_late is None else [_lateness(*came_late)]
    exchange = entry.record.refusal
    if exchange is not None:
        notes.append(reply_line(exchange))
    cells = "".join(f"<td>{escape(shorten(cell, LONGEST))}</td>" for cell in row(entry.record))
    said = "".join(
        f'<tr><td></td><td colspan="{len(COLUMNS) - 1}">{escape(shorten(escape_controls(note), LONGEST))}</td></tr>'
        for note in notes
    )
    return f"<tr>{cells}</tr>{said}"
