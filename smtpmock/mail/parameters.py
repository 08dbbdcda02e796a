"""The value of a structured field: comments, and the parameters of Content-Type and Content-Disposition."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from smtpmock.mail.charsets import decode

_TOKEN = re.compile(r'\\.|[()";\\]|[^()";\\]+', re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_QUOTED_PAIR = re.compile(r'\\([\\"])')  # a backslash before anything else belongs to a Windows path
_MOST_PARAMETERS = 200
_SECTION = re.compile(r"([^*]+)\*([0-9]{1,4})?(\*)?")


def strip_comments(text: str) -> str:
    r"""Return a structured field without its comments (RFC 5322 section 3.2.2), with single spaces.

    Example:
        >>> strip_comments('a@b (c (d) "e) f "(g)"')
        'a@b f "(g)"'
        >>> strip_comments("never closed (a")
        'never closed (a'
    """
    if "(" in text:
        text = "".join(" " if is_comment else piece for piece, is_comment in _pieces(text))
    return " ".join(text.split())


def _pieces(text: str, *, has_comments: bool = True) -> list[tuple[str, bool]]:
    """Return the pieces of a field, each with True if it is a comment; a ";" outside quotes is a piece of its own."""
    pieces: list[tuple[str, bool]] = []
    kept: list[str] = []
    depth = 0
    quoted = False
    for sign in _TOKEN.findall(text):
        opens = sign == "(" and not quoted and has_comments
        if (opens and not depth) or (sign == ";" and not quoted and not depth):
            pieces.append(("".join(kept), False))
            kept = []
        kept.append(sign)
        if opens or depth:
            depth += opens - (sign == ")")
            if not depth:
                pieces.append(("".join(kept), True))
                kept = []
        elif sign == ";" and not quoted:
            pieces.append((sign, False))
            kept = []
        elif sign == '"':
            quoted = not quoted
    if depth:  # without its end, it is not a comment
        return _pieces(text, has_comments=False)
    return [*pieces, ("".join(kept), False)]


class Parameters:
    """The parameters of a field, by name in lower case.

    A parameter that is split or has a charset (RFC 2231) takes precedence over its plain form, which is provided for
    old readers (RFC 6266 section 4.3).

    Attributes:
        value: The text before the first parameter, in lower case, without comments.
        plain: The parameters that are not encoded as in RFC 2231, unchanged.

    Example:
        >>> parameters = Parameters("attachment; filename=gruen; filename*=utf-8''gr%C3%BCn")
        >>> parameters.value, parameters.get("filename")
        ('attachment', 'grün')
    """

    __slots__ = ("_sections", "plain", "value")

    def __init__(self, text: str) -> None:
        value, *parameters = _split(text)
        self.value = strip_comments(value).lower()
        self.plain: dict[str, str] = {}
        self._sections: dict[str, dict[int | None, tuple[str, bool]]] = {}
        for parameter in parameters:
            name, _, given = parameter.partition("=")
            name = strip_comments(name).lower()
            section = _SECTION.fullmatch(name)
            if section:
                number = int(section[2]) if section[2] else None
                is_encoded = number is None or bool(section[3])
                self._sections.setdefault(section[1], {}).setdefault(number, (given.strip(), is_encoded))
            elif name:
                self.plain.setdefault(name, given.strip())

    def get(self, name: str) -> str | None:
        """Return the value of a parameter, decoded; None if it is missing."""
        plain = self.plain.get(name)
        return self._extended(name) or (None if plain is None else _unquoted(plain))

    def get_token(self, name: str) -> str:
        """Return the value of a parameter that is one word, perhaps followed by a comment; "" if it is missing."""
        value = self.plain.get(name, "")
        return self._extended(name) or _unquoted(value if value.startswith('"') else strip_comments(value))

    def _extended(self, name: str) -> str:
        sections = self._sections.get(name)
        if not sections:
            return ""
        numbers: list[int | None] = [*sorted(number for number in sections if number is not None)]
        if not numbers:
            numbers = [None]
        elif None in sections:
            return ""  # two forms, neither of which is more likely
        charset = ""
        pieces = []
        for number in numbers:
            text, is_encoded = sections[number]
            text = _unquoted(text)
            if is_encoded and number == numbers[0] and text.count("'") > 1:
                charset, _, text = text.split("'", 2)
            pieces.append(unquote_to_bytes(text) if is_encoded else text.encode("utf-8", "replace"))
        return decode(b"".join(pieces), charset, "utf-8", "latin-1")


def _split(text: str) -> list[str]:
    """Return the text split at each ";" outside quotes and comments, as far as the limit of parameters."""
    if "(" not in text and '"' not in text:
        return text.split(";", _MOST_PARAMETERS)[:_MOST_PARAMETERS]
    parts: list[list[str]] = [[]]
    is_named = False  # True once the value has begun, which may be a file name with parentheses
    for piece, is_comment in _pieces(text):
        if piece == ";" and not is_comment:
            if len(parts) == _MOST_PARAMETERS:
                break
            parts.append([])
            is_named = False
        elif not is_comment or is_named:
            parts[-1].append(piece)
            is_named = is_named or "=" in piece
        else:
            parts[-1].append(" ")
    return ["".join(part) for part in parts]


def _unquoted(text: str) -> str:
    """Return the value without quotes; an unquoted value counts as a whole, blanks and parentheses included."""
    found = _QUOTED.match(text)
    return _QUOTED_PAIR.sub(r"\1", found[1]) if found else text


NO_PARAMETERS = Parameters("")
"""Those of a field that is missing."""
