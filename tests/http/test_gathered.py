"""Events in groups: what is told of many changes, and when."""

from __future__ import annotations

import time
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpmock import Change, SMTPMock
from smtpmock.http import events
from smtpmock.http import gathered as gathering
from smtpmock.http.gathered import GatheredMessages, GatheredRules, GatheredSessions, States, gather
from smtpmock.http.native import events as native_events
from tests.http.conftest import send
from tests.http.streams import Stream
from tests.http.test_events import recording, wait_for

MAIL = b"Subject: hi\r\n\r\n"
NOTHING = States(lambda _: {}, dict)
LONG = native_events.LONGEST_INTERVAL


@pytest.fixture
def stream(mock):
    """A stream of which each kind of event comes once while a test lasts: it does not wait for the next."""
    with closing(Stream(mock, interval=LONG)) as stream:
        stream.socket.settimeout(LONG / 2)
        yield stream


def deliver(mock: SMTPMock, count: int = 1) -> list[str]:
    """Put messages into the inbox; return their ids."""
    return [mock.deliver(MAIL, "a@example.com", ["b@example.com"]).id for _ in range(count)]


def test_first_change_is_told_without_waiting_for_more(mock, stream):
    [known] = deliver(mock)

    added = {"action": "added", "first": 1, "last": 1, "accepted": True, "ids": [known]}
    assert stream.next() == ("", "messages", {"changes": [added]})


def test_each_kind_has_an_interval_of_its_own(mock, stream):
    deliver(mock)
    assert stream.next().topic == "messages"
    deliver(mock, 50)
    rule = mock.reject_recipient("c@example.com")
    assert stream.next()[1:] == ("rules", {"changes": [{"action": "added", "id": rule.id, "hits": 0}]})
    send(mock)
    [session] = mock.sessions()
    sessions = stream.next()
    assert sessions.topic == "sessions"
    assert {"action": "began", "count": 1, "ids": [session.id]} in sessions.data["changes"]


def test_every_message_is_told_once_in_the_order_of_their_numbers(mock):
    with closing(Stream(mock, interval=0.05)) as stream:
        deliver(mock, 500)
        runs = []
        while not runs or runs[-1]["last"] < 500:
            runs += stream.next().data["changes"]

    assert [run["action"] for run in runs] == ["added"] * len(runs)
    assert [run["first"] for run in runs] == [1, *(run["last"] + 1 for run in runs[:-1])]
    assert all(("ids" in run) == (run["last"] - run["first"] < gathering.MOST_IDS) for run in runs)


def test_states_are_those_at_the_end(mock, client):
    first, second = deliver(mock, 2)
    with closing(Stream(mock, interval=0)) as stream:
        client.patch("/messages", {"read": True})
        client.delete(f"/messages/{first}")
        told = {}
        while "purged" not in told:
            told.update({change["action"]: change for change in stream.next().data["changes"]})

    assert told["purged"]["ids"] == [first]
    assert told["updated"] == {"action": "updated", "id": second, "number": 2, "accepted": True, "is_read": True}


def test_changes_that_are_too_many_are_told_as_lost(mock, client, stream):
    deliver(mock, gathering.MOST_PARTS + 1)
    assert stream.next().topic == "messages"

    with closing(Stream(mock, interval=0)) as other:
        client.delete("/messages", subject="hi")
        assert other.next()[1:] == ("reset", {})


def test_messages_that_a_bound_drops_are_told_by_the_last_number():
    with SMTPMock(http_port=0, max_messages=2) as mock, closing(Stream(mock, interval=0.05)) as stream:
        deliver(mock, 200)
        told = []
        while not told or told[-1] != {"action": "dropped", "last": 198}:
            told += stream.next().data["changes"]

    assert {change["action"] for change in told} == {"added", "dropped"}


def test_nothing_is_recorded_for_those_who_left(mock, monkeypatch):
    monkeypatch.setattr(native_events, "KEEP_ALIVE_SECONDS", 0.001)
    with closing(Stream(mock, interval=LONG)):
        assert recording(mock)
    wait_for(lambda: not recording(mock))


def test_place_in_the_single_events_is_unknown_after_a_time_in_which_groups_alone_were_told(mock, stream, monkeypatch):
    monkeypatch.setattr(events, "LINGER_SECONDS", 0.001)
    monkeypatch.setattr(native_events, "KEEP_ALIVE_SECONDS", 0.001)
    with closing(Stream(mock)) as single:
        mock.fail_next()
        known = single.next().id
    for _ in range(50):  # until the server knows that it has gone
        if resumed_with(mock, known) == "reset":
            return
        time.sleep(0.1)  # so that the next change is published before somebody reads again
    pytest.fail("the place was still known")


def resumed_with(mock: SMTPMock, known: str) -> str:
    """Return what a stream begins with that goes on after an event, and make another one."""
    mock.fail_next()
    with closing(Stream(mock, known)) as again:
        return again.next().topic


