"""Records that a client which has read its reply can rely on, and returned values."""

import pytest

from smtpmock import SMTPMock
from tests.raw_client import ENVELOPE, RAW, TEXT, Client, deliver


def test_a_message_is_there_when_the_client_has_read_the_250():
    with SMTPMock(multiple_message_receiving=True) as mock, Client(mock) as client:
        for number in range(1, 301):
            client.deliver()
            messages = mock.messages()
            assert len(messages) == number
            assert messages[-1].raw == RAW
            assert messages[-1].is_consistent


def test_a_transaction_in_progress_is_not_there(mock):
    with Client(mock) as client:
        client.begin_message()
        assert mock.messages(accepted=None) == []
        [session] = mock.sessions()
        assert session.ended_at is None
        assert session.messages == ()


def test_a_session_is_complete_when_the_client_has_read_the_221(mock):
    for _ in range(300):
        with Client(mock) as client:
            client.deliver()
            assert client.ask("QUIT") == ["221 Closing connection"]
            session = mock.sessions()[-1]
            assert session.ended_at is not None
            assert session.exchanges[-1].reply == "221 Closing connection"
            [message] = session.messages
            assert message.quit_sent
            assert mock.messages()[-1].quit_sent


def test_a_failed_transaction_is_there_when_the_client_has_read_the_221(mock):
    with Client(mock) as client:
        client.ask(*ENVELOPE[:2], "QUIT")
        [message] = mock.messages(accepted=None)
        assert (message.mailfrom, message.msg, message.quit_sent) == (True, False, True)


def test_a_session_is_there_from_its_greeting_on_and_grows(mock):
    with Client(mock) as client:
        [session] = mock.sessions()
        assert [exchange.reply for exchange in session.exchanges] == ["220 Welcome"]
        client.ask("NOOP")
        assert [exchange.request for exchange in mock.sessions()[0].exchanges] == ["", "NOOP"]
        assert len(session.exchanges) == 1
        assert (session.number, session.client) == (1, "127.0.0.1")
        assert session.client_port == client.socket.getsockname()[1]


@pytest.mark.parametrize("rude", [False, True], ids=["closes", "resets"])
def test_a_client_that_leaves_after_the_250_takes_no_message_with_it(mock, rude):
    for _ in range(50):
        with Client(mock) as client:
            client.deliver()
            if rude:
                client.reset()
    assert len(mock.messages()) == 50


def test_a_message_whose_client_reads_no_reply_at_all_is_kept(mock):
    with Client(mock) as client:
        client.send(*ENVELOPE, "DATA", *TEXT, ".")
    [message] = mock.wait_for_messages(1, 60)
    assert message.raw == RAW


def test_what_was_returned_never_changes(mock):
    with Client(mock) as client:
        client.deliver()
        [early] = mock.messages()
        client.ask("NOOP")
        [later] = mock.messages()
        client.ask("QUIT")
        [last] = mock.messages()
    assert [(message.noop, message.quit_sent) for message in (early, later, last)] == [
        (False, False),
        (True, False),
        (True, True),
    ]
    assert early.number == later.number == last.number == 1


def test_a_list_that_was_returned_is_the_callers_own(mock):
    deliver(mock, 2)
    messages = mock.messages()
    sessions = mock.sessions()
    messages.clear()
    sessions.clear()
    assert len(mock.messages()) == len(mock.sessions()) == 2


def test_a_purge_takes_all_records_and_the_sessions_that_have_ended(mock):
    deliver(mock, 2)
    with Client(mock) as client:
        client.deliver()
        assert [message.number for message in mock.purge()] == [1, 2, 3]
        assert mock.messages() == []
        [session] = mock.sessions()
        assert session.number == 3
        assert session.ended_at is None
        assert session.messages == ()
    assert mock.purge() == []


def test_messages_and_purge_takes_what_is_there(mock):
    deliver(mock, 2)
    assert len(mock.messages_and_purge()) == 2
    assert mock.messages_and_purge() == []


def test_a_purged_record_never_comes_back(mock):
    with Client(mock) as client:
        client.deliver()
        [taken] = mock.purge()
        client.ask("NOOP", "RSET", "QUIT")
        assert client.read() == ""
    assert mock.messages(accepted=None) == []
    assert (taken.noop, taken.rset, taken.quit_sent) == (False, False, False)


@pytest.mark.parametrize("multiple", [False, True], ids=["single", "multiple"])
def test_a_session_goes_on_after_a_purge_with_a_record_of_its_own(multiple):
    with SMTPMock(multiple_message_receiving=multiple) as mock, Client(mock) as client:
        client.deliver()
        mock.purge()
        assert client.ask(*ENVELOPE[1:], "DATA")[-1].startswith("354 ")
        client.send(*TEXT, ".")
        assert client.read() == "250 Received"
        client.ask("QUIT")
        [message] = mock.messages()
        assert (message.number, message.is_consistent, message.quit_sent) == (2, True, True)


def test_purges_during_deliveries_lose_and_double_nothing(mock, run_in_threads):
    taken = []
    with run_in_threads(4, lambda: deliver(mock, 100)) as busy:
        while busy():
            taken += mock.purge()
    taken += mock.purge()
    assert sorted(message.number for message in taken) == list(range(1, 401))


def test_a_purge_works_before_a_start_and_after_a_stop():
    mock = SMTPMock()
    assert mock.purge() == []
    with mock:
        deliver(mock)
    assert len(mock.purge()) == 1
    assert mock.messages() == []
