"""The recorded conversations with go-smtp-mock, and what a record has to look like."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smtpmock.messages.message import Message

SCENARIOS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "data" / "parity.json").read_text(encoding="utf-8")
)
DEFAULTS = {"multiple_rcptto": False, "multiple_message_receiving": False}
"""The defaults of go-smtp-mock that differ from those in Python."""


def name(scenario: dict[str, Any]) -> str:
    return str(scenario["name"])


def config(scenario: dict[str, Any]) -> dict[str, Any]:
    return {**DEFAULTS, **scenario["config"]}


def assert_records(scenario: dict[str, Any], messages: Sequence[Message]) -> None:
    if "message_count" in scenario:
        assert len(messages) == scenario["message_count"]
    if "messages" in scenario:
        assert [
            _fields(message, expected) for message, expected in zip(messages, scenario["messages"], strict=True)
        ] == [
            {field: value or [] if field == "rcptto_request_response" else value for field, value in expected.items()}
            for expected in scenario["messages"]
        ]


def _fields(message: Message, expected: dict[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps({field: getattr(message, field) for field in expected}))
