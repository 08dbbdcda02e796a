from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.clients.mail import (
    DATA,
    EHLO,
    END_OF_DATA,
    GREETING,
    MAIL,
    RCPT_B,
    RCPT_C,
    RCPT_REFUSED,
    assert_envelope,
    conversation,
    run,
)

HERE = Path(__file__).parent

SENT = (
    b"From: a@example.com\r\n"
    b"To: b@example.com, nobody@example.com\r\n"
    b"Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=\r\n"
    b"Message-ID: <1@example.com>\r\n"
    b"Date: Sat, 01 Jan 2022 10:00:00 +0000\r\n"
    b"MIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="--_NmP-boundary-Part_1"\r\n'
    b"\r\n"
    b"----_NmP-boundary-Part_1\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n"
    b"\r\n"
    b"Gr=C3=BC=C3=9Fe\r\n"
    b".\r\n"
    b"\r\n"
    b"----_NmP-boundary-Part_1\r\n"
    b"Content-Type: application/octet-stream; name=four.bin\r\n"
    b"Content-Transfer-Encoding: base64\r\n"
    b"Content-Disposition: attachment; filename=four.bin\r\n"
    b"\r\n"
    b"AAEC/w==\r\n"
    b"----_NmP-boundary-Part_1--\r\n"
)


pytestmark = pytest.mark.skipif(
    not (HERE / "node_modules" / "nodemailer").is_dir(),
    reason=f"Nodemailer is not installed: npm install --no-package-lock --prefix {HERE}",
)


def test_nodemailer_delivers_to_whom_is_left_and_tells_the_refused(mock):
    program = run("node", str(HERE / "send.js"), str(mock.port))

    assert (program.returncode, program.stderr) == (0, b"")
    assert json.loads(program.stdout) == {
        "accepted": ["b@example.com", "c@example.com"],
        "rejected": ["nobody@example.com"],
        "response": "250 Received",
    }
    [message] = mock.messages()
    assert message.raw == SENT
    assert_envelope(message, "b@example.com", "c@example.com")
    # It hangs up without a QUIT once it has read the reply to its message.
    assert conversation(mock) == [
        *(GREETING, EHLO, MAIL, RCPT_B, RCPT_REFUSED, RCPT_C, DATA, END_OF_DATA),
    ]


def test_all_mails_of_a_pooled_connection_are_kept_and_a_refused_one_stays_as_an_attempt(mock):
    recipients = ("b@example.com", "nobody@example.com", "c@example.com", "d@example.com")

    program = run("node", str(HERE / "pool.js"), str(mock.port), *recipients)

    assert (program.returncode, program.stderr) == (0, b"")
    assert json.loads(program.stdout) == ["250 Received", "550 User not found", "250 Received", "250 Received"]
    assert [message.subject for message in mock.messages()] == [
        "to b@example.com",
        "to c@example.com",
        "to d@example.com",
    ]
    assert mock.message(accepted=False).refused_recipients == ("nobody@example.com",)
