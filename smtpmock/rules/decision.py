"""The decision of the rules about a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from smtpmock.rules.context import RuleContext

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from smtpmock.rules.rule import Rule

__all__ = ["GATE", "Decision", "RuleContext", "decide"]


GATE = "\ngate "  # no other key begins with a line break
"""The beginning of the key that asks for the further condition of a rule."""


class Decision(NamedTuple):
    """The decision of the rules about a command.

    Attributes:
        rule: The rule that decides; None if the settings do.
        delay: The seconds to wait before the reply, in addition to the delay from the settings.
        drip: The bytes of the reply to send per second; None for no limit.
        throttle: The bytes of the message to read per second; None for no limit.
        asked: The ids of the rules that were asked.
        applied: The ids of those that applied.
    """

    rule: Rule | None
    delay: float
    drip: float | None
    throttle: float | None
    asked: tuple[str, ...]
    applied: tuple[str, ...]


def decide(rules: Sequence[Rule], context: RuleContext) -> Generator[tuple[str, str], int | None, Decision]:
    """Return the decision of the rules; ask for the counts that it depends on.

    The newest rule with a reply or a `then` decides; rules that only slow down apply as well.

    Yields:
        A rule's id and a key, to be answered with the number of matches of the rule with this key, this one included;
        None if nobody knows: then the rule does not apply. A key that begins with `GATE` asks for the further condition
        of a rule that servers share, to be answered with 1 if it holds, else 0.
    """
    deciding: Rule | None = None
    delay = 0.0
    drips: list[float] = []
    throttles: list[float] = []
    asked: list[str] = []
    applied: list[str] = []
    for rule in reversed(rules):
        if not rule.concerns(context.stage) or (deciding is not None and rule.decides):
            continue
        asked.append(rule.id)
        if not rule.matches(context):
            continue
        if rule.gate is not None and rule.gate_is_shared and not (yield rule.id, GATE + rule.gate.key(context)):
            continue
        if rule.is_counted:
            key = rule.count_key(context)
            count = yield rule.id, key
            if count is None or not (rule.is_due(count) and rule.is_drawn(key, count)):
                continue
            if rule.limits_draws:
                hits = yield rule.id, f"{key}\ndrawn"  # no address contains a line break
                if hits is None or not rule.is_within_times(hits):
                    continue
        applied.append(rule.id)
        delay += rule.delay_now()
        if rule.drip is not None:
            drips.append(rule.drip)
        if rule.throttle is not None:
            throttles.append(rule.throttle)
        if rule.decides:
            deciding = rule
            if rule.then == "accept":
                break
    return Decision(
        deciding, delay, min(drips, default=None), min(throttles, default=None), tuple(asked), tuple(applied)
    )
