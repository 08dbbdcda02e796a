"""`smtpmock serve --workers`: one port served by several processes, which are replaced when they die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import smtpmock
from tests.raw_client import Client
from tests.stores.serving import KILLS, SECONDS, send, serving, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for the workers in /proc")


def workers(process):
    """Return the ids of the workers."""
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def test_all_workers_serve_one_port_and_show_one_inbox(redis_url):
    with serving(redis_url, "--workers=3", "--rule=NOOP reply='250 Ruled' times=2") as (process, port, http):
        assert len(workers(process)) == 3
        assert all(send(port, str(number)) for number in range(12))
        for _ in range(6):
            with smtpmock.connect(http) as mock:
                assert [message.subject for message in mock.messages()] == [str(number) for number in range(12)]
        replies = []
        for _ in range(4):
            with Client(port) as client:
                replies += client.ask("NOOP")
        assert sorted(replies) == ["250 2.0.0 Ok", "250 2.0.0 Ok", "250 Ruled", "250 Ruled"]
        assert len({message.session_id.partition("-")[0] for message in mock_messages(http)}) > 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
        assert process.stderr.read() == ""


def mock_messages(http):
    with smtpmock.connect(http) as mock:
        return mock.messages()


def test_a_killed_worker_is_replaced_and_nothing_answered_250_is_lost(redis_url, free_port):
    taken, tried = [], 0
    flags = (f"--smtp-port={free_port}", "--workers=2", "--max-messages=0")
    with serving(redis_url, *flags) as (process, port, http):
        with Client(port) as idle:
            for _ in range(KILLS):
                victim = workers(process)[0]
                for place in range(30):
                    tried += 1
                    if send(port, str(tried)):
                        taken.append(str(tried))
                    if place == 10:
                        os.kill(victim, signal.SIGKILL)
                wait_until(lambda: len(workers(process)) == 2 and victim not in workers(process))  # noqa: B023
            found = [message.subject for message in mock_messages(http)]
            assert set(taken) <= set(found)
            assert len(found) == len(set(found))
            assert len(taken) >= tried - 4 * KILLS
            idle.close()
            with smtpmock.connect(http) as mock:
                wait_until(lambda: all(session.ended_at for session in mock.sessions()))
        pids = workers(process)
        process.kill()
        process.wait(SECONDS)
        told = process.stderr.read().splitlines()
    assert len([line for line in told if line.endswith("was killed by SIGKILL; it is replaced")]) == KILLS
    wait_until(lambda: not any(Path(f"/proc/{pid}/stat").exists() for pid in pids))  # they end with their parent
    with pytest.raises(OSError, match="refused"):
        Client(port)


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (
            ["--workers=2"],
            "Invalid workers 2: expected a store that processes can share as well, such as "
            "--store=redis://localhost/0 instead of memory:",
        ),
        (["--workers=none"], "Invalid --workers 'none': expected an integer from 1 to 256"),
    ],
)
def test_workers_are_refused_with_a_sentence(flags, reason):
    command = [sys.executable, "-m", "smtpmock", "serve", "--smtp-port=0", "--http-port=0", *flags]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert (done.returncode, done.stderr) == (2, f"smtpmock: {reason}\n")


def test_workers_that_cannot_serve_end_the_command(redis_url):
    command = [sys.executable, "-m", "smtpmock", "serve", "--workers=2", "--smtp-port=0", "--http-port=0"]
    command += ["--store=redis://127.0.0.1:1/0", "--store-timeout=0.2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("smtpmock: Failed to open the store redis://127.0.0.1:1/0: ")
