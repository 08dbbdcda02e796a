"""Every violation of a standard that smtpmock finds, declared once.

The tables at https://smtpmock.github.io/smtpmock/violations/ are generated from it. conversation.py
checks what a client says, the other modules check what it sends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, get_args

from smtpmock.errors import QueryError
from smtpmock.text import escape_controls, shorten, unknown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from smtpmock.records.exchange import Exchange

Level: TypeAlias = Literal["must", "should"]
"""The word of RFC 2119 that the standard uses: "must" for requirements, "should" for recommendations."""

LEVELS: Sequence[Level] = get_args(Level)

_MOST_SHOWN = 60


class Violation(NamedTuple):
    """A violation of a standard by a client.

    Attributes:
        code: A short, stable name, such as "bare-lf".
        rfc: The document and section, as in "RFC 5321 2.3.8".
        where: The command, or the line of the message; the offending bytes are shortened and escaped.
        text: A sentence that says what is wrong.
        exchange: The exchange that it belongs to; None if it does not belong to one.
        level: "must" or "should", as the standard says.
    """

    code: str
    rfc: str
    where: str
    text: str
    exchange: Exchange | None = None
    level: Level = "must"

    def __str__(self) -> str:
        return f"{self.code}: {self.text} ({self.rfc})"


class Standard(NamedTuple):
    """A row of the table.

    Attributes:
        rfc: The document and section.
        text: A sentence that says what is wrong if a client violates it.
        level: The word of RFC 2119 that the section uses; "should" also where it only gives a reason.
    """

    rfc: str
    text: str
    level: Level = "must"


_SESSION = {
    "bare-lf-command": Standard("RFC 5321 2.3.8", "The command line ends with a line feed alone, not with CR LF."),
    "bare-cr-command": Standard("RFC 5321 2.3.8", "The command line contains a carriage return."),
    "command-too-long": Standard(
        "RFC 5321 4.5.3.1.4", "The command line is longer than 512 bytes, the most that every server accepts."
    ),
    "non-ascii-command": Standard(
        "RFC 5321 2.4", "The command has characters beyond ASCII, which need the extension SMTPUTF8."
    ),
    "smtputf8-address": Standard(
        "RFC 6531 3.4", "The address has characters beyond ASCII, but MAIL FROM does not ask for SMTPUTF8."
    ),
    "path-space": Standard("RFC 5321 3.3", "There is white space after the colon, where none is allowed."),
    "path-brackets": Standard("RFC 5321 4.1.2", "The address is not enclosed in angle brackets."),
    "path-display-name": Standard(
        "RFC 5321 4.1.2", "A display name precedes the address, where only the address is allowed."
    ),
    "helo-invalid": Standard("RFC 5321 4.1.1.1", "The name is neither a domain name nor an address literal."),
    "helo-bare-address": Standard(
        "RFC 5321 4.1.3", "The name is an IP address without brackets: an address literal must be enclosed in [ ]."
    ),
    "helo-not-qualified": Standard(
        "RFC 5321 2.3.5", "The name is not fully qualified: a host without one gives its address literal."
    ),
    "pipelining-not-offered": Standard(
        "RFC 2920 3.1", "The client did not wait for the reply, although the server had not offered PIPELINING."
    ),
    "pipelining-past-wait": Standard(
        "RFC 2920 3.1", "The client did not wait for the reply to a command after which it must wait."
    ),
    "command-after-starttls": Standard(
        "RFC 3207 4.2", "The client sent more clear text after STARTTLS, where TLS had to begin."
    ),
    "data-without-recipients": Standard(
        "RFC 5321 3.3", "The client sent DATA although every recipient had been refused.", "should"
    ),
    "command-before-greeting": Standard(
        "RFC 5321 4.3.1", "The client did not wait for the server's greeting.", "should"
    ),
    "no-quit": Standard("RFC 5321 4.1.1.10", "The client closed the connection without a QUIT."),
    "command-after-quit": Standard("RFC 5321 4.1.1.10", "The client sent more after QUIT."),
}

_WIRE = {
    "bare-lf": Standard("RFC 5321 2.3.8", "The line ends with a line feed alone, not with CR LF."),
    "bare-cr": Standard("RFC 5321 2.3.8", "There is a carriage return that no line feed follows."),
    "line-too-long": Standard("RFC 5321 4.5.3.1.6", "The line is longer than 998 bytes without its line end."),
    "dot-not-stuffed": Standard(
        "RFC 5321 4.5.2", "The line began with a dot that was not doubled, so the dot was lost."
    ),
    "8bit-without-8bitmime": Standard(
        "RFC 6152 3", "The message has bytes beyond ASCII, but MAIL FROM does not say BODY=8BITMIME."
    ),
    "size-too-small": Standard(
        "RFC 1870 6",
        "The message is larger than the SIZE that MAIL FROM declared, so it may be refused after all.",
        "should",
    ),
}

_HEADER = {
    "utf8-header": Standard(
        "RFC 6532 3", "The header has characters beyond ASCII, but MAIL FROM does not ask for SMTPUTF8."
    ),
    "header-line-too-long": Standard("RFC 5322 2.1.1", "The header line is longer than 998 bytes: it can be folded."),
    "header-control-character": Standard("RFC 5322 2.2", "The header has a control character."),
    "blank-in-header-name": Standard("RFC 5322 2.2", "There is white space in the name of a header."),
    "missing-from": Standard("RFC 5322 3.6", "There is no From header."),
    "missing-date": Standard("RFC 5322 3.6", "There is no Date header."),
    "missing-message-id": Standard(
        "RFC 5322 3.6.4", "There is no Message-ID header, which every message should have.", "should"
    ),
    **{
        f"repeated-{name.lower()}": Standard("RFC 5322 3.6", f"There is more than one {name} header.")
        for name in (
            "From",
            "Sender",
            "Reply-To",
            "To",
            "Cc",
            "Message-ID",
            "In-Reply-To",
            "References",
            "Subject",
            "Date",
        )
    },
    "bad-from": Standard("RFC 5322 3.6.2", "The From header contains no valid address."),
    "bad-address": Standard("RFC 5322 3.4", "The header contains an invalid address."),
    "bad-date": Standard("RFC 5322 3.3", "The Date header is not a date such as Sat, 21 Nov 2026 10:30:00 +0100."),
    "bad-message-id": Standard("RFC 5322 3.6.4", "The Message-ID header is not of the form <left@right>."),
    "encoded-word-too-long": Standard("RFC 2047 2", "There is an encoded word of more than 75 characters."),
    "bcc-header": Standard(
        "RFC 5322 3.6.3", "The message shows a hidden recipient to others in its Bcc header.", "should"
    ),
}

_MIME = {
    "mime-version-missing": Standard("RFC 2045 4", "There are MIME headers, but no MIME-Version header."),
    "repeated-content-type": Standard("RFC 2045 3", "There is more than one Content-Type header."),
    "repeated-content-transfer-encoding": Standard(
        "RFC 2045 3", "There is more than one Content-Transfer-Encoding header."
    ),
    "bad-content-type": Standard("RFC 2045 5.1", "The Content-Type does not begin with a type and a subtype."),
    "utf8-part-header": Standard(
        "RFC 6532 3", "The header of a part has characters beyond ASCII, but MAIL FROM does not ask for SMTPUTF8."
    ),
    "encoded-word-in-parameter": Standard(
        "RFC 2047 5", "There is an encoded word in a parameter or a Content-Disposition, where none is allowed."
    ),
    "encoded-multipart": Standard(
        "RFC 2045 6.4", "The multipart is declared as encoded, but only its parts may be encoded."
    ),
    "boundary-missing": Standard("RFC 2046 5.1.1", "A boundary of the multipart message is missing."),
    "bad-base64": Standard("RFC 2045 6.8", "The part is declared as base64, but is not."),
    "bad-quoted-printable": Standard("RFC 2045 6.7", "The part is declared as quoted-printable, but is not."),
    "charset-mismatch": Standard(
        "RFC 2046 4.1.2", "The text is not in its charset, which is US-ASCII where none is declared."
    ),
    "attachment-without-name": Standard("RFC 2183 2.3", "The attachment has no file name.", "should"),
}

SECTIONS: Mapping[str, Mapping[str, Standard]] = {
    "The conversation": _SESSION,
    "The message in transit": _WIRE,
    "The header": _HEADER,
    "MIME": _MIME,
}

STANDARDS: Mapping[str, Standard] = {code: row for section in SECTIONS.values() for code, row in section.items()}
"""Every violation, by code."""


def violation(code: str, where: str = "", exchange: Exchange | None = None) -> Violation:
    """Return the violation with a code, found at a place."""
    standard = STANDARDS[code]
    return Violation(code, standard.rfc, where, standard.text, exchange, standard.level)


def command_place(exchange: Exchange) -> str:
    """Return the place of a command, as shown in a violation."""
    if exchange.stage == "message":
        return "after the message"
    return f'in "{shorten(escape_controls(exchange.request), _MOST_SHOWN)}"'


def at_line(number: int, line: bytes) -> str:
    """Return the place of a line of a message, counted from 1, as shown in a violation."""
    text = escape_controls(line.removesuffix(b"\r")[: _MOST_SHOWN + 1].decode("utf-8", "surrogateescape"))
    return f"line {number}: {shorten(text, _MOST_SHOWN)}"


def drop_ignored(violations: Iterable[Violation], ignore: str | Collection[str]) -> list[Violation]:
    """Return the violations whose code is not ignored.

    Args:
        violations: The violations to filter.
        ignore: One code, or several.

    Raises:
        QueryError: If a code is unknown; the text suggests the nearest one.

    Example:
        >>> drop_ignored([violation("missing-date"), violation("bare-lf", "line 3")], "missing-date")[0].code
        'bare-lf'
    """
    codes = (ignore,) if isinstance(ignore, str) else ignore
    for code in codes:
        if code not in STANDARDS:
            raise QueryError(unknown("violation", code, STANDARDS))
    return [found for found in violations if found.code not in codes]
