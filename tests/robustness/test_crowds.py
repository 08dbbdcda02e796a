"""Many clients at once that misbehave, while one that does not is served."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

import pytest

from smtpmock import SMTPMock
from tests.long import LONG
from tests.raw_client import Client
from tests.robustness import crowd
from tests.robustness.watching import open_sessions, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMBER = 1000 if LONG else 50  # of each kind
_PAUSE = 1.0 if LONG else 0.01  # seconds between two bytes of a slow one
_LIMIT = 100_000  # bytes of a message
_LONG_REPLY = "250 " + 2000 * "x"  # so that little fills what the system keeps for a client that does not read
_KINDS = [*([kind] for kind in crowd.KINDS), list(crowd.KINDS)]

# What one of them may cost, in bytes: a session, what waits in its buffers, and its part of what is recorded.
_SESSION = 60_000
_COST = {"deaf": 1_500_000, "line without end": 150_000, "body without end": 3 * _LIMIT}


def _spawned(*arguments: str, stderr: int | None = None) -> subprocess.Popen[str]:
    """Another interpreter, which finds what this one finds."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )


@contextmanager
def let_loose(mock: SMTPMock, number: int, *kinds: str) -> Iterator[None]:
    """So many clients of each kind, from when they are a burden to the end."""
    child = _spawned("-m", crowd.__name__, str(mock.port), str(number), str(_PAUSE), *kinds)
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == "ready\n"
        yield
    finally:
        child.stdin.close()
        child.stdout.close()
        child.wait(30)


def memory() -> int:
    """The bytes of memory of this process."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Rss:")) * 1024


@pytest.mark.usefixtures("many_descriptors")
@pytest.mark.parametrize("kinds", _KINDS, ids=lambda kinds: " and ".join(kinds) if len(kinds) == 1 else "all of them")
def test_beside_a_crowd_others_are_served_and_it_stays_small_and_can_be_stopped(kinds: list[str]) -> None:
    mock = SMTPMock(
        session_timeout=3600,
        shutdown_timeout=0.3,
        max_messages=100,
        msg_size_limit=_LIMIT,
        msg_noop_received=_LONG_REPLY,
    )
    with mock:
        before = memory()
        with let_loose(mock, _NUMBER, *kinds):
            crowded = _NUMBER * len(kinds)
            taken = []
            for _ in range(20):
                begin = perf_counter()
                with Client(mock) as client:
                    client.deliver()
                    client.send("QUIT")
                    assert client.read_all() == ["221 Closing connection"]
                taken.append(perf_counter() - begin)
            grown = memory() - before
            assert open_sessions(mock) == crowded

            begin = perf_counter()
            mock.stop()
            stopped = perf_counter() - begin

            assert open_sessions(mock) == 0
            assert mock.errors == []
            allowed = sum(_NUMBER * (_SESSION + _COST.get(kind, 0)) for kind in kinds) + 20_000_000
            assert grown < allowed
    middle, worst = median(taken) * 1e3, max(taken) * 1e3
    print(
        f"\n{_NUMBER} of each of {', '.join(kinds)}: a mail by another in {middle:.1f} ms (at most {worst:.1f}); "
        f"{grown / crowded / 1000:.0f} kB each; stopped in {stopped:.2f} s"
    )


@pytest.mark.parametrize("kind", crowd.KINDS)
def test_a_session_timeout_ends_those_that_wait_and_the_server_serves(kind: str) -> None:
    """Those that go on sending are not idle: for them there is the stop."""
    with SMTPMock(session_timeout=0.2, msg_noop_received=_LONG_REPLY) as mock, let_loose(mock, 3, kind):
        if kind in ("deaf", "silent"):
            assert wait_until(mock, lambda: open_sessions(mock) == 0)
        with Client(mock) as client:
            client.deliver()
        assert mock.errors == []


_FLOOD = """
import os, sys, threading
from tests.raw_client import ENVELOPE, Client
client = Client(int(sys.argv[1]))
client.send(*ENVELOPE)
line = {"commands": b"NOOP\\r\\n", "a line": b"x", "a body": b"DATA\\r\\n" + b"x" * 70 + b"\\r\\n"}[sys.argv[2]]
data = line * 10_000

def read():
    while client.socket.recv(1 << 20):
        pass

def send():
    while True:
        client.send_bytes(data)

for work in (read, send):
    threading.Thread(target=work, daemon=True).start()
print("ready", flush=True)
sys.stdin.readline()
os._exit(0)
"""


@pytest.mark.parametrize("what", ["commands", "a line", "a body"])
def test_a_client_that_never_pauses_leaves_room_for_others(what: str) -> None:
    """There is always something to read from it, and it reads at once: the server has to turn to others by itself."""
    with (
        SMTPMock(max_messages=50, msg_size_limit=_LIMIT, shutdown_timeout=0.3) as mock,
        _spawned("-c", _FLOOD, str(mock.port), what, stderr=subprocess.DEVNULL) as child,
    ):
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            begin = perf_counter()
            for _ in range(3):
                with Client(mock) as client:
                    client.deliver()
            taken = (perf_counter() - begin) / 3
            mock.stop()
            assert mock.errors == []
        finally:
            child.kill()
    print(f"\nbeside a client that sends {what} without pause: a mail in {taken * 1e3:.0f} ms")
