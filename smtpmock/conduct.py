"""The verdict on what a client said: its commands, and how it behaved on the connection.

Nearly all of it is read off what was recorded, when it is asked for. Only what the record does not show is noted in
passing: see `Connection.noted`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from smtpmock.protocol.commands import announced
from smtpmock.protocol.grammar import forward_path, is_domain, reverse_path
from smtpmock.violations import said, violation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from smtpmock.messages import Exchange
    from smtpmock.violations import Violation

_ADDRESS = re.compile(r"[0-9]+(?:\.[0-9]+){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*")
_LONGEST = 512
_LONGEST_WITH_PARAMETERS = 2048  # what the extensions in use add to MAIL FROM and RCPT TO, taken together, is less


def conduct(exchanges: Sequence[Exchange], noted: Sequence[tuple[str, Exchange | None]]) -> list[Violation]:
    """What a session did wrong, in order.

    Args:
        exchanges: What was said.
        noted: What was noted in passing: codes, and the exchanges that they belong to.
    """
    found = [violation(code, said(exchange) if exchange else "", exchange) for code, exchange in noted]
    extensions: frozenset[str] = frozenset()
    utf8 = False
    recipients: list[Exchange] = []  # of the transaction
    for exchange in exchanges:
        found += [violation(code, said(exchange), exchange) for code in _line(exchange)]
        if exchange.stage in ("HELO", "EHLO"):
            extensions = announced(exchange) if exchange.accepted else frozenset()
            found += [violation(code, said(exchange), exchange) for code in _helo(exchange.request[5:])]
        elif exchange.stage in ("MAIL FROM", "RCPT TO"):
            if exchange.stage == "MAIL FROM":
                utf8 = _asks_for_utf8(exchange)
                recipients = []
            else:
                recipients.append(exchange)
            found += [violation(code, said(exchange), exchange) for code in _path(exchange, utf8=utf8)]
        elif exchange.stage == "DATA" and "PIPELINING" not in extensions and _all_refused(recipients, exchange):
            found.append(violation("data-without-recipients", said(exchange), exchange))
    order = {id(exchange): number for number, exchange in enumerate(exchanges)}
    return sorted(found, key=lambda one: order.get(id(one.exchange), len(order) if one.code == "no-quit" else -1))


def _line(exchange: Exchange) -> Iterator[str]:
    request = exchange.request
    if "\r" in request:
        yield "bare-cr-command"
    length = len(request.encode("utf-8", "surrogateescape"))
    if length > (_LONGEST_WITH_PARAMETERS if "=" in request else _LONGEST) - 2 and exchange.stage != "AUTH":
        yield "command-too-long"
    if not request.isascii() and exchange.stage not in ("HELO", "EHLO", "MAIL FROM", "RCPT TO"):
        yield "non-ascii-command"


def _helo(name: str) -> Iterator[str]:
    name = name.strip()
    if _ADDRESS.fullmatch(name):
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
    start = path.find("<")
    quoted = path.find('"')
    if start > 0 and not 0 <= quoted < start:
        yield "path-display-name"
    if start < 0 or ">" not in path[start:]:
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
