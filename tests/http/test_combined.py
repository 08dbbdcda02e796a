"""Words by which the native API says what only Python could say before: `also`, `all` and `gate`."""

from __future__ import annotations

import pytest

from tests.http.conftest import send
from tests.raw_client import Client as RawClient


def subjects(client, **parameters):
    return [message["subject"] for message in client.get("/messages", **parameters).json["messages"]]


@pytest.fixture
def mails(mock):
    for recipient, subject in (
        ("bob@one.example", "Invoice 1"),
        ("eve@one.example", "Invoice 2"),
        ("bob@two.example", "Hi 1"),
    ):
        mock.deliver(f"Subject: {subject}\r\nX-Id: {subject[-1]}-a\r\n\r\n".encode(), "a@example.com", [recipient])


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"recipient": "*@one.example"}, ["Invoice 1", "Invoice 2"]),
        ({"recipient": "*@one.example", "also": "recipient=bob@*"}, ["Invoice 1"]),
        ({"recipient": "*@one.example", "also": "recipient=bob@two.example"}, []),
        ({"subject": "Invoice*", "also": "subject=REGEXP:2$"}, ["Invoice 2"]),
        ({"subject": "Invoice*", "also": ["subject=*1", "subject=*oice*"]}, ["Invoice 1"]),
        ({"subject": "Invoice*", "also": ["subject=*1", "subject=*2"]}, []),
        ({"header": "X-Id: 1*", "also": "header=X-Id: *a"}, ["Invoice 1", "Hi 1"]),
        ({"header": "X-Id: 1*", "also": "header=X-Id: *b"}, []),
        ({"size": "> 20", "also": "size=< 1000", "subject": "Hi*"}, ["Hi 1"]),
        ({"size": "> 30", "also": "size=< 31"}, []),
        ({"subject": "a=b", "also": "subject=a=b"}, []),
    ],
)
def test_a_second_value_of_a_criterion_has_to_match_as_well(client, mails, parameters, found):
    assert subjects(client, **parameters) == found


def test_a_second_value_is_heeded_by_waits_purges_and_sessions(mock, client, mails):
    both = {"recipient": "*@one.example", "also": "recipient=bob@*"}
    assert client.get("/wait", **both, timeout="0").json["total"] == 1
    assert client.get("/none", recipient="*@one.example", also="recipient=bob@two.example", within="0").status == 200
    assert client.get("/none", **both, within="0").status == 409
    send(mock)
    session = {"client": "127.*", "also": "client=*.1"}
    assert client.get("/sessions", **session).json["total"] == 1
    assert client.get("/sessions", client="127.*", also="client=*.2").json["total"] == 0
    assert [one["subject"] for one in client.delete("/messages", **both).json["messages"]] == ["Invoice 1"]
    assert len(mock.messages()) == 3


@pytest.mark.parametrize(
    ("parameters", "detail"),
    [
        ({"also": "subject=x"}, "Invalid also 'subject': expected a criterion that is given already"),
        ({"subject": "x", "also": "subject"}, "Invalid also 'subject': expected name=value"),
        ({"subject": "x", "also": "sender=x"}, "Invalid also 'sender': expected a criterion that is given already"),
        ({"subject": "x", "also": "where=x"}, "Invalid also 'where=x': expected name=value"),
        ({"subject": "x", "also": "subjekt=x"}, "Invalid also 'subjekt=x': expected name=value"),
        ({"subject": "x", "also": "subject=REGEXP:("}, "Invalid regular expression '(': expected the syntax of RE2"),
    ],
)
def test_a_second_value_that_cannot_be_asked_for_is_refused(client, parameters, detail):
    refused = client.get("/messages", **parameters)
    assert refused.status == 400
    assert refused.detail.startswith(detail)


def recipient(mock, address, sender="a@example.com"):
    with RawClient(mock) as talking:
        return talking.ask("EHLO a", f"MAIL FROM:<{sender}>", f"RCPT TO:<{address}>")[-1][:3]


def test_all_values_of_a_condition_have_to_match(mock, client):
    sent = {"stage": "RCPT TO", "recipient": {"all": ["*@one.example", "REGEXP:^bob@"]}, "reply": "550 no"}
    added = client.post("/rules", sent)

    assert (added.status, added.json["recipient"]) == (201, sent["recipient"])
    assert client.get(f"/rules/{added.json['id']}").json["recipient"] == sent["recipient"]
    assert [recipient(mock, name) for name in ("bob@one.example", "eve@one.example", "bob@two.example")] == [
        "550",
        "250",
        "250",
    ]


@pytest.mark.parametrize(
    "value",
    [{"all": "x"}, {"any": ["x"]}, {"all": ["x"], "any": ["y"]}, {"all": [7]}, {"all": [{"all": 7}]}, {"all": []}],
)
def test_values_of_a_condition_that_cannot_be_read_are_refused(mock, client, value):
    refused = client.post("/rules", {"stage": "RCPT TO", "recipient": value, "reply": "550 no"})
    assert (refused.status, mock.rules) == (400, ())
    assert "recipient" in refused.detail


def test_a_gate_is_that_of_the_ready_made_rule(mock, client):
    ready = client.post("/rules", {"greylist": {"retry_after": 300}}).json
    client.delete("/rules")
    added = client.post(
        "/rules", {"stage": "RCPT TO", "recipient": "bob@*", "reply": "450 later", "gate": ready["gate"]}
    )

    assert (added.status, added.json["gate"]) == (201, ready["gate"])
    assert added.json["summary"] == "RCPT TO recipient='bob@*' reply='450 later' (greylist: retry after 300 s)"
    assert [recipient(mock, "bob@one.example"), recipient(mock, "eve@one.example")] == ["450", "250"]
    mock.clock.advance(300)
    assert recipient(mock, "bob@one.example") == "250"


def test_each_ready_made_rule_with_a_gate_can_be_sent_as_it_is_shown(mock, client):
    ready = {
        "greylist": {"retry_after": 60},
        "limit_rate": {"messages": 1, "per": 60},
        "limit_connections": {"connections": 3},
    }
    for name, words in ready.items():
        shown = client.post("/rules", {name: words}).json
        sent = {word: value for word, value in shown.items() if word not in ("id", "hits", "asked", "summary")}
        again = client.post("/rules", sent)
        assert (again.status, again.json["summary"]) == (201, shown["summary"])
        assert "gate" in again.json
    assert len(mock.rules) == 6


@pytest.mark.parametrize(
    "gate",
    [7, {}, {"telepathy": {}}, {"kind": "telepathy"}, {"kind": "greylist"}, {"kind": "greylist", "retry_after": "x"}],
)
def test_a_gate_that_is_none_is_refused(mock, client, gate):
    refused = client.post("/rules", {"stage": "RCPT TO", "reply": "450 later", "gate": gate})
    assert (refused.status, mock.rules) == (400, ())
    assert refused.detail.startswith(("Invalid gate", "Unknown", "Missing", "Invalid retry_after"))
