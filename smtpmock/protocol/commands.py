"""The commands as a table: what each one erases, answers and records (RFC 5321 section 4.1.1).

Besides the commands, it has everything else that is answered: the connection, the end of a message, unknown commands.
This file does not know how a reply is sent, nor what happens on the connection: a row that needs more than a reply
returns an `Effect`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, TypeAlias

from smtpmock.rfc.extensions import MAIL_PARAMETERS, RCPT_PARAMETERS, is_valid_parameter
from smtpmock.rfc.grammar import address_key, forward_path, is_domain, local_path, reverse_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from smtpmock.protocol.session_state import SessionState
    from smtpmock.records.exchange import Exchange
    from smtpmock.rfc.extensions import Parameter
    from smtpmock.rfc.grammar import Path


class Part(IntEnum):
    """A part of a record. A command that erases removes its own part and all that follow."""

    HELO = 0
    MAILFROM = 1
    RCPTTO = 2
    DATA = 3
    RSET = 4  # erases all but HELO, and has no part of its own


class Effect(Enum):
    """An effect of a recorded exchange on the connection, besides its reply."""

    NEGOTIATE = "note the extensions that were announced"
    AMEND = "store what the session added to its record"
    RECEIVE = "read a message"
    LEAVE = "end the session with this reply"
    START_TLS = "begin TLS after this reply"
    END_LOGIN = "note the attempt to log in"
    END_CHUNKS = "refuse the chunks that may follow"


# Before Python 3.12, a lookup takes as long as a call.
_RECEIVE = Effect.RECEIVE
_LEAVE = Effect.LEAVE

Judgement: TypeAlias = tuple[str | None, str | None, tuple[tuple[str, str], ...]]
"""The answer of the settings to a command, before any rule (a plain tuple: a named one takes 0.3 us more).

