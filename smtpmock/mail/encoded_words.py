"""Encoded words (RFC 2047): non-ASCII text in a header."""

from __future__ import annotations

import re
from binascii import Error, a2b_base64, a2b_qp

from smtpmock.mail.charsets import decode

_WORD = r"=\?{}\?{}\?{}\?="
_TEXT = r"(?:(?!=\?[^=])[ -~])*?"  # an unterminated word ends before the next
_ONE = re.compile(_WORD.format(r"([^?\s]+)", "([bq])", f"({_TEXT})"), re.IGNORECASE)
_ANY = _WORD.format(r"[^?\s]+", "[bq]", _TEXT)
_RUN = re.compile(rf"{_ANY}(?:\s+{_ANY}){{0,99}}", re.IGNORECASE)


def decode_words(value: str) -> str:
    """Return a header value with its encoded words decoded, on one line.

    Example:
        >>> decode_words("=?utf-8?q?Caf=C3=A9?= au lait")
        'Café au lait'
    """
    if "=?" in value:
        value = _RUN.sub(_decode_run, value)
    return " ".join(value.splitlines())


def _decode_run(run: re.Match[str]) -> str:
    """Decode adjacent words together: a character may begin in one word and end in the next."""
    words = _ONE.findall(run[0])
    charsets: list[str] = []
    texts: list[bytes] = []
    for name, encoding, text in words:
        try:
            data = a2b_qp(text, header=True) if encoding in "qQ" else a2b_base64(f"{text}==")
        except Error:  # base64 of an invalid length
            return run[0]
        charset = name.partition("*")[0].lower()  # a language may follow (RFC 2231 section 5)
        if len(words) == 1:
            return decode(data, charset, "utf-8")
        if charsets and charsets[-1] == charset:
            texts[-1] += data
        else:
            charsets.append(charset)
            texts.append(data)
    return "".join(decode(data, charset, "utf-8") for data, charset in zip(texts, charsets, strict=True))
