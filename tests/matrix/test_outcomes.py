"""The matrix judges rightly: clients that lose, duplicate, try again, hang, and never connect."""

from __future__ import annotations

import asyncio
import socket
import threading
from itertools import count
from smtplib import SMTP, SMTPException
from time import monotonic

import pytest

from smtpmock import FAULTS, BrokenMatrixError, ExpectationError, SettingError, survival_matrix
from tests.long import LONG
from tests.matrix.clients import mail, send_all, send_and_forget, send_once, send_stubbornly, send_twice


def outcome(scenario, fault, **words):
    return survival_matrix(scenario, faults=[fault], **words).row(fault)


def test_client_that_gives_up_loses_and_reports():
    row = outcome(send_once, "deferred-once")

    assert (row.outcome, row.attempts, row.lost, row.delivered, row.duplicated) == ("lost", 1, 1, 0, 0)
    assert (row.reported, row.error, row.timed_out) == (True, "SMTPDataError", False)


def test_client_that_swallows_errors_loses_without_a_report():
    row = outcome(send_and_forget, "deferred-once")

    assert (row.outcome, row.reported, row.error, row.is_unreported_loss) == ("lost", False, "", True)


@pytest.mark.parametrize("fault", ["deferred-once", "greeting-421", "421-at-rcpt", "reset-in-data", "silent-greeting"])
def test_client_that_tries_again_delivers_once(fault):
    row = outcome(send_stubbornly, fault)

    assert (row.outcome, row.attempts, row.delivered, row.reported) == ("delivered", 2, 1, False)


@pytest.mark.parametrize("fault", ["closed-after-dot", "reset-after-dot", "silent-after-dot", "garbage-reply"])
def test_client_that_tries_again_without_need_duplicates(fault):
    row = outcome(send_stubbornly, fault)

    assert (row.outcome, row.attempts, row.delivered, row.duplicated, row.lost) == ("duplicated", 2, 2, 1, 0)


def test_client_that_gives_up_delivers_what_was_accepted_all_the_same():
    row = outcome(send_once, "closed-after-dot")

    assert (row.outcome, row.attempts, row.reported) == ("delivered", 1, True)


def test_client_that_sends_too_much_after_a_failure_duplicates():
    row = outcome(send_twice, "deferred-once")

    assert (row.outcome, row.attempts, row.delivered) == ("duplicated", 3, 2)


def test_client_that_never_connects_reaches_nothing():
    matrix = survival_matrix(lambda mock: None)

    assert {row.outcome for row in matrix.rows} == {"not-reached"}
    assert {row.attempts for row in matrix.rows} == {0}
    assert {row.note for row in matrix.rows} == {"without a fault, no mail arrives"}
    assert matrix.failure == "without a fault, no mail arrives"


def test_client_that_fails_without_a_fault_cannot_be_judged():
    def fail(mock):
        send_once(mock)
        raise ValueError("no\x1b[31m template")

    row = outcome(fail, "deferred-once")

    assert (row.outcome, row.note) == ("not-reached", "without a fault, ValueError: no\\x1b[31m template")


def test_fault_that_the_client_does_not_come_to_is_not_reached():
    row = outcome(send_once, "login-refused")

    assert (row.outcome, row.delivered, row.settings) == ("not-reached", 1, {"auth": "any"})


def test_client_that_fails_with_what_the_fault_needs_is_not_judged_by_the_fault():
    def send(mock):
        if mock.settings.tls:
            raise ValueError("no TLS, please")
        send_once(mock)

    row = outcome(send, "certificate-expired")

    assert row.outcome == "not-reached"
    assert row.note == "without the fault, the scenario fails with tls=starttls: ValueError: no TLS, please"


def test_settings_hold_for_every_server():
    def send(mock):
        with SMTP(mock.host, mock.port) as client:
            client.login("shop", "secret")
            client.send_message(mail())

    matrix = survival_matrix(send, faults=["login-refused", "login-deferred", "slow-replies"], auth={"shop": "secret"})

    assert [(row.outcome, row.error) for row in matrix.rows] == [
        ("lost", "SMTPAuthenticationError"),
        ("delivered", ""),  # smtplib tries the next mechanism
        ("delivered", ""),
    ]


# Recipients.


def send_to_three(mock):
    send_once(mock, mail("b@example.com", "c@example.com", "d@example.com"))


def test_one_recipient_of_three_is_lost_and_the_others_are_not():
    row = outcome(send_to_three, "one-recipient-refused")

    assert (row.outcome, row.expected, row.delivered, row.lost) == ("lost", 3, 2, 1)
    assert row.rule == "RCPT TO recipient=c@example.com reply='550 5.1.1 User unknown'"
    assert not row.reported  # smtplib returns the refused recipients


