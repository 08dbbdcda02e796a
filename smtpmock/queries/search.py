"""The search language of Mailpit: words that are looked for everywhere, and fields such as `to:` and `is:unread`."""

from __future__ import annotations

import re
from copy import copy
from datetime import datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from smtpmock.errors import QueryError
from smtpmock.text import invalid, quote, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from smtpmock.mail.content import Content
    from smtpmock.records.message import MessageRecord

LONGEST_SEARCH = 4_000
"""The most characters of a search."""

MOST_WORDS = 100
"""The most words of a search."""

_WORD = re.compile(r'(?:[^\s"]|"[^"]*(?:"|\Z))+')
_IGNORED = re.compile(r'[\s<>",;()\ufeff]+')
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)\s?(?:([kmg])b?|b)?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_DATE = re.compile(
    r"""
    (?P<year>\d{4}) (?: [-/](?P<month>\d{1,2}) (?: [-/](?P<day>\d{1,2})
    (?: [T\s](?P<hour>\d{1,2}):(?P<minute>\d\d) (?: :(?P<second>\d\d) (?:[.,](?P<fraction>\d{1,9}))? )?
        \s?(?P<offset>Z|[+-]\d\d:?\d\d)? )? )? )?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_SECONDS = re.compile(r"\d{10}(?:\d{3})?")
_DATES = "a date such as 2026-11-21, a time such as 2026-11-21T10:30:00+01:00, or seconds since 1970"


class Found(Protocol):
    """A record in a store, as a search examines it."""

    @property
    def record(self) -> MessageRecord:
        """The record."""

    @property
    def is_read(self) -> bool:
        """True once it has been marked as read."""

    @property
    def tags(self) -> tuple[str, ...]:
        """Its tags."""


class SearchTerm(NamedTuple):
    """A term of a search.

    Attributes:
        field: The field, such as "to", "is:unread" or "larger"; "" for a word that is looked for everywhere.
        value: The text to find, in the form in which it is compared; a number of bytes; milliseconds since the epoch.
        is_negated: True if it must not hold.
    """

    field: str
    value: str | int = ""
    is_negated: bool = False


class Search:
    """A search in the language of Mailpit; https://smtpmock.github.io/smtpmock/mailpit/ lists its fields.

    Two are equal if they search for the same.

    Args:
        text: The words, separated by spaces; all of them must hold.
        tz: The time zone of the times in `before:` and `after:` that name none, such as "Europe/Berlin"; "" for UTC.

    Attributes:
        text: The search as it was given.
        terms: Its terms.

    Raises:
        QueryError: If the search is empty or too long, a field has no value or an invalid one, or the time zone is
            unknown.

    Example:
        >>> Search('to:bob@example.com -subject:"Order 7" is:unread').terms[1]
        SearchTerm(field='subject', value='order 7', is_negated=True)
    """

    __slots__ = ("_words", "terms", "text")

    def __init__(self, text: str, tz: str = "") -> None:
        if not isinstance(text, str) or len(text) > LONGEST_SEARCH:
            raise QueryError(invalid("search", text, f"a text of at most {LONGEST_SEARCH} characters"))
        zone = _zone(tz)
        words = (word.replace('"', "").strip() for word in _WORD.findall(text))
        self.text = text
        self._words = tuple(word for word in words if word)
        if len(self._words) > MOST_WORDS:
            raise QueryError(invalid("search", text, f"at most {MOST_WORDS} words"))
        self.terms = tuple(_term(word, zone) for word in self._words)
        if not self.terms:
            raise QueryError(invalid("search", text, "at least one word"))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Search) and self.terms == other.terms

    def __hash__(self) -> int:
        return hash(self.terms)

    def __and__(self, other: Search) -> Search:
        """Return a search for what both find."""
        both = copy(self)
        both.text = f"{self.text} {other.text}"
        both._words = (*self._words, *other._words)
        both.terms = (*self.terms, *other.terms)
        return both

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Search({self.text!r})"

    def matches(self, found: Found) -> bool:
        """Return True if all terms hold for a record."""
        return all(_holds(term, found) for term in self.terms)

    def failed(self, found: Found) -> list[str]:
        """Return the words that do not hold for a record."""
        return [word for word, term in zip(self._words, self.terms, strict=True) if not _holds(term, found)]


def created(record: MessageRecord) -> int:
    """Return when a message was received, in milliseconds since the epoch."""
    return to_milliseconds(datetime.fromtimestamp(record.received, timezone.utc))


def to_milliseconds(moment: datetime) -> int:
    """Return a moment in milliseconds since the epoch."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


# Parsing.


def _zone(name: str) -> tzinfo:
    if not name:
        return timezone.utc
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):  # "America" is a folder, "../x" no name
        raise QueryError(unknown("time zone", name, sorted(available_timezones()) or ["UTC"])) from None


def _term(word: str, zone: tzinfo) -> SearchTerm:
    is_negated = len(word) > 1 and word[0] in "-!"
    asked = word[1:] if is_negated else word
    field, colon, value = asked.partition(":")
    field, value = field.lower(), value.strip()
    flag = _FLAGS.get(asked.lower())
    if flag is not None:
        return SearchTerm(flag, "", is_negated)
    if not colon or field not in _PARSERS:
        return SearchTerm("", _some(_plain(asked), word), is_negated)
    return SearchTerm(field, _PARSERS[field](value, word, zone), is_negated)


def _some(value: str, word: str) -> str:
    """Return the value; an empty one would match everything."""
    if not value:
        raise QueryError(f"Invalid word {quote(word)} in the search: expected letters or digits to search for")
    return value


def _plain(text: str) -> str:
    """Return a text without what searches ignore: case, line ends, and the punctuation around addresses."""
    return _IGNORED.sub(" ", text).strip().casefold()


