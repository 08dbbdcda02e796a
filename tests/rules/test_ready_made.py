"""The usual faults, ready-made: over sockets, with a clock that the test moves."""

from __future__ import annotations

import re
from base64 import b64encode
from smtplib import SMTP, SMTPAuthenticationError

import pytest

from smtpmock import RuleError, SMTPMock
from tests.raw_client import ENVELOPE, HELLO, TEXT, Client

GREYLISTED = "450 4.7.1 Greylisted, try again later"
TOO_MANY_MESSAGES = "421 4.7.0 Too many messages, try again later"
TOO_MANY_CONNECTIONS = "421 4.7.0 Too many connections, try again later"


def recipient(mock, name, sender="a@example.com"):
    """The reply to a recipient in a session of its own."""
    with Client(mock) as client:
        return client.ask(HELLO, f"MAIL FROM:<{sender}>", f"RCPT TO:<{name}@example.com>")[-1]


# Greylisting.


def test_greylisted_recipient_is_accepted_after_the_time_and_not_before(mock):
    rule = mock.greylist(retry_after=300)

    assert recipient(mock, "bob") == GREYLISTED
    assert recipient(mock, "bob") == GREYLISTED
    mock.clock.advance(299)
    assert recipient(mock, "bob") == GREYLISTED
    mock.clock.advance(1)
    assert recipient(mock, "bob") == "250 Received"
    assert recipient(mock, "bob") == "250 Received"
    assert rule.hits == 3


def test_greylist_tells_senders_and_recipients_apart(mock):
    mock.greylist(retry_after=60)
    assert recipient(mock, "bob") == GREYLISTED
    mock.clock.advance(60)

    assert recipient(mock, "carol") == GREYLISTED
    assert recipient(mock, "bob", sender="z@example.com") == GREYLISTED
    assert recipient(mock, "bob", sender="a@EXAMPLE.com") == "250 Received"
    mock.clock.advance(60)
    assert recipient(mock, "carol") == "250 Received"


def test_greylist_tells_clients_apart(mock):
    mock.greylist(retry_after=60)
    assert recipient(mock, "bob") == GREYLISTED
    mock.clock.advance(60)

    with Client(mock, source="127.0.0.2") as other:
        assert other.ask(*ENVELOPE[:2], "RCPT TO:<bob@example.com>")[-1] == GREYLISTED
    assert recipient(mock, "bob") == "250 Received"


def test_greylist_concerns_whom_it_is_told(mock):
    mock.greylist(retry_after=60, recipient="bob*", reply="451 not yet")

    assert recipient(mock, "bob") == "451 not yet"
    assert recipient(mock, "carol") == "250 Received"


def test_greylist_for_no_time_refuses_nobody(mock):
    mock.greylist(retry_after=0)

    assert recipient(mock, "bob") == "250 Received"


# Rates.


def sender(mock, count=1, name="a"):
    """The replies to so many senders, each in a session of its own."""
    replies = []
    for _ in range(count):
        with Client(mock) as client:
            replies += client.ask(HELLO, f"MAIL FROM:<{name}@example.com>")[1:]
            if replies[-1].startswith("421"):
                assert client.read() == ""  # and is closed
    return [reply[:3] for reply in replies]


def test_rate_is_limited_and_recovers(mock):
    mock.limit_rate(messages=3, per=60)

    assert sender(mock, 5) == ["250", "250", "250", "421", "421"]
    mock.clock.advance(60)
    assert sender(mock, 4) == ["250", "250", "250", "421"]


def test_rate_looks_at_the_last_seconds_not_at_the_whole_minute(mock):
    mock.limit_rate(messages=2, per=60)

    assert sender(mock) == ["250"]
    mock.clock.advance(40)
    assert sender(mock, 2) == ["250", "421"]
    mock.clock.advance(20)
    assert sender(mock, 2) == ["250", "421"]  # the first is forgotten, the second is not
    mock.clock.advance(40)
    assert sender(mock, 2) == ["250", "421"]


def test_rate_counts_within_a_session_and_says_so(mock):
    mock.limit_rate(messages=1, per=3600)
    with Client(mock) as client:
        client.deliver()
        assert client.ask("MAIL FROM:<a@example.com>") == [TOO_MANY_MESSAGES]
        assert client.read() == ""
    assert len(mock.messages(accepted=True)) == 1


def test_rate_of_nothing_lets_nothing_through(mock):
    mock.limit_rate(messages=0, reply="421 closed")

    assert sender(mock) == ["421"]


def test_rate_is_counted_for_each_user():
    with SMTPMock(auth="any") as mock:
        mock.limit_rate(messages=1, per=60, by="user")
        with SMTP(mock.host, mock.port) as ann, SMTP(mock.host, mock.port) as bob:
            ann.login("ann", "secret")
            bob.login("bob", "secret")
            assert ann.mail("a@example.com")[0] == 250
            assert bob.mail("a@example.com")[0] == 250
            ann.rset()
            assert ann.mail("a@example.com") == (421, TOO_MANY_MESSAGES[4:].encode())


def test_rate_is_counted_for_each_sender(mock):
    mock.limit_rate(messages=1, per=60, by="sender")

    assert [sender(mock, name=name) for name in "aba"] == [["250"], ["250"], ["421"]]


def test_messages_beyond_the_rate_are_delayed_until_the_period_is_over(mock):
    rule = mock.limit_rate(messages=1, per=60, delay=0.001)

    assert sender(mock, 3) == ["250", "250", "250"]
    assert [session.exchanges[2].delay for session in mock.sessions()] == [0, 0.001, 0.001]
    mock.clock.advance(60)
    assert sender(mock) == ["250"]
    assert rule.hits == 2


