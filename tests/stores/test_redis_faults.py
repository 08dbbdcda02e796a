"""Redis is stopped, paused, emptied or cut off: nothing that was answered 250 is missing, and servers recover."""

from __future__ import annotations

from threading import Thread
from time import monotonic

import pytest
import urllib3

from smtpmock import SMTPMock, StartError, StoreError
from tests.raw_client import ENVELOPE, Client
from tests.redis_server import RedisServer

UNAVAILABLE = "451 4.3.0 The message cannot be stored now: try again later"
SECONDS = 0.5
"""After which Redis is given up here."""


@pytest.fixture
def own_redis():
    """A server of Redis that the test may stop."""
    server = RedisServer()
    yield server
    server.close()


@pytest.fixture
def mock(own_redis):
    """A server whose store is there."""
    with SMTPMock(store=own_redis.url, store_timeout=SECONDS) as mock:
        yield mock


def end_of_data(client, subject):
    client.send(f"Subject: {subject}", "", "text", ".")
    return client.read_reply()


def send(client, subject):
    """Send a message; return the first reply that is not a success."""
    for command in ("MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>", "DATA"):
        [reply] = client.ask(command)
        if reply[0] not in "23":
            return reply
    return end_of_data(client, subject)


def send_until_stored(client, subject, seconds=20):
    """Send a message until it is stored."""
    end = monotonic() + seconds
    while (reply := send(client, subject)) != "250 Received":
        assert reply == UNAVAILABLE
        assert monotonic() < end
        client.ask("RSET")


def subjects(mock):
    return [message.subject for message in mock.messages()]


def test_a_message_is_refused_while_redis_is_away_and_the_session_goes_on(own_redis, mock, caplog):
    with Client(mock) as client:
        assert client.ask(*ENVELOPE, "DATA")[-1][:3] == "354"
        own_redis.stop()
        assert end_of_data(client, "lost") == UNAVAILABLE
        assert client.ask("NOOP", "RSET") == ["250 Ok"] * 2

        own_redis.start()
        send_until_stored(client, "after")
        assert client.ask("QUIT") == ["221 Closing connection"]

    assert subjects(mock) == ["after"]
    [session] = mock.sessions()
    assert session.exchanges[-1].reply == "221 Closing connection"
    warnings = [record.getMessage() for record in caplog.records]
    assert any(text.startswith(f"Redis cannot be reached at 127.0.0.1:{own_redis.port}") for text in warnings)
    assert f"Redis can be reached again at 127.0.0.1:{own_redis.port}" in "\n".join(warnings)
    assert f"The store redis://127.0.0.1:{own_redis.port}/0 was emptied" in "\n".join(warnings)


def test_senders_and_recipients_are_refused_once_the_lease_is_over(own_redis, mock):
    with Client(mock) as client:
        own_redis.stop()
        assert client.ask(ENVELOPE[0]) == ["250 Received"]
        while client.ask("MAIL FROM:<a@example.com>") != [UNAVAILABLE]:
            client.ask("RSET")
        assert client.ask("NOOP") == ["250 Ok"]
        own_redis.start()
        send_until_stored(client, "after")
    [refused] = [one for one in mock.sessions()[0].exchanges if one.reply == UNAVAILABLE][:1]
    assert str(refused.cause) == "the limit store"


def test_a_pause_within_the_timeout_is_not_noticed(own_redis):
    with SMTPMock(store=own_redis.url, store_timeout=30) as mock, Client(mock) as client:
        client.ask(*ENVELOPE, "DATA")
        own_redis.pause()
        client.send("Subject: slow", "", "text", ".")
        client.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.socket.recv(1)
        client.socket.settimeout(30)
        own_redis.go_on()
        assert client.read_reply() == "250 Received"
        assert subjects(mock) == ["slow"]


def test_what_was_refused_during_a_pause_does_not_appear_after_it(own_redis, mock):
    with Client(mock) as client:
        client.ask(*ENVELOPE, "DATA")
        own_redis.pause()
        assert end_of_data(client, "refused") == UNAVAILABLE
        own_redis.go_on()
        client.ask("RSET")
        send_until_stored(client, "taken")
        assert subjects(mock) == ["taken"]


def test_reads_and_rules_fail_with_a_sentence_while_redis_is_away(own_redis, mock):
    own_redis.pause()
    for call in (mock.messages, mock.sessions, lambda: mock.on("NOOP", reply="250 Yes"), mock.purge):
        with pytest.raises(StoreError, match=r"^Redis cannot be reached: "):
            call()
    own_redis.go_on()
    while True:
        try:
            assert mock.messages() == []
            break
        except StoreError:
            continue
    mock.clear_rules()


