"""Failure reports, word for word, with times and ports replaced."""

from __future__ import annotations

import re
from email.message import EmailMessage
from smtplib import SMTP, SMTPException, SMTPNotSupportedError, SMTPRecipientsRefused
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtpmock import ExpectationError, MessageTimeoutError, QueryError, SMTPMock
from smtpmock.reports.explanation import MOST_LINES
from smtpmock.reports.layout import WIDTH
from tests.explained import assert_explains, failure, masked, send
from tests.raw_client import Client


@pytest.fixture
def mock():
    with SMTPMock(
        multiple_rcptto=True, multiple_message_receiving=True, not_registered_emails=["nobody@example.com"]
    ) as running:
        yield running


def test_nobody_connected(mock):
    error = failure(mock.wait_for_message, 0.01, recipient="bob@example.com")
    assert isinstance(error, TimeoutError)
    assert_explains(
        error,
        """
        No message with recipient='bob@example.com' arrived within 0.01 s.

        No client has connected to 127.0.0.1:2525.
        """,
    )


def test_a_client_that_came_only_so_far(mock):
    with SMTP(mock.host, mock.port) as client:
        client.docmd("HELO", "app.example")
        client.docmd("MAIL", "FROM:<shop@example.com>")
        error = failure(mock.message)
    assert_explains(
        error,
        """
        No message has arrived.

        1 client connected to 127.0.0.1:2525. The most recent session:
        +0.000 S: 220 Welcome
        +0.000 C: HELO app.example
               S: 250 Received
        +0.000 C: MAIL FROM:<shop@example.com>
               S: 250 Received
        The session is still open.
        """,
    )


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        ({}, "STARTTLS or AUTH; if the application requires one of them, use the settings tls and auth."),
        ({"auth": {"shop": "secret"}}, "STARTTLS; if the application requires it, use the setting tls."),
    ],
)
def test_a_client_that_misses_an_extension(words, missing):
    with SMTPMock(**words) as mock:
        with SMTP(mock.host, mock.port) as client, pytest.raises(SMTPNotSupportedError):
            client.starttls()
        text = " ".join(str(failure(mock.message)).split())
    assert text.endswith(
        f"has ended. The client left after EHLO without sending mail. The server did not announce {missing}"
    )


@pytest.mark.parametrize("commands", [["HELO a.example"], ["EHLO a.example", "NOOP"], ["EHLO"], []])
def test_a_client_that_left_for_other_reasons(mock, commands):
    with SMTP(mock.host, mock.port) as client:
        for command in commands:
            client.docmd(command)
    assert str(failure(mock.message)).endswith("The session has ended.")


def test_other_messages_the_nearest_first_with_what_they_lack(mock):
    send(mock, "alice@example.com", "Subject: Invoice 7\r\nX-Id: 42\r\n\r\nhello")
    send(mock, "bob@example.com", "Subject: Welcome\r\n\r\nhello")
    send(mock, "carol@example.com", "Subject: Welcome\r\n\r\nhello")
    error = failure(mock.wait_for_message, 0.01, recipient="bob@example.com", subject="Invoice*", header={"X-Id": "4"})
    assert_explains(
        error,
        """
        No message with recipient='bob@example.com', subject='Invoice*', header
        X-Id='4' arrived within 0.01 s.

        3 messages arrived, closest match first:
        time          sender            recipients         subject    state
        12:00:00.000  shop@example.com  alice@example.com  Invoice 7  accepted
                      x recipient is 'alice@example.com'
        12:00:00.000  shop@example.com  bob@example.com    Welcome    accepted
                      x subject is 'Welcome'
                      x header X-Id is missing
        12:00:00.000  shop@example.com  carol@example.com  Welcome    accepted
                      x recipient is 'carol@example.com'
                      x subject is 'Welcome'
                      x header X-Id is missing
        """,
    )
    assert [message.number for message in error.messages] == [1, 2, 3]


def test_more_than_one(mock):
    send(mock)
    send(mock, "alice@example.com")
    assert_explains(
        failure(mock.wait_for_message, recipient="*@example.com"),
        """
        2 messages with recipient='*@example.com' have arrived, but exactly one was
        expected.

        2 messages arrived:
        time          sender            recipients         subject  state
        12:00:00.000  shop@example.com  alice@example.com  Welcome  accepted
        12:00:00.000  shop@example.com  bob@example.com    Welcome  accepted
        They have the same content.
        """,
    )


def test_one_where_none_should(mock):
    send(mock)
    assert_explains(
        failure(mock.assert_no_message, recipient="bob@example.com"),
        """
        1 message with recipient='bob@example.com' arrived, but none was expected.

        1 message arrived:
        time          sender            recipients       subject  state
        12:00:00.000  shop@example.com  bob@example.com  Welcome  accepted
        """,
    )


