"""What a mail says: its header, texts, attachments, links and codes, read so that no mail can break it.

`Content` reads the exact bytes of a message on demand. It has its own small reader of the format, since a
mock server must show a broken mail as well as it can: where a mail breaks a rule, the reader falls back to
the nearest sensible meaning and never raises. Parts nested deeper than 100 levels are shown unread.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass
from functools import wraps
from itertools import count, groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from smtpmock.errors import SMTPMockError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from email.message import EmailMessage

_Result = TypeVar("_Result")

_DEPTH = 100
_FIELD = re.compile(rb"(?:From [^\n]*\n)?([!-9;-~]+)[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)\n?")
_WORD = re.compile(r"=\?([^?\s]+)\?([bq])\?(.{0,4000}?)\?=", re.IGNORECASE | re.DOTALL)
_PARAMETER = re.compile(r';\s*([^\s=;*]+)(?:\*([0-9]{1,4}))?(\*?)\s*=\s*("(?:\\.|[^"\\])*"?|[^;]*)', re.DOTALL)

_LINK = re.compile(r'(?<![a-z0-9])https?://[^\s<>"\x00-\x20]+', re.IGNORECASE)
_NO_LINK = ("javascript", "data", "cid")
_UNSEEN = frozenset({"script", "style", "title"})
_INLINE = re.compile("a|abbr|b|bd[io]|big|code|em|font|i|ins|kbd|mark|s|small|span|strong|su[bp]|tt|u|wbr")

_YEAR = "(?:19|20)[0-9]{2}"
_NO_CODE = re.compile(
    rf"""
    {_LINK.pattern}
    | (?<![\w.+-])[\w.+-]+@[\w.-]+
    | (?:©|\(c\)|\bcopyright\b)[^\n0-9]{{0,40}}{_YEAR}(?:\s?[-\u2013]\s?{_YEAR})?\b
    | \b{_YEAR}\s?(?:©|\(c\)|copyright\b)
    | \b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[.,]?\s
      (?:[0-9]{{1,2}}(?:st|nd|rd|th)?,?\s)?{_YEAR}\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_CODE = re.compile(
    r"(?<![\w$€£¥+])(?<!\w[-\u2013/+@])(?<![0-9][.,:' \xa0])"
    r"[0-9]{4,8}"
    r"(?![\w€£¥])(?![-\u2013/+@]\w)(?![.,:' \xa0][0-9])"
)


class ContentError(SMTPMockError, AssertionError, LookupError):
    """A mail does not hold exactly one of what was looked for, as a link or a code."""


class MissingHeaderError(ContentError, KeyError):
    """A mail has no header field of that name."""

    __str__ = Exception.__str__  # KeyError would show the sentence in quotes


def _decode(data: bytes, *charsets: str) -> str:
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


def _base64(data: bytes) -> bytes:
    """Decode what can be decoded, up to the padding, as lists add plain footers after it (RFC 2045 §6.8)."""
    digits = re.sub(rb"[^A-Za-z0-9+/]", b"", data.partition(b"=")[0])
    digits = digits[:-1] if len(digits) % 4 == 1 else digits
    return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4))


def _quoted_printable(data: bytes) -> bytes:
    """Decode, without the white space that a transport added to the ends of lines (RFC 2045 §6.7)."""
    return binascii.a2b_qp(re.sub(rb"(?<![ \t])[ \t]+(?=\r?\n)", b"", data))


def _decode_words(text: str) -> str:
    """Decode the encoded words of RFC 2047; neighbours are joined, as some split a character between two."""
    pieces: list[tuple[str, bytes]] = []
    end = 0
    for word in _WORD.finditer(text):
        gap = text[end : word.start()]
        if gap.strip() or not pieces:
            pieces.append(("", gap.encode()))
        charset, data = word[1].partition("*")[0].lower(), word[3].encode()
        pieces.append((charset, _base64(data) if word[2] in "bB" else binascii.a2b_qp(data, header=True)))
        end = word.end()
    pieces.append(("", text[end:].encode()))
    runs = groupby(pieces, key=lambda piece: piece[0])
    return "".join(_decode(b"".join(data for _, data in run), name, "utf-8", "latin-1") for name, run in runs)


