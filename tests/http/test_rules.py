"""Rules, the clock and certificates over HTTP."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import closing
from smtplib import SMTP

import pytest

from smtpmock import RuleError, SMTPMock
from smtpmock.http.native.rules import READY_MADE
from tests.http.conftest import SECONDS, Client, send
from tests.raw_client import Client as RawClient


def test_rule_is_added_used_and_shown_with_its_hits(mock, client):
    sent = {"stage": "RCPT TO", "recipient": "*@slow.example", "times": 1, "reply": ["451-later", "451 please"]}

    added = client.post("/rules", sent)

    assert added.status == 201
    [rule] = mock.rules
    assert str(rule) == added.json["summary"]
    assert added.json == {"id": rule.id, **sent, "hits": 0, "asked": 0, "summary": str(rule)}
    with RawClient(mock) as talking:
        replies = talking.ask("EHLO a", "MAIL FROM:<a@example.com>", *["RCPT TO:<b@slow.example>"] * 2)
    assert replies[-2:] == ["451-later\n451 please", "250 Received"]
    assert client.get(f"/rules/{rule.id}").json["hits"] == 1
    assert client.get("/rules").json["rules"] == [client.get(f"/rules/{rule.id}").json]


def test_expressions_of_rules_are_searched_for_in_linear_time(mock, client):
    client.post("/rules", {"stage": "message", "subject": "REGEXP:^(a+)+$", "reply": "550 no"})
    client.post("/rules", {"stage": "message", "header": {"X-Id": "REGEXP:^4"}, "reply": "551 no"})
    client.post("/rules", {"stage": "message", "header": "X-Id: REGEXP:^5", "reply": "552 no"})

    send(mock, mail=f"Subject: {'a' * 5000}!")
    for mail, code in (("Subject: aaa", 550), ("X-Id: 42", 551), ("X-Id: 52", 552)):
        with pytest.raises(smtplib.SMTPDataError) as caught:
            send(mock, mail=mail)
        assert caught.value.smtp_code == code
    shown = [rule.get("subject") or rule["header"] for rule in client.get("/rules").json["rules"]]
    assert shown == ["REGEXP:^(a+)+$", {"X-Id": "REGEXP:^4"}, {"X-Id": "REGEXP:^5"}]


READY = {
    "greylist": ({"retry_after": 60, "recipient": "REGEXP:^b@"}, "RCPT TO"),
    "limit_rate": ({"messages": 1, "per": 60}, "MAIL FROM"),
    "limit_connections": ({"connections": 0}, "connect"),
    "reject_recipient": ({"pattern": "REGEXP:^b@", "reply": "550 no"}, "RCPT TO"),
    "fail_next": ({"count": 2, "stage": "NOOP"}, "NOOP"),
}


@pytest.mark.parametrize("name", READY_MADE)
def test_ready_made_rule_is_added_by_its_name(mock, client, name):
    arguments, stage = READY[name]

    added = client.post("/rules", {name: arguments})

    assert (added.status, added.json["stage"]) == (201, stage)
    assert str(mock.rules[0]) == added.json["summary"]


def test_greylist_and_clock_work_together(mock, client):
    client.post("/rules", {"greylist": {"retry_after": 300}})

    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(mock)
    assert client.post("/clock", {"advance": 300}).json["ahead"] == 300
    send(mock)
    assert client.post("/clock", {"reset": True}).json["ahead"] == 0
    assert len(mock) == 1


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"advance": -1}, "Invalid advance of the clock -1: expected a number of seconds, 0 or more."),
        ({"advance": "5"}, "Invalid advance of the clock '5': expected a number of seconds, 0 or more."),
        ({"reset": False}, "Invalid reset: expected true"),
        ({}, "Invalid body: expected either advance or reset"),
        ({"advance": 1, "reset": True}, "Invalid body: expected either advance or reset"),
        ({"advanse": 1}, "Unknown field 'advanse': did you mean 'advance'?"),
    ],
)
def test_clock_refuses_what_it_cannot_be_set_to(client, body, sentence):
    assert client.post("/clock", body).detail == sentence


def test_rules_are_removed_one_by_one_or_all(mock, client):
    ids = [client.post("/rules", {"stage": "NOOP", "delay": 0.1}).json["id"] for _ in range(3)]

    assert client.delete(f"/rules/{ids[1]}").json["id"] == ids[1]
    assert [rule.id for rule in mock.rules] == [ids[0], ids[2]]
    page = client.get("/rules", limit=1).json
    assert (page["rules"][0]["id"], page["total"], page["next"]) == (ids[0], 2, 1)
    assert [rule["id"] for rule in client.get("/rules", after=1).json["rules"]] == [ids[2]]
    assert [rule["id"] for rule in client.delete("/rules").json["rules"]] == [ids[0], ids[2]]
    assert mock.rules == ()
    for method in (client.get, client.delete):
        refused = method(f"/rules/{ids[0]}")
        assert (refused.status, refused.detail) == (404, f"There is no rule {ids[0]!r}")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "Invalid rule {}: expected an object with a stage and words"),
        ([], "Invalid rule []: expected an object with a stage and words"),
        ({"stage": "RCPT"}, "Unknown stage 'RCPT': did you mean 'RCPT TO'?"),
        ({"stage": 7, "delay": 1}, "Unknown stage 7: expected one of "),
        ({"stage": "NOOP", "replay": "250 x"}, "Unknown word in a rule 'replay': did you mean 'reply'?"),
        ({"greylst": {}}, "Unknown word in a rule 'greylst': did you mean 'greylist'?"),
        ({"reply": "250 x"}, "Missing stage of the rule"),
        ({"stage": "NOOP", "times": "2", "reply": "250 x"}, "Invalid times '2': expected an integer of at least 0"),
        ({"stage": "NOOP", "reply": "hello"}, "Invalid reply 'hello': expected a three-digit code"),
        ({"stage": "connect", "subject": "x", "reply": "421 x"}, "The condition subject is not available at connect"),
        (
            {"stage": "message", "where": "lambda m: True", "reply": "550 x"},
            "The condition where takes a function, which cannot be sent: add the rule in Python",
        ),
        ({"stage": "NOOP", "client": "REGEXP:(?!a)", "reply": "250 x"}, "expected the syntax of RE2"),
        ({"stage": "NOOP", "client": {}, "reply": "250 x"}, "Invalid client {}: expected a text"),
        ({"greylist": []}, "Invalid greylist []: expected an object with its arguments"),
        ({"greylist": {"retry": 1}}, "Unknown word of greylist 'retry': did you mean 'retry_after'?"),
        ({"limit_connections": {}}, "Missing connections of limit_connections"),
        ({"reject_recipient": {"pattern": ""}}, "Invalid recipient '': expected an address"),
        ({"greylist": {"where": "x"}}, "The condition where takes a function"),
        ({"greylist": {"retry_after": None}}, "Invalid retry_after None: expected a number"),
    ],
)
def test_malformed_rule_is_refused_and_leaves_nothing(mock, client, body, sentence):
    refused = client.post("/rules", body)

    assert refused.status == 400
    assert sentence in refused.detail
    assert mock.rules == ()


def test_sentence_about_a_rule_is_that_of_python(mock, client):
    with pytest.raises(RuleError) as caught:
        mock.on("NOOP", reply="hello")

    refused = client.post("/rules", {"stage": "NOOP", "reply": "hello"})
    assert (refused.detail, refused.json["error"]) == (str(caught.value), "RuleError")


def test_function_of_a_rule_is_shown_by_its_name(mock, client):
    def is_big(message):
        return len(message.content.raw) > 10

    mock.on("message", where=is_big, reply="552 no")

    assert client.get("/rules").json["rules"][0]["where"] == "is_big"


# The server.


def test_server_is_described_without_secrets():
    with (
        SMTPMock(http_port=0, auth={"bob": "hidden-1"}, http_auth="eve:hidden-2", msg_greeting="Hi") as mock,
        closing(Client(mock)) as client,
    ):
        headers = {"Authorization": "Basic ZXZlOmhpZGRlbi0y"}
        answer = client.ask("GET", "/api/smtpmock/v1/server", headers=headers)

        assert b"hidden" not in answer.content
        shown = answer.json
        assert (shown["name"], shown["smtp"]["port"], shown["smtp"]["online"]) == ("smtpmock", mock.port, True)
        assert shown["settings"] == {"http_port": 0, "msg_greeting": "220 Hi"}
        assert shown["counters"]["messages"] == 0


def test_server_goes_offline_and_online_again_on_the_same_port(mock, client):
    port = mock.port
    with SMTP(mock.host, port, timeout=SECONDS) as open_session:
        assert client.post("/offline").json == {"online": False}
        with pytest.raises(ConnectionRefusedError):
            SMTP(mock.host, port, timeout=SECONDS)
        assert open_session.noop()[0] == 250
    assert (client.ask("GET", "/readyz").status, client.ask("GET", "/livez").status) == (503, 200)
    assert client.get("/server").json["smtp"]["online"] is False
    client.post("/messages", {"from": "a@example.com", "to": "b@example.com"})
    assert client.get("/messages").json["total"] == 1

    assert client.post("/online").json == {"online": True}
    assert client.ask("GET", "/readyz").status == 200
    send(mock)
    assert (mock.port, len(mock)) == (port, 2)


def test_certificate_that_clients_need_can_be_downloaded():
    with SMTPMock(http_port=0, tls="starttls") as mock, closing(Client(mock)) as client:
        answer = client.get("/ca.pem")
        assert b"PRIVATE" not in answer.content
        context = ssl.create_default_context(cadata=answer.content.decode())
        with SMTP("localhost", mock.port, timeout=SECONDS) as smtp:
            assert smtp.starttls(context=context)[0] == 220


def test_private_key_beside_the_certificate_stays_here(tmp_path):
    from smtpmock.runtime.certificates import certificates

    both = certificates().server("localhost", "")
    assert b"PRIVATE KEY" in both.read_bytes()
    with SMTPMock(http_port=0, tls="starttls", certfile=str(both)) as mock, closing(Client(mock)) as client:
        answer = client.get("/ca.pem")
    assert b"PRIVATE" not in answer.content
    assert answer.content.count(b"BEGIN CERTIFICATE") >= 1


def test_server_without_tls_has_no_certificate(client):
    refused = client.get("/ca.pem")

    assert (refused.status, refused.detail) == (404, "The server has no TLS: there is no certificate to trust")
