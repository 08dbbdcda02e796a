"""The effects of rules: how a decision changes an exchange, and which values their conditions examine.

The package `rules` says what rules mean; this file carries out their decisions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smtpmock.records.exchange import Cause
from smtpmock.rfc.replies import Reply
from smtpmock.rules.context import ReceivedMessage
from smtpmock.text import readable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from smtpmock.mail.content import Content
    from smtpmock.protocol.session_state import SessionState
    from smtpmock.protocol.transaction import Transaction
    from smtpmock.records.exchange import Exchange
    from smtpmock.rules.decision import Decision
    from smtpmock.rules.rule import Rule

GARBAGE = Reply("\x16\x03\x01\udcff not a reply")
"""The garbage that is sent: a line without a code, with bytes that are not text."""

_NO_REPLY = ("close", "reset", "silence")


def apply_decision(exchange: Exchange, decision: Decision) -> Exchange:
    """Return the exchange as changed by a decision.

    The state follows the first digit of a rule's reply. If a rule withholds the reply from the client, a command has
    failed, but a message was received: such a rule is there to find out if the client sends it again.
    """
    rule = decision.rule
    if rule is None:
        return exchange._replace(delay=exchange.delay + decision.delay)
    cause = _cause(rule)
    if rule.then == "accept" or rule.tls is not None:
        return exchange._replace(delay=exchange.delay + decision.delay, cause=cause._replace(setting=exchange.setting))
    text = exchange.reply if rule.reply is None else rule.reply.text
    if rule.reply is not None:
        accepted = text[0] in "23"
    else:
        accepted = exchange.accepted and exchange.stage == "message"
        if rule.then in _NO_REPLY:
            text = ""
    if rule.then == "garbage":
        text = readable(GARBAGE.text)
    elif rule.then == "half":
        text = text[: len(text) // 2]
    return exchange._replace(reply=text, accepted=accepted, cause=cause, delay=exchange.delay + decision.delay)


def _cause(rule: Rule) -> Cause:
    return Cause(None, rule.id, str(rule), rule.then)


def wire(exchange: Exchange) -> bytes:
    """Return the bytes of the reply that are sent."""
    if not exchange.reply:
        return b""
    if exchange.then == "garbage":
        return GARBAGE.wire
    if exchange.then == "half":
        return exchange.reply.replace("\n", "\r\n").encode("utf-8", "surrogateescape")
    return Reply(*exchange.reply.split("\n")).wire


def values_at(
    stage: str,
    request: str,
    value: str | Content | None,
    transaction: Transaction,
    state: SessionState,
    word: str,
) -> Iterable[Any]:
    """Return the values of a condition for a command, one of which has to match.

    Args:
        stage: The command's stage.
        request: The command line.
        value: The value of its argument, or the message; None if it could not be parsed.
        transaction: The transaction that the command belongs to.
        state: The state of the session.
        word: The name of the condition.
    """
    if word == "client":
        return (state.origin.client,)
    if word == _ARGUMENTS.get(stage):
        return () if value is None else (value,)
    if word == "argument":
        return (_argument(stage, request),) if stage not in _NO_COMMAND else ()
    if word == "verb":
        return (request.split(None, 1)[0].upper() if request else "",)
    if word == "user":
        return (state.negotiated.user,) if state.negotiated.user else ()
    if word == "helo_name":
        helo = transaction.helo
        return (helo.argument or "",) if helo is not None and helo.accepted else ()
    if word == "sender":
        sender = transaction.sender
        return () if sender is None else (sender,)
    if word == "recipient":
        return transaction.recipients
    if word == "size":
        return () if state.size is None or stage not in ("message", "MAIL FROM") else (state.size,)
    if stage != "message" or value is None or isinstance(value, str):
        return ()
    if word == "where":
        helo_name = (transaction.helo and transaction.helo.argument) or ""
        return (
            ReceivedMessage(
                transaction.sender or "",
                tuple(transaction.recipients),
                value,
                state.origin.client,
                helo_name,
                state.negotiated.user,
            ),
        )
    return (getattr(value, "headers" if word == "header" else word),)


def _argument(stage: str, request: str) -> str:
    """Return the text after the verb, as it was given."""
    if stage in ("MAIL FROM", "RCPT TO"):
        return request.partition(":")[2].strip()
    return request.partition(" ")[2].strip()


_NO_COMMAND = ("connect", "body", "message")

_ARGUMENTS = {"HELO": "helo_name", "EHLO": "helo_name", "MAIL FROM": "sender", "RCPT TO": "recipient", "AUTH": "user"}
"""The condition that examines the argument of a command."""
