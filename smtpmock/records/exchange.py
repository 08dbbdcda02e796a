"""A command and its reply, and what made that reply."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import NamedTuple

_IN_BRACKETS = re.compile(r"<([^<>]+)>")


class Cause(NamedTuple):
    """What made a reply: a rule, else a setting, else a limit of the server.

    Attributes:
        setting: The name of the setting whose text was sent; None if no setting has that text.
        rule_id: The id of the rule that decided; "" if none did.
        rule: The rule as text, as `str(rule)` shows it; "" if none decided.
        then: What the rule did instead of the reply, or after it: "close", "half", ...; None if nothing.
        limit: The limit that was reached: "line-length", "recipients", "session-timeout", "shutdown", "store"; "" if
            none was.
    """

    setting: str | None = None
    rule_id: str = ""
    rule: str = ""
    then: str | None = None
    limit: str = ""

    @property
    def kind(self) -> str:
        """What decided: "rule", "setting" or "limit"."""
        if self.rule_id:
            return "rule"
        return "setting" if self.setting is not None else "limit"

    def __str__(self) -> str:
        """Return the cause for people: the rule, the name of the setting, or the limit."""
        if self.rule_id:
            return f"the rule {self.rule}"
        return self.setting or (f"the limit {self.limit}" if self.limit else "a limit of the server")


NO_CAUSE = Cause()


class Exchange(NamedTuple):
    r"""A command and its reply.

    Attributes:
        request: The command line without surrounding white space; "" for the greeting, the end of data and what the
            server said unasked. Bytes that are not UTF-8 appear as ``\xff``; see `request_bytes`.
        reply: The lines of the reply, separated by line feeds.
        timestamp: When the request was read, in seconds since the epoch.
        delay: The seconds that the reply was held back.
        accepted: True if the command succeeded.
        stage: What was asked for: "connect", "EHLO", "RCPT TO", "message", ...; "" for an unknown command.
        cause: What made the reply.
        number: Its place in the session, counted from 1.
        argument: The argument as it was understood: the name of HELO and EHLO, the address of MAIL FROM and RCPT TO;
            None if there is none or it could not be parsed.
        parameters: The ESMTP parameters of MAIL FROM and RCPT TO, and the extensions that a reply to EHLO announces,
            as pairs of a keyword in upper case and a value.
        octets: The request as it came, if it is not UTF-8; b"" if `request` has it unchanged.

    Example:
        >>> exchange = Exchange("RCPT TO:<b@example.com>", "550 User not found", 0.0,
        ...                     cause=Cause("msg_rcptto_not_registered_email"), stage="RCPT TO")
        >>> exchange.setting, exchange.cause.kind
        ('msg_rcptto_not_registered_email', 'setting')
    """

    request: str
    reply: str
    timestamp: float
    delay: float = 0.0
    accepted: bool = False
    stage: str = ""
    cause: Cause = NO_CAUSE
    number: int = 0
    argument: str | None = None
    parameters: tuple[tuple[str, str], ...] = ()
    octets: bytes = b""

    @property
    def request_bytes(self) -> bytes:
        """The request as it came, without surrounding white space."""
        return self.octets or self.request.encode()

    @property
    def address(self) -> str:
        """The address of MAIL FROM or RCPT TO; what was given, without its brackets, if it could not be parsed."""
        if self.argument is not None:
            return self.argument
        given = self.request.partition(":")[2].strip()
        bracketed = _IN_BRACKETS.fullmatch(given)
        return given if bracketed is None else bracketed[1]

    @property
    def setting(self) -> str | None:
        """The name of the setting whose text was sent; None if no setting has that text."""
        return self.cause.setting

    @property
    def rule(self) -> str | None:
        """The text of the rule that decided; None if the settings did."""
        return self.cause.rule or None

    @property
    def then(self) -> str | None:
        """What the rule did instead of the reply, or after it: "close", "half", ...; None if nothing."""
        return self.cause.then

    @property
    def time(self) -> datetime:
        """When the request was read (UTC)."""
        return datetime.fromtimestamp(self.timestamp, timezone.utc)
