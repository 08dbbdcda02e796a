"""Chaos: errors at MAIL FROM, RCPT TO and AUTH with a probability. Each is a rule like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from smtpmock.errors import QueryError
from smtpmock.http.mailpit.requests import known_fields, read_fields, read_query, write_json
from smtpmock.text import invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    import falcon

    from smtpmock.http.context import Context
    from smtpmock.rules.rule import Rule
    from smtpmock.rules.words import Stage


class Trigger(NamedTuple):
    """When an error is sent.

    Attributes:
        code: The reply code.
        probability: The probability in percent.
    """

    code: int
    probability: int = 0


STAGES: Mapping[str, Stage] = {"Sender": "MAIL FROM", "Recipient": "RCPT TO", "Authentication": "AUTH"}
"""The triggers, each with the stage of its rule."""

DEFAULTS = {"Sender": Trigger(451), "Recipient": Trigger(451), "Authentication": Trigger(535)}
"""The triggers as they are without anybody's doing."""


class Chaos:
    """`/api/v1/chaos`: the three triggers."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._triggers = dict(DEFAULTS)
        self._rules: dict[str, Rule] = {}

    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        """Show the triggers; one whose rule was removed is off."""
        read_query(request)
        write_json(response, self._shown())

    on_head = on_get

    def on_put(self, request: falcon.Request, response: falcon.Response) -> None:
        """Replace all triggers; those that are not given are off."""
        read_query(request)
        fields = read_fields(request, self._context, tuple(STAGES))
        triggers = {name: _trigger(fields.get(name), name) for name in STAGES}
        rules: dict[str, Rule] = {}
        try:
            for name, trigger in triggers.items():
                if trigger.probability:
                    rules[name] = self._add(name, trigger)
        except BaseException:
            _remove(rules)
            raise
        _remove(self._rules)
        self._triggers, self._rules = triggers, rules
        write_json(response, self._shown())

    def _add(self, name: str, trigger: Trigger) -> Rule:
        return self._context.mailbox.on(
            STAGES[name],
            probability=trigger.probability / 100,
            reply=f"{trigger.code} Chaos: {name.lower()} error",
        )

    def _shown(self) -> dict[str, Any]:
        active = {rule.id for rule in self._context.mailbox.rules}
        is_on = {name: name in self._rules and self._rules[name].id in active for name in STAGES}
        return {
            name: {"ErrorCode": trigger.code, "Probability": trigger.probability if is_on[name] else 0}
            for name, trigger in self._triggers.items()
        }


def _trigger(value: Any, name: str) -> Trigger:
    default = DEFAULTS[name]
    if value is None:
        return default
    fields = known_fields(value, ("ErrorCode", "Probability"), name)
    code = _integer(fields.get("ErrorCode") or default.code, f"ErrorCode of {name}", 400, 599)
    return Trigger(code, _integer(fields.get("Probability") or 0, f"Probability of {name}", 0, 100))


def _integer(value: Any, what: str, lowest: int, highest: int) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest:
        return value
    raise QueryError(invalid(what, value, f"an integer from {lowest} to {highest}"))


def _remove(rules: Mapping[str, Rule]) -> None:
    for rule in rules.values():
        rule.remove()
