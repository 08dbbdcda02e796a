"""The criteria as typed keyword arguments, for type checkers and completion. A test compares them with `CRITERIA`."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Protocol, TypeAlias, TypedDict

from smtpmock.patterns import Expression
from smtpmock.queries.query import Mark
from smtpmock.queries.search import Search

Text: TypeAlias = str | re.Pattern[str] | Expression | Callable[[str], object]
"""A text to be equal or contained, a pattern with ``*``, a compiled expression, or a function of the value."""

Header: TypeAlias = str | Mapping[str, Text]
"""Headers and their values, such as ``{"X-Id": "42"}``; a single one may be a text, such as ``"X-Id: 42"``."""

Size: TypeAlias = int | str | Callable[[int], object]
"""A number of bytes, a comparison such as ``">= 1000"``, or a function of the number."""

Id: TypeAlias = str | Collection[str]
"""The id of a message or a session, or several ids."""


class Numbered(Protocol):
    """A received message, as `since` accepts it."""

    @property
    def number(self) -> int:
        """Its position in the inbox."""


class SessionWords(TypedDict, total=False):
    """The criteria for sessions; see https://smtpmock.github.io/smtpmock/queries/."""

    helo_name: Text
    client: Text
    id: Id
    since: Mark


class QueryWords(TypedDict, total=False):
    """The criteria for messages; see https://smtpmock.github.io/smtpmock/queries/."""

    recipient: Text
    refused_recipient: Text
    sender: Text
    to: Text
    cc: Text
    from_: Text
    subject: Text
    header: Header
    text: Text
    html: Text
    body: Text
    attachment: Text
    link: Text
    helo_name: Text
    client: Text
    user: Text
    size: Size
    id: Id
    search: str | Search
    ignore_case: bool
    accepted: bool | None
    since: Mark | Numbered
