"""What must not bring a server down, or the process that it runs in."""

from __future__ import annotations

import os
import random
import signal
import socket
import ssl
import struct
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from smtpmock import RuleError, SMTPMock, load_rules, parse_rule
from smtpmock.errors import SettingError
from tests.raw_client import HELLO, SECONDS, TEXT, Client, deliver
from tests.robustness.conftest import LONG
from tests.robustness.watching import open_sessions, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Run = Callable[..., str]

_INTERRUPTIONS = 10_000 if LONG else 150
_HANDSHAKES = 1_000 if LONG else 60


# Whoever waits.


def test_a_waiter_whose_hub_was_destroyed_fails_alone(run: Run) -> None:
    output = run(
        """
        import gevent, threading
        from gevent.monkey import get_original
        from smtpmock import SMTPMock
        from tests.raw_client import deliver

        mock = SMTPMock()
        mock.start()
        def wait_and_die():
            hub = gevent.get_hub()
            waiter = gevent.spawn(mock.wait_for_messages, 1, 60)
            gevent.sleep(0)
            assert mock._store._callbacks
            hub.destroy(destroy_loop=True)

        thread = threading.Thread(target=wait_and_die)
        thread.start()
        thread.join()
        deliver(mock, 3)
        mock.purge()
        deliver(mock, 2)
        print(len(mock.messages()), mock.errors, len(mock.sessions()))
        mock.stop()
        """,
        may_complain=True,
    )

    assert output == "2 [] 2\n"


def test_a_function_of_a_rule_that_never_returns_ends_the_exit_by_an_error(run: Run) -> None:
    output = run(
        """
        import subprocess, sys, textwrap
        script = '''
        from smtpmock import SMTPMock
        from smtpmock.runtime import hub
        from tests.raw_client import Client
        import threading
        hub._SHUTDOWN_SECONDS = 0.2
        entered = threading.Event()
        def hang(value):
            entered.set()
            while True:
                pass
        mock = SMTPMock()
        mock.start()
        mock.on("RCPT TO", recipient=hang, reply="550 no")
        client = Client(mock)
        client.ask("EHLO c.example", "MAIL FROM:<a@example.com>")
        client.send("RCPT TO:<b@example.com>")
        entered.wait()
        print("the test has passed")
        '''
        child = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=60
        )
        print(child.returncode, child.stdout, child.stderr, sep="|")
        """
    )

    assert output == (
        "1|the test has passed\n|smtpmock: What runs in the thread of the servers, such as a function of a rule, "
        "does not return: exiting with status 1.\n\n"
    )


def test_without_free_descriptors_a_timed_out_wait_is_explained(run: Run) -> None:
    output = run(
        """
        import os, resource
        from smtpmock import ExpectationError, SMTPMock
        from tests.raw_client import Client
        from tests.robustness.watching import settled

        mock = SMTPMock(not_registered_emails=["nobody@example.com"])
        mock.start()
        with Client(mock) as client:
            client.ask("EHLO c.example", "MAIL FROM:<a@example.com>", "RCPT TO:<nobody@example.com>")
        assert mock.wait_for_session()
        settled()
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (60, most))
        taken = []
        try:
            while True:
                taken.append(os.dup(0))
        except OSError:
            pass
        try:
            mock.wait_for_messages(1, 0.01)
        except ExpectationError as error:
            text = str(error)
        for descriptor in taken:
            os.close(descriptor)
        print(text)
        mock.stop()
        """
    )

    assert "1 message" in output
    assert "nobody@example.com" in output
    assert "no explanation" not in output


