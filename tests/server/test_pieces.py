"""The pieces in which a session reads what a client sends."""

import pytest

from smtpmock.protocol.connection import Connection
from smtpmock.protocol.responder import COMMAND_SIZE, READ_SIZE
from tests.raw_client import HELLO, RAW, Client


@pytest.fixture
def pieces(monkeypatch):
    """The sizes of the pieces, in their order."""
    sizes = []
    feed = Connection.feed

    def note(self, data, now):
        sizes.append(len(data))
        return feed(self, data, now)

    monkeypatch.setattr(Connection, "feed", note)
    return sizes


def test_many_commands_at_once_are_read_in_large_pieces(mock, pieces):
    count = 2_000
    with Client(mock) as client:
        client.ask(HELLO)
        client.send(*["NOOP"] * count)
        assert client.read_replies(count) == ["250 Ok"] * count
    assert pieces[1] == COMMAND_SIZE
    assert max(pieces) > COMMAND_SIZE
    assert len(pieces) < count * len("NOOP\r\n") / COMMAND_SIZE


def test_a_message_is_read_in_large_pieces_and_the_next_command_in_a_small_one(mock, pieces):
    connections = []
    expect_message = Connection._expect_message

    def note(connection):
        expect_message(connection)
        connections.append(connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Connection, "_expect_message", note)
        with Client(mock) as client:
            client.begin_message()
            [connection] = connections
            assert connection.read_size == READ_SIZE
            client.send_bytes(RAW + b"x" * 100_000 + b"\r\n.\r\n")
            assert client.read_reply() == "250 Received"
            assert connection.read_size == COMMAND_SIZE
    assert max(pieces) > COMMAND_SIZE


def test_what_a_rule_throttles_is_read_in_its_pieces(mock, pieces):
    mock.on("DATA", throttle=20_000)
    with Client(mock) as client:
        client.begin_message()
        client.send_bytes(b"x" * 3_000 + b"\r\n.\r\n")
        assert client.read_reply() == "250 Received"
    assert max(pieces[4:]) == 1_000
