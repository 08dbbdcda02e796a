"""The content of a mail: header, texts, attachments, links and codes. No mail can break or hang it."""

from __future__ import annotations

import re
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from smtpmock.errors import ContentError, QueryError
from smtpmock.mail.headers import Headers, list_values
from smtpmock.patterns import glob, has_wildcard
from smtpmock.rfc.grammar import address_key
from smtpmock.text import format_size, shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from email.message import EmailMessage

    from smtpmock.mail.addresses import Address
    from smtpmock.mail.attachments import Attachment
    from smtpmock.mail.html import Page
    from smtpmock.mail.mime import Part

_LONGEST_DATE = 1000

_Result = TypeVar("_Result")


def _once(method: Callable[[Content], _Result]) -> Callable[[Content], _Result]:
    """Cache the result of the method; threads that ask at the same time get the same object."""
    name = method.__name__

    @wraps(method)
    def kept(self: Content) -> _Result:
        results = self._results  # as in `remember`, with two calls less: one message is asked 35 times for its JSON
        if name not in results:
            results.setdefault(name, method(self))
        result: _Result = results[name]
        return result

    return kept


class Content:
    r"""The content of a mail, parsed on first use.

    No mail makes an attribute raise an exception, except `email`; the time to parse a mail is linear in its length.

    Two are equal if their bytes are, and nothing about one can be changed.

    Example:
        >>> mail = Content(b"From: Ann <ann@a.example>\r\nSubject: Hi\r\n\r\nSee https://a.example/x.\r\n")
        >>> mail.subject, mail.from_, mail.text, mail.links
        ('Hi', 'ann@a.example', 'See https://a.example/x.\n', ('https://a.example/x',))
    """

    __slots__ = ("_raw", "_results")

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._results: dict[str, Any] = {}

    @property
    def raw(self) -> bytes:
        """The exact bytes of the message."""
        return self._raw

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Content) and self.raw == other.raw

    def __hash__(self) -> int:
        return hash(self.raw)

    def __reduce__(self) -> tuple[type[Content], tuple[bytes]]:
        return Content, (self.raw,)

    def remember(self, name: str, make: Callable[[], _Result]) -> _Result:
        """Return the value that is cached under a name; the first time, make it."""
        if name not in self._results:
            self._results.setdefault(name, make())
        result: _Result = self._results[name]
        return result

    def __repr__(self) -> str:
        return f"<Content {shorten(self.subject, 200)!r} {format_size(len(self.raw))}>"

    @property
    @_once
    def email(self) -> EmailMessage:
        r"""The mail as parsed by the standard `email` package; it is shared, so do not change it.

        Broken fields make that package's object raise its own exceptions. If the package cannot parse the parts, for
        example because they are nested very deeply, the body is one unparsed text.

        Raises:
            ContentError: If the mail has more header fields, parts or lines than the package can parse in good time.

        Example:
            >>> Content(b"Subject: Hi\r\n\r\nHello").email.get_content_type()
            'text/plain'
        """
        from smtpmock.mail.standard_email import parse_email

        return parse_email(self.raw)

    @property
    @_once
    def root(self) -> Part:
        """The mail as its outermost part; it is shared, so do not change it."""
        from smtpmock.mail.splitter import read

        return read(self.raw)

    @property
    @_once
    def _texts(self) -> dict[str, str]:
        from smtpmock.mail.splitter import texts_in

        return texts_in(self.root)

    @property
    @_once
    def _page(self) -> Page:
        from smtpmock.mail.html import read_html

        return read_html(self.html)

    @property
    @_once
    def headers(self) -> Headers:
        r"""All header fields as `Headers`, decoded, each on one line, with display names.

        Example:
            >>> Content(b"From: =?utf-8?q?Zo=C3=AB?= <z@a.example>\r\n\r\n").headers["From"]
            'Zoë <z@a.example>'
        """
        return Headers(self.root.fields)

    @property
    def raw_headers(self) -> Headers:
        r"""All header fields as `Headers`, each on one line, with their encoded words as they are (RFC 2047).

        Example:
            >>> Content(b"Subject: =?utf-8?q?Zo=C3=AB?=\r\n\r\n").raw_headers["Subject"]
            '=?utf-8?q?Zo=C3=AB?='
        """
        return Headers(self.root.undecoded_fields)

    @property
    def subject(self) -> str:
        r"""The first Subject, decoded (RFC 2047) and on one line; "" if the mail has no Subject.

        Example:
            >>> Content(b"Subject: a\r\n b\r\n\r\n").subject
            'a b'
        """
        return self.headers.get("Subject")

    @property
    def from_(self) -> str:
        r"""The bare address of the first From mailbox; "" if the mail names no sender.

        Example:
            >>> Content(b'From: "Ann" <ann@a.example>\r\n\r\n').from_
            'ann@a.example'
        """
        return next(iter(self._bare_addresses("from")), "")

    @property
    def reply_to(self) -> tuple[str, ...]:
        """The bare addresses in Reply-To, groups flattened (RFC 5322 §3.6.2)."""
        return self._bare_addresses("reply-to")

    @property
    def to(self) -> tuple[str, ...]:
        r"""The bare addresses in To, groups flattened (RFC 5322 §3.6.3).

        Example:
            >>> Content(b"To: Ann <a@a.example>, Team: b@a.example, c@a.example;\r\n\r\n").to
            ('a@a.example', 'b@a.example', 'c@a.example')
        """
        return self._bare_addresses("to")

    @property
    def cc(self) -> tuple[str, ...]:
        """The bare addresses in Cc, groups flattened (RFC 5322 §3.6.3)."""
        return self._bare_addresses("cc")

    @property
    @_once
    def header_addresses(self) -> frozenset[str]:
        r"""The addresses in the header, with domains in lower case.

        They are those in To, Cc, Bcc, Resent-To, Resent-Cc and Resent-Bcc (RFC 5322 §3.6.3 and §3.6.6).

        Example:
            >>> Content(b"Cc: Ann@A.Example\r\n\r\n").header_addresses
            frozenset({'Ann@a.example'})
        """
        return frozenset(
            map(address_key, self.root.addresses("to", "cc", "bcc", "resent-to", "resent-cc", "resent-bcc"))
        )

    def addresses(self, name: str) -> tuple[Address, ...]:
        r"""Return the addresses in the header fields with a name, with display names, groups flattened.

        Example:
            >>> Content(b"To: =?utf-8?q?Zo=C3=AB?= <z@a.example>, b@a.example\r\n\r\n").addresses("To")
            (Address(name='Zoë', address='z@a.example'), Address(name='', address='b@a.example'))
        """
        field = name.lower()
        return self.remember(f"addresses {field}", lambda: self.root.named_addresses(field))

    def _bare_addresses(self, name: str) -> tuple[str, ...]:
        return tuple(address for _, address in self.addresses(name))

    def bcc(self, recipients: tuple[str, ...]) -> tuple[str, ...]:
        r"""Return the recipients of the envelope that do not appear in the header.

        Local parts are compared with case, domains without (RFC 5321 §2.4).

        Example:
            >>> Content(b"To: a@a.example\r\n\r\n").bcc(("a@A.example", "b@a.example"))
            ('b@a.example',)
        """
        return tuple(address for address in recipients if address_key(address) not in self.header_addresses)

    @property
    @_once
    def date(self) -> datetime | None:
        r"""The Date as a datetime, aware if it has a zone (RFC 5322 §3.3); None if it is missing or invalid.

        Example:
            >>> Content(b"Date: Sat, 21 Nov 2026 10:30:00 +0100\r\n\r\n").date.isoformat()
            '2026-11-21T10:30:00+01:00'
        """
        from email.utils import parsedate_to_datetime

        date = self.root.get("date")
        if len(date) > _LONGEST_DATE:
            return None
        try:
            return parsedate_to_datetime(date)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            return None  # the exception depends on where the date is broken

    @property
    def text(self) -> str:
        r"""The first text/plain part that is not an attachment, with "\n" line ends; "" for a mail without one.

        Text in a wrong or unknown charset is decoded as UTF-8, with U+FFFD for invalid bytes. The text of a forwarded
        mail counts only if the mail itself has neither text nor HTML.

        Example:
            >>> Content(b"Content-Type: text/plain; charset=koi8-r\r\n\r\n\xe4\xc1\r\n").text
            'Да\n'
        """
        return self._texts.get("text/plain", "")

    @property
    def html(self) -> str:
        r"""The first text/html part that is not an attachment, decoded as `text` is; "" for a mail without one.

        Example:
            >>> Content(b"Content-Type: text/html\r\n\r\n<p>Hi</p>").html
            '<p>Hi</p>'
        """
        return self._texts.get("text/html", "")

    @property
    def html_text(self) -> str:
        r"""The text that a reader of the HTML sees; "" if there is no HTML.

        Example:
            >>> Content(b"Content-Type: text/html\r\n\r\n<p>Hi <b>Bob</b></p>").html_text.split()
            ['Hi', 'Bob']
        """
        return self._page.text

    @property
    @_once
    def attachments(self) -> tuple[Attachment, ...]:
        r"""The attachments, in order.

        These are the parts that are declared as attachments (RFC 2183 §2.2), have a file name, or are not text, such
        as inline images and forwarded mails.

        Example:
            >>> Content(b"Content-Type: image/png; name=a.png\r\n\r\nxyz").attachments
            (<Attachment 'a.png' image/png 3 B>,)
        """
        from smtpmock.mail.attachments import Attachment

        return tuple(
            Attachment(part.name, part.type, part.content, part.id, number, part.is_inline)
            for number, part in self.root.numbered_leaves()
            if part.is_attachment
        )

    @property
    @_once
    def links(self) -> tuple[str, ...]:
        r"""The links in the text, then those in the HTML, in order, each once.

        In the text, these are the http and https links, without the punctuation after them; in the HTML, also the
        `href`s with any scheme except javascript, data and cid.

        Example:
            >>> Content(b"Content-Type: text/html\r\n\r\n<a href='tel:+491'>x</a> http://a.example!").links
            ('tel:+491', 'http://a.example')
        """
        from smtpmock.mail.links import text_links

        return tuple(dict.fromkeys((*text_links(self.text), *self._page.links)))

    def find_links(
        self, pattern: str | re.Pattern[str] | None = None, *, text: str | re.Pattern[str] | None = None
    ) -> tuple[str, ...]:
        r"""Return the links that match.

        Args:
            pattern: A str that the link contains; a pattern with `*` for any text that matches the whole link; or a
                compiled regular expression to search for in the link.
            text: The same for what a reader of the HTML clicks on: the text of the link, with that of its images.

        Example:
            >>> mail = Content(b"\r\nhttps://a.example/confirm/7 https://a.example/stop")
            >>> mail.find_links("*/confirm/*"), mail.find_links("stop"), mail.find_links(re.compile("[0-9]$"))
            (('https://a.example/confirm/7',), ('https://a.example/stop',), ('https://a.example/confirm/7',))
            >>> page = b"<a href='https://a.example/7'>Confirm your address</a> <a href='https://a.example/8'>Stop</a>"
            >>> Content(b"Content-Type: text/html\r\n\r\n" + page).find_links(text="Confirm")
            ('https://a.example/7',)
        """
        links = self.links
        if text is not None:
            says = _matcher(text)
            links = tuple(dict.fromkeys(link for link, said in self._page.anchors if says(said)))
        return links if pattern is None else tuple(filter(_matcher(pattern), links))

    def link(self, pattern: str | re.Pattern[str] | None = None, *, text: str | re.Pattern[str] | None = None) -> str:
        r"""Return the only link, or the only one that matches, as `find_links` finds it.

        Args:
            pattern: A part of the link, or a pattern for it.
            text: A part of its text in the HTML, or a pattern for it.

        Raises:
            ContentError: If no link matches, or several do; the text lists the links of the mail.

        Example:
            >>> Content(b"\r\nGo to https://a.example/confirm/7, please.").link("*/confirm/*")
            'https://a.example/confirm/7'
        """
        asked = [f"matching {_shown(pattern)}"] if pattern is not None else []
        asked += [f"with the text {_shown(text)}"] if text is not None else []
        seen = f"Links of the message: {list_values(self.links)}"
        if text is not None:
            seen += f"; their texts: {list_values(tuple(said for _, said in self._page.anchors))}"
        return _only(self.find_links(pattern, text=text), " ".join(["one link", *asked]), seen)

    def code(self, pattern: str | re.Pattern[str] | None = None) -> str:
        r"""Return the one-time code in the text, or else in the visible HTML, or else in the subject.

        Without a pattern, it is a group of 4 to 8 digits that stands alone: not in a word, link, address, date, time,
        price, longer number or copyright notice; or two groups such as "123 456", which are returned as one. If there
        are several, the one next to a word such as "code" or "PIN" is meant, never one next to a word such as "order".

        Args:
            pattern: A regular expression; the code is its first group, or the whole match if it has no group.

        Raises:
            ContentError: If no code is found, or several different ones are.
            QueryError: If the pattern is not a valid regular expression.

        Example:
            >>> Content(b"\r\nOrder 12345: your code is 493021, valid until 10:30.").code()
            '493021'
            >>> Content(b"\r\nYour code is AB-12.").code("code is ([A-Z0-9-]+)")
            'AB-12'
        """
        find, sought = _code_finder(pattern)
        found, text = self._codes(find)
        beginning = shorten(" ".join(text[:1000].split()), 200)
        seen = f"The text starts with {beginning!r}" if beginning else "The message has no text"
        return _only(found, sought, seen)

    @property
    @_once
    def codes(self) -> tuple[str, ...]:
        r"""The candidates for the one-time code, as `code` finds it without a pattern, each once; usually one or none.

        Example:
            >>> Content(b"\r\nYour code is 493021.").codes
            ('493021',)
        """
        from smtpmock.mail.codes import text_codes

        return tuple(dict.fromkeys(self._codes(text_codes)[0]))

    def _codes(self, find: Callable[[str], list[str]]) -> tuple[list[str], str]:
        """Return what a function finds, and the text in which it does: the first of them that has any."""
        for source in (self.text, self._page.text, self.subject):
            found = find(source)
            if found:
                return found, source
        return [], self.text if self.text.strip() else self._page.text


