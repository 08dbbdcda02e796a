"""The headers Host and Origin: the host that a request is for, and the origin of the page that makes it."""

from __future__ import annotations

from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


class Site(NamedTuple):
    """A host and a port.

    Attributes:
        host: The name or the address, in lower case and without brackets.
        port: The port; None if none was given.
    """

    host: str
    port: int | None


class Origin(NamedTuple):
    """An origin.

    Attributes:
        scheme: "http" or "https".
        host: The name or the address, in lower case and without brackets.
        port: The port.
    """

    scheme: str
    host: str
    port: int


def parse_host(text: str) -> Site | None:
    """Return the host and the port in a Host header (RFC 9110 section 7.2); None if it is invalid.

    Example:
        >>> parse_host("[::1]:8025")
        Site(host='::1', port=8025)
    """
    if not text or any(character in text for character in "/?#@\\ \t"):
        return None
    try:
        parts = urlsplit(f"//{text}")
        return Site(parts.hostname.removesuffix("."), parts.port) if parts.hostname else None
    except ValueError:
        return None


def parse_origin(text: str) -> Origin | None:
    """Return an origin (RFC 6454) in its parts; None if it is not that of a page on the Web, such as "null".

    Example:
        >>> parse_origin("https://app.example")
        Origin(scheme='https', host='app.example', port=443)
    """
    scheme, separator, rest = text.partition("://")
    scheme = scheme.lower()
    site = parse_host(rest) if separator and scheme in _PORTS else None
    return site and Origin(scheme, site.host, _PORTS[scheme] if site.port is None else site.port)


def is_same(origin: Origin | None, site: Site | None) -> bool:
    """Return True if the host and the port of an origin are those that a Host header names.

    Example:
        >>> is_same(parse_origin("https://mock.example"), parse_host("mock.example"))
        True
        >>> is_same(parse_origin("http://mock.example:8025"), parse_host("mock.example"))
        False
    """
    if origin is None or site is None:
        return False
    return origin[1:] == (site.host, _PORTS[origin.scheme] if site.port is None else site.port)


def is_loopback(host: str) -> bool:
    """Return True if a name or an address stands for the machine itself.

    Example:
        >>> is_loopback("app.localhost"), is_loopback("127.0.0.2"), is_loopback("mock.example")
        (True, True, False)
    """
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
