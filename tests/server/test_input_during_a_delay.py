"""Input that arrives while a session waits for something else."""

import gevent
import pytest

from smtpmock.runtime.session_worker import SessionWorker
from tests.raw_client import ENVELOPE, HELLO, TEXT, Client

DELAY = 0.4
MOST_WAKEUPS = 20
"""Of sessions in a test; without an end to the question for input, there are some ten thousand during a delay."""


@pytest.fixture
def wakeups(monkeypatch):
    """The sessions that were woken by input, in their order."""
    woken = []
    go_on = SessionWorker._go_on

    def note(session):
        woken.append(session)
        go_on(session)

    monkeypatch.setattr(SessionWorker, "_go_on", note)
    return woken


def test_input_neither_ends_a_delay_nor_wakes_the_session_again_and_again(mock, wakeups):
    rule = mock.on("NOOP", delay=DELAY, times=1)
    with Client(mock) as client:
        client.send("NOOP")
        mock.wait_for_rule(rule)
        client.send(HELLO, *ENVELOPE[1:], "RSET")
        with Client(mock) as other:  # which is served meanwhile
            assert other.ask("NOOP") == ["250 Ok"]
        assert [reply[:3] for reply in client.read_replies(5)] == ["250"] * 5
    assert len(wakeups) < MOST_WAKEUPS
    delayed, hello = mock.sessions()[0].exchanges[1:3]
    assert (delayed.request, hello.request) == ("NOOP", HELLO)
    assert hello.timestamp - delayed.timestamp >= 0.9 * DELAY


def test_input_within_a_function_of_a_rule_is_answered_after_it(mock, wakeups):
    def wait(_):
        gevent.sleep(DELAY)
        return True

    mock.on("message", where=wait, reply="250 Waited")
    with Client(mock) as client:
        client.begin_message()
        client.send(*TEXT[1:], ".")
        client.send("RSET")
        assert client.read_replies(2) == ["250 Waited", "250 Ok"]
    assert len(wakeups) < MOST_WAKEUPS


def test_input_is_read_again_after_a_delay(mock):
    mock.on("NOOP", delay=0.05)
    with Client(mock) as client:
        client.ask(HELLO)
        for _ in range(3):
            client.send("NOOP")
            client.send("RSET")
            assert client.read_replies(2) == ["250 Ok", "250 Ok"]
            assert client.ask("RSET") == ["250 Ok"]
