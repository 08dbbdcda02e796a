"""The behaviour that the settings define, in the form that answering a command needs."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from smtpmock.records.exchange import Cause
from smtpmock.rfc import extensions
from smtpmock.rfc.grammar import address_key
from smtpmock.rfc.replies import Reply
from smtpmock.settings.declarations import SETTINGS, changed_settings
from smtpmock.settings.values import REPLY

if TYPE_CHECKING:
    from smtpmock.settings.declarations import Settings


MOST_RECIPIENTS = 1_000
"""The most recipients that a transaction may try, if the number of records is bounded."""

_CAUSES = {name: Cause(name) for name, declared in SETTINGS.items() if declared.type is REPLY}


@lru_cache(512)  # servers come and go; most of their texts are the defaults
def _reply(text: str) -> Reply:
    return Reply(*text.split("\r\n"))


class Behaviour:
    """The replies, offers and block lists of a server, made once from its settings.

    Attributes:
        settings: The settings that define it.
        keeps_everything: True if nothing that a session sends is erased later.
        replies: The reply of each setting that has one, and the cause that exchanges name, by the name of the setting.
        ehlo: The reply to an accepted EHLO and what it announces, before TLS (False) and after it (True).
        delays: The delay of each setting that is one, by the name of the setting; 0 for "".
        fails_fast: True if a command that fails ends the session.
        guards: True if TLS or a login is required.
        most_recipients: The most recipients that a transaction may try; None if there is no limit.
        offers: The commands that are known besides the standard ones.
        mechanisms: The AUTH mechanisms that can be used.
        helo_domains: The refused domains, in lower case.
        mailfrom_emails: The refused senders, as address keys.
        rcptto_emails: The refused recipients, as address keys.
        unregistered: The recipients that do not exist, as address keys.
    """

    __slots__ = (
        "delays",
        "ehlo",
        "fails_fast",
        "guards",
        "helo_domains",
        "keeps_everything",
        "mailfrom_emails",
        "mechanisms",
        "most_recipients",
        "offers",
        "rcptto_emails",
        "replies",
        "settings",
        "unregistered",
    )

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.keeps_everything = settings.multiple_rcptto and settings.multiple_message_receiving
        self.replies = self._replies()
        self.delays = {name: getattr(settings, name) for name in SETTINGS if name.startswith("response_delay_")} | {
            "": 0.0
        }
        self.fails_fast = settings.fail_fast
        self.guards = settings.require_tls or settings.require_auth
        self.most_recipients = None if settings.max_messages is None else MOST_RECIPIENTS
        self.mechanisms = self._mechanisms()
        self.offers: set[str] = {name for name in ("CHUNKING", "VRFY", "HELP") if name in settings.extensions}
        if settings.tls == "starttls" and settings.tls_fault != "hide":
            self.offers.add("STARTTLS")
        if self.mechanisms:
            self.offers.add("AUTH")
        replies = {secure: self._ehlo(secure=secure) for secure in (False, True)}
        self.ehlo = {secure: (reply, tuple(extensions.announced(reply.text))) for secure, reply in replies.items()}
        self.helo_domains = frozenset(domain.lower() for domain in settings.blacklisted_helo_domains)
        self.mailfrom_emails = frozenset(map(address_key, settings.blacklisted_mailfrom_emails))
        self.rcptto_emails = frozenset(map(address_key, settings.blacklisted_rcptto_emails))
        self.unregistered = frozenset(map(address_key, settings.not_registered_emails))

    def allows_auth(self, *, secure: bool) -> bool:
        """Return True if AUTH is allowed now."""
        without_tls = self.settings.auth_without_tls
        return secure or (not self.settings.tls if without_tls is None else without_tls)

    def with_status_code(self, reply: Reply) -> Reply:
        """Return a reply whose text is not a setting, with its enhanced status code if these are enabled."""
        if "ENHANCEDSTATUSCODES" not in self.settings.extensions:
            return reply
        return Reply(extensions.add_status_code(reply.text, reply.text))

    def _replies(self) -> dict[str, tuple[Reply, Cause]]:
        customised = changed_settings(self.settings) if "ENHANCEDSTATUSCODES" in self.settings.extensions else None
        replies = {}
        for name, declared in SETTINGS.items():
            if declared.type is REPLY:
                text = getattr(self.settings, name)
                plain = customised is None or name in customised
                replies[name] = _reply(text if plain else extensions.add_status_code(name, text)), _CAUSES[name]
        return replies

    def _mechanisms(self) -> tuple[str, ...]:
        """Return the mechanisms that can be offered: some need the password, which a function cannot tell."""
        accounts, wanted = self.settings.auth, self.settings.auth_mechanisms
        if accounts is None:
            return ()
        impossible = extensions.NEEDING_PASSWORDS if callable(accounts) else ()
        return tuple(name for name in extensions.MECHANISMS if name in wanted and name not in impossible)

    def _ehlo(self, *, secure: bool) -> Reply:
        first = self.settings.msg_helo_received
        limit = self.settings.msg_size_limit
        lines = [extensions.announcement(name, limit) for name in self.settings.extensions]
        if "STARTTLS" in self.offers and not secure:
            lines.append("STARTTLS")
        if self.mechanisms and self.allows_auth(secure=secure):
            lines.append(f"AUTH {' '.join(self.mechanisms)}")
        if not lines or first[0] != "2":
            return _reply(first)
        code = first[:3]
        lines = [line[4:] for line in first.split("\r\n")] + lines
        return Reply(*(f"{code}-{line}" for line in lines[:-1]), f"{code} {lines[-1]}")