def test_an_explanation_that_cannot_be_made_leaves_the_headline(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> str:
        raise OSError(24, "Too many open files")

    with SMTPMock() as mock:
        monkeypatch.setattr(mock._local, "_explained", fail)
        with pytest.raises(AssertionError, match=r"1 message.* \(no explanation: OSError: .*Too many open files\)$"):
            mock.wait_for_messages(1, 0)


# The command and its signals.


class Command:
    """The command, started with these flags, with its output."""

    def __init__(self, *flags: str, **options: Any) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "smtpmock", "-port=0", *flags],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options},
        )

    def read_until(self, begin: str) -> str:
        """Return what follows this beginning of a line of its output."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(begin):
                return str(line.removeprefix(begin).strip())
        raise AssertionError(f"no line begins with {begin!r}: {self.process.communicate()[1]}")

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def start() -> Iterator[Callable[..., Command]]:
    started = []

    def start(*flags: str, **options: Any) -> Command:
        if hasattr(signal, "SIGHUP"):  # whoever runs the tests may ignore it
            options.setdefault("preexec_fn", lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL))
        started.append(Command(*flags, **options))
        return started[-1]

    yield start
    for command in started:
        command.end()


@pytest.mark.needs("signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"])
def test_a_signal_stops_the_command_with_success_and_removes_the_key_folder(
    start: Callable[..., Command], name: str
) -> None:
    pytest.importorskip("trustme")
    command = start("--tls=starttls")
    folder = Path(command.read_until("Certificate authority: ")).parent
    command.read_until("SMTP mock server started on port: ")
    assert folder.is_dir()
    command.process.send_signal(getattr(signal, name))
    _, complaints = command.process.communicate(timeout=SECONDS)
    assert (command.process.returncode, complaints) == (0, "")
    assert not folder.exists()


@pytest.mark.needs("signals")
@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_second_signal_ends_the_command_at_once(start: Callable[..., Command], name: str, status: int) -> None:
    pytest.importorskip("trustme")
    command = start("--tls=starttls", "--shutdown-timeout=3600", "--log-server-activity", "--log-to-stdout")
    folder = Path(command.read_until("Certificate authority: ")).parent
    port = int(command.read_until("INFO: ").rpartition(" ")[2])
    with Client(port) as client:
        client.send_bytes(b"EHLO")  # a command that is not complete: the stop waits for its end
        command.read_until("INFO: ")  # session started
        while "shutdown mode" not in (line := command.read_until("INFO: ")):
            if "220" in line:
                command.process.send_signal(getattr(signal, name))
        command.process.send_signal(getattr(signal, name))
        _, complaints = command.process.communicate(timeout=SECONDS)
    assert (command.process.returncode, complaints) == (status, "")
    assert not folder.exists()


@pytest.mark.needs("signals")
def test_a_command_that_outlives_its_terminal_goes_on(start: Callable[..., Command]) -> None:
    command = start(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    port = int(command.read_until("SMTP mock server started on port: "))
    command.process.send_signal(signal.SIGHUP)
    with Client(port) as client:
        client.deliver()
    command.process.terminate()
    assert command.process.wait(SECONDS) == 0


@pytest.mark.needs("signals")
def test_a_log_to_a_closed_output_says_so_once_and_the_server_goes_on(start: Callable[..., Command]) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    read, write = os.pipe()
    command = start("-log", f"-port={port}", stdout=write)
    os.close(write)
    with os.fdopen(read) as output:
        assert "started on port" in output.readline()
    for _ in range(3):
        with Client(port) as client:
            client.deliver()
    command.process.terminate()
    _, complaints = command.process.communicate(timeout=SECONDS)
    assert complaints == "smtpmock: Cannot write the log to standard output: Broken pipe\n"
    assert command.process.returncode == 0


def test_a_log_without_any_output_says_so_once(run: Run) -> None:
    output = run(
        """
        import subprocess, sys
        script = '''
        import os, sys
        sys.stdout = None
        from smtpmock import SMTPMock
        from tests.raw_client import deliver
        with SMTPMock(log_to_stdout=True, log_server_activity=True) as mock:
            deliver(mock, 3)
        '''
        import textwrap
        child = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True)
        print(child.returncode, child.stderr)
        """
    )

    assert output == "0 smtpmock: Cannot write the log to standard output: Bad file descriptor\n\n"


@pytest.mark.uninstrumented
@pytest.mark.needs("signals")
@pytest.mark.parametrize("way", ["start and stop", "with"])
def test_interrupted_at_random_moments_no_server_runs_on_without_an_owner(run: Run, way: str) -> None:
    output = run(
        f"""
        import random, signal
        from smtpmock import SMTPMock
        from smtpmock.runtime import hub
        from smtpmock.server import _servers
        from tests.robustness.watching import settled

        is_armed = False

        def interrupt(*_):
            if is_armed:
                raise KeyboardInterrupt

        signal.signal(signal.SIGALRM, interrupt)
        chance = random.Random({_INTERRUPTIONS})
        interrupted = 0

        def start_and_stop(mock):
            mock.start()
            mock.stop()

        def within(mock):
            with mock:
                pass

        with SMTPMock():
            pass
        work = {{"start and stop": start_and_stop, "with": within}}["{way}"]
        for number in range({_INTERRUPTIONS}):
            mock = SMTPMock()
            try:
                is_armed = True
                signal.setitimer(signal.ITIMER_REAL, chance.uniform(1e-5, 6e-4))
                work(mock)
                is_armed = False
            except KeyboardInterrupt:
                is_armed = False
                interrupted += 1
            signal.setitimer(signal.ITIMER_REAL, 0)
            settled()
            assert list(_servers) == [mock] * mock.is_running, number
            if mock.is_running:  # interrupted before anything of the server knew that it is to stop
                mock.stop()
            assert not _servers, number
        print(interrupted > 0)
        """,
        may_complain=True,
    )

    assert output == "True\n"


# Rules from files.

_RULE = '[[rule]]\nstage = "NOOP"\nreply = "250 a"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"x = {'[' * 20_000}", "it is nested too deep"),
        (f"x = {'{a=' * 20_000}", "it is nested too deep"),
        (f"{'a.' * 500}b = 1", "expected [[rule]] tables and nothing else"),
        (f"{_RULE}times = {'9' * 5_000}", "an integer has too many digits"),
        (f"{_RULE}times = 0x{'f' * 5_000}", "Invalid times of the type int: expected an integer of at most 1"),
        (f"{_RULE}seed = 0x{'f' * 5_000}", "Invalid seed of the type int: expected an integer of at most 1"),
        (f"{_RULE}delay = 0x{'f' * 5_000}", "Invalid delay of the type int: expected a number from 0 to 31536000"),
        (f"{_RULE}drip = 0x{'f' * 5_000}", "Invalid drip of the type int: expected a number of bytes per second"),
        (f"{_RULE}then = 0x{'f' * 5_000}", "Invalid then of the type int: expected one of close"),
        (f'[[rule]]\nstage = "message"\nreply = "250 a"\nsize = 0x{"f" * 5_000}', "Invalid size of the type int: "),
        (f"[[rule]]\nstage = 0x{'f' * 5_000}", "Unknown stage of the type int: expected one of"),
    ],
)
def test_deep_nesting_and_huge_numbers_in_a_file_of_rules_are_errors_of_one_sentence(
    text: str, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(text)
    with pytest.raises(RuleError) as raised:
        load_rules(str(path))
    said = str(raised.value)
    assert told in said
    assert len(said) < len(str(path)) + 400
    assert "\n" not in said


@pytest.mark.parametrize("words", ["times=", "seed=", "delay=", "drip=", "probability=", "size=", ""])
def test_huge_numbers_in_a_rule_on_the_command_line_are_errors_of_one_sentence(words: str) -> None:
    stage = "message" if words == "size=" else "NOOP"
    with pytest.raises(RuleError) as raised:
        parse_rule(f"{stage} reply='250 a' {words}{'9' * 5_000}")
    assert len(str(raised.value)) < 400


@pytest.mark.parametrize("setting", ["port", "msg_size_limit", "max_messages", "session_timeout", "host"])
def test_huge_numbers_as_settings_are_errors_of_one_sentence(setting: str) -> None:
    values: dict[str, Any] = {setting: 10**5_000}
    with pytest.raises(SettingError, match=f"^Invalid {setting} of the type int: expected "):
        SMTPMock(**values)


# The clock.


def test_a_clock_that_is_set_back_shows_no_negative_times(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter(range(2_000_000_000, 0, -1_000))
    for reader in ("session_worker", "acceptor"):
        monkeypatch.setattr(f"smtpmock.runtime.{reader}.time", lambda: float(next(now)))
    with SMTPMock(log_server_activity=True, response_delay_noop=0.001) as mock:
        with Client(mock) as client:
            client.deliver()
            client.ask("NOOP")
            client.send("QUIT")
            client.read_all()
        [session] = mock.sessions()
    assert "-" not in "".join(line[:8] for line in session.transcript().splitlines()[1:])
    assert "ended after -" not in session.transcript()
    assert "+-" not in session.html()
    assert session.ended_at == session.started_at


# TLS.


@pytest.fixture
def tls() -> Iterator[SMTPMock]:
    pytest.importorskip("trustme")
    with SMTPMock(tls="implicit", msg_size_limit=1_000_000) as mock:
        yield mock
        assert mock.errors == []


def secured(mock: SMTPMock) -> Client:
    client = Client(mock, greeting=None)
    client.begin_tls(mock.client_context())
    assert client.read_reply() == "220 Welcome"
    return client


def assert_serves(mock: SMTPMock) -> None:
    before = len(mock.messages())
    with secured(mock) as client:
        client.deliver()
    assert len(mock.messages()) == before + 1


def client_hello() -> bytes:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
    return outgoing.read()


def test_floods_of_handshakes_that_nobody_finishes_do_not_keep_others_from_theirs(tls: SMTPMock) -> None:
    hello = client_hello()
    kinds = (
        b"",
        hello,
        hello[:3],
        hello[:100],
        hello[:-1],
        b"\x16\x03\x01\xff\xff",
        b"EHLO c.example\r\n",
        hello + hello,
    )
    clients = []
    for number in range(_HANDSHAKES):
        client = Client(tls, greeting=None)
        client.send_bytes(kinds[number % len(kinds)])
        clients.append(client)
    assert_serves(tls)
    for number, client in enumerate(clients):
        client.reset() if number % 2 else client.close()
    assert wait_until(tls, lambda: not open_sessions(tls))
    assert_serves(tls)


def test_random_records_in_the_handshake_and_after_it_end_the_session_alone(tls: SMTPMock) -> None:
    chance = random.Random(7)
    hello = client_hello()
    for _ in range(_HANDSHAKES):
        with Client(tls, greeting=None) as client:
            broken = bytearray(hello)
            for _ in range(chance.randint(1, 8)):
                broken[chance.randrange(len(broken))] = chance.randrange(256)
            client.send_bytes(bytes(broken))
            client.half_close()
    with secured(tls) as client:
        raw = socket.socket(fileno=os.dup(client.socket.fileno()))
        raw.sendall(struct.pack("!BHH", 23, 0x0303, 64) + bytes(64))  # application data that nobody encrypted
        raw.close()
        with suppress(OSError):  # an alert or a reset
            assert client.read_bytes() == b""
    assert wait_until(tls, lambda: not open_sessions(tls))
    assert_serves(tls)


def test_a_server_name_that_is_not_ascii_ends_the_session_alone_and_prints_nothing(
    tls: SMTPMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed: list[object] = []
    monkeypatch.setattr(sys.unraisablehook, "_previous", printed.append)
    with Client(tls, greeting=None) as client:
        client.send_bytes(client_hello().replace(b"localhost", b"local\xff\x88\x1bx"))
        with suppress(OSError):  # an alert or a reset
            client.read_bytes()
    assert wait_until(tls, lambda: not open_sessions(tls))
    assert printed == []
    [session] = tls.sessions()
    assert "The TLS handshake failed" in session.transcript()
    assert_serves(tls)


def test_what_cannot_be_raised_elsewhere_is_still_printed(tls: SMTPMock, monkeypatch: pytest.MonkeyPatch) -> None:
    printed: list[Any] = []
    monkeypatch.setattr(sys.unraisablehook, "_previous", printed.append)

    class Dying:
        def __del__(self) -> None:
            b"\xff".decode("ascii")

    Dying()
    [unraisable] = printed
    assert unraisable.exc_type is UnicodeDecodeError


def test_renegotiation_does_no_harm(tls: SMTPMock) -> None:
    """Few clients can ask for it any more: `openssl s_client` sends it for a line that is R."""
    try:
        child = subprocess.run(
            ["openssl", "s_client", "-tls1_2", "-connect", f"127.0.0.1:{tls.port}", "-quiet", "-no_ign_eof"],
            input="EHLO c.example\nR\nNOOP\nQ\n",
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    assert "220 Welcome" in child.stdout
    assert wait_until(tls, lambda: not open_sessions(tls))
    assert_serves(tls)


@pytest.mark.parametrize("way", ["close", "half close", "reset"])
def test_an_end_without_close_notify_in_the_middle_of_a_body_leaves_an_attempt_that_failed(
    tls: SMTPMock, way: str
) -> None:
    client = secured(tls)
    client.begin_message()
    client.send("", "half of a")
    raw = socket.socket(fileno=os.dup(client.socket.fileno()))
    if way == "reset":
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif way == "half close":
        raw.shutdown(socket.SHUT_WR)
    client.close()
    raw.close()
    assert wait_until(tls, lambda: not open_sessions(tls))
    assert tls.messages() == []
    [attempt] = tls.messages(accepted=False)
    assert attempt.sender == "a@example.com"
    [session] = tls.sessions()
    assert session.tls is not None
    assert_serves(tls)


def test_bodies_whose_connection_is_cut_at_every_record_do_no_harm(tls: SMTPMock) -> None:
    for number in range(20 if not LONG else 500):
        client = secured(tls)
        client.begin_message()
        for _ in range(number % 5):
            client.send("x" * 900)
        raw = socket.socket(fileno=os.dup(client.socket.fileno()))
        raw.sendall(struct.pack("!BHH", 23, 0x0303, 1_000) + bytes(number))  # a record that is not complete
        raw.close()
        client.close()
    assert wait_until(tls, lambda: not open_sessions(tls))
    assert_serves(tls)


def test_a_plain_client_after_a_flood_of_them_is_served() -> None:
    with SMTPMock() as mock:
        for _ in range(_HANDSHAKES):
            with Client(mock, greeting=None) as client:
                client.send_bytes(client_hello())
        deliver(mock)
        with Client(mock) as client:
            client.ask(HELLO, "MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>", "DATA")
            client.send(*TEXT, ".")
            assert client.read_reply() == "250 Received"
        assert mock.errors == []
