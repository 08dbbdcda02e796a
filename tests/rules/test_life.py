"""A rule from its making to its end: how it is shown, counted, removed; and while the server is at work."""

from __future__ import annotations

import logging
import re
import threading

import pytest

from smtpmock import ExpectationError, SMTPMock
from tests.raw_client import Client
from tests.rules.scripted import Scripted, on


def noop(mock, count=1):
    with Client(mock) as client:
        return client.ask(*["NOOP"] * count)


# In one line.


def is_vip(address):
    return address.startswith("vip")


@pytest.mark.parametrize(
    ("made", "shown"),
    [
        (
            on("RCPT TO", recipient="bob@example.com", times=2, reply="450 4.7.1 Greylisted, try again"),
            "RCPT TO recipient='bob@example.com' times=2 reply='450 4.7.1 Greylisted, try again'",
        ),
        (on("message", subject="Invoice*", then="close"), "message subject='Invoice*' then='close'"),
        (on("EHLO", reply=["250-a", "250 b"]), "EHLO reply=['250-a', '250 b']"),
        (on("*", delay=0.05, jitter=0.01, seed=7), "* delay=0.05 jitter=0.01 seed=7"),
        (on("RCPT TO", recipient=re.compile("^b"), then="half"), "RCPT TO recipient=/^b/ then='half'"),
        (
            on("RCPT TO", recipient=re.compile("^b  # bob\n"), then="half"),
            r"RCPT TO recipient=/^b  # bob\n/ then='half'",
        ),
        (on("RCPT TO", recipient=is_vip, delay=1), "RCPT TO recipient=is_vip delay=1"),
        (on("message", header={"X-Id": "42"}, throttle=None, delay=1), "message header={'X-Id': '42'} delay=1"),
        (on("message", subject="a\nb", delay=1), r"message subject='a\nb' delay=1"),
        (
            on("MAIL FROM", per="sender", after=1, every=2, probability=0.5, drip=3),
            "MAIL FROM per='sender' after=1 every=2 probability=0.5 drip=3",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_rule_is_shown_in_one_line(made, shown):
    assert str(made) == shown
    assert repr(made) == f"<Rule {shown}, 0 hits>"


def test_transcript_names_the_rule_behind_each_reply(mock):
    mock.on("NOOP", reply="451 4.3.0 later", times=1)
    mock.on("QUIT", then="half", delay=0.001)
    with Client(mock) as client:
        client.ask("NOOP", "NOOP", "QUIT")
    session = mock.wait_for_session()

    lines = [re.sub(r"^(\+\S+|\s+) ", "", line) for line in session.transcript().splitlines()[1:]]
    assert lines[:7] == [
        "S: 220 Welcome",
        "C: NOOP",
        "S: 451 4.3.0 later <- the rule NOOP reply='451 4.3.0 later' times=1",
        "C: NOOP",
        "S: 250 Ok",
        "C: QUIT",
        "S: 221 Closing",
    ]
    assert lines[7] == (
        "S: (closes the connection in the middle of the reply) (after 0.001 s) <- the rule QUIT then='half' delay=0.001"
    )


# Counted.


def test_hits_and_assert_used():
    rule = on("NOOP", reply="451 no", times=2)
    session = Scripted(rule)
    session.say("NOOP", "NOOP", "NOOP")

    rule.assert_used()
    rule.assert_used(times=2)
    assert (rule.hits, rule.asked) == (2, 3)
    assert repr(rule) == "<Rule NOOP reply='451 no' times=2, 2 hits>"


@pytest.mark.parametrize(
    ("said", "times", "text"),
    [
        (0, None, "was expected to be used at least once, but was used 0 times: it was asked 0 times at NOOP."),
        (1, 2, "was expected to be used 2 times, but was used 1 time: it was asked 1 time at NOOP."),
        (3, 1, "was expected to be used 1 time, but was used 2 times: it was asked 3 times at NOOP."),
        (1, 0, "was expected to be used 0 times, but was used 1 time: it was asked 1 time at NOOP."),
    ],
)
def test_assert_used_says_how_often_it_was_asked(said, times, text):
    rule = on("NOOP", reply="451 no", times=2)
    Scripted(rule).say(*["NOOP"] * said)

    with pytest.raises(ExpectationError) as failure:
        rule.assert_used(times)
    assert str(failure.value) == f"The rule NOOP reply='451 no' times=2 {text}"


def test_assert_used_for_all_stages():
    with pytest.raises(ExpectationError) as failure:
        on("*", delay=1).assert_used()
    assert str(failure.value) == (
        "The rule * delay=1 was expected to be used at least once, but was used 0 times: "
        "it was asked 0 times at any stage."
    )


def test_rule_that_must_not_be_used():
    on("NOOP", delay=1).assert_used(times=0)


# Removed.


def test_rule_holds_until_it_is_removed(mock):
    rule = mock.on("NOOP", reply="451 no")
    with Client(mock) as client:
        assert client.ask("NOOP") == ["451 no"]
        rule.remove()
        assert client.ask("NOOP") == ["250 Ok"]
        rule.remove()  # it is out already
    assert rule.hits == 1
    assert mock.rules == ()


def test_rule_holds_for_a_block(mock):
    other = mock.on("NOOP", delay=0.001)
    with Client(mock) as client:
        with mock.on("NOOP", reply="451 no") as rule:
            assert mock.rules == (other, rule)
            assert client.ask("NOOP") == ["451 no"]
        assert client.ask("NOOP") == ["250 Ok"]
    assert mock.rules == (other,)


def test_rule_is_removed_when_its_block_fails(mock):
    with pytest.raises(KeyError), mock.on("NOOP", reply="451 no"):
        raise KeyError
    assert noop(mock) == ["250 Ok"]


def test_all_rules_are_removed_at_once(mock):
    rules = [mock.on("NOOP", reply=f"45{digit} no") for digit in range(3)]
    assert mock.rules == tuple(rules)
    assert noop(mock) == ["452 no"]

    mock.clear_rules()

    assert mock.rules == ()
    assert noop(mock) == ["250 Ok"]
    rules[0].remove()


def test_rules_and_their_counts_outlive_a_purge_and_a_restart():
    mock = SMTPMock()
    rule = mock.on("NOOP", reply="451 no", times=3)
    for _ in range(3):
        with mock:
            assert noop(mock) == ["451 no"]
            mock.purge()
    with mock:
        assert noop(mock) == ["250 Ok"]
    assert (mock.rules, rule.hits) == ((rule,), 3)


def test_rules_hold_for_sessions_that_go_on_already(mock):
    with Client(mock) as client:
        assert client.ask("NOOP") == ["250 Ok"]
        mock.on("NOOP", reply="451 no")
        assert client.ask("NOOP") == ["451 no"]


def test_rules_of_two_servers_are_their_own():
    with SMTPMock() as one, SMTPMock() as two:
        one.on("NOOP", reply="451 no")
        assert (noop(one), noop(two)) == (["451 no"], ["250 Ok"])


# Strict.


def test_strict_server_fails_a_block_that_left_a_rule_unused():
    mock = SMTPMock(strict=True)
    mock.on("NOOP", reply="451 no")
    mock.on("RSET", delay=1)
    mock.on("message", subject="Invoice*", then="close")
    with pytest.raises(ExpectationError) as failure, mock:
        noop(mock)

    assert str(failure.value) == (
        "2 rules never used:\n  RSET delay=1 (asked 0 times)\n  message subject='Invoice*' then='close' (asked 0 times)"
    )


def test_strict_server_is_content_when_all_rules_were_used():
    with SMTPMock(strict=True) as mock:
        mock.on("NOOP", reply="451 no")
        noop(mock)


def test_strict_server_does_not_hide_another_failure():
    mock = SMTPMock(strict=True)
    mock.on("NOOP", reply="451 no")
    with pytest.raises(KeyError), mock:
        raise KeyError


def test_server_is_not_strict_unless_told():
    with SMTPMock() as mock:
        mock.on("NOOP", reply="451 no")
    with pytest.raises(ExpectationError, match=r"^1 rule never used:\n  NOOP reply='451 no' \(asked 0 times\)$"):
        mock.assert_rules_used()


# At work.


def test_rules_come_and_go_from_many_threads_while_the_server_is_at_work(mock, place):
    times = 200 if place == "local" else 10
    done = threading.Event()
    failures = []

    def change(name):
        try:
            for number in range(times):
                first = mock.on("NOOP", reply=f"451 {name} {number}")
                with mock.on("NOOP", reply=f"452 {name} {number}"):
                    first.remove()
        except BaseException as failure:
            failures.append(failure)

    def talk():
        try:
            with Client(mock) as client:
                while not done.is_set():
                    replies.update(reply[:3] for reply in client.ask(*["NOOP"] * 20))
        except BaseException as failure:
            failures.append(failure)

    replies = set()
    talking = [threading.Thread(target=talk) for _ in range(2)]
    changing = [threading.Thread(target=change, args=(name,)) for name in "abcd"]
    for thread in (*talking, *changing):
        thread.start()
    for thread in changing:
        thread.join()
    done.set()
    for thread in talking:
        thread.join()

    assert failures == []
    assert mock.rules == ()
    assert replies <= {"250", "451", "452"}
    assert noop(mock) == ["250 Ok"]


def test_one_rule_can_be_removed_by_many_at_once(mock):
    failures = []

    def remove(rule, ready):
        ready.wait()
        try:
            rule.remove()
        except BaseException as failure:
            failures.append(failure)

    for _ in range(50):
        rule, ready = mock.on("NOOP", delay=1), threading.Barrier(4)
        threads = [threading.Thread(target=remove, args=(rule, ready)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert failures == []
    assert mock.rules == ()


def test_condition_that_raises_ends_its_session_and_is_told_by_the_server():
    def broken(address):
        raise LookupError(address)

    with SMTPMock() as mock:
        rule = mock.on("RCPT TO", recipient=broken, reply="450 no")
        with Client(mock) as client:
            client.send("EHLO client.example", "MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>")
            assert client.read_all() == []
        [error] = mock.errors
        assert (type(error), str(error)) == (LookupError, "b@example.com")
        assert rule.hits == 0
        rule.remove()
        assert noop(mock) == ["250 Ok"]  # the server goes on
        assert mock.wait_for_session().ended_at is not None


def test_replies_before_a_condition_that_raises_are_given():
    def broken(address):
        raise LookupError(address)

    with SMTPMock() as mock:
        mock.on("RCPT TO", recipient=broken, reply="450 no")
        with Client(mock) as client:
            assert client.ask("EHLO client.example", "MAIL FROM:<a@example.com>") == ["250 Received"] * 2
            client.send("RCPT TO:<b@example.com>")
            assert client.read_all() == []
        assert [type(error) for error in mock.errors] == [LookupError]


@pytest.mark.parametrize("words", [{"drip": 200}, {"delay": 0.001}])
def test_log_shows_a_slow_reply_once(words):
    lines = []

    class Handler(logging.Handler):
        def emit(self, record):
            lines.append(record.getMessage())

    logger = logging.Logger("slow", logging.INFO)
    logger.addHandler(Handler())
    with SMTPMock(logger=logger, log_server_activity=True) as mock:
        mock.on("NOOP", **words)
        assert noop(mock) == ["250 Ok"]
        mock.wait_for_session()

    assert lines.count("SMTP response: 250 Ok") == 1
