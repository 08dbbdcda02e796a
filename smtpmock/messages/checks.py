"""Assertions about one message: its texts, its headers and its attachments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from smtpmock.errors import ContentError, ExpectationError, QueryError
from smtpmock.mail.headers import list_values
from smtpmock.patterns import has_wildcard
from smtpmock.queries.terms import format_value, text_matcher
from smtpmock.text import alternatives, escape_controls, invalid, shorten

if TYPE_CHECKING:
    from collections.abc import Callable

    from smtpmock.mail.attachments import Attachment
    from smtpmock.queries.words import Text
    from smtpmock.records.message import MessageRecord

Part: TypeAlias = Literal["any", "text", "html", "both"]
"""The part that has to contain a text: the plain text, the visible text of the HTML, either or both."""

_PARTS = ("any", "text", "html", "both")
_MOST_SHOWN = 300
_NAMES = {"text": "text part", "html": "HTML part"}


class MessageChecks:
    """The part of a message that checks it."""

    __slots__ = ()

    _record: MessageRecord

    def assert_contains(self, wanted: Text, part: Part = "any", *, ignore_case: bool = False) -> tuple[str, ...]:
        r"""Make sure that the message contains a text.

        The plain text and the visible text of the HTML are searched. Any sequence of spaces and line breaks counts as
        one space.

        Args:
            wanted: A text to be contained, a pattern with ``*``, a compiled regular expression or a function.
            part: The part that must contain it: "text" for the plain text, "html" for the HTML, "both", or "any".
            ignore_case: True to ignore case.

        Returns:
            The parts that contain it: "text", "html" or both.

        Raises:
            ExpectationError: If it is not there; the error shows both parts.
            QueryError: If the text or the part is invalid.

        Example:
            >>> from smtplib import SMTP
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
            ...     _ = client.sendmail("a@example.com", "b@example.com", "Subject: hi\r\n\r\nYour code is 1234.")
            ...     mock.message().assert_contains("code is *.")
            ('text',)
        """
        if part not in _PARTS:
            raise QueryError(invalid("part", part, alternatives(_PARTS)))
        found = self._parts_with(wanted, ignore_case=ignore_case)
        if {"any": bool(found), "both": len(found) == len(_NAMES)}.get(part, part in found):
            return found
        lacking = [name for known, name in _NAMES.items() if known not in found and part in (known, "any", "both")]
        raise self._failed(f"does not contain {_shown(wanted)} in its {' and its '.join(lacking)}.")

    def assert_not_contains(
        self, wanted: Text, part: Literal["any", "text", "html"] = "any", *, ignore_case: bool = False
    ) -> None:
        r"""Make sure that the message does not contain a text; see `assert_contains`.

        Args:
            wanted: A text, a pattern with ``*``, a compiled regular expression or a function.
            part: The part that must not contain it: "text" or "html"; by default, neither may.
            ignore_case: True to ignore case.

        Raises:
            ExpectationError: If it is there; the error names the parts.
            QueryError: If the text or the part is invalid.

        Example:
            >>> from smtplib import SMTP
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
            ...     _ = client.sendmail("a@example.com", "b@example.com", "Subject: hi\r\n\r\nHello Bob")
            ...     mock.message().assert_not_contains("{{ name }}")
        """
        allowed = ("any", *_NAMES)
        if part not in allowed:
            raise QueryError(invalid("part", part, alternatives(allowed)))
        found = self._parts_with(wanted, ignore_case=ignore_case)
        wrong = [_NAMES[known] for known in found if part in (known, "any")]
        if wrong:
            raise self._failed(f"contains {_shown(wanted)} in its {' and its '.join(wrong)}, but should not.")

    def assert_header(self, name: str, wanted: Text, *, ignore_case: bool = False) -> None:
        """Make sure that a header has a value; of a repeated header, one value.

        Args:
            name: The name of the header, in any case.
            wanted: The whole value, a pattern with ``*``, a compiled regular expression or a function.
            ignore_case: True to ignore case.

        Raises:
            ExpectationError: If the header has another value, or does not exist; the error says which.
            QueryError: If the value is invalid.

        Example:
            >>> from smtplib import SMTP
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
            ...     _ = client.sendmail("a@example.com", "b@example.com", "X-Mailer: shop 1.2")
            ...     mock.message().assert_header("X-Mailer", "shop *")
        """
        headers = self._record.content.headers
        matches = _equal(wanted, ignore_case=ignore_case)
        values = headers.get_all(name)
        if any(map(matches, values)):
            return
        if not values:
            raise ExpectationError(f"The message {headers.describe_missing(name)}", (self,))
        raise ExpectationError(
            f"The header {name} of the message is {escape_controls(list_values(values))}, expected {_shown(wanted)}.",
            (self,),
        )

    def attachment(
        self, name: Text | None = None, *, content_type: Text | None = None, min_size: int = 0
    ) -> Attachment:
        """Return the only attachment, or the only one that matches.

        Args:
            name: A text that its file name contains, a pattern with ``*`` for the whole name, a compiled regular
                expression or a function; None for any.
            content_type: The same for its media type, such as "application/pdf".
            min_size: The least number of bytes; 1 refuses an empty file.

        Raises:
            ContentError: If none matches, or several do; the error lists the attachments of the message.
            QueryError: If a value is invalid.

        Example:
            >>> from email.message import EmailMessage
            >>> from smtplib import SMTP
            >>> from smtpmock import SMTPMock
            >>> mail = EmailMessage()
            >>> mail.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="invoice.pdf")
            >>> with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
            ...     _ = client.send_message(mail, "a@example.com", ["b@example.com"])
            ...     mock.message().attachment("*.pdf", min_size=1)
            <Attachment 'invoice.pdf' application/pdf 8 B>
        """
        if isinstance(min_size, bool) or not isinstance(min_size, int) or min_size < 0:
            raise QueryError(invalid("min_size", min_size, "a number of bytes, 0 or more"))
        wanted = {"name": name, "content_type": content_type}
        asked = {word: text_matcher(value) for word, value in wanted.items() if value is not None}
        attachments = self._record.content.attachments
        found = [
            attachment
            for attachment in attachments
            if attachment.size >= min_size
            and all(matches(getattr(attachment, word)) for word, matches in asked.items())
        ]
        if len(found) == 1:
            return found[0]
        criteria = [f"{word}={format_value(value)}" for word, value in wanted.items() if value is not None]
        criteria += [f"min_size={min_size}"] if min_size else []
        with_criteria = f" with {', '.join(criteria)}" if criteria else ""
        listed = ", ".join(map(repr, attachments[:20])) or "none"
        more = f" and {len(attachments) - 20} more" if len(attachments) > 20 else ""
        raise ContentError(
            f"Expected one attachment{with_criteria}, found {len(found) or 'none'}. "
            f"Attachments of the message: {escape_controls(listed)}{more}."
        )

    def _parts_with(self, wanted: Text, *, ignore_case: bool) -> tuple[str, ...]:
        matches = _containing(wanted, ignore_case=ignore_case)
        return tuple(part for part, text in self._texts().items() if text and matches(text))

    def _texts(self) -> dict[str, str]:
        content = self._record.content
        return {"text": _one_line(content.text), "html": _one_line(content.html_text)}

    def _failed(self, headline: str) -> ExpectationError:
        texts = self._texts()
        if texts["html"] and not texts["text"]:
            headline += " The message has an HTML part only."
        elif texts["text"] and not texts["html"]:
            headline += " The message has a text part only."
        elif not any(texts.values()):
            headline += " The message has no text."
        shown = [f"{_NAMES[part]}: {_repr(text)}" for part, text in texts.items() if text]
        return ExpectationError("\n".join((f"The message {headline}", *shown)), (self,))


def _containing(wanted: Text, *, ignore_case: bool) -> Callable[[str], bool]:
    """Return a function that tells if a text on one line contains what is wanted."""
    if isinstance(wanted, str):
        wanted = _one_line(wanted)
        if not wanted:
            raise QueryError(invalid("text", wanted, "a text, a pattern, a regular expression or a function"))
        if has_wildcard(wanted):
            wanted = f"*{wanted}*"
    return text_matcher(wanted, ignore_case=ignore_case)


def _equal(wanted: Text, *, ignore_case: bool) -> Callable[[str], bool]:
    """Return a function that tells if a whole text is what is wanted."""
    if not isinstance(wanted, str) or has_wildcard(wanted):
        return text_matcher(wanted, ignore_case=ignore_case)
    if ignore_case:
        return lambda value: value.casefold() == wanted.casefold()
    return lambda value: value == wanted


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _shown(wanted: Text) -> str:
    return escape_controls(shorten(format_value(wanted), _MOST_SHOWN))


def _repr(text: str) -> str:
    return escape_controls(repr(shorten(text, _MOST_SHOWN)))
