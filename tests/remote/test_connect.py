"""A mailbox whose server is elsewhere, where that makes a difference: what can go wrong, and what cannot be sent."""

from __future__ import annotations

import asyncio
import json
import re
from concurrent.futures import ThreadPoolExecutor
from smtplib import SMTP
from time import monotonic

import pytest

from smtpmock import (
    MessageTimeoutError,
    RemoteMock,
    RuleError,
    ServerStateError,
    SettingError,
    SMTPMock,
    SMTPMockError,
    connect,
)
from tests.raw_client import SECONDS
from tests.remote.proxy import answering, proxy_of
from tests.sending import send

SENTENCE = r"[^\n]+\."


@pytest.fixture
def proxy(server):
    with proxy_of(server) as running:
        yield running


# The address and the login.


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:8025", "ftp://a.example", "http://", "http://a:x", "http://a/?b", "http://a b", 7, None]
)
def test_what_is_no_url_is_refused(url):
    with pytest.raises(SettingError, match=r"^Invalid URL of an SMTP mock .*: expected a URL such as http://"):
        connect(url)


def test_credentials_are_never_shown(free_port):
    for url in ("u:secret@127.0.0.1", f"http://u:secret@127.0.0.1:{free_port}"):
        with pytest.raises(SMTPMockError) as caught:
            connect(url)
        assert "secret" not in str(caught.value)
    mock = RemoteMock("http://u:secret@127.0.0.1:1")
    assert (repr(mock), mock.http_url) == ("<RemoteMock http://127.0.0.1:1>", "http://127.0.0.1:1")


def test_a_login_is_taken_from_the_url_or_given():
    with SMTPMock(http_port=0, http_auth="a b:c:d@e") as server:
        with connect(server.http_url.replace("//", "//a%20b:c%3Ad%40e@")) as mock:
            assert mock.messages() == []
        with pytest.raises(SMTPMockError, match=f"requires a login: pass auth{SENTENCE[-2:]}$"):
            connect(server.http_url)
        with pytest.raises(SMTPMockError, match=r"^[^\n]*refused the user and the password\.$"):
            connect(server.http_url, auth=("a b", "wrong"))


def test_a_certificate_that_is_not_trusted_is_refused():
    with SMTPMock(http_port=0, http_tls=True) as server:
        with pytest.raises(SMTPMockError, match=r"^[^\n]*its certificate is not trusted .*; cafile names one to trust"):
            connect(server.http_url)
        with connect(server.http_url, cafile=server.ca_certificate) as mock:
            assert mock.messages() == []
        with pytest.raises(SettingError, match="cannot be read: "):
            connect(server.http_url, cafile="missing.pem")


def test_the_certificate_to_trust_is_downloaded(mock):
    with SMTPMock(http_port=0, tls="starttls") as server, connect(server.http_url) as secure:
        assert secure.ca_certificate.read_bytes() == server.ca_certificate.read_bytes()
        assert secure.url == server.url
    with pytest.raises(SMTPMockError, match="has no TLS"):
        mock.ca_certificate  # noqa: B018


def test_the_host_and_the_port_are_those_of_the_server_unless_it_names_others():
    with SMTPMock(http_port=0, public_smtp="mail.example:25") as server, connect(server.http_url) as mock:
        assert (mock.host, mock.port, mock.address) == ("mail.example", 25, "mail.example:25")
    with pytest.raises(SettingError, match=r"^Invalid public_smtp 'mail.example': expected an address or a host name"):
        SMTPMock(http_port=0, public_smtp="mail.example")


# What can go wrong.


def test_a_refused_connection_is_an_error_at_once(free_port):
    with pytest.raises(SMTPMockError, match=r"^The SMTP mock at http://127.0.0.1:\d+ cannot be reached: the con") as e:
        connect(f"http://127.0.0.1:{free_port}")
    assert "\n" not in str(e.value)


@pytest.mark.parametrize(
    ("status", "kind", "body", "text"),
    [
        (200, "text/html", b"<p>hello", "cannot be used: a document of the type text/html, which is not an answer"),
        (200, "application/json", b"{]", "cannot be used: a document of the type application/json, which is not an"),
        (200, "application/json", b"[]", "cannot be used: it is not smtpmock."),
        (404, "text/plain", b"", "cannot be used: status 404, which is not an answer of smtpmock."),
        (500, "application/problem+json", b'{"detail": "a bug"}', "cannot be used: status 500 (a bug)."),
        (502, "text/html", b"", "cannot be reached: status 502."),
        (
            200,
            "application/json",
            json.dumps({"name": "smtpmock", "version": "2.9", "features": ["waits"]}).encode(),
            "cannot be used: it is smtpmock 2.9, which lacks clock, events, messages, ",
        ),
    ],
)
def test_another_server_is_an_error_in_one_sentence(status, kind, body, text):
    with answering(status, kind, body) as url:
        with pytest.raises(SMTPMockError, match=re.escape(text)) as caught:
            connect(url)
        assert re.fullmatch(SENTENCE, str(caught.value))


def test_a_wait_survives_a_restart_of_a_proxy(server, proxy):
    mock = connect(f"http://127.0.0.1:{proxy.port}")
    with ThreadPoolExecutor(2) as pool:
        waits = [pool.submit(mock.wait_for_message, 60), pool.submit(mock.wait_for_message, 60, subject=str.islower)]
        for _ in waits:
            assert proxy.accepted.acquire(timeout=SECONDS)
        proxy.stop()
        proxy.start()
        send(server)
        for wait in waits:
            assert wait.result(SECONDS).subject == "hi"
    mock.disconnect()


