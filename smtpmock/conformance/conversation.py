"""Violations in the conversation: in the commands of a client, and in its behaviour on the connection.

Nearly all of them are derived from the record on demand. Only what the record does not show is noted during the
session: see `SessionRecord.observations`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpmock.conformance.catalogue import command_place, violation
from smtpmock.rfc.grammar import is_domain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smtpmock.conformance.catalogue import Violation
    from smtpmock.records.exchange import Exchange
    from smtpmock.records.session import SessionRecord

_LONGEST = 512  # bytes of a command line with its line end
_LONGEST_WITH_PARAMETERS = 2048  # the extensions in use add less than this to MAIL FROM and RCPT TO in total


def session_violations(record: SessionRecord) -> tuple[Violation, ...]:
    """Return the violations by the client of a session, in order.

    Args:
        record: The session; the beginning of a long one may have been dropped.
    """
    exchanges = record.exchanges
    by_number = {exchange.number: exchange for exchange in exchanges}
    found = []
    for code, number in record.observations:
        exchange = by_number.get(number)
        if code != "no-quit" or not _may_go(record):
            found.append(violation(code, command_place(exchange) if exchange else "", exchange))
    extensions: frozenset[str] = frozenset()
    utf8 = record.forgotten > 0  # a dropped MAIL FROM may have requested it
    none_accepted = False  # of the recipients of a transaction whose beginning is known
    refused: Exchange | None = None  # the last of them
    asked = False  # True if the server has asked for a line that is not a command, as AUTH does
    for exchange in exchanges:
        if not asked:
            found += [violation(code, command_place(exchange), exchange) for code in _line(exchange)]
        asked = exchange.reply.startswith("334")
        if exchange.stage in ("HELO", "EHLO"):
            extensions = frozenset(keyword for keyword, _ in exchange.parameters)
            found += [violation(code, command_place(exchange), exchange) for code in _helo(exchange.argument or "")]
        elif exchange.stage in ("MAIL FROM", "RCPT TO"):
            if exchange.stage == "MAIL FROM":
                utf8 = any(keyword == "SMTPUTF8" for keyword, _ in exchange.parameters)
                refused, none_accepted = None, True
            else:
                none_accepted = none_accepted and not exchange.accepted
                refused = exchange if none_accepted else None
            found += [violation(code, command_place(exchange), exchange) for code in _path(exchange, utf8=utf8)]
        elif exchange.stage == "DATA" and "PIPELINING" not in extensions and _knew_of(refused, exchange):
            found.append(violation("data-without-recipients", command_place(exchange), exchange))
    last = exchanges[-1].number + 1 if exchanges else 0
    return tuple(
        sorted(found, key=lambda one: one.exchange.number if one.exchange else last if one.code == "no-quit" else -1)
    )


def _may_go(record: SessionRecord) -> bool:
    """Return True if the client may close the connection: it said nothing or QUIT, was told to go, or cannot go on.

    A client that rejects TLS has said nothing, or STARTTLS last.
    """
    if all(exchange.stage == "connect" for exchange in record.exchanges):
        return True
    last = record.exchanges[-1]
    return last.stage in ("QUIT", "STARTTLS") or last.then == "silence" or last.reply.startswith("421")


def _line(exchange: Exchange) -> Iterator[str]:
    request = exchange.request
    if exchange.cause.limit == "line-length":
        yield "command-too-long"  # only the beginning of such a line was read
        return
    if "\r" in request:
        yield "bare-cr-command"
    if len(exchange.request_bytes) > _longest(exchange) - 2:
        yield "command-too-long"
    if not exchange.request_bytes.isascii() and exchange.stage not in ("HELO", "EHLO", "MAIL FROM", "RCPT TO"):
        yield "non-ascii-command"


def _longest(exchange: Exchange) -> int:
    has_parameters = exchange.stage in ("MAIL FROM", "RCPT TO") and not exchange.request.endswith(">")
    return _LONGEST_WITH_PARAMETERS if has_parameters else _LONGEST


def _helo(name: str) -> Iterator[str]:
    name = name.strip()
    if is_domain(f"[{name}]") or is_domain(f"[IPv6:{name}]"):
        yield "helo-bare-address"
    elif not name.isascii() or not is_domain(name):
        yield "helo-invalid"
    elif "." not in name and not name.startswith("["):
        yield "helo-not-qualified"


def _path(exchange: Exchange, *, utf8: bool) -> Iterator[str]:
    argument = exchange.request.partition(":")[2]
    path = argument.strip()
    if argument != argument.lstrip():
        yield "path-space"
    address = exchange.argument
    if address is None:
        return  # refused: only what the server accepts is a violation
    before, _, behind = path.partition(address or "<>")
    name, bracket, _ = before.partition("<")
    if name and bracket:
        yield "path-display-name"
    if address and not (bracket and behind.startswith(">")):
        yield "path-brackets"
    if (exchange.octets or not address.isascii()) and not utf8:
        yield "smtputf8-address"


def _knew_of(refused: Exchange | None, data: Exchange) -> bool:
    """Return True if the client had the reply to the last of its refused recipients before it sent DATA."""
    return refused is not None and refused.timestamp < data.timestamp
