"""The types of settings: the valid values, and their conversion from text."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from smtpmock.rfc.extensions import EXTENSIONS as _EXTENSIONS
from smtpmock.rfc.extensions import MECHANISMS as _MECHANISMS
from smtpmock.rfc.extensions import complete
from smtpmock.text import alternatives

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_DELAY = 31_536_000.0
"""The longest delay or timeout, in seconds: a year."""

TLS_FAULTS = ("expired", "wrong-host", "unknown-authority", "refuse", "cut", "reject", "hide")
"""The faults that TLS can have: in the certificate (the first three), in the handshake (refused, or the connection cut
during it), or in the offer of STARTTLS (the command refused, or STARTTLS not offered)."""

_HIGHEST = 2**63 - 1

_SECONDS_TEXT = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*([a-z]*)")
_UNITS = {
    **dict.fromkeys(("", "s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("ms", "millis", "millisecond", "milliseconds"), 0.001),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3600.0),
}
_TRUE = frozenset(("true", "t", "yes", "y", "on", "1"))
_FALSE = frozenset(("false", "f", "no", "n", "off", "0"))
_REPLY_LINES = re.compile(r"([0-9]{3})-[^\r\n]*\r\n(?:\1-[^\r\n]*\r\n)*\1(?: [^\r\n]*)?")  # RFC 5321 section 4.2

_STORE = re.compile(r"memory:|sqlite:///.+|redis://.+")
_PASSWORD = re.compile(r"(//[^/@:]*:).*(@)")


class ValueType:
    """The type of a setting.

    Attributes:
        expected: The valid values, in the words that end an error ("expected …").
        check: A function that returns the value as it is kept, or raises `ValueError` if it is invalid.
        parse: A function that converts text, as on the command line; it raises `ValueError` if the text is invalid.
        metavar: The placeholder for the value in the help of the command; "" for a switch, whose value is optional.
        zero_is_default: True if the empty value (0 or "") stands for the default.
        is_secret: True if values must not be shown.
        shown: A function that returns a value as it may be shown.
    """

    def __init__(
        self,
        expected: str,
        check: Callable[[Any], Any],
        parse: Callable[[str], Any] = str,
        *,
        metavar: str = "",
        zero_is_default: bool = False,
        is_secret: bool = False,
        shown: Callable[[Any], Any] = lambda value: value,
    ) -> None:
        self.expected = expected
        self.check = check
        self.parse = parse
        self.metavar = metavar
        self.zero_is_default = zero_is_default
        self.is_secret = is_secret
        self.shown = shown


def _parse_switch(text: str) -> bool:
    word = text.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError(text)


def parse_seconds(text: str) -> float:
    """Return the seconds in a text such as ``0.2``, ``200 ms`` or ``1 min``.

    Raises:
        ValueError: If the text is not a duration.
    """
    match = _SECONDS_TEXT.fullmatch(text.strip().lower())
    if match is None or match[2] not in _UNITS:
        raise ValueError(text)
    return float(match[1]) * _UNITS[match[2]]


def _parse_list(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.split(",") if item.strip())


def _integer(lowest: int, highest: int) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(value)
        if not lowest <= value <= highest:
            raise ValueError(value)
        return value

    return check


def _count(value: Any) -> int | None:
    return _integer(0, _HIGHEST)(value) or None if value is not None else None


def _optional_port(value: Any) -> int | None:
    return None if value is None else _integer(0, 65535)(value)


def _address(value: Any) -> str:
    """Check an address with a port; an IPv6 address stands in brackets."""
    if value is None or value == "":
        return ""
    host, colon, port = _line(value).rpartition(":")
    if not host or not colon or not port.isascii() or not port.isdigit() or not 0 < int(port[:6]) <= 65535:
        raise ValueError(value)
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        raise ValueError(value)
    return str(value)


def _login(value: Any) -> str:
    """Check a user and a password, as in Basic authentication: the user has no colon (RFC 7617)."""
    if value is None or value == "":
        return ""
    user, colon, _ = _line(value).partition(":")
    if not user or not colon:
        raise ValueError("not shown")
    return str(value)


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
    if not isinstance(value, str) or "\0" in value:
        raise ValueError(value)
    value.encode("utf-8", "surrogateescape")  # text that cannot be sent is a ValueError, too
    return value


def _line(value: Any) -> str:
    text = _text(value)
    if "\r" in text or "\n" in text:
        raise ValueError(value)
    return text


def _reply(value: Any) -> str:
    text = _text(value)
    return text if _REPLY_LINES.fullmatch(text) else _line(text)


def _strings(value: Any) -> tuple[str, ...]:
    if isinstance(value, str | bytes):
        raise ValueError(value)
    try:
        items = tuple(value)
    except TypeError as error:
        raise ValueError(value) from error
    if not all(isinstance(item, str) for item in items):
        raise ValueError(value)
    return items


def _age(value: Any) -> float | None:
    return _seconds(value) or None if value is not None else None


def _store(value: Any) -> str:
    """Check the URL of a store."""
    url = _line(value)
    if url and not _STORE.fullmatch(url):
        raise ValueError(value)
    return url


def _without_password(value: Any) -> Any:
    return _PASSWORD.sub(r"\1***\2", value) if isinstance(value, str) else value


def _one_of(*choices: str) -> ValueType:
    """Return the type of settings that have one of several words as value, or are empty."""

    def check(value: Any) -> str:
        if value is None or value == "":
            return ""
        if value not in choices:
            raise ValueError(value)
        return str(value)

    return ValueType(alternatives(choices), check, metavar="|".join(choices))


def _some_of(*choices: str, every: str = "") -> ValueType:
    """Return the type of settings that have a list of words as value; the word `every` stands for all of them."""

    def check(value: Any) -> tuple[str, ...]:
        if every and value in (every, (every,)):
            return choices
        names = {choice.upper(): choice for choice in choices}
        try:
            return tuple(names[item.upper()] for item in _strings(value))
        except KeyError as error:
            raise ValueError(value) from error

    all_or = f"{every!r} or " if every else ""
    metavar = f"A,B,…|{every}" if every else "A,B,…"
    return ValueType(f"{all_or}a list of any of {', '.join(choices)}", check, _parse_list, metavar=metavar)


def _extensions(listed: ValueType) -> ValueType:
    """Return the type of a list of extensions, to which those that they require are added."""
    return ValueType(listed.expected, lambda value: complete(listed.check(value)), listed.parse, metavar=listed.metavar)


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


_SECONDS = f"a number of seconds from 0 to {LONGEST_DELAY:.0f}"

HOST = ValueType("an address or a host name", _line, zero_is_default=True, metavar="HOST")
PORT = ValueType("an integer from 0 to 65535", _integer(0, 65535), int, metavar="PORT")
OPTIONAL_HOST = ValueType("an address or a host name", _line, metavar="HOST")
ADDRESS = ValueType("an address or a host name with a port, as host:port", _address, metavar="HOST:PORT")
OPTIONAL_PORT = ValueType("an integer from 0 to 65535, or None", _optional_port, int, metavar="PORT")
SWITCH = ValueType("true or false", _switch, _parse_switch)
SECONDS = ValueType(_SECONDS, _seconds, parse_seconds, metavar="SECONDS")
TIMEOUT = ValueType(_SECONDS, _seconds, parse_seconds, zero_is_default=True, metavar="SECONDS")
BYTES = ValueType("a non-negative integer", _integer(0, _HIGHEST), int, zero_is_default=True, metavar="BYTES")
NAMES = ValueType("a list of strings", _strings, _parse_list, metavar="A,B,…")
AGE = ValueType(
    f"{_SECONDS} (0 for no limit)",
    _age,
    parse_seconds,
    metavar="SECONDS",
)
STORE = ValueType(
    "memory:, sqlite:///file.db (sqlite:////absolute/path/file.db) or redis://host:6379/0",
    _store,
    zero_is_default=True,
    metavar="URL",
    shown=_without_password,
)
COUNT = ValueType("a non-negative integer (0 for no limit)", _count, int, metavar="COUNT")
PROFILE = ValueType("the name of a profile, or the path of its file", _line, metavar="NAME|FILE")
PATH = ValueType("the path of a file", _line, metavar="FILE")
CIPHERS = ValueType("a cipher list in OpenSSL's format", _line, metavar="CIPHERS")
EXTENSIONS = _extensions(_some_of(*_EXTENSIONS, every="all"))
TLS_MODE = _one_of("starttls", "implicit")
TLS_VERSION = _one_of("TLSv1.2", "TLSv1.3")
TLS_FAULT = _one_of(*TLS_FAULTS)
CLIENT_CERTIFICATE = _one_of("optional", "required")
ACCOUNTS = ValueType(
    "'any', or users with their passwords (user:password,… as text; a mapping or a function in Python)",
    _accounts,
    _parse_accounts,
    is_secret=True,
    metavar="USER:PASSWORD,…|any",
)
LOGIN = ValueType("a user and a password, as user:password", _login, is_secret=True, metavar="USER:PASSWORD")
MECHANISMS = _some_of(*_MECHANISMS)
OPTIONAL_SWITCH = ValueType("true, false or None", _optional_switch, _parse_switch)
REPLY = ValueType(
    "one line of text, or a complete reply of several lines", _reply, zero_is_default=True, metavar="TEXT"
)
