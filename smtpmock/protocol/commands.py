"""What each command erases, answers and records, as a table (RFC 5321 section 4.1.1).

Besides the commands it has what else is answered: the connection itself, the end of a message, and what is no command.
This file does not know how a reply is sent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from smtpmock.messages.message import Record
from smtpmock.rfc.extensions import MAIL_PARAMETERS, RCPT_PARAMETERS
from smtpmock.rfc.grammar import address_key, forward_path, is_domain, reverse_path

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from smtpmock.mail.content import Content
    from smtpmock.protocol.connection import Connection
    from smtpmock.records.exchange import Exchange

    Verdict = tuple[str | None, str | None]
    """The setting that refuses a command, or None; and the value of its argument, or None if it cannot be read."""


_NO_EXTENSIONS: frozenset[str] = frozenset()


def announced(exchange: Exchange) -> frozenset[str]:
    """The extensions in the reply to an EHLO (RFC 5321 section 4.1.1.1): the first word of each line but the first."""
    if "\n" not in exchange.reply:
        return _NO_EXTENSIONS
    lines = exchange.reply.split("\n")[1:]
    return frozenset(line[4:].split()[0].upper() for line in lines if line[4:].split())


_WHITE_SPACE = " \t\v\f\r"


class Part(IntEnum):
    """A part of a record. A command that erases forgets its own part and all that follow."""

    HELO = 0
    MAILFROM = 1
    RCPTTO = 2
    DATA = 3
    RSET = 4  # forgets all but HELO, and has no part of its own


def _judge_nothing(_: object, __: str) -> Verdict:
    return None, None


def _record_nothing(_: object, __: Exchange, ___: object) -> None:
    """It stands in the exchanges only."""


@dataclass(frozen=True, slots=True)
class Command:
    """A row of the table.

    Attributes:
        stage: Its name in records.
        prefix: What its line begins with, in upper case; b"" for what no line is.
        accepted: The setting that is answered when it succeeds.
        delay: The setting that delays its reply; "" for none.
        erases: Where its erasing begins; None if it erases nothing.
        judge: From what follows the prefix: the setting that refuses it (None: it succeeds), and the value of its
            argument as far as it could be read.
        record: Notes the exchange and the value of the argument.
        bare: Whether with an argument it is no command.
        ends: Whether `fail_fast` ends the session when it fails.
        extension: The extension that it comes with.
        is_preliminary: Whether it is allowed before TLS where that is required (RFC 3207 section 4).
    """

    stage: str
    prefix: bytes
    accepted: str
    delay: str = ""
    erases: Part | None = None
    judge: Callable[[Connection, str], Verdict] = _judge_nothing
    record: Callable[[Any, Exchange, Any], None] = _record_nothing
    bare: bool = False
    ends: bool = True
    extension: str = ""
    is_preliminary: bool = False


def _judge_helo(connection: Connection, argument: str) -> Verdict:
    name = argument[1:]
    if argument[:1] != " " or not is_domain(name):
        return "msg_invalid_cmd_helo_arg", name
    if name.lower() in connection.behaviour.helo_domains:
        return "msg_helo_blacklisted_domain", name
    return None, name


def _record_helo(connection: Connection, exchange: Exchange, _: str | None) -> None:
    connection.transaction.helo = exchange
    extensions = announced(exchange) if exchange.accepted else _NO_EXTENSIONS
    if extensions != connection.log.negotiated.extensions:
        connection.negotiate(extensions=extensions)


def _judge_mailfrom(connection: Connection, argument: str) -> Verdict:
    path = reverse_path(argument.strip(_WHITE_SPACE))
    helo = connection.transaction.helo
    sender = path.address if path else None
    if helo is None or not helo.accepted:
        return "msg_invalid_cmd_mailfrom_sequence", sender
    if path is None or (path.parameters and not connection.allows(path.parameters, MAIL_PARAMETERS)):
        return "msg_invalid_cmd_mailfrom_arg", sender
    behaviour = connection.behaviour
    size = path.parameters.get("SIZE")
    connection.size = int(size) if size else None
    if connection.size is not None and connection.size > behaviour.settings.msg_size_limit:
        return "msg_msg_size_is_too_big", sender
    if behaviour.mailfrom_emails and address_key(path.address) in behaviour.mailfrom_emails:
        return "msg_mailfrom_blacklisted_email", sender
    return None, sender


def _record_mailfrom(connection: Connection, exchange: Exchange, sender: str | None) -> None:
    connection.transaction.mailfrom = exchange
    if exchange.accepted:
        connection.transaction.sender = sender or ""


def _judge_rcptto(connection: Connection, argument: str) -> Verdict:
    path = forward_path(argument.strip(_WHITE_SPACE))
    recipient = path.address if path else None
    mailfrom = connection.transaction.mailfrom
    if mailfrom is None or not mailfrom.accepted or connection.transaction.is_settled:
        return "msg_invalid_cmd_rcptto_sequence", recipient
    if path is None or (path.parameters and not connection.allows(path.parameters, RCPT_PARAMETERS)):
        return "msg_invalid_cmd_rcptto_arg", recipient
    behaviour = connection.behaviour
    if behaviour.rcptto_emails and address_key(path.address) in behaviour.rcptto_emails:
        return "msg_rcptto_blacklisted_email", recipient
    if behaviour.unregistered and address_key(path.address) in behaviour.unregistered:
        return "msg_rcptto_not_registered_email", recipient
    return None, recipient


def _record_rcptto(connection: Connection, exchange: Exchange, recipient: str | None) -> None:
    transaction = connection.transaction
    if transaction.is_settled:
        return
    transaction.rcptto.append(exchange)
    if exchange.accepted:
        transaction.rcptto_accepted = True
        if recipient is not None:
            transaction.recipients.append(recipient)
    if transaction.record is not None:
        connection.amend()


def _judge_data(connection: Connection, argument: str) -> Verdict:
    transaction = connection.transaction
    if not transaction.rcptto_accepted or transaction.is_settled:
        return "msg_invalid_cmd_data_sequence", None
    return ("msg_invalid_cmd" if argument else None), None


def _record_data(connection: Connection, exchange: Exchange, _: str | None) -> None:
    if not connection.transaction.is_settled:
        connection.transaction.data = exchange
    if exchange.accepted:
        connection.expect_message()


def _judge_rset(connection: Connection, argument: str) -> Verdict:
    helo = connection.transaction.helo
    if helo is None or not helo.accepted:
        return "msg_invalid_cmd_rset_sequence", None
    return ("msg_invalid_cmd_rset_arg" if argument else None), None


def _record_rset(connection: Connection, exchange: Exchange, _: str | None) -> None:
    connection.transaction.rset = exchange
    connection.amend()


def _record_noop(connection: Connection, _: Exchange, __: str | None) -> None:
    connection.transaction.noop = True
    connection.amend()


def _record_quit(connection: Connection, exchange: Exchange, _: str | None) -> None:
    connection.transaction.quit = True
    connection.amend()
    if exchange.accepted:
        connection.leave()


def _judge_vrfy(connection: Connection, argument: str) -> Verdict:
    wanted = argument.strip()
    if not wanted:
        return "msg_invalid_cmd_vrfy_arg", None
    path = forward_path(wanted)
    if path is not None and address_key(path.address) in connection.behaviour.unregistered:
        return "msg_rcptto_not_registered_email", path.address
    return None, wanted


def _judge_starttls(connection: Connection, argument: str) -> Verdict:
    if argument.strip():
        return "msg_invalid_cmd_starttls_arg", None
    if connection.is_secure:
        return "msg_invalid_cmd_starttls_sequence", None
    settings = connection.behaviour.settings
    # A rule may have announced it where there is no TLS.
    return ("msg_starttls_refused" if settings.tls_fault == "reject" or not settings.tls else None), None


def _record_login(connection: Connection, exchange: Exchange, _: str | None) -> None:
    connection.end_login(succeeded=exchange.accepted)


def _record_chunk(connection: Connection, exchange: Exchange, _: str | None) -> None:
    transaction = connection.transaction
    if transaction.record is None and transaction.data is None:
        transaction.data = exchange


def _record_message(connection: Connection, exchange: Exchange, content: Content) -> None:
    transaction = connection.transaction
    transaction.end_of_data = exchange
    if exchange.request and transaction.data is None:  # all of it came in one chunk
        transaction.data = exchange
    if exchange.accepted:
        transaction.content = content
        transaction.accepted_recipients = tuple(transaction.recipients)
        transaction.record = Record()
        transaction.is_settled = connection.behaviour.settings.multiple_message_receiving
        connection.amend()


_HELO = Command(
    "HELO",
    b"HELO",
    "msg_helo_received",
    "response_delay_helo",
    Part.HELO,
    _judge_helo,
    _record_helo,
    is_preliminary=True,
)

# Of several lines, or followed by octets: login.py and receiver.py answer these.
LOGIN = Command("AUTH", b"AUTH", "msg_auth_succeeded", record=_record_login, extension="AUTH")
CHUNK = Command("BDAT", b"BDAT", "msg_bdat_received", record=_record_chunk, extension="CHUNKING")

# No command begins these.
GREETING = Command("connect", b"", "msg_greeting", ends=False)
MESSAGE = Command("message", b"", "msg_msg_received", "response_delay_message", record=_record_message)
UNKNOWN = Command("", b"", "msg_invalid_cmd", ends=False)

_TABLE = (
    _HELO,
    replace(_HELO, stage="EHLO", prefix=b"EHLO"),
    Command(
        "MAIL FROM",
        b"MAIL FROM:",
        "msg_mailfrom_received",
        "response_delay_mailfrom",
        Part.MAILFROM,
        _judge_mailfrom,
        _record_mailfrom,
    ),
    Command(
        "RCPT TO",
        b"RCPT TO:",
        "msg_rcptto_received",
        "response_delay_rcptto",
        Part.RCPTTO,
        _judge_rcptto,
        _record_rcptto,
    ),
    Command("DATA", b"DATA", "msg_data_received", "response_delay_data", Part.DATA, _judge_data, _record_data),
    Command("RSET", b"RSET", "msg_rset_received", "response_delay_rset", Part.RSET, _judge_rset, _record_rset),
    Command(
        "NOOP",
        b"NOOP",
        "msg_noop_received",
        "response_delay_noop",
        record=_record_noop,
        ends=False,
        is_preliminary=True,
    ),
    Command(
        "QUIT",
        b"QUIT",
        "msg_quit_cmd",
        "response_delay_quit",
        record=_record_quit,
        bare=True,
        ends=False,
        is_preliminary=True,
    ),
    Command(
        "STARTTLS",
        b"STARTTLS",
        "msg_starttls_received",
        judge=_judge_starttls,
        extension="STARTTLS",
        is_preliminary=True,
    ),
    Command("VRFY", b"VRFY", "msg_vrfy_received", judge=_judge_vrfy, ends=False, extension="VRFY"),
    Command(
        "HELP",
        b"HELP",
        "msg_help_received",
        ends=False,
        extension="HELP",
    ),
    LOGIN,
    CHUNK,
)

_BY_BEGINNING = {command.prefix[:4]: command for command in _TABLE}


def recognise(line: bytes, offers: Collection[str] = (), extensions: Collection[str] = ()) -> Command | None:
    """The command of a line without surrounding white space; None if it is none.

    Args:
        line: The line.
        offers: The extensions that the server offers.
        extensions: Those that were announced to the client, by a rule perhaps.

    Example:
        >>> recognise(b"mail from:<a@example.com>").stage
        'MAIL FROM'
        >>> recognise(b"MAIL <a@example.com>")
    """
    command = _BY_BEGINNING.get(line[:4].upper())
    if command is None:
        return None
    prefix = command.prefix
    length = len(prefix)
    if length > 4 and line[:length].upper() != prefix:
        return None
    if len(line) > length and (command.bare or (prefix[-1:] != b":" and line[length : length + 1].strip())):
        return None  # a longer word: one ends with white space, whichever
    if command.extension and command.extension not in offers and command.extension not in extensions:
        return None
    return command
