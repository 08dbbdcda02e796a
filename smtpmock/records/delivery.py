"""The record of a message that was delivered without SMTP: as if everything had been accepted at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpmock.records.exchange import Exchange
from smtpmock.records.message import MessageRecord
from smtpmock.records.session import Origin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smtpmock.mail.content import Content

_ANY_CHARACTERS = (("BODY", "8BITMIME"), ("SMTPUTF8", ""))
"""Parameters without which characters beyond ASCII would be a mistake of the client."""

_REPLY = "250 Delivered without SMTP"


def delivered(
    record_id: str, content: Content, sender: str, recipients: Sequence[str], server: str, now: float
) -> MessageRecord:
    """Return the record of a message that was delivered without SMTP; it belongs to no session.

    Args:
        record_id: The id of the record.
        content: The message.
        sender: The sender of the envelope.
        recipients: The recipients of the envelope.
        server: The name or address of the server.
        now: The time, in seconds since the epoch.
    """

    def exchange(number: int, stage: str, request: str, argument: str | None = None) -> Exchange:
        parameters = _ANY_CHARACTERS if stage == "MAIL FROM" else ()
        said = " ".join((request, *(f"{word}={value}" if value else word for word, value in parameters)))
        return Exchange(
            said, _REPLY, now, accepted=True, stage=stage, number=number, argument=argument, parameters=parameters
        )

    data = len(recipients) + 2
    return MessageRecord(
        record_id,
        Origin("", 0, "", 0, server, now),
        mailfrom=exchange(1, "MAIL FROM", f"MAIL FROM:<{sender}>", sender),
        rcptto=tuple(
            exchange(number, "RCPT TO", f"RCPT TO:<{recipient}>", recipient)
            for number, recipient in enumerate(recipients, 2)
        ),
        rcptto_accepted=True,
        data=exchange(data, "DATA", "DATA"),
        end_of_data=exchange(data + 1, "message", ""),
        sender=sender,
        recipients=tuple(recipients),
        content=content,
    )