@pytest.mark.parametrize("query", [{}, {"subject": str.islower}])
def test_a_wait_ends_with_a_sentence_if_the_server_stays_away(query):
    with SMTPMock(http_port=0) as server:
        mock = connect(server.http_url)
    with pytest.raises(SMTPMockError, match=r"^[^\n]+ cannot be reached: the connection was refused\.$"):
        mock.wait_for_message(0.1, **query)


def test_a_stop_of_the_server_ends_a_wait(server, proxy):
    mock = connect(f"http://127.0.0.1:{proxy.port}")
    with ThreadPoolExecutor(1) as pool:
        wait = pool.submit(mock.wait_for_message, 0.5)
        assert proxy.accepted.acquire(timeout=SECONDS)
        server.stop()
        with pytest.raises(SMTPMockError, match=r"was stopped while waiting|cannot be reached"):
            wait.result(SECONDS)


def test_a_server_that_is_back_is_used_again(server, proxy):
    mock = connect(f"http://127.0.0.1:{proxy.port}")
    proxy.stop()
    with pytest.raises(SMTPMockError, match="cannot be reached"):
        mock.messages()
    proxy.start()
    assert mock.messages() == []
    mock.disconnect()


def test_a_cancelled_wait_ends_at_once_and_its_connection_is_dropped(mock):
    async def wait():
        await asyncio.wait_for(mock.aio.wait_for_message(timeout=3600), 0.05)

    before = monotonic()
    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(wait())
    assert monotonic() - before < 60
    send(mock)
    assert mock.wait_for_message().subject == "hi"


# What cannot be sent.


def test_a_function_or_an_expression_is_decided_by_the_client(mock):
    send(mock, "bob@example.com", subject="Invoice 7")
    assert len(mock.messages(subject=re.compile(r"^\w+ 7$"), recipient="bob@*")) == 1
    assert mock.messages(recipient=lambda address: address.startswith("eve")) == []
    assert len(mock.purge(subject=lambda subject: "7" in subject)) == 1


def test_more_than_a_page_is_read_to_its_end(server, mock, monkeypatch):
    monkeypatch.setattr("smtpmock.remote.client.LIMIT", 2)
    for number in range(5):
        server.deliver(b"Subject: %d\r\n\r\n" % number, "a@example.com", ["b@example.com"])
    assert [message.subject for message in mock.messages()] == list("01234")
    assert len(mock.wait_for_messages(5, 0)) == 5
    ids = [message.id for message in mock.messages()]
    assert len(mock.messages(id=ids * 20)) == 5


@pytest.mark.parametrize("words", [{"where": bool}, {"subject": str.islower}, {"header": {"X": str.islower}}])
def test_a_rule_with_a_function_is_refused(mock, words):
    with pytest.raises(RuleError, match="has a function, which cannot be sent to the server"):
        mock.on("message", reply="550 no", **words)
    assert mock.rules == ()


def test_an_expression_of_a_rule_keeps_its_flags(server, mock):
    mock.on("RCPT TO", recipient=re.compile("^BOB@", re.IGNORECASE), reply="550 no")
    assert server.rules[0].words["recipient"].search("bob@example.com")
    with pytest.raises(RuleError, match="has flags that cannot be sent"):
        mock.on("RCPT TO", recipient=re.compile("a b", re.VERBOSE), reply="550 no")


def test_rules_of_others_are_shown_as_the_server_shows_them(server, mock):
    rules = [
        server.on("message", where=bool, subject=re.compile("x"), times=2, reply="550 no"),
        server.greylist(60, recipient="*@example.com"),
        server.scope(recipient="*@one.example").on("RCPT TO", recipient="bob@*", reply="550 no"),
    ]
    assert list(map(str, mock.rules)) == list(map(str, rules))
    mock.rules[1].remove()
    assert len(server.rules) == 2


def test_a_disconnect_removes_the_rules_that_were_added_here(server, mock):
    kept = server.fail_next()
    mine = mock.fail_next()
    mock.disconnect()
    assert server.rules == (kept,)
    assert mine.hits == 0
    assert mock.rules[0].id == kept.id


def test_counters_of_a_rule_stay_known_after_it_was_removed(mock):
    with mock.fail_next(stage="NOOP") as rule, SMTP(mock.host, mock.port) as client:
        client.noop()
    assert (rule.hits, rule.asked, mock.rules) == (1, 1, ())


def test_a_timeout_explains_in_the_words_of_the_server(server, mock):
    send(mock)
    texts = []
    for mailbox in (server, mock):
        with pytest.raises(MessageTimeoutError) as caught:
            mailbox.wait_for_message(0, recipient="c@example.com")
        texts.append(str(caught.value))
        assert caught.value.messages == tuple(server.messages())
    assert texts[0] == texts[1]


def test_a_scope_of_a_remote_mailbox_sends_its_criteria(server, mock):
    send(mock, "bob@one.example")
    scope = mock.scope(recipient="*@one.example")
    assert scope.messages(recipient="bob@*") == server.messages()
    assert scope.wait_for_messages(1, 0, recipient="bob@*") == server.messages()
    with pytest.raises(ServerStateError):
        scope.go_offline()


def test_a_server_that_was_started_again_elsewhere_is_asked_for_its_port_again(server, proxy):
    mock = connect(f"http://127.0.0.1:{proxy.port}")
    port = mock.port
    assert port == server.port
    proxy.stop()
    server.stop()
    with SMTPMock(http_port=0) as other:
        proxy.target = int(other.http_url.rpartition(":")[2])
        proxy.start()
        assert mock.port == other.port != port
        mock.disconnect()
        server.start()