def _exact(text: str) -> str:
    return text.casefold()


def _text(normal: Callable[[str], str]) -> Callable[[str, str, tzinfo], str]:
    return lambda value, word, _: _some(normal(value), word)


def _size(value: str, word: str, _: tzinfo) -> int:
    found = _SIZE.fullmatch(value)
    if found is None:
        raise QueryError(f"Invalid word {quote(word)} in the search: expected a size such as 1000, 20k or 1.5M")
    return int(float(found[1]) * _UNITS[(found[2] or "").lower()])


def _time(text: str, word: str, zone: tzinfo) -> int:
    """Return a time in milliseconds since the epoch."""
    found = _DATE.fullmatch(text.strip())
    if _SECONDS.fullmatch(text):
        return int(text) * (1000 if len(text) == 10 else 1)
    try:
        return _moment(found, zone) if found else _standard_moment(text, zone)
    except (ArithmeticError, LookupError, TypeError, ValueError):
        what = word.lstrip("-!").partition(":")[0].lower()
        raise QueryError(invalid(f"{what} in the search", text, _DATES)) from None


def _moment(found: re.Match[str], zone: tzinfo) -> int:
    part = found.groupdict()
    numbers = [int(part[name] or lowest) for name, lowest in _LOWEST.items()]
    fraction = int((part["fraction"] or "").ljust(3, "0")[:3])
    if part["offset"]:
        sign, digits = part["offset"][0], part["offset"][1:].replace(":", "")
        minutes = int(digits[:2]) * 60 + int(digits[2:]) if digits else 0
        zone = timezone(timedelta(minutes=-minutes if sign == "-" else minutes))
    return to_milliseconds(datetime(*numbers, tzinfo=zone)) + fraction  # type: ignore[misc,arg-type]  # mypy cannot count


_LOWEST = {"year": 1, "month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0}


def _standard_moment(text: str, zone: tzinfo) -> int:
    """Return the moment that a date as in a mail means (RFC 5322 section 3.3)."""
    from email.utils import parsedate_to_datetime

    moment = parsedate_to_datetime(text)
    return to_milliseconds(moment if moment.tzinfo else moment.replace(tzinfo=zone))


_PARSERS: Mapping[str, Callable[[str, str, tzinfo], str | int]] = {
    **dict.fromkeys(("to", "from", "cc", "bcc", "reply-to", "addressed"), _text(_plain)),
    **dict.fromkeys(("subject", "message-id", "tag"), _text(_exact)),
    **dict.fromkeys(("larger", "smaller"), _size),
    **dict.fromkeys(("before", "after"), _time),
}

_FLAGS = {
    **{name: name for name in ("is:read", "is:unread", "is:tagged", "has:attachment", "has:inline")},
    "has:attachments": "has:attachment",
    "has:inlines": "has:inline",
}


# Matching.


def _holds(term: SearchTerm, found: Found) -> bool:
    return _TESTS[term.field](term.value, found) != term.is_negated


def _addresses(*names: str) -> Callable[[Any, Found], bool]:
    def test(value: Any, found: Found) -> bool:
        content = found.record.content
        return _contains(value, (f"{name} {address}" for field in names for name, address in content.addresses(field)))

    return test


def _bcc(value: Any, found: Found) -> bool:
    content = found.record.content
    return _addresses("bcc")(value, found) or _contains(value, content.bcc(found.record.recipients))


def _contains(value: Any, texts: Iterable[str]) -> bool:
    return any(value in _plain(text) for text in texts)


def _anywhere(value: Any, found: Found) -> bool:
    record = found.record
    return value in record.content.remember("searched", lambda: _searched(record.content)) or _contains(
        value, (record.sender, *record.recipients)
    )


def _searched(content: Content) -> str:
    """Return the text in which words are looked for, one line for each field."""
    headers = content.headers
    fields = (value for name in ("from", "subject", "to", "cc", "bcc", "reply-to") for value in headers.get_all(name))
    names = (attachment.name for attachment in content.attachments)
    return "\n".join(map(_plain, (*fields, content.text, content.html_text, *names)))


def message_id(content: Content) -> str:
    """Return the Message-ID without its brackets; "" if the mail has none."""
    return content.headers.get("message-id").strip("<> \t")


def _has_attachment(_: Any, found: Found) -> bool:
    return any(not attachment.is_inline for attachment in found.record.content.attachments)


def _has_inline(_: Any, found: Found) -> bool:
    return any(attachment.is_inline for attachment in found.record.content.attachments)


_TESTS: Mapping[str, Callable[[Any, Found], bool]] = {
    "": _anywhere,
    "to": _addresses("to"),
    "from": _addresses("from"),
    "cc": _addresses("cc"),
    "bcc": _bcc,
    "reply-to": _addresses("reply-to"),
    "addressed": lambda value, found: _addresses("to", "from", "cc", "reply-to")(value, found) or _bcc(value, found),
    "subject": lambda value, found: value in found.record.content.subject.casefold(),
    "message-id": lambda value, found: value in message_id(found.record.content).casefold(),
    "tag": lambda value, found: any(value in tag.casefold() for tag in found.tags),
    "is:read": lambda _, found: found.is_read,
    "is:unread": lambda _, found: not found.is_read,
    "is:tagged": lambda _, found: bool(found.tags),
    "has:attachment": _has_attachment,
    "has:inline": _has_inline,
    "before": lambda value, found: created(found.record) <= value,
    "after": lambda value, found: created(found.record) >= value,
    "larger": lambda value, found: len(found.record.content.raw) > value,
    "smaller": lambda value, found: len(found.record.content.raw) < value,
}
"""The test of each field, given the value of the term and a record."""
