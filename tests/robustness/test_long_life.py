"""A server that runs for a long time: nothing of what it keeps grows without end."""

from __future__ import annotations

import logging
import threading
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from smtpmock import SMTPMock, cli
from smtpmock.protocol.behaviour import MOST_RECIPIENTS
from smtpmock.protocol.command_line import KNOWN
from smtpmock.protocol.login import MOST_ATTEMPTS
from smtpmock.rfc.grammar import address_key, is_domain
from smtpmock.rules.recent import MOST_KEYS, RecentKeys
from smtpmock.runtime import log
from smtpmock.stores.memory import EXCHANGES_PER_MESSAGE
from tests.garbage import collect
from tests.long import LONG
from tests.raw_client import HELLO, TEXT, Client, deliver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SESSIONS = 20_000 if LONG else 500
_COMMANDS = 100_000 if LONG else 20_000
_BATCH = 200


def grown(work: Callable[[int], object], count: int) -> float:
    """Return by how many bytes the memory in use grows for each call, after as many calls as a tenth of them."""
    tracemalloc.start()  # before the first call: what replaces something that was not traced would look like growth
    try:
        for number in range(count // 10):
            work(number)
        collect()
        before, _ = tracemalloc.get_traced_memory()
        for number in range(count):
            work(count + number)
        collect()
        return (tracemalloc.get_traced_memory()[0] - before) / count
    finally:
        tracemalloc.stop()


def greet(client: Client) -> None:
    assert client.ask(HELLO)[0].startswith("250")


@pytest.mark.uninstrumented
def test_sessions_that_have_ended_leave_next_to_nothing_where_there_is_a_bound() -> None:
    with SMTPMock(max_messages=10) as mock:

        def talk(_: int) -> None:
            with Client(mock) as client:
                client.send(HELLO, "MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>", "DATA", *TEXT, ".", "QUIT")
                assert client.read_all()[-1] == "221 Closing connection"

        per_session = grown(talk, _SESSIONS)
        assert len(mock.sessions()) <= 10
        assert mock.errors == []
    print(f"{per_session:.0f} bytes a session")
    assert per_session < 1_000


def test_of_the_errors_of_functions_the_last_hundred_are_kept() -> None:
    calls = iter(range(150))

    def fail(value: str) -> bool:
        raise ValueError(f"number {next(calls)}")

    with SMTPMock() as mock:
        mock.on("RCPT TO", recipient=fail, reply="550 no")
        for _ in range(150):
            with Client(mock) as client:
                client.ask(HELLO, "MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>")
        assert [str(error) for error in mock.errors] == [f"number {number}" for number in range(50, 150)]


def test_of_the_attempts_to_log_in_a_session_remembers_the_last() -> None:
    with SMTPMock(auth={"bob": "secret"}) as mock, Client(mock) as client:
        greet(client)
        for number in range(MOST_ATTEMPTS + 20):
            client.ask("AUTH LOGIN", "dXNlcg==")
            client.ask(f"{'x' * 4}" if number % 2 else "d3Jvbmc=")
        [session] = mock.sessions()
        assert len(session.attempts) == MOST_ATTEMPTS
        client.ask("AUTH LOGIN", "Ym9i", "c2VjcmV0")
        [session] = mock.sessions()
        assert len(session.attempts) == MOST_ATTEMPTS
        assert session.attempts[-1] == ("LOGIN", "bob", True)
        assert session.user == "bob"


class TestRecipientsOfATransaction:
    def try_recipients(
        self, client: Client, first: int, count: int, form: str = "RCPT TO:<b%d@example.com>"
    ) -> list[str]:
        client.send(*(form % number for number in range(first, first + count)))
        return client.read_replies(count)

    def test_are_bounded_where_there_is_a_bound_and_the_rest_are_refused_with_452(self) -> None:
        with SMTPMock(max_messages=5) as mock, Client(mock) as client:
            client.ask(HELLO, "MAIL FROM:<a@example.com>")
            replies = self.try_recipients(client, 0, MOST_RECIPIENTS + 100)
            assert set(replies[:MOST_RECIPIENTS]) == {"250 Received"}
            assert set(replies[MOST_RECIPIENTS:]) == {"452 Too many recipients"}
            client.ask("DATA")
            client.send(*TEXT, ".")
            assert client.read_reply() == "250 Received"
            [message] = mock.messages()
            assert len(message.recipients) == MOST_RECIPIENTS
            assert message.refused_recipients == ()
            [session] = mock.sessions()
            refusals = [exchange for exchange in session.exchanges if exchange.reply.startswith("452")]
            assert {exchange.cause.limit for exchange in refusals} <= {"recipients"}

    def test_that_were_refused_count_too(self) -> None:
        with SMTPMock(max_messages=5) as mock, Client(mock) as client:
            client.ask(HELLO, "MAIL FROM:<a@example.com>")
            replies = self.try_recipients(client, 0, MOST_RECIPIENTS + 1, "RCPT TO:<nobody %d>")
            assert replies[-1] == "452 Too many recipients"

    def test_begin_anew_in_the_next_transaction(self) -> None:
        with SMTPMock(max_messages=5) as mock, Client(mock) as client:
            client.ask(HELLO, "MAIL FROM:<a@example.com>")
            self.try_recipients(client, 0, MOST_RECIPIENTS)
            assert client.ask("RSET", "MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>")[-1] == "250 Received"

    def test_have_no_limit_without_a_bound(self) -> None:
        with SMTPMock() as mock, Client(mock) as client:
            client.ask(HELLO, "MAIL FROM:<a@example.com>")
            assert set(self.try_recipients(client, 0, MOST_RECIPIENTS + 100)) == {"250 Received"}

    def test_are_refused_with_an_enhanced_status_code_where_these_are_on(self) -> None:
        with SMTPMock(max_messages=5, extensions=["ENHANCEDSTATUSCODES"]) as mock, Client(mock) as client:
            client.ask(HELLO, "MAIL FROM:<a@example.com>")
            assert self.try_recipients(client, 0, MOST_RECIPIENTS + 1)[-1] == "452 4.5.3 Too many recipients"


class TestCounters:
    def test_that_are_counted_apart_are_bounded_and_those_used_longest_ago_go(self) -> None:
        with SMTPMock() as mock:
            rule = mock.on("RCPT TO", per="recipient", times=1, reply="450 4.7.1 Greylisted")
            count = mock._book.count
            assert count(rule.id, "often") == 1
            for number in range(MOST_KEYS):
                count(rule.id, f"{number}@example.com")
                assert count(rule.id, "often") == number + 2
            assert len(mock._book._counts[rule.id]) == MOST_KEYS
            assert count(rule.id, "0@example.com") == 1
            assert count(rule.id, f"{MOST_KEYS - 1}@example.com") == 2

    @pytest.mark.uninstrumented
    def test_take_little_however_long_what_is_counted_apart(self) -> None:
        keys = RecentKeys[int]()
        assert grown(lambda number: keys.put(f"{number}{'x' * 10_000}", 1), 2_000) < 500
        keys.put("y" * 100, 7)
        assert keys.get("y" * 100, 0) == 7
        assert keys.get("y" * 101, 0) == 0

    def test_of_text_that_no_encoding_can_write_work(self) -> None:
        keys = RecentKeys[int]()
        keys.put("\udcff\ud800" * 100, 1)
        assert keys.get("\udcff\ud800" * 100, 0) == 1

    @pytest.mark.uninstrumented
    @pytest.mark.parametrize("rule", ["greylist", "limit_rate"])
    def test_of_the_ready_made_rules_are_bounded(self, rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("smtpmock.rules.recent.RecentKeys.__init__.__defaults__", (50,))
        with SMTPMock(max_messages=5) as mock, Client(mock) as client:
            if rule == "greylist":
                mock.greylist(retry_after=10_000)
            else:
                mock.limit_rate(1_000_000_000, per=0.0)
            greet(client)

            def try_some(number: int) -> None:
                for place in range(20):
                    client.send("MAIL FROM:<a@example.com>", f"RCPT TO:<b{number}.{place}@example.com>", "RSET")
                client.read_replies(60)
                KNOWN.clear()  # bounded, as the others, but far from full here
                for remembered in (is_domain, address_key):
                    remembered.cache_clear()

            per_batch = grown(try_some, 100)
            assert mock.errors == []
        assert per_batch < 20 * 20


class TestWithoutABound:
    """Everything beside records and sessions does not grow either."""

    @pytest.mark.uninstrumented
    @pytest.mark.parametrize("settings", [{}, {"multiple_rcptto": False, "multiple_message_receiving": False}])
    def test_purged_and_erased_messages_leave_next_to_nothing_in_their_session(self, settings: dict[str, bool]) -> None:
        with SMTPMock(**settings) as mock, Client(mock) as client:
            greet(client)
            mail = ("MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>", "DATA")

            def send() -> None:
                client.ask(*mail)
                client.send(*TEXT, ".")
                assert client.read_reply() == "250 Received"
                if not settings:  # otherwise the next one erases it
                    mock.purge()

            for _ in range(50):
                send()
            [session] = mock._store._sessions.values()
            assert len(session.ids) <= 1

    def test_messages_purged_by_a_query_leave_nothing_either_and_do_not_come_back(self) -> None:
        with SMTPMock() as mock, Client(mock) as client:
            for _ in range(5):
                client.deliver()
                mock.purge(sender="a@example.com")
            [session] = mock._store._sessions.values()
            assert not session.ids
            client.ask("NOOP", "RSET", "NOOP")
            assert mock.messages(accepted=None) == []

    def test_unused_rules_of_blocks_that_have_ended_are_bounded(self) -> None:
        mock = SMTPMock()
        for number in range(1_500):
            with mock.on("NOOP", reply=f"250 {number}"):
                pass
        assert len(mock._book.unused()) == 1_000


def test_commands_without_end_leave_a_bounded_number_of_exchanges() -> None:
    with SMTPMock(max_messages=3) as mock, Client(mock) as client:
        for _ in range(10):
            client.send(*["NOOP"] * _BATCH)
            client.read_replies(_BATCH)
        client.send("QUIT")
        client.read_all()
        assert mock.wait_for_session(timeout=60)
        assert sum(len(session.exchanges) for session in mock.sessions()) <= 3 * EXCHANGES_PER_MESSAGE


class _Unread(logging.Handler):
    """A handler that nobody reads: it writes nothing until it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = threading.Event()
        self.entered = threading.Event()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.entered.set()
        self.reads.wait()
        self.lines.append(f"{record.levelname} {record.getMessage()}")


@pytest.fixture
def unread() -> Iterator[_Unread]:
    handler = _Unread()
    yield handler
    handler.reads.set()
    log.flush()


def logger_to(handler: logging.Handler) -> logging.Logger:
    logger = logging.Logger("own", logging.DEBUG)
    logger.addHandler(handler)
    return logger


class TestLogThatNobodyReads:
    @pytest.mark.uninstrumented
    def test_is_bounded(self, unread: _Unread, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(log, "MOST_LINES", 1_000)
        with SMTPMock(max_messages=5, log_server_activity=True, logger=logger_to(unread)) as mock:
            with Client(mock) as client:

                def ask(_: int) -> None:
                    client.send(*["NOOP"] * _BATCH)
                    client.read_replies(_BATCH)

                per_batch = grown(ask, _COMMANDS // _BATCH)
                assert len(log._writer._notes) <= 1_001
            unread.reads.set()
        assert per_batch < 4 * _BATCH

    def test_says_once_how_many_lines_are_missing_and_where(
        self, unread: _Unread, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(log, "MOST_LINES", 100)
        with SMTPMock(log_server_activity=True, logger=logger_to(unread)) as mock:
            with Client(mock) as client:
                assert unread.entered.wait(60)
                client.send(*["NOOP"] * 200)
                client.read_replies(200)
                unread.reads.set()
                log.flush()
                assert client.ask("RSET")
            log.flush()
        missing = [number for number, line in enumerate(unread.lines) if line.startswith("WARNING")]
        assert len(missing) == 1
        [told] = missing
        left_out = int(unread.lines[told].split(": ")[1].split()[0])
        assert unread.lines[told] == (f"WARNING The log was read too slowly: {left_out} lines had to be left out here")
        assert unread.lines[told + 1] == "INFO SMTP request: RSET"
        noops = sum(line in ("INFO SMTP request: NOOP", "INFO SMTP response: 250 Ok") for line in unread.lines)
        assert noops + left_out == 400

    def test_keeps_the_beginning_of_a_long_line(self) -> None:
        handler = _Unread()
        handler.reads.set()
        with (
            SMTPMock(log_server_activity=True, logger=logger_to(handler)) as mock,
            Client(mock) as client,
        ):
            client.ask("x" * 10_000)
        longest = max(handler.lines, key=len)
        assert longest.startswith("INFO SMTP request: xxx")
        assert longest.endswith("x…")
        assert len(longest) == len("INFO ") + log.LONGEST_LINE

    def test_does_not_hold_a_stop_up(self, unread: _Unread) -> None:
        mock = SMTPMock(log_server_activity=True, logger=logger_to(unread))
        mock.start()
        deliver(mock)
        assert unread.entered.wait(60)
        mock.stop()  # or the test would hang
        assert not mock.is_running
        assert unread.lines == []


@pytest.mark.needs("/proc")
def test_a_process_whose_output_nobody_reads_can_stop_and_exit(run: Callable[..., str]) -> None:
    output = run(
        """
        import os, subprocess, sys
        script = '''
        from smtpmock import SMTPMock
        from tests.raw_client import Client
        mock = SMTPMock(log_to_stdout=True, log_server_activity=True)
        mock.start()
        with Client(mock) as client:
            for _ in range(20):
                client.send(*["NOOP"] * 200)
                client.read_replies(200)
        mock.stop()
        '''
        import textwrap
        read, write = os.pipe()
        child = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(script)], stdout=write, stderr=subprocess.PIPE, text=True
        )
        os.close(write)
        complaints = child.communicate(timeout=60)[1]
        print(child.returncode, complaints)
        os.close(read)
        """
    )

    assert output == "0 \n"


def test_the_help_of_the_command_tells_how_to_set_a_bound(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.parse(["--help"], {})
    assert "for a server that runs for a long time, set a bound, such as --max-messages 1000." in " ".join(
        capsys.readouterr().out.split()
    )
