"""Text for people: short, in one line, and without what a terminal or a page could take for a command."""

from __future__ import annotations

_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}
_ESCAPES.update({ord("\t"): "\\t", ord("\r"): "\\r", ord("\n"): "\\n"})
# Bytes that are not UTF-8, as surrogateescape keeps them; and what some readers take for the end of a line.
_ESCAPES.update({code: f"\\x{code - 0xDC00:02x}" for code in range(0xDC80, 0xDD00)})
_ESCAPES.update({code: f"\\u{code:04x}" for code in (0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))})


def escaped(text: str) -> str:
    r"""The text with control characters, line ends and bytes that are no text written as escapes.

    Example:
        >>> escaped("NOOP \x1b[31m\udcff")
        'NOOP \\x1b[31m\\xff'
    """
    return text.translate(_ESCAPES)


def shortened(text: str, most: int) -> str:
    """The text, or its beginning and an ellipsis, in so many characters at most.

    Example:
        >>> shortened("a long story", 7)
        'a long…'
    """
    return text if len(text) <= most else f"{text[: max(most - 1, 0)]}…"


def counted(number: int, singular: str) -> str:
    """A number of things.

    Example:
        >>> counted(1, "message"), counted(0, "message")
        ('1 message', '0 messages')
    """
    return f"{number} {singular}{'' if number == 1 else 's'}"
