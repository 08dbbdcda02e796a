import logging
from time import monotonic

import pytest

from smtpmock import SMTPMock
from tests.raw_client import HELLO, Client

TOLD = "421 Session timeout"


@pytest.mark.parametrize("seconds", [0.01, 0.25, 1])
def test_an_idle_session_is_told_and_closed_when_its_time_is_up_and_not_before(seconds):
    with SMTPMock(session_timeout=seconds) as mock:
        began = monotonic()
        with Client(mock) as client:
            assert client.read_all() == [TOLD]
        assert monotonic() - began >= seconds
        [session] = mock.sessions()
        assert session.ended_at is not None
        assert [exchange.reply for exchange in session.exchanges] == ["220 Welcome", TOLD]
        assert mock.messages(accepted=None) == []


def test_a_session_in_the_middle_of_a_transaction_is_ended_and_leaves_its_record():
    with SMTPMock(session_timeout=0.25) as mock, Client(mock) as client:
        client.ask(HELLO, "MAIL FROM:<a@example.com>")
        assert client.read_all() == [TOLD]
        [message] = mock.messages(accepted=None)
        assert (message.mailfrom, message.rcptto, message.quit_sent) == (True, False, False)


def test_a_session_in_the_middle_of_a_message_is_told_and_closed():
    with SMTPMock(session_timeout=0.25) as mock, Client(mock) as client:
        client.begin_message()
        assert client.read_all() == [TOLD]
        [message] = mock.messages(accepted=None)
        assert (message.data, message.msg, message.msg_response) == (True, False, "")


def test_a_session_in_the_middle_of_a_command_is_told_and_closed():
    with SMTPMock(session_timeout=0.25) as mock, Client(mock) as client:
        client.send_bytes(b"NOO")
        assert client.read_all() == [TOLD]


def test_a_client_that_never_reads_is_closed_all_the_same():
    with SMTPMock(session_timeout=0.25, msg_noop_received="250 " + 10_000 * "x") as mock:
        with Client(mock) as client, pytest.raises((BrokenPipeError, ConnectionResetError)):
            client.flood()
        [session] = mock.sessions()
        assert session.ended_at is not None
        assert mock.errors == []


def test_a_session_at_work_outlives_its_timeout():
    with SMTPMock(session_timeout=1) as mock, Client(mock) as client:
        end = monotonic() + 1.5
        while monotonic() < end:
            assert client.ask("NOOP") == ["250 Ok"]


def test_a_delay_of_the_server_itself_is_no_idleness():
    with SMTPMock(session_timeout=0.1, response_delay_noop=0.5) as mock, Client(mock) as client:
        assert client.ask("NOOP") == ["250 Ok"]
        assert client.read_all() == [TOLD]


def test_each_of_many_sessions_is_ended():
    with SMTPMock(session_timeout=0.25) as mock:
        clients = [Client(mock) for _ in range(50)]
        for client in clients[::2]:
            client.ask("NOOP")
        for client in clients:
            assert client.read_all() == [TOLD]
            client.close()
        assert all(session.ended_at for session in mock.sessions())


def test_a_session_that_begins_when_all_before_it_have_timed_out_is_ended_too():
    with SMTPMock(session_timeout=0.05) as mock:
        for _ in range(5):
            with Client(mock) as client:
                assert client.read_all() == [TOLD]


def test_the_timeout_holds_after_a_restart():
    mock = SMTPMock(session_timeout=0.05)
    for _ in range(3):
        with mock, Client(mock) as client:
            assert client.read_all() == [TOLD]


class _Breakable(logging.Logger):
    is_broken = False

    def getEffectiveLevel(self):  # noqa: N802
        if self.is_broken:
            raise ZeroDivisionError
        return logging.DEBUG


def test_a_logger_that_raises_ends_neither_the_timeouts_nor_the_server(capfd):
    logger = _Breakable("breakable")
    with SMTPMock(session_timeout=0.05, log_server_activity=True, logger=logger) as mock:
        with Client(mock) as client:
            logger.is_broken = True
            client.read_all()
        refused = Client(mock, greeting=None)
        assert refused.read_all() == []
        refused.close()
        logger.is_broken = False
        for _ in range(2):
            with Client(mock) as client:
                assert client.read_all() == [TOLD]
        mock.errors.clear()
    assert "ZeroDivisionError" in capfd.readouterr().err
