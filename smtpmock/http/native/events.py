"""Events as server-sent events (HTML Living Standard, section 9.2)."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from smtpmock.http.events import MOST_EVENTS
from smtpmock.http.native.operations import Answer, Operation
from smtpmock.http.native.words import seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from smtpmock.http.context import Context
    from smtpmock.http.events import Event, Reader
    from smtpmock.http.native.operations import Call

KEEP_ALIVE_SECONDS = 15.0
"""The seconds without an event after which a comment is sent, by which a client that has gone is noticed."""

LONGEST_INTERVAL = 10.0
"""The most seconds between two groups of events."""

_RETRY_MILLISECONDS = 1_000
_BEGINNING = b"retry: %d\n\n" % _RETRY_MILLISECONDS
_KEEP_ALIVE = b":\n\n"
_INTERVAL = seconds(
    "interval",
    "Gather events: at most one of each kind, messages, sessions and rules, in so many seconds, with all that has "
    "happened since the last",
    LONGEST_INTERVAL,
)


class EventStream:
    """A stream of events, until its client leaves or the server stops.

    Args:
        context: The context of the HTTP interface.
        last_id: The id of the last event that the client knows; "" if it knows none.
    """

    def __init__(self, context: Context, last_id: str) -> None:
        with ExitStack() as opened:
            opened.enter_context(context.stream())
            self._reader = opened.enter_context(closing(context.events.open(last_id)))
            self._opened = opened.pop_all()
        self._has_begun = bool(last_id)

    def __iter__(self) -> Iterator[bytes]:
        """Yield the text, in parts."""
        reader = self._reader
        yield _BEGINNING
        if not self._has_begun:
            yield b"id: %b\n\n" % reader.last_id.encode()  # in case that it is cut off before the first event
        while True:
            events = reader.read(KEEP_ALIVE_SECONDS)
            if events is None:
                yield b"id: %b\nevent: reset\ndata: {}\n\n" % reader.last_id.encode()
            elif events:
                yield _text(reader, events)
            elif reader.is_closed:
                return
            else:
                yield _KEEP_ALIVE

    def close(self) -> None:
        """Leave."""
        self._opened.close()


class GatheredStream:
    """A stream of what has happened, in groups, until its client leaves or the server stops.

    Args:
        context: The context of the HTTP interface.
        interval: The least seconds between two groups of the same kind.
    """

    def __init__(self, context: Context, interval: float) -> None:
        with ExitStack() as opened:
            opened.enter_context(context.stream())
            self._gatherer = opened.enter_context(closing(context.events.gather(interval)))
            self._opened = opened.pop_all()

    def __iter__(self) -> Iterator[bytes]:
        """Yield the text, in parts."""
        gatherer = self._gatherer
        yield _BEGINNING
        while True:
            groups = gatherer.read(KEEP_ALIVE_SECONDS)
            if groups:
                yield "".join(f"event: {name}\ndata: {text}\n\n" for name, text in groups).encode()
            elif gatherer.is_closed:
                return
            else:
                yield _KEEP_ALIVE

    def close(self) -> None:
        """Leave."""
        self._opened.close()


def _text(reader: Reader, events: Sequence[Event]) -> bytes:
    prefix = reader.last_id.rpartition("-")[0]
    return "".join(
        f"id: {prefix}-{number}\nevent: {topic}\ndata: {text}\n\n" for number, topic, _, _, text in events
    ).encode()


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
