"""A remote mailbox whose server is away, broken, another one, or changes during a wait."""

from __future__ import annotations

import asyncio
import re
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from smtpmock import RemoteMock, SettingError, SMTPMock, SMTPMockError, connect
from tests.garbage import collect
from tests.raw_client import SECONDS
from tests.remote.proxy import answering, proxy_of, saying

SENTENCE = r"The SMTP mock at \S+ [^\n]+[^.\n]\."
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

CALLS = {
    "messages": lambda mock: mock.messages(),
    "page": lambda mock: mock.page(),
    "wait": lambda mock: mock.wait_for_message(0.01),
    "wait with a function": lambda mock: mock.wait_for_message(0.01, subject=str.islower),
    "absence": lambda mock: mock.assert_no_message(0.01),
    "mark": lambda mock: mock.mark(),
    "port": lambda mock: mock.port,
    "rules": lambda mock: mock.rules,
    "rule": lambda mock: mock.fail_next(),
    "purge": lambda mock: mock.purge(),
    "evidence": lambda mock: mock.evidence(),
}

BROKEN = {
    "no answer": (b"", "cannot be reached: the connection was closed."),
    "half an answer": (HEAD + b"Content-Length: 99\r\n\r\n{", "cannot be reached: the connection was closed."),
    "SMTP": (b"220 Welcome\r\n", "cannot be reached: what it sent is not HTTP."),
    "garbage": (b"\x16\x03\x01\x00\xff\r\n\r\n", "cannot be reached: what it sent is not HTTP."),
    "endless headers": (HEAD + b"X: y\r\n" * 1000, "cannot be reached: what it sent is not HTTP."),
    "a redirect": (b"HTTP/1.1 302 Found\r\nConnection: close\r\n\r\n", "cannot be used: status 302, which is not an"),
    "deep JSON": (HEAD + b"\r\n" + b"[" * 100_000, "cannot be used: a document of the type application/json, which"),
    "another document": (HEAD + b'\r\n{"messages": 7, "rules": 7, "name": "smtpmock"}', "cannot be used: "),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_answer_is_one_sentence_from_each_call(broken):
    text, expected = BROKEN[broken]
    with saying(text) as url:
        for name, call in CALLS.items():
            with pytest.raises(SMTPMockError) as caught:
                call(RemoteMock(url))
            assert re.fullmatch(SENTENCE, str(caught.value)), (name, str(caught.value))
            assert expected in str(caught.value), name


def test_a_server_that_answers_500_ends_a_wait():
    with answering(500, "application/problem+json", b'{"detail": "a bug"}') as url:
        for query in ({}, {"subject": str.islower}):
            with pytest.raises(SMTPMockError, match=r"^The SMTP mock at \S+ cannot be used: status 500 \(a bug\)\.$"):
                RemoteMock(url).wait_for_message(3600, **query)


def test_a_server_that_says_nothing_is_given_up(monkeypatch):
    monkeypatch.setattr("smtpmock.remote.client.SECONDS_TO_ANSWER", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mock = RemoteMock(f"http://127.0.0.1:{silent.getsockname()[1]}")
        for call in ("messages", "wait", "wait with a function", "absence"):
            with pytest.raises(SMTPMockError, match=r"cannot be reached: it did not answer within 0\.\d+ s\.$"):
                CALLS[call](mock)


def test_a_request_that_was_not_answered_in_time_is_not_sent_again(monkeypatch):
    with SMTPMock(http_port=0) as server, connect(server.http_url) as mock, proxy_of(server) as proxy:
        silent = RemoteMock(f"http://127.0.0.1:{proxy.port}")
        assert silent.messages() == []
        assert proxy.accepted.acquire(timeout=SECONDS)
        proxy.hold()
        monkeypatch.setattr("smtpmock.remote.client.SECONDS_TO_ANSWER", 0.05)
        with pytest.raises(SMTPMockError, match=r"it did not answer within 0\.05 s\.$"):
            silent.messages()
        assert not proxy.accepted.acquire(blocking=False)
        assert mock.messages() == []


@pytest.mark.parametrize("query", [{}, {"subject": str.islower}])
def test_a_password_that_is_asked_for_during_a_wait_ends_it(query):
    guarded = SMTPMock(http_port=0, http_auth="bob:secret")
    with SMTPMock(http_port=0) as server, guarded, proxy_of(server) as proxy, ThreadPoolExecutor(1) as pool:
        mock = RemoteMock(f"http://127.0.0.1:{proxy.port}")
        wait = pool.submit(mock.wait_for_message, 3600, **query)
        assert proxy.accepted.acquire(timeout=SECONDS)
        proxy.stop()
        proxy.target = int(guarded.http_url.rpartition(":")[2])
        proxy.start()
        with pytest.raises(SMTPMockError, match=r"^The SMTP mock at \S+ requires a login: pass auth\.$"):
            wait.result(SECONDS)


def test_tls_where_there_is_none_and_none_where_there_is():
    with SMTPMock(http_port=0) as plain, SMTPMock(http_port=0, http_tls=True) as secure:
        for url, text in (
            (plain.http_url.replace("http:", "https:"), r"cannot be reached: the TLS handshake failed \([a-z ]+\)\.$"),
            (secure.http_url.replace("https:", "http:"), r"cannot be reached: the connection was closed\.$"),
        ):
            with pytest.raises(SMTPMockError, match=text):
                connect(url)


def test_a_task_that_is_cancelled_during_a_handshake_closes_its_connection():
    async def test(silent):
        mock = RemoteMock(f"https://127.0.0.1:{silent.getsockname()[1]}")
        task = asyncio.create_task(mock.aio.wait_for_message(3600))
        client, _ = await asyncio.to_thread(silent.accept)
        with client:
            client.settimeout(SECONDS)
            assert await asyncio.to_thread(client.recv, 65_536)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await asyncio.to_thread(client.recv, 65_536) == b""

    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(SECONDS)
        asyncio.run(test(silent))
    collect()  # a connection that is only forgotten would say so


def test_a_host_that_cannot_be_looked_up_is_told():
    with pytest.raises(
        SMTPMockError, match=r"^The SMTP mock at http://nowhere\.invalid:1 cannot be reached: [^\n]+\.$"
    ):
        connect("http://nowhere.invalid:1")
    with pytest.raises(SettingError, match="expected a URL"):
        connect(f"http://{'a' * 64}.example")
