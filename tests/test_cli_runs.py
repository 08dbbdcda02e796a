"""The command while it runs: its port, its start and stop, its log."""

from __future__ import annotations

import re
import signal
import smtplib
import socket
import subprocess
import sys

import pytest

from smtpmock import __main__, cli
from smtpmock.__main__ import EarlyListener, guessed_address
from smtpmock.runtime.listener import listen
from smtpmock.runtime.signals import STOP_SIGNALS
from tests.clients.command import port_of, run, spawned, stop, wait_for
from tests.raw_client import SECONDS, Client


def greeting(process):
    with Client(port_of(process), greeting=None) as client:
        return client.read_reply()


# The port is open before anything else happens.

HEAVY = {"argparse", "enum", "gevent", "re", "signal", "socket", "smtpmock.cli", "smtpmock.settings", "typing"}
BEFORE_THE_PORT = f"""
import sys
already = {{*sys.modules}}
from smtpmock import __main__

def listen(host, port, **_):
    print(host, port, *sorted({HEAVY} & {{*sys.modules}} - already))
    sys.exit()

__main__.listen = listen
__main__.main(["-port=2525"])
"""


@pytest.mark.uninstrumented
def test_nothing_heavy_is_loaded_before_the_port_is_open():
    done = subprocess.run([sys.executable, "-c", BEFORE_THE_PORT], capture_output=True, text=True, timeout=SECONDS)

    assert (done.stdout, done.stderr) == ("127.0.0.1 2525\n", "")


ADDRESSES = [
    ([], {}),
    (["-port=2525"], {}),
    (["--port", "2525", "--host", "localhost"], {}),
    (["-host", "[::1]", "-port", " 2525 "], {}),
    (["-host=", "-log"], {}),
    (["-port=1", "-port=2"], {}),
    (["-msgGreeting", "host", "-failFast", "-port", "7"], {"SMTPMOCK_PORT": "8", "SMTPMOCK_HOST": "::1"}),
    ([], {"SMTPMOCK_PORT": "8", "SMTPMOCK_HOST": "::1"}),
    ([], {"SMTPMOCK_PORT": "tcp://10.96.0.7:25", "SMTPMOCK_HOST": ""}),
]


@pytest.mark.parametrize(("arguments", "environment"), ADDRESSES)
def test_the_address_is_guessed_right(arguments, environment):
    found = cli.parse(arguments, environment).settings

    assert guessed_address(arguments, environment) == (found.host, found.port)


@pytest.mark.parametrize("port", ["smtp", "65536", "-1", "", "9" * 5000, "²", "tcp://x"])
def test_no_port_is_guessed_that_cannot_be_one(port):
    assert guessed_address([f"-port={port}"], {}) == ("127.0.0.1", 0)


def test_a_wrong_guess_is_mended(free_port):
    with spawned(f"-port={free_port // 10}_{free_port % 10}") as process:
        wait_for(free_port)
        with Client(free_port) as client:
            assert client.ask("NOOP") == ["250 Ok"]
        assert stop(process) == (0, "", "")


def test_the_port_of_a_wrong_guess_is_free(free_port):
    early = EarlyListener("127.0.0.1", free_port)
    early.take("127.0.0.1", free_port)

    right = early.take("127.0.0.2", 0)

    assert right.getsockname()[0] == "127.0.0.2"
    right.close()
    socket.create_server(("127.0.0.1", free_port)).close()


def test_a_mistake_is_told_rather_than_that_the_port_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, _, errors = run(f"-port={taken.getsockname()[1]}", "-prot=1")

    assert (status, errors) == (2, "smtpmock: Unknown flag '-prot': did you mean '-port'?\n")


@pytest.mark.parametrize(("argument", "status"), [("-prot=1", 2), ("-v", 0)])
def test_the_port_is_closed_if_nothing_is_to_be_served(monkeypatch, capsys, argument, status):
    opened = []
    monkeypatch.setattr(__main__, "listen", lambda *address, **how: opened.append(listen(*address, **how)) or opened[0])

    assert __main__.main([argument]) == status

    assert [listener.fileno() for listener in opened] == [-1]


# Start and stop.


