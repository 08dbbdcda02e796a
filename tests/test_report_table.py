"""The parts of an explanation one by one: the table of messages, refusals, and what a client did wrong."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from smtpmock import ExpectationError, SMTPMock, transcripts
from smtpmock.reports.layout import WIDTH
from tests.explained import failure, masked
from tests.raw_client import ENVELOPE, HELLO, SECONDS, Client


@pytest.fixture
def mock():
    with SMTPMock(multiple_rcptto=True, multiple_message_receiving=True) as running:
        yield running


def deliver(mock: SMTPMock, sender: bytes, recipients: list[bytes], header: bytes) -> None:
    with Client(mock) as client:
        client.ask(HELLO)
        paths = b"".join(b"RCPT TO:<%b>\r\n" % recipient for recipient in recipients)
        client.send_bytes(b"MAIL FROM:<%b>\r\n" % sender + paths + b"DATA\r\n" + header + b"\r\n\r\n.\r\n")
        assert [reply[:3] for reply in client.read_replies(3 + len(recipients))][-2:] == ["354", "250"]
        client.ask("QUIT")


def table(error: ExpectationError) -> list[str]:
    """The lines of the table, from its header to the next empty line."""
    lines = masked(str(error)).splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("time "))
    return [*lines[start:], ""][: [*lines[start:], ""].index("")]


def test_cells_of_a_row_that_does_not_fit_go_on_in_the_next_line(mock):
    deliver(mock, b"s" * 30 + b"@example.com", [b"r" * 10 + b"@b.example"], b"Subject: " + b"x" * 40)
    deliver(mock, b"a@b.example", [b"c@b.example"], b"Subject: hi")

    lines = table(failure(mock.message))

    assert lines == [
        "time          sender            recipients            subject         state",
        "12:00:00.000  a@b.example       c@b.example           hi              accepted",
        "12:00:00.000  ssssssssssssssss  rrrrrrrrrr@b.example  xxxxxxxxxxxxxx  accepted",
        "              ssssssssssssss@e                        xxxxxxxxxxxxxx",
        "              xample.com                              xxxxxxxxxxxx",
    ]


def test_a_row_that_fits_exactly_is_not_cut(mock):
    deliver(mock, b"s" * 8 + b"@b.example", [b"r" * 4 + b"@b.example"], b"Subject: " + b"x" * 18)

    header, row = table(failure(mock.message, subject="other"))[:2]

    assert row == f"12:00:00.000  ssssssss@b.example  rrrr@b.example  {'x' * 18}  accepted"
    assert (len(row), header.split()) == (WIDTH, ["time", "sender", "recipients", "subject", "state"])


def test_what_is_empty_and_what_a_terminal_could_obey_is_written_out(mock):
    deliver(mock, b"", [b"\xff@b.example", b"c@b.example"], b"X: 1")
    deliver(mock, b"\xfe@b.example", [b"c@b.example"], b"Subject: \x1b[31m")

    assert table(failure(mock.message))[1:] == [
        r"12:00:00.000  \xfe@b.example  c@b.example                  \x1b[31m  accepted",
        r"12:00:00.000  <>              \xff@b.example, c@b.example  -         accepted",
    ]


def test_three_criteria_are_named_and_the_others_counted(mock):
    deliver(mock, b"a@b.example", [b"c@b.example"], b"Subject: hi")

    three = {"sender": "x", "recipient": "y", "subject": "z"}
    assert table(failure(mock.message, **three))[2:] == [
        "              x sender is 'a@b.example'",
        "              x recipient is 'c@b.example'",
        "              x subject is 'hi'",
    ]
    assert table(failure(mock.message, **three, text="other", html="other"))[5:] == ["              x and 2 more"]


def test_four_refusals_are_shown_and_the_others_counted(mock):
    with Client(mock) as client:
        client.ask(*["FOO"] * 4)
        assert "earlier refusal" not in str(failure(mock.message))
        client.ask("BAR")
        text = str(failure(mock.message))

    assert "\n5 commands refused:\n" in text
    assert text.count("  FOO\n") == 3
    assert "\n… and 1 earlier refusal\n" in text


def test_the_last_session_is_shown_in_eight_lines(mock):
    with Client(mock) as client:
        client.ask(HELLO, "NOOP", "NOOP")
        lines = masked(str(failure(mock.message))).splitlines()
        shown = lines[lines.index("1 client connected to 127.0.0.1:2525. The most recent session:") + 1 :]
        assert shown == [
            *["+0.000 S: 220 Welcome"],
            *["+0.000 C: EHLO client.example", "       S: 250 Received"],
            *["+0.000 C: NOOP", "       S: 250 Ok"] * 2,
            "The session is still open.",
        ]
        client.ask("RSET")
        assert "\n… 1 earlier line\n+0.000 C: EHLO" in masked(str(failure(mock.message)))


def test_a_reply_is_shown_without_what_a_terminal_could_obey_and_its_delay_in_milliseconds():
    with SMTPMock(msg_noop_received="250 a\u202eb", response_delay_noop=0.0012) as mock, Client(mock) as client:
        client.send("NOOP")
        client.read_reply()
        shown = mock.sessions()[0].transcript()

    assert shown.endswith(r"S: 250 a\u202eb (after 0.001 s)")


def test_a_handshake_that_failed_is_told_in_the_transcript():
    with SMTPMock(tls="implicit") as mock, Client(mock, greeting=None) as client:
        client.send("EHLO")
        session = mock.wait_for_session(SECONDS)

    assert session.tls_error
    assert f"! The TLS handshake failed: {session.tls_error}" in session.transcript().splitlines()


@pytest.mark.parametrize(
    ("then", "done"),
    [
        ("close", "(closes the connection)"),
        ("half", "(closes the connection in the middle of the reply)"),
        ("reset", "(resets the connection)"),
        ("silence", "(stops responding)"),
    ],
)
def test_what_the_server_did_to_the_connection_is_told(mock, then, done):
    mock.on("NOOP", then=then)
    with Client(mock) as client:
        client.send("NOOP")
        if then != "silence":
            with pytest.raises(ConnectionResetError) if then == "reset" else nullcontext():
                client.read_bytes()
    lines = mock.wait_for_session(SECONDS).transcript().splitlines()

    assert sum(done in line for line in lines) == 1
    assert f"<- the rule NOOP then='{then}'" in "\n".join(lines)


def test_violations_are_grouped_by_what_they_were_found_in(mock):
    with Client(mock) as client:
        client.ask("EHLO client", *ENVELOPE[1:], "DATA")
        client.send("From: a@example.com", "Subject: \u202e", "", ".")
        assert client.read_reply() == "250 Received"
        client.ask("QUIT")
    [message], [session] = mock.messages(), mock.sessions()

    assert masked(
        str(failure(mock.assert_no_violations, ignore=["missing-date", "utf8-header"], level="should"))
    ).splitlines() == [
        "2 violations of standards by the client:",
        "",
        repr(session),
        '  helo-not-qualified (RFC 5321 2.3.5) in "EHLO client"',
        "    The name is not fully qualified: a host without one gives its address",
        "    literal.",
        "",
        repr(message),
        "  missing-message-id (RFC 5322 3.6.4)",
        "    There is no Message-ID header, which every message should have.",
    ]
    assert r"\u202e" in repr(message)


def test_transcripts_are_separated_by_an_empty_line(mock):
    for _ in range(2):
        with Client(mock) as client:
            client.ask("QUIT")
    first, second = mock.sessions()

    assert transcripts([first, second]) == f"{first.transcript()}\n\n{second.transcript()}"


def test_a_refusal_of_several_lines_is_shown_in_one(mock):
    mock.on("NOOP", reply=["550-one", "550 two"])
    with Client(mock) as client:
        assert client.ask("NOOP") == ["550-one\n550 two"]
        lines = str(failure(mock.message)).splitlines()

    assert lines[lines.index("1 command refused:") + 2].split(" <- ")[0] == f"{'':14}550-one 550 two"


def test_what_a_rule_answers_to_the_first_bytes_of_a_message_is_told_as_such(mock):
    mock.on("body", then="close")
    with Client(mock) as client:
        client.begin_message()
        client.read_all()

    assert "C: (the first bytes of the message)" in mock.wait_for_session(SECONDS).transcript()


def test_words_of_a_subject_are_broken_before_addresses(mock):
    deliver(mock, b"shop@example.com", [b"somebody@example.com"], b"Subject: " + b"y" * 60)

    rows = table(failure(mock.message, subject="other"))[1:]

    assert rows[0].split()[1:3] == ["shop@example.com", "somebody@example.com"]
    assert "y" * 60 in "".join("".join(row.split()) for row in rows).replace("accepted", "")


def test_a_reply_and_its_rule_are_shown_whole(mock):
    reply = "550 5.1.1 The mailbox of the recipient is not available here, please see https://help.example.com/5.1.1"
    mock.on("RCPT TO", recipient="gone@example.com", reply=reply)
    with Client(mock) as client:
        client.ask("HELO app.example", "MAIL FROM:<shop@example.com>", "RCPT TO:<gone@example.com>")
        lines = str(failure(mock.message)).splitlines()

    start = lines.index("1 command refused:")
    assert [line.strip() for line in lines[start + 2 : lines.index("", start)]] == [
        "550 5.1.1 The mailbox of the recipient is not available here,",
        "please see https://help.example.com/5.1.1",
        "<- the rule RCPT TO recipient='gone@example.com' reply='550",
        "5.1.1 The mailbox of the recipient is not available here,",
        "please see https://help.example.com/5.1.1'",
    ]
    assert max(map(len, lines)) <= WIDTH
