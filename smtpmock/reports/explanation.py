"""Explanations of failed expectations, and transcripts of sessions, as plain text.

An explanation lists what arrived, which messages came closest, and which commands were refused and why. Failing tests,
failing keywords and logs take their text from this module, so that they all use the same words.
"""

from __future__ import annotations

import textwrap
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from smtpmock.text import counted, escaped, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from smtpmock.conformance.catalogue import Violation
    from smtpmock.messages.message import Message
    from smtpmock.queries.query import Query
    from smtpmock.records.exchange import Exchange
    from smtpmock.records.session import Session

WIDTH = 78
"""The maximum width of a line."""

MOST_LINES = 40
"""The maximum number of lines in an explanation."""

_MOST_TABLE_LINES = 18
_MOST_MARKS = 3  # mismatches listed below each row
_MOST_REFUSALS = 4
_MOST_LINES_OF_A_SESSION = 8
_MOST_COMPARED = 200  # only the newest messages are compared with the query
_COLUMNS = ("time", "sender", "recipients", "subject", "state")
_NARROWEST = 8


class Scene(NamedTuple):
    """The facts that an explanation is based on.

    Attributes:
        address: The address of the server.
        messages: All messages.
        sessions: All sessions.
        dropped: The number of messages dropped because of `max_messages`.
    """

    address: str
    messages: Sequence[Message]
    sessions: Sequence[Session]
    dropped: int = 0


def explain(headline: str, scene: Scene, query: Query) -> str:
    """Explain a failed expectation, in at most 40 lines of 78 columns.

    Args:
        headline: One sentence that says what was expected and what arrived instead.
        scene: The facts to explain it with.
        query: The criteria; the messages that match most of them are listed first.
    """
    lines = _wrapped(headline)
    seen = [message for message in scene.messages if message.number > query.after]
    if seen:
        lines += ["", *_table(seen, query)]
    elif scene.messages:
        lines += ["", f"No message has arrived since then; {counted(len(scene.messages), 'message')} arrived earlier."]
    if scene.dropped:
        lines += [f"The setting max_messages caused {counted(scene.dropped, 'older message')} to be dropped."]
    lines += _refusals(scene.sessions)
    if not any(message.is_consistent for message in seen):
        lines += _connections(scene)
    return "\n".join(shortened(line, WIDTH) for line in _cut(lines, MOST_LINES))


def explain_violations(found: Sequence[tuple[str, Violation]]) -> str:
    """List violations of mail standards, in at most 40 lines of 78 columns.

    Args:
        found: The violations, each with a description of the session or message that contains it.
    """
    lines = [f"{counted(len(found), 'violation')} of standards by the client:"]
    place = ""
    for subject, violation in found:
        if subject != place:
            lines += ["", shortened(escaped(subject), WIDTH)]
            place = subject
        lines.append(shortened(f"  {violation.code} ({violation.rfc}) {violation.where}".rstrip(), WIDTH))
        lines += textwrap.wrap(violation.text, WIDTH, initial_indent="    ", subsequent_indent="    ")
    return "\n".join(_cut(lines, MOST_LINES))


def transcripts(sessions: Sequence[Session], most: int = 200) -> str:
    """Return the transcripts of the sessions, limited to the last `most` lines."""
    lines = [line for session in sessions for line in ("", *transcript(session).splitlines())][1:]
    if len(lines) <= most:
        return "\n".join(lines)
    return "\n".join((f"… {counted(len(lines) - most, 'earlier line')}", *lines[-most:]))


def transcript(session: Session) -> str:
    """Return the dialogue of a session.

    Each line shows the seconds since the start of the session, and who sent it: C: the client, S: the server.

    Example:
        >>> from smtplib import SMTP
        >>> from smtpmock import SMTPMock
        >>> with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
        ...     _ = client.docmd("FOO")
        ...     [session] = mock.sessions()
        >>> print(transcript(session))  # doctest: +ELLIPSIS
        Session 1 from 127.0.0.1:..., ..., still open
        +0.000 S: 220 Welcome
        +0.00... C: FOO
               S: 502 Command unrecognized. ... <- msg_invalid_cmd
    """
    return "\n".join((session_line(session), *_dialogue(session)))


