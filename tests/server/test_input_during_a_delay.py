"""Input that arrives while a session waits for something else."""

import gevent
import pytest

from smtpmock.runtime.hub import get_hub
from tests.raw_client import ENVELOPE, HELLO, TEXT, Client

DELAY = 0.4
MOST_TURNS = 200
"""Of the loop of the hub; without an end to the question for input, there are some ten thousand in this time."""


@pytest.fixture
def turns():
    """The number of turns that the loop of the hub has made."""
    counted = []

    def begin():
        watcher = gevent.get_hub().loop.prepare()
        watcher.start(counted.append, None)
        return watcher

    hub = get_hub()
    watcher = hub.call(begin)
    yield lambda: len(counted)
    hub.call(watcher.close)


def test_input_neither_ends_a_delay_nor_keeps_the_loop_busy(mock, turns):
    rule = mock.on("NOOP", delay=DELAY, times=1)
    with Client(mock) as client:
        client.send("NOOP")
        mock.wait_for_rule(rule)
        before = turns()
        client.send(HELLO, *ENVELOPE[1:], "RSET")
        with Client(mock) as other:  # which is served meanwhile
            assert other.ask("NOOP") == ["250 Ok"]
        assert [reply[:3] for reply in client.read_replies(5)] == ["250"] * 5
        assert turns() - before < MOST_TURNS
    delayed, hello = mock.sessions()[0].exchanges[1:3]
    assert (delayed.request, hello.request) == ("NOOP", HELLO)
    assert hello.timestamp - delayed.timestamp >= 0.9 * DELAY


def test_input_within_a_function_of_a_rule_is_answered_after_it(mock, turns):
    called = []

    def wait(_):
        called.append(turns())
        gevent.sleep(DELAY)
        called.append(turns())
        return True

    mock.on("message", where=wait, reply="250 Waited")
    with Client(mock) as client:
        client.begin_message()
        client.send(*TEXT[1:], ".")
        client.send("RSET")
        assert client.read_replies(2) == ["250 Waited", "250 Ok"]
    [before, after] = called
    assert after - before < MOST_TURNS


def test_input_is_read_again_after_a_delay(mock):
    mock.on("NOOP", delay=0.05)
    with Client(mock) as client:
        client.ask(HELLO)
        for _ in range(3):
            client.send("NOOP")
            client.send("RSET")
            assert client.read_replies(2) == ["250 Ok", "250 Ok"]
            assert client.ask("RSET") == ["250 Ok"]