def _split_header(raw: bytes) -> tuple[tuple[tuple[str, str], ...], bytes]:
    """Split a message or part in its unfolded fields, still encoded, and its body (RFC 5322 §2.2)."""
    fields, end = [], 0
    while field := _FIELD.match(raw, end):
        value = re.sub(rb"\r?\n[ \t]", b" ", field[2])
        fields.append((field[1].decode("ascii"), _decode(value, "utf-8", "latin-1").strip()))
        end = field.end()
    return tuple(fields), _without_line_end(raw[end:])


def _without_line_end(data: bytes) -> bytes:
    return data[2:] if data.startswith(b"\r\n") else data.removeprefix(b"\n")


def _parameters(value: str) -> dict[str, str]:
    """Read the parameters of Content-Type or Content-Disposition (RFC 2045 §5.1, RFC 2231 §3 and §4)."""
    plain: dict[str, str] = {}
    extended: dict[str, list[tuple[int, str, str]]] = {}
    for name, number, star, text in _PARAMETER.findall(value):
        text = text.strip()
        if text.startswith('"'):
            text = re.sub(r'\\([\\"])', r"\1", text[1:].removesuffix('"'))
        if number or star:
            extended.setdefault(name.lower(), []).append((int(number or 0), star, text))
        else:
            plain.setdefault(name.lower(), _decode_words(text))
    return plain | {name: _join_pieces(sorted(pieces)) for name, pieces in extended.items()}


def _join_pieces(pieces: list[tuple[int, str, str]]) -> str:
    from urllib.parse import unquote_to_bytes

    _, star, text = pieces[0]
    charset, quote, rest = text.partition("'")
    if star and quote:
        pieces[0] = (0, star, rest.partition("'")[2])
    data = b"".join(unquote_to_bytes(text) if star else text.encode() for _, star, text in pieces)
    return _decode(data, charset if star and quote else "", "utf-8", "latin-1")


class _Part:
    """One part of a mail, or the whole of it, with its body still encoded."""

    __slots__ = ("body", "depth", "disposition", "fields", "name", "parameters", "type")

    def __init__(self, raw: bytes, default_type: str = "text/plain", depth: int = 0) -> None:
        fields, self.body = _split_header(raw)
        self.depth = depth
        self.fields = {name.lower(): value for name, value in reversed(fields)}  # the first one of a name wins
        content_type = self.fields.get("content-type", default_type)
        self.type = content_type.partition(";")[0].strip().lower()
        if not re.fullmatch(r"[^\s/]+/[^\s/]+", self.type):
            self.type = "text/plain"  # RFC 2045 §5.2
        self.parameters = _parameters(content_type)
        disposition = self.fields.get("content-disposition", "")
        self.disposition = disposition.partition(";")[0].strip().lower()
        self.name = _parameters(disposition).get("filename") or self.parameters.get("name", "")

    @property
    def is_attachment(self) -> bool:
        return self.disposition == "attachment" or bool(self.name) or not self.type.startswith("text/")

    @property
    def is_message(self) -> bool:
        return self.type in ("message/rfc822", "message/global")

    @property
    def content(self) -> bytes:
        encoding = self.fields.get("content-transfer-encoding", "").partition(";")[0].strip().lower()
        decode = {"base64": _base64, "quoted-printable": _quoted_printable}.get(encoding, bytes)
        return decode(self.body)

    @property
    def text(self) -> str:
        return _decode(self.content, self.parameters.get("charset", ""), "utf-8").replace("\r\n", "\n")

    def split(self) -> list[_Part]:
        """Split a multipart (RFC 2046 §5.1.1); without boundary lines there are no parts."""
        boundary = self.parameters.get("boundary", "").encode()
        if not boundary or not self.type.startswith("multipart/"):
            return []
        line = rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|\Z)"
        marks = list(re.finditer(line, self.body))
        ends = [mark.start() for mark in marks[1:]] + [len(self.body)]
        last = next((index for index, mark in enumerate(marks) if mark[1]), len(marks))
        default = "message/rfc822" if self.type == "multipart/digest" else "text/plain"
        return [
            _Part(_without_line_end(self.body[mark.end() : end]), default, self.depth + 1)
            for mark, end in zip(marks[:last], ends, strict=False)
        ]


