"""Rules belong to the store: servers that share one in Redis share them, and what they count."""

from __future__ import annotations

import re

import pytest

from smtpmock import ExpectationError, RuleError, SMTPMock
from tests.raw_client import ENVELOPE, HELLO, Client

pytestmark = pytest.mark.usefixtures("redis_url")

RCPT = ENVELOPE[2]
BUSY = "450 4.7.1 Busy"


def rcpt(client):
    """Return the reply to a recipient."""
    return client.ask(RCPT)[0]


@pytest.fixture
def clients(servers):
    """Connects clients that have begun a transaction, one to each server in turn."""
    opened = []

    def clients(count, *mocks):
        new = [Client(mocks[number % len(mocks)]) for number in range(count)]
        opened.extend(new)
        for client in new:
            client.send(*ENVELOPE[:2])
        for client in new:
            assert client.read_replies(2) == ["250 Received", "250 Received"]
        return new

    yield clients
    for client in opened:
        client.close()


def test_a_rule_holds_at_every_server_when_on_returns(servers, clients):
    first, *others = servers(4)
    connected = clients(4, first, *others)

    rule = first.on("RCPT TO", reply=BUSY)
    assert [rcpt(client) for client in connected] == [BUSY] * 4
    assert [str(known) for mock in others for known in mock.rules] == [str(rule)] * 3

    others[1].rules[0].remove()
    assert [rcpt(client) for client in connected] == ["250 Received"] * 4
    assert first.rules == ()


def test_servers_that_start_with_one_profile_have_its_rules_once(servers, clients):
    mocks = servers(3, profile="full-mailbox", extensions=(), strict=True)

    for mock in mocks:
        assert [(rule.stage, rule.profile) for rule in mock.rules] == [("RCPT TO", "full-mailbox")]
        mock.assert_rules_used()
    assert {rcpt(client) for client in clients(3, *mocks)} == {"452 4.2.2 The recipient's mailbox is over its quota"}
    assert mocks[0].rules[0].hits == 3
    mocks[1].clear_rules()
    assert [len(mock.rules) for mock in mocks] == [1, 1, 1]


def test_a_rule_applies_exactly_as_often_as_it_says_however_servers_race(servers, clients):
    mocks = servers(4)
    rule = mocks[0].on("RCPT TO", times=7, reply=BUSY)
    connected = clients(200, *mocks)

    for client in connected:
        client.send(RCPT)
    replies = [client.read_reply() for client in connected]

    assert (replies.count(BUSY), replies.count("250 Received")) == (7, 193)
    assert (rule.hits, rule.asked) == (7, 200)
    assert mocks[3].rules[0].hits == 7
    rule.assert_used(7)


def test_draws_are_the_same_however_they_are_spread_over_servers(servers, clients):
    def applied(*mocks):
        mocks[0].on("RCPT TO", probability=0.4, seed=11, reply=BUSY)
        replies = [rcpt(client) for client in clients(30, *mocks)]
        mocks[0].clear_rules()
        return [reply == BUSY for reply in replies]

    one, *others = servers(3)
    expected = applied(one)
    assert 0 < sum(expected) < 30
    assert applied(one, *others) == expected
    with SMTPMock() as alone:
        assert applied(alone) == expected


def test_counts_apart_are_apart_over_servers(servers, clients):
    one, two = servers(2)
    one.on("RCPT TO", per="session", after=1, reply=BUSY)
    first, second = clients(2, one, two)
    assert [rcpt(client) for client in (first, second, first, second)] == ["250 Received"] * 2 + [BUSY] * 2

    one.clear_rules()
    two.on("RCPT TO", per="sender", times=1, reply=BUSY)
    assert [rcpt(client) for client in (first, second)] == [BUSY, "250 Received"]


def test_greylists_share_attempts_and_the_clock(servers, clients):
    one, two = servers(2)
    two.greylist(300)
    first, second = clients(2, one, two)
    assert rcpt(first)[:3] == "450"
    one.clock.advance(200)
    assert rcpt(second)[:3] == "450"
    assert two.clock.ahead == 200
    two.clock.advance(100)
    assert [rcpt(first), rcpt(second)] == ["250 Received"] * 2
    one.clock.reset()
    assert two.clock.ahead == 0


def test_rates_are_limited_over_servers(servers):
    one, two = servers(2)
    one.limit_rate(3, per=600)
    replies = []
    for number in range(5):
        with Client((one, two)[number % 2]) as client:
            replies.append(client.ask(*ENVELOPE[:2])[1][:3])
    assert replies == ["250", "250", "250", "421", "421"]
    two.clock.advance(600)
    with Client(two) as client:
        assert client.ask(*ENVELOPE[:2])[1] == "250 Received"


def test_connections_are_limited_over_servers_however_they_race(servers):
    mocks = servers(4)
    mocks[2].limit_connections(5)
    connected = [Client(mocks[number % 4], greeting=None) for number in range(20)]
    greetings = [client.read_reply()[:3] for client in connected]
    assert (greetings.count("220"), greetings.count("421")) == (5, 15)
    for client in connected:
        client.close()
    for mock in mocks:
        mock.clear_rules()


def test_logins_are_limited_over_servers(servers):
    one, two = servers(2, auth={"bob": "secret"})
    one.limit_connections(1, by="user")
    login = "AUTH PLAIN AGJvYgBzZWNyZXQ="
    with Client(one) as first, Client(two) as second:
        assert first.ask(HELLO, login)[1][:3] == "235"
        assert second.ask(HELLO, login)[1][:3] == "421"


def test_a_rule_with_a_function_is_refused_and_leaves_nothing(servers):
    one, two = servers(2)
    with pytest.raises(RuleError) as refused:
        one.on("message", where=lambda message: True, reply="550 No")
    assert str(refused.value) == (
        "The condition where has a function, which servers that share a store cannot share: use a pattern"
    )
    assert one.rules == two.rules == ()


def test_expressions_headers_and_gates_reach_other_servers(servers, clients):
    one, two = servers(2)
    one.on("RCPT TO", recipient=re.compile("^B@", re.IGNORECASE), reply=BUSY)
    one.on("message", header={"X-Id": re.compile("4.")}, reply="554 Refused")
    one.limit_rate(9, per=60, by="sender")
    assert [str(rule) for rule in two.rules] == [str(rule) for rule in one.rules]
    [client] = clients(1, two)
    assert rcpt(client) == BUSY


def test_rules_are_there_for_a_server_that_starts_later(servers, clients, redis_url):
    mock = SMTPMock(store=redis_url)
    rule = mock.on("RCPT TO", reply=BUSY)
    assert mock.rules == (rule,)
    [later] = servers(1)
    assert rcpt(clients(1, later)[0]) == BUSY
    assert rule.hits == 1
    mock.clear_rules()
    assert later.rules == ()


def test_waits_for_a_rule_see_what_happens_at_another_server(servers, clients):
    one, two = servers(2)
    rule = one.on("RCPT TO", reply=BUSY)
    [client] = clients(1, two)
    client.send(RCPT)
    one.wait_for_rule(rule, timeout=10)
    assert client.read_reply() == BUSY


def test_rules_that_were_never_used_are_known_over_servers(servers, clients):
    one, two = servers(2)
    one.on("RCPT TO", reply=BUSY)
    one.on("RSET", reply="250 Forgotten")
    rcpt(clients(1, two)[0])
    with pytest.raises(ExpectationError) as failed:
        two.assert_rules_used()
    assert str(failed.value) == "1 rule never used:\n  RSET reply='250 Forgotten' (asked 0 times)"