def test_port_is_said_once_and_nothing_else():
    with spawned() as process:
        with smtplib.SMTP("127.0.0.1", port_of(process)) as client:
            client.noop()
        assert stop(process) == (0, "", "")


def test_port_that_was_asked_for_need_not_be_said(free_port):
    with spawned(f"-port={free_port}") as process:
        wait_for(free_port)
        Client(free_port).close()
        assert stop(process) == (0, "", "")


@pytest.mark.parametrize("arguments", [["-log"], ["--log-to-stdout"], ["--log-server-activity"]])
def test_port_is_said_once_whatever_is_logged(arguments):
    with spawned(*arguments) as process:
        port = port_of(process)
        status, output, errors = stop(process)

    assert (status, errors) == (0, "")
    assert str(port) not in output


@pytest.mark.needs("signals")
@pytest.mark.parametrize("how", STOP_SIGNALS)
def test_signal_stops_the_command_and_a_client_is_told(how):
    with spawned() as process, Client(port_of(process)) as client:
        assert stop(process, how) == (0, "", "")
        assert client.read_all() == ["421 Service shutting down"]


@pytest.mark.needs("signals")
@pytest.mark.parametrize("how", STOP_SIGNALS)
def test_signal_that_was_sent_before_the_command_served_stops_it(how):
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)  # the child is born with what its parent blocks
    try:
        with spawned() as process:
            process.send_signal(how)
            output, errors = process.communicate(timeout=SECONDS)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

    assert (process.returncode, errors) == (0, "")
    assert re.fullmatch(r"SMTP mock server started on port: \d+\n", output)


def test_session_at_work_is_ended_by_force_when_the_shutdown_timeout_is_over():
    with spawned("-log", "-shutdownTimeout=0.1") as process, Client(port_of(process)) as client:
        client.ask("HELO client.example.com", "MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>", "DATA")

        status, output, errors = stop(process)

    assert (status, errors) == (0, "")
    assert output.splitlines()[-1].endswith(" SMTP mock server was force stopped by timeout")


def test_idle_session_is_ended_when_the_session_timeout_is_over():
    with spawned("-sessionTimeout=0.1") as process, Client(port_of(process)) as client:
        assert client.read_all() == ["421 Session timeout"]
        assert stop(process) == (0, "", "")


# The log.


def test_log_reads_like_the_one_of_go_smtp_mock():
    with spawned("-log", "-responseDelayNoop=0.01") as process:
        with Client(port_of(process)) as client:
            client.ask("EHLO example.com", "NOOP", "QUIT")
            assert client.read() == ""
        status, output, errors = stop(process)

    assert (status, errors) == (0, "")
    stamp = re.compile(r"^(INFO|WARNING): \d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{6} ", re.MULTILINE)
    assert stamp.sub(r"\1: ", output) == (
        "INFO: SMTP session started\n"
        "INFO: SMTP response: 220 Welcome\n"
        "INFO: SMTP request: EHLO example.com\n"
        "INFO: SMTP response: 250 Received\n"
        "INFO: SMTP request: NOOP\n"
        "INFO: SMTP response delay: 0.01 sec\n"
        "INFO: SMTP response: 250 Ok\n"
        "INFO: SMTP request: QUIT\n"
        "INFO: SMTP response: 221 Closing connection\n"
        "INFO: SMTP session finished\n"
        "INFO: SMTP mock server is in the shutdown mode and won't accept new connections\n"
        "INFO: SMTP mock server was stopped successfully\n"
    )


def test_client_that_resets_its_connection_is_no_error():
    with spawned("-log") as process:
        Client(port_of(process)).reset()
        status, output, errors = stop(process)

    assert (status, errors) == (0, "")
    assert " SMTP session finished\n" in output
    assert "ERROR" not in output


@pytest.mark.parametrize(
    ("arguments", "environment"), [(["--log"], {}), (["--log=true"], {}), ([], {"SMTPMOCK_LOG": "true"})]
)
def test_the_log_has_a_flag_with_two_dashes_and_a_variable(arguments, environment):
    found = cli.parse(arguments, environment).settings

    assert (found.log_to_stdout, found.log_server_activity) == (True, True)
