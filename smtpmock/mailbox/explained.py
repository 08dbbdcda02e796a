"""The explanation of an expectation that failed, from what a backend has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpmock.queries.query import Query
from smtpmock.runtime import hub
from smtpmock.text import format_error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smtpmock.mailbox.backend import Backend
    from smtpmock.stores.base import Entry


def explained(
    backend: Backend, headline: str, query: Query, entries: Sequence[Entry] | None = None, outside: str = ""
) -> str:
    """Return the text for a failed expectation, even if no descriptor is left.

    Args:
        backend: The backend that knows what happened.
        headline: One sentence that says what was expected and what happened instead.
        query: The query that was not satisfied.
        entries: The records to show; None for all.
        outside: A sentence about what the backend leaves out; "" if that is nothing.
    """
    try:
        return _explained(backend, headline, query, entries, outside)
    except (OSError, ImportError):  # no descriptor is left
        pass
    try:
        with hub.spare_descriptor():
            return _explained(backend, headline, query, entries, outside)
    except (OSError, ImportError) as error:
        return f"{headline} (no explanation: {format_error(error)})"


def _explained(backend: Backend, headline: str, query: Query, entries: Sequence[Entry] | None, outside: str) -> str:
    # With the verdict: a test that passes needs neither.
    from smtpmock.reports.explanation import explain
    from smtpmock.reports.facts import ServerFacts

    shown = backend.select(Query({}, accepted=None)) if entries is None else entries
    facts = ServerFacts(backend.address, shown, backend.sessions(), backend.dropped, outside=outside)
    earlier = backend.select(query.since(0)) if query.after else []
    return explain(headline, facts, query, [entry for entry in earlier if entry.number <= query.after])
