"""Tables of mails, and what refused each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpmock.queries.criteria import tried_recipients
from smtpmock.reports.layout import WIDTH, table, wrapped
from smtpmock.reports.transcript import answers, clock_time, format_cause
from smtpmock.text import escape_controls, format_size, listed, shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smtpmock.mail.content import Content
    from smtpmock.records.exchange import Exchange
    from smtpmock.records.message import MessageRecord

COLUMNS = ("time", "sender", "recipients", "subject", "state")
MARK = " " * 14
"""The indentation of what is said about a row."""

_MOST_RECIPIENTS = 10
_MOST_SUBJECT = 200
_MOST_FILES = 5
_MOST_NAME = 60
_LONGEST_EXCERPT = 500  # before its spaces are folded
_LONGEST_HTML = 100_000  # to be read for an excerpt


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
    """Return the lines that tell the content of a message: how its text begins, and the names of its attachments."""
    content = record.content
    lines = [f"{MARK}the message has an HTML part only"] if content.html and not content.text else []
    lines += _excerpt(content)
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


def _excerpt(content: Content) -> list[str]:
    """Return a line with the beginning of the text, or else of the HTML; none if there is neither."""
    name, text = "text", content.text
    if not text and len(content.html) <= _LONGEST_HTML:
        name, text = "HTML", content.html_text
    words = escape_controls(" ".join(text[:_LONGEST_EXCERPT].split()))
    label = f"{MARK}{name}: "
    return [f"{label}{shorten(words, WIDTH - len(label))}"] if words else []
