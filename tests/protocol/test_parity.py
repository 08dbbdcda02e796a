import pytest

from tests import parity
from tests.protocol.conversation import Conversation


@pytest.mark.parametrize("scenario", parity.SCENARIOS, ids=parity.name)
def test_recorded_conversation(scenario):
    conversation = Conversation(**parity.config(scenario))

    for step in scenario["steps"]:
        reply = conversation.send(step["send"]) if step["send"] else conversation.greeting
        assert reply == step["reply"], step
        assert conversation.closed == step.get("closed", False), step
    conversation.end()

    parity.assert_records(scenario, conversation.messages())
