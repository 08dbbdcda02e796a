"""Text for people: short, on one line, and without anything that a terminal or a page could take for a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_MOST_LISTED = 40
_MOST_SHOWN = 120
_MOST_OF_AN_ERROR = 1_000

_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}
_ESCAPES.update({ord("\t"): "\\t", ord("\r"): "\\r", ord("\n"): "\\n"})
# Bytes that are not UTF-8, as surrogateescape keeps them.
_ESCAPES.update({code: f"\\x{code - 0xDC00:02x}" for code in range(0xDC80, 0xDD00)})
# What changes the direction of text unseen, what some readers take for the end of a line, and what takes no room.
_UNSEEN = (
    *(0x00AD, 0x061C, 0x180E, 0x200B, 0x200E, 0x200F),
    *(*range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF, *range(0xFFF9, 0xFFFC)),
)
_ESCAPES.update({code: f"\\u{code:04x}" for code in _UNSEEN})
# Other surrogates, which no encoding can write; and the tags, which hide text.
_ESCAPES.update({code: f"\\u{code:04x}" for code in (*range(0xD800, 0xDC80), *range(0xDD00, 0xE000))})
_ESCAPES.update({code: f"\\U{code:08x}" for code in range(0xE0000, 0xE0080)})


def escape_controls(text: str) -> str:
    r"""Return the text with control characters, line ends, and what UTF-8 cannot encode written as escapes.

    Example:
        >>> escape_controls("NOOP \x1b[31m\udcff")
        'NOOP \\x1b[31m\\xff'
    """
    shown = text.translate(_ESCAPES)
    return shown if shown.isascii() else shown.encode("utf-8", "backslashreplace").decode()


def readable(text: str) -> str:
    r"""Return the text with surrogates, which stand for bytes that are not UTF-8, written as ``\xff``.

    Example:
        >>> readable("NOOP \udcff")
        'NOOP \\xff'
    """
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def format_error(error: BaseException) -> str:
    r"""Return the type and the text of an exception that may come from anywhere, on one line.

    Example:
        >>> format_error(ValueError("no\nuser \x1b[31m"))
        'ValueError: no\\nuser \\x1b[31m'
    """
    try:
        text = str(error)
    except Exception:
        text = "(its text cannot be made)"
    return escape_controls(shorten(f"{type(error).__name__}: {text}", _MOST_OF_AN_ERROR))


def shorten(text: str, most: int) -> str:
    """Return the text, cut to at most so many characters, the last of which is then an ellipsis.

    Example:
        >>> shorten("a long story", 7)
        'a long…'
    """
    return text if len(text) <= most else f"{text[: max(most - 1, 0)]}…"


def format_address(host: str, port: int) -> str:
    """Return where a socket is, as people write it: an IPv6 address stands in brackets.

    Example:
        >>> format_address("127.0.0.1", 25), format_address("::1", 25)
        ('127.0.0.1:25', '[::1]:25')
    """
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def pluralize(number: int, singular: str) -> str:
    """Return a number with its noun in singular or plural.

    Example:
        >>> pluralize(1, "message"), pluralize(0, "message")
        ('1 message', '0 messages')
    """
    return f"{number} {singular}{'' if number == 1 else 's'}"


def listed(values: Sequence[str], most: int) -> str:
    """Return values, at most so many, separated by commas.

    Example:
        >>> listed(["a", "b", "c"], 2)
        'a, b and 1 more'
    """
    rest = len(values) - most
    return f"{', '.join(values[:most])} and {rest} more" if rest > 0 else ", ".join(values)


def quote(value: object) -> str:
    """Return a value as it is written in code, shortened if it is long.

    Example:
        >>> quote("smtp"), quote(7)
        ("'smtp'", '7')
    """
    if isinstance(value, str):
        return repr(shorten(value, _MOST_SHOWN))
    try:
        return escape_controls(shorten(repr(value), _MOST_SHOWN))
    except ValueError:  # an integer of more digits than Python writes
        return f"of the type {type(value).__name__}"


def invalid(what: str, value: object, expected: str) -> str:
    """Return the sentence about an invalid value.

    Args:
        what: The name of the value, such as that of a setting.
        value: The invalid value.
        expected: The valid values, in words.

    Example:
        >>> invalid("port", "smtp", "an integer from 0 to 65535")
        "Invalid port 'smtp': expected an integer from 0 to 65535"
    """
    return f"Invalid {what} {quote(value)}: expected {expected}"


def unknown(what: str, name: object, known: Iterable[str], instead: Mapping[str, str] | None = None) -> str:
    """Return the sentence about an unknown word, with the nearest known word or, if none is near, a list of them.

    Args:
        what: The kind of word, such as "setting".
        name: The unknown word.
        known: The words that exist, in the order in which they are listed.
        instead: Words that people may try, with the known word to use.

    Example:
        >>> unknown("setting", "prot", ["host", "port"])
        "Unknown setting 'prot': did you mean 'port'?"
        >>> unknown("setting", "xyz", ["host", "port"])
        "Unknown setting 'xyz': expected host or port"
        >>> unknown("criterion", "bcc", ["recipient", "cc"], {"bcc": "recipient"})
        "Unknown criterion 'bcc': use recipient"
    """
    from difflib import get_close_matches  # takes 3 ms that only a mistake needs

    words = list(known)
    other = (instead or {}).get(name) if isinstance(name, str) else None
    if other in words:
        return f"Unknown {what} {quote(name)}: use {other}"
    by_case = {word.lower(): word for word in words}
    if isinstance(name, str) and (nearest := get_close_matches(name[:_MOST_SHOWN].lower(), by_case, n=1)):
        return f"Unknown {what} {quote(name)}: did you mean {by_case[nearest[0]]!r}?"
    left_out = len(words) - _MOST_LISTED
    and_more = f" and {left_out} more" if left_out > 0 else ""
    return f"Unknown {what} {quote(name)}: expected {alternatives(words[:_MOST_LISTED])}{and_more}"


def alternatives(choices: Sequence[str]) -> str:
    """Return the choices as the end of a sentence about what is expected.

    Example:
        >>> alternatives(["a", "b"]), alternatives(["a", "b", "c"])
        ('a or b', 'one of a, b, c')
    """
    return " or ".join(choices) if len(choices) < 3 else f"one of {', '.join(choices)}"


def format_size(number: int) -> str:
    """Return a number of bytes in a readable form, such as "1.2 kB"."""
    if number < 1000:
        return f"{number} B"
    return f"{number / 1e3:.1f} kB" if number < 1e6 else f"{number / 1e6:.1f} MB"
