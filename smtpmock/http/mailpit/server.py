"""The server as Mailpit's API describes it."""

from __future__ import annotations

import sys
from collections import Counter
from time import monotonic
from typing import TYPE_CHECKING

from smtpmock.http.mailpit.requests import read_query, write_json
from smtpmock.version import __version__

if TYPE_CHECKING:
    import falcon

    from smtpmock.http.context import Context


class Info:
    """`/api/v1/info`: the version, and figures of the mailbox and of the process."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._since = monotonic()

    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        """Show them. What was accepted and rejected refers to what is still there."""
        read_query(request)
        mailbox = self._context.mailbox
        records = mailbox.messages(accepted=None)
        accepted = [message for message in records if message.accepted]
        size = sum(len(message.raw) for message in accepted)
        write_json(
            response,
            {
                "Version": __version__,
                "LatestVersion": __version__,  # nobody is asked for it
                "Database": "memory",
                "DatabaseSize": sum(len(message.raw) for message in records),
                "Messages": len(accepted),
                "Unread": sum(not message.is_read for message in accepted),
                "Tags": dict(sorted(Counter(tag for message in accepted for tag in message.tags).items())),
                "RuntimeStats": {
                    "Uptime": int(monotonic() - self._since),
                    "Memory": _memory(),
                    "MessagesDeleted": mailbox.mark().message - len(records),
                    "SMTPAccepted": len(accepted),
                    "SMTPAcceptedSize": size,
                    "SMTPRejected": len(records) - len(accepted),
                    "SMTPIgnored": 0,  # nothing is: what is not kept is refused
                },
            },
        )

    on_head = on_get


class WebUI:
    """`/api/v1/webui`: what the page of Mailpit would offer."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        """Show it."""
        read_query(request)
        write_json(
            response,
            {
                "Label": "smtpmock",
                "ChaosEnabled": True,
                "DuplicatesIgnored": False,
                "HideDeleteAllButton": False,
                "SpamAssassin": False,
                "MessageRelay": {
                    "Enabled": False,
                    "SMTPServer": "",
                    "ReturnPath": "",
                    "AllowedRecipients": "",
                    "BlockedRecipients": "",
                    "OverrideFrom": "",
                    "PreserveMessageIDs": False,
                },
            },
        )

    on_head = on_get


def _memory() -> int:
    """Return the most memory that the process has had, in bytes; 0 where the system does not tell."""
    most = 0
    if sys.platform != "win32":
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
