import socket

import pytest

from smtpmock import SMTPMock
from tests import parity


@pytest.mark.parametrize("scenario", parity.SCENARIOS, ids=parity.name)
def test_recorded_conversation_over_a_socket(scenario):
    with (
        SMTPMock(**scenario["config"]) as mock,
        socket.create_connection((mock.host, mock.port), timeout=10) as client,
    ):
        for step in scenario["steps"]:
            client.sendall(step["send"].encode())
            expected = step["reply"].encode()
            received = b""
            while len(received) < len(expected) and (chunk := client.recv(len(expected) - len(received))):
                received += chunk
            assert received == expected, step
            if step.get("closed"):
                assert client.recv(1) == b"", step
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""

        parity.assert_records(scenario, mock.messages())
