"""What a server can be told to do while it runs: rules, and the usual faults ready-made of them."""

from __future__ import annotations

from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Any

from smtpmock.errors import ExpectationError
from smtpmock.rfc.grammar import address_key
from smtpmock.rules.rule import Rule, number, whole
from smtpmock.text import counted

if TYPE_CHECKING:
    from smtpmock.protocol.behaviour import Behaviour
    from smtpmock.rules.rule import Circumstances
    from smtpmock.stores.memory import Inbox


class Clock:
    """The time that greylisting and rate limits go by: it runs as usual, and a test can move it on.

    Example:
        >>> clock = Clock()
        >>> before = clock.time()
        >>> clock.advance(300)
        >>> clock.time() - before >= 300
        True
    """

    def __init__(self) -> None:
        self._ahead = 0.0

    def time(self) -> float:
        """Seconds since some moment."""
        return monotonic() + self._ahead

    def advance(self, seconds: float) -> None:
        """Moves the clock on by so many seconds."""
        self._ahead += seconds


class Scripted:
    """The part of a server that takes rules.

    Attributes:
        clock: The time that `greylist` and `limit_rate` go by.
    """

    _behaviour: Behaviour
    _inbox: Inbox
    _unused_rules: list[Rule]
    clock: Clock

    def on(self, stage: str, **words: Any) -> Rule:
        """Makes a rule: when this happens, then do that. It holds at once, and until it is removed.

        Args:
            stage: When: "connect", "EHLO", "MAIL FROM", "RCPT TO", "DATA", "body", "message", …, "*" for all.
            **words: Conditions, counting and actions, as listed in docs/rules.md.

        Returns:
            The rule; as a context manager it is removed at the end.

        Raises:
            RuleError: If a word is unknown, cannot be known at that stage, or has a value that is not allowed.

        Example:
            >>> from smtpmock import SMTPMock
            >>> SMTPMock().on("RCPT TO", recipient="bob@example.com", times=2, reply="450 4.7.1 Greylisted")
            <Rule RCPT TO recipient='bob@example.com' times=2 reply='450 4.7.1 Greylisted', 0 hits>
        """
        return self.add_rule(Rule(stage, words))

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules, the oldest first."""
        return tuple(self._behaviour.rules)

    def clear_rules(self) -> None:
        """Removes all rules."""
        self._behaviour.rules.clear()
        self._unused_rules.clear()

    def assert_rules_used(self) -> None:
        """Makes sure that every rule has applied, those of ended `with` blocks included.

        Raises:
            ExpectationError: If one has not; the text names all that have not.
        """
        unused = [rule for rule in (*self._unused_rules, *self.rules) if not rule.hits]
        if unused:
            listed = "\n".join(f"  {rule} (asked {counted(rule.asked, 'time')})" for rule in unused)
            raise ExpectationError(f"{counted(len(unused), 'rule')} never used:\n{listed}")

    # Ready-made.

    def greylist(
        self, retry_after: float = 300.0, reply: str = "450 4.7.1 Greylisted, try again later", **conditions: Any
    ) -> Rule:
        """Refuses a recipient until its sender tries again, so many seconds after the first time.

        Each client, sender and recipient together are counted apart. The time is that of `clock`.

        Args:
            retry_after: Seconds before which every attempt is refused.
            reply: What is answered until then.
            **conditions: For whom, as in any rule for RCPT TO.
        """
        number("retry_after", retry_after)
        first_seen: dict[tuple[str, ...], float] = {}

        def too_early(circumstances: Circumstances) -> bool:
            key = tuple(address_key(str(_only(circumstances, word))) for word in ("client", "sender", "recipient"))
            now = self.clock.time()
            return now - first_seen.setdefault(key, now) < retry_after

        said = f"greylist: retry after {retry_after:g} s"
        return self.add_rule(Rule("RCPT TO", {**conditions, "reply": reply}, gate=too_early, gate_said=said))

    def limit_rate(
        self, messages: int = 10, per: float = 1.0, reply: str = "421 4.7.0 Too many messages, try again later"
    ) -> Rule:
        """Answers MAIL FROM with 421, and closes, when so many were let through in the last seconds.

        Args:
            messages: How many are let through.
            per: In how many seconds, of `clock`.
            reply: What is answered to the rest.
        """
        whole("messages", messages, 0)
        number("per", per)
        passed: deque[float] = deque()

        def too_many(_: Circumstances) -> bool:
            now = self.clock.time()
            while passed and now - passed[0] >= per:
                passed.popleft()
            if len(passed) >= messages:
                return True
            passed.append(now)
            return False

        said = f"at most {messages} in {per:g} s"
        return self.add_rule(Rule("MAIL FROM", {"reply": reply, "then": "close"}, gate=too_many, gate_said=said))

    def limit_connections(
        self, connections: int, reply: str = "421 4.7.0 Too many connections, try again later"
    ) -> Rule:
        """Answers a connection with 421, and closes it, while so many others are open.

        Args:
            connections: How many may be open at a time.
            reply: What is answered to the rest.
        """
        whole("connections", connections, 0)

        def too_many(_: Circumstances) -> bool:
            return self._inbox.open_sessions > connections

        said = f"at most {connections} open"
        return self.add_rule(Rule("connect", {"reply": reply, "then": "close"}, gate=too_many, gate_said=said))

    def reject_recipient(self, pattern: Any, reply: str = "550 5.1.1 User unknown") -> Rule:
        """Refuses recipients.

        Args:
            pattern: Which: an address, a pattern with ``*``, a compiled regular expression or a function.
            reply: What is answered.
        """
        return self.on("RCPT TO", recipient=pattern, reply=reply)

    def fail_next(self, count: int = 1, stage: str = "message", reply: str = "451 4.3.0 Temporary failure") -> Rule:
        """Fails the next commands of a stage, then lets them succeed again.

        Args:
            count: How many.
            stage: Of which stage; the message itself unless told otherwise.
            reply: What is answered.
        """
        return self.on(stage, times=whole("count", count, 0), reply=reply)

    def add_rule(self, rule: Rule) -> Rule:
        """Adds a rule that was made before, as from a file."""
        rule.join(self._behaviour.rules, self._unused_rules)
        return rule


def _only(circumstances: Circumstances, word: str) -> Any:
    """The value of a condition; "" if it has none."""
    return next(iter(circumstances.values(word)), "")
