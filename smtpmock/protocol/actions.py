"""What the protocol wants done, in this order, by whoever has the socket, the clock and the inbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from smtpmock.messages.message import Message, Record


class Wait:
    """Wait these seconds before going on."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __repr__(self) -> str:
        return f"Wait({self.seconds!r})"


class Keep:
    """Let the inbox show this message for the record: as a new one, or in place of what it showed."""

    __slots__ = ("message", "record")

    def __init__(self, record: Record, message: Message) -> None:
        self.record = record
        self.message = message

    def __repr__(self) -> str:
        return f"Keep({self.message!r})"


class Erase:
    """Take the record out of the inbox: its session has erased it."""

    __slots__ = ("record",)

    def __init__(self, record: Record) -> None:
        self.record = record

    def __repr__(self) -> str:
        return f"Erase({self.record.message!r})"


class End:
    """The session has ended: its record is complete."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "End()"


class StartTLS:
    """Begin TLS on the connection, with this fault if there is one; then tell the protocol."""

    __slots__ = ("fault",)

    def __init__(self, fault: str) -> None:
        self.fault = fault

    def __repr__(self) -> str:
        return f"StartTLS({self.fault!r})"


class Reset:
    """Reset the connection (RST): the client is to see an error, not an end."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Reset()"


class Close:
    """Send these last bytes, if there are any, and close the connection."""

    __slots__ = ("data",)

    def __init__(self, data: bytes = b"") -> None:
        self.data = data

    def __repr__(self) -> str:
        return f"Close({self.data!r})"


Action: TypeAlias = bytes | Wait | Keep | Erase | StartTLS | End | Reset | Close
"""What to do; bytes are to be sent."""
