"""The actions that the protocol requests, in order, from whoever has the socket, the clock and the store.

Bytes are to be sent. An `Exchange`, a `Negotiated` or an `Observation` is a fact about the session, to be stored with
it. Two actions are questions: `Keep` and `Count` come last, and the conversation goes on with `Connection.resume`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from smtpmock.records.exchange import Exchange
from smtpmock.records.session import Negotiated, Observation

if TYPE_CHECKING:
    from smtpmock.records.message import MessageRecord
    from smtpmock.records.session import Erasure


class Keep(NamedTuple):
    """A request to store this accepted message; the answer is True if the store has taken it."""

    record: MessageRecord


class Count(NamedTuple):
    """A request to count one more match of a rule; the answer is the number of matches with this key so far.

    It is None if nobody knows: then the rule does not apply.

    Attributes:
        rule_id: The id of the rule.
        key: The key of a separate count; "" if all matches are counted together.
    """

    rule_id: str
    key: str


class Add(NamedTuple):
    """A request to store the record of a failed attempt or of an unfinished transaction; no reply depends on it."""

    record: MessageRecord


class Amend(NamedTuple):
    """A request to replace the record with the same id; a record that was purged meanwhile stays away."""

    record: MessageRecord


class Erase(NamedTuple):
    """A request to remove the record, which its session has erased.

    Attributes:
        record_id: The id of the record.
        erasure: The erasure to store with the session, if the record was there.
    """

    record_id: str
    erasure: Erasure


class Consulted(NamedTuple):
    """A note that rules were asked, and that some of them applied.

    Attributes:
        asked: The ids of the rules that were asked at their stage.
        applied: The ids of those that applied.
    """

    asked: tuple[str, ...]
    applied: tuple[str, ...]


class Wait(NamedTuple):
    """A pause before the next action."""

    seconds: float


class StartTLS(NamedTuple):
    """A request to begin TLS on the connection, with this fault if it is not "", and to report the result."""

    fault: str


class Reset(NamedTuple):
    """A reset of the connection (RST): the client is to see an error, not an end."""


class End(NamedTuple):
    """The end of the session: its record is complete."""


class Close(NamedTuple):
    """A request to send these last bytes, if there are any, and to close the connection."""

    data: bytes = b""


Question: TypeAlias = Keep | Count
"""An action that pauses the conversation until it is answered with `Connection.resume`."""

Fact: TypeAlias = Exchange | Negotiated | Observation
"""The facts that are stored with the session."""

Action: TypeAlias = bytes | Fact | Question | Add | Amend | Erase | Consulted | Wait | StartTLS | Reset | End | Close
