"""Changes of a store or of rules, and those who are told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

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
        number: The number of the message that was added, accepted, amended or dropped; else 0. The oldest is dropped.
        is_accepted: True if that message is accepted.
    """

    topic: Topic
    action: str
    ids: tuple[str, ...]
    number: int = 0
    is_accepted: bool = False


class Callbacks(dict[object, "Callable[[Change], object]"]):
    """The functions that are called with each change; a dictionary, because it is cheap to ask if it is empty."""

    def add(self, callback: Callable[[Change], object]) -> Callable[[], None]:
        """Call a function with each change; return a function that ends this."""
        key = object()
        self[key] = callback

        def unsubscribe() -> None:
            self.pop(key, None)

        return unsubscribe

    def call(self, topic: Topic, action: str, ids: tuple[str, ...], number: int = 0, is_accepted: bool = False) -> None:
        """Call the functions with a change."""
        change: Change = tuple.__new__(Change, (topic, action, ids, number, is_accepted))  # its own takes 0.3 us more
        for callback in tuple(self.values()):
            callback(change)