def _leaves(raw: bytes) -> Iterator[_Part]:
    """Give the parts that are no multiparts, in order, without recursion."""
    waiting = [_Part(raw)]
    while waiting:
        part = waiting.pop()
        parts = part.split() if part.depth < _DEPTH else []
        if not parts and part.type.startswith("multipart/"):
            part.type = "text/plain"  # nothing to split it by: better seen as it stands than lost
        if parts:
            waiting += reversed(parts)
        else:
            yield part


def _mailboxes(values: Iterable[str]) -> tuple[str, ...]:
    """Give the bare addresses of address lists, groups flattened (RFC 5322 §3.4)."""
    from email import utils

    # The strict mode drops a whole list for one broken address.
    mode = {"strict": False} if getattr(utils, "supports_strict_parsing", False) else {}
    found: list[str] = []
    for value in values:
        try:
            found += (address for _, address in utils.getaddresses([value], **mode) if address)
        except (LookupError, RecursionError, TypeError, ValueError):  # such as a thousand nested comments
            continue
    return tuple(found)


def _normal(address: str) -> str:
    """Lower the domain; whether the local part has a case is its host's to say (RFC 5321 §2.4)."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{domain.lower()}" if at else address


def _text_links(text: str) -> Iterator[str]:
    """Find the web links written in a text, without the punctuation of the sentence around them."""
    for match in _LINK.finditer(text):
        link = match[0]
        surplus = {")": link.count(")") - link.count("("), "]": link.count("]") - link.count("[")}
        end = len(link)
        while link[end - 1] in ".,;:!?'" or surplus.get(link[end - 1], 0) > 0:
            end -= 1
            if link[end] in surplus:
                surplus[link[end]] -= 1
        if not link[:end].endswith("/") or link[:end].count("/") > 2:  # more than the bare "https://"
            yield link[:end]


def _read_html(page: str) -> tuple[str, tuple[str, ...]]:
    """Give the visible text and the links of an HTML page."""
    from html.parser import HTMLParser

    texts: list[str] = []
    links: list[str] = []

    class Reader(HTMLParser):
        unseen = ""
        in_link = False

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            href = next((value for name, value in attrs if name == "href" and value), "")
            if tag in ("a", "area") and href:
                links.extend(_href(href))
                self.in_link = tag == "a"
            self.unseen = self.unseen or (tag if tag in _UNSEEN else "")
            texts.append("" if _INLINE.fullmatch(tag) else "\n")

        def handle_endtag(self, tag: str) -> None:
            self.in_link = self.in_link and tag != "a"
            self.unseen = "" if tag == self.unseen else self.unseen
            texts.append("" if _INLINE.fullmatch(tag) else "\n")

        def handle_data(self, data: str) -> None:
            if not self.unseen:
                texts.append(re.sub(r"\s+", " ", data))
                links.extend(() if self.in_link else _text_links(data))

        def parse_html_declaration(self, i: int) -> int:
            try:
                return super().parse_html_declaration(i)
            except AssertionError:  # an unknown <![section[; a browser takes it for a comment
                return self.parse_bogus_comment(i)

    if page.rfind("<!--") > page.rfind("-->"):
        page += "-->"  # as browsers do; the parser takes quadratic time for open comments
    reader = Reader()
    reader.feed(re.sub(r"&#0*[1-9][0-9]{7,}", "\ufffd", page))  # no character has such a number
    reader.close()
    return "".join(texts), tuple(links)


def _href(value: str) -> Iterator[str]:
    link = re.sub(r"[\t\r\n]", "", value).strip()  # as browsers do
    scheme = re.match(r"([a-z][a-z0-9+.-]+):", link, re.IGNORECASE)
    if scheme and scheme[1].lower() not in _NO_LINK:
        yield link


def _only(found: Iterable[str], sought: str, seen: str) -> str:
    values = tuple(dict.fromkeys(found))
    if len(values) == 1:
        return values[0]
    raise ContentError(
        f"Looked for {sought} and found {_listed(values)}; {seen}. Give a pattern=… that only one matches."
    )


def _listed(values: tuple[str, ...]) -> str:
    more = f" and {len(values) - 10} more" if len(values) > 10 else ""
    return ", ".join(_short(value) for value in values[:10]) + more or "none"


def _short(text: str) -> str:
    return repr(text if len(text) <= 200 else text[:199] + "…")


def _size(number: int) -> str:
    if number < 1000:
        return f"{number} B"
    return f"{number / 1e3:.1f} kB" if number < 1e6 else f"{number / 1e6:.1f} MB"


class Headers:
    r"""The header fields of a mail, decoded, in order; names have no case. It cannot be changed.

    >>> headers = Content(b"Subject: =?utf-8?q?Caf=C3=A9?=\r\nX-Id: 7\r\nx-id: 8\r\n\r\n").headers
    >>> headers["subject"], headers.get("X-None", "-"), headers.get_all("X-Id")
    ('Café', '-', ('7', '8'))
    >>> list(headers), "X-ID" in headers, len(headers)
    (['Subject', 'X-Id', 'x-id'], True, 3)
    """

    __slots__ = ("_items",)

    def __init__(self, items: Iterable[tuple[str, str]]) -> None:
        self._items = tuple(items)

    def __getitem__(self, name: str) -> str:
        """Return the first value of the field.

        Raises:
            MissingHeaderError: There is no such field; it is a KeyError.
        """
        for value in self.get_all(name):
            return value
        raise MissingHeaderError(self._missing(name))

    def _missing(self, name: str) -> str:
        from difflib import get_close_matches

        names = {known.lower(): known for known in self}
        near = get_close_matches(name.lower(), names, 1, 0)
        hint = f", the nearest is {names[near[0]]!r}" if near else ""
        return f"There is no header {name!r}{hint}, and the mail has {', '.join(names.values()) or 'none'}."

    def get(self, name: str, default: str = "") -> str:
        """Return the first value of the field as a str, or the default."""
        return next(iter(self.get_all(name)), default)

    def get_all(self, name: str) -> tuple[str, ...]:
        """Return all values of the field as a tuple of str, in order, empty if there is none."""
        return tuple(value for known, value in self._items if known.lower() == name.lower())

    def items(self) -> tuple[tuple[str, str], ...]:
        """Return all fields as (name, value), in order, repeated ones too."""
        return self._items

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self.get_all(name))

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"<Headers {_listed(tuple(self))}>"


@dataclass(frozen=True, slots=True, repr=False)
class Attachment:
    """A file in a mail, an inline image, or a forwarded mail.

    >>> Attachment("invoice.pdf", "application/pdf", b"x" * 1200)
    <Attachment 'invoice.pdf' application/pdf 1.2 kB>

    Attributes:
        name: The file name, decoded (RFC 2231, RFC 2047), "" if there is none. It may be hostile: see `save`.
        content_type: The media type in lower case, such as "application/pdf".
        content: The bytes of the file, decoded.
        content_id: What `cid:` links of the HTML name it by, without angle brackets, "" if it has none.
    """

    name: str
    content_type: str
    content: bytes
    content_id: str = ""

    @property
    def size(self) -> int:
        """The number of bytes of the content."""
        return len(self.content)

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write the content to a new file in the folder, which is made if missing.

        The file stays in the folder whatever the name says, and nothing that exists is overwritten or written
        through: the name loses its folders and dangerous characters, and gets a number if it is taken.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     [Attachment("../a.txt", "text/plain", b"").save(folder).name for _ in range(2)]
        ['a.txt', 'a-1.txt']

        Returns:
            The path of the new file.

        Raises:
            OSError: The folder or the file cannot be written.
        """
        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        stem, suffix = self._file_name()
        for number in count():
            path = place / (f"{stem}-{number}{suffix}" if number else f"{stem}{suffix}")
            try:
                with path.open("xb") as file:  # exclusive: fails for a symlink too
                    file.write(self.content)
            except FileExistsError:
                continue
            return path
        raise AssertionError("count() has no end")

    def _file_name(self) -> tuple[str, str]:
        last = re.split(r"[/\\]", self.name)[-1]
        safe = "".join(c if c.isprintable() and c not in '<>:"|?*' else "_" for c in last).strip(". ")
        stem, dot, suffix = safe.rpartition(".")
        if not stem or len(suffix) > 10:
            stem, dot, suffix = safe, "", ""
        return stem.encode()[:180].decode(errors="ignore") or "attachment", dot + suffix

    def __repr__(self) -> str:
        return f"<Attachment {_short(self.name)} {self.content_type} {_size(self.size)}>"


