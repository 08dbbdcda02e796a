"""The grammar of command arguments: RFC 5321 sections 4.1.2 and 4.1.3, as lenient as go-smtp-mock.

This file knows nothing of connections and replies: text in, a value or None out.
"""

from __future__ import annotations

import re
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

# Let-dig and Ldh-str of section 4.1.2; other scripts (RFC 6531 section 3.3) are checked letter by letter.
_ASCII_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*")
_SNUM = r"(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])"
_IPV4 = re.compile(rf"{_SNUM}(?:\.{_SNUM}){{3}}")
_DIGITS_AND_DOTS = re.compile(r"[0-9]+(?:\.[0-9]+)+")

# atext of RFC 5322 section 3.2.3, extended as in RFC 6531; dots anywhere, as go-smtp-mock allows. Said by what they are
# not: to compile the ranges of all letters takes 10 ms.
_DOTTED_ATOMS = r'[^\x00-\x20"(),:;<>@\[\\\]\x7f]+'
_QUOTED_STRING = r'"(?:[^\x00-\x1f"\\\x7f]|\\[ -~])*"'
_DOMAIN_OR_LITERAL = r"(?:\[[^\[\]\s<>]*\]|[^\s<>@,:\"\[\]]+)"
_PATH = re.compile(
    rf"""
    (?: (?: [^\W_] | [ ] )* < )?                                       # a display name may precede the bracket
    (?: @{_DOMAIN_OR_LITERAL} (?: ,@{_DOMAIN_OR_LITERAL} )* : )?        # A-d-l, the source route
    (?P<local> {_DOTTED_ATOMS} | {_QUOTED_STRING} ) @ (?P<domain> {_DOMAIN_OR_LITERAL} )
    >?
    """,
    re.VERBOSE,
)

_LOCAL_PATH = re.compile(rf"<?(?P<local>{_DOTTED_ATOMS}|{_QUOTED_STRING})(?:>|(?= |\Z))")
_KEYWORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_NO_PARAMETERS: Mapping[str, str] = MappingProxyType({})
_REMEMBERED = 1024  # names and addresses: a test has few, and most come again


@lru_cache(_REMEMBERED)
def is_domain(text: str) -> bool:
    """Return True if the text is a Domain, an IPv4 address or an address literal.

    A Domain consists of labels of letters, digits and inner hyphens (section 4.1.2), with letters of any script; one
    label is enough. A name of digits and dots must be an IPv4 address.

    Example:
        >>> is_domain("mail.example.com"), is_domain("[IPv6:::1]"), is_domain("ex_ample.com")
        (True, True, False)
    """
    if text.startswith("["):
        return text.endswith("]") and _is_address_literal(text[1:-1])
    if _DIGITS_AND_DOTS.fullmatch(text):
        return _IPV4.fullmatch(text) is not None
    return _ASCII_DOMAIN.fullmatch(text) is not None or (not text.isascii() and all(map(_is_label, text.split("."))))


class Path(NamedTuple):
    """The argument of MAIL FROM or RCPT TO.

    Attributes:
        address: The mailbox, without brackets, display name and source route; "" for the null path.
        parameters: The parameters after the path (section 4.1.1.11), by keyword in upper case; "" for no value. None if
                a value is empty or has an equals sign, or a keyword is repeated.
    """

    address: str
    parameters: Mapping[str, str] | None


def reverse_path(text: str) -> Path | None:
    """Return the argument of MAIL FROM: a mailbox or the null path ``<>``, with parameters; None if it is invalid.

    Example:
        >>> reverse_path("<@relay.example:bob@example.com> SIZE=1000")
        Path(address='bob@example.com', parameters=mappingproxy({'SIZE': '1000'}))
    """
    return _path(text, "" if text.startswith("<>") else None, 2)


def forward_path(text: str) -> Path | None:
    """Return the argument of RCPT TO: a mailbox or ``<postmaster>`` in any case, with parameters; None if invalid.

    Example:
        >>> forward_path("<Postmaster>").address
        'Postmaster'
    """
    postmaster = text[1:11] if text[:12].lower() == "<postmaster>" else None
    return _path(text, postmaster, 12)


def local_path(text: str) -> Path | None:
    """Return a path without a domain, as used for mail to a local user, or None; the brackets may be missing.

    Example:
        >>> local_path("<root>").address
        'root'
    """
    match = _LOCAL_PATH.match(text)
    if match is None:
        return None
    rest = text[match.end() :]
    return _with_parameters(match["local"], rest) if rest else Path(match["local"], _NO_PARAMETERS)


def _path(text: str, special: str | None, length: int) -> Path | None:
    """Return a path; `special` is one that is not a mailbox and has this length."""
    if special is not None:
        address, end = special, length
    else:
        match = _PATH.match(text)
        if match is None:
            return None
        route = text[: match.start("local")].rpartition("<")[2]
        if not is_domain(match["domain"]) or not all(map(is_domain, _route(route))):
            return None
        address, end = f"{match['local']}@{match['domain']}", match.end()
    if end == len(text):
        return Path(address, _NO_PARAMETERS)
    return _with_parameters(address, text[end:])


def _with_parameters(address: str, text: str) -> Path | None:
    """Return a path with the parameters after it; None if these are not a list of keywords."""
    words = [word.partition("=") for word in text.split()]
    if text[0] != " " or not all(_KEYWORD.fullmatch(keyword) for keyword, _, _ in words):
        return None
    parameters = {keyword.upper(): value for keyword, _, value in words}
    is_valid = len(parameters) == len(words) and all(bool(equals) == bool(value) for _, equals, value in words)
    if not is_valid or any("=" in value for value in parameters.values()):
        return Path(address, None)
    return Path(address, MappingProxyType(parameters))


@lru_cache(_REMEMBERED)
def address_key(address: str) -> str:
    """Return the form that equal addresses share: the domain in lower case, the local part unchanged.

    RFC 5321 section 2.4.

    Example:
        >>> address_key("Bob@Example.COM")
        'Bob@example.com'
    """
    local, at, domain = address.rpartition("@")
    if not at:  # a local address, or <postmaster>, which has no case (section 4.5.1)
        return domain.lower() if domain.lower() == "postmaster" else domain
    return f"{local}@{domain.lower()}"


def _route(text: str) -> list[str]:
    """Return the domains of a source route, ``@a,@b:``."""
    return [hop.lstrip("@") for hop in text.rstrip(":").split(",")] if text else []


def _is_label(label: str) -> bool:
    """Return True if a label is letters, digits (with the marks of some scripts) and inner hyphens."""
    from unicodedata import category

    return (
        bool(label)
        and label[0] != "-"
        and label[-1] != "-"
        and all(letter == "-" or category(letter)[0] in "LM" or category(letter) == "Nd" for letter in label)
    )


def _is_address_literal(text: str) -> bool:
    """Return True for an IPv4 address, or ``IPv6:`` and an IPv6 address without a zone (section 4.1.3)."""
    if text[:5].lower() != "ipv6:":
        return _IPV4.fullmatch(text) is not None
    from ipaddress import AddressValueError, IPv6Address

    address = text[5:]
    head, _, tail = address.rpartition(":")
    if _IPV4.fullmatch(tail):  # with the leading zeros that a Snum may have
        address = f"{head}:0.0.0.0"
    try:
        IPv6Address(address)
    except AddressValueError:
        return False
    return "%" not in text