# Connections.


def test_connections_of_a_user_are_counted_from_the_login_on():
    with SMTPMock(auth="any") as mock:
        rule = mock.limit_connections(1, by="user")
        with SMTP(mock.host, mock.port) as first, SMTP(mock.host, mock.port) as second:
            first.login("ann", "secret")
            assert second.login("bob", "secret")[0] == 235  # another user
            with Client(mock) as third:  # its connection alone does not count
                credentials = b64encode(b"\0ann\0secret").decode()
                assert third.ask(HELLO, f"AUTH PLAIN {credentials}")[1:] == [TOO_MANY_CONNECTIONS]
                assert third.read() == ""
        with SMTP(mock.host, mock.port) as later:  # the first one has gone
            assert later.login("ann", "secret")[0] == 235
        rule.assert_used(times=1)


def test_login_that_fails_is_no_connection_of_the_user():
    with SMTPMock(auth={"ann": "secret"}) as mock:
        mock.limit_connections(1, by="user")
        with SMTP(mock.host, mock.port) as first, SMTP(mock.host, mock.port) as second:
            with pytest.raises(SMTPAuthenticationError, match="535"):
                first.login("ann", "wrong", initial_response_ok=False)
            assert second.login("ann", "secret")[0] == 235


def test_logins_cannot_be_limited_where_nobody_can_log_in(mock):
    with pytest.raises(RuleError, match="A rule at AUTH can never apply"):
        mock.limit_connections(1, by="user")
    assert mock.rules == ()


def test_connections_are_limited_while_they_are_open(mock):
    mock.limit_connections(2)
    with Client(mock) as first, Client(mock):
        for _ in range(3):
            refused = Client(mock, greeting=None)
            assert refused.read_all() == [TOO_MANY_CONNECTIONS]
            refused.close()
        assert first.ask("QUIT") == ["221 Closing connection"]
        with Client(mock):  # there is room again
            pass


def test_no_connection_is_allowed(mock):
    mock.limit_connections(0, reply="554 closed")

    with Client(mock, greeting=None) as client:
        assert client.read_all() == ["554 closed"]


# Recipients, and the next few.


@pytest.mark.parametrize(
    ("pattern", "name", "refused"),
    [
        ("bob@example.com", "bob", True),
        ("bob@example.com", "carol", False),
        ("*@example.com", "carol", True),
        (re.compile("^b"), "bob", True),
    ],
)
def test_recipient_is_rejected(mock, pattern, name, refused):
    mock.reject_recipient(pattern)

    assert recipient(mock, name) == ("550 5.1.1 User unknown" if refused else "250 Received")


@pytest.mark.parametrize("place", ["local"])  # a function cannot be sent
def test_recipient_is_rejected_by_a_function(mock):
    mock.reject_recipient(lambda address: address.startswith("c"))

    assert (recipient(mock, "bob"), recipient(mock, "carol")) == ("250 Received", "550 5.1.1 User unknown")


def test_recipient_is_rejected_with_these_words(mock):
    mock.reject_recipient("bob@example.com", reply="551 5.1.6 moved")

    assert recipient(mock, "bob") == "551 5.1.6 moved"


def message(mock):
    with Client(mock) as client:
        replies = client.ask(*ENVELOPE, "DATA")
        if replies[-1].startswith("354"):
            client.send(*TEXT, ".")
            replies.append(client.read())
        return replies[-1]


def test_next_message_fails(mock):
    mock.fail_next()

    assert [message(mock), message(mock)] == ["451 4.3.0 Temporary failure", "250 Received"]
    assert [kept.is_consistent for kept in mock.wait_for_messages(2, accepted=None)] == [False, True]


def test_next_two_of_a_stage_fail(mock):
    rule = mock.fail_next(2, "DATA", reply="452 4.3.1 Disk full")

    assert [message(mock) for _ in range(3)] == ["452 4.3.1 Disk full", "452 4.3.1 Disk full", "250 Received"]
    rule.assert_used(times=2)


def test_clock_moves_when_it_is_told_and_with_the_time(mock):
    before = mock.clock.time()
    mock.clock.advance(1000)

    assert mock.clock.time() >= before + 1000


def test_clock_goes_by_the_usual_time_again_once_it_is_reset(mock):
    before = mock.clock.time()
    mock.clock.advance(100_000)
    mock.clock.advance(0)
    mock.clock.reset()

    assert before <= mock.clock.time() < before + 100_000


def test_greylist_goes_by_the_clock_that_was_reset(mock):
    mock.clock.advance(100_000)
    mock.clock.reset()
    mock.greylist(retry_after=300)

    assert recipient(mock, "bob") == GREYLISTED
    mock.clock.advance(300)
    assert recipient(mock, "bob") == "250 Received"


def test_what_a_ready_made_rule_allows_is_in_its_text():
    mock = SMTPMock()
    assert str(mock.greylist(retry_after=5, recipient="bob@example.com")) == (
        f"RCPT TO recipient='bob@example.com' reply='{GREYLISTED}' (greylist: retry after 5 s)"
    )
    assert (
        str(mock.limit_rate(3, per=0.5)) == f"MAIL FROM reply='{TOO_MANY_MESSAGES}' then='close' (at most 3 in 0.5 s)"
    )
    assert str(mock.limit_connections(4)) == f"connect reply='{TOO_MANY_CONNECTIONS}' then='close' (at most 4 open)"
    assert str(mock.limit_rate(3, per=60, by="user", delay=2)) == (
        "MAIL FROM delay=2 (at most 3 in 60 s for each user)"
    )
