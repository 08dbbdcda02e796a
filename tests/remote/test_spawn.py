"""A server in a child process: how it starts, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
from smtplib import SMTP
from time import monotonic, sleep

import pytest

from smtpmock import RuleError, ServerStateError, SettingError, SMTPMockError, StartError, spawn
from tests.raw_client import SECONDS


def test_a_spawned_server_serves_until_it_is_stopped(free_port):
    settings = {"http_auth": "bob:secret", "http_tls": True, "not_registered_emails": ["no@example.com"]}
    with spawn(port=free_port, **settings) as mock:
        with SMTP(mock.host, mock.port, timeout=SECONDS) as client:
            refused = client.sendmail("a@example.com", ["b@example.com", "no@example.com"], "Subject: hi")
        assert mock.wait_for_message().recipients == ("b@example.com",)
        assert list(refused) == ["no@example.com"]
    assert not mock.is_running
    with pytest.raises(ServerStateError, match="is not running"):
        mock.stop()
    with pytest.raises(SMTPMockError, match="cannot be reached"):
        mock.messages()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", free_port))


@pytest.mark.parametrize(
    ("settings", "error", "text"),
    [
        ({"prot": 25}, SettingError, "Unknown setting 'prot': did you mean"),
        ({"auth": lambda user, password: True}, RuleError, "Invalid auth: expected a value, because a function cannot"),
        ({"certfile": "missing.pem", "tls": "starttls"}, SettingError, "missing.pem"),
        ({"host": "192.0.2.1"}, StartError, "Failed to start SMTP mock server on port: 0"),
    ],
)
def test_a_server_that_cannot_start_is_an_error_in_this_process(settings, error, text):
    with pytest.raises(error, match=text):
        spawn(**settings)


@pytest.mark.needs("signals")
def test_a_spawned_server_ends_with_its_parent_however_that_ends(run, free_port):
    said = run(
        f"""
        import os, signal, sys
        from smtpmock import spawn

        pid = os.fork()
        if pid == 0:
            mock = spawn(port={free_port})
            print(mock.port, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        assert os.WTERMSIG(status) == signal.SIGKILL
        """
    )
    assert int(said) == free_port
    end = monotonic() + SECONDS
    while monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", free_port), SECONDS).close()
        except ConnectionRefusedError:
            return
        sleep(0.01)  # nobody tells when a process has ended that is not a child
    pytest.fail("The server goes on.")


def test_a_spawned_server_that_nobody_stops_ends_with_the_interpreter(run):
    assert run("from smtpmock import spawn\nmock = spawn()\nprint(len(mock))\n") == "0\n"


def test_a_server_whose_process_was_killed_is_out_of_reach():
    mock = spawn()
    os.kill(mock._child.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    mock._child.wait()
    with pytest.raises(SMTPMockError, match="cannot be reached"):
        mock.wait_for_message(0.05)
    assert not mock.is_running
    mock._end(0)
