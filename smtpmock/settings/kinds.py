"""What the value of a setting may be, and how text becomes one."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from smtpmock.rfc.extensions import EXTENSIONS as _EXTENSIONS
from smtpmock.rfc.extensions import MECHANISMS as _MECHANISMS
from smtpmock.rfc.extensions import complete

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_DELAY = 31_536_000.0
"""The most seconds that a delay or timeout may last: a year."""

TLS_FAULTS = ("expired", "wrong-host", "unknown-authority", "refuse", "cut", "reject", "hide")
"""What can be wrong with TLS: the certificate, the handshake (refused, or the connection cut in it), or the offer of
STARTTLS (refused when it is taken, or not made)."""

_SECONDS_TEXT = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*([a-z]*)")
_UNITS = {
    **dict.fromkeys(("", "s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("ms", "millis", "millisecond", "milliseconds"), 0.001),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3600.0),
}
_TRUE = frozenset(("true", "t", "yes", "y", "on", "1"))
_FALSE = frozenset(("false", "f", "no", "n", "off", "0"))


class Kind:
    """What the values of a setting may be, and how text becomes one.

    Attributes:
        allowed: What is allowed, as the end of a sentence.
        check: Returns the value as it is kept; raises `ValueError` where it is not allowed.
        parse: Makes a value of text, as from the command line; raises `ValueError` where it cannot.
        zero_is_default: Whether the empty value (0 or "") stands for the default.
        is_secret: Whether a value must not be shown.
    """

    def __init__(
        self,
        allowed: str,
        check: Callable[[Any], Any],
        parse: Callable[[str], Any] = str,
        *,
        zero_is_default: bool = False,
        is_secret: bool = False,
    ) -> None:
        self.allowed = allowed
        self.check = check
        self.parse = parse
        self.zero_is_default = zero_is_default
        self.is_secret = is_secret


def _parse_switch(text: str) -> bool:
    word = text.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError(text)


def parse_seconds(text: str) -> float:
    """The seconds in a text like ``0.2``, ``200 ms`` or ``1 min``.

    Raises:
        ValueError: If it is none.
    """
    match = _SECONDS_TEXT.fullmatch(text.strip().lower())
    if match is None or match[2] not in _UNITS:
        raise ValueError(text)
    return float(match[1]) * _UNITS[match[2]]


def _parse_list(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.split(",") if item.strip())


def _whole(lowest: int, highest: int | None) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(value)
        if value < lowest or (highest is not None and value > highest):
            raise ValueError(value)
        return value

    return check


def _count(value: Any) -> int | None:
    return _whole(0, None)(value) or None if value is not None else None


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(value)
    return value


def _seconds(value: Any) -> float:
    if hasattr(value, "total_seconds"):  # a timedelta
        value = value.total_seconds()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(value)
    if not 0 <= value <= LONGEST_DELAY or math.isnan(value):
        raise ValueError(value)
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\r" in value or "\n" in value or "\0" in value:
        raise ValueError(value)
    value.encode("utf-8", "surrogateescape")  # what cannot be sent is a ValueError as well
    return value


def _addresses(value: Any) -> tuple[str, ...]:
    if isinstance(value, str | bytes):
        raise ValueError(value)
    try:
        items = tuple(value)
    except TypeError as error:
        raise ValueError(value) from error
    if not all(isinstance(item, str) for item in items):
        raise ValueError(value)
    return items


def _one_of(*choices: str) -> Kind:
    """A setting that is one of several words, or nothing."""

    def check(value: Any) -> str:
        if value is None or value == "":
            return ""
        if value not in choices:
            raise ValueError(value)
        return str(value)

    return Kind(f"one of {', '.join(choices)}, or nothing", check)


def _some_of(*choices: str, every: str = "") -> Kind:
    """A setting that is a list of words; the word `every` stands for all of them."""

    def check(value: Any) -> tuple[str, ...]:
        if every and value in (every, (every,)):
            return choices
        names = {choice.upper(): choice for choice in choices}
        try:
            return tuple(names[item.upper()] for item in _addresses(value))
        except KeyError as error:
            raise ValueError(value) from error

    begin = f'"{every}" or ' if every else ""
    return Kind(f"{begin}a list of some of {', '.join(choices)}", check, _parse_list)


def _extensions(kind: Kind) -> Kind:
    """A list of extensions, with those that they bring along."""
    return Kind(kind.allowed, lambda value: complete(kind.check(value)), kind.parse)


def _optional_switch(value: Any) -> bool | None:
    return None if value is None else _switch(value)


def _accounts(value: Any) -> Any:
    if value is None or value == "any" or callable(value):
        return value
    if hasattr(value, "items") and all(isinstance(name, str) for name in value):
        return dict(value)
    raise ValueError("not shown")


def _parse_accounts(text: str) -> Any:
    if text == "any":
        return text
    pairs = [item.partition(":") for item in _parse_list(text)]
    if not pairs or not all(user and colon for user, colon, _ in pairs):
        raise ValueError("not shown")
    return {user: secret for user, _, secret in pairs}


_SECONDS_ALLOWED = f"a number of seconds from 0 to {LONGEST_DELAY:.0f}"

HOST = Kind("an address or a host name, as text without line breaks", _text, zero_is_default=True)
PORT = Kind("a whole number from 0 to 65535", _whole(0, 65535), int)
SWITCH = Kind("true or false", _switch, _parse_switch)
SECONDS = Kind(_SECONDS_ALLOWED, _seconds, parse_seconds)
TIMEOUT = Kind(_SECONDS_ALLOWED, _seconds, parse_seconds, zero_is_default=True)
BYTES = Kind("a whole number of bytes, 0 or more", _whole(0, None), int, zero_is_default=True)
NAMES = Kind("a list of texts (on the command line separated by commas)", _addresses, _parse_list)
COUNT = Kind("a whole number; 0 or nothing for no bound", _count, int)
PATH = Kind("the path of a file", _text)
CIPHERS = Kind("a list of ciphers in OpenSSL's form", _text)
EXTENSIONS = _extensions(_some_of(*_EXTENSIONS, every="all"))
TLS_MODE = _one_of("starttls", "implicit")
TLS_VERSION = _one_of("TLSv1.2", "TLSv1.3")
TLS_FAULT = _one_of(*TLS_FAULTS)
CLIENT_CERTIFICATE = _one_of("optional", "required")
ACCOUNTS = Kind(
    '"any", a function, or users with their passwords or tokens (as text user:password,…)',
    _accounts,
    _parse_accounts,
    is_secret=True,
)
MECHANISMS = _some_of(*_MECHANISMS)
OPTIONAL_SWITCH = Kind("true or false, or nothing", _optional_switch, _parse_switch)
REPLY = Kind("one line of text", _text, zero_is_default=True)
