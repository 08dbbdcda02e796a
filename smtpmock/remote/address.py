"""The URL of a server, with the credentials that it may contain and that are never shown."""

from __future__ import annotations

from base64 import b64encode
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from smtpmock.errors import SettingError
from smtpmock.text import format_address, invalid

_PORTS = {"http": 80, "https": 443}


class Address(NamedTuple):
    """The address of a server's HTTP interface.

    Attributes:
        scheme: "http" or "https".
        host: The host.
        port: The port.
        path: The path below which the interface is; "" for the root.
        authorization: The value of the header Authorization; "" without credentials.
    """

    scheme: str
    host: str
    port: int
    path: str
    authorization: str = ""

    def __str__(self) -> str:
        """Return the URL without credentials."""
        return f"{self.scheme}://{self.shown_host}{self.path}"

    @property
    def shown_host(self) -> str:
        """The host, with the port if it is not the usual one: the value of the header Host."""
        address = format_address(self.host, self.port)
        return address.rpartition(":")[0] if self.port == _PORTS[self.scheme] else address


def parse_address(url: str, auth: tuple[str, str] | None = None) -> Address:
    """Return the address in a URL.

    Args:
        url: The URL, which may contain a user and a password.
        auth: A user and a password, instead of those in the URL.

    Raises:
        SettingError: If it is no URL for HTTP, or `auth` is invalid.

    Example:
        >>> str(parse_address("http://bob:secret@127.0.0.1:8025/"))
        'http://127.0.0.1:8025'
    """
    shown = url.rpartition("@")[2] if isinstance(url, str) else url
    problem = SettingError(invalid("URL of an SMTP mock", shown, "a URL such as http://127.0.0.1:8025"))
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except (ValueError, AttributeError):
        raise problem from None
    if parts.scheme not in _PORTS or not parts.hostname or parts.query or parts.fragment:
        raise problem
    try:
        parts.hostname.encode("idna")
    except UnicodeError:  # a label that is too long
        raise problem from None
    if not parts.path.isascii() or any(character <= " " for character in parts.path + parts.hostname):
        raise problem
    if auth is None and parts.username is not None:
        auth = unquote(parts.username), unquote(parts.password or "")
    path = parts.path.rstrip("/")
    return Address(parts.scheme, parts.hostname, port or _PORTS[parts.scheme], path, _authorization(auth))


def _authorization(auth: tuple[str, str] | None) -> str:
    if auth is None:
        return ""
    if not isinstance(auth, tuple) or len(auth) != 2 or not all(isinstance(part, str) for part in auth):
        raise SettingError("Invalid auth: expected a tuple of a user and a password")  # which is not shown
    if ":" in auth[0]:
        raise SettingError("Invalid auth: expected a user without a colon (RFC 7617)")
    return f"Basic {b64encode(':'.join(auth).encode()).decode()}"
