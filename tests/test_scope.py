"""Scopes: what tests that share a server see of it."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from smtplib import SMTPRecipientsRefused

import pytest

from smtpmock import ExpectationError, MessageTimeoutError, QueryError, RuleError, ServerStateError
from tests.places import served
from tests.raw_client import Client
from tests.sending import send

ONE, TWO = "bob@one.example", "bob@two.example"


@pytest.fixture
def mock(place):
    with served(place, multiple_rcptto=True, multiple_message_receiving=True) as running:
        yield running


@pytest.fixture
def scope(mock):
    return mock.scope(recipient="*@one.example")


def test_a_scope_sees_only_what_matches(mock, scope):
    send(mock, ONE)
    send(mock, TWO)
    assert [message.recipients for message in scope.messages()] == [(ONE,)]
    assert (len(scope), len(mock)) == (1, 2)
    assert scope.page(limit=1)[1] == 1
    assert scope.message().recipients == (ONE,)
    scope.assert_message_count(1)
    scope.assert_recipients([ONE])
    scope.assert_no_message(within=0, recipient=TWO)
    assert [len(session.messages) for session in scope.sessions()] == [1]


def test_pages_of_sessions_are_those_of_the_scope(mock, scope):
    assert scope.session_page() == ([], 0)
    for recipient in (TWO, ONE, TWO, ONE, ONE):
        send(mock, recipient)

    def numbers(mailbox, *args, **query):
        found, total = mailbox.session_page(*args, **query)
        assert found == [session for session in mock.sessions() if session in found]
        return [session.number for session in found], total

    for mailbox, last in ((mock, [3, 4]), (scope, [2, 4])):
        assert [message.number for message in mailbox.page(0, 2, 5)[0]] == last
    assert [message.number for message in mock.page(limit=1, before=9, subject=str.isprintable)[0]] == [5]
    assert numbers(mock, 1, 2) == ([2, 3], 5)
    assert numbers(mock, 0, 2, 5) == ([3, 4], 5)
    assert numbers(mock, limit=2_000, client=mock.host) == ([1, 2, 3, 4, 5], 5)
    assert numbers(mock, 1, 2, client=str.strip) == ([2, 3], 5)
    assert numbers(scope, 0, 2) == ([2, 4], 3)
    assert numbers(scope, 2, 2) == ([4, 5], 3)
    assert numbers(scope, 0, 1, 5) == ([4], 3)
    ours, others = scope.message(since=mock.messages()[-2]), mock.messages()[0]
    assert [session.number for session in scope.sessions(id=[ours.session_id, others.session_id])] == [5]
    assert scope.session_page(id=others.session_id) == ([], 0)


def test_criteria_of_a_call_are_added_to_those_of_the_scope(mock, scope):
    send(mock, ONE)
    send(mock, "eve@one.example")
    send(mock, "eve@two.example")
    assert [message.number for message in scope.messages(recipient="eve@*")] == [2]
    assert scope.messages(recipient=TWO) == []


def test_mail_that_two_scopes_match_is_in_both(mock, scope):
    send(mock, ONE, TWO)
    assert scope.messages() == mock.scope(recipient=TWO).messages() == mock.messages()


def test_a_scope_of_a_scope_has_the_criteria_of_both(mock, scope):
    send(mock, ONE, subject="first")
    send(mock, ONE, subject="second")
    send(mock, TWO, subject="second")
    assert [message.number for message in scope.scope(subject="second").messages()] == [2]


def test_a_wait_in_a_scope_is_not_met_by_mail_outside(mock, scope):
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(scope.wait_for_message, 60)
        send(mock, TWO)
        send(mock, ONE)
        assert waiting.result().recipients == (ONE,)
    with pytest.raises(MessageTimeoutError, match=r"^timeout waiting for 2 messages, got 1 within 0 s\n"):
        scope.wait_for_messages(2, 0)


def test_an_explanation_counts_the_mail_outside(mock, scope):
    send(mock, TWO)
    send(mock, TWO)
    with pytest.raises(ExpectationError) as caught:
        scope.message()
    text = " ".join(str(caught.value).split())
    assert "2 messages arrived outside of the scope recipient='*@one.example'." in text
    assert TWO not in text
    assert caught.value.messages == ()


def test_a_session_without_a_record_belongs_to_a_scope_by_criteria_of_sessions_only(mock, scope):
    with Client(mock) as client:
        client.ask("EHLO one.example", "QUIT")
    assert scope.sessions() == []
    [session] = mock.scope(helo_name="one.example").sessions()
    assert session.helo_name == "one.example"
    assert mock.scope(helo_name="two.example").sessions() == []


def test_a_session_with_a_refused_record_belongs_to_a_scope(mock, scope):
    mock.reject_recipient(ONE)
    with pytest.raises(SMTPRecipientsRefused):
        send(mock, ONE)
    assert len(scope.sessions()) == len(scope.messages(accepted=False)) == 1


def test_a_wait_for_a_session_in_a_scope_is_met_by_its_own_only(mock, scope):
    send(mock, TWO)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(scope.wait_for_session, 60)
        send(mock, ONE)
        assert waiting.result().number == 2
    with pytest.raises(MessageTimeoutError, match=r"^No session ended within 0 s"):
        scope.scope(recipient=TWO).wait_for_session(0)


def test_a_purge_takes_the_mail_of_the_scope_and_its_ended_sessions(mock, scope):
    send(mock, ONE)
    send(mock, TWO)
    assert [message.recipients for message in scope.purge()] == [(ONE,)]
    assert (scope.messages(), scope.sessions()) == ([], [])
    assert [message.recipients for message in mock.messages()] == [(TWO,)]
    by_client = mock.scope(client=mock.host)
    assert by_client.sessions()
    by_client.purge()
    assert by_client.sessions() == []


def test_messages_of_others_are_not_updated(mock, scope):
    send(mock, ONE)
    send(mock, TWO)
    scope.update_messages(read=True)
    assert [message.is_read for message in mock.messages()] == [True, False]


def test_rules_of_a_scope_have_its_conditions(mock, scope):
    rule = scope.reject_recipient("*bob@*")
    assert str(rule) == "RCPT TO recipient='*@one.example' and '*bob@*' reply='550 5.1.1 User unknown'"
    send(mock, TWO)
    with pytest.raises(SMTPRecipientsRefused):
        send(mock, ONE)
    assert rule.hits == 1
    scope.wait_for_rule(rule, timeout=0)


def test_ready_made_rules_of_a_scope_concern_its_mail_only(mock, scope):
    scope.greylist(60)
    send(mock, TWO)
    with pytest.raises(SMTPRecipientsRefused):
        send(mock, ONE)
    mock.clock.advance(60)
    send(mock, ONE)


def test_a_rule_at_a_stage_that_does_not_know_the_scope_is_refused(mock, scope):
    for add in (scope.limit_rate, lambda: scope.limit_connections(1), lambda: scope.on("EHLO", reply="502 No")):
        with pytest.raises(RuleError, match=r"recipient is not known there\. A scope by client or helo_name"):
            add()
    assert mock.scope(client="127.0.0.1").limit_connections(5).words["client"] == "127.0.0.1"


def test_a_scope_removes_its_own_rules_only(mock, scope):
    others = mock.on("NOOP", reply="250 Mine")
    own = scope.fail_next()
    assert scope.rules == (own,)
    with pytest.raises(ExpectationError, match=r"^1 rule never used:\n  message times=1"):
        scope.assert_rules_used()
    scope.clear_rules()
    assert (scope.rules, mock.rules) == ((), (others,))
    scope.assert_rules_used()


def test_what_concerns_the_whole_server_is_refused_in_a_scope(scope):
    for call in (lambda: scope.clock, scope.go_offline, scope.go_online):
        with pytest.raises(ServerStateError, match=r"in the scope .*: it would concern all"):
            call()


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ({}, "Missing criteria of the scope: expected at least one, such as recipient"),
        ({"accepted": None}, "Invalid scope: accepted is given to each call instead"),
        ({"since": None}, "Invalid scope: since is given to each call instead"),
        ({"recipeint": ONE}, "Unknown criterion 'recipeint': did you mean 'recipient'?"),
    ],
)
def test_a_scope_without_valid_criteria_is_refused(mock, words, text):
    with pytest.raises(QueryError, match=f"^{re.escape(text)}"):
        mock.scope(**words)


def test_evidence_of_a_scope_shows_its_mail_only(mock, scope):
    send(mock, ONE, subject="inside")
    send(mock, TWO, subject="outside")
    assert "inside" in scope.evidence()
    assert "outside" not in scope.evidence()
