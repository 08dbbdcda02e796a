"""The facts about a server that reports are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from smtpmock.text import escape_controls

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smtpmock.reports.unmet import Unmet
    from smtpmock.stores.base import Entry, SessionEntry


class ServerFacts(NamedTuple):
    """The mail and the sessions of a server, perhaps since a moment only.

    Attributes:
        address: Its address.
        entries: Its records.
        sessions: Its sessions.
        dropped: The number of messages dropped because of `max_messages` or `max_bytes`.
        name: Its name in the test; "" if it has none.
        unmet: The expectations of the test that were not met.
        outside: A sentence about the mail that a scope leaves out; "" if there is none.
    """

    address: str
    entries: Sequence[Entry]
    sessions: Sequence[SessionEntry]
    dropped: int = 0
    name: str = ""
    unmet: Sequence[Unmet] = ()
    outside: str = ""

    @property
    def title(self) -> str:
        """The name and the address."""
        return f"{escape_controls(self.name)} ({self.address})" if self.name else self.address
