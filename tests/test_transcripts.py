"""The conversation of a session as text: word for word, with times and ports replaced."""

from __future__ import annotations

from smtplib import SMTP, SMTPRecipientsRefused

import pytest

from smtpmock import SMTPMock, transcripts
from tests.explained import assert_explains, masked, send
from tests.raw_client import Client


@pytest.fixture
def mock():
    with SMTPMock() as running:
        yield running


def test_a_transcript():
    with (
        SMTPMock(not_registered_emails=["nobody@example.com"], msg_invalid_cmd="What?") as mock,
        SMTP(mock.host, mock.port, local_hostname="app.example") as client,
    ):
        with pytest.raises(SMTPRecipientsRefused):
            client.sendmail("shop@example.com", ["nobody@example.com"], "hello")
        client.docmd("\x1b[31m")
        client.docmd("")
    [session] = mock.sessions()
    assert_explains(
        session.transcript(),
        """
        Session 1 from 127.0.0.1:2525, 12:00:00.000, ended after 0.000 s
        +0.000 S: 220 Welcome
        +0.000 C: ehlo app.example
               S: 250 Received
        +0.000 C: mail FROM:<shop@example.com>
               S: 250 Received
        +0.000 C: rcpt TO:<nobody@example.com>
               S: 550 User not found <- msg_rcptto_not_registered_email
        +0.000 C: rset
               S: 250 Ok
        +0.000 C: \\x1b[31m
               S: 502 What? <- msg_invalid_cmd
        +0.000 C: (empty line)
               S: 502 What? <- msg_invalid_cmd
        +0.000 C: QUIT
               S: 221 Closing connection
        """,
    )


def test_a_transcript_tells_delays_and_what_the_server_said_unasked():
    with SMTPMock(response_delay_noop=0.001, session_timeout=0.05) as mock, Client(mock) as client:
        client.send("NOOP")
        session = mock.wait_for_session(60)
    assert_explains(
        session.transcript(),
        """
        Session 1 from 127.0.0.1:2525, 12:00:00.000, ended after 0.000 s
        +0.000 S: 220 Welcome
        +0.000 C: NOOP
               S: 250 Ok (after 0.001 s)
        +0.000 S: 421 Session timeout
        """,
    )


def test_a_session_shows_itself_as_text_and_as_html(mock):
    send(mock)
    [session] = mock.sessions()

    assert session.transcript() == transcripts([session])
    assert "rcpt" in session.html().lower()
    assert "<script" not in session.html()


def test_of_too_many_transcripts_the_end_is_shown(mock):
    for _ in range(14):
        send(mock)
    lines = transcripts(mock.sessions()).splitlines()
    assert len(lines) == 201
    assert lines[0] == "… 23 earlier lines"
    assert masked(lines[-2]) == "+0.000 C: QUIT"