def _wrapped(text: str) -> list[str]:
    return _cut(textwrap.wrap(escaped(text), WIDTH, break_on_hyphens=False), 4)


def _cut(lines: list[str], most: int) -> list[str]:
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], f"… and {counted(len(lines) - most + 1, 'more line')}"]


# Messages.


def _table(messages: Sequence[Message], query: Query) -> list[str]:
    """Return a table of the messages, the closest match first, each with its mismatches."""
    compared = messages[-_MOST_COMPARED:]
    lacking = {message.number: _lacking(message, query) for message in compared}
    nearest = sorted(compared, key=lambda message: (lacking[message.number], -message.number))
    order = ", closest match first" if len(messages) > 1 and any(lacking.values()) else ""
    header, *rows = _aligned([_COLUMNS, *map(_row, nearest[:_MOST_TABLE_LINES])])
    if any(message.is_consistent for message in messages):
        result = [f"{counted(len(messages), 'message')} arrived{order}:", header]
    else:
        result = [f"{counted(len(messages), 'attempt')}, none accepted{order}:", header]
    rest = len(messages)
    for message, row in zip(nearest, rows, strict=False):
        marks = lacking[message.number]
        lines = [row, *(f"{'':14}x {mark}" for mark in islice(_marks(message, query), _MOST_MARKS))]
        if marks > _MOST_MARKS:
            lines.append(f"{'':14}x and {marks - _MOST_MARKS} more")
        if len(result) + len(lines) >= _MOST_TABLE_LINES:
            break
        result += lines
        rest -= 1
    return [*result, f"… and {counted(rest, 'more message')}"] if rest else result


def _row(message: Message) -> tuple[str, ...]:
    return (
        _clock(message.received_at),
        escaped(message.sender) or "<>",
        escaped(", ".join(message.recipients)) or "-",
        escaped(message.subject) or "-",
        message.state,
    )


def _lacking(message: Message, query: Query) -> int:
    """Count the criteria that the message does not match."""
    return (not query.means(message)) + len(query.failed(message))


