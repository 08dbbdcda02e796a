"""Decoding bytes in the charset that a mail declares."""

from __future__ import annotations

from functools import cache, lru_cache

_LONGEST_NAME = 40
# Codecs of Python that are not charsets: some warn about their input, some take quadratic time.
_NOT_CHARSETS = ("escape", "idna", "punycode", "undefined")


def decode(data: bytes, *charsets: str) -> str:
    r"""Return the data decoded in the first charset that fits, or as UTF-8 with replacement characters.

    Example:
        >>> decode(b"\xe4", "no-charset", "latin-1")
        'ä'
    """
    for charset in charsets:
        codec = codec_of(charset)
        if not codec:
            continue
        try:
            text = data.decode(codec)
        except (LookupError, ValueError):  # a codec of another system, or not for text; undecodable bytes
            continue
        return text.encode("utf-8", "replace").decode() if codec == "utf_7" else text  # it may give lone surrogates
    return data.decode("utf-8", "replace")


@lru_cache(256)
def codec_of(charset: str) -> str:
    """Return the name of Python's codec module for a charset; "" for a charset that Python does not know.

    Python's codec registry is not used, because it keeps every name that it is asked for and is slow for unknown
    ones.

    Example:
        >>> codec_of("UTF8"), codec_of("iso-8859-1"), codec_of("x-own")
        ('utf_8', 'latin_1', '')
    """
    from encodings import normalize_encoding
    from encodings.aliases import aliases

    if not charset.isascii() or len(charset) > _LONGEST_NAME:
        return ""
    name = normalize_encoding(charset).lower()
    codec = aliases.get(name) or aliases.get(name.replace(".", "_")) or name
    return codec if codec in _codecs() else ""


@cache
def _codecs() -> frozenset[str]:
    import encodings
    from pkgutil import iter_modules

    names = (module.name for module in iter_modules(encodings.__path__))
    return frozenset(name for name in names if not any(word in name for word in _NOT_CHARSETS))
