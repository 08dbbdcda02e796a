"""A conversation and the records it leaves, written down in a few words.

A step is a line and the setting that answers it (without ``msg_``); bytes are a message, stuffed and ended here. A
record names, for each of its parts, the number of the step that it shows, counted from 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests import parity
from tests.protocol.conversation import Conversation

INVALID = "502 Command unrecognized. Available commands: HELO, EHLO, MAIL FROM:, RCPT TO:, DATA, RSET, NOOP, QUIT"

REPLIES = {
    "greeting": "220 Welcome",
    "invalid_cmd": INVALID,
    "quit_cmd": "221 Closing connection",
    "invalid_cmd_helo_arg": "501 HELO requires domain address or valid address literal",
    "helo_blacklisted_domain": "421 Service not available",
    "helo_received": "250 Received",
    "invalid_cmd_mailfrom_sequence": "503 Bad sequence of commands. MAIL FROM should be used after HELO",
    "invalid_cmd_mailfrom_arg": "501 MAIL FROM requires valid email address",
    "mailfrom_blacklisted_email": "421 Service not available",
    "mailfrom_received": "250 Received",
    "invalid_cmd_rcptto_sequence": "503 Bad sequence of commands. RCPT TO should be used after MAIL FROM",
    "invalid_cmd_rcptto_arg": "501 RCPT TO requires valid email address",
    "rcptto_not_registered_email": "550 User not found",
    "rcptto_blacklisted_email": "421 Service not available",
    "rcptto_received": "250 Received",
    "invalid_cmd_data_sequence": "503 Bad sequence of commands. DATA should be used after RCPT TO",
    "data_received": "354 Ready for receive message. End data with <CR><LF>.<CR><LF>",
    "msg_size_is_too_big": "552 Message exceeded max size of 10485760 bytes",
    "msg_received": "250 Received",
    "invalid_cmd_rset_sequence": "503 Bad sequence of commands. HELO should be the first",
    "invalid_cmd_rset_arg": INVALID,
    "rset_received": "250 Ok",
    "noop_received": "250 Ok",
}

Step = tuple["str | bytes", str]

EHLO = ("EHLO client.example", "helo_received")
MAIL = ("MAIL FROM:<a@example.com>", "mailfrom_received")
RCPT = ("RCPT TO:<b@example.com>", "rcptto_received")
RCPT_C = ("RCPT TO:<c@example.com>", "rcptto_received")
DATA = ("DATA", "data_received")
BODY = (b"hello\r\n", "msg_received")
RSET = ("RSET", "rset_received")
NOOP = ("NOOP", "noop_received")
QUIT = ("QUIT", "quit_cmd")
NO_MAIL = ("MAIL FROM:<a@example.com>", "invalid_cmd_mailfrom_sequence")
NO_RCPT = ("RCPT TO:<b@example.com>", "invalid_cmd_rcptto_sequence")
NO_DATA = ("DATA", "invalid_cmd_data_sequence")
NO_RSET = ("RSET", "invalid_cmd_rset_sequence")
BAD_RCPT = ("RCPT TO:<nobody@example.com>", "rcptto_not_registered_email")
NOBODY = {"not_registered_emails": ["nobody@example.com"]}
MANY_RCPT = {"multiple_rcptto": True}
MANY_MSG = {"multiple_message_receiving": True}
FAST = {"fail_fast": True}
ACCEPTED = (EHLO, MAIL, RCPT, DATA, BODY)


@dataclass(frozen=True)
class Left:
    """A record that is left: the step of each part, 0 for a part that is empty."""

    helo: int = 0
    mail: int = 0
    rcpt: tuple[int, ...] = ()
    data: int = 0
    msg: int = 0
    rset: int = 0
    noop: bool = False
    quit: bool = False


class Outcome(NamedTuple):
    """How a conversation went: its replies, whether the connection is closed, and the records that it left."""

    replies: list[str]
    closed: bool
    records: list[dict[str, Any]]


@dataclass(frozen=True)
class Scenario:
    name: str
    settings: dict[str, Any]
    steps: tuple[Step, ...]
    records: tuple[Left, ...]
    closed: bool = field(default=False)
    """True if the last reply but QUIT's closes the connection."""

    def reply(self, key: str) -> str:
        return str(self.settings.get(f"msg_{key}", REPLIES[key]))

    def play(self) -> Outcome:
        """Have the conversation; return how it went."""
        conversation = Conversation(**{**parity.DEFAULTS, **self.settings})
        replies = [conversation.greeting]
        for line, _ in self.steps:
            replies.append(conversation.message(line) if isinstance(line, bytes) else conversation.say(line))
        closed = conversation.closed
        conversation.end()
        return Outcome(replies, closed, [shown(message) for message in conversation.messages()])

    def expected(self) -> Outcome:
        """Return how it has to go; nothing but the last reply may close the connection, for then nothing follows."""
        replies = [self.reply(key) + "\r\n" for key in ("greeting", *(key for _, key in self.steps))]
        closed = self.closed or self.steps[-1][1] == "quit_cmd"
        return Outcome(replies, closed, [self.record(left) for left in self.records])

    def record(self, left: Left) -> dict[str, Any]:
        """The fields that a record of go-smtp-mock has."""
        said = {0: ("", "", False)} | {
            number: ("" if isinstance(line, bytes) else line.strip(), self.reply(key), key.endswith("_received"))
            for number, (line, key) in enumerate(self.steps, 1)
        }
        fields: dict[str, Any] = {}
        for name, number in (("helo", left.helo), ("mailfrom", left.mail), ("data", left.data), ("rset", left.rset)):
            fields |= dict(zip((f"{name}_request", f"{name}_response", name), said[number], strict=True))
        _, reply, received = said[left.msg]
        text = self.steps[left.msg - 1][0] if received else b""
        assert isinstance(text, bytes)
        accepted = [said[number][2] for number in left.rcpt]
        rcptto = any(accepted) if self.settings.get("multiple_rcptto") else any(accepted[-1:])
        return fields | {
            "rcptto": rcptto,
            "rcptto_request_response": [said[number][:2] for number in left.rcpt],
            "msg": received,
            "msg_request": text.decode(),
            "msg_response": reply,
            "noop": left.noop,
            "quit_sent": left.quit,
            "is_consistent": fields["mailfrom"] and rcptto and fields["data"] and received,
        }


FIELDS = (
    *("helo", "helo_request", "helo_response", "mailfrom", "mailfrom_request", "mailfrom_response", "rcptto"),
    *("rcptto_request_response", "data", "data_request", "data_response", "msg", "msg_request", "msg_response"),
    *("rset", "rset_request", "rset_response", "noop", "quit_sent", "is_consistent"),
)


def shown(message: object) -> dict[str, Any]:
    """Return the facts that a record shows, in the same form."""
    values = {name: getattr(message, name) for name in FIELDS}
    return values | {"rcptto_request_response": list(values["rcptto_request_response"])}
