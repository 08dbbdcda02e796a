"""What the protocol wants done, in this order, by whoever has the socket, the clock and the store.

Bytes are to be sent. An `Exchange`, a `Negotiated` or an `Observation` is a fact about the session, to be stored with
it. Two actions are questions: `Keep` and `Count` stand last, and the conversation goes on with `Connection.answered`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from smtpmock.records.exchange import Exchange
from smtpmock.records.session import Negotiated, Observation

if TYPE_CHECKING:
    from smtpmock.records.message import MessageRecord
    from smtpmock.records.session import Erasure


class Keep(NamedTuple):
    """Store this accepted message; the answer says whether the store has taken it."""

    record: MessageRecord


class Count(NamedTuple):
    """Count one more match of a rule; the answer is the number of matches with this key so far.

    Attributes:
        rule_id: The id of the rule.
        key: What is counted apart; "" if nothing is.
    """

    rule_id: str
    key: str


class Add(NamedTuple):
    """Store the record of an attempt that failed, or of what the session ends with; no reply depends on it."""

    record: MessageRecord


class Amend(NamedTuple):
    """Store the record in place of the one with its id; a record that was purged meanwhile stays away."""

    record: MessageRecord


class Erase(NamedTuple):
    """Take the record out again: its session has erased it.

    Attributes:
        record_id: The id of the record.
        erasure: What to store with the session, if the record was there.
    """

    record_id: str
    erasure: Erasure


class Consulted(NamedTuple):
    """Note that rules were asked, and that some of them applied.

    Attributes:
        asked: The ids of the rules that were asked at their stage.
        applied: The ids of those that applied.
    """

    asked: tuple[str, ...]
    applied: tuple[str, ...]


class Wait(NamedTuple):
    """Wait before going on."""

    seconds: float


class StartTLS(NamedTuple):
    """Begin TLS on the connection, with this fault if it is not ""; then tell the protocol."""

    fault: str


class Reset(NamedTuple):
    """Reset the connection (RST): the client is to see an error, not an end."""


class End(NamedTuple):
    """The session has ended: its record is complete."""


class Close(NamedTuple):
    """Send these last bytes, if there are any, and close the connection."""

    data: bytes = b""


Question: TypeAlias = Keep | Count
"""An action that the conversation waits for: it is answered with `Connection.answered`."""

Fact: TypeAlias = Exchange | Negotiated | Observation
"""What is stored with the session."""

Action: TypeAlias = bytes | Fact | Question | Add | Amend | Erase | Consulted | Wait | StartTLS | Reset | End | Close
