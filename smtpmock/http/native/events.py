"""Events as server-sent events (HTML Living Standard, section 9.2)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Generic, TypeVar

from smtpmock.http.events import MOST_EVENTS
from smtpmock.http.native.operations import Answer, Operation
from smtpmock.http.native.words import seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from smtpmock.http.context import Context
    from smtpmock.http.events import Gatherer, Reader
    from smtpmock.http.native.operations import Call

R = TypeVar("R", bound="Reader | Gatherer")

KEEP_ALIVE_SECONDS = 15.0
"""The seconds without an event after which a comment is sent, by which a client that has gone is noticed."""

LONGEST_INTERVAL = 10.0
"""The most seconds between two groups of events."""

_RETRY_MILLISECONDS = 1_000
_INTERVAL = seconds(
    "interval",
    "Gather events: at most one of each kind, messages, sessions and rules, in so many seconds, with all that has "
    "happened since the last",
    LONGEST_INTERVAL,
)


class _Stream(ABC, Generic[R]):
    """A stream of what a reader is told, until its client leaves or the server stops.

    Args:
        context: The context of the HTTP interface.
        open_reader: The function that returns the reader.
    """

    def __init__(self, context: Context, open_reader: Callable[[], R]) -> None:
        with ExitStack() as opened:
            opened.enter_context(context.stream())
            self._reader = opened.enter_context(closing(open_reader()))
            self._opened = opened.pop_all()

    def __iter__(self) -> Iterator[bytes]:
        """Yield the text, in parts."""
        yield self._beginning()
        while True:
            text = self._read()
            if text:
                yield text
            elif self._reader.is_closed:
                return
            else:
                yield b":\n\n"

    def close(self) -> None:
        """Leave."""
        self._opened.close()

    def _beginning(self) -> bytes:
        return b"retry: %d\n\n" % _RETRY_MILLISECONDS

    @abstractmethod
    def _read(self) -> bytes:
        """Return the text of what is told next; nothing after a time, or if there will be nothing more."""


class EventStream(_Stream["Reader"]):
    """A stream of events.

    Args:
        context: The context of the HTTP interface.
        last_id: The id of the last event that the client knows; "" if it knows none.
    """

    def __init__(self, context: Context, last_id: str) -> None:
        super().__init__(context, lambda: context.events.open(last_id))
        self._has_begun = bool(last_id)

    def _beginning(self) -> bytes:
        # The id, in case that the stream is cut off before the first event.
        known = b"" if self._has_begun else b"id: %b\n\n" % self._reader.last_id.encode()
        return super()._beginning() + known

    def _read(self) -> bytes:
        events = self._reader.read(KEEP_ALIVE_SECONDS)
        if events is None:
            return b"id: %b\nevent: reset\ndata: {}\n\n" % self._reader.last_id.encode()
        prefix = self._reader.last_id.rpartition("-")[0]
        return "".join(
            f"id: {prefix}-{number}\nevent: {topic}\ndata: {text}\n\n" for number, topic, _, _, text in events
        ).encode()


class GatheredStream(_Stream["Gatherer"]):
    """A stream of what has happened, in groups.

    Args:
        context: The context of the HTTP interface.
        interval: The least seconds between two groups of the same kind.
    """

    def __init__(self, context: Context, interval: float) -> None:
        super().__init__(context, lambda: context.events.gather(interval))

    def _read(self) -> bytes:
        groups = self._reader.read(KEEP_ALIVE_SECONDS)
        return "".join(f"event: {name}\ndata: {text}\n\n" for name, text in groups).encode()


def _events(call: Call) -> Answer:
    interval = call.values.get("interval")
    if interval is None:
        return Answer(EventStream(call.context, call.header("Last-Event-ID")), "text/event-stream")
    return Answer(GatheredStream(call.context, interval), "text/event-stream")


OPERATIONS = (
    Operation(
        "GET",
        "/events",
        "Follow what happens, as server-sent events: message, session, purge, rule. With the header Last-Event-ID, "
        f"those since an event, if it is one of the last {MOST_EVENTS:,}; else the first is reset",
        _events,
        "text/event-stream",
        (_INTERVAL,),
        problems=(503,),
    ),
)
