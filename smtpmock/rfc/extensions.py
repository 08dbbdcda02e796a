"""The ESMTP extensions: how they are announced, and what they change in commands and replies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

EXTENSIONS = (
    "SIZE",  # RFC 1870
    "PIPELINING",  # RFC 2920
    "8BITMIME",  # RFC 6152
    "SMTPUTF8",  # RFC 6531
    "ENHANCEDSTATUSCODES",  # RFC 2034
    "DSN",  # RFC 3461
    "CHUNKING",  # RFC 3030
    "VRFY",  # RFC 5321 section 4.1.1.6
    "HELP",  # RFC 5321 section 4.1.1.8
)
"""The extensions that can be enabled, in the order of their announcement. STARTTLS and AUTH have their own settings."""

MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2", "OAUTHBEARER")
"""The AUTH mechanisms, in the order in which they are offered."""

NEEDING_PASSWORDS = ("CRAM-MD5",)
"""The mechanisms that compute with the password: whoever only checks it cannot offer them."""

_BROUGHT_ALONG = {"SMTPUTF8": "8BITMIME"}  # RFC 6531 section 3.1
_XTEXT = r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})"  # RFC 3461 section 4


class Parameter(NamedTuple):
    """A parameter of MAIL FROM or RCPT TO.

    Attributes:
        keyword: Its keyword.
        extension: The extension that defines it.
        pattern: The pattern of its value.
    """

    keyword: str
    extension: str
    pattern: str


MAIL_PARAMETERS = (
    Parameter("SIZE", "SIZE", r"[0-9]{1,20}"),
    Parameter("BODY", "8BITMIME", r"(?i:7BIT|8BITMIME)"),
    Parameter("BODY", "BINARYMIME", r"(?i:7BIT|8BITMIME|BINARYMIME)"),  # RFC 3030 section 3
    Parameter("SMTPUTF8", "SMTPUTF8", r""),
    Parameter("RET", "DSN", r"(?i:FULL|HDRS)"),
    Parameter("ENVID", "DSN", rf"{_XTEXT}{{1,100}}"),
    Parameter("AUTH", "AUTH", rf"<>|{_XTEXT}+"),
    Parameter("BY", "DELIVERBY", r"-?[0-9]{1,9};(?i:[NR]T?)"),  # RFC 2852 section 4
    Parameter("HOLDFOR", "FUTURERELEASE", r"[1-9][0-9]{0,8}"),  # RFC 4865 section 4
    Parameter("HOLDUNTIL", "FUTURERELEASE", r"[0-9T:+Z.-]{1,40}"),
    Parameter("MT-PRIORITY", "MT-PRIORITY", r"-?[0-9]"),  # RFC 6710 section 4.1
    Parameter("REQUIRETLS", "REQUIRETLS", r""),  # RFC 8689 section 2
    Parameter("SOLICIT", "NO-SOLICITING", r"[!-<>-~]+"),  # RFC 3865 section 3
)
"""The parameters of MAIL FROM, including those of extensions that a rule can announce."""

RCPT_PARAMETERS = (
    Parameter("NOTIFY", "DSN", r"(?i:NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY))*)"),
    Parameter("ORCPT", "DSN", rf"[A-Za-z0-9-]+;(?:{_XTEXT}|[^\x00-\x7f])+"),
)
"""The parameters of RCPT TO."""

_KNOWN = {*EXTENSIONS, "AUTH", "STARTTLS", *(known.extension for known in (*MAIL_PARAMETERS, *RCPT_PARAMETERS))}


def is_valid_parameter(keyword: str, value: str, known: Iterable[Parameter], offered: Collection[str]) -> bool | None:
    """Return True if an offered extension defines the parameter and its value is valid, False if its value is not.

    A parameter named after an offered extension that is otherwise unknown is valid with any value.

    Args:
        keyword: The keyword, in upper case.
        value: The value; "" for none.
        known: The parameters of the command.
        offered: The extensions that were announced.

    Returns:
        None if no offered extension defines the parameter.

    Example:
        >>> [is_valid_parameter("SIZE", value, MAIL_PARAMETERS, ["SIZE"]) for value in ("10", "ten")]
        [True, False]
        >>> is_valid_parameter("SIZE", "10", RCPT_PARAMETERS, ["SIZE"])
    """
    patterns = [one.pattern for one in known if one.keyword == keyword and one.extension in offered]
    if patterns:
        return any(re.fullmatch(pattern, value) for pattern in patterns)
    return True if keyword in offered and keyword not in _KNOWN else None


def announced(reply: str) -> Iterable[tuple[str, str]]:
    r"""Return the keywords that a reply to EHLO announces, in upper case, each with the text after it.

    Each line but the first has a keyword (RFC 5321 section 4.1.1.1).

    Example:
        >>> list(announced("250-mock\n250-SIZE 1000\n250 dsn"))
        [('SIZE', '1000'), ('DSN', '')]
    """
    for line in reply.split("\n")[1:]:
        keyword, _, value = line[4:].strip().partition(" ")
        if keyword:
            yield keyword.upper(), value.strip()


_ENHANCED = {
    "421 Service shutting down": "4.3.2",
    "421 Session timeout": "4.4.2",
    "452 Too many recipients": "4.5.3",
    "500 Line too long": "5.5.6",
    "msg_invalid_cmd": "5.5.1",
    "msg_quit_cmd": "2.0.0",
    "msg_invalid_cmd_mailfrom_sequence": "5.5.1",
    "msg_invalid_cmd_mailfrom_arg": "5.1.7",
    "msg_parameter_unknown": "5.5.4",
    "msg_parameter_invalid": "5.5.4",
    "msg_mailfrom_blacklisted_email": "4.7.1",
    "msg_mailfrom_received": "2.1.0",
    "msg_invalid_cmd_rcptto_sequence": "5.5.1",
    "msg_invalid_cmd_rcptto_arg": "5.1.3",
    "msg_rcptto_not_registered_email": "5.1.1",
    "msg_rcptto_blacklisted_email": "4.7.1",
    "msg_rcptto_received": "2.1.5",
    "msg_invalid_cmd_data_sequence": "5.5.1",
    "msg_msg_size_is_too_big": "5.3.4",
    "msg_msg_received": "2.6.0",
    "msg_invalid_cmd_rset_sequence": "5.5.1",
    "msg_invalid_cmd_rset_arg": "5.5.4",
    "msg_rset_received": "2.0.0",
    "msg_noop_received": "2.0.0",
    "msg_vrfy_received": "2.5.0",
    "msg_invalid_cmd_vrfy_arg": "5.5.4",
    "msg_help_received": "2.0.0",
    "msg_bdat_received": "2.6.0",
    "msg_invalid_cmd_bdat_arg": "5.5.4",
    "msg_invalid_cmd_bdat_sequence": "5.5.1",
    "msg_starttls_received": "2.0.0",
    "msg_starttls_refused": "4.7.0",
    "msg_invalid_cmd_starttls_arg": "5.5.4",
    "msg_invalid_cmd_starttls_sequence": "5.5.1",
    "msg_tls_required": "5.7.0",
    "msg_auth_succeeded": "2.7.0",
    "msg_auth_failed": "5.7.8",
    "msg_auth_required": "5.7.0",
    "msg_auth_cancelled": "5.7.0",
    "msg_invalid_auth_base64": "5.5.2",
    "msg_auth_mechanism_unknown": "5.5.4",
    "msg_auth_encryption_required": "5.7.11",
    "msg_invalid_cmd_auth_sequence": "5.5.1",
    "msg_invalid_cmd_auth_arg": "5.5.4",
}
"""The enhanced status codes of the default texts (RFC 3463, RFC 5248), except the greeting and EHLO (RFC 2034)."""


def complete(extensions: Collection[str]) -> tuple[str, ...]:
    """Return the extensions and those that they require, in the order in which they are announced."""
    wanted = {*extensions, *(_BROUGHT_ALONG[name] for name in extensions if name in _BROUGHT_ALONG)}
    return tuple(name for name in EXTENSIONS if name in wanted)


def announcement(name: str, size_limit: int) -> str:
    """Return the line that announces an extension."""
    return f"SIZE {size_limit}" if name == "SIZE" else name


def add_status_code(setting: str, text: str) -> str:
    """Return a default text with its enhanced status code, if there is one for a setting, or for the text itself.

    Example:
        >>> add_status_code("msg_rcptto_received", "250 Received")
        '250 2.1.5 Received'
    """
    code = _ENHANCED.get(setting)
    return text if code is None else f"{text[:3]} {code} {text[4:]}"
