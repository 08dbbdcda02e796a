"""The criteria as typed keyword arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias, TypedDict

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping

    from smtpmock.queries.query import Mark

    Text: TypeAlias = str | re.Pattern[str] | Callable[[str], object]
    """A text that is contained, a pattern with ``*``, a compiled expression, or a function of the value."""


class Numbered(Protocol):
    """A received message, as `since` takes it."""

    @property
    def number(self) -> int:
        """Its place in the inbox."""


class SessionWords(TypedDict, total=False):
    """What can be asked of sessions."""

    client: Text
    helo_name: Text
    since: Mark


class ContentWords(TypedDict, total=False):
    """What can be asked of messages, whatever their outcome."""

    recipient: Text
    refused_recipient: Text
    sender: Text
    subject: Text
    header: str | Mapping[str, Text]
    text: Text
    html: Text
    attachment: Text
    link: Text
    helo_name: Text
    client: Text
    user: Text
    size: int | str | Callable[[int], object]
    since: Mark | Numbered


class QueryWords(ContentWords, total=False):
    """What can be asked of messages."""

    accepted: bool | None
