"""Mail programs of the command line deliver, and what is kept is what they sent, byte for byte."""

from __future__ import annotations

import pytest

from tests.clients.mail import (
    DATA,
    EHLO,
    END_OF_DATA,
    GREETING,
    MAIL,
    MESSAGE,
    QUIT,
    RCPT_B,
    RCPT_C,
    RCPT_REFUSED,
    SECONDS,
    assert_envelope,
    conversation,
    run,
)

DELIVERED = [GREETING, EHLO, MAIL, RCPT_B, RCPT_C, DATA, END_OF_DATA, QUIT]
PARTLY_DELIVERED = [GREETING, EHLO, MAIL, RCPT_B, RCPT_REFUSED, DATA, END_OF_DATA, QUIT]


def swaks(mock, *recipients):
    return run(
        *("swaks", "--server", mock.host, "--port", str(mock.port), "--ehlo", "client.example.com"),
        *("--from", "a@example.com", "--to", ",".join(recipients), "--data", "-"),
        stdin=MESSAGE,
    )


def curl(mock, *recipients, options=()):
    return run(
        *("curl", "-sS", f"smtp://{mock.host}:{mock.port}/client.example.com", "--mail-from", "a@example.com"),
        *(argument for recipient in recipients for argument in ("--mail-rcpt", recipient)),
        *("--upload-file", "-", *options),
        stdin=MESSAGE,
    )


def msmtp(mock, *recipients):
    return run(
        *("msmtp", "--file=/dev/null", f"--host={mock.host}", f"--port={mock.port}", "--domain=client.example.com"),
        *("--from=a@example.com", "--", *recipients),
        stdin=MESSAGE.replace(b"\r\n", b"\n"),
    )


# swaks ends what it sends with a line end of its own.
@pytest.mark.parametrize(("deliver", "sent"), [(swaks, MESSAGE + b"\r\n"), (curl, MESSAGE), (msmtp, MESSAGE)])
def test_mail_is_delivered_to_two_recipients(mock, deliver, sent):
    program = deliver(mock, "b@example.com", "c@example.com")

    assert (program.returncode, program.stderr) == (0, b"")
    [message] = mock.messages()
    assert message.raw == sent
    assert_envelope(message, "b@example.com", "c@example.com")
    assert conversation(mock) == DELIVERED


def test_swaks_delivers_to_whom_is_left_and_shows_the_refusal(mock):
    program = swaks(mock, "b@example.com", "nobody@example.com")

    assert (program.returncode, program.stderr) == (0, b"")
    assert b"<** 550 User not found\n" in program.stdout
    [message] = mock.messages()
    assert_envelope(message, "b@example.com")
    assert conversation(mock) == PARTLY_DELIVERED


def test_curl_delivers_to_whom_is_left_if_it_may(mock):
    program = curl(mock, "b@example.com", "nobody@example.com", options=["--mail-rcpt-allowfails"])

    assert (program.returncode, program.stderr) == (0, b"")
    [message] = mock.messages()
    assert message.raw == MESSAGE
    assert_envelope(message, "b@example.com")
    assert conversation(mock) == PARTLY_DELIVERED


def test_curl_gives_up_at_a_refused_recipient(mock):
    program = curl(mock, "b@example.com", "nobody@example.com")

    assert (program.returncode, program.stderr) == (55, b"curl: (55) RCPT failed: 550\n")
    message = mock.message(accepted=False)
    assert (message.state, message.recipients, message.raw) == ("RCPT TO refused", ("b@example.com",), b"")
    assert message.refused_recipients == ("nobody@example.com",)
    assert conversation(mock) == [GREETING, EHLO, MAIL, RCPT_B, RCPT_REFUSED, QUIT]


def test_msmtp_gives_up_at_a_refused_recipient_and_hangs_up(mock):
    program = msmtp(mock, "b@example.com", "nobody@example.com")

    assert program.returncode == 65  # EX_DATAERR
    assert b"recipient address nobody@example.com not accepted by the server" in program.stderr
    assert b"server message: 550 User not found" in program.stderr
    [message] = mock.wait_for_messages(1, SECONDS, accepted=False)
    assert (message.state, message.quit_sent, message.raw) == ("RCPT TO refused", False, b"")
    assert (message.recipients, message.refused_recipients) == (("b@example.com",), ("nobody@example.com",))
    assert conversation(mock) == [GREETING, EHLO, MAIL, RCPT_B, RCPT_REFUSED]
