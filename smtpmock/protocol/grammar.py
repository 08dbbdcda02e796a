"""The grammar of command arguments: RFC 5321 sections 4.1.2 and 4.1.3, as lenient as go-smtp-mock.

This file knows nothing of connections and replies: text in, a value or None out.
"""

from __future__ import annotations

import re

# Let-dig and Ldh-str of section 4.1.2; other scripts (RFC 6531 section 3.3) are looked at letter by letter.
_ASCII_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*")
_SNUM = r"(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])"
_IPV4 = re.compile(rf"{_SNUM}(?:\.{_SNUM}){{3}}")
_DIGITS_AND_DOTS = re.compile(r"[0-9]+(?:\.[0-9]+)+")

# atext of RFC 5322 section 3.2.3, extended as in RFC 6531; dots anywhere, because go-smtp-mock does not mind them.
_DOTTED_ATOMS = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\u0080-\U0010ffff-]+"
_QUOTED_STRING = r'"(?:[ !#-\[\]-~\u0080-\U0010ffff]|\\[ -~])*"'
_DOMAIN_OR_LITERAL = r"(?:\[[^\[\]\s<>]*\]|[^\s<>@,:\"\[\]]+)"
_PATH = re.compile(
    rf"""
    (?: (?: [^\W_] | [ ] )* < )?                                       # a display name may stand before the bracket
    (?: @{_DOMAIN_OR_LITERAL} (?: ,@{_DOMAIN_OR_LITERAL} )* : )?        # A-d-l, the source route
    (?P<local> {_DOTTED_ATOMS} | {_QUOTED_STRING} ) @ (?P<domain> {_DOMAIN_OR_LITERAL} )
    >?
    """,
    re.VERBOSE,
)


def is_domain(text: str) -> bool:
    """Whether the text is a Domain, an IPv4 address or an address literal.

    A Domain is made of labels of letters, digits and inner hyphens (section 4.1.2), the letters of any script; one
    label will do. A name of digits and dots has to be an IPv4 address.

    Example:
        >>> is_domain("mail.example.com"), is_domain("[IPv6:::1]"), is_domain("ex_ample.com")
        (True, True, False)
    """
    if text.startswith("["):
        return text.endswith("]") and _is_address_literal(text[1:-1])
    if _DIGITS_AND_DOTS.fullmatch(text):
        return _IPV4.fullmatch(text) is not None
    return _ASCII_DOMAIN.fullmatch(text) is not None or (not text.isascii() and all(map(_is_label, text.split("."))))


def path(text: str) -> str | None:
    """The mailbox in a Path, without brackets, display name and source route; None where there is none.

    Example:
        >>> path("<@relay.example:bob@example.com>")
        'bob@example.com'
    """
    match = _PATH.fullmatch(text)
    if match is None:
        return None
    routes = text[: match.start("local")].rpartition("<")[2]
    if not is_domain(match["domain"]) or not all(map(is_domain, _route(routes))):
        return None
    return f"{match['local']}@{match['domain']}"


def reverse_path(text: str) -> str | None:
    """The sender in the argument of MAIL FROM: a mailbox, or "" for the null path ``<>``; None where it is neither."""
    return "" if text == "<>" else path(text)


def forward_path(text: str) -> str | None:
    """The recipient in the argument of RCPT TO: a mailbox or ``<postmaster>`` in any case; None where it is neither."""
    if text[:1] == "<" and text[1:-1].lower() == "postmaster" and text[-1:] == ">":
        return text[1:-1]
    return path(text)


def address_key(address: str) -> str:
    """What two addresses have in common when they are equal: the domain without case, the local part with it.

    RFC 5321 section 2.4.

    Example:
        >>> address_key("Bob@Example.COM")
        'Bob@example.com'
    """
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{domain.lower()}"


def _route(text: str) -> list[str]:
    """The domains of a source route, ``@a,@b:``."""
    return [hop.lstrip("@") for hop in text.rstrip(":").split(",")] if text else []


def _is_label(label: str) -> bool:
    """Whether a label is letters, digits (with the marks that some scripts write on them) and inner hyphens."""
    from unicodedata import category

    return (
        bool(label)
        and label[0] != "-"
        and label[-1] != "-"
        and all(letter == "-" or category(letter)[0] in "LNM" for letter in label)
    )


def _is_address_literal(text: str) -> bool:
    """Section 4.1.3: an IPv4 address, or ``IPv6:`` and an IPv6 address without a zone."""
    if text[:5].lower() != "ipv6:":
        return _IPV4.fullmatch(text) is not None
    from ipaddress import AddressValueError, IPv6Address

    try:
        IPv6Address(text[5:])
    except AddressValueError:
        return False
    return "%" not in text