def test_refused_commands_with_the_reply_and_the_setting_that_made_it(mock):
    with SMTP(mock.host, mock.port, local_hostname="app.example") as client:
        client.docmd("FOO")
        with pytest.raises(SMTPRecipientsRefused):
            client.sendmail("shop@example.com", ["nobody@example.com"], "hello")
        client.docmd("QUIT")
    error = failure(mock.wait_for_message, 0, recipient="nobody@example.com")
    assert_explains(
        error,
        """
        No message with recipient='nobody@example.com' arrived within 0 s.

        1 attempt, none accepted:
        time          sender            recipients          subject  state
        12:00:00.000  shop@example.com  nobody@example.com  -        RCPT TO refused
                      550 User not found <- msg_rcptto_not_registered_email
                      x state is RCPT TO refused

        2 commands refused:
        12:00:00.000  rcpt TO:<nobody@example.com>
                      550 User not found <- msg_rcptto_not_registered_email
        12:00:00.000  FOO
                      502 Command unrecognized. Available commands: HELO, EHLO, MAIL
                        FROM:, RCPT TO:, DATA, RSET, NOOP, QUIT
                        <- msg_invalid_cmd

        1 client connected to 127.0.0.1:2525. The most recent session:
        … 5 earlier lines
        +0.000 C: mail FROM:<shop@example.com>
               S: 250 Received
        +0.000 C: rcpt TO:<nobody@example.com>
               S: 550 User not found <- msg_rcptto_not_registered_email
        +0.000 C: rset
               S: 250 Ok
        +0.000 C: QUIT
               S: 221 Closing connection
        The session has ended.
        """,
    )


@pytest.mark.parametrize(
    ("setting", "shown"),
    [
        (
            {"blacklisted_mailfrom_emails": ["shop@example.com"]},
            """
            12:00:00.000  shop@example.com  -           -        MAIL FROM refused
                          421 Service not available <- msg_mailfrom_blacklisted_email
            """,
        ),
        (
            {"blacklisted_rcptto_emails": ["bob@example.com"]},
            """
            12:00:00.000  shop@example.com  bob@example.com  -        RCPT TO refused
                          421 Service not available <- msg_rcptto_blacklisted_email
            """,
        ),
        (
            {"msg_size_limit": 5},
            """
            12:00:00.000  shop@example.com  bob@example.com  -        message refused
                          552 Message exceeded max size of 5 bytes
                            <- msg_msg_size_is_too_big
            """,
        ),
    ],
)
def test_an_attempt_is_shown_with_its_sender_its_recipients_and_what_refused_it(setting, shown):
    with SMTPMock(multiple_rcptto=True, multiple_message_receiving=True, **setting) as mock:
        with pytest.raises(SMTPException):
            send(mock)
        mock.wait_for_session(60)
        text = masked(str(failure(mock.assert_no_message, 0, accepted=False)))
    heading, _, *lines = text.split("\n\n")[1].splitlines()
    assert heading == "1 attempt, none accepted:"
    assert lines == dedent(shown).strip("\n").splitlines()


def test_refusals_of_several_sessions_the_newest_first(mock):
    with SMTP(mock.host, mock.port) as first, SMTP(mock.host, mock.port) as second:
        for number in range(3):
            first.docmd(f"FIRST{number}")
            second.docmd(f"SECOND{number}")
        text = str(failure(mock.message))
    assert re.findall(r"^\S+  (FIRST\d|SECOND\d)$", text, re.MULTILINE) == ["SECOND2", "FIRST2", "SECOND1", "FIRST1"]
    assert "6 commands refused:" in text
    assert "… and 2 earlier refusals" in text


def test_nothing_since_a_mark(mock):
    send(mock)
    assert_explains(
        failure(mock.wait_for_message, 0, since=mock.mark()),
        """
        No message arrived within 0 s.

        No message has arrived since message 1; 1 message arrived earlier.

        Up to message 1, 1 message that matches arrived:
        time          sender            recipients       subject  state
        12:00:00.000  shop@example.com  bob@example.com  Welcome  accepted

        1 client connected to 127.0.0.1:2525. The most recent session:
        … 6 earlier lines
               S: 250 Received
        +0.000 C: data
               S: 354 Ready for receive message. End data with <CR><LF>.<CR><LF>
        +0.000 C: (the message)
               S: 250 Received
               ! missing-from, missing-date, missing-message-id
        +0.000 C: QUIT
               S: 221 Closing connection
        The session has ended.
        """,
    )


def test_dropped_messages_are_spoken_of():
    with SMTPMock(max_messages=1) as mock:
        for _ in range(3):
            send(mock)
        text = str(failure(mock.message, subject="other"))
    assert "\n2 older messages dropped because of max_messages or max_bytes." in text


