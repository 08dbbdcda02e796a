"""Tables of mails, and what refused each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpmock.mail.attachments import format_size
from smtpmock.queries.criteria import tried_recipients
from smtpmock.reports.layout import WIDTH, table, wrapped
from smtpmock.reports.transcript import answers, clock_time, format_cause
from smtpmock.text import escape_controls, listed, shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smtpmock.records.exchange import Exchange
    from smtpmock.records.message import MessageRecord

COLUMNS = ("time", "sender", "recipients", "subject", "state")
MARK = " " * 14
"""The indentation of what is said about a row."""

_MOST_RECIPIENTS = 10
_MOST_SUBJECT = 200
_MOST_FILES = 5
_MOST_NAME = 60


def mail_table(records: Sequence[MessageRecord]) -> list[list[str]]:
    """Return the lines of the header of a table, then those of each message."""
    return table([COLUMNS, *map(row, records)], COLUMNS.index("subject"))


def row(record: MessageRecord) -> tuple[str, ...]:
    """Return the cells of a message: time, sender, recipients, subject and state."""
    return (
        clock_time(record.received),
        escape_controls(record.sender) or "<>",
        escape_controls(listed(tried_recipients(record), _MOST_RECIPIENTS)) or "-",
        escape_controls(shorten(record.content.subject, _MOST_SUBJECT)) or "-",
        record.state,
    )


def refusal(record: MessageRecord) -> list[str]:
    """Return the lines that say what refused a transaction; none if nothing did."""
    return reply_lines(record.refusal) if record.refusal is not None else []


def parts(record: MessageRecord) -> list[str]:
    """Return the lines that say that a message has no plain text, and what is attached to it; none if neither is so."""
    content = record.content
    lines = [f"{MARK}the message has an HTML part only"] if content.html and not content.text else []
    if content.attachments:
        files = [
            f"{escape_controls(shorten(file.name, _MOST_NAME)) or '(no name)'} ({format_size(file.size)})"
            for file in content.attachments
        ]
        lines += wrapped(f"attached: {listed(files, _MOST_FILES)}", MARK, MARK + "  ")
    return lines


def reply_lines(exchange: Exchange) -> list[str]:
    """Return the reply of a refused command with its cause, below its row."""
    line = f"{MARK}{reply_line(exchange)}"
    if len(line) <= WIDTH:
        return [line]
    return [
        *wrapped(" ".join(answers(exchange)), MARK, MARK + "  "),
        *wrapped(f"<- {format_cause(exchange)}", MARK + "  ", MARK + "     "),
    ]


def reply_line(exchange: Exchange) -> str:
    """Return the reply of a refused command with its cause."""
    return f"{' '.join(answers(exchange))} <- {format_cause(exchange)}"
