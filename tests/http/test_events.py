"""Server-sent events: what is told, to whom, and for how long."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from smtplib import SMTP

import pytest

from smtpmock import SMTPMock
from smtpmock.http import context, events
from smtpmock.http.native import events as native_events
from tests.http.conftest import API, SECONDS, send
from tests.http.streams import Stream


@pytest.fixture
def stream(mock):
    with closing(Stream(mock)) as stream:
        yield stream


def wait_for(condition) -> None:
    """Wait until a condition holds for which there is no event."""
    give_up = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < give_up, "it never held"
        time.sleep(0.001)


def flood(mock: SMTPMock, stream: Stream) -> None:
    """Make as many events as are kept; a client reads all of them."""
    for _ in range(events.MOST_EVENTS // 100):
        for _ in range(50):
            mock.on("HELP", reply="214 Nobody asks")
        mock.clear_rules()
        assert {stream.next().topic for _ in range(100)} == {"rule"}


def recording(mock: SMTPMock) -> bool:
    return bool(mock._store._callbacks or mock._book._callbacks)


def test_stream_has_the_type_that_browsers_want(stream):
    assert stream.status == 200
    assert stream.headers["content-type"] == "text/event-stream"
    assert stream.headers["cache-control"] == "no-store"


def test_message_is_told_with_its_session(mock, stream):
    send(mock)

    told = stream.until("session", "ended")
    [message] = mock.messages()
    [session] = mock.sessions()
    assert told[0][1:] == ("session", {"action": "began", "id": session.id})
    assert told[-1][1:] == ("session", {"action": "ended", "id": session.id})
    added = {"action": "added", "id": message.id, "number": 1, "accepted": True}
    assert [event.data for event in told if event.data["action"] == "added"] == [added]
    numbers = [int(event.id.rpartition("-")[2]) for event in told]
    assert numbers == list(range(1, len(told) + 1))


def test_failed_attempt_is_told_as_not_accepted(mock, stream):
    mock.reject_recipient("*")
    with SMTP(mock.host, mock.port) as client:
        client.mail("a@example.com")
        client.rcpt("b@example.com")

    [*_, added] = stream.until("message", "added")
    assert added.data["accepted"] is False


def test_update_is_told_with_the_read_flag(mock, client, stream):
    message = mock.deliver(b"Subject: hi\r\n\r\n", "a@example.com", ["b@example.com"])
    client.patch("/messages", {"read": True})

    updated = stream.until("message", "updated")[-1].data
    assert (updated["id"], updated["is_read"]) == (message.id, True)


def test_purge_names_what_it_took_and_a_long_one_comes_in_parts(mock, client, stream):
    ids = [mock.deliver(b"Subject: hi\r\n\r\n", "a@example.com", ["b@example.com"]).id for _ in range(150)]
    client.delete("/messages", subject="hi")
    client.delete("/messages")

    *_, first = stream.until("purge")
    second, everything = stream.next(), stream.next()
    assert {event.data["action"] for event in (first, second)} == {"purged"}
    assert (len(first.data["ids"]), first.data["ids"] + second.data["ids"]) == (events.MOST_IDS, ids)
    assert everything.data == {"action": "all", "ids": []}


def test_rule_is_told_when_it_comes_applies_and_goes(mock, client, stream):
    rule = client.post("/rules", {"stage": "NOOP", "reply": "450 no"}).json
    assert stream.next().data == {"action": "added", "id": rule["id"], "hits": 0}
    with SMTP(mock.host, mock.port) as smtp:
        smtp.noop()
    assert stream.until("rule")[-1].data == {"action": "applied", "id": rule["id"], "hits": 1}
    client.delete(f"/rules/{rule['id']}")
    assert stream.until("rule")[-1].data == {"action": "removed", "id": rule["id"]}


def test_stream_goes_on_after_the_last_event_that_was_read(mock, stream):
    mock.fail_next()
    known = stream.next().id
    stream.close()
    mock.clear_rules()
    mock.limit_rate()

    with closing(Stream(mock, known)) as resumed:
        assert [resumed.next().data["action"] for _ in range(2)] == ["removed", "added"]


def test_stream_that_ended_before_its_first_event_can_go_on(mock, stream):
    stream.close()
    mock.fail_next()

    with closing(Stream(mock, stream.last_id)) as resumed:
        assert resumed.next().topic == "rule"


@pytest.mark.parametrize("last_id", ["x", "0-0", "-1", "99", "é", "1" * 5_000])
def test_unknown_place_is_answered_with_reset(mock, last_id):
    with closing(Stream(mock, last_id)) as stream:
        reset = stream.next()
        assert reset[1:] == ("reset", {})
        mock.fail_next()
        assert stream.next().topic == "rule"
        with closing(Stream(mock, reset.id)) as resumed:
            assert resumed.next().topic == "rule"


def test_place_in_the_future_is_unknown(mock, stream):
    with closing(Stream(mock, f"{stream.last_id}9")) as ahead:
        assert ahead.next().topic == "reset"


def test_only_the_last_events_are_kept(mock, stream, monkeypatch):
    first = stream.last_id
    for _ in range(events.MOST_EVENTS + 1):
        mock.fail_next()
    for _ in range(events.MOST_EVENTS + 1):
        last = stream.next()

    with closing(Stream(mock, first)) as too_late:
        assert too_late.next()[:2] == (last.id, "reset")
    second = f"{first[:-1]}1"
    with closing(Stream(mock, second)) as in_time:
        for number in range(2, events.MOST_EVENTS + 2):
            assert in_time.next().id == f"{first[:-1]}{number}"


def test_silent_stream_is_kept_alive(mock, monkeypatch):
    monkeypatch.setattr(native_events, "KEEP_ALIVE_SECONDS", 0.001)
    with closing(Stream(mock)) as stream:
        assert [stream._block() for _ in range(3)] == [[":"]] * 3
        mock.fail_next()
        assert stream.next().topic == "rule"


def test_nothing_is_recorded_unless_somebody_listens(mock, monkeypatch):
    monkeypatch.setattr(events, "LINGER_SECONDS", 0.001)
    monkeypatch.setattr(native_events, "KEEP_ALIVE_SECONDS", 0.001)
    assert not recording(mock)
    with closing(Stream(mock)) as stream:
        assert recording(mock)
    wait_for(lambda: not recording(mock))
    with closing(Stream(mock, stream.last_id)) as again:
        assert again.next().topic == "reset"


def test_slow_reader_holds_nobody_up_and_is_reset(mock, stream):
    with closing(Stream(mock, buffer=4_096)) as slow:
        for _ in range(5):
            flood(mock, stream)
            send(mock)
            assert stream.until("session", "ended")[0].topic == "session"
        slow.until("reset")
        mock.purge()
        assert slow.next().topic == "purge"


def test_too_many_streams_are_refused_and_places_are_given_back(mock, client, monkeypatch):
    monkeypatch.setattr(context, "MOST_STREAMS", 2)
    monkeypatch.setattr(native_events, "KEEP_ALIVE_SECONDS", 0.001)
    with closing(Stream(mock)), closing(Stream(mock)):
        refused = client.get("/events")
        assert (refused.status, refused.detail) == (
            503,
            "Too many open long polls and event streams: at most 2 are served.",
        )
    wait_for(lambda: client.ask("HEAD", f"{API}/events").status == 200)


def test_head_is_answered_without_a_stream(client):
    answer = client.ask("HEAD", f"{API}/events")
    assert (answer.status, answer.headers["Content-Type"], answer.content) == (200, "text/event-stream", b"")


def test_stop_ends_all_streams_those_that_nobody_reads_too():
    mock = SMTPMock(http_port=0, shutdown_timeout=SECONDS)
    with ExitStack() as opened:
        mock.start()
        streams = [opened.enter_context(closing(Stream(mock, buffer=4_096))) for _ in range(5)]
        with closing(Stream(mock)) as stream:
            for _ in range(3):
                flood(mock, stream)
        begin = time.monotonic()
        mock.stop()
        assert time.monotonic() - begin < SECONDS  # it would have taken the whole grace
        assert all(stream.has_ended() for stream in streams)
        assert not recording(mock)
    assert mock.errors == []


def test_stream_begins_anew_after_a_restart(mock, stream):
    mock.stop()
    mock.start()
    with closing(Stream(mock, stream.last_id)) as again:
        assert again.next().topic == "reset"
        send(mock)
        assert again.next().topic == "session"


def test_wrong_parameter_is_refused(client):
    assert client.get("/events", since="1").detail == "Unknown parameter 'since': expected interval"
    wrong = "Invalid interval '11': expected a number of seconds from 0 to 10"
    assert client.get("/events", interval="11").detail == wrong
