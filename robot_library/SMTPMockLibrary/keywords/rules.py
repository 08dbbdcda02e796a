"""Rules that script the behaviour of the server, and ready-made rules for common faults."""

from datetime import timedelta
from typing import Any, Literal

from robot.api import logger
from robot.api.deco import keyword

from SMTPMockLibrary.api import Profile, Rule
from SMTPMockLibrary.failures import Keywords, assertion, explain_failures
from SMTPMockLibrary.signatures import given_rule_words, seconds, takes_conditions, takes_rule_words
from SMTPMockLibrary.types import Address, ReplyLine, Stage


class RuleKeywords(Keywords):
    """Keywords for rules. Those that add a rule return it."""

    @keyword("Reply To Command", tags=("Rule",))
    @explain_failures
    @takes_rule_words("reply", "then", "tls")
    def reply_to_command(self, stage: Stage, reply: ReplyLine, *further_lines: ReplyLine, **words: Any) -> Rule:
        """Replaces the reply of the server at the given stage.

        The session continues according to the first digit of the reply: with 2 or 3 as if the command had succeeded,
        otherwise as if it had failed. Pass a multiline reply as several arguments. See the `Scripting the server`
        section for the stages and the words of rules.

        Examples:
        | ${rule} =    Reply To Command    RCPT TO    450 4.7.1 Greylisted    recipient=bob@example.com    times=2
        | Sign Up    bob@example.com
        | Rule Should Have Been Used    ${rule}    times=1
        | Reply To Command    message    554 5.7.1 Spam    subject=*lottery*    delay=200 ms
        | Reply To Command    EHLO    250-old.example.com    250 SIZE 1000    helo_name=legacy.*
        """
        return self._add(stage, words, reply, *further_lines)

    @keyword("Delay Command", tags=("Rule",))
    @explain_failures
    @takes_rule_words("reply", "then", "tls")
    def delay_command(self, stage: Stage, delay: timedelta | None = None, **words: Any) -> Rule:
        """Slows the server down at the given stage, or at all stages with ``*``.

        The delays of all matching rules add up, including those of rules that reply. ``jitter`` varies the delay at
        random, ``drip`` sends the reply slowly, and ``throttle`` reads the message slowly. See the
        `Scripting the server` section for the stages and the words of rules.

        Examples:
        | Delay Command    *    20 ms    jitter=10 ms    seed=7
        | Delay Command    message    1 min    recipient=*@slow.example
        | Delay Command    EHLO    drip=500
        | Delay Command    DATA    throttle=1000    after=1
        """
        return self._add(stage, {**words, "delay": delay})

    @keyword("Drop Connection On", tags=("Rule",))
    @explain_failures
    @takes_rule_words("reply", "then", "tls")
    def drop_connection_on(
        self, stage: Stage, reply: ReplyLine = None, *further_lines: ReplyLine, half_reply: bool = False, **words: Any
    ) -> Rule:
        """Closes the connection at the given stage, after ``reply`` if one is given.

        At ``message``, the connection is closed after the final dot: the server has received the message, but the
        client does not know it. With ``half_reply``, the connection is closed in the middle of ``reply``, or of the
        usual reply. See the `Scripting the server` section for the stages and the words of rules.

        Examples:
        | Drop Connection On    message    subject=Invoice*
        | Drop Connection On    connect    421 4.3.2 Service not available    times=1
        | Drop Connection On    RCPT TO    half_reply=True    recipient=*@gone.example
        """
        then = "half" if half_reply else "close"
        return self._add(stage, {**words, "then": then}, reply, *further_lines)

    @keyword("Reset Connection On", tags=("Rule",))
    @explain_failures
    @takes_rule_words("reply", "then", "tls", "drip")
    def reset_connection_on(self, stage: Stage, **words: Any) -> Rule:
        """Resets the connection (RST) at the given stage, like a server that crashes.

        At ``body``, the connection is reset in the middle of the message. See the `Scripting the server` section for
        the stages and the words of rules.

        Example:
        | Reset Connection On    body    times=1
        """
        return self._add(stage, {**words, "then": "reset"})

    @keyword("Stay Silent On", tags=("Rule",))
    @explain_failures
    @takes_rule_words("reply", "then", "tls", "drip")
    def stay_silent_on(self, stage: Stage, **words: Any) -> Rule:
        """Stops responding at the given stage but keeps the connection open, so that the client must time out.

        See the `Scripting the server` section for the stages and the words of rules.

        Example:
        | Stay Silent On    RCPT TO    recipient=bob@example.com
        """
        return self._add(stage, {**words, "then": "silence"})

    @keyword("Add Rule", tags=("Rule",))
    @explain_failures
    @takes_rule_words()
    def add_rule(self, stage: Stage, reply: ReplyLine = None, *further_lines: ReplyLine, **words: Any) -> Rule:
        """Adds a rule with any words, including those that no other keyword supports.

        ``then=garbage`` sends bytes that are not a valid reply, ``then=accept`` makes an exception to older rules, and
        ``tls`` breaks the TLS handshake. See the `Scripting the server` section for the stages and the words of rules.

        Examples:
        | Reply To Command    RCPT TO    550 5.1.1 User unknown
        | Add Rule    RCPT TO    recipient=bob@example.com    then=accept
        | Add Rule    NOOP    then=garbage    times=1
        | Start SMTP Mock    tls=starttls
        | Add Rule    STARTTLS    tls=expired    times=1
        """
        return self._add(stage, words, reply, *further_lines)

    # Ready-made rules.

    @keyword("Reject Recipient", tags=("Rule",))
    @explain_failures
    def reject_recipient(self, recipient: Address, reply: ReplyLine = "550 5.1.1 User unknown") -> Rule:
        """Refuses the recipients that match.

        Example:
        | Reject Recipient    *@gone.example
        | Reject Recipient    full@example.com    452 4.2.2 Mailbox full
        """
        reject = self.servers.current.mock.reject_recipient
        return _logged(reject(recipient, reply))

    @keyword("Greylist", tags=("Rule",))
    @explain_failures
    @takes_conditions
    def greylist(
        self,
        retry_after: timedelta = timedelta(minutes=5),
        reply: ReplyLine = "450 4.7.1 Greylisted, try again later",
        **conditions: Any,
    ) -> Rule:
        """Refuses a recipient until the client tries again after the given time.

        The time is measured separately for each combination of client, sender and recipient. Use `Advance Clock`
        instead of waiting. Conditions limit the rule; see the `Scripting the server` section.

        Example:
        | Greylist    5 min    recipient=bob@example.com
        | Sign Up    bob@example.com
        | Message Count Should Be    1    # sent before the rule was added
        | Advance Clock    5 min
        | Sign Up    bob@example.com
        | Message Count Should Be    2
        """
        mock = self.servers.current.mock
        return _logged(mock.greylist(retry_after.total_seconds(), reply, **given_rule_words(conditions)))

    @keyword("Limit Rate", tags=("Rule",))
    @explain_failures
    def limit_rate(
        self,
        messages: int = 10,
        per: timedelta = timedelta(seconds=1),
        reply: ReplyLine = "421 4.7.0 Too many messages, try again later",
        *,
        by: Literal["", "user", "sender", "client"] = "",
        delay: timedelta = timedelta(0),
    ) -> Rule:
        """Refuses MAIL FROM and closes the connection if the limit of messages was reached in the last ``per``.

        With ``by``, the messages of each user, sender or client are counted separately. With ``delay``, further
        messages are delayed instead of being refused. Use `Advance Clock` instead of waiting.

        Examples:
        | ${rule} =    Limit Rate    2    per=1 min
        | Repeat Keyword    3 times    Sign Up    bob@example.com
        | Rule Should Have Been Used    ${rule}    times=1
        | Limit Rate    30    per=1 min    by=user    delay=2 s
        """
        limit = self.servers.current.mock.limit_rate
        return _logged(limit(messages, per.total_seconds(), reply, by=by, delay=delay.total_seconds()))

    @keyword("Limit Connections", tags=("Rule",))
    @explain_failures
    def limit_connections(
        self,
        connections: int,
        reply: ReplyLine = "421 4.7.0 Too many connections, try again later",
        *,
        by: Literal["", "user"] = "",
    ) -> Rule:
        """Refuses and closes further connections while the given number of connections is open.

        With ``by=user``, the connections of each user are counted from the login on, and a further login is refused.

        Examples:
        | Limit Connections    3
        | Start SMTP Mock    auth=any
        | Limit Connections    2    by=user
        """
        return _logged(self.servers.current.mock.limit_connections(connections, reply, by=by))

    @keyword("Fail Next Messages", tags=("Rule",))
    @explain_failures
    def fail_next_messages(
        self,
        count: int = 1,
        reply: ReplyLine = "451 4.3.0 Temporary failure",
        *,
        stage: Stage = "message",
    ) -> Rule:
        """Refuses the next ``count`` messages, or the next commands at another ``stage``, and accepts later ones.

        Example:
        | ${rule} =    Fail Next Messages    1
        | Repeat Keyword    2 times    Sign Up    bob@example.com
        | Rule Should Have Been Used    ${rule}    times=1
        | Fail Next Messages    2    452 4.2.2 Mailbox full    stage=RCPT TO
        """
        return _logged(self.servers.current.mock.fail_next(count, stage, reply))

    # Checking and removing rules.

    @keyword("Rule Should Have Been Used", tags=("Assertion", "Rule"))
    @assertion
    def rule_should_have_been_used(self, rule: Rule, times: int | None = None) -> None:
        """Fails unless the rule was applied exactly ``times`` times, or at least once if ``times`` is not given.

        Example:
        | ${rule} =    Reject Recipient    bob@example.com
        | Rule Should Have Been Used    ${rule}    times=0
        | Sign Up    bob@example.com
        | Rule Should Have Been Used    ${rule}
        """
        rule.assert_used(times)

    @keyword("Wait Until Rule Has Been Used", tags=("Assertion", "Rule", "Wait"))
    @assertion
    def wait_until_rule_has_been_used(self, rule: Rule, times: int = 1, *, timeout: timedelta | None = None) -> None:
        """Waits until the rule has been applied ``times`` times, or more often. Passes at once if it already has been.

        The default ``timeout`` is the ``timeout`` setting of `Start SMTP Mock`, which is 5 seconds by default.

        Example:
        | ${rule} =    Reject Recipient    bob@example.com
        | Sign Up    bob@example.com
        | Wait Until Rule Has Been Used    ${rule}    timeout=10 s
        """
        self.servers.of_rule(rule).mock.wait_for_rule(rule, times, seconds(timeout))

    @keyword("All Rules Should Have Been Used", tags=("Assertion", "Rule"))
    @assertion
    def all_rules_should_have_been_used(self) -> None:
        """Fails if a rule of the server was never applied.

        With the setting ``strict`` of `Start SMTP Mock`, this check is made automatically after each test that passes.

        Example:
        | Reject Recipient    bob@example.com
        | Sign Up    bob@example.com
        | All Rules Should Have Been Used
        """
        self.servers.current.mock.assert_rules_used()

    @keyword("Remove Rule", tags=("Rule",))
    @explain_failures
    def remove_rule(self, rule: Rule) -> None:
        """Removes the rule. Does nothing if it has already been removed.

        Example:
        | ${rule} =    Reject Recipient    bob@example.com
        | Remove Rule    ${rule}
        """
        rule.remove()

    @keyword("Clear Rules", tags=("Rule",))
    @explain_failures
    def clear_rules(self) -> None:
        """Removes all rules of the server, and ends the use of a profile. `Purge Messages` does not remove rules.

        Example:
        | Reject Recipient    *@gone.example
        | Clear Rules
        """
        self.servers.current.mock.clear_rules()

    @keyword("Use Profile", tags=("Rule",))
    @explain_failures
    def use_profile(self, profile: str) -> Profile:
        """Has the server behave by a profile from now on, in place of one that was in use before. Returns the profile.

        ``profile`` is a name, such as ``greylisting-relay``, or the path of a TOML file; see
        [https://smtpmock.github.io/smtpmock/profiles/|the list of profiles]. Its rules apply at once, its settings to
        new connections, until `Clear Profile` or `Clear Rules`. To start a server with a profile, use the setting
        ``profile`` of `Start SMTP Mock`.

        Example:
        | Use Profile    full-mailbox
        | Sign Up    ann@example.com
        | Message Count Should Be    0    recipient=ann@example.com
        | Clear Profile
        """
        return self.servers.current.mock.use_profile(profile)

    @keyword("Clear Profile", tags=("Rule",))
    @explain_failures
    def clear_profile(self) -> None:
        """Ends the use of a profile: removes its rules, and restores the settings with which the server was started.

        Does nothing if `Use Profile` was not used.

        Example:
        | Use Profile    outage
        | Clear Profile
        """
        self.servers.current.mock.clear_profile()

    @keyword("Advance Clock", tags=("Rule",))
    @explain_failures
    def advance_clock(self, duration: timedelta) -> None:
        """Advances the clock that `Greylist` and `Limit Rate` use, without waiting.

        Example:
        | Limit Rate    1    per=1 hour
        | Advance Clock    1 hour
        """
        self.servers.current.mock.clock.advance(duration.total_seconds())

    def _add(self, stage: Stage, words: dict[str, Any], *lines: ReplyLine | None) -> Rule:
        """Add a rule that sends these lines as its reply, if there are any."""
        reply = [line for line in lines if line is not None]
        words = {**words, "reply": reply[0] if len(reply) == 1 else reply or None}
        return _logged(self.servers.current.mock.on(stage, **given_rule_words(words)))


def _logged(rule: Rule) -> Rule:
    logger.info(f"Rule: {rule}")
    return rule
