"""A part of a mail: its header, its content and its own parts. splitter.py creates them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from smtpmock.mail.addresses import addresses_in
from smtpmock.mail.charsets import decode
from smtpmock.mail.encoded_words import decode_words
from smtpmock.mail.parameters import NO_PARAMETERS, Parameters, strip_comments
from smtpmock.mail.transfer_encodings import decode_base64, decode_quoted_printable, decode_uuencoded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from smtpmock.mail.addresses import Address

_LONGEST_ENCODING = 200

_NAME = r"[!#-'*+.0-9A-Z^-~-]+"
_MEDIA_TYPE = re.compile(rf"{_NAME}/{_NAME}", re.IGNORECASE)  # anything else counts as text (RFC 2045 section 5.2)
_FOLD = re.compile(r"[\r\n]+[ \t]")

_DECODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "base64": decode_base64,
    "quoted-printable": decode_quoted_printable,
    **dict.fromkeys(("x-uuencode", "uuencode", "uue", "x-uue"), decode_uuencoded),
}


class Part:
    """A part of a mail, or the whole mail. Whatever cannot be parsed counts as missing.

    Attributes:
        raw_fields: The fields of the header, in order, each with its name and the text after the colon.
        parts: The parts of a multipart.
        level: The number of multiparts around it.
        declared_type: The declared media type in lower case, or the default.
        is_closed: True if a multipart was ended by its delimiter, or its end is unknown.
        has_separator: True if an empty line, or the end of the part, follows the header.
    """

    __slots__ = (
        "_end",
        "_fields",
        "_known",
        "_longest_value",
        "_raw",
        "_start",
        "declared_type",
        "has_separator",
        "is_closed",
        "level",
        "parts",
        "raw_fields",
    )

    def __init__(self, raw: bytes, level: int = 0, default_type: str = "text/plain") -> None:
        self._raw = raw
        self._start = self._end = len(raw)
        self._fields: dict[str, list[bytes]] | None = None
        self._known: dict[str, Parameters] = {}
        self._longest_value = 0
        self.declared_type = default_type
        self.raw_fields: list[tuple[bytes, bytes]] = []
        self.parts: list[Part] = []
        self.level = level
        self.is_closed = False
        self.has_separator = True

    def get_all(self, name: str) -> list[str]:
        """Return the fields with a name, given in lower case, unfolded."""
        return [_readable(value) for value in self._values(name)]

    def get(self, name: str) -> str:
        """Return the first field with a name, given in lower case, unfolded; "" if it is missing."""
        values = self._values(name)
        return _readable(values[0]) if values else ""

    def count(self, name: str) -> int:
        """Return the number of fields with a name, given in lower case."""
        return len(self._values(name))

    def _values(self, name: str) -> Sequence[bytes]:
        if self._fields is None:
            fields: dict[str, list[bytes]] = {}
            for known, value in self.raw_fields:
                fields.setdefault(known.decode("ascii").lower(), []).append(value)
            self._fields = fields
        return self._fields.get(name, ())

    @property
    def fields(self) -> Iterator[tuple[str, str]]:
        """The header fields as (name, value) pairs, decoded."""
        return ((name.decode("ascii"), decode_words(_readable(value))) for name, value in self.raw_fields)

    @property
    def undecoded_fields(self) -> Iterator[tuple[str, str]]:
        """The header fields as (name, value) pairs, unfolded, with their encoded words as they are."""
        return ((name.decode("ascii"), _readable(value)) for name, value in self.raw_fields)

    def addresses(self, *names: str) -> tuple[str, ...]:
        """Return the bare addresses in the fields with these names, groups flattened (RFC 5322 §3.4)."""
        return tuple(address for _, address in self.named_addresses(*names))

    def named_addresses(self, *names: str) -> tuple[Address, ...]:
        """Return the addresses in the fields with these names, with display names, groups flattened."""
        return tuple(addresses_in(value for name in names for value in self.get_all(name)))

    def walk(self) -> Iterator[Part]:
        """Yield the part and all parts in it, in order."""
        yield self
        for part in self.parts:
            yield from part.walk()

    @property
    def leaves(self) -> list[Part]:
        """The parts that are not multiparts, in order."""
        return [part for part in self.walk() if not part.parts]

    def numbered_leaves(self, prefix: str = "") -> Iterator[tuple[str, Part]]:
        """Yield the parts that are not multiparts, each with its number as in IMAP (RFC 9051 section 6.4.5)."""
        if not self.parts:
            yield prefix or "1", self
        for place, part in enumerate(self.parts, 1):
            yield from part.numbered_leaves(f"{prefix}.{place}" if prefix else str(place))

    @property
    def content_type(self) -> Parameters:
        """The Content-Type with its parameters."""
        return self._parameters("content-type")

    @property
    def disposition(self) -> Parameters:
        """The Content-Disposition with its parameters."""
        return self._parameters("content-disposition")

    def _parameters(self, name: str) -> Parameters:
        if name not in self._known:
            value = self.get(name)[: self._longest_value]
            self._known[name] = Parameters(value) if value else NO_PARAMETERS
        return self._known[name]

    @property
    def type(self) -> str:
        """The media type of a leaf; a multipart that could not be split counts as text, so that nothing is lost."""
        kind = self.declared_type
        return "text/plain" if kind.startswith("multipart/") else kind

    @property
    def charset(self) -> str:
        """The declared charset in lower case; "" if none is declared."""
        return self.content_type.get_token("charset").lower()

    @property
    def boundary(self) -> str:
        """The declared boundary; "" if none is declared."""
        return self.content_type.get_token("boundary").rstrip()

    @property
    def encoding(self) -> str:
        """The transfer encoding in lower case; "" if none is declared."""
        return strip_comments(self.get("content-transfer-encoding")[:_LONGEST_ENCODING]).lower()

    @property
    def name(self) -> str:
        """The file name, decoded."""
        name = self.disposition.get("filename")
        return decode_words((self.content_type.get("name") or "") if name is None else name).strip()

    @property
    def id(self) -> str:
        """The Content-ID without angle brackets."""
        return self.get("content-id").strip("<> \t")

    @property
    def is_inline(self) -> bool:
        """True if the part is declared as inline, or is referred to by its Content-ID and not an attachment."""
        return self.disposition.value == "inline" or (self.disposition.value != "attachment" and bool(self.id))

    @property
    def is_attachment(self) -> bool:
        """True if the part is declared as an attachment, is not text, or has a file name."""
        return self.disposition.value == "attachment" or not self.type.startswith("text/") or bool(self.name)

    @property
    def body(self) -> bytes:
        """The bytes after the header, as they were sent."""
        return self._raw[self._start : self._end]

    @property
    def content(self) -> bytes:
        """The content, with its transfer encoding decoded as far as possible."""
        decoder = _DECODERS.get(self.encoding)
        return decoder(self.body) if decoder else self.body

    @property
    def text(self) -> str:
        r"""The content as text with "\n" line ends."""
        return decode(self.content, self.charset, "utf-8").replace("\r\n", "\n")

    def open(self, start: int, longest_value: int, *, has_separator: bool) -> int:
        """Record where the body begins, once the header is known.

        Args:
            start: The index of its first byte.
            longest_value: The most characters to read of a field that describes the part.
            has_separator: True if an empty line follows the header.

        Returns:
            The number of characters that are read of all these fields.
        """
        self._start = start
        self._longest_value = longest_value
        self.has_separator = has_separator
        if self._values("content-type"):
            kind = (self.content_type.value.split() or [""])[0]
            self.declared_type = kind if _MEDIA_TYPE.fullmatch(kind) else "text/plain"
        values = (*self._values("content-type")[:1], *self._values("content-disposition")[:1])
        return sum(min(len(value), longest_value) for value in values)

    def close(self, end: int) -> None:
        """Record where the body ends."""
        self._end = max(end, self._start)
        self.has_separator = self.has_separator or self._start >= end


def _readable(value: bytes) -> str:
    """Return a field unfolded (RFC 5322 §2.2.3) and decoded, be it raw 8-bit text."""
    return _FOLD.sub(" ", decode(value, "utf-8", "latin-1")).strip()