The setting that refuses it, or None if it succeeds; its argument as it was understood, or None if it is missing or
could not be parsed; the ESMTP parameters of its path.
"""

_ACCEPTED: Judgement = (None, None, ())


def _judge_nothing(_: SessionState, __: str, ___: Path | None) -> Judgement:
    return _ACCEPTED


def _record_nothing(_: SessionState, __: Exchange) -> None:
    """Record nothing besides the exchange itself."""


@dataclass(frozen=True, slots=True)
class Command:
    """A row of the table.

    Attributes:
        stage: Its name in records.
        prefix: The beginning of its line, in upper case; b"" if it has no line.
        accepted: The setting whose text is sent when it succeeds.
        delay: The setting that delays its reply; "" for none.
        erases: The part at which its erasing begins; None if it erases nothing.
        read_path: The function that reads the path directly after the prefix; None if the command takes no path.
        judge: The function that judges the text after the prefix, and the path; the path is None if it cannot be read.
        record: The function that records the exchange in the transaction, and returns its effect.
        bare: True if it is not recognised with an argument.
        ends: True if `fail_fast` ends the session when it fails.
        extension: The extension that provides it.
        is_preliminary: True if it is allowed before TLS even if TLS is required (RFC 3207 section 4).
        is_message: True for the end of a message, which is stored before it is answered.
        length: The length of the prefix.
    """

    stage: str
    prefix: bytes
    accepted: str
    delay: str = ""
    erases: Part | None = None
    read_path: Callable[[str], Path | None] | None = None
    judge: Callable[[SessionState, str, Path | None], Judgement] = _judge_nothing
    record: Callable[[SessionState, Exchange], Effect | None] = _record_nothing
    bare: bool = False
    ends: bool = True
    extension: str = ""
    is_preliminary: bool = False
    is_message: bool = False
    length: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", len(self.prefix))


def _judge_helo(state: SessionState, argument: str, _: Path | None) -> Judgement:
    name = argument[1:]
    if argument[:1] != " " or not is_domain(name):
        return ("msg_invalid_cmd_helo_arg", name, ())
    if name.lower() in state.behaviour.helo_domains:
        return ("msg_helo_blacklisted_domain", name, ())
    return (None, name, ())


def _record_helo(state: SessionState, exchange: Exchange) -> Effect | None:
    state.transaction.helo = exchange
    if exchange.parameters or state.negotiated.extensions:
        return Effect.NEGOTIATE
    return None


def _parameter_refusal(
    state: SessionState, parameters: Mapping[str, str] | None, known: Sequence[Parameter], otherwise: str
) -> str | None:
    """Return the setting that refuses parameters (RFC 5321 section 4.1.1.11); None if all are valid."""
    behaviour, offered = state.behaviour, state.negotiated.extensions
    if not (offered or behaviour.settings.extensions or behaviour.offers):
        return otherwise
    if parameters is None:
        return "msg_parameter_invalid"
    for keyword, value in parameters.items():
        is_valid = is_valid_parameter(keyword, value, known, offered)
        if not is_valid:
            return "msg_parameter_unknown" if is_valid is None else "msg_parameter_invalid"
    return None


def _judge_mailfrom(state: SessionState, argument: str, path: Path | None) -> Judgement:
    behaviour = state.behaviour
    if path is None and behaviour.settings.allow_local_addresses:
        path = local_path(argument)
    helo = state.transaction.helo
    state.size = None
    if path is None:
        in_sequence = helo is not None and helo.accepted
        return ("msg_invalid_cmd_mailfrom_arg" if in_sequence else "msg_invalid_cmd_mailfrom_sequence", None, ())
    sender, parameters = path.address, tuple(path.parameters.items()) if path.parameters else ()
    refusal = None
    if helo is None or not helo.accepted:
        refusal = "msg_invalid_cmd_mailfrom_sequence"
    elif parameters or path.parameters is None:
        refusal = _parameter_refusal(state, path.parameters, MAIL_PARAMETERS, "msg_invalid_cmd_mailfrom_arg")
    if refusal is None:
        if path.parameters and "SIZE" in path.parameters:
            state.size = int(path.parameters["SIZE"])
        if state.size is not None and state.size > behaviour.settings.msg_size_limit:
            refusal = "msg_msg_size_is_too_big"
        elif behaviour.mailfrom_emails and address_key(sender) in behaviour.mailfrom_emails:
            refusal = "msg_mailfrom_blacklisted_email"
    return (refusal, sender, parameters)


def _record_mailfrom(state: SessionState, exchange: Exchange) -> None:
    state.transaction.mailfrom = exchange


def _judge_rcptto(state: SessionState, argument: str, path: Path | None) -> Judgement:
    behaviour = state.behaviour
    if path is None and behaviour.settings.allow_local_addresses:
        path = local_path(argument)
    transaction = state.transaction
    mailfrom = transaction.mailfrom
    if path is None:
        in_sequence = mailfrom is not None and mailfrom.accepted and not transaction.is_over
        return ("msg_invalid_cmd_rcptto_arg" if in_sequence else "msg_invalid_cmd_rcptto_sequence", None, ())
    recipient, parameters = path.address, tuple(path.parameters.items()) if path.parameters else ()
    refusal = None
    if mailfrom is None or not mailfrom.accepted or transaction.is_over:
        refusal = "msg_invalid_cmd_rcptto_sequence"
    elif parameters or path.parameters is None:
        refusal = _parameter_refusal(state, path.parameters, RCPT_PARAMETERS, "msg_invalid_cmd_rcptto_arg")
    if refusal is None:
        if behaviour.rcptto_emails and address_key(recipient) in behaviour.rcptto_emails:
            refusal = "msg_rcptto_blacklisted_email"
        elif behaviour.unregistered and address_key(recipient) in behaviour.unregistered:
            refusal = "msg_rcptto_not_registered_email"
    return (refusal, recipient, parameters)


def _record_rcptto(state: SessionState, exchange: Exchange) -> Effect | None:
    transaction = state.transaction
    if transaction.is_over:
        return None
    transaction.rcptto.append(exchange)
    if exchange.accepted:
        transaction.rcptto_accepted = True
        transaction.recipients.append(exchange.argument or exchange.address)
    else:
        transaction.refused_recipients.append(exchange.address)
    return Effect.AMEND if transaction.is_recorded else None


def _judge_data(state: SessionState, argument: str, _: Path | None) -> Judgement:
    transaction = state.transaction
    if not transaction.rcptto_accepted or transaction.is_over:
        return ("msg_invalid_cmd_data_sequence", None, ())
    return ("msg_invalid_cmd", None, ()) if argument else _ACCEPTED


def _record_data(state: SessionState, exchange: Exchange) -> Effect | None:
    if not state.transaction.is_over:
        state.transaction.data = exchange
    return _RECEIVE if exchange.accepted else None


def _judge_rset(state: SessionState, argument: str, _: Path | None) -> Judgement:
    helo = state.transaction.helo
    if helo is None or not helo.accepted:
        return ("msg_invalid_cmd_rset_sequence", None, ())
    return ("msg_invalid_cmd_rset_arg", None, ()) if argument else _ACCEPTED


def _record_rset(state: SessionState, exchange: Exchange) -> Effect:
    state.transaction.rset = exchange
    return Effect.AMEND


def _record_noop(state: SessionState, _: Exchange) -> Effect | None:
    if state.transaction.noop:
        return None  # or every NOOP would copy the recipients
    state.transaction.noop = True
    return Effect.AMEND


def _record_quit(state: SessionState, exchange: Exchange) -> Effect:
    state.transaction.quit = True
    return _LEAVE if exchange.accepted else Effect.AMEND


def _judge_vrfy(state: SessionState, argument: str, _: Path | None) -> Judgement:
    wanted = argument.strip()
    if not wanted:
        return ("msg_invalid_cmd_vrfy_arg", None, ())
    path = forward_path(wanted)
    if path is not None and address_key(path.address) in state.behaviour.unregistered:
        return ("msg_rcptto_not_registered_email", path.address, ())
    return (None, wanted, ())


def _judge_starttls(state: SessionState, argument: str, _: Path | None) -> Judgement:
    if argument.strip():
        return ("msg_invalid_cmd_starttls_arg", None, ())
    if state.is_secure:
        return ("msg_invalid_cmd_starttls_sequence", None, ())
    settings = state.behaviour.settings
    # A rule may have announced it although there is no TLS.
    return ("msg_starttls_refused", None, ()) if settings.tls_fault == "reject" or not settings.tls else _ACCEPTED


def _record_starttls(_: SessionState, exchange: Exchange) -> Effect | None:
    return Effect.START_TLS if exchange.accepted else None


def _record_login(_: SessionState, __: Exchange) -> Effect:
    return Effect.END_LOGIN


def _record_unread_chunk(state: SessionState, exchange: Exchange) -> None:
    transaction = state.transaction
    if not transaction.is_over and transaction.data is None:
        transaction.data = exchange


def _record_chunk(state: SessionState, exchange: Exchange) -> Effect | None:
    _record_unread_chunk(state, exchange)
    return None if exchange.accepted else Effect.END_CHUNKS


def _record_message(state: SessionState, exchange: Exchange) -> None:
    transaction = state.transaction
    transaction.end_of_data = exchange
    if exchange.request and transaction.data is None:  # the whole message came in one chunk
        transaction.data = exchange


_HELO = Command(
    "HELO",
    b"HELO",
    "msg_helo_received",
    "response_delay_helo",
    Part.HELO,
    judge=_judge_helo,
    record=_record_helo,
    is_preliminary=True,
)

# Commands of several lines, or followed by octets: login.py and message_receiver.py answer these.
LOGIN = Command("AUTH", b"AUTH", "msg_auth_succeeded", record=_record_login, extension="AUTH")
CHUNK = Command("BDAT", b"BDAT", "msg_bdat_received", record=_record_chunk, extension="CHUNKING")
UNREAD_CHUNK = replace(
    CHUNK, record=_record_unread_chunk
)  # refused for its argument or sequence: no message is affected

# No command line begins with these.
GREETING = Command("connect", b"", "msg_greeting", ends=False)
MESSAGE = Command("message", b"", "msg_msg_received", "response_delay_message", record=_record_message, is_message=True)
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
        reverse_path,
        _judge_mailfrom,
        _record_mailfrom,
    ),
    Command(
        "RCPT TO",
        b"RCPT TO:",
        "msg_rcptto_received",
        "response_delay_rcptto",
        Part.RCPTTO,
        forward_path,
        _judge_rcptto,
        _record_rcptto,
    ),
    Command("DATA", b"DATA", "msg_data_received", "response_delay_data", Part.DATA, None, _judge_data, _record_data),
    Command("RSET", b"RSET", "msg_rset_received", "response_delay_rset", Part.RSET, None, _judge_rset, _record_rset),
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
        record=_record_starttls,
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


def recognise(line: bytes) -> Command | None:
    """Return the command on a line without surrounding white space; None for an unknown one.

    Example:
        >>> recognise(b"mail from:<a@example.com>").stage
        'MAIL FROM'
        >>> recognise(b"MAIL <a@example.com>")
    """
    command = _BY_BEGINNING.get(line[:4].upper())
    if command is None:
        return None
    prefix, length = command.prefix, command.length
    if not line.startswith(prefix) and line[:length].upper() != prefix:
        return None
    if command.read_path is not None or len(line) == length:
        return command
    if command.bare or line[length : length + 1].strip():
        return None  # a longer word: a command ends with white space of any kind
    return command
