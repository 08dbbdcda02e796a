"""A command, its reply, and the cause of that reply."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import NamedTuple

_IN_BRACKETS = re.compile(r"<([^<>]+)>")


class Cause(NamedTuple):
    """The cause of a reply: a rule, else a setting, else a limit of the server.

    Attributes:
        setting: The name of the setting whose text was sent; None if no setting has that text.
        rule_id: The id of the rule that decided; "" if no rule did.
        rule: The rule as text, as `str(rule)` shows it; "" if no rule decided.
        then: The action of the rule instead of the reply, or after it: "close", "half", ...; None if there was none.
        limit: The limit that was reached: "line-length", "recipients", "session-timeout", "shutdown", "store"; "" if
                there was none.
    """

    setting: str | None = None
    rule_id: str = ""
    rule: str = ""
    then: str | None = None
    limit: str = ""

    @property
    def kind(self) -> str:
        """The kind of the cause: "rule", "setting" or "limit"."""
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
        request: The command line without surrounding white space; "" for the greeting, the end of data and unsolicited
                replies. Bytes that are not UTF-8 appear as ``\xff``; see `request_bytes`.
        reply: The lines of the reply, separated by line feeds.
        timestamp: When the request was read, in seconds since the epoch.
        delay: The seconds by which the reply was delayed.
        accepted: True if the command succeeded.
        stage: The stage: "connect", "EHLO", "RCPT TO", "message", ...; "" for an unknown command.
        cause: The cause of the reply.
        number: Its position in the session, counted from 1.
        argument: The argument as it was understood: the name of HELO and EHLO, the address of MAIL FROM and RCPT TO;
                None if it is missing or could not be parsed.
        parameters: The ESMTP parameters of MAIL FROM and RCPT TO, and the extensions that a reply to EHLO announces,
            as pairs of a keyword in upper case and a value.
        octets: The original bytes of the request, if they are not UTF-8; b"" if `request` has them unchanged.

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
        """The original bytes of the request, without surrounding white space."""
        return self.octets or self.request.encode()

    @property
    def address(self) -> str:
        """The address of MAIL FROM or RCPT TO; as given, without brackets, if it could not be parsed."""
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
        """The action of the rule instead of the reply, or after it: "close", "half", ...; None if there was none."""
        return self.cause.then

    @property
    def time(self) -> datetime:
        """The time at which the request was read (UTC)."""
        return datetime.fromtimestamp(self.timestamp, timezone.utc)


NO_EXCHANGE = Exchange("", "", 0.0)
