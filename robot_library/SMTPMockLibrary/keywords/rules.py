"""What the server is to do: rules, and the usual faults ready-made of them."""

import re
from datetime import timedelta
from typing import Any

from robot.api import logger
from robot.api.deco import keyword

from smtpmock.errors import RuleError
from smtpmock.rules.rule import WORDS, Rule
from smtpmock.text import unknown
from SMTPMockLibrary.failures import Keywords, assertion, explained
from SMTPMockLibrary.signatures import rule_words, takes_conditions, takes_rule_words
from SMTPMockLibrary.types import Address, Stage

_WORD = re.compile(r"([A-Za-z_]\w*)=")


class RuleKeywords(Keywords):
    """Keywords that make a rule return it."""

    @keyword("Reply To Command", tags=("Rule",))
    @explained
    @takes_rule_words("reply", "then", "tls")
    def reply_to_command(self, stage: Stage, reply: str, *further_lines: str, **words: Any) -> Rule:
        """Gives this reply at a stage, instead of the usual one.

        The first digit decides how the session goes on: with 2 or 3 as if the command had succeeded, else as if it had
        failed. A reply of several lines is several arguments. See `Scripted behaviour` for the stages and the words.

        Examples:
        | ${rule} =    Reply To Command    RCPT TO    450 4.7.1 Greylisted    recipient=bob@example.com    times=2
        | Sign Up    bob@example.com
        | Rule Should Have Been Used    ${rule}    times=1
        | Reply To Command    message    554 5.7.1 Spam    subject=*lottery*    delay=200 ms
        | Reply To Command    EHLO    250-old.example.com    250 SIZE 1000    helo_name=legacy.*
        """
        return self._add(stage, words, reply=_lines(reply, *further_lines))

    @keyword("Delay Command", tags=("Rule",))
    @explained
    @takes_rule_words("reply", "then", "tls")
    def delay_command(self, stage: Stage, delay: timedelta | None = None, **words: Any) -> Rule:
        """Makes the server slow at a stage, whatever it answers; ``*`` is all stages.

        The delays of several rules add up, also with those of rules that reply. With ``jitter`` the delay is longer or
        shorter by chance, with ``drip`` the reply trickles in, with ``throttle`` the message is read slowly.
        See `Scripted behaviour` for the stages and the words.

        Examples:
        | Delay Command    *    20 ms    jitter=10 ms    seed=7
        | Delay Command    message    1 min    recipient=*@slow.example
        | Delay Command    EHLO    drip=500
        | Delay Command    DATA    throttle=1000    after=1
        """
        return self._add(stage, words, delay=delay)

    @keyword("Drop Connection On", tags=("Rule",))
    @explained
    @takes_rule_words("reply", "then", "tls")
    def drop_connection_on(
        self, stage: Stage, reply: str | None = None, *further_lines: str, half_reply: bool = False, **words: Any
    ) -> Rule:
        """Closes the connection at a stage, without a reply, or behind the one that is given.

        At ``message`` that is after the final dot: the message was received, and the client never learns of it. With
        ``half_reply`` the connection is closed in the middle of the reply, which is that of the server if none is
        given. See `Scripted behaviour` for the stages and the words.

        Examples:
        | Drop Connection On    message    subject=Invoice*
        | Drop Connection On    connect    421 4.3.2 Service not available    times=1
        | Drop Connection On    RCPT TO    half_reply=True    recipient=*@gone.example
        """
        then = "half" if half_reply else "close"
        return self._add(stage, words, reply=_lines(reply, *further_lines), then=then)

    @keyword("Reset Connection On", tags=("Rule",))
    @explained
    @takes_rule_words("reply", "then", "tls", "drip")
    def reset_connection_on(self, stage: Stage, **words: Any) -> Rule:
        """Resets the connection (RST) at a stage, as a server that crashes.

        At ``body`` that is in the middle of the message. See `Scripted behaviour` for the stages and the words.

        Example:
        | Reset Connection On    body    times=1
        """
        return self._add(stage, words, then="reset")

    @keyword("Stay Silent On", tags=("Rule",))
    @explained
    @takes_rule_words("reply", "then", "tls", "drip")
    def stay_silent_on(self, stage: Stage, **words: Any) -> Rule:
        """Says nothing from this stage on and keeps the connection open, so that the client has to give up by itself.

        See `Scripted behaviour` for the stages and the words.

        Example:
        | Stay Silent On    RCPT TO    recipient=bob@example.com
        """
        return self._add(stage, words, then="silence")

    @keyword("Add Rule", tags=("Rule",))
    @explained
    @takes_rule_words()
    def add_rule(self, stage: Stage, reply: str | None = None, *further_lines: str, **words: Any) -> Rule:
        """Makes a rule of any words, also of those for which there is no keyword.

        ``then=garbage`` sends bytes that are no reply, ``then=accept`` makes an exception from older rules, and ``tls``
        says what is wrong with TLS. See `Scripted behaviour` for the stages and the words.

        Examples:
        | Reply To Command    RCPT TO    550 5.1.1 User unknown
        | Add Rule    RCPT TO    recipient=bob@example.com    then=accept
        | Add Rule    NOOP    then=garbage    times=1
        | Start SMTP Mock    tls=starttls
        | Add Rule    STARTTLS    tls=expired    times=1
        """
        return self._add(stage, words, reply=_lines(reply, *further_lines))

    # Ready-made.

    @keyword("Reject Recipient", tags=("Rule",))
    @explained
    def reject_recipient(self, recipient: Address, reply: str = "550 5.1.1 User unknown") -> Rule:
        """Refuses recipients.

        Example:
        | Reject Recipient    *@gone.example
        | Reject Recipient    full@example.com    452 4.2.2 Mailbox full
        """
        return _logged(self.servers.current.mock.reject_recipient(recipient, reply))

    @keyword("Greylist", tags=("Rule",))
    @explained
    @takes_conditions
    def greylist(
        self,
        retry_after: timedelta = timedelta(minutes=5),
        reply: str = "450 4.7.1 Greylisted, try again later",
        **conditions: Any,
    ) -> Rule:
        """Refuses each recipient until its sender tries again after that time.

        Each client, sender and recipient together are counted apart. `Advance Clock` saves the test the waiting.
        Conditions say for whom it holds; see `Scripted behaviour`.

        Example:
        | Greylist    5 min    recipient=bob@example.com
        | Sign Up    bob@example.com
        | Message Count Should Be    1    # the one that came before
        | Advance Clock    5 min
        | Sign Up    bob@example.com
        | Message Count Should Be    2
        """
        mock = self.servers.current.mock
        return _logged(mock.greylist(retry_after.total_seconds(), reply, **rule_words(conditions)))

    @keyword("Limit Rate", tags=("Rule",))
    @explained
    def limit_rate(
        self,
        messages: int = 10,
        per: timedelta = timedelta(seconds=1),
        reply: str = "421 4.7.0 Too many messages, try again later",
    ) -> Rule:
        """Refuses MAIL FROM and closes the connection, when so many messages were let through in the last time.

        `Advance Clock` saves the test the waiting.

        Example:
        | ${rule} =    Limit Rate    2    per=1 min
        | Repeat Keyword    3 times    Sign Up    bob@example.com
        | Rule Should Have Been Used    ${rule}    times=1
        """
        return _logged(self.servers.current.mock.limit_rate(messages, per.total_seconds(), reply))

    @keyword("Limit Connections", tags=("Rule",))
    @explained
    def limit_connections(
        self, connections: int, reply: str = "421 4.7.0 Too many connections, try again later"
    ) -> Rule:
        """Refuses a connection and closes it, while so many others are open.

        Example:
        | Limit Connections    3
        """
        return _logged(self.servers.current.mock.limit_connections(connections, reply))

    @keyword("Fail Next Messages", tags=("Rule",))
    @explained
    def fail_next_messages(
        self,
        count: int = 1,
        reply: str = "451 4.3.0 Temporary failure",
        *,
        stage: Stage = "message",  # type: ignore[assignment]  # its reader leaves it a text
    ) -> Rule:
        """Refuses the next messages, then lets them through again; with another ``stage`` that is the next commands.

        Example:
        | ${rule} =    Fail Next Messages    1
        | Repeat Keyword    2 times    Sign Up    bob@example.com
        | Rule Should Have Been Used    ${rule}    times=1
        | Fail Next Messages    2    452 4.2.2 Mailbox full    stage=RCPT TO
        """
        return _logged(self.servers.current.mock.fail_next(count, stage, reply))  # type: ignore[arg-type]  # a text

    # What becomes of rules.

    @keyword("Rule Should Have Been Used", tags=("Assertion", "Rule"))
    @assertion
    def rule_should_have_been_used(self, rule: Rule, times: int | None = None) -> None:
        """Fails if a rule has not applied exactly so many times; without ``times`` once is enough.

        Example:
        | ${rule} =    Reject Recipient    bob@example.com
        | Rule Should Have Been Used    ${rule}    times=0
        | Sign Up    bob@example.com
        | Rule Should Have Been Used    ${rule}
        """
        rule.assert_used(times)

    @keyword("All Rules Should Have Been Used", tags=("Assertion", "Rule"))
    @assertion
    def all_rules_should_have_been_used(self) -> None:
        """Fails if a rule of the server has never applied.

        With the setting ``strict`` of `Start SMTP Mock` each test that has passed ends with this.

        Example:
        | Reject Recipient    bob@example.com
        | Sign Up    bob@example.com
        | All Rules Should Have Been Used
        """
        self.servers.current.mock.assert_rules_used()

    @keyword("Remove Rule", tags=("Rule",))
    @explained
    def remove_rule(self, rule: Rule) -> None:
        """Removes a rule; if it is removed already, nothing happens.

        Example:
        | ${rule} =    Reject Recipient    bob@example.com
        | Remove Rule    ${rule}
        """
        rule.remove()

    @keyword("Clear Rules", tags=("Rule",))
    @explained
    def clear_rules(self) -> None:
        """Removes all rules of the server. `Purge Messages` leaves them.

        Example:
        | Reject Recipient    *@gone.example
        | Clear Rules
        """
        self.servers.current.mock.clear_rules()

    @keyword("Advance Clock", tags=("Rule",))
    @explained
    def advance_clock(self, duration: timedelta) -> None:
        """Moves the clock on that `Greylist` and `Limit Rate` go by; nothing is delayed by it.

        Example:
        | Limit Rate    1    per=1 hour
        | Advance Clock    1 hour
        """
        self.servers.current.mock.clock.advance(duration.total_seconds())

    def _add(self, stage: Stage, words: dict[str, Any], **actions: Any) -> Rule:
        mock = self.servers.current.mock
        return _logged(mock.on(stage, **rule_words({**words, **actions})))  # type: ignore[arg-type]  # a text


def _logged(rule: Rule) -> Rule:
    logger.info(f"Rule: {rule}")
    return rule


def _lines(first: str | None, *further: str) -> str | list[str] | None:
    """The line or lines of a reply, if there is one."""
    if first is None:
        return None
    for line in (first, *further):
        word = _WORD.match(line)
        if word and word[1] in WORDS:
            raise RuleError(f"The word {word[1]} cannot stand among the lines of a reply.")
        if word:  # Robot Framework takes a name that it does not know for a part of the value
            raise RuleError(unknown("rule word", word[1], WORDS))
    return [first, *further] if further else first
