"""Errors that Robot Framework would display as HTML because of what a client sent."""

from collections.abc import Iterator
from typing import Any

from SMTPMockLibrary.api import Message
from SMTPMockLibrary.servers import MockServer, Servers

PREFIX = "*HTML*"
"""The beginning of an error that Robot Framework displays as HTML."""


class MarkupGuard:
    """Decides whether errors are displayed as HTML: not from the first one on that a client could have caused.

    Robot Framework does not tell where the text of an error comes from. If a client has sent the prefix to a running
    server, the error may quote it, whichever library it comes from.

    Args:
        servers: The running servers.
    """

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._is_closed = False

    def guard_message(self, message: Any) -> None:
        """Make an error in the log plain text."""
        if message.html and message.level in ("FAIL", "SKIP"):
            self._is_closed = self._is_closed or any(map(_received_prefix, self._servers.all()))
            if self._is_closed:
                message.html, message.message = False, f"{PREFIX}{message.message}"

    def guard_result(self, result: Any) -> None:
        """Make the error of a test or a suite plain text if that had to be done in the log."""
        if self._is_closed and result.message.startswith(PREFIX):
            result.message = f" {result.message}"


def _received_prefix(server: MockServer) -> bool:
    texts = (text for mail in server.mock.messages(accepted=None) for text in _texts(mail))
    commands = (exchange.request for session in server.mock.sessions() for exchange in session.exchanges)
    return any(PREFIX in text for text in commands) or any(PREFIX in text for text in texts)


def _texts(mail: Message) -> Iterator[str]:
    """Yield all that a test can read of a mail, encoded and decoded."""
    yield mail.raw.decode("latin-1")
    for name, value in mail.headers.items():
        yield from (name, value)
    yield from (mail.text, mail.html, mail.html_text, *mail.links)
    for attachment in mail.attachments:
        yield from (attachment.name, attachment.content_type, attachment.content.decode("latin-1"))
