"""Explanations of failed expectations, and transcripts of sessions, as plain text.

An explanation lists what arrived, which messages came closest, and which commands were refused and why. Failing tests,
failing keywords and logs take their text from this module, so that they all use the same words.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from smtpmock.queries.criteria import CRITERIA
from smtpmock.queries.query import values
from smtpmock.reports.layout import cut_end, wrapped
from smtpmock.reports.mails import MARK, mail_table, refusal, reply_lines
from smtpmock.reports.transcript import clock_time, dialogue, format_request, is_asked, is_refusal
from smtpmock.text import escape_controls, pluralize, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from smtpmock.conformance.catalogue import Violation
    from smtpmock.queries.query import Query
    from smtpmock.queries.terms import Term
    from smtpmock.records.message import MessageRecord
    from smtpmock.records.session import SessionRecord
    from smtpmock.reports.facts import ServerFacts
    from smtpmock.stores.base import Entry, SessionEntry

MOST_LINES = 60
"""The maximum number of lines in an explanation."""

_MOST_TABLE_LINES = 24
_MOST_MARKS = 3  # mismatches listed below each row
_MOST_REFUSALS = 4
_MOST_ERASURES = 3
_MOST_LINES_OF_A_SESSION = 8
_MOST_COMPARED = 200  # only the newest messages are compared with the query
_MOST_HEADLINES = 8
_MOST_OF_A_VALUE = 320  # characters: as many as an address has at most
_MOST_OF_A_TEXT = 120


def explain(headline: str, server: ServerFacts, query: Query, earlier: Sequence[Entry] = ()) -> str:
    """Explain a failed expectation, in at most 60 lines of 78 columns.

    Args:
        headline: One sentence that says what was expected and what arrived instead.
        server: The facts to explain it with.
        query: The criteria; the messages that match most of them are listed first.
        earlier: The messages that match, but arrived before the moment of the query.
    """
    lines = cut_end(wrapped(headline), _MOST_HEADLINES)
    seen = [entry for entry in server.entries if entry.number > query.after]
    compared = seen[-_MOST_COMPARED:]
    lacking = {entry.number: _lacking(entry, query) for entry in compared}
    if seen:
        lines += ["", *_table(seen, query, lacking)]
    elif query.after:
        before = f"; {pluralize(len(server.entries), 'message')} arrived earlier" if server.entries else ""
        lines += ["", *wrapped(f"No message has arrived since message {query.after}{before}.")]
    if earlier:
        lines += _earlier(earlier, query)
    alike = [*compared, *earlier[-1:]]
    if len(alike) > 1 and not any(lacking.values()) and len({entry.record.content for entry in alike}) == 1:
        lines.append("They have the same content.")
    if server.dropped:
        lines += [f"{pluralize(server.dropped, 'older message')} dropped because of max_messages or max_bytes."]
    lines += wrapped(server.outside) if server.outside else []
    lines += _erasures(server.sessions)
    lines += _refusals(server.sessions)
    if not any(entry.record.accepted for entry in seen):
        lines += _connections(server)
    return "\n".join(cut_end(lines, MOST_LINES))


def explain_violations(found: Sequence[tuple[str, Violation]]) -> str:
    """List violations of mail standards, in at most 60 lines of 78 columns.

    Args:
        found: The violations, each with a description of the session or message that contains it.
    """
    lines = [f"{pluralize(len(found), 'violation')} of standards by the client:"]
    place = ""
    for subject, violation in found:
        if subject != place:
            lines += ["", *wrapped(subject)]
            place = subject
        lines += wrapped(f"{violation.code} ({violation.rfc}) {violation.where}".rstrip(), "  ", "      ")
        lines += wrapped(violation.text, "    ")
    return "\n".join(cut_end(lines, MOST_LINES))


# Messages.


def _table(entries: Sequence[Entry], query: Query, lacking: Mapping[int, int]) -> list[str]:
    """Return a table of the messages, the closest match first, each with its mismatches.

    Args:
        entries: All messages.
        query: The query.
        lacking: The number of criteria that each of the newest messages does not match, by number of the message.
    """
    compared = (entry for entry in entries if entry.number in lacking)
    nearest = sorted(compared, key=lambda entry: (lacking[entry.number], -entry.number))[:_MOST_TABLE_LINES]
    since = f" since message {query.after}" if query.after else ""
    order = ", closest match first" if len(entries) > 1 and any(lacking.values()) else ""
    header, *rows = mail_table([entry.record for entry in nearest])
    failed = sum(not entry.record.accepted for entry in entries)
    if failed < len(entries):
        besides = f" and {pluralize(failed, 'attempt')} failed" if failed else ""
        result = [f"{pluralize(len(entries) - failed, 'message')} arrived{besides}{since}{order}:", *header]
    else:
        result = [f"{pluralize(len(entries), 'attempt')}{since}, none accepted{order}:", *header]
    rest = len(entries)
    for entry, row in zip(nearest, rows, strict=False):
        marks = lacking[entry.number]
        lines = [*row, *refusal(entry.record)]
        for mark in islice(_marks(entry, query), _MOST_MARKS):
            lines += wrapped(f"x {mark}", MARK, MARK + "  ")
        if marks > _MOST_MARKS:
            lines.append(f"{MARK}x and {marks - _MOST_MARKS} more")
        if rest < len(entries) and len(result) + len(lines) >= _MOST_TABLE_LINES:
            break
        result += lines
        rest -= 1
    return [*result, f"… and {pluralize(rest, 'more message')}"] if rest else result


def _earlier(entries: Sequence[Entry], query: Query) -> list[str]:
    """Return the last of the messages that match but arrived too early."""
    header, row = mail_table([entries[-1].record])
    many = f"{pluralize(len(entries), 'message')} that {'matches' if len(entries) == 1 else 'match'} arrived"
    which = "; the last of them" if len(entries) > 1 else ""
    return ["", f"Up to message {query.after}, {many}{which}:", *header, *row]


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
        most = _MOST_OF_A_VALUE if CRITERIA[term.field].kind in ("address", "name", "user") else _MOST_OF_A_TEXT
        shown = (shorten(value, most) if isinstance(value, str) else value for value in found)
        has = escape_controls(", ".join(map(repr, shown))) or "missing"
        yield f"{escape_controls(term.word)} is {has}{_in_other_part(term, entry.record)}"


def _in_other_part(term: Term, record: MessageRecord) -> str:
    """Say that the text part is missing or lacks what the HTML part has, or the other way round."""
    content = record.content
    if term.field == "text":
        own, name, other, shown = content.text, "an HTML", content.html, " ".join(content.html_text.split())
    elif term.field == "html":
        own, name, other, shown = content.html, "a text", content.text, content.text
    else:
        return ""
    if not own.strip() and other.strip():
        return f": the message has {name} part only"
    if term.operator == "function":
        return ""
    if term.test(other) or term.test(shown):
        return f", but there is {name} part that matches: {escape_controls(repr(shorten(shown, _MOST_OF_A_TEXT)))}"
    return ""


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
        lines += wrapped(
            f"{erasure.stage} erased 1 accepted message ({whom}): set multiple_message_receiving to keep it"
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
        lines += wrapped(f"{clock_time(exchange.timestamp)}  {format_request(exchange)}", hanging=MARK)
        lines += reply_lines(exchange)
    cut = len(refused) - _MOST_REFUSALS
    return [*lines, f"… and {pluralize(cut, 'earlier refusal')}"] if cut > 0 else lines


def _connections(server: ServerFacts) -> list[str]:
    """Return the number of connections, and the end of the most recent session."""
    if not server.sessions:
        return ["", *wrapped(f"No client has connected to {server.address}.")]
    last = server.sessions[-1]
    said = dialogue(last)
    clients = pluralize(len(server.sessions), "client")
    lines = ["", *wrapped(f"{clients} connected to {server.address}. The most recent session:")]
    if len(said) > _MOST_LINES_OF_A_SESSION:
        lines.append(f"… {pluralize(len(said) - _MOST_LINES_OF_A_SESSION, 'earlier line')}")
    lines += (part for line in said[-_MOST_LINES_OF_A_SESSION:] for part in wrapped(line, hanging=" " * 10))
    lines.append(f"The session {'is still open' if last.record.ended is None else 'has ended'}.")
    return [*lines, *_not_announced(last.record)]


def _not_announced(record: SessionRecord) -> list[str]:
    """Name the extensions for want of which a client may have left after EHLO, without a further command."""
    stages = {exchange.stage for exchange in record.exchanges if is_asked(exchange)}
    if record.ended is None or not record.helo_name or not {"EHLO"} <= stages <= {"EHLO", "QUIT"}:
        return []
    settings = {"STARTTLS": "tls", "AUTH": "auth"}
    for name in (*record.negotiated.extensions, *(["STARTTLS"] if record.negotiated.tls else [])):
        settings.pop(name, None)
    if not settings:
        return []
    it, use = ("it", "the setting") if len(settings) == 1 else ("one of them", "the settings")
    return wrapped(
        f"The client left after EHLO without sending mail. The server did not announce {' or '.join(settings)}; if the "
        f"application requires {it}, use {use} {' and '.join(settings.values())}."
    )