def test_the_first_line_is_that_of_go_smtp_mock_where_a_count_is_waited_for(mock):
    send(mock)
    error = failure(mock.wait_for_messages, 3, 0)
    assert isinstance(error, MessageTimeoutError)
    assert str(error).splitlines()[0] == "timeout waiting for 3 messages, got 1 within 0 s"


def test_no_session_ended(mock):
    with SMTP(mock.host, mock.port):
        error = failure(mock.wait_for_session, 0, client="127.0.0.1")
    assert_explains(
        error,
        """
        No session with client='127.0.0.1' ended within 0 s.

        1 client connected to 127.0.0.1:2525. The most recent session:
        +0.000 S: 220 Welcome
        The session is still open.
        """,
    )


def test_many_messages_are_cut_with_a_count(mock):
    for number in range(50):
        send(mock, f"user{number}@example.com")
    lines = str(failure(mock.message, recipient="bob@example.com")).splitlines()
    assert lines[:3] == [
        "No message with recipient='bob@example.com' has arrived.",
        "",
        "50 messages arrived, closest match first:",
    ]
    shown = [line for line in lines if line.endswith("accepted")]
    assert f"… and {50 - len(shown)} more messages" == lines[-1]
    assert "user49@example.com" in shown[0]


def test_the_nearest_are_looked_for_among_the_newest_two_hundred(mock):
    with Client(mock) as client:
        client.ask("EHLO app.example")
        for number in range(500):
            near = "bob" if number == 299 else f"user{number}"
            client.send("MAIL FROM:<shop@example.com>", f"RCPT TO:<{near}@example.com>", "DATA", "", ".")
            client.read_replies(4)
    compared = []

    text = str(failure(mock.message, recipient="bob@example.com", html=lambda html: compared.append(html)))

    rows = [line.split()[2] for line in text.splitlines() if line.endswith("accepted")]
    assert rows[:2] == ["user499@example.com", "user498@example.com"]  # one that is older would be nearer
    assert len(compared) <= 200 + 2 * len(rows) + 2  # those that are shown are asked what they have


def test_patterns_and_functions_are_named(mock):
    def is_short(text):
        return len(text) < 3

    text = str(failure(mock.message, subject=re.compile("^W"), text=is_short, html=lambda html: True))
    assert text.splitlines()[0] == "No message with subject=/^W/, text=is_short, html=<lambda> has arrived."


# The bound.

odd_text = st.text(st.characters(codec="utf-8"), max_size=200) | st.sampled_from(
    ["\x1b[31mred", "a\r\nb", "\x85\u2028\u2029", "x" * 5000, "\u202eevil", "\x00", "日本語" * 60, "a b " * 100]
)
# What a client may send in a header, folding included.
raw_text = st.binary(max_size=120).map(lambda raw: raw.replace(b"\n", b" ").replace(b"\r", b" "))


@pytest.fixture(scope="module")
def shared():
    with SMTPMock(
        multiple_rcptto=True, multiple_message_receiving=True, msg_rcptto_received="550 " + "no " * 60
    ) as mock:
        yield mock


@given(
    subjects=st.lists(raw_text, max_size=30),
    commands=st.lists(raw_text, max_size=20),
    query=st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("recipient", "sender", "subject", "text", "attachment", "helo_name"), odd_text)
    ),
    header=st.dictionaries(odd_text, odd_text, max_size=3),
)
@settings(max_examples=150)
def test_an_explanation_has_at_most_60_lines_of_78_columns(shared, subjects, commands, query, header):
    shared.purge()
    with SMTP(shared.host, shared.port, local_hostname="app.example") as client:
        for number, subject in enumerate(subjects):
            client.ehlo()
            client.mail("a" * (number + 1) + "@example.com")
            client.rcpt("b" * 60 + "@example.com")
            client.putcmd("DATA")
            assert client.getreply()[0] == 354
            client.sock.sendall(b"Subject: " + subject + b"\r\n\r\n " + subject + b"\r\n.\r\n")
            assert client.getreply()[0] == 250
        for command in commands:
            client.sock.sendall(b"X" + command + b"\r\n")
            assert client.getreply()[0] == 502
        text = str(failure(shared.message, **query, header={**header, "X-None": "x"}))
    lines = text.split("\n")
    assert lines == text.splitlines()
    assert len(lines) <= MOST_LINES == 60
    assert max(map(len, lines)) <= WIDTH == 78
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", text)