def test_http_answers_that_redis_is_away_and_prints_nothing(own_redis, capfd):
    with SMTPMock(store=own_redis.url, store_timeout=SECONDS, http_port=0) as mock:
        own_redis.stop()
        response = urllib3.request("GET", f"{mock.http_url}/api/smtpmock/v1/messages", retries=False)

    assert response.status == 503
    assert response.json()["detail"].startswith("Redis cannot be reached: ")
    assert "Traceback" not in capfd.readouterr().err


def test_a_wait_goes_on_when_redis_was_emptied(own_redis, mock):
    found = []
    waiting = Thread(target=lambda: found.extend(mock.wait_for_messages(1, timeout=30)))
    waiting.start()
    own_redis.stop()
    own_redis.start()
    with Client(mock) as client:
        client.ask(ENVELOPE[0])
        send_until_stored(client, "after")
    waiting.join(30)
    assert [message.subject for message in found] == ["after"]


@pytest.mark.parametrize("kind", ["normal", "pubsub"])
def test_broken_connections_lose_nothing_and_store_nothing_twice(own_redis, mock, kind):
    clients = [Client(mock) for _ in range(10)]
    rule = mock.on("RCPT TO", times=5, recipient="c@example.com", reply="450 Busy")
    busy = 0
    for client in clients:
        client.ask(ENVELOPE[0])
    for turn in range(20):
        for client in clients:
            client.send(*ENVELOPE[1:], "RCPT TO:<c@example.com>", "DATA")
        own_redis.ask("CLIENT", "KILL", "TYPE", kind)
        for number, client in enumerate(clients):
            busy += client.read_replies(4)[2] == "450 Busy"
            client.send(f"Subject: {turn} {number}", "", "text", ".")
        own_redis.ask("CLIENT", "KILL", "TYPE", kind)
        assert [client.read_reply() for client in clients] == ["250 Received"] * 10
    for client in clients:
        client.send("QUIT")
        assert client.read_all() == ["221 Closing connection"]
        client.close()

    assert sorted(subjects(mock)) == sorted(f"{turn} {number}" for turn in range(20) for number in range(10))
    assert [message.number for message in mock.messages()] == sorted(message.number for message in mock.messages())
    assert (busy, rule.hits) == (5, 5)
    numbers = [[one.number for one in session.exchanges] for session in mock.sessions()]
    assert numbers == [list(range(1, 104))] * 10


def test_a_full_redis_refuses_and_serves_again(own_redis, mock):
    with Client(mock) as client:
        client.ask(ENVELOPE[0])
        own_redis.ask("CONFIG", "SET", "maxmemory", "1")
        assert send(client, "too much") == UNAVAILABLE
        own_redis.ask("CONFIG", "SET", "maxmemory", "0")
        client.ask("RSET")
        send_until_stored(client, "after")
        assert client.ask("QUIT") == ["221 Closing connection"]
    assert subjects(mock) == ["after"]


def test_scripts_and_data_can_be_removed_behind_its_back(own_redis, mock):
    with Client(mock) as client:
        client.ask(ENVELOPE[0])
        own_redis.ask("SCRIPT", "FLUSH")
        assert send(client, "one") == "250 Received"
        last = mock.messages()[-1].number
        own_redis.ask("FLUSHALL")
        assert send(client, "two") == "250 Received"
    [message] = mock.messages()
    assert (message.subject, message.number > last) == ("two", True)


def test_a_server_does_not_start_without_redis(own_redis):
    own_redis.stop()
    with pytest.raises(StartError) as failed:
        SMTPMock(store=own_redis.url, store_timeout=0.2).start()
    assert str(failed.value).startswith(f"Failed to open the store redis://127.0.0.1:{own_redis.port}/0: ")


def test_a_store_of_another_version_is_refused(own_redis):
    own_redis.ask("HSET", "smtpmock:0:state", "token", "x", "format", "7")
    with pytest.raises(StartError, match=r"written by another version of smtpmock \(format 7, expected 1\): empty the"):
        SMTPMock(store=own_redis.url).start()


def test_a_wrong_password_is_refused_at_once(own_redis):
    with pytest.raises(StartError, match=r"^Failed to open the store ") as failed:
        SMTPMock(store=own_redis.url.replace("//", "//:secret@")).start()
    assert "secret" not in str(failed.value)


def test_a_stop_does_not_hang_without_redis(own_redis):
    mock = SMTPMock(store=own_redis.url, store_timeout=SECONDS)
    mock.start()
    with Client(mock) as client:
        own_redis.stop()
        mock.stop()
        client.read_all()
    own_redis.start()
    assert mock.messages() == []