def _once(method: Callable[[Content], _Result]) -> Callable[[Content], _Result]:
    """Keep what the method returned; if threads come at once, all get the result of the first to end."""

    @wraps(method)
    def kept(self: Content) -> _Result:
        results = self._results
        if method.__name__ not in results:
            results.setdefault(method.__name__, method(self))
        result: _Result = results[method.__name__]
        return result

    return kept


class Content:
    r"""What one mail says. All of it is read on first use, and no mail makes an attribute raise.

    >>> mail = Content(b"From: Ann <ann@a.example>\r\nSubject: Hi\r\n\r\nSee https://a.example/x.\r\n")
    >>> mail.subject, mail.from_, mail.text, mail.links
    ('Hi', 'ann@a.example', 'See https://a.example/x.\n', ('https://a.example/x',))

    Attributes:
        raw: The exact bytes of the message.
    """

    __slots__ = ("_results", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._results: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"<Content {_short(self.subject)} {_size(len(self.raw))}>"

    @property
    @_once
    def email(self) -> EmailMessage:
        r"""The mail as the standard `email` package parses it; it is shared, so do not change it.

        If that package cannot parse the parts, as in a very deep nesting, the body is one unparsed text. What
        the object itself raises for broken fields is not smtpmock's.

        >>> Content(b"Subject: Hi\r\n\r\nHello").email.get_content_type()
        'text/plain'
        """
        from email.errors import MessageError
        from email.message import EmailMessage
        from email.parser import BytesParser
        from email.policy import default

        parser = BytesParser(EmailMessage, policy=default)
        if all(part.depth < _DEPTH for part in self._parts):
            try:
                return parser.parsebytes(self.raw)
            except (MessageError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
                pass  # the package reads some fields to find the parts, and broken ones make it raise these
        return parser.parsebytes(self.raw, headersonly=True)

    @property
    @_once
    def _header(self) -> tuple[tuple[str, str], ...]:
        return _split_header(self.raw)[0]

    @property
    @_once
    def _parts(self) -> tuple[_Part, ...]:
        return tuple(_leaves(self.raw))

    @property
    @_once
    def _bodies(self) -> dict[str, str]:
        """The texts by type; those of a forwarded mail if the mail around it has none."""
        parts = self._parts
        for _ in range(_DEPTH):
            bodies = {part.type: part for part in reversed(parts) if not part.is_attachment}
            inner = next((part for part in parts if part.is_message), None)
            if inner is None or "text/plain" in bodies or "text/html" in bodies:
                break
            parts = tuple(_leaves(inner.content))
        return {name: part.text for name, part in bodies.items()}

    @property
    @_once
    def _page(self) -> tuple[str, tuple[str, ...]]:
        return _read_html(self.html)

    @property
    @_once
    def headers(self) -> Headers:
        r"""All header fields as `Headers`, decoded, each in one line; display names are found here.

        >>> Content(b"From: =?utf-8?q?Zo=C3=AB?= <z@a.example>\r\n\r\n").headers["From"]
        'Zoë <z@a.example>'
        """
        return Headers((name, " ".join(_decode_words(value).splitlines())) for name, value in self._header)

    @property
    def subject(self) -> str:
        r"""The first Subject as a str, decoded (RFC 2047) and in one line, "" if there is none.

        >>> Content(b"Subject: a\r\n b\r\n\r\n").subject
        'a b'
        """
        return self.headers.get("Subject")

    @property
    def from_(self) -> str:
        r"""The bare address of the first From mailbox as a str, "" if there is none.

        >>> Content(b'From: "Ann" <ann@a.example>\r\n\r\n').from_
        'ann@a.example'
        """
        return next(iter(self._addresses("from")), "")

    @property
    def reply_to(self) -> tuple[str, ...]:
        """The bare addresses in Reply-To as a tuple of str, groups flattened (RFC 5322 §3.6.2)."""
        return self._addresses("reply-to")

    @property
    def to(self) -> tuple[str, ...]:
        r"""The bare addresses in To as a tuple of str, groups flattened (RFC 5322 §3.6.3).

        >>> Content(b"To: Ann <a@a.example>, Team: b@a.example, c@a.example;\r\n\r\n").to
        ('a@a.example', 'b@a.example', 'c@a.example')
        """
        return self._addresses("to")

    @property
    def cc(self) -> tuple[str, ...]:
        """The bare addresses in Cc as a tuple of str, groups flattened (RFC 5322 §3.6.3)."""
        return self._addresses("cc")

    def _addresses(self, *names: str) -> tuple[str, ...]:
        return _mailboxes(value for name, value in self._header if name.lower() in names)

    @property
    @_once
    def header_addresses(self) -> frozenset[str]:
        r"""The addresses that the header shows, domains in lower case, as a frozenset of str.

        They stand in To, Cc, Bcc, Resent-To, Resent-Cc and Resent-Bcc (RFC 5322 §3.6.3 and §3.6.6).

        >>> Content(b"Cc: Ann@A.Example\r\n\r\n").header_addresses
        frozenset({'Ann@a.example'})
        """
        return frozenset(map(_normal, self._addresses("to", "cc", "bcc", "resent-to", "resent-cc", "resent-bcc")))

    def bcc(self, recipients: tuple[str, ...]) -> tuple[str, ...]:
        r"""Return the recipients of the envelope that the header does not show, as a tuple of str.

        Local parts are compared with case, domains without (RFC 5321 §2.4).

        >>> Content(b"To: a@a.example\r\n\r\n").bcc(("a@A.example", "b@a.example"))
        ('b@a.example',)
        """
        return tuple(address for address in recipients if _normal(address) not in self.header_addresses)

    @property
    @_once
    def date(self) -> datetime | None:
        r"""The Date as a datetime, aware if it has a zone (RFC 5322 §3.3), None if absent or broken.

        >>> Content(b"Date: Sat, 21 Nov 2026 10:30:00 +0100\r\n\r\n").date.isoformat()
        '2026-11-21T10:30:00+01:00'
        """
        from email.utils import parsedate_to_datetime

        value = next((value for name, value in self._header if name.lower() == "date"), "")
        try:
            return parsedate_to_datetime(value)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            return None  # what the parser raises depends on where the date is broken

    @property
    def text(self) -> str:
        r"""The first text/plain part that is no attachment, as a str with "\n" line ends, "" if none.

        A wrong or unknown charset is read as UTF-8, with U+FFFD for what is none. The text of a forwarded
        mail counts only if the mail itself has neither text nor HTML.

        >>> Content(b"Content-Type: text/plain; charset=koi8-r\r\n\r\n\xe4\xc1\r\n").text
        'Да\n'
        """
        return self._bodies.get("text/plain", "")

    @property
    def html(self) -> str:
        r"""The first text/html part that is no attachment, read as `text` is, "" if there is none.

        >>> Content(b"Content-Type: text/html\r\n\r\n<p>Hi</p>").html
        '<p>Hi</p>'
        """
        return self._bodies.get("text/html", "")

    @property
    @_once
    def attachments(self) -> tuple[Attachment, ...]:
        r"""The attachments as a tuple of `Attachment`, in order.

        Those are the parts that say so (RFC 2183 §2.2), that have a file name, or that are no text, such as
        inline images and forwarded mails.

        >>> Content(b"Content-Type: image/png; name=a.png\r\n\r\nxyz").attachments
        (<Attachment 'a.png' image/png 3 B>,)
        """
        return tuple(
            Attachment(part.name, part.type, part.content, part.fields.get("content-id", "").strip("<> \t"))
            for part in self._parts
            if part.is_attachment
        )

    @property
    @_once
    def links(self) -> tuple[str, ...]:
        r"""The links of the text, then of the HTML, as a tuple of str in order, each once.

        A text has those with http and https, without the punctuation after them; HTML has, besides, its
        `href`s with any scheme but javascript, data and cid.

        >>> Content(b"Content-Type: text/html\r\n\r\n<a href='tel:+491'>x</a> http://a.example!").links
        ('tel:+491', 'http://a.example')
        """
        return tuple(dict.fromkeys((*_text_links(self.text), *self._page[1])))

    def find_links(self, pattern: str | re.Pattern[str]) -> tuple[str, ...]:
        r"""Return the links that match, as a tuple of str.

        Args:
            pattern: A str that the link contains; or, with `*` for any text, one that is the whole link; or a
                compiled regular expression to be found in the link.

        >>> mail = Content(b"\r\nhttps://a.example/confirm/7 https://a.example/stop")
        >>> mail.find_links("*/confirm/*"), mail.find_links("stop"), mail.find_links(re.compile("[0-9]$"))
        (('https://a.example/confirm/7',), ('https://a.example/stop',), ('https://a.example/confirm/7',))
        """
        if isinstance(pattern, str):
            if "*" not in pattern:
                return tuple(link for link in self.links if pattern in link)
            pattern = re.compile(rf"\A{'.*'.join(map(re.escape, pattern.split('*')))}\Z", re.DOTALL)
        return tuple(link for link in self.links if pattern.search(link))

    def link(self, pattern: str | re.Pattern[str] | None = None) -> str:
        r"""Return the only link, or the only one that matches the pattern of `find_links`, as a str.

        >>> Content(b"\r\nGo to https://a.example/confirm/7, please.").link("*/confirm/*")
        'https://a.example/confirm/7'

        Raises:
            ContentError: No link matches, or several do; the error lists the links of the mail.
        """
        found = self.links if pattern is None else self.find_links(pattern)
        sought = "one link" if pattern is None else f"one link matching {_shown(pattern)}"
        return _only(found, sought, f"the links of the mail: {_listed(self.links)}")

    def code(self, pattern: str | re.Pattern[str] | None = None) -> str:
        r"""Return the one-time code in the text, or in the visible HTML if there is no text, as a str.

        Without a pattern it is the only group of 4 to 8 digits that stands alone: not in a word, link,
        address, date, time, price, longer number or copyright notice.

        Args:
            pattern: A regular expression; the code is its first group, or the whole match if it has none.

        >>> Content(b"\r\nYour code is 493021, valid until 10:30.").code()
        '493021'
        >>> Content(b"\r\nYour code is AB-12.").code("code is ([A-Z0-9-]+)")
        'AB-12'

        Raises:
            ContentError: No code was found, or several different ones.
            re.error: The pattern is no regular expression.
        """
        text = self.text if self.text.strip() else self._page[0]
        seen = f"the text starts with {_short(' '.join(text[:1000].split()))}"
        if pattern is None:
            found = _CODE.findall(_NO_CODE.sub("\n", text))
            return _only(found, "one group of 4 to 8 digits that stands alone", seen)
        matches = re.finditer(pattern, text)
        codes = (match[1] if match.re.groups else match[0] for match in matches)
        return _only((code for code in codes if code), f"one code matching {_shown(pattern)}", seen)


def _shown(pattern: str | re.Pattern[str]) -> str:
    return _short(pattern if isinstance(pattern, str) else pattern.pattern)
