"""Changes: what store and rules tell those who listen."""

from __future__ import annotations

from typing import Literal, NamedTuple

Topic = Literal["message", "session", "purge", "rule"]


class Change(NamedTuple):
    """Something that has just happened at a server.

    Attributes:
        topic: The kind of thing that it happened to: "message", "session", "purge" (messages that are there no more) or
            "rule".
        action: What happened. A message was "added", "accepted" (after an attempt that failed), "amended" (its session
            went on) or "updated" (its read flag or its tags); a session "began" or "ended"; messages were "purged",
            "erased" by their session or "dropped" because of a bound, or "all" were purged; a rule was "added",
            "applied" or "removed".
        ids: The ids of what it happened to.
    """

    topic: Topic
    action: str
    ids: tuple[str, ...]
