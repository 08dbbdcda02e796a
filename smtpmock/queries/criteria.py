"""The criteria, each declared once: the values that it examines, and how they are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from smtpmock.records.message import MessageRecord
    from smtpmock.records.session import SessionRecord

ValueKind: TypeAlias = Literal[
    "text", "address", "name", "user", "size", "id", "header", "search", "accepted", "moment", "function", "flag"
]
"""The kinds of values: a text contains what is asked for, an address or name equals it without case, a user exactly."""


class Criterion(NamedTuple):
    """A criterion of queries, or a condition of rules.

    Attributes:
        kind: The kind of comparison of its values.
        meaning: The value that it examines, for people.
        of_message: Returns its values in the record of a message, one of which has to match; None if there are none.
        of_session: Returns its values in the record of a session; None if there are none.
    """

    kind: ValueKind
    meaning: str
    of_message: Callable[[MessageRecord], Iterable[Any]] | None = None
    of_session: Callable[[SessionRecord], Iterable[Any]] | None = None


def tried_recipients(record: MessageRecord) -> tuple[str, ...]:
    """Return the recipients of accepted mail; of an attempt that failed, all that were tried."""
    if not record.refused_recipients or record.accepted:
        return record.recipients
    return (*record.recipients, *record.refused_recipients)


CRITERIA: Mapping[str, Criterion] = {
    "recipient": Criterion("address", "a recipient of the envelope, Bcc included", tried_recipients),
    "refused_recipient": Criterion(
        "address", "a recipient of the envelope that was refused", lambda record: record.refused_recipients
    ),
    "sender": Criterion("address", "the sender of the envelope", lambda record: (record.sender,)),
    "to": Criterion("address", "an address in the To header", lambda record: record.content.to),
    "cc": Criterion("address", "an address in the Cc header", lambda record: record.content.cc),
    "from_": Criterion(
        "address", "an address in the From header", lambda record: record.content.root.addresses("from")
    ),
    "subject": Criterion("text", "the decoded subject", lambda record: (record.content.subject,)),
    "header": Criterion("header", "a header", lambda record: (record.content.headers,)),
    "text": Criterion("text", "the decoded plain text", lambda record: (record.content.text,)),
    "html": Criterion("text", "the decoded HTML", lambda record: (record.content.html,)),
    "body": Criterion(
        "text",
        "the decoded plain text, or the visible text of the HTML",
        lambda record: tuple(filter(None, (record.content.text, record.content.html_text))),
    ),
    "attachment": Criterion(
        "text", "the file name of an attachment", lambda record: [found.name for found in record.content.attachments]
    ),
    "link": Criterion("text", "a link in the text or the HTML", lambda record: record.content.links),
    "helo_name": Criterion(
        "name",
        "the name that the client gave with HELO or EHLO",
        lambda record: (record.helo_name,),
        lambda record: (record.helo_name,),
    ),
    "client": Criterion(
        "name",
        "the address of the client",
        lambda record: (record.origin.client,),
        lambda record: (record.origin.client,),
    ),
    "user": Criterion(
        "user", "the user who had logged in", lambda record: (record.negotiated.user,) if record.negotiated.user else ()
    ),
    "size": Criterion("size", "the size of the message in bytes", lambda record: (len(record.content.raw),)),
    "id": Criterion(
        "id", "the id of the message or of the session", lambda record: (record.id,), lambda record: (record.id,)
    ),
    "argument": Criterion("text", "the text after the verb of a command"),
    "verb": Criterion("name", "the verb of a command"),
    "where": Criterion("function", "the whole message with its envelope"),
    "search": Criterion("search", "the whole message, its read flag and its tags, in the search language of Mailpit"),
    "ignore_case": Criterion("flag", "the case of all texts and addresses: True to ignore it"),
    "accepted": Criterion("accepted", "the outcome: True for accepted mail, False for failed attempts, None for both"),
    "since": Criterion("moment", "the time of arrival: after a mark or a message"),
}
"""The criteria of queries, and those that are conditions of rules only."""

MESSAGE_WORDS = (
    *(word for word, criterion in CRITERIA.items() if criterion.of_message),
    "search",
    "ignore_case",
    "accepted",
    "since",
)
"""The criteria for messages."""

CASE_KINDS: frozenset[ValueKind] = frozenset(("text", "address", "name", "user", "header"))
"""The kinds of values that `ignore_case` concerns."""

SESSION_WORDS = (*(word for word, criterion in CRITERIA.items() if criterion.of_session), "since")
"""The criteria for sessions."""

INSTEAD = {"bcc": "recipient", "consistent": "accepted"}
"""Words that users may try, with the criterion to use."""
