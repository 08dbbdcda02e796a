"""Each fault does what it says: to a client of plain bytes, and to smtplib."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from smtplib import SMTP, SMTPException

import pytest

from smtpmock import FAULTS, SettingError, SMTPMock, find_faults, parse_rule
from tests.matrix.clients import mail, send_once, talk

ACCEPTED = ["220", "250", "250", "250", "250", "354", "250", "221", "closed"]
HEARD = {
    "greeting-421": ["421", "closed"],
    "greeting-554": ["554", "closed"],
    "closed-before-greeting": ["closed"],
    "closed-after-greeting": ["220", "closed"],
    "silent-greeting": ["silent"],
    "421-at-ehlo": ["220", "421", "closed"],
    "421-at-mail": ["220", "250", "421", "closed"],
    "421-at-rcpt": ["220", "250", "250", "421", "closed"],
    "recipient-deferred": ["220", "250", "250", "450", "450", "503"],
    "greylisted": ["220", "250", "250", "450", "450", "503"],
    "mailbox-full": ["220", "250", "250", "552", "552", "503"],
    "one-recipient-refused": ["220", "250", "250", "250", "550", "354", "250", "221", "closed"],
    "one-recipient-deferred": ["220", "250", "250", "250", "450", "354", "250", "221", "closed"],
    "421-at-data": ["220", "250", "250", "250", "250", "421", "closed"],
    "closed-in-data": ["220", "250", "250", "250", "250", "354", "closed"],
    "reset-in-data": ["220", "250", "250", "250", "250", "354", "reset"],
    "deferred-once": ["220", "250", "250", "250", "250", "354", "451", "221", "closed"],
    "421-at-message": ["220", "250", "250", "250", "250", "354", "421", "closed"],
    "deferred-for-ever": ["220", "250", "250", "250", "250", "354", "451", "221", "closed"],
    "refused-for-ever": ["220", "250", "250", "250", "250", "354", "554", "221", "closed"],
    "size-refused": ["220", "250", "250", "250", "250", "354", "552", "221", "closed"],
    "closed-after-dot": ["220", "250", "250", "250", "250", "354", "closed"],
    "reset-after-dot": ["220", "250", "250", "250", "250", "354", "reset"],
    "silent-after-dot": ["220", "250", "250", "250", "250", "354", "silent"],
    "half-reply": ["220", "250", "250", "250", "250", "354", "half 250 Re"],
    "garbage-reply": ["220", "250", "250", "250", "250", "354", "\x16\x03\x01", "221", "closed"],
    "slow-replies": ACCEPTED,
    "closed-at-quit": ["220", "250", "250", "250", "250", "354", "250", "closed"],
    "silent-quit": ["220", "250", "250", "250", "250", "354", "250", "silent"],
    "garbage-at-ehlo": ["220", "\x16\x03\x01", "503"],
}
"""The replies to a client that sends one mail to two recipients, as far as it comes to the fault."""

OF_A_FURTHER_MAIL = {"connection-limit", "outage", "rate-limited"}
OF_EXTENSIONS = {
    "starttls-refused",
    "certificate-expired",
    "certificate-wrong-host",
    "handshake-cut",
    "login-refused",
    "login-deferred",
}
PERMANENT = {
    name
    for name, fault in FAULTS.items()
    if "times=" not in fault.rule and name not in OF_A_FURTHER_MAIL | {"slow-replies", "greylisted"}
}


def rule_of(name: str) -> str:
    return FAULTS[name].rule.replace("{recipient}", "c@example.com")


@pytest.mark.parametrize("name", HEARD)
def test_fault_is_heard_by_a_client_of_plain_bytes(name):
    with SMTPMock(**FAULTS[name].settings) as mock:
        rule = mock.add_rule(parse_rule(rule_of(name)))

        assert talk(mock) == HEARD[name]
        assert rule.hits


def test_every_fault_is_tried_here():
    assert {*HEARD, *OF_A_FURTHER_MAIL, *OF_EXTENSIONS} == set(FAULTS)
    assert len(FAULTS) >= 20


@pytest.mark.parametrize("name", sorted(set(HEARD) - {"slow-replies", "greylisted"}))
def test_fault_meets_smtplib_once_or_for_ever(name):
    with SMTPMock(**FAULTS[name].settings) as mock:
        rule = mock.add_rule(parse_rule(rule_of(name)))
        for _ in range(2):
            with suppress(SMTPException):
                send_once(mock, mail("b@example.com", "c@example.com"))

    assert (rule.hits > 2 if name == "mailbox-full" else rule.hits == 2) is (name in PERMANENT | {"recipient-deferred"})


@pytest.mark.parametrize("name", ["outage", "rate-limited"])
def test_fault_meets_the_second_mail_of_smtplib(name):
    with SMTPMock() as mock:
        rule = mock.add_rule(parse_rule(FAULTS[name].rule))
        send_once(mock)
        with pytest.raises(SMTPException, match="421"):
            send_once(mock)
        rule.assert_used(times=1)


def test_fault_of_connections_meets_the_second_one():
    with SMTPMock() as mock, SMTP(mock.host, mock.port):
        rule = mock.add_rule(parse_rule(FAULTS["connection-limit"].rule))
        with pytest.raises(SMTPException, match="421"):
            send_once(mock)
        rule.assert_used(times=1)


def start_tls(mock, client):
    code, text = client.starttls(context=mock.client_context())
    if code != 220:
        raise SMTPException(code, text)


def log_in(mock, client):
    client.user, client.password = "ann", "secret"
    client.ehlo()
    client.auth("PLAIN", client.auth_plain)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("starttls-refused", "454"),
        ("certificate-expired", "certificate has expired"),
        ("certificate-wrong-host", "IP address mismatch|Hostname mismatch"),
        ("handshake-cut", "EOF|reset|closed"),
        ("login-refused", "535"),
        ("login-deferred", "454"),
    ],
)
def test_fault_of_an_extension_meets_smtplib(name, why):
    fault = FAULTS[name]
    with SMTPMock(**fault.settings) as mock, SMTP(mock.host, mock.port, timeout=5) as client:
        rule = mock.add_rule(parse_rule(fault.rule))
        with pytest.raises((SMTPException, OSError)) as failure:
            (start_tls if mock.settings.tls else log_in)(mock, client)
        assert re.search(why, str(failure.value))
        rule.assert_used(times=1)


def test_slow_replies_are_slow():
    with SMTPMock() as mock:
        mock.add_rule(parse_rule(FAULTS["slow-replies"].rule))
        send_once(mock)
        [session] = mock.sessions()
    assert {exchange.delay for exchange in session.exchanges} == {0.1}


def test_greylisting_is_over_when_the_clock_was_moved_as_the_fault_says():
    fault = FAULTS["greylisted"]
    with SMTPMock() as mock:
        mock.add_rule(parse_rule(fault.rule))
        assert talk(mock)[3] == "450"
        assert talk(mock)[3] == "450"
        mock.clock.advance(fault.advance)
        assert talk(mock) == ACCEPTED


def test_page_has_a_row_for_each_fault_with_its_rule():
    page = Path(__file__).parents[2] / "docs" / "survival.md"
    text = page.read_text(encoding="utf-8").partition("\n## The faults\n")[2].partition("\n## ")[0]
    rows = [line for line in text.splitlines() if line.startswith("| `")]

    assert [row.split("`")[1] for row in rows] == list(FAULTS)
    for row, fault in zip(rows, FAULTS.values(), strict=True):
        assert f" {fault.meaning} | `{fault.rule}`" in row
        assert row.endswith(f" {fault.expected} |")


def test_unknown_fault_is_refused():
    with pytest.raises(SettingError, match="Unknown fault 'closed-after-dt': did you mean 'closed-after-dot'"):
        find_faults(["closed-after-dt"])
    with pytest.raises(SettingError, match="Missing faults"):
        find_faults([])