def test_client_that_sends_to_all_again_duplicates_for_the_others():
    def send(mock):
        with SMTP(mock.host, mock.port) as client:
            message = mail("b@example.com", "c@example.com", "d@example.com")
            if client.send_message(message):
                client.send_message(message)

    row = outcome(send, "one-recipient-deferred")

    assert (row.outcome, row.delivered, row.duplicated, row.lost) == ("duplicated", 5, 2, 0)


def test_fault_of_one_recipient_needs_several():
    row = outcome(send_once, "one-recipient-refused")

    assert (row.outcome, row.note) == ("not-reached", "no mail has several recipients")


# Which mail is which.


def test_one_of_two_mails_sent_twice_does_not_stand_for_the_other():
    def send(mock):
        first, second = mail(subject="First"), mail(subject="Second")
        try:
            send_once(mock, first)
        except SMTPException:
            second = mail(subject="Second")
            send_once(mock, second)
        send_once(mock, second)

    row = outcome(send, "deferred-once")

    assert (row.outcome, row.lost, row.duplicated, row.delivered) == ("lost", 1, 1, 2)


def test_mail_that_differs_in_each_run_is_known_by_its_recipient():
    numbers = count()

    def send(mock):
        message = mail(subject=f"Order {next(numbers)}", text=f"Your number is {next(numbers)}")
        for _ in range(2):
            try:
                send_once(mock, message)
                return
            except SMTPException:
                continue

    assert outcome(send, "deferred-once").outcome == "delivered"
    assert outcome(send, "closed-after-dot").outcome == "duplicated"
    assert outcome(send, "deferred-for-ever").outcome == "lost"


def test_mail_to_somebody_else_in_each_run_is_counted():
    numbers = count()
    matrix = survival_matrix(
        lambda mock: send_once(mock, mail(f"customer-{next(numbers)}@example.com")),
        faults=["slow-replies", "deferred-once"],
    )

    assert [row.outcome for row in matrix.rows] == ["lost", "delivered"]


def test_notification_about_a_lost_mail_does_not_stand_for_it():
    def send(mock):
        try:
            send_once(mock, mail("b@example.com"))
        except SMTPException:
            with SMTP(mock.host, mock.port) as client:
                client.sendmail("", "b@example.com", "Subject: Undelivered\r\n\r\nWelcome")
                client.sendmail("shop@example.com", "warden@example.com", "Subject: Undelivered\r\n\r\nWelcome")

    row = outcome(send, "421-at-mail")

    assert (row.outcome, row.lost, row.duplicated) == ("lost", 1, 0)


# Time.


def test_client_that_waits_for_ever_is_ended():
    def send(mock):
        with socket.create_connection((mock.host, mock.port)) as connection:
            connection.recv(100)  # without a timeout
        send_once(mock)

    before = monotonic()
    row = outcome(send, "silent-greeting", time_limit=0.5)

    assert row.timed_out
    assert row.lost == 1
    assert monotonic() - before < 60


def test_client_that_does_not_return_without_a_fault_cannot_be_judged():
    def send(mock):
        with socket.create_connection((mock.host, mock.port)) as connection:
            while connection.recv(100):
                pass

    assert outcome(send, "slow-replies", time_limit=0.2).note == "without a fault, the scenario does not return in time"


def test_mail_that_is_sent_later_is_waited_for():
    threads = []

    def send(mock):
        threads.append(threading.Thread(target=send_later, args=(mock,)))
        threads[-1].start()

    def send_later(mock):
        for _ in range(20):
            try:
                send_once(mock)
                return
            except (SMTPException, OSError):
                continue

    try:
        matrix = survival_matrix(send, faults=["greylisted", "deferred-once"], wait=1.5)
    finally:
        for thread in threads:
            thread.join()

    assert [(row.outcome, row.reported) for row in matrix.rows] == [("delivered", False)] * 2


# What a scenario may be.


def test_coroutine_function_is_a_scenario():
    async def send(mock):
        await asyncio.to_thread(send_once, mock)

    assert outcome(send, "slow-replies").outcome == "delivered"


@pytest.mark.parametrize(("code", "told"), [(0, False), (None, False), (3, True)])
def test_exit_is_reported_by_its_code(code, told):
    def send(mock):
        try:
            send_once(mock)
        except SMTPException:
            raise SystemExit(code) from None

    row = outcome(send, "deferred-once")

    assert (row.outcome, row.reported) == ("lost", told)


