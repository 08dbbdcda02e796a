"""The faults of the matrix: a table. Each is one rule, as on the command line, with which it can be repeated alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from smtpmock.errors import SettingError
from smtpmock.text import unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

RECIPIENT = "{recipient}"
"""The place in a rule for one recipient of a mail that has several."""

_AGAIN = "delivered by another attempt"
_REPORT = "reported to the caller: no attempt can succeed"
_AT_ONCE = "delivered by the first attempt"
_UNSURE = "delivered once; a client that cannot know sends it twice"
_TLS = {"tls": "starttls"}
_AUTH = {"auth": "any"}


@dataclass(frozen=True)
class Fault:
    """A fault of a server.

    Attributes:
        name: Its name.
        meaning: What the server does.
        rule: The rule that makes it, as text; `{recipient}` stands for one of several recipients of a mail.
        expected: What a robust client makes of it.
        settings: The settings that the server needs for it, unless it has them.
        advance: The seconds by which the clock is moved forward when the scenario has returned.
    """

    name: str
    meaning: str
    rule: str
    expected: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    advance: float = 0.0

    @property
    def needs_several_recipients(self) -> bool:
        """True if it concerns one of several recipients of a mail."""
        return RECIPIENT in self.rule

    @property
    def hides_the_outcome(self) -> bool:
        """True if the client may not learn that its mail was accepted, so that it may send it again."""
        return self.rule.startswith(("message", "QUIT")) and "then=" in self.rule


_TABLE = (
    # Before the first command.
    Fault(
        "greeting-421",
        "the first connection is greeted with 421 and closed",
        "connect times=1 reply='421 4.3.2 Service not available' then=close",
        _AGAIN,
    ),
    Fault(
        "greeting-554",
        "every connection is greeted with 554 and closed",
        "connect reply='554 5.3.2 No mail service here' then=close",
        _REPORT,
    ),
    Fault("closed-before-greeting", "the first connection is closed at once", "connect times=1 then=close", _AGAIN),
    Fault(
        "closed-after-greeting",
        "the first connection is closed after the greeting",
        "connect times=1 reply='220 Welcome' then=close",
        _AGAIN,
    ),
    Fault("silent-greeting", "the first connection is not greeted", "connect times=1 then=silence", _AGAIN),
    Fault(
        "connection-limit",
        "one connection at a time is served, further ones get 421",
        "connect reply='421 4.7.0 Too many connections' then=close gate='limit_connections connections=1'",
        _AGAIN,
    ),
    Fault(
        "outage",
        "every connection after the first one gets 421",
        "connect after=1 reply='421 4.3.2 Service not available' then=close",
        _REPORT,
    ),
    # EHLO, TLS and the login.
    Fault(
        "421-at-ehlo",
        "the first EHLO gets 421, and the connection is closed",
        "EHLO times=1 reply='421 4.3.2 Service not available' then=close",
        _AGAIN,
    ),
    Fault("garbage-at-ehlo", "the first EHLO is answered with garbage", "EHLO times=1 then=garbage", _AGAIN),
    Fault(
        "starttls-refused",
        "STARTTLS is offered, but refused",
        "STARTTLS reply='454 4.7.0 TLS not available'",
        _REPORT,
        _TLS,
    ),
    Fault("certificate-expired", "the certificate has expired", "STARTTLS tls=expired", _REPORT, _TLS),
    Fault("certificate-wrong-host", "the certificate is for another host", "STARTTLS tls=wrong-host", _REPORT, _TLS),
    Fault("handshake-cut", "the first TLS handshake is cut", "STARTTLS times=1 tls=cut", _AGAIN, _TLS),
    Fault(
        "login-refused",
        "no login is accepted",
        "AUTH reply='535 5.7.8 Authentication credentials invalid'",
        _REPORT,
        _AUTH,
    ),
    Fault(
        "login-deferred",
        "the first login gets 454",
        "AUTH times=1 reply='454 4.7.0 Temporary authentication failure'",
        _AGAIN,
        _AUTH,
    ),
    # The envelope.
    Fault(
        "421-at-mail",
        "the first MAIL FROM gets 421, and the connection is closed",
        "MAIL FROM times=1 reply='421 4.3.2 Service not available' then=close",
        _AGAIN,
    ),
    Fault(
        "rate-limited",
        "one mail a minute is accepted, further ones get 421",
        "MAIL FROM reply='421 4.7.0 Too many messages' then=close gate='limit_rate messages=1 per=60'",
        _AGAIN,
        advance=60.0,
    ),
    Fault(
        "421-at-rcpt",
        "the first RCPT TO gets 421, and the connection is closed",
        "RCPT TO times=1 reply='421 4.3.2 Service not available' then=close",
        _AGAIN,
    ),
    Fault(
        "recipient-deferred",
        "the first RCPT TO for each recipient gets 450",
        "RCPT TO times=1 per=recipient reply='450 4.2.1 Mailbox busy'",
        _AGAIN,
    ),
    Fault(
        "greylisted",
        "each recipient gets 450 for five minutes, which pass when the scenario has returned",
        "RCPT TO reply='450 4.7.1 Greylisted, try again later' gate='greylist retry_after=300'",
        _AGAIN,
        advance=300.0,
    ),
    Fault("mailbox-full", "every recipient gets 552", "RCPT TO reply='552 5.2.2 Mailbox full'", _REPORT),
    Fault(
        "one-recipient-refused",
        "one of several recipients of a mail gets 550",
        f"RCPT TO recipient={RECIPIENT} reply='550 5.1.1 User unknown'",
        "delivered to the others, and reported",
    ),
    Fault(
        "one-recipient-deferred",
        "one of several recipients of a mail gets 450 once",
        f"RCPT TO recipient={RECIPIENT} times=1 reply='450 4.2.1 Mailbox busy'",
        "delivered to all, once to each",
    ),
    # The message.
    Fault(
        "421-at-data",
        "the first DATA gets 421, and the connection is closed",
        "DATA times=1 reply='421 4.3.2 Service not available' then=close",
        _AGAIN,
    ),
    Fault("closed-in-data", "the connection is closed in the first message", "body times=1 then=close", _AGAIN),
    Fault("reset-in-data", "the connection is reset in the first message", "body times=1 then=reset", _AGAIN),
    Fault("deferred-once", "the first message gets 451", "message times=1 reply='451 4.3.0 Try again later'", _AGAIN),
    Fault(
        "421-at-message",
        "the first message gets 421, and the connection is closed",
        "message times=1 reply='421 4.3.2 Service not available' then=close",
        _AGAIN,
    ),
    Fault("deferred-for-ever", "every message gets 451", "message reply='451 4.3.0 Try again later'", _REPORT),
    Fault("refused-for-ever", "every message gets 554", "message reply='554 5.7.1 Message refused'", _REPORT),
    Fault("size-refused", "every message is too big", "message reply='552 5.3.4 Message too big'", _REPORT),
    Fault(
        "closed-after-dot",
        "the first message is accepted, but the connection is closed before the reply",
        "message times=1 then=close",
        _UNSURE,
    ),
    Fault(
        "reset-after-dot",
        "the first message is accepted, but the connection is reset before the reply",
        "message times=1 then=reset",
        _UNSURE,
    ),
    Fault(
        "silent-after-dot", "the first message is accepted, but not answered", "message times=1 then=silence", _UNSURE
    ),
    Fault("half-reply", "the first message gets half a reply, then the end", "message times=1 then=half", _UNSURE),
    Fault("garbage-reply", "the first message is accepted with garbage", "message times=1 then=garbage", _UNSURE),
    # The whole session.
    Fault("slow-replies", "every reply takes 0.1 seconds", "* delay=0.1", _AT_ONCE),
    Fault("closed-at-quit", "the first QUIT is not answered, but closed", "QUIT times=1 then=close", _AT_ONCE),
    Fault("silent-quit", "the first QUIT is not answered", "QUIT times=1 then=silence", _AT_ONCE),
)

FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in _TABLE}
"""The faults, by name, in the order of the matrix."""


def find_faults(names: Iterable[str] | None) -> Sequence[Fault]:
    """Return the faults with these names, in the order of the table; all of them without names.

    Raises:
        SettingError: If a name is unknown, or there are none.

    Example:
        >>> [fault.rule for fault in find_faults(["closed-after-dot"])]
        ['message times=1 then=close']
    """
    if names is None:
        return tuple(FAULTS.values())
    wanted = [names] if isinstance(names, str) else list(names)
    for name in wanted:
        if name not in FAULTS:
            raise SettingError(unknown("fault", name, FAULTS))
    if not wanted:
        raise SettingError("Missing faults: expected at least one name")
    return [fault for fault in FAULTS.values() if fault.name in wanted]
