"""Explanations of failed expectations, and transcripts of sessions, as plain text.

An explanation lists what arrived, which messages came closest, and which commands were refused and why. Failing tests,
failing keywords and logs take their text from this module, so that they all use the same words.
"""

from __future__ import annotations

import textwrap
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from smtpmock.queries.criteria import tried_recipients
from smtpmock.queries.query import values
from smtpmock.reports.transcript import answers, clock_time, dialogue, format_cause, format_request, is_refusal
from smtpmock.text import escape_controls, pluralize, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from smtpmock.conformance.catalogue import Violation
    from smtpmock.queries.query import Query
    from smtpmock.records.exchange import Exchange
    from smtpmock.records.message import MessageRecord
    from smtpmock.stores.base import Entry, SessionEntry

WIDTH = 78
"""The maximum width of a line."""

MOST_LINES = 40
"""The maximum number of lines in an explanation."""

_MOST_TABLE_LINES = 18
_MOST_MARKS = 3  # mismatches listed below each row
_MOST_REFUSALS = 4
_MOST_ERASURES = 3
_MOST_LINES_OF_A_SESSION = 8
_MOST_COMPARED = 200  # only the newest messages are compared with the query
_COLUMNS = ("time", "sender", "recipients", "subject", "state")
_NARROWEST = 8


class Evidence(NamedTuple):
    """The facts that an explanation is based on.

    Attributes:
        address: The address of the server.
        entries: All records.
        sessions: All sessions.
        dropped: The number of messages dropped because of `max_messages` or `max_bytes`.
    """

    address: str
    entries: Sequence[Entry]
    sessions: Sequence[SessionEntry]
    dropped: int = 0


def explain(headline: str, evidence: Evidence, query: Query) -> str:
    """Explain a failed expectation, in at most 40 lines of 78 columns.

    Args:
        headline: One sentence that says what was expected and what arrived instead.
        evidence: The facts to explain it with.
        query: The criteria; the messages that match most of them are listed first.
    """
    lines = _wrapped(headline)
    seen = [entry for entry in evidence.entries if entry.number > query.after]
    if seen:
        lines += ["", *_table(seen, query)]
    elif evidence.entries:
        lines += [
            "",
            f"No message has arrived since then; {pluralize(len(evidence.entries), 'message')} arrived earlier.",
        ]
    if evidence.dropped:
        lines += [f"{pluralize(evidence.dropped, 'older message')} dropped because of max_messages or max_bytes."]
    lines += _erasures(evidence.sessions)
    lines += _refusals(evidence.sessions)
    if not any(entry.record.accepted for entry in seen):
        lines += _connections(evidence)
    return "\n".join(shorten(line, WIDTH) for line in _cut(lines, MOST_LINES))


def explain_violations(found: Sequence[tuple[str, Violation]]) -> str:
    """List violations of mail standards, in at most 40 lines of 78 columns.

    Args:
        found: The violations, each with a description of the session or message that contains it.
    """
    lines = [f"{pluralize(len(found), 'violation')} of standards by the client:"]
    place = ""
    for subject, violation in found:
        if subject != place:
            lines += ["", shorten(escape_controls(subject), WIDTH)]
            place = subject
        lines.append(shorten(f"  {violation.code} ({violation.rfc}) {violation.where}".rstrip(), WIDTH))
        lines += textwrap.wrap(violation.text, WIDTH, initial_indent="    ", subsequent_indent="    ")
    return "\n".join(_cut(lines, MOST_LINES))


def _wrapped(text: str) -> list[str]:
    return _cut(textwrap.wrap(escape_controls(text), WIDTH, break_on_hyphens=False), 4)


def _cut(lines: list[str], most: int) -> list[str]:
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], f"… and {pluralize(len(lines) - most + 1, 'more line')}"]


# Messages.


def _table(entries: Sequence[Entry], query: Query) -> list[str]:
    """Return a table of the messages, the closest match first, each with its mismatches."""
    compared = entries[-_MOST_COMPARED:]
    lacking = {entry.number: _lacking(entry, query) for entry in compared}
    nearest = sorted(compared, key=lambda entry: (lacking[entry.number], -entry.number))
    order = ", closest match first" if len(entries) > 1 and any(lacking.values()) else ""
    header, *rows = _aligned([_COLUMNS, *(_row(entry.record) for entry in nearest[:_MOST_TABLE_LINES])])
    if any(entry.record.accepted for entry in entries):
        result = [f"{pluralize(len(entries), 'message')} arrived{order}:", header]
    else:
        result = [f"{pluralize(len(entries), 'attempt')}, none accepted{order}:", header]
    rest = len(entries)
    for entry, row in zip(nearest, rows, strict=False):
        marks = lacking[entry.number]
        lines = [row, *_refusal(entry.record)]
        lines += (f"{'':14}x {mark}" for mark in islice(_marks(entry, query), _MOST_MARKS))
        if marks > _MOST_MARKS:
            lines.append(f"{'':14}x and {marks - _MOST_MARKS} more")
        if len(result) + len(lines) >= _MOST_TABLE_LINES:
            break
        result += lines
        rest -= 1
    return [*result, f"… and {pluralize(rest, 'more message')}"] if rest else result


