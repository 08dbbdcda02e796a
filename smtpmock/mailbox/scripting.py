"""Scripted behaviour of a running server: rules, and ready-made rules for common faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from smtpmock.errors import ExpectationError, RuleError, SettingError
from smtpmock.rules.values import whole
from smtpmock.text import invalid, pluralize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Unpack

    from smtpmock.mailbox.backend import Backend
    from smtpmock.profiles.profile import Profile
    from smtpmock.queries.words import Text
    from smtpmock.rules.book import Clock
    from smtpmock.rules.gates import Gate
    from smtpmock.rules.rule import Rule
    from smtpmock.rules.words import Conditions, RuleWords, Stage

RateKey = Literal["", "user", "sender", "client"]

TOO_MANY_MESSAGES = "421 4.7.0 Too many messages, try again later"
TOO_MANY_CONNECTIONS = "421 4.7.0 Too many connections, try again later"


class Scripting:
    """The part of a mailbox that manages rules."""

    _backend: Backend

    @property
    def clock(self) -> Clock:
        """The clock that `greylist` and `limit_rate` use."""
        return self._backend.clock

    def on(self, stage: Stage, **words: Unpack[RuleWords]) -> Rule:
        """Add a rule, which takes effect at once and stays until it is removed.

        Args:
            stage: When the rule is asked: "connect", "EHLO", "MAIL FROM", "RCPT TO", "DATA", "body", "message", …, or
                "*" for every stage.
            **words: Conditions, counters and actions, as listed at https://smtpmock.github.io/smtpmock/rules/.

        Returns:
            The rule; used as a context manager, it is removed at the end of the block.

        Raises:
            RuleError: If a word is unknown or not available at the stage, a value is invalid, or the rule could never
                apply.

        Example:
            >>> from smtpmock import SMTPMock
            >>> SMTPMock().on("RCPT TO", recipient="bob@example.com", times=2, reply="450 4.7.1 Greylisted")
            <Rule RCPT TO recipient='bob@example.com' times=2 reply='450 4.7.1 Greylisted', 0 hits>
        """
        return self._add(stage, words)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The active rules, oldest first."""
        return tuple(self._backend.rules)

    def clear_rules(self) -> None:
        """Remove all rules, and end the use of a profile; the rules of the setting `profile` begin anew.

        Example:
            >>> from smtpmock import SMTPMock
            >>> mock = SMTPMock()
            >>> rule = mock.fail_next()
            >>> mock.clear_rules()
            >>> mock.rules
            ()
        """
        self._backend.clear_rules()

    @property
    def profile(self) -> Profile | None:
        """The profile that `use_profile` has put in use; None while there is no such profile.

        Example:
            >>> from smtpmock import SMTPMock
            >>> print(SMTPMock().profile)
            None
        """
        return self._backend.profile

    def use_profile(self, profile: str | Profile) -> Profile:
        """Have the server behave by a profile from now on, in place of one that was in use before.

        Its rules are added at once. Its settings take precedence over those of the server for connections that begin
        afterwards, and its `session_timeout` for all. Both last until `clear_profile` or `clear_rules`. A profile of
        the setting `profile` stays beneath.

        Args:
            profile: Its name, the path of its TOML file, or what `load_profile` returns.

        Returns:
            The profile.

        Raises:
            SettingError: If there is no such profile, or it has a setting that only a start can change, such as `port`.
            RuleError: If one of its rules is invalid or could never apply.

        Example:
            >>> from smtplib import SMTP
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock:
            ...     profile = mock.use_profile("full-mailbox")
            ...     with SMTP(mock.host, mock.port) as client:
            ...         _ = client.ehlo(), client.mail("a@example.com")
            ...         client.rcpt("b@example.com")
            (452, b"4.2.2 The recipient's mailbox is over its quota")
            >>> profile.title
            'a mailbox over its quota at Gmail'
        """
        from smtpmock.profiles.profile import Profile

        if not isinstance(profile, str | Profile):
            raise SettingError(invalid("profile", profile, "the name of a profile, the path of its file, or a Profile"))
        return self._backend.use_profile(profile)

    def clear_profile(self) -> None:
        """End the use of a profile, if there is one: its rules are removed, and the settings are those of the start.

        Example:
            >>> from smtpmock import SMTPMock
            >>> mock = SMTPMock()
            >>> mock.use_profile("outage").name, len(mock.rules)
            ('outage', 1)
            >>> mock.clear_profile()
            >>> mock.rules
            ()
        """
        self._backend.clear_profile()

    def assert_rules_used(self) -> None:
        """Make sure that every rule has applied, including those of finished `with` blocks.

        Raises:
            ExpectationError: If a rule has never applied; the text lists all such rules.

        Example:
            >>> from smtplib import SMTP
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
            ...     rule = mock.on("NOOP", reply="250 Still here")
            ...     _ = client.noop()
            ...     mock.assert_rules_used()
        """
        unused = self._backend.unused_rules()
        if unused:
            listed = "\n".join(f"  {rule} (asked {pluralize(rule.asked, 'time')})" for rule in unused)
            raise ExpectationError(f"{pluralize(len(unused), 'rule')} never used:\n{listed}")

    # Ready-made rules.

    def greylist(
        self,
        retry_after: float = 300.0,
        reply: str = "450 4.7.1 Greylisted, try again later",
        **conditions: Unpack[Conditions],
    ) -> Rule:
        """Refuse a recipient until the sender tries again, at least `retry_after` seconds after the first attempt.

        Each combination of client, sender and recipient is counted separately. At most 10,000 of them are remembered:
        beyond that, those with the oldest attempts are forgotten and have to wait again. The time is that of `clock`.

        Args:
            retry_after: Seconds during which every attempt is refused.
            reply: The reply until then.
            **conditions: Conditions, as in any rule for RCPT TO.

        Example:
            >>> from smtpmock import SMTPMock
            >>> mock = SMTPMock()
            >>> rule = mock.greylist(60, recipient="*@example.com")
            >>> mock.clock.advance(60)  # instead of waiting for a minute
        """
        from smtpmock.rules.gates import Greylist

        return self._add("RCPT TO", {**conditions, "reply": reply}, Greylist(retry_after))

    def limit_rate(
        self,
        messages: int = 10,
        per: float = 1.0,
        reply: str = TOO_MANY_MESSAGES,
        *,
        by: RateKey = "",
        delay: float = 0.0,
    ) -> Rule:
        """Limit the rate of messages: beyond it, refuse MAIL FROM and close the connection, or delay the reply.

        Args:
            messages: The number of messages to let through in a period.
            per: The length of the period in seconds, measured by `clock`.
            reply: The reply to the rest.
            by: What the messages are counted apart for: "user", "sender" or "client"; "" for all together.
            delay: Seconds by which the rest is delayed instead of being refused; 0 to refuse it.

        Raises:
            RuleError: If a value is invalid, or both a reply and a delay are given.

        Example:
            >>> from smtpmock import SMTPMock
            >>> mock = SMTPMock()
            >>> mock.limit_rate(100, per=60).stage
            'MAIL FROM'
            >>> print(mock.limit_rate(30, per=60, by="user", delay=2))
            MAIL FROM delay=2 (at most 30 in 60 s for each user)
        """
        from smtpmock.rules.gates import RateLimit

        gate = RateLimit(messages, per, by)
        if delay and reply != TOO_MANY_MESSAGES:
            raise RuleError(invalid("delay", delay, "a delay without a reply: what is delayed is not refused"))
        words: RuleWords = {"delay": delay} if delay else {"reply": reply, "then": "close"}
        return self._add("MAIL FROM", words, gate)

    def limit_connections(
        self, connections: int, reply: str = TOO_MANY_CONNECTIONS, *, by: Literal["", "user"] = ""
    ) -> Rule:
        """Limit the number of open connections: refuse any further one and close it.

        Args:
            connections: The most that may be open at the same time.
            reply: The reply to any further connection.
            by: "user" to count the connections of each user, from the login on: a further login is refused; "" to count
                all connections from their beginning.

        Raises:
            RuleError: If a value is invalid, or logins are limited on a server without `auth`.

        Example:
            >>> from smtplib import SMTP
            >>> from smtpmock import SMTPMock
            >>> with SMTPMock() as mock, SMTP(mock.host, mock.port), SMTP() as second:
            ...     rule = mock.limit_connections(1)
            ...     second.connect(mock.host, mock.port)
            (421, b'4.7.0 Too many connections, try again later')
        """
        from smtpmock.rules.gates import ConnectionLimit

        gate = ConnectionLimit(connections, by)
        return self._add("AUTH" if by else "connect", {"reply": reply, "then": "close"}, gate)

    def reject_recipient(self, pattern: Text, reply: str = "550 5.1.1 User unknown") -> Rule:
        """Refuse the recipients that match a pattern.

        Args:
            pattern: An address, a pattern with ``*``, a compiled regular expression or a function.
            reply: The reply to them.

        Raises:
            RuleError: If the pattern is empty.

        Example:
            >>> from smtpmock import SMTPMock
            >>> SMTPMock().reject_recipient("*@example.com")
            <Rule RCPT TO recipient='*@example.com' reply='550 5.1.1 User unknown', 0 hits>
        """
        if pattern is None or pattern == "":
            expected = "an address, a pattern, a regular expression or a function"
            raise RuleError(invalid("recipient", pattern, expected))
        return self.on("RCPT TO", recipient=pattern, reply=reply)

    def fail_next(self, count: int = 1, stage: Stage = "message", reply: str = "451 4.3.0 Temporary failure") -> Rule:
        """Fail the next commands at a stage, then let them succeed again.

        Args:
            count: The number of commands to fail.
            stage: The stage; by default, the message itself.
            reply: The reply to these commands.

        Example:
            >>> from smtpmock import SMTPMock
            >>> SMTPMock().fail_next(2, stage="RCPT TO")
            <Rule RCPT TO times=2 reply='451 4.3.0 Temporary failure', 0 hits>
        """
        return self.on(stage, times=whole("count", count, 0), reply=reply)

    def add_rule(self, rule: Rule) -> Rule:
        """Add a rule that was created elsewhere, for example read from a file.

        Returns:
            The rule; in a scope, one with the conditions of the scope as well.

        Raises:
            RuleError: If the rule could never apply.

        Example:
            >>> from smtpmock import Rule, SMTPMock
            >>> SMTPMock().add_rule(Rule("DATA", {"delay": 0.5}))
            <Rule DATA delay=0.5, 0 hits>
        """
        return self._backend.add_rule(rule)

    def _add(self, stage: Stage, words: Mapping[str, Any], gate: Gate | None = None) -> Rule:
        from smtpmock.rules.rule import Rule  # the command mostly makes none

        return self.add_rule(Rule(stage, words, gate=gate))
