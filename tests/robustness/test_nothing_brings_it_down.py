"""Events that must not bring a server down, or the process that it runs in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from smtpmock import QueryError, RuleError, SMTPMock, load_rules, parse_rule
from smtpmock.errors import SettingError
from tests.long import LONG
from tests.raw_client import Client

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., str]

_INTERRUPTIONS = 10_000 if LONG else 150


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
        from smtpmock import ExpectationError, SMTPMock
        from tests.raw_client import Client
        from tests.robustness.watching import no_descriptors, settled

        mock = SMTPMock(not_registered_emails=["nobody@example.com"])
        mock.start()
        with Client(mock) as client:
            client.ask("EHLO c.example", "MAIL FROM:<a@example.com>", "RCPT TO:<nobody@example.com>")
        assert mock.wait_for_session()
        settled()
        with no_descriptors():
            try:
                mock.wait_for_messages(1, 0.01)
            except ExpectationError as error:
                text = str(error)
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
        monkeypatch.setattr("smtpmock.mailbox.explained._explained", fail)
        with pytest.raises(AssertionError, match=r"1 message.* \(no explanation: OSError: .*Too many open files\)$"):
            mock.wait_for_messages(1, 0)


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


@pytest.mark.parametrize("value", ["x" * 1_000_000, 10**5_000], ids=["text", "number"])
def test_huge_values_elsewhere_are_errors_of_one_sentence(value: Any) -> None:
    with SMTPMock() as mock:
        for call in (
            lambda: SMTPMock(value),
            lambda: SMTPMock(logger=value),
            lambda: mock.messages(accepted=value),
            lambda: mock.messages(since=value),
            lambda: mock.sessions(since=value),
            lambda: mock.assert_no_violations(level=value),
            lambda: mock.assert_no_message(within=-value if isinstance(value, int) else value),
            lambda: mock.assert_message_count(-value if isinstance(value, int) else value),
        ):
            with pytest.raises((SettingError, QueryError), match=r"^Invalid ") as raised:
                call()
            assert len(str(raised.value)) < 300


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