def _row(record: MessageRecord) -> tuple[str, ...]:
    return (
        clock_time(record.received),
        escape_controls(record.sender) or "<>",
        escape_controls(", ".join(tried_recipients(record))) or "-",
        escape_controls(record.content.subject) or "-",
        record.state,
    )


def _refusal(record: MessageRecord) -> list[str]:
    """Return a line that says what refused the transaction; none if nothing did."""
    refusal = record.refusal
    return [_reply_line(refusal)] if refusal is not None else []


def _lacking(entry: Entry, query: Query) -> int:
    """Count the criteria that the message does not match."""
    return (not query.means(entry.record)) + len(query.failed(entry))


def _marks(entry: Entry, query: Query) -> Iterator[str]:
    """Yield a line for each criterion that the message does not match, with the values found instead."""
    if not query.means(entry.record):
        yield f"state is {entry.record.state}"
    for term in query.failed(entry):
        if term.operator == "search":
            yield f"search does not find it: {escape_controls(' '.join(term.value.failed(entry)))}"
            continue
        found: Iterable[object] = values(term, entry)
        if term.field == "header":
            found = entry.record.content.headers.get_all(term.name)
        shown = (value[:WIDTH] if isinstance(value, str) else value for value in found)
        yield f"{escape_controls(term.word)} is {escape_controls(', '.join(map(repr, shown))) or 'missing'}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Align the columns of the rows, and shorten the widest columns until the rows fit."""
    widths = [min(max(map(len, column)), WIDTH) for column in zip(*rows, strict=True)]
    while sum(widths) + 2 * (len(widths) - 1) > WIDTH and max(widths[1:]) > _NARROWEST:
        widths[widths.index(max(widths[1:]), 1)] -= 1
    return [
        "  ".join(f"{shorten(cell, width):{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


# Sessions.


def _erasures(sessions: Iterable[SessionEntry]) -> list[str]:
    """List the accepted messages that commands of their own sessions erased again, the newest first."""
    erased = [erasure for session in sessions for erasure in session.record.erasures]
    if not erased:
        return []
    lines = [""]
    for erasure in erased[: -_MOST_ERASURES - 1 : -1]:
        rest = erasure.recipient_count - len(erasure.recipients)
        more = f" and {rest} more" if rest else ""
        whom = f"to {escape_controls(', '.join(erasure.recipients))}{more}"
        lines += textwrap.wrap(
            f"{erasure.stage} erased 1 accepted message ({shorten(whom, WIDTH)}): "
            "set multiple_message_receiving to keep it",
            WIDTH,
            break_on_hyphens=False,
        )
    cut = len(erased) - _MOST_ERASURES
    return [*lines, f"… and {pluralize(cut, 'earlier erased message')}"] if cut > 0 else lines


def _refusals(sessions: Iterable[SessionEntry]) -> list[str]:
    """List the refused commands, the newest first, with the replies and their causes."""
    refused = sorted(
        (exchange for session in sessions for exchange in session.record.exchanges if is_refusal(exchange)),
        key=lambda exchange: exchange.timestamp,
    )
    if not refused:
        return []
    lines = ["", f"{pluralize(len(refused), 'command')} refused:"]
    for exchange in refused[: -_MOST_REFUSALS - 1 : -1]:
        lines.append(f"{clock_time(exchange.timestamp)}  {format_request(exchange)}")
        lines.append(_reply_line(exchange))
    cut = len(refused) - _MOST_REFUSALS
    return [*lines, f"… and {pluralize(cut, 'earlier refusal')}"] if cut > 0 else lines


def _reply_line(exchange: Exchange) -> str:
    """Return the reply of a refused command with its cause, in one line."""
    reason = shorten(f" <- {format_cause(exchange)}", WIDTH - 14 - _NARROWEST)
    reply = shorten(" ".join(answers(exchange)), WIDTH - 14 - len(reason))
    return f"{'':14}{reply}{reason}"


def _connections(evidence: Evidence) -> list[str]:
    """Return the number of connections, and the end of the most recent session."""
    if not evidence.sessions:
        return ["", f"No client has connected to {evidence.address}."]
    last = evidence.sessions[-1]
    said = dialogue(last)
    lines = [
        "",
        f"{pluralize(len(evidence.sessions), 'client')} connected to {evidence.address}. The most recent session:",
    ]
    if len(said) > _MOST_LINES_OF_A_SESSION:
        lines.append(f"… {pluralize(len(said) - _MOST_LINES_OF_A_SESSION, 'earlier line')}")
    lines += said[-_MOST_LINES_OF_A_SESSION:]
    return [*lines, f"The session {'is still open' if last.record.ended is None else 'has ended'}."]
