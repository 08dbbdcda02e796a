"""When the process has no descriptor left, and when it has some again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_CLIENTS = 100
_LIMIT = 60

_SCRIPT = f"""
import sys
from tests.raw_client import GREETING, Client
clients = [Client(int(sys.argv[1]), greeting=None) for _ in range({_CLIENTS})]
print("connected", flush=True)
sys.stdin.readline()
for client in clients:
    assert client.read_reply() == GREETING
    client.close()
print("greeted", flush=True)
"""

_CROWDED = f"""
    import logging, resource, subprocess, sys
    from smtplib import SMTP
    from smtpmock import SMTPMock
    from tests.robustness.watching import open_sessions, wait_until

    CLIENTS = {_SCRIPT!r}

    def step(expected):
        line = clients.stdout.readline()
        assert line == expected + "\\n", line

    logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(message)s", level=logging.WARNING)
    mock = SMTPMock()
    mock.start()
    clients = subprocess.Popen(
        [sys.executable, "-c", CLIENTS, str(mock.port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, ({_LIMIT}, most))
    step("connected")
    assert wait_until(mock, lambda: open_sessions(mock) >= {_LIMIT} - 30)
    wait_until(mock, lambda: False, 0.3)  # the next one is tried, and tried again
    assert len(mock.sessions()) < {_LIMIT}
"""
_BACK = f"""
    clients.stdin.write("go\\n")
    clients.stdin.flush()
    step("greeted")
    clients.stdin.close()
    clients.stdout.close()
    clients.wait()
    with SMTP(mock.host, mock.port, timeout=60) as client:
        client.sendmail("a@example.com", "b@example.com", "Subject: hi\\r\\n\\r\\nhello")
    print("sessions", len(mock.sessions()) == {_CLIENTS} + 1, "errors", mock.errors)
    mock.stop()
"""
_STOP = """
    mock.stop()
    print("ended", all(session.ended_at for session in mock.sessions()), "errors", mock.errors)
    clients.kill()
    clients.communicate()
"""


def test_all_who_waited_are_served_when_there_are_descriptors_again(run: Callable[..., str]) -> None:
    output = run(_CROWDED, _BACK, may_complain=True)

    assert "sessions True errors []" in output.splitlines()


def test_a_server_without_descriptors_can_be_stopped(run: Callable[..., str]) -> None:
    output = run(_CROWDED, _STOP, may_complain=True)

    assert "ended True errors []" in output.splitlines()


def test_the_log_says_that_there_are_no_descriptors_and_nothing_else_is_printed(run: Callable[..., str]) -> None:
    output = run(_CROWDED, _BACK)

    assert "Too many open files" in output


def test_a_start_without_descriptors_fails_and_can_be_repeated(run: Callable[..., str]) -> None:
    output = run(
        """
        from smtpmock import SMTPMock, StartError
        from tests.robustness.watching import no_descriptors

        with SMTPMock():
            pass  # what the process keeps for all servers is there
        mock = SMTPMock()
        with no_descriptors(40):
            try:
                mock.start()
            except StartError as error:
                print("Too many open files" in str(error))
        mock.start()
        mock.stop()
        """
    )

    assert output == "True\n"


def test_a_first_start_without_descriptors_fails_and_can_be_repeated(run: Callable[..., str]) -> None:
    """There is no hub yet either."""
    output = run(
        """
        import signal
        from smtpmock import SMTPMock, StartError
        from tests.robustness.watching import no_descriptors

        signal.alarm(3)
        mock = SMTPMock()
        with no_descriptors(40):
            try:
                mock.start()
            except StartError as error:
                print("Too many open files" in str(error))
        mock.start()
        mock.stop()
        """
    )

    assert output == "True\n"
