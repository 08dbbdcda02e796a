"""Real faults: a server that is killed under load, and a disk that is full."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from smtpmock import SMTPMock
from tests.raw_client import Client

KILLS = int(os.environ.get("SMTPMOCK_TEST_KILLS", "5"))
"""How often a server is killed; SMTPMOCK_TEST_KILLS=100 takes a minute or two."""

CLIENTS = 4
SERVER = """
import sys
from smtpmock import SMTPMock
mock = SMTPMock(store=sys.argv[1])
mock.start()
print(mock.port, flush=True)
sys.stdin.read()
"""


def load(port, name, answered, sent, enough):
    """Send messages until the connection breaks; note which were sent, and which were answered with 250."""
    try:
        with Client(port) as client:
            client.ask("EHLO client.example")
            for number in range(10_000):
                subject = f"{name}-{number}"
                client.ask("MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>", "DATA")
                sent.append(subject)
                if client.ask(f"Subject: {subject}\r\n\r\n{'x' * 500}\r\n.")[-1].startswith("250"):
                    answered.append(subject)
                    if len(answered) >= enough.value:
                        enough.event.set()
    except (OSError, EOFError, AssertionError, IndexError):
        enough.event.set()  # the server is gone


class Enough:
    """A number of answers, and an event that is set once there are so many."""

    def __init__(self, value):
        self.value = value
        self.event = threading.Event()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_nothing_that_was_answered_is_lost_when_the_server_is_killed_under_load(tmp_path):
    url = f"sqlite:///{tmp_path / 'mails.db'}"
    chance = random.Random(7)
    answered, sent = [], []
    for kill in range(KILLS):
        child = subprocess.Popen(
            [sys.executable, "-c", SERVER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        with child:
            port = int(child.stdout.readline())
            enough = Enough(len(answered) + chance.randrange(1, 120))
            clients = [
                threading.Thread(target=load, args=(port, f"{kill}-{name}", answered, sent, enough))
                for name in range(CLIENTS)
            ]
            for client in clients:
                client.start()
            assert enough.event.wait(60)
            child.kill()
            for client in clients:
                client.join(60)

    stored = Counter(message.subject for message in SMTPMock(store=url).messages())
    assert len(answered) >= KILLS
    assert set(answered) - set(stored) == set()
    assert set(stored) - set(sent) == set()
    assert set(stored.values()) == {1}
    with SMTPMock(store=url) as mock:
        sessions = mock.sessions()
        assert len(sessions) > 0
        assert all(session.ended_at is not None for session in sessions)
        numbers = [message.number for message in mock.messages()]
        assert numbers == sorted(set(numbers))
    assert Path(tmp_path / "mails.db").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit for the size of a file")
def test_a_full_disk_refuses_mail_until_there_is_room_again(run):
    """A limit for the size of files stands for a disk that is full."""
    output = run(
        """
        import resource
        import signal
        from smtplib import SMTP, SMTPDataError
        from smtpmock import SMTPMock

        def full(limit):
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

        def send(subject, size=20_000):
            try:
                client.sendmail("a@example.com", ["b@example.com"], f"Subject: {subject}\\r\\n\\r\\n" + "x" * size)
                answered.append(subject)
            except SMTPDataError as error:
                assert (error.smtp_code, error.smtp_error[:5]) == (451, b"4.3.0"), error
                refused.append(subject)

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        answered, refused = [], []
        mock = SMTPMock(store="sqlite:///mails.db")
        with mock, SMTP(mock.host, mock.port) as client:
            send("before")
            full(400_000)
            number = 0
            while len(refused) < 3:
                send(f"mail-{number}")
                number += 1
            send("a small one", 10)
            assert client.noop() == (250, b"Ok")
            full(resource.RLIM_INFINITY)
            send("after")
            send("large", 1_000_000)
            assert answered[-2:] == ["after", "large"], answered
            assert [message.subject for message in mock.messages()] == answered
        assert [message.subject for message in SMTPMock(store="sqlite:///mails.db").messages()] == answered
        attempts = mock.messages(accepted=False)
        assert len(attempts) == len(refused), (attempts, refused)
        [session] = mock.sessions()
        assert sum(exchange.reply.startswith("451") for exchange in session.exchanges) == len(refused)
        print(len(refused) >= 3)
        """,
        may_complain=True,
    )
    assert output == "True\n"
