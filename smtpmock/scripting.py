"""What a server can be told to do while it runs: rules, and the usual faults ready-made of them."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from smtpmock.errors import ExpectationError, RuleError
from smtpmock.rfc.grammar import address_key
from smtpmock.rules.definition import number, whole
from smtpmock.rules.recent import RecentKeys
from smtpmock.rules.rule import Rule
from smtpmock.text import counted

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from smtpmock.backend import Backend
    from smtpmock.queries.words import Text
    from smtpmock.rules.book import Clock
    from smtpmock.rules.context import RuleContext
    from smtpmock.rules.words import Conditions, RuleWords, Stage


class Scripting:
    """The part of a mailbox that takes rules."""

    _backend: Backend

    @property
    def clock(self) -> Clock:
        """The time that `greylist` and `limit_rate` go by."""
        return self._backend.clock

    def on(self, stage: Stage, **words: Unpack[RuleWords]) -> Rule:
        """Add a rule: when this happens, do that. It holds at once, and until it is removed.

        Args:
            stage: When: "connect", "EHLO", "MAIL FROM", "RCPT TO", "DATA", "body", "message", …, "*" for all.
            **words: Conditions, counting and actions, as listed in docs/rules.md.

        Returns:
            The rule; as a context manager it is removed at the end.

        Raises:
            RuleError: If a word is unknown, cannot be known at that stage, has an invalid value, or could never apply.

        Example:
            >>> from smtpmock import SMTPMock
            >>> SMTPMock().on("RCPT TO", recipient="bob@example.com", times=2, reply="450 4.7.1 Greylisted")
            <Rule RCPT TO recipient='bob@example.com' times=2 reply='450 4.7.1 Greylisted', 0 hits>
        """
        return self.add_rule(Rule(stage, words))

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules, the oldest first."""
        return tuple(self._backend.rules)

    def clear_rules(self) -> None:
        """Remove all rules."""
        self._backend.clear_rules()

    def assert_rules_used(self) -> None:
        """Make sure that every rule has applied, those of ended `with` blocks included.

        Raises:
            ExpectationError: If one has not; the text names all that have not.
        """
        unused = self._backend.unused_rules()
        if unused:
            listed = "\n".join(f"  {rule} (asked {counted(rule.asked, 'time')})" for rule in unused)
            raise ExpectationError(f"{counted(len(unused), 'rule')} never used:\n{listed}")

    # Ready-made.

    def greylist(
        self,
        retry_after: float = 300.0,
        reply: str = "450 4.7.1 Greylisted, try again later",
        **conditions: Unpack[Conditions],
    ) -> Rule:
        """Refuse a recipient until its sender tries again, at least so many seconds after the first time.

        Each client, sender and recipient together are counted apart; of more than 10,000 combinations, those that
        tried longest ago are forgotten, and have to wait again. The time is that of `clock`.

        Args:
            retry_after: Seconds before which every attempt is refused.
            reply: What is answered until then.
            **conditions: For whom, as in any rule for RCPT TO.
        """
        number("retry_after", retry_after)
        first_seen = RecentKeys[float]()

        def too_early(context: RuleContext) -> bool:
            key = " ".join(repr(address_key(str(_only(context, word)))) for word in ("client", "sender", "recipient"))
            now = self.clock.time()
            first = first_seen.get(key, now)
            first_seen.put(key, first)
            return now - first < retry_after

        said = f"greylist: retry after {retry_after:g} s"
        return self.add_rule(Rule("RCPT TO", {**conditions, "reply": reply}, gate=too_early, gate_text=said))

    def limit_rate(
        self, messages: int = 10, per: float = 1.0, reply: str = "421 4.7.0 Too many messages, try again later"
    ) -> Rule:
        """Answer MAIL FROM with 421, and close the connection, when so many were let through in the last seconds.

        Args:
            messages: How many are let through.
            per: In how many seconds, of `clock`.
            reply: What is answered to the rest.
        """
        whole("messages", messages, 0)
        number("per", per)
        passed: deque[float] = deque()

        def too_many(_: RuleContext) -> bool:
            now = self.clock.time()
            while passed and now - passed[0] >= per:
                passed.popleft()
            if len(passed) >= messages:
                return True
            passed.append(now)
            return False

        said = f"at most {messages} in {per:g} s"
        return self.add_rule(Rule("MAIL FROM", {"reply": reply, "then": "close"}, gate=too_many, gate_text=said))

    def limit_connections(
        self, connections: int, reply: str = "421 4.7.0 Too many connections, try again later"
    ) -> Rule:
        """Answer a connection with 421, and close it, while so many others are open.

        Args:
            connections: How many may be open at a time.
            reply: What is answered to the rest.
        """
        whole("connections", connections, 0)

        def too_many(_: RuleContext) -> bool:
            return self._backend.open_sessions > connections

        said = f"at most {connections} open"
        return self.add_rule(Rule("connect", {"reply": reply, "then": "close"}, gate=too_many, gate_text=said))

    def reject_recipient(self, pattern: Text, reply: str = "550 5.1.1 User unknown") -> Rule:
        """Refuse recipients.

        Args:
            pattern: Which: an address, a pattern with ``*``, a compiled regular expression or a function.
            reply: What is answered.

        Raises:
            RuleError: If the pattern is empty.
        """
        if pattern is None or pattern == "":
            raise RuleError(
                f"Invalid recipient {pattern!r}: expected an address, a pattern, an expression or a function"
            )
        return self.on("RCPT TO", recipient=pattern, reply=reply)

    def fail_next(self, count: int = 1, stage: Stage = "message", reply: str = "451 4.3.0 Temporary failure") -> Rule:
        """Fail the next commands of a stage, then let them succeed again.

        Args:
            count: How many.
            stage: Of which stage; the message itself unless told otherwise.
            reply: What is answered.
        """
        return self.on(stage, times=whole("count", count, 0), reply=reply)

    def add_rule(self, rule: Rule) -> Rule:
        """Add a rule that was made before, as from a file.

        Raises:
            RuleError: If it could never apply.
        """
        self._backend.add_rule(rule)
        return rule


def _only(context: RuleContext, word: str) -> Any:
    """Return the value of a condition; "" if it has none."""
    return next(iter(context.values(word)), "")
