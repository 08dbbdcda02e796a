import pytest

from smtpmock import SMTPMock
from tests import parity
from tests.raw_client import Client


@pytest.mark.parametrize("scenario", parity.SCENARIOS, ids=parity.name)
def test_recorded_conversation_over_a_socket(scenario):
    with SMTPMock(**parity.config(scenario)) as mock, Client(mock, greeting=None) as client:
        for step in scenario["steps"]:
            client.send_bytes(step["send"].encode())
            expected = step["reply"].encode()
            assert client.read_bytes(len(expected)) == expected, step
            if step.get("closed"):
                assert client.read_bytes() == b"", step
        client.half_close()
        assert client.read_bytes() == b""

        parity.assert_records(scenario, mock.messages(accepted=None))
