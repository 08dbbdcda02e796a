"""What a ruling makes of an exchange, and what is known of a command when rules are asked (rules.py says which)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smtpmock.rfc.replies import Reply

if TYPE_CHECKING:
    from collections.abc import Iterable

    from smtpmock.mail.content import Content
    from smtpmock.protocol.transaction import Transaction
    from smtpmock.records.exchange import Exchange, Origin
    from smtpmock.rules.rule import Ruling

GARBAGE = Reply("\x16\x03\x01\udcff not a reply")
"""What is sent as garbage: a line without a code, with bytes that are no text."""

_NO_REPLY = ("close", "reset", "silence")


def ruled(exchange: Exchange, ruling: Ruling) -> Exchange:
    """The exchange as the rules want it.

    State follows the first digit of a rule's reply. Where a rule keeps the reply from the client a command has failed,
    but a message was received: whether the client sends it again is what such a rule is to find out.
    """
    exchange = exchange._replace(delay=exchange.delay + ruling.delay)
    rule = ruling.rule
    if rule is None:
        return exchange
    if rule.then == "accept" or rule.tls is not None:
        return exchange._replace(rule=rule)
    text = exchange.reply if rule.reply is None else rule.reply.text
    if rule.reply is not None:
        accepted = text[0] in "23"
    else:
        accepted = exchange.accepted and exchange.stage == "message"
        if rule.then in _NO_REPLY:
            text = ""
    if rule.then == "garbage":
        text = GARBAGE.text
    elif rule.then == "half":
        text = text[: len(text) // 2]
    return exchange._replace(reply=text, setting=None, accepted=accepted, rule=rule)


def wire(exchange: Exchange) -> bytes:
    """What is sent of the reply."""
    if not exchange.reply:
        return b""
    if exchange.then == "half":
        return exchange.reply.replace("\n", "\r\n").encode("utf-8", "surrogateescape")
    return Reply(*exchange.reply.split("\n")).wire


def values_at(
    stage: str,
    value: str | Content | None,
    transaction: Transaction,
    origin: Origin,
    user: str,
    size: int | None,
    word: str,
) -> Iterable[Any]:
    """The values of a condition when a command is answered, those of which one has to match; none if it has none.

    Args:
        stage: The command's stage.
        value: The value of its argument, or the message; None if it could not be read.
        transaction: What the session has recorded.
        origin: Where the session comes from.
        user: Who has logged in.
        size: Bytes of the message that came or was announced.
        word: The condition.
    """
    if word == "client":
        return (origin.client,)
    if word == _ARGUMENTS.get(stage):
        return () if value is None else (value,)
    if word == "user":
        return (user,) if user else ()
    if word == "helo_name":
        helo = transaction.helo
        return (helo.request[5:],) if helo is not None and helo.accepted else ()
    if word == "sender":
        mailfrom = transaction.mailfrom
        return (transaction.sender,) if mailfrom is not None and mailfrom.accepted else ()
    if word == "recipient":
        return transaction.recipients
    if word == "size":
        return () if size is None or stage not in ("message", "MAIL FROM") else (size,)
    if stage != "message" or value is None or isinstance(value, str):
        return ()
    return (getattr(value, "headers" if word == "header" else word),)


_ARGUMENTS = {"HELO": "helo_name", "EHLO": "helo_name", "MAIL FROM": "sender", "RCPT TO": "recipient", "AUTH": "user"}
"""The condition that looks at the argument of a command."""