def _marks(message: Message, query: Query) -> Iterator[str]:
    """Yield a line for each criterion that the message does not match, with the values found instead."""
    if not query.means(message):
        yield f"state is {message.state}"
    for condition in query.failed(message):
        found = (value[:WIDTH] if isinstance(value, str) else value for value in condition.values(message))
        yield f"{escaped(condition.word)} is {escaped(', '.join(map(repr, found))) or 'missing'}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Align the columns of the rows, and shorten the widest columns until the rows fit."""
    widths = [min(max(map(len, column)), WIDTH) for column in zip(*rows, strict=True)]
    while sum(widths) + 2 * (len(widths) - 1) > WIDTH and max(widths[1:]) > _NARROWEST:
        widths[widths.index(max(widths[1:]), 1)] -= 1
    return [
        "  ".join(f"{shortened(cell, width):{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


# Sessions.


def _refusals(sessions: Iterable[Session]) -> list[str]:
    """List the refused commands, the newest first, with the replies and their causes."""
    refused = sorted(
        (exchange for session in sessions for exchange in session.exchanges if is_refusal(exchange)),
        key=lambda exchange: exchange.timestamp,
    )
    if not refused:
        return []
    lines = ["", f"{counted(len(refused), 'command')} refused:"]
    for exchange in refused[: -_MOST_REFUSALS - 1 : -1]:
        lines.append(f"{_clock(exchange.time)}  {request_shown(exchange)}")
        reason = shortened(f" <- {reason_shown(exchange)}", WIDTH - 14 - _NARROWEST)
        reply = shortened(" ".join(answers(exchange)), WIDTH - 14 - len(reason))
        lines.append(f"{'':14}{reply}{reason}")
    cut = len(refused) - _MOST_REFUSALS
    return [*lines, f"… and {counted(cut, 'earlier refusal')}"] if cut > 0 else lines


def _connections(scene: Scene) -> list[str]:
    """Return the number of connections, and the end of the most recent session."""
    if not scene.sessions:
        return ["", f"No client has connected to {scene.address}."]
    last = scene.sessions[-1]
    dialogue = _dialogue(last)
    lines = ["", f"{counted(len(scene.sessions), 'client')} connected to {scene.address}. The most recent session:"]
    if len(dialogue) > _MOST_LINES_OF_A_SESSION:
        lines.append(f"… {counted(len(dialogue) - _MOST_LINES_OF_A_SESSION, 'earlier line')}")
    lines += dialogue[-_MOST_LINES_OF_A_SESSION:]
    return [*lines, f"The session {'is still open' if last.ended_at is None else 'has ended'}."]


def session_line(session: Session) -> str:
    """Return one line with the number, client, start and state of a session."""
    if session.ended_at is None:
        state = "still open"
    else:
        state = f"ended after {(session.ended_at - session.started_at).total_seconds():.3f} s"
    return f"Session {session.id} from {session.client}:{session.client_port}, {_clock(session.started_at)}, {state}"


def _dialogue(session: Session) -> list[str]:
    lines = []
    violations = session.violations
    for exchange in session.exchanges:
        since = f"+{(exchange.time - session.started_at).total_seconds():.3f}"
        if is_asked(exchange):
            lines.append(f"{since} C: {request_shown(exchange)}")
            since = " " * len(since)
        for line in answers(exchange):
            lines.append(f"{since} S: {line}")
            since = " " * len(since)
        if exchange.delay:
            lines[-1] += f" (after {round(exchange.delay, 3):g} s)"
        if exchange.rule is not None or is_refusal(exchange):
            lines[-1] += f" <- {reason_shown(exchange)}"
        lines += [f"{since} ! {found}" for found in violations if found.exchange is exchange]
        codes = message_codes(session, exchange)
        if codes:
            lines.append(f"{since} ! {codes}")
    if session.tls_error:
        lines.append(f"! The TLS handshake failed: {escaped(session.tls_error)}")
    return [*lines, *(f"! {found}" for found in violations if found.exchange is None)]


def message_codes(session: Session, exchange: Exchange) -> str:
    """Return the codes of the violations in the message that the exchange completed."""
    for message in session.messages:
        if message.end_of_data is exchange:
            return ", ".join(dict.fromkeys(found.code for found in message.violations))
    return ""


def is_asked(exchange: Exchange) -> bool:
    """Return True unless the server sent its reply unprompted, as it does with the greeting."""
    return exchange.stage != "connect" and bool(exchange.request or exchange.stage or exchange.setting)


def request_shown(exchange: Exchange) -> str:
    """Return the request of the client as one line."""
    names = {"message": "(the message)", "body": "(the first bytes of the message)", "": "(empty line)"}
    return escaped(exchange.request) or names.get(exchange.stage, "")


def answers(exchange: Exchange) -> list[str]:
    """Return the lines of the reply, followed by what the server did to the connection."""
    lines = [escaped(line) for line in exchange.reply.split("\n")] if exchange.reply else []
    done = _DONE.get(exchange.then or "")
    return [*lines, done] if done else lines or ["(no reply)"]


_DONE = {
    "close": "(closes the connection)",
    "half": "(closes the connection in the middle of the reply)",
    "reset": "(resets the connection)",
    "silence": "(stops responding)",
}


def is_refusal(exchange: Exchange) -> bool:
    """Return True if the server refused a request of the client."""
    return not exchange.accepted and is_asked(exchange)


def reason_shown(exchange: Exchange) -> str:
    """Return the cause of a reply: a rule, a setting or a limit."""
    if exchange.rule is not None:
        return f"the rule {escaped(str(exchange.rule))}"
    return exchange.setting or "a server limit"


def _clock(moment: datetime) -> str:
    local = moment.astimezone()
    return f"{local:%H:%M:%S}.{local.microsecond // 1000:03d}"
