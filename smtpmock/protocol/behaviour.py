"""What the settings say of a session, in the form that answering a command needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpmock.protocol.grammar import address_key
from smtpmock.protocol.replies import Reply
from smtpmock.settings import NAMED

if TYPE_CHECKING:
    from smtpmock.rules import Rule
    from smtpmock.settings import Settings


class Behaviour:
    """The replies, delays and block lists of a server, made once from its settings.

    Attributes:
        settings: Where it all comes from.
        rules: The rules, the oldest first; whoever adds or removes one does it in this list.
        replies: The reply of each setting that has one, by the name of the setting.
        helo_domains: The refused domains, in lower case.
        mailfrom_emails: The refused senders, as address keys.
        rcptto_emails: The refused recipients, as address keys.
        unregistered: The recipients that do not exist, as address keys.
    """

    __slots__ = ("helo_domains", "mailfrom_emails", "rcptto_emails", "replies", "rules", "settings", "unregistered")

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.rules: list[Rule] = []
        self.replies = {
            name: Reply(getattr(settings, name))
            for name in NAMED
            if name.startswith("msg_") and name != "msg_size_limit"
        }
        self.helo_domains = frozenset(domain.lower() for domain in settings.blacklisted_helo_domains)
        self.mailfrom_emails = frozenset(map(address_key, settings.blacklisted_mailfrom_emails))
        self.rcptto_emails = frozenset(map(address_key, settings.blacklisted_rcptto_emails))
        self.unregistered = frozenset(map(address_key, settings.not_registered_emails))