def test_interrupt_ends_the_matrix():
    def send(mock):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        outcome(send, "deferred-once")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({"scenario": 7}, "Invalid scenario 7: expected a function of the server, or a command as a list of words"),
        ({"scenario": []}, r"Invalid scenario \[\]: expected a function"),
        ({"scenario": "python send.py"}, "Invalid scenario 'python send.py': expected a function"),
        ({"time_limit": 0}, "Invalid time_limit 0: expected a number of seconds greater than 0"),
        ({"time_limit": "soon"}, "Invalid time_limit 'soon': expected a number of seconds"),
        ({"wait": -1}, "Invalid wait -1: expected a number of seconds"),
        ({"faults": ["x-y"]}, "Unknown fault 'x-y'"),
        ({"expect": "lost"}, "Invalid expectation 'lost': expected a text such as 'lost=0'"),
        ({"prot": 1}, "Unknown setting 'prot': did you mean 'port'"),
    ],
)
def test_wrong_use_is_refused_before_anything_runs(words, why):
    ran = []

    with pytest.raises(SettingError, match=why):
        survival_matrix(**{"scenario": ran.append, **words})
    assert ran == []


# The same every time.


@pytest.mark.timeout(600)
def test_ten_matrices_of_one_client_are_equal():
    """All faults with SMTPMOCK_LONG=1; otherwise those that nobody waits for, and fewer matrices."""
    faults = [name for name in FAULTS if LONG or name not in WAITED_FOR]

    matrices = [survival_matrix(send_all, faults=faults) for _ in range(10 if LONG else 3)]

    assert all(matrix == matrices[0] for matrix in matrices)
    assert len({str([row.to_json() | {"seconds": 0} for row in matrix.rows]) for matrix in matrices}) == 1
    assert {row.fault for row in matrices[0].rows if row.outcome == "not-reached"} == {"connection-limit"}


WAITED_FOR = {"silent-greeting", "silent-after-dot", "silent-quit", "slow-replies"}


# Expectations.


def test_broken_expectation_is_explained():
    with pytest.raises(ExpectationError) as failure:
        survival_matrix(
            send_stubbornly,
            faults=["deferred-once", "closed-after-dot", "half-reply"],
            expect=["lost=0", "duplicated=0 except half-reply"],
        )

    assert str(failure.value) == (
        "Expected duplicated=0 except half-reply, but mail arrived twice under 1 of 3 faults:\n"
        "  closed-after-dot: duplicated, 2 attempts, not reported to the caller\n"
        "    repeat it alone with the rule: message times=1 then=close"
    )
    assert isinstance(failure.value, BrokenMatrixError)
    assert failure.value.matrix.row("deferred-once").outcome == "delivered"


def test_explanation_has_the_settings_that_repeat_it_needs():
    def send(mock):
        with SMTP(mock.host, mock.port) as client:
            client.login("shop", "secret")
            client.send_message(mail())

    with pytest.raises(
        BrokenMatrixError, match=r"reported \(SMTPAuthenticationError\)\n.*\(settings: auth=any\)"
    ) as told:
        survival_matrix(send, faults=["login-refused"], expect="lost=0", auth="any")
    repeated = "AUTH reply='535 5.7.8 Authentication credentials invalid' (settings: auth=any)"
    assert str(told.value.matrix).endswith(repeated)
    assert f"rule: {repeated}</system-out>" in told.value.matrix.junit()


@pytest.mark.parametrize(
    ("scenario", "fault", "expect"),
    [
        (send_and_forget, "deferred-once", "unreported=0"),
        (send_once, "login-refused", "not-reached=0"),
        (send_once, "deferred-once", "lost=0"),
        (send_twice, "deferred-once", "duplicated=0"),
    ],
)
def test_expectation_is_broken(scenario, fault, expect):
    with pytest.raises(ExpectationError, match=f"Expected {expect}, but "):
        survival_matrix(scenario, faults=[fault, "slow-replies"], expect=expect)


@pytest.mark.parametrize(
    ("scenario", "fault", "expect"),
    [
        (send_once, "deferred-once", "unreported=0"),
        (send_once, "deferred-once", "lost=1"),
        (send_once, "deferred-once", "lost=0 except deferred-once"),
        (send_stubbornly, "closed-after-dot", "duplicated=0 except half-reply, closed-after-dot and reset-after-dot"),
        (send_stubbornly, "closed-after-dot", "lost=0; hanging=0"),
    ],
)
def test_expectation_is_met(scenario, fault, expect):
    assert survival_matrix(scenario, faults=[fault, "slow-replies"], expect=expect).broken == {}


def test_expectation_that_could_not_be_broken_is():
    with pytest.raises(ExpectationError, match=r"came to none of the faults.*: without a fault, no mail"):
        survival_matrix(lambda mock: None, faults=["deferred-once"], expect="lost=0")
