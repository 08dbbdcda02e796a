"""Rows of a file that were fetched, but are made into records only when somebody looks at them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

from smtpmock.errors import StoreError
from smtpmock.stores.sqlite.rows import entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from smtpmock.stores.base import Entry


class UnreadEntries(Sequence["Entry"]):
    """The records of a session: equal to the tuple of them, and pickled as it.

    Most readers of a session look at its dialogue only, and to make its records takes longer than all the rest.

    Args:
        rows: Their rows, with the columns `ENTRY`.
    """

    __slots__ = ("_entries", "_rows")

    def __init__(self, rows: Sequence[tuple[Any, ...]]) -> None:
        self._rows = rows
        self._entries: tuple[Entry, ...] = ()

    def _all(self) -> tuple[Entry, ...]:
        rows = self._rows
        if rows:
            self._entries = tuple(map(_made, rows))
            self._rows = ()  # last: another thread that still sees the rows makes equal ones
        return self._entries

    def __len__(self) -> int:
        return len(self._rows) or len(self._entries)

    @overload
    def __getitem__(self, place: int) -> Entry: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Entry, ...]: ...

    def __getitem__(self, place: int | slice) -> Entry | tuple[Entry, ...]:
        return self._all()[place]

    def __eq__(self, other: object) -> bool:
        return self._all() == (other._all() if isinstance(other, UnreadEntries) else other)

    def __hash__(self) -> int:
        return hash(self._all())

    def __repr__(self) -> str:
        return repr(self._all())

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return tuple, (self._all(),)


def _made(row: tuple[Any, ...]) -> Entry:
    try:
        return entry(row)
    except ValueError as error:
        raise StoreError(f"Cannot read message {row[0]} of the store: {error}") from None
