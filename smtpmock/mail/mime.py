"""The parts of a mail, read by the standard `email` package; importing this module imports that package.

`Part` is the package's `Message` with three manners of its own: what it cannot read counts as missing instead of
raising, a part that is a message stays the exact bytes it is, and what is nested too deep stays unread.
"""

from __future__ import annotations

import re
from contextlib import suppress
from email import errors, header, message_from_bytes, utils
from email.message import Message
from email.policy import Compat32
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = r"[!#-'*+.0-9A-Z^-~-]+"
_MEDIA_TYPE = re.compile(rf"{_NAME}/{_NAME}", re.IGNORECASE)  # what is none counts as text (RFC 2045 section 5.2)

_DEPTH = 20  # of multiparts, whose boundaries the package all compares with each line; and of forwarded mails

_LONGEST_PARAMETERS = 2000  # the package takes quadratic time for them
_WORD = r"=\?[^?\s]+\?[bq]\?(?:(?!=\?[^=])[ -~])*?\?="  # an open one ends before the next
_WORDS = re.compile(rf"{_WORD}(?:\s+{_WORD}){{0,99}}", re.IGNORECASE)


def decode(data: bytes, *charsets: str) -> str:
    r"""Decode by the first charset that fits, or as UTF-8 with replacements.

    >>> decode(b"\xe4", "no-charset", "latin-1")
    'ä'
    """
    for charset in charsets:
        # Python codecs that no mail means: some warn about their input, some take quadratic time for it.
        if any(word in charset.lower() for word in ("escape", "idna", "punycode")):
            continue
        try:
            text = data.decode(charset)
        except (LookupError, ValueError):  # unknown charset, a NUL in its name, bytes that it does not have
            continue
        return text.encode("utf-8", "replace").decode()  # UTF-7 may give lone surrogates
    return data.decode("utf-8", "replace")


def decode_words(value: str) -> str:
    """Decode the encoded words of a header value (RFC 2047), in one line.

    >>> decode_words("=?utf-8?q?Caf=C3=A9?= au lait")
    'Café au lait'
    """
    return " ".join(_WORDS.sub(_decode_run, value).splitlines())


def _decode_run(run: re.Match[str]) -> str:
    try:
        words = header.decode_header(run[0])
    except errors.HeaderParseError:  # base64 of an impossible length
        return run[0]
    # RFC 2231 §5 lets a language follow the charset.
    return "".join(decode(data, (name or "").partition("*")[0], "utf-8", "latin-1") for data, name in words)


def _readable(value: str) -> str:
    """Unfold a field (RFC 5322 §2.2.3) that the parser kept with surrogates for its raw 8-bit text."""
    text = decode(value.encode("ascii", "surrogateescape"), "utf-8", "latin-1")
    return re.sub(r"[\r\n]+[ \t]", " ", text).strip()


class _Policy(Compat32):
    def header_fetch_parse(self, name: str, value: str) -> str:
        structured = name.lower() in ("content-type", "content-disposition")
        return _readable(value)[: _LONGEST_PARAMETERS if structured else None]


class Part(Message):
    """One part of a mail, or the whole of it."""

    _depth = 0
    _type = ""

    def attach(self, payload: Any) -> None:
        """Take in a part; the parser does so before it reads it."""
        payload._depth = self._depth + 1
        super().attach(payload)

    def get_content_type(self) -> str:
        """Return the type as the parser is to see it, which takes apart every message and multipart."""
        if not self._type:  # kept: each part asks its parent
            kind = super().get_content_type().split()[0]
            self._type = kind if _MEDIA_TYPE.fullmatch(kind) else "text/plain"
        opaque = self._type.startswith("message/") or self._depth >= _DEPTH
        return "application/octet-stream" if opaque else self._type

    def get_param(self, param: str, failobj: Any = None, header: str = "content-type", unquote: bool = True) -> Any:
        """Return the parameter as text, also if its charset is nonsense."""
        try:
            value = super().get_param(param, failobj, header, unquote)
        except (TypeError, ValueError):  # RFC 2231 pieces of which some have no number, or one of 4301 digits
            return failobj
        if isinstance(value, tuple):
            charset, _, text = value
            return decode(text.encode("raw-unicode-escape"), charset or "", "utf-8", "latin-1")
        return value

    @property
    def fields(self) -> Iterator[tuple[str, str]]:
        """The header fields as (name, value), decoded."""
        return ((name, decode_words(_readable(value))) for name, value in self.raw_items())

    def addresses(self, *names: str) -> tuple[str, ...]:
        """Return the bare addresses in the fields of these names, groups flattened (RFC 5322 §3.4)."""
        # The strict mode drops a whole list for one broken address.
        mode = {"strict": False} if getattr(utils, "supports_strict_parsing", False) else {}
        found: list[str] = []
        for value in (value for name in names for value in self.get_all(name, [])):
            # Broken lists make the package raise all of these, such as a thousand nested comments.
            with suppress(LookupError, RecursionError, TypeError, ValueError):
                found += (address for _, address in utils.getaddresses([value], **mode) if address)
        return tuple(found)

    @property
    def leaves(self) -> list[Part]:
        """The parts that are no multiparts, in order."""
        return [part for part in self.walk() if not part.is_multipart()]

    @property
    def texts(self) -> dict[str, str]:
        """The first text of each type; those of a forwarded mail if the mail around it has neither text nor HTML."""
        mail = self
        for _ in range(_DEPTH):
            leaves = mail.leaves
            found = {part.type: part for part in reversed(leaves) if not part.is_attachment}
            inner = next((part for part in leaves if part.type in ("message/rfc822", "message/global")), None)
            if inner is None or "text/plain" in found or "text/html" in found:
                break
            mail = read(inner.content)
        return {name: part.text for name, part in found.items()}

    @property
    def type(self) -> str:
        """The media type of a leaf; a multipart that could not be split is better seen as text than lost."""
        self.get_content_type()
        return "text/plain" if self._type.startswith("multipart/") else self._type

    @property
    def name(self) -> str:
        """The file name, decoded."""
        return decode_words(self.get_filename(""))

    @property
    def id(self) -> str:
        """The Content-ID without angle brackets."""
        return self.get("content-id", "").strip("<> \t")

    @property
    def is_attachment(self) -> bool:
        """Whether the part says so, is no text, or has a file name."""
        says_so = self.get_content_disposition() == "attachment"
        return says_so or not self.type.startswith("text/") or bool(self.name)

    @property
    def content(self) -> bytes:
        """The content, without its transfer encoding as far as that can be decoded."""
        try:
            content = self.get_payload(decode=True)
        except ValueError:  # uuencoded lines that are too short, before Python 3.12
            del self["content-transfer-encoding"]
            content = self.get_payload(decode=True)
        return content if isinstance(content, bytes) else b""

    @property
    def text(self) -> str:
        r"""The content as text with "\n" line ends."""
        return decode(self.content, self.get_content_charset(""), "utf-8").replace("\r\n", "\n")


_POLICY = _Policy(message_factory=Part)


def read(raw: bytes) -> Part:
    r"""Read a mail, or whatever the bytes are.

    >>> [part.text for part in read(b"Content-Type: multipart/mixed; boundary=x\n\n--x\n\nHi\n--x--\n").leaves]
    ['Hi']
    """
    return cast("Part", message_from_bytes(raw, policy=_POLICY))
