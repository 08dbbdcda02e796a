"""Expectations that were not met, and the mail that was looked for: too late, or at another server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from smtpmock.queries.criteria import tried_recipients
from smtpmock.text import escape_controls, listed, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from smtpmock.queries.query import Query
    from smtpmock.records.message import MessageRecord
    from smtpmock.stores.base import Entry

MOST_UNMET = 20
"""The most expectations that a mailbox remembers."""

MOST_LATE = 1.0
"""The most seconds to wait for mail that comes too late, before a failure is reported."""


class Unmet(NamedTuple):
    """A wait that gave up, or a check that found too little.

    Attributes:
        kind: "wait" or "check".
        wanted: The object of the search, such as "a message with subject='Welcome'".
        query: The query.
        last: The number of the last record when it ended.
        ended: When it ended, in seconds since the epoch.
        seconds: Its duration.
    """

    kind: Literal["wait", "check"]
    wanted: str
    query: Query
    last: int
    ended: float
    seconds: float = 0.0

    @property
    def end(self) -> str:
        """The end as a part of a sentence, after "the wait" or "the check"."""
        return "had ended" if self.kind == "wait" else "had failed"


def matching(query: Query, entries: Iterable[Entry]) -> Iterator[Entry]:
    """Yield the entries that match, whenever they arrived."""
    for entry in entries:
        try:
            if query.matches(entry):
                yield entry
        except Exception:  # noqa: S112  # a function of the test that cannot examine this message does not match it
            continue


def late(unmet: Iterable[Unmet], entries: Sequence[Entry]) -> dict[int, tuple[Unmet, float]]:
    """Return the mail that came too late, by its number: the expectation that ended last, and by how many seconds."""
    found: dict[int, tuple[Unmet, float]] = {}
    for one in unmet:
        for entry in matching(one.query, (entry for entry in entries if entry.number > one.last)):
            found[entry.number] = (one, max(0.0, entry.record.received - one.ended))
    return found


def format_lateness(seconds: float) -> str:
    """Return seconds for people.

    Example:
        >>> format_lateness(1.04), format_lateness(0.0042)
        ('1.0 s', '0.004 s')
    """
    return f"{seconds:.1f} s" if seconds >= 0.1 else f"{seconds:.3f} s"


def describe(record: MessageRecord) -> str:
    """Return a message in a few words: its subject and whom it is to."""
    subject = escape_controls(shorten(record.content.subject, 100)) or "(no subject)"
    whom = escape_controls(listed(tried_recipients(record), 3)) or "nobody"
    return f"{subject!r} to {whom}"
