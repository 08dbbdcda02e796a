"""The words in which messages are asked for, everywhere: in Python, in Robot Framework, in rules.

A word is declared once, in `CRITERIA`: what it looks at in a message, and how its value is compared.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from smtpmock.errors import QueryError
from smtpmock.patterns import glob, has_wildcard
from smtpmock.rfc.grammar import address_key
from smtpmock.text import unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from smtpmock.messages.message import Message
    from smtpmock.records.session import Session

    Matcher = Callable[[Any], bool]
    """Tells whether a value is what was asked for."""

_SIZE = re.compile(r"\s*(<=|>=|<|>|==?)?\s*(\d+)\s*")
_TEXT_ALLOWED = "a text, a pattern with *, a compiled regular expression or a function"


class Mark(NamedTuple):
    """A moment in the life of an inbox, for `since`.

    Attributes:
        message: The number of the last record that had appeared.
        session: The number of the last session that had begun.
    """

    message: int
    session: int


def match_text(wanted: Any) -> Matcher | None:
    """Texts: a plain one is contained, a pattern with * is the whole; None if that cannot be asked for."""
    if isinstance(wanted, str):
        if has_wildcard(wanted):
            return glob(wanted)
        return lambda value: wanted in value
    return _match_anything(wanted)


def match_address(wanted: Any) -> Matcher | None:
    """Addresses: a plain one is equal, the domain without regard to case (RFC 5321 section 2.4)."""
    if isinstance(wanted, str):
        if has_wildcard(wanted) and "@" not in wanted:
            return match_name(wanted)  # of either part, or of both
        key = address_key(wanted)
        if has_wildcard(wanted):
            whole = glob(key)
            return lambda value: whole(address_key(value))
        return lambda value: address_key(value) == key
    return _match_anything(wanted)


def match_name(wanted: Any) -> Matcher | None:
    """Host names and network addresses: a plain one is equal without regard to case."""
    if isinstance(wanted, str):
        key = wanted.lower()
        if has_wildcard(wanted):
            whole = glob(key)
            return lambda value: whole(value.lower())
        return lambda value: value.lower() == key
    return _match_anything(wanted)


def match_text_exactly(wanted: Any) -> Matcher | None:
    """Names of users: a plain one is equal."""
    if isinstance(wanted, str) and not has_wildcard(wanted):
        return lambda value: bool(value == wanted)
    return match_text(wanted)


def match_size(wanted: Any) -> Matcher | None:
    """Numbers of bytes: a number is equal; a text may compare, as in ``>= 1000``."""
    if isinstance(wanted, str):
        found = _SIZE.fullmatch(wanted)
        if found is None:
            return None
        limit, compare = int(found[2]), _COMPARISONS[found[1] or "="]
        return lambda value: compare(value, limit)
    if isinstance(wanted, int) and not isinstance(wanted, bool):
        return lambda value: bool(value == wanted)
    return wanted if callable(wanted) else None


_COMPARISONS: Mapping[str, Callable[[int, int], bool]] = {
    "=": int.__eq__,
    "==": int.__eq__,
    "<": int.__lt__,
    "<=": int.__le__,
    ">": int.__gt__,
    ">=": int.__ge__,
}


def _match_anything(wanted: Any) -> Matcher | None:
    if isinstance(wanted, re.Pattern):
        return lambda value: wanted.search(value) is not None
    return wanted if callable(wanted) else None


class Criterion(NamedTuple):
    """A word to ask with.

    Attributes:
        values: What it looks at in a message: one value, or several of which one has to match.
        matcher: Makes a matcher of what is wanted; None if that cannot be asked for.
        allowed: What can be asked for, as the end of a sentence.
    """

    values: Callable[[Message], Iterable[Any]]
    matcher: Callable[[Any], Matcher | None]
    allowed: str = _TEXT_ALLOWED


CRITERIA: Mapping[str, Criterion] = {
    "recipient": Criterion(lambda message: message.recipients, match_address),
    "sender": Criterion(lambda message: (message.sender,), match_address),
    "subject": Criterion(lambda message: (message.subject,), match_text),
    "text": Criterion(lambda message: (message.text,), match_text),
    "html": Criterion(lambda message: (message.html,), match_text),
    "attachment": Criterion(lambda message: [found.name for found in message.attachments], match_text),
    "link": Criterion(lambda message: message.links, match_text),
    "helo_name": Criterion(lambda message: (message.helo_name,), match_name),
    "client": Criterion(lambda message: (message.client,), match_name),
    "user": Criterion(lambda message: (message.user,) if message.user else (), match_text_exactly),
    "size": Criterion(
        lambda message: (len(message.raw),),
        match_size,
        "a number of bytes, a comparison as in '>= 1000', or a function",
    ),
}
"""The words that look at one thing in a message. Besides them there are header, consistent and since."""

WORDS = (*CRITERIA, "header", "consistent", "since")


class Condition(NamedTuple):
    """A part of a query.

    Attributes:
        word: The word, as it is shown: "recipient", "header X-Id".
        wanted: What was asked for.
        values: What it looks at in a message.
        matches: Whether a value is what was asked for.
    """

    word: str
    wanted: Any
    values: Callable[[Message], Iterable[Any]]
    matches: Matcher

    def holds(self, message: Message) -> bool:
        """Whether a message has what was asked for."""
        return any(map(self.matches, self.values(message)))


class Query:
    """What is asked of messages.

    Args:
        words: What is asked for, by criterion.
        consistent: Which records are meant if the words do not say: the accepted ones (True), the others (False),
            or all (None).

    Attributes:
        conditions: What has to hold for a message.
        consistent: Which records are meant.
        after: The number of the last record that is not meant.
        keys: What can be looked up: the address keys of "recipient" and "sender" where they are plain addresses.

    Raises:
        QueryError: If a criterion is unknown or its value cannot be asked for.

    Example:
        >>> str(Query({"recipient": "bob@example.com", "subject": "Welcome*"}))
        "recipient='bob@example.com', subject='Welcome*'"
    """

    __slots__ = ("after", "conditions", "consistent", "keys")

    def __init__(self, words: Mapping[str, Any], *, consistent: bool | None = True) -> None:
        self.consistent = consistent
        self.after = 0
        self.conditions: list[Condition] = []
        self.keys: dict[str, str] = {}
        for word, wanted in words.items():
            if word == "consistent":
                self.consistent = _consistent(wanted)
            elif word == "since":
                self.after = _after(wanted)
            elif word == "header":
                self.conditions.extend(_headers(wanted))
            elif word in CRITERIA:
                criterion = CRITERIA[word]
                matcher = _matcher(word, wanted, criterion)
                self.conditions.append(Condition(word, wanted, criterion.values, matcher))
                if criterion.matcher is match_address and isinstance(wanted, str) and not has_wildcard(wanted):
                    self.keys[word] = address_key(wanted)
            else:
                raise QueryError(unknown("criterion", word, WORDS))

    def __str__(self) -> str:
        return ", ".join(f"{condition.word}={shown(condition.wanted)}" for condition in self.conditions)

    def matches(self, message: Message) -> bool:
        """Whether a message is what was asked for."""
        return self.means(message) and all(condition.holds(message) for condition in self.conditions)

    def means(self, message: Message) -> bool:
        """Whether it is a record of the kind that is meant, whatever is in it."""
        return message.number > self.after and self.consistent in (None, message.is_consistent)

    def failed(self, message: Message) -> list[Condition]:
        """What was asked for and the message has not."""
        return [condition for condition in self.conditions if not condition.holds(message)]


class SessionQuery:
    """What is asked of sessions: `client` and `helo_name` as of messages, and `since`.

    Args:
        words: What is asked for, by criterion.

    Attributes:
        conditions: What has to hold for a session.

    Raises:
        QueryError: If a criterion is unknown or its value cannot be asked for.
    """

    __slots__ = ("_after", "conditions")

    _VALUES: Mapping[str, Callable[[Session], Iterable[Any]]] = {
        "client": lambda session: (session.client,),
        "helo_name": lambda session: (session.helo_name,),
    }

    def __init__(self, words: Mapping[str, Any]) -> None:
        self._after = 0
        self.conditions: list[tuple[str, Any, Matcher]] = []
        for word, wanted in words.items():
            if word == "since":
                self._after = _session_after(wanted)
            elif word in self._VALUES:
                self.conditions.append((word, wanted, _matcher(word, wanted, CRITERIA[word])))
            else:
                raise QueryError(unknown("criterion", word, (*self._VALUES, "since")))

    def __str__(self) -> str:
        return ", ".join(f"{word}={shown(wanted)}" for word, wanted, _ in self.conditions)

    def matches(self, session: Session) -> bool:
        """Whether a session is what was asked for."""
        return session.id > self._after and all(
            any(map(matches, self._VALUES[word](session))) for word, _, matches in self.conditions
        )


def shown(wanted: Any) -> str:
    """What was asked for, for people."""
    if isinstance(wanted, re.Pattern):
        return f"/{wanted.pattern}/"
    return getattr(wanted, "__name__", "a function") if callable(wanted) else repr(wanted)


def _matcher(word: str, wanted: Any, criterion: Criterion) -> Matcher:
    matcher = criterion.matcher(wanted)
    if matcher is None:
        raise QueryError(f"The criterion {word} cannot be {wanted!r}: allowed is {criterion.allowed}.")
    return matcher


def _headers(wanted: Any) -> Iterable[Condition]:
    for name, value in _header_items(wanted):
        criterion = Criterion(lambda message, name=name: message.headers.get_all(name), match_text)  # type: ignore[misc]
        yield Condition(f"header {name}", value, criterion.values, _matcher(f"header {name}", value, criterion))


def _header_items(wanted: Any) -> Iterable[tuple[str, Any]]:
    """Names and values of a dictionary, or of a text like ``X-Id: 42``."""
    if isinstance(wanted, str) and ":" in wanted:
        name, _, value = wanted.partition(":")
        return [(name.strip(), value.strip())]
    if hasattr(wanted, "items") and all(isinstance(name, str) for name in wanted):
        return wanted.items()  # type: ignore[no-any-return]
    raise QueryError(
        f"The criterion header cannot be {wanted!r}: allowed is a dictionary, as in {{'X-Id': '42'}}, or 'X-Id: 42'."
    )


def conditions_of(words: Mapping[str, Any]) -> list[tuple[str, Matcher]]:
    """The words with their matchers, for values that do not come from a message.

    The matcher of header takes all headers, every other one a value.

    Raises:
        QueryError: If a value cannot be asked for.
    """
    conditions: list[tuple[str, Matcher]] = []
    for word, wanted in words.items():
        if word == "header":
            conditions += [(word, _in_headers(condition)) for condition in _headers(wanted)]
        else:
            conditions.append((word, _matcher(word, wanted, CRITERIA[word])))
    return conditions


def _in_headers(condition: Condition) -> Matcher:
    name = condition.word.partition(" ")[2]
    return lambda headers: any(map(condition.matches, headers.get_all(name)))


def _consistent(wanted: Any) -> bool | None:
    if wanted is None or isinstance(wanted, bool):
        return wanted
    raise QueryError(f"The criterion consistent cannot be {wanted!r}: allowed is True, False, or None for both.")


def _after(wanted: Any) -> int:
    if isinstance(wanted, Mark):
        return wanted.message
    number = getattr(wanted, "number", None)
    if isinstance(number, int):
        return number
    raise QueryError(f"The criterion since cannot be {wanted!r}: allowed is a mark or a received message.")


def _session_after(wanted: Any) -> int:
    if isinstance(wanted, Mark):
        return wanted.session
    raise QueryError(f"The criterion since cannot be {wanted!r}: allowed is a mark.")
