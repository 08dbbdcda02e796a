"""Everything that reads a mail, by name."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from smtpmock.conformance.message import judge_message
from smtpmock.errors import SMTPMockError
from smtpmock.mail.content import Content
from smtpmock.queries.search import Search
from smtpmock.records.message import MessageRecord
from smtpmock.records.session import Origin
from smtpmock.stores.base import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PROPERTIES = (
    *("root", "headers", "subject", "from_", "reply_to", "to", "cc", "header_addresses", "date", "text", "html"),
    *("links", "attachments", "email"),
)
READERS: Mapping[str, Callable[[Content], object]] = {
    **{name: (lambda content, name=name: getattr(content, name)) for name in PROPERTIES},
    "bcc": lambda content: content.bcc(("a@b",)),
    "code": lambda content: content.code(),
    "find_links": lambda content: content.find_links("*a*b*a*c*"),
    "link": lambda content: content.link(),
    "link by its text": lambda content: content.find_links(text="*a*b*a*c*"),
    "missing header": lambda content: content.headers["X-None"],
    "addresses": lambda content: [content.addresses(name) for name in ("from", "to", "cc", "bcc", "reply-to")],
    "search": lambda content: Search("a has:inline -b").matches(_entry(content)),
    "repr": lambda content: repr((content, content.headers, content.attachments)),
    "verdict": lambda content: judge_message(content, parameters={}, recipients=("a@b",), undotted=b""),
}


def _entry(content: Content) -> Entry:
    return Entry(1, MessageRecord("1", Origin("1", 1, "", 0, "", 0.0), content=content))


def read(raw: bytes, readers: Mapping[str, Callable[[Content], object]] = READERS) -> None:
    """Read a mail in all ways; the errors that say what is missing, or too much, are answers, too."""
    content = Content(raw)
    for reader in readers.values():
        with suppress(SMTPMockError):
            reader(content)