def _code_finder(pattern: str | re.Pattern[str] | None) -> tuple[Callable[[str], list[str]], str]:
    """Return a function that finds codes in a text, and what it looks for."""
    if pattern is None:
        from smtpmock.mail.codes import text_codes

        return text_codes, "one group of 4 to 8 digits that stands alone"
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise QueryError(f"Invalid pattern {_shown(pattern)}: expected a regular expression ({error}).") from None

    def find(text: str) -> list[str]:
        codes = (match[1] if expression.groups else match[0] for match in expression.finditer(text))
        return [code for code in codes if code]

    return find, f"one code matching {_shown(pattern)}"


def _matcher(pattern: str | re.Pattern[str]) -> Callable[[str], object]:
    """Return a function that tells if a text contains or matches the pattern."""
    if not isinstance(pattern, str):
        return pattern.search
    return glob(pattern) if has_wildcard(pattern) else lambda text: pattern in text


def _shown(pattern: str | re.Pattern[str]) -> str:
    return repr(shorten(pattern if isinstance(pattern, str) else pattern.pattern, 200))


def _only(found: Iterable[str], sought: str, seen: str) -> str:
    values = tuple(dict.fromkeys(found))
    if len(values) == 1:
        return values[0]
    advice = " Give a pattern=… that only one matches." if values else ""
    raise ContentError(f"Expected {sought}, found {list_values(values)}. {seen}.{advice}")
