"""Processes that share a store in Redis: one is killed, one forks; the others and the store notice nothing."""

from __future__ import annotations

import signal
from itertools import count
from threading import Event, Thread

import pytest

import smtpmock
from smtpmock import SMTPMock
from tests.stores.serving import KILLS, send, serving, wait_until

CLIENTS = 4


class Load(Thread):
    """Clients of two servers, one message after the other until it is told to stop.

    Args:
        name: The beginning of the subjects.
        ports: The ports of the servers.
    """

    def __init__(self, name, ports):
        super().__init__()
        self.name = name
        self.ports = ports
        self.taken = []
        self.answered = dict.fromkeys(ports, 0)
        self.over = Event()

    def run(self):
        for number in count():
            for port in self.ports:
                subject = f"{self.name} {number} {port}"
                if send(port, subject):
                    self.taken.append(subject)
                    self.answered[port] += 1
            if self.over.is_set():
                return


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL")
def test_nothing_answered_250_is_lost_when_one_of_two_servers_is_killed_under_load(redis_url):
    taken = []
    with serving(redis_url, "--max-messages=0") as (_, survivor, http), smtpmock.connect(http) as mock:
        for turn in range(KILLS):
            with serving(redis_url, "--max-messages=0") as (victim, port, _):
                clients = [Load(f"{turn} {number}", (survivor, port)) for number in range(CLIENTS)]
                for client in clients:
                    client.start()
                wait_until(lambda: all(client.answered[port] >= 5 for client in clients))  # noqa: B023
                victim.kill()
                before = [client.answered[survivor] for client in clients]
                wait_until(
                    lambda: all(one.answered[survivor] >= 5 + then for one, then in zip(clients, before, strict=True))  # noqa: B023
                )
                for client in clients:
                    client.over.set()
                for client in clients:
                    client.join()
                    taken += client.taken
        found = [message.subject for message in mock.messages()]
        assert set(taken) <= set(found)
        assert len(found) == len(set(found))
        numbers = [message.number for message in mock.messages()]
        assert numbers == sorted(set(numbers))
        wait_until(lambda: all(session.ended_at for session in mock.sessions()))


@pytest.mark.needs("fork")
def test_a_forked_child_reads_over_a_connection_of_its_own_and_its_parent_goes_on(redis_url, run):
    output = run(
        f"""
        import os
        import traceback
        import warnings
        from smtpmock import SMTPMock
        from tests.raw_client import ENVELOPE, Client, deliver

        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        with SMTPMock(store={redis_url!r}) as mock, Client(mock) as client:
            client.ask(*ENVELOPE)
            deliver(mock)
            rule = mock.on("NOOP", times=1, reply="250 Ruled")
            assert len(mock.sessions()) == 2  # and so others can see the open one, too
            child = os.fork()
            if child == 0:
                status = 1
                try:
                    assert not mock.is_running
                    assert [len(mock), len(mock.rules)] == [1, 1]
                    assert len(mock.sessions()) == 2
                    mock.stop()
                    status = 0
                except BaseException:
                    traceback.print_exc()
                    raise
                finally:
                    os._exit(status)
            assert os.waitpid(child, 0)[1] == 0
            assert client.ask("NOOP", "NOOP")[0] == "250 Ruled"
            client.ask("DATA")
            client.send("Subject: after", "", "text", ".")
            assert client.read_reply() == "250 Received"
            assert client.ask("QUIT") == ["221 Closing connection"]
            assert mock.is_running
            print(len(mock.messages()), rule.hits, len(mock.wait_for_messages(2, 60)))
        """
    )
    assert output == "2 1 2\n"
    with SMTPMock(store=redis_url) as again:
        assert len(again) == 2
        assert all(session.ended_at for session in again.sessions())
