"""Real clients meet every fault, twenty times, always with the same outcome."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from smtpmock import SMTPMock
from tests.raw_client import SECONDS
from tests.rules.clients import MAIL, carefully, try_again, with_aiosmtplib, with_django, with_smtplib

if TYPE_CHECKING:
    from collections.abc import Callable

TIMES = 20

# What happens, what the attempts come to, how many messages arrive. Where the libraries differ: (smtplib, aiosmtplib).
FAULTS: dict[str, tuple[Callable[[SMTPMock], object], object, object]] = {
    "a recipient is refused": (lambda mock: mock.reject_recipient("b@example.com"), ["refused 550"], 0),
    "a recipient is refused for now": (
        lambda mock: mock.on("RCPT TO", times=2, reply="450 4.2.1 Mailbox busy"),
        ["later 450", "later 450", "delivered"],
        1,
    ),
    "a recipient is greylisted": (lambda mock: mock.greylist(retry_after=300), ["later 450", "delivered"], 1),
    "a sender comes too often": (lambda mock: mock.limit_rate(messages=0), ["later 421"] * 3, 0),
    "the sender is refused": (lambda mock: mock.on("MAIL FROM", reply="553 5.1.8 No"), ["refused 553"], 0),
    "DATA is refused for now": (lambda mock: mock.fail_next(1, "DATA"), ["later 451", "delivered"], 1),
    "the message is refused for now": (lambda mock: mock.fail_next(), ["later 451", "delivered"], 1),
    "the message is refused by its subject": (
        lambda mock: mock.on("message", subject="Invoice*", reply="554 5.7.1 Spam"),
        ["refused 554"],
        0,
    ),
    "the message is refused by its size": (
        lambda mock: mock.on("message", size="> 10", reply="552 5.3.4 Too big"),
        ["refused 552"],
        0,
    ),
    "there are too many connections": (lambda mock: mock.limit_connections(0), ["later 421"] * 3, 0),
    "the greeting is 421": (
        lambda mock: mock.on("connect", reply="421 4.3.2 Not now", then="close", times=1),
        ["later 421", "delivered"],
        1,
    ),
    "the greeting is 554": (
        lambda mock: mock.on("connect", reply="554 5.3.2 Never", then="close"),
        ["refused 554"],
        0,
    ),
    "the connection closes before the greeting": (
        lambda mock: mock.on("connect", times=1, then="close"),
        ["broken", "delivered"],
        1,
    ),
    "the connection is reset at the recipient": (
        lambda mock: mock.on("RCPT TO", times=1, then="reset"),
        ["broken", "delivered"],
        1,
    ),
    "the connection is reset in the middle of the message": (
        lambda mock: mock.on("body", times=1, then="reset"),
        ["broken", "delivered"],
        1,
    ),
    "the connection closes in the middle of the message": (
        lambda mock: mock.on("body", times=2, then="close"),
        ["broken", "broken", "delivered"],
        1,
    ),
    "the reply to the message is lost by a close": (
        lambda mock: mock.on("message", times=1, then="close"),
        ["broken", "delivered"],
        2,  # twice: who tries again without thought sends again
    ),
    "the reply to the message is lost by a reset": (
        lambda mock: mock.on("message", times=1, then="reset"),
        ["broken", "delivered"],
        2,
    ),
    "half of the reply to the message comes": (
        lambda mock: mock.on("message", times=1, then="half"),
        (["delivered"], ["broken", "delivered"]),  # the first is content with "250 Re"
        (1, 2),
    ),
    "half of the reply to the recipient comes": (
        lambda mock: mock.on("RCPT TO", times=1, then="half"),
        ["broken", "delivered"],
        1,
    ),
    "garbage comes at the recipient": (
        lambda mock: mock.on("RCPT TO", times=1, then="garbage"),
        ["nonsense", "delivered"],
        1,
    ),
    "garbage comes as the greeting": (
        lambda mock: mock.on("connect", times=1, then="garbage"),
        ["nonsense", "delivered"],
        1,
    ),
    "the server is old": (
        lambda mock: mock.on("EHLO", reply="502 5.5.1 What?"),
        ["delivered"],
        1,
    ),
    "the server is slow": (lambda mock: mock.on("*", delay=0.001, jitter=0.001), ["delivered"], 1),
    "the server writes slowly": (lambda mock: mock.on("EHLO", drip=2000), ["delivered"], 1),
    "the server reads slowly": (lambda mock: mock.on("DATA", throttle=20_000), ["delivered"], 1),
    "the server is flaky": (
        lambda mock: mock.on("RCPT TO", probability=0.5, seed=2, reply="451 4.3.0 Not now"),
        ["later 451", "later 451", "delivered"],
        1,
    ),
}


def of_library(expected, which):
    return expected[which] if isinstance(expected, tuple) else expected


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("attempt", [with_smtplib, with_aiosmtplib], ids=["smtplib", "aiosmtplib"])
def test_outcome_is_always_the_same(attempt, fault):
    script, said, arrived = FAULTS[fault]
    which = int(attempt is with_aiosmtplib)

    outcomes = []
    for _ in range(TIMES):
        with SMTPMock() as mock:
            script(mock)
            outcomes.append((try_again(attempt, mock), len(mock.messages(accepted=True))))
        assert mock.errors == []

    assert outcomes == [(of_library(said, which), of_library(arrived, which))] * TIMES


@pytest.mark.parametrize("attempt", [with_smtplib, with_aiosmtplib], ids=["smtplib", "aiosmtplib"])
def test_transcript_is_always_the_same(attempt):
    transcripts = set()
    for _ in range(TIMES):
        with SMTPMock() as mock:
            mock.on("RCPT TO", times=1, reply="450 4.2.1 Mailbox busy")
            mock.on("message", subject="Invoice*", then="reset")
            assert try_again(attempt, mock) == ["later 450", "broken", "broken"]
            mock.stop()
            text = "\n".join(session.transcript() for session in mock.sessions())
        transcripts.add(re.sub(r"\+\d\.\d{3}|from \S+ \S+ ended after .+", "", text))

    assert len(transcripts) == 1
    [text] = transcripts
    assert "450 4.2.1 Mailbox busy <- the rule RCPT TO times=1 reply='450 4.2.1 Mailbox busy'" in text
    assert text.count("(resets the connection) <- the rule message subject='Invoice*' then='reset'") == 2


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (lambda mock: mock.fail_next(), ["later 451", "delivered"]),
        (lambda mock: mock.reject_recipient("*"), ["refused 550"]),
        (lambda mock: mock.on("body", times=1, then="reset"), ["broken", "delivered"]),
    ],
    ids=["451", "550", "reset"],
)
def test_django_meets_the_same(script, said, monkeypatch):
    pytest.importorskip("django")
    from django.core.mail.utils import DNS_NAME

    monkeypatch.setattr(DNS_NAME, "_fqdn", "app.example", raising=False)
    outcomes = []
    for _ in range(TIMES):
        with SMTPMock() as mock:
            script(mock)
            outcomes.append(try_again(with_django, mock))

    assert outcomes == [said] * TIMES


@pytest.mark.parametrize(
    ("attempt", "said"),
    [(with_smtplib, "broken"), (with_aiosmtplib, "timeout")],
    ids=["smtplib", "aiosmtplib"],
)
def test_silent_server_is_given_up(attempt, said):
    with SMTPMock() as mock:
        rule = mock.on("connect", then="silence")

        for _ in range(TIMES):
            mark = mock.mark()
            assert attempt(mock, timeout=0.02) == said
            mock.wait_for_session(SECONDS, since=mark)  # a slow machine may see it after the client has left
        rule.assert_used(times=TIMES)
        rule.remove()
        assert attempt(mock) == "delivered"


@pytest.mark.parametrize("then", ["close", "reset", "silence"])
def test_careful_client_does_not_send_again_what_may_have_arrived(then):
    for _ in range(TIMES):
        with SMTPMock() as mock:
            mock.on("message", then=then)

            assert carefully(mock, patience=0.02 if then == "silence" else 30) == "unknown"

            message = mock.message()
            assert (message.raw, message.msg_response) == (MAIL, "")


def test_careful_client_sends_again_what_cannot_have_arrived():
    for _ in range(TIMES):
        with SMTPMock() as mock:
            mock.on("DATA", times=1, then="reset")

            assert [carefully(mock), carefully(mock)] == ["broken", "delivered"]
            assert mock.message().raw == MAIL


def test_rule_is_changed_while_a_client_tries_again():
    for _ in range(TIMES):
        with SMTPMock() as mock:
            rule = mock.on("RCPT TO", reply="450 4.2.1 Mailbox busy")
            assert with_smtplib(mock) == "later 450"
            rule.remove()
            mock.on("RCPT TO", reply="550 5.1.1 Gone", times=1)
            assert with_smtplib(mock) == "refused 550"
            assert with_smtplib(mock) == "delivered"