def test_an_explanation_of_everything_ends_with_a_count_of_what_was_cut(mock):
    for number in range(30):
        with SMTP(mock.host, mock.port) as client:
            for name in ("HELO", "MAIL FROM:", "BAR", "BAZ"):
                client.docmd(name, f"{number} " + "x" * 100)
    lines = str(failure(mock.message, subject="y" * 1000)).splitlines()
    assert len(lines) == MOST_LINES
    assert lines[7] == "… and 6 more lines"
    assert lines[9] == "30 attempts, none accepted, closest match first:"
    assert lines[29] == "… and 28 more messages"
    assert lines[31] == "120 commands refused:"
    assert lines[51] == "… and 116 earlier refusals"
    assert masked(lines[53]) == "30 clients connected to 127.0.0.1:2525. The most recent session:"
    assert re.fullmatch(r"… and \d+ more lines", lines[59])


def test_a_long_text_is_shown_by_its_beginning(mock):
    send(mock, text="\r\n" + "0123456789" * 50_000)
    text = str(failure(mock.message, text="other"))
    assert " ".join(text.split("x text is ")[1].split()[:3]).replace(" ", "") == f"'{'0123456789' * 11}012345678…'"


# Where else the text is, what arrived before, and whom it was for.


def deliver_parts(mock, text, html):
    mail = EmailMessage()
    mail["Subject"] = "Code"
    if text:
        mail.set_content(text)
        mail.add_alternative(html, subtype="html")
    else:
        mail.set_content(html, subtype="html")
    with SMTP(mock.host, mock.port, local_hostname="app.example") as client:
        client.send_message(mail, "shop@example.com", ["bob@example.com"])


def test_a_text_that_only_the_html_has_is_shown_with_both(mock):
    deliver_parts(mock, "Your code is 1.", "<p>Your code is <b>2</b>.</p>")
    assert "x text is 'Your code is 1.\\n', but there is an HTML part that matches: 'Your code is 2.'" in " ".join(
        str(failure(mock.message, text="code is 2")).split()
    )
    assert "but there is a text part that matches: 'Your code is 1.\\n'" in " ".join(
        str(failure(mock.message, html="code is 1")).split()
    )


def test_a_missing_text_part_is_named(mock):
    deliver_parts(mock, "", "<p>Your code is 2.</p>")
    assert "x text is '': the message has an HTML part only" in str(failure(mock.message, text="code is 2"))
    send(mock, text="Subject: hi\r\n\r\nYour code is 2.")
    assert "x html is '': the message has a text part only" in str(
        failure(mock.message, html="code is 2", subject="hi")
    )


def test_duplicate_since_a_message_is_shown_with_the_first(mock):
    send(mock)
    first = mock.wait_for_message(recipient="bob@example.com")
    send(mock, "carol@example.com")
    send(mock)
    assert_explains(
        failure(mock.assert_no_message, recipient="bob@example.com", since=first),
        """
        1 message with recipient='bob@example.com' arrived, but none was expected.

        1 message arrived since message 1:
        time          sender            recipients       subject  state
        12:00:00.000  shop@example.com  bob@example.com  Welcome  accepted

        Up to message 1, 1 message that matches arrived:
        time          sender            recipients       subject  state
        12:00:00.000  shop@example.com  bob@example.com  Welcome  accepted
        They have the same content.
        """,
    )


def test_recipients_that_are_missing_or_unexpected_are_named(mock):
    everyone = [f"user{number}@example.com" for number in range(50)]
    with SMTP(mock.host, mock.port, local_hostname="app.example") as client:
        client.sendmail("shop@example.com", everyone[:30], "Subject: News\r\n\r\nhello")
        client.sendmail("shop@example.com", [*everyone[30:49], "Eve@Example.com"], "Subject: News\r\n\r\nhello")
    mock.assert_recipients([*everyone[:49], "Eve@example.COM"], subject="News")

    text = str(failure(mock.assert_recipients, everyone, subject="News"))
    assert " ".join(text.split("\n\n")[0].split()) == (
        "Messages with subject='News' arrived for 49 of 50 expected recipients. "
        "Missing: user49@example.com. Unexpected: Eve@Example.com."
    )
    assert "2 messages arrived:" in text
    with pytest.raises(ExpectationError, match=r"^Messages arrived for 0 of 1 expected recipient\. Missing: eve@ex"):
        mock.assert_recipients({"eve@example.com"}, since=mock.mark())  # the local part has a case


def test_recipients_must_be_a_collection_of_addresses(mock):
    for wrong in ("bob@example.com", [1]):
        with pytest.raises(QueryError, match=r"^Invalid recipients .+: expected a collection of addresses$"):
            mock.assert_recipients(wrong)


def test_a_wait_on_a_stopped_server_does_not_claim_to_have_waited():
    with SMTPMock() as mock:
        pass
    assert str(failure(mock.wait_for_message, 60)).startswith("No message arrived before the server was stopped.\n")
