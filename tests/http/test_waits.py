"""Waits over HTTP: long polls that end as soon as what they wait for is there."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from smtpmock import ExpectationError, MessageTimeoutError, SMTPMock
from smtpmock.http import context
from tests.http.conftest import SECONDS, Client, send
from tests.raw_client import Client as RawClient


@pytest.fixture
def pool():
    with ThreadPoolExecutor() as pool:
        yield pool


def wait_until_it_waits(mock: SMTPMock) -> None:
    """Wait until a request waits in the server."""
    give_up = time.monotonic() + SECONDS
    while not mock._local._waiters:
        assert time.monotonic() < give_up, "nobody waits"


def test_wait_is_answered_when_the_message_is_there(mock, client, pool):
    waiting = pool.submit(client.get, "/wait", recipient="bob@example.com", timeout=SECONDS)
    wait_until_it_waits(mock)
    send(mock, "eve@example.com")
    send(mock, "bob@example.com", mail="Subject: hi\n\nhttps://example.com/7")

    answer = waiting.result(SECONDS)

    assert (answer.status, answer.json["total"], answer.json["next"]) == (200, 1, None)
    assert answer.json["messages"][0]["links"] == ["https://example.com/7"]


def test_wait_for_what_is_there_is_answered_at_once(mock, client):
    send(mock)
    send(mock)

    assert client.get("/wait", timeout=0).json["total"] == 2
    assert client.get("/wait", timeout=0, count=2).json["total"] == 2
    one = client.get("/wait", timeout=0, limit=1).json
    assert (len(one["messages"]), one["total"], one["next"]) == (1, 2, 1)


def test_wait_that_ends_in_vain_is_explained_as_in_python(mock, client):
    send(mock, "eve@example.com")

    refused = client.get("/wait", recipient="bob@example.com", timeout=0.01, count=2)

    with pytest.raises(MessageTimeoutError) as caught:
        mock.wait_for_messages(2, 0.01, recipient="bob@example.com")
    assert (refused.status, refused.json["error"]) == (404, "MessageTimeoutError")
    assert refused.detail == str(caught.value)


def test_timeout_is_that_of_the_settings_unless_given():
    with SMTPMock(http_port=0, timeout=0.01) as mock, closing(Client(mock)) as client:
        assert client.get("/wait").status == 404


def test_session_is_waited_for_until_it_ends(mock, client, pool):
    with RawClient(mock) as talking:
        talking.ask("EHLO client.example")
        waiting = pool.submit(client.get, "/wait", **{"for": "session"}, helo_name="client.example", timeout=SECONDS)
        wait_until_it_waits(mock)
        assert not waiting.done()
        talking.ask("QUIT")

    [session] = waiting.result(SECONDS).json["sessions"]
    assert session["helo_name"] == "client.example"
    assert session["ended_at"] is not None
    assert client.get("/wait", **{"for": "session"}, helo_name="other", timeout=0).status == 404


def test_rule_is_waited_for_until_it_is_used(mock, client, pool):
    rule = mock.on("NOOP", reply="250 ok")
    waiting = pool.submit(client.get, "/wait", **{"for": "rule"}, rule=rule.id, count=2, timeout=SECONDS)
    wait_until_it_waits(mock)
    with RawClient(mock) as talking:
        talking.ask("NOOP")
        assert not waiting.done()
        talking.ask("NOOP")

    [used] = waiting.result(SECONDS).json["rules"]
    assert (used["id"], used["hits"]) == (rule.id, 2)
    unused = client.get("/wait", **{"for": "rule"}, rule=rule.id, count=3, timeout=0.01)
    assert unused.detail.startswith("The rule NOOP reply='250 ok' was not used 3 times within 0.01 s.")


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        ({"for": "mesage"}, 400, "Unknown for 'mesage': did you mean 'message'?"),
        ({"timeout": "-1"}, 400, "Invalid timeout '-1': expected a number of seconds from 0 to 3600"),
        ({"timeout": "nan"}, 400, "Invalid timeout 'nan': expected a number of seconds from 0 to 3600"),
        ({"timeout": "soon"}, 400, "Invalid timeout 'soon': expected a number of seconds from 0 to 3600"),
        ({"for": "session", "subject": "x"}, 400, "The parameter subject has no effect on a wait for a session"),
        ({"for": "rule", "rule": "x", "sender": "x"}, 400, "The parameter sender has no effect on a wait for a rule"),
        ({"rule": "rule-1"}, 400, "The parameter rule has no effect on a wait for a message"),
        ({"for": "rule"}, 400, "Missing rule: expected the id of the rule to wait for"),
        ({"for": "rule", "rule": "x"}, 404, "There is no rule 'x'"),
        ({"for": "session", "since": "x"}, 400, "Invalid since 'x': expected a mark"),
    ],
)
def test_invalid_wait_is_refused_at_once(client, words, status, sentence):
    refused = client.get("/wait", **words)

    assert (refused.status, refused.detail) == (status, sentence)


def test_none_passes_after_the_whole_time(client):
    began = time.monotonic()

    answer = client.get("/none", within=0.05, recipient="bob@example.com")

    assert time.monotonic() - began >= 0.05
    assert (answer.status, answer.json) == (200, {"messages": [], "total": 0, "next": None})


def test_none_fails_at_once_when_something_arrives(mock, client, pool):
    waiting = pool.submit(client.get, "/none", within=SECONDS, recipient="bob@example.com")
    wait_until_it_waits(mock)
    send(mock, "eve@example.com")
    assert not waiting.done()
    send(mock, "bob@example.com")

    refused = waiting.result(SECONDS)

    with pytest.raises(ExpectationError) as caught:
        mock.assert_no_message(within=0, recipient="bob@example.com")
    assert (refused.status, refused.json["error"]) == (409, "ExpectationError")
    assert refused.detail == str(caught.value)


def test_explanation_is_that_of_python(mock, client):
    send(mock, "eve@example.com", mail="Subject: one")
    send(mock, "eve@example.com", mail="Subject: two")
    shown = mock.message(subject="two")
    words = {"recipient": "bob@example.com", "header": ["X-Id: 42"]}

    whole = client.post("/explain", {"headline": "No mail for Bob.", "query": words})
    part = client.post("/explain", {"headline": "No mail for Bob.", "query": {}, "messages": [shown.id]})

    assert whole.json["text"] == mock.explain("No mail for Bob.", recipient="bob@example.com", header="X-Id: 42")
    assert part.json["text"] == mock.explain("No mail for Bob.", [shown])
    assert "one" not in part.json["text"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "Invalid headline None: expected a text"),
        ({"headline": "x", "query": []}, "Invalid query []: expected an object"),
        ({"headline": "x", "query": {"recipent": "x"}}, "Unknown parameter 'recipent': did you mean 'recipient'?"),
        ({"headline": "x", "query": {"recipient": 7}}, "Invalid recipient 7: expected a text"),
        ({"headline": "x", "messages": "x"}, "Invalid messages 'x': expected a list of ids"),
        ({"headlin": "x"}, "Unknown field 'headlin': did you mean 'headline'?"),
    ],
)
def test_invalid_explanation_is_refused(client, body, sentence):
    assert client.post("/explain", body).detail == sentence


# The end of waits.


def test_stop_ends_a_wait_with_a_problem(pool):
    with SMTPMock(http_port=0, shutdown_timeout=SECONDS) as mock, closing(Client(mock)) as client:
        waiting = pool.submit(client.get, "/wait", timeout=SECONDS)
        wait_until_it_waits(mock)
        mock.stop()

        refused = waiting.result(SECONDS)
        assert (refused.status, refused.json["error"]) == (503, "ServerStateError")
        assert refused.detail == "The server was stopped while waiting for messages."
        mock.start()


def test_more_waits_than_may_be_open_are_refused(mock, client, pool, monkeypatch):
    monkeypatch.setattr(context, "MOST_STREAMS", 1)
    waiting = pool.submit(client.get, "/wait", timeout=SECONDS)
    wait_until_it_waits(mock)

    refused = client.get("/wait", timeout=0)
    assert (refused.status, refused.detail) == (
        503,
        "Too many open long polls and event streams: at most 1 are served.",
    )

    send(mock)
    assert waiting.result(SECONDS).status == 200
    assert client.get("/wait", timeout=0).status == 200


def test_many_waits_at_once_are_all_answered(mock):
    clients = [Client(mock) for _ in range(50)]
    with ThreadPoolExecutor(len(clients)) as pool:
        waiting = [pool.submit(client.get, "/wait", timeout=SECONDS) for client in clients]
        give_up = time.monotonic() + SECONDS
        while len(mock._local._waiters) < len(clients):
            assert time.monotonic() < give_up
        send(mock)
        assert [answer.result(SECONDS).status for answer in waiting] == [200] * len(clients)
    for client in clients:
        client.close()
    assert threading.active_count() < 50
