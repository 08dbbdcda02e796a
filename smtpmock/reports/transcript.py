"""The dialogue of sessions as text."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from smtpmock.conformance.conversation import session_violations
from smtpmock.conformance.message import message_violations
from smtpmock.text import escape_controls, format_address, pluralize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smtpmock.records.exchange import Exchange
    from smtpmock.records.message import MessageRecord
    from smtpmock.stores.base import SessionEntry


def transcripts(sessions: Sequence[SessionEntry], most: int = 200) -> str:
    """Return the transcripts of the sessions, limited to the last `most` lines."""
    lines = [line for session in sessions for line in ("", *transcript(session).splitlines())][1:]
    if len(lines) <= most:
        return "\n".join(lines)
    return "\n".join((f"… {pluralize(len(lines) - most, 'earlier line')}", *lines[-most:]))


def transcript(session: SessionEntry) -> str:
    """Return the dialogue of a session.

    Each line shows the seconds since the start of the session, and who sent it: C: the client, S: the server.

    Example:
        >>> from smtplib import SMTP
        >>> from smtpmock import SMTPMock
        >>> with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
        ...     _ = client.docmd("FOO")
        ...     [session] = mock.sessions()
        >>> print(session.transcript())  # doctest: +ELLIPSIS
        Session 1 from 127.0.0.1:..., ..., still open
        +0.000 S: 220 Welcome
        +0.00... C: FOO
               S: 502 Command unrecognized. ... <- msg_invalid_cmd
    """
    return "\n".join((session_line(session), *dialogue(session)))


def session_line(session: SessionEntry) -> str:
    """Return one line with the number, client, start and state of a session."""
    origin, ended = session.record.origin, session.record.ended
    state = "still open" if ended is None else f"ended after {max(0.0, ended - origin.started):.3f} s"
    client = format_address(origin.client, origin.client_port)
    return f"Session {origin.session_number} from {client}, {clock_time(origin.started)}, {state}"


def dialogue(session: SessionEntry) -> list[str]:
    """Return the lines of a session: requests, replies, and what the client did wrong."""
    lines = []
    record = session.record
    messages = messages_by_exchange(session)
    notes: dict[int, list[str]] = {}
    for found in session_violations(record):
        notes.setdefault(found.exchange.number if found.exchange else 0, []).append(str(found))
    for exchange in record.exchanges:
        since = f"+{max(0.0, exchange.timestamp - record.origin.started):.3f}"
        if is_asked(exchange):
            lines.append(f"{since} C: {format_request(exchange)}")
            since = " " * len(since)
        for line in answers(exchange):
            lines.append(f"{since} S: {line}")
            since = " " * len(since)
        if exchange.delay:
            lines[-1] += f" (after {round(exchange.delay, 3):g} s)"
        if exchange.rule is not None or is_refusal(exchange):
            lines[-1] += f" <- {format_cause(exchange)}"
        lines += [f"{since} ! {note}" for note in notes.get(exchange.number, ())]
        message = messages.get(exchange.number)
        codes = message_codes(message) if message is not None else ""
        if codes:
            lines.append(f"{since} ! {codes}")
    if record.negotiated.tls_error:
        lines.append(f"! The TLS handshake failed: {escape_controls(record.negotiated.tls_error)}")
    return [*lines, *(f"! {note}" for note in notes.get(0, ()))]


def messages_by_exchange(session: SessionEntry) -> dict[int, MessageRecord]:
    """Return the messages of a session by the number of the exchange that completed each."""
    records = (entry.record for entry in session.entries)
    return {record.end_of_data.number: record for record in records if record.end_of_data is not None}


def message_codes(record: MessageRecord) -> str:
    """Return the codes of the violations in a message."""
    return ", ".join(dict.fromkeys(found.code for found in message_violations(record)))


def is_asked(exchange: Exchange) -> bool:
    """Return True unless the server sent its reply unprompted, as it does with the greeting."""
    return exchange.stage != "connect" and bool(exchange.request or exchange.stage or exchange.setting)


def format_request(exchange: Exchange) -> str:
    """Return the request of the client as one line."""
    names = {"message": "(the message)", "body": "(the first bytes of the message)", "": "(empty line)"}
    return escape_controls(exchange.request) or names.get(exchange.stage, "")


def answers(exchange: Exchange) -> list[str]:
    """Return the lines of the reply, followed by what the server did to the connection."""
    lines = [escape_controls(line) for line in exchange.reply.split("\n")] if exchange.reply else []
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


def format_cause(exchange: Exchange) -> str:
    """Return the cause of a reply: a rule, a setting or a limit."""
    return escape_controls(str(exchange.cause))


def clock_time(timestamp: float) -> str:
    """Return a time of the day, in the zone of this machine."""
    local = datetime.fromtimestamp(timestamp, timezone.utc).astimezone()
    return f"{local:%H:%M:%S}.{local.microsecond // 1000:03d}"
