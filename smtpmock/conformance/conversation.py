"""The verdict on what a client said: its commands, and how it behaved on the connection.

Nearly all of it is read off what was recorded, when it is asked for. Only what the record does not show is noted in
passing: see `SessionLog.noted`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpmock.conformance.catalogue import said, violation
from smtpmock.protocol.commands import announced
from smtpmock.rfc.grammar import forward_path, is_domain, reverse_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from smtpmock.conformance.catalogue import Violation
    from smtpmock.records.exchange import Exchange

_LONGEST = 512  # bytes of a command line with its line end
_LONGEST_WITH_PARAMETERS = 2048  # what the extensions in use add to MAIL FROM and RCPT TO, taken together, is less
_LONGEST_AUTH = 12_288  # RFC 4954 section 4


def conduct(exchanges: Sequence[Exchange], noted: Sequence[tuple[str, Exchange | None]]) -> list[Violation]:
    """What a session did wrong, in order.

    Args:
        exchanges: What was said, or the end of it, where the beginning was forgotten.
        noted: What was noted in passing: codes, and the exchanges that they belong to.
    """
    found = [
        violation(code, said(exchange) if exchange else "", exchange)
        for code, exchange in noted
        if code != "no-quit" or not _may_go(exchanges)
    ]
    extensions: frozenset[str] = frozenset()
    utf8 = bool(exchanges) and exchanges[0].stage not in (
        "connect",
        "STARTTLS",
    )  # a forgotten MAIL FROM may have asked for it
    recipients: list[Exchange] | None = None  # of the transaction, if its beginning is known
    asked = False  # whether the server has asked for a line that is no command, as AUTH does
    for exchange in exchanges:
        if not asked:
            found += [violation(code, said(exchange), exchange) for code in _line(exchange)]
        asked = exchange.reply.startswith("334")
        if exchange.stage in ("HELO", "EHLO"):
            extensions = announced(exchange) if exchange.accepted else frozenset()
            found += [violation(code, said(exchange), exchange) for code in _helo(exchange.request[5:])]
        elif exchange.stage in ("MAIL FROM", "RCPT TO"):
            if exchange.stage == "MAIL FROM":
                utf8 = _asks_for_utf8(exchange)
                recipients = []
            elif recipients is not None:
                recipients.append(exchange)
            found += [violation(code, said(exchange), exchange) for code in _path(exchange, utf8=utf8)]
        elif exchange.stage == "DATA" and "PIPELINING" not in extensions and _all_refused(recipients or (), exchange):
            found.append(violation("data-without-recipients", said(exchange), exchange))
    order = {id(exchange): number for number, exchange in enumerate(exchanges)}
    return sorted(found, key=lambda one: order.get(id(one.exchange), len(order) if one.code == "no-quit" else -1))


def _may_go(exchanges: Sequence[Exchange]) -> bool:
    """Whether a client that closes the connection now has said its QUIT, or cannot, or was told to go."""
    if not exchanges:
        return False
    last = exchanges[-1]
    return last.stage in ("QUIT", "STARTTLS") or last.then == "silence" or last.reply.startswith("421")


def _line(exchange: Exchange) -> Iterator[str]:
    request = exchange.request
    if request and not exchange.stage and exchange.setting is None and exchange.rule is None:
        yield "command-too-long"  # of such a line no more than the beginning was read
        return
    if "\r" in request:
        yield "bare-cr-command"
    if len(request.encode("utf-8", "surrogateescape")) > _longest(exchange) - 2:
        yield "command-too-long"
    if not request.isascii() and exchange.stage not in ("HELO", "EHLO", "MAIL FROM", "RCPT TO"):
        yield "non-ascii-command"


def _longest(exchange: Exchange) -> int:
    request = exchange.request
    if request[:4].upper() == "AUTH":
        return _LONGEST_AUTH
    has_parameters = exchange.stage in ("MAIL FROM", "RCPT TO") and not request.endswith(">")
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
    parsed = reverse_path(path) if exchange.stage == "MAIL FROM" else forward_path(path)
    if parsed is None:
        return  # refused: no violation that a server puts up with
    before, _, behind = path.partition(parsed.address or "<>")
    name, bracket, _ = before.partition("<")
    if name and bracket:
        yield "path-display-name"
    if parsed.address and not (bracket and behind.startswith(">")):
        yield "path-brackets"
    if not parsed.address.isascii() and not utf8:
        yield "smtputf8-address"


def _asks_for_utf8(exchange: Exchange) -> bool:
    parsed = reverse_path(exchange.request.partition(":")[2].strip())
    return parsed is not None and "SMTPUTF8" in parsed.parameters


def _all_refused(recipients: Sequence[Exchange], data: Exchange) -> bool:
    """Whether the client knew that no recipient was accepted: it had the replies before it sent DATA."""
    return (
        bool(recipients)
        and not any(exchange.accepted for exchange in recipients)
        and recipients[-1].timestamp < data.timestamp
    )
