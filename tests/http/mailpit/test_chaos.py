"""Chaos: its triggers are rules."""

from __future__ import annotations

import json
from smtplib import SMTP, SMTPAuthenticationError

import pytest

from smtpmock import SMTPMock
from tests.http.conftest import Client
from tests.http.mailpit.conftest import Mailpit

OFF = {
    "Sender": {"ErrorCode": 451, "Probability": 0},
    "Recipient": {"ErrorCode": 451, "Probability": 0},
    "Authentication": {"ErrorCode": 535, "Probability": 0},
}


def put(mailpit, triggers):
    response = mailpit.call("PUT", "/chaos", triggers)
    assert response.status == 200, response
    return json.loads(response.content)


def replies(mock, count=1):
    """Return the replies to MAIL FROM and RCPT TO."""
    with SMTP(mock.host, mock.port) as client:
        client.ehlo()
        for _ in range(count):
            sender = client.docmd("MAIL", "FROM:<a@example.com>")
            recipient = client.docmd("RCPT", "TO:<b@example.com>")
            client.rset()
            yield sender[0], recipient[0]


def test_chaos_is_off_and_makes_no_rule(mock, mailpit):
    assert mailpit.get("/chaos") == OFF
    assert put(mailpit, OFF) == OFF
    assert put(mailpit, {}) == OFF
    assert mock.rules == ()


def test_triggers_refuse_with_their_code(mock, mailpit):
    shown = put(mailpit, {"Sender": {"ErrorCode": 421, "Probability": 100}})
    assert shown == mailpit.get("/chaos") == {**OFF, "Sender": {"ErrorCode": 421, "Probability": 100}}
    with SMTP(mock.host, mock.port) as client:
        assert client.docmd("MAIL", "FROM:<a@example.com>") == (421, b"Chaos: sender error")

    put(mailpit, {"Recipient": {"Probability": 100}})
    assert list(replies(mock)) == [(250, 451)]
    assert [str(rule) for rule in mock.rules] == ["RCPT TO probability=1.0 reply='451 Chaos: recipient error'"]

    put(mailpit, OFF)
    assert list(replies(mock)) == [(250, 250)]


def test_cause_of_a_refusal_is_the_rule(mock, mailpit):
    put(mailpit, {"Sender": {"Probability": 100}})
    list(replies(mock))

    [cause] = {exchange.cause for exchange in mock.sessions()[0].exchanges if exchange.stage == "MAIL FROM"}
    assert cause.rule_id == mock.rules[0].id


def test_probability_is_that_of_the_rule(mock, mailpit):
    put(mailpit, {"Recipient": {"ErrorCode": 550, "Probability": 30}})

    refused = sum(recipient == 550 for _, recipient in replies(mock, 200))

    assert 30 <= refused <= 90  # the same number in every run: the draws have a seed


def test_login_is_refused(client):
    with SMTPMock(http_port=0, auth="any") as mock:
        other = Client(mock)
        put(Mailpit(other), {"Authentication": {"Probability": 100}})
        other.close()
        with SMTP(mock.host, mock.port) as smtp, pytest.raises(SMTPAuthenticationError, match="535"):
            smtp.login("ann", "secret")


def test_trigger_that_could_never_apply_is_refused_and_the_others_stay(mock, mailpit):
    put(mailpit, {"Sender": {"Probability": 50}})
    before = mock.rules

    sentence = mailpit.refused(
        "PUT", "/chaos", {"Recipient": {"Probability": 50}, "Authentication": {"Probability": 1}}
    )

    assert sentence.startswith("A rule at AUTH can never apply: the server does not offer AUTH. Set auth")
    assert mock.rules == before
    assert mailpit.get("/chaos")["Sender"]["Probability"] == 50


def test_other_rules_are_left_alone(mock, mailpit):
    own = mock.on("RCPT TO", recipient="nobody@example.com", reply="550 No")
    put(mailpit, {"Sender": {"Probability": 50}})
    put(mailpit, OFF)

    assert mock.rules == (own,)


def test_trigger_whose_rule_was_removed_is_off(mock, mailpit):
    put(mailpit, {"Sender": {"ErrorCode": 450, "Probability": 50}, "Recipient": {"Probability": 5}})

    mock.rules[0].remove()
    assert mailpit.get("/chaos") == {
        **OFF,
        "Sender": {"ErrorCode": 450, "Probability": 0},
        "Recipient": {"ErrorCode": 451, "Probability": 5},
    }
    mock.clear_rules()
    assert mailpit.get("/chaos")["Recipient"]["Probability"] == 0


@pytest.mark.parametrize(
    ("triggers", "sentence"),
    [
        ({"Sender": {"ErrorCode": 399}}, "Invalid ErrorCode of Sender 399: expected an integer from 400 to 599"),
        ({"Sender": {"ErrorCode": 600}}, "Invalid ErrorCode of Sender 600: expected an integer from 400 to 599"),
        ({"Sender": {"ErrorCode": "451"}}, "Invalid ErrorCode of Sender '451': expected an integer from 400 to 599"),
        ({"Sender": {"ErrorCode": True}}, "Invalid ErrorCode of Sender True: expected an integer from 400 to 599"),
        (
            {"Recipient": {"Probability": 101}},
            "Invalid Probability of Recipient 101: expected an integer from 0 to 100",
        ),
        ({"Recipient": {"Probability": -1}}, "Invalid Probability of Recipient -1: expected an integer from 0 to 100"),
        (
            {"Recipient": {"Probability": 0.5}},
            "Invalid Probability of Recipient 0.5: expected an integer from 0 to 100",
        ),
        ({"Recipient": {"Probabilty": 1}}, "Unknown field of the Recipient 'Probabilty': did you mean 'Probability'?"),
        ({"Recipient": 5}, "Invalid Recipient 5: expected an object"),
        ({"Recipients": {}}, "Unknown field of the body 'Recipients': did you mean 'Recipient'?"),
    ],
)
def test_invalid_triggers_are_refused_and_change_nothing(mock, mailpit, triggers, sentence):
    put(mailpit, {"Sender": {"Probability": 50}})

    assert mailpit.refused("PUT", "/chaos", triggers) == sentence
    assert len(mock.rules) == 1
