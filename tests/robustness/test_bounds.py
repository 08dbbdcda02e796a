"""The memory of a server with a bound stays level, however much arrives."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from smtpmock import SMTPMock
from smtpmock.stores.memory import EXCHANGES_PER_MESSAGE
from tests.garbage import collect
from tests.long import LONG
from tests.raw_client import Client, deliver

_BOUND = 10_000 if LONG else 200
_BATCH = 200
_MANY = 990_000 if LONG else 19_000  # on long connections
_SINGLE = 10_000 if LONG else 1_000  # one per connection

_MAIL = b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b%d@example.com>\r\nDATA\r\nSubject: hi\r\n\r\n%b\r\n.\r\n"


def memory() -> int:
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Rss:")) * 1024


def test_records_sessions_and_exchanges_stay_within_their_bounds_and_the_memory_level() -> None:
    most_exchanges = _BOUND * EXCHANGES_PER_MESSAGE
    sizes = []
    with SMTPMock(multiple_message_receiving=True, multiple_rcptto=True, max_messages=_BOUND) as mock:
        for tenth in range(10):
            with Client(mock) as client:
                _deliver(client, _MANY // 10)
                [going_on] = [session for session in mock.sessions() if session.ended_at is None]
                assert len(going_on.exchanges) <= most_exchanges + _BOUND + 5 * _BATCH
            deliver(mock, _SINGLE // 10)
            ended = [session for session in mock.sessions() if session.ended_at is not None]
            assert len(mock.messages()) == _BOUND
            assert len(ended) <= _BOUND
            assert sum(len(session.exchanges) for session in ended) <= most_exchanges
            sizes.append(memory() / 1e6)
            print(f"\n{(tenth + 1) * 10} % of {_MANY + _SINGLE:,} messages: {sizes[-1]:.1f} MB", end="")
        assert mock.dropped == _MANY + _SINGLE - _BOUND
        numbers = [message.number for message in mock.messages()]
        assert numbers == list(range(mock.dropped + 1, mock.dropped + 1 + _BOUND))
        assert mock.errors == []
    assert sizes[-1] - max(sizes[:5]) < 0.1 * sizes[0] + 4


def _deliver(client: Client, count: int) -> None:
    """Messages in batches, all of a batch in one piece."""
    assert client.ask("EHLO c.example") == ["250 Received"]
    for start in range(0, count, _BATCH):
        size = min(_BATCH, count - start)
        client.send_bytes(b"".join(_MAIL % (number, b"x" * 300) for number in range(size)))
        codes = [reply[:3] for reply in client.read_replies(4 * size)]
        assert codes == ["250", "250", "354", "250"] * size


@pytest.mark.uninstrumented
def test_a_session_that_delivers_without_end_holds_nothing_of_what_had_to_go() -> None:
    sizes = []
    with SMTPMock(max_messages=10, multiple_message_receiving=True) as mock, Client(mock) as client:
        tracemalloc.start()
        try:
            for _ in range(5):
                _deliver(client, 5 * _BATCH)
                collect()
                sizes.append(tracemalloc.get_traced_memory()[0])
        finally:
            tracemalloc.stop()
    most_of_a_mail = 8  # bytes: less than a reference to it takes
    assert sizes[-1] - sizes[0] < 4 * 5 * _BATCH * most_of_a_mail


@pytest.mark.parametrize("line", ["", "NOOP", "x" * 500, "RSET"])
def test_commands_without_end_leave_no_more_exchanges_than_the_bound_allows(line: str) -> None:
    with SMTPMock(max_messages=5) as mock:
        with Client(mock) as client:
            for _ in range(20):
                client.send(*[line] * 100)
                assert all(client.read_replies(100))
            [session] = mock.sessions()
            assert len(session.exchanges) <= 5 * EXCHANGES_PER_MESSAGE + 5 + 100
            client.send("QUIT")
            client.read_all()
        [session] = mock.sessions()
        assert len(session.exchanges) <= 5 * EXCHANGES_PER_MESSAGE


@pytest.mark.usefixtures("many_descriptors")
def test_clients_that_are_connected_at_the_same_time_all_deliver_and_none_is_lost() -> None:
    number = 4_000 if LONG else 150  # this process has both ends; ten thousand are for the benchmarks
    with SMTPMock() as mock:
        clients = [Client(mock) for _ in range(number)]
        for client in clients:
            client.deliver()
        assert len(mock.messages()) == number
        assert len({message.session_id for message in mock.messages()}) == number
        for client in clients:
            client.close()
        assert mock.errors == []
