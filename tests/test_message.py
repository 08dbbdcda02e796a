"""The transaction of a message, however far it came."""

from __future__ import annotations

from smtplib import SMTP, SMTPDataError

import pytest

from smtpmock import Message, Session, SMTPMock
from tests.raw_client import ENVELOPE, SECONDS, Client

EHLO, MAIL, RCPT = ENVELOPE
WHOLE = (*ENVELOPE, "DATA")
REFUSED = "RCPT TO:<nobody@example.com>"


def talk(mock: SMTPMock, *commands: str) -> tuple[Message, Session]:
    """Say the commands and leave; return the record that this left and its session."""
    with Client(mock) as client:
        client.ask(*commands)
    session = mock.wait_for_session(SECONDS)
    [message] = mock.messages(accepted=None)
    return message, session


@pytest.mark.parametrize(
    ("commands", "envelope", "state", "stage"),
    [
        pytest.param(("QUIT",), "<> to nobody", "nothing sent", "", id="nothing"),
        pytest.param((EHLO,), "<> to nobody", "ended after EHLO", "EHLO", id="EHLO"),
        pytest.param(("EHLO",), "<> to nobody", "EHLO refused", "EHLO", id="EHLO-refused"),
        pytest.param((EHLO, MAIL), "a@example.com to nobody", "ended after MAIL FROM", "MAIL FROM", id="MAIL"),
        pytest.param((EHLO, "MAIL FROM:<>"), "<> to nobody", "ended after MAIL FROM", "MAIL FROM", id="null-path"),
        pytest.param((EHLO, "MAIL FROM:x"), "x to nobody", "MAIL FROM refused", "MAIL FROM", id="MAIL-refused"),
        pytest.param(ENVELOPE, "a@example.com to b@example.com", "ended after RCPT TO", "RCPT TO", id="RCPT"),
        pytest.param((EHLO, MAIL, REFUSED), "a@example.com to nobody", "RCPT TO refused", "RCPT TO", id="RCPT-refused"),
        pytest.param(
            (*ENVELOPE, RCPT.replace("b@", "c@")),
            "a@example.com to b@example.com, c@example.com",
            *("ended after RCPT TO", "RCPT TO"),
            id="two-recipients",
        ),
        pytest.param((*ENVELOPE, REFUSED), "a@example.com to b@example.com", "RCPT TO refused", "RCPT TO", id="second"),
        pytest.param(
            (*ENVELOPE, "DATA x"), "a@example.com to b@example.com", "DATA refused", "DATA", id="DATA-refused"
        ),
    ],
)
def test_a_transaction_that_ended_early_says_how_far_it_came(commands, envelope, state, stage):
    with SMTPMock(multiple_message_receiving=False, not_registered_emails=["nobody@example.com"]) as mock:
        message, session = talk(mock, *commands)

    last = [exchange.time for exchange in session.exchanges if exchange.stage == stage]
    assert (message.number, message.state, message.is_consistent) == (1, state, False)
    assert repr(message) == f"<Message 1 from {envelope} ({state})>"
    assert message.received_at == (last[-1] if last else session.started_at)
    assert message.violations == ()


@pytest.mark.parametrize(
    ("rule", "reply", "shown"),
    [
        pytest.param({}, "250 Received", "'Hi'", id="accepted"),
        pytest.param({"reply": "550 no"}, "550 no", "(message refused)", id="refused"),
        pytest.param({"then": "close"}, "", "'Hi'", id="closed-without-a-reply"),
        pytest.param({"then": "half"}, "", "'Hi'", id="closed-in-the-reply"),
    ],
)
def test_a_transaction_that_came_to_its_end_says_what_was_answered(rule, reply, shown):
    with SMTPMock() as mock:
        if rule:
            mock.on("message", **rule)
        message, session = talk(mock, *WHOLE, "Subject: Hi\r\n\r\n.")

    assert message.msg_response == reply
    assert repr(message) == f"<Message 1 from a@example.com to b@example.com {shown}>"
    assert message.received_at == message.end_of_data.time
    assert message.end_of_data in session.exchanges


def test_a_message_that_was_answered_with_garbage_was_accepted_without_a_reply():
    with SMTPMock() as mock:
        mock.on("message", then="garbage")
        with SMTP(mock.host, mock.port, timeout=SECONDS) as client, pytest.raises(SMTPDataError):
            client.sendmail("a@example.com", ["b@example.com"], "Subject: Hi")

    assert (mock.message().msg_response, mock.message().msg) == ("", True)


def test_its_repr_is_short_and_in_one_line():
    path = f"{'x' * 60}@example.com"
    with SMTPMock() as mock:
        message, _ = talk(
            mock, EHLO, f"MAIL FROM:<{path}>", f"RCPT TO:<{path}>", "DATA", f"Subject: {'y' * 41}\r\n\r\n."
        )

    assert repr(message) == f"<Message 1 from {'x' * 59}… to {'x' * 59}… '{'y' * 39}…'>"


def test_its_repr_holds_nothing_that_a_terminal_could_obey():
    path = "\u202e@example.com"
    with SMTPMock() as mock:
        message, _ = talk(mock, EHLO, f"MAIL FROM:<{path}>", f"RCPT TO:<{path}>")

    shown = r"\u202e@example.com"
    assert message.sender == path
    assert repr(message) == f"<Message 1 from {shown} to {shown} (ended after RCPT TO)>"


def test_a_message_without_a_byte_is_judged_but_not_one_of_which_nothing_was_kept():
    with SMTPMock() as mock:
        empty, _ = talk(mock, *WHOLE, ".")
    with SMTPMock(msg_size_limit=10) as mock:
        mock.on("message", reply="250 taken")
        lost, _ = talk(mock, *WHOLE, "Subject: too large\r\n\r\n.")

    assert (empty.raw, lost.raw, empty.msg, lost.msg) == (b"", b"", True, True)
    assert [found.code for found in empty.violations] == ["missing-from", "missing-date", "missing-message-id"]
    assert lost.violations == ()


@pytest.mark.parametrize("kind", [Message, Session])
@pytest.mark.parametrize(
    "written", [{}, [], None, {"record": {}}, {"record": 7, "number": 1, "is_read": 0, "tags": []}]
)
def test_what_is_no_stored_form_is_refused(kind, written):
    with pytest.raises(ValueError, match=r"Invalid|Missing"):
        kind.from_json(written)