def test_silent_stream_is_kept_alive(mock, monkeypatch):
    monkeypatch.setattr(native_events, "KEEP_ALIVE_SECONDS", 0.001)
    with closing(Stream(mock, interval=LONG)) as stream:
        assert [stream._block() for _ in range(3)] == [[":"]] * 3
        deliver(mock)
        assert stream.next().topic == "messages"


def test_stop_ends_a_stream_that_has_more_to_tell(mock, stream):
    deliver(mock)
    stream.next()
    deliver(mock)
    mock.stop()

    assert stream.has_ended()
    assert not recording(mock)


# What is told of changes, without a server.


def test_session_that_goes_on_after_its_message_is_not_told_apart():
    gathered = GatheredMessages()
    gathered.add([Change("message", "added", ("a",), 1, True)])
    gathered.add([Change("message", "amended", ("a",), 1, True)])
    gathered.add([Change("message", "added", ("b",), 2, True)])

    added = {"action": "added", "first": 1, "last": 2, "accepted": True, "ids": ["a", "b"]}
    assert gathered.told(NOTHING) == [added]


def test_purge_of_everything_comes_first_and_nothing_from_before_it():
    gathered = GatheredMessages()
    gathered.add(
        [
            Change("message", "added", ("a",), 1, True),
            Change("message", "updated", ("a",)),
            Change("purge", "all", ("a",)),
            Change("message", "added", ("b",), 2, False),
        ]
    )

    added = {"action": "added", "first": 2, "last": 2, "accepted": False, "ids": ["b"]}
    assert gathered.told(NOTHING) == [{"action": "all", "ids": []}, added]


@pytest.mark.parametrize("kind", [GatheredMessages, GatheredRules, GatheredSessions])
def test_change_without_ids_says_that_some_are_lost(kind):
    gathered, later = kind(), kind()
    topic, action = {GatheredMessages: ("message", "updated"), GatheredRules: ("rule", "applied")}.get(
        kind, ("session", "ended")
    )
    later.add([Change(topic, action, ())])
    gathered.merge(later)

    assert gathered
    assert gathered.is_lost


def test_ids_of_sessions_are_left_out_when_they_are_many():
    gathered = GatheredSessions()
    for number in range(gathering.MOST_IDS + 1):
        gathered.add([Change("session", "began", (f"s-{number}",))])
    gathered.add([Change("session", "ended", ("s-0",))])

    began = {"action": "began", "count": gathering.MOST_IDS + 1}
    assert gathered.told(NOTHING) == [began, {"action": "ended", "count": 1, "ids": ["s-0"]}]


def test_messages_with_different_outcomes_stay_bounded():
    gathered = GatheredMessages()
    for number in range(1, gathering.MOST_PARTS + 2):
        gathered.add([Change("message", "added", (f"m-{number}",), number, number % 2 == 0)])

    assert gathered.is_lost
    assert gathered.told(NOTHING) == []


def carried_out(messages: dict[int, bool], told: list[dict]) -> None:
    """Do to an inbox, which is made of outcomes by number, what groups tell; ids are numbers as text."""
    for change in told:
        action = change["action"]
        if action == "added":
            messages.update(dict.fromkeys(range(change["first"], change["last"] + 1), change["accepted"]))
        elif action == "all":
            messages.clear()
        elif action == "dropped":
            for number in [number for number in messages if number <= change["last"]]:
                del messages[number]
        elif action in ("purged", "erased"):
            for known in change["ids"]:
                messages.pop(int(known), None)
        elif int(change["id"]) in messages:
            messages[int(change["id"])] = change["accepted"]


@given(st.lists(st.lists(st.sampled_from(["add", "fail", "skip", "accept", "amend", "purge", "drop", "all", "tell"]))))
def test_groups_lead_to_the_same_inbox_as_single_changes(batches):
    real: dict[int, bool] = {}
    followed: dict[int, bool] = {}
    waiting = GatheredMessages()
    last = 0
    for batch in batches:
        changes = []
        is_due = False
        for step in batch:
            if step in ("add", "fail"):
                last += 1
                real[last] = step == "add"
                changes.append(Change("message", "added", (str(last),), last, real[last]))
            elif step == "skip":  # a number that stands for nothing
                last += 1
            elif step == "tell":
                is_due = True
            elif step == "all":
                changes.append(Change("purge", "all", tuple(map(str, real))))
                real.clear()
            elif real:
                oldest, newest = min(real), max(real)
                if step == "drop":
                    del real[oldest]
                    changes.append(Change("purge", "dropped", (str(oldest),), oldest))
                elif step == "purge":
                    del real[newest]
                    changes.append(Change("purge", "purged", (str(newest),)))
                else:
                    action = "accepted" if step == "accept" else "amended"
                    real[newest] = real[newest] or step == "accept"
                    changes.append(Change("message", action, (str(newest),), newest, real[newest]))
        for later in gather(changes).values():
            waiting.merge(later)
        if is_due:
            carried_out(followed, waiting.told(NOTHING))
            waiting = GatheredMessages()
    carried_out(followed, waiting.told(NOTHING))

    assert followed == real
