"""Violations in a conversation: the bytes that are one, and their neighbours that are none."""

from __future__ import annotations

import smtplib
import socket

import pytest

from smtpmock import SMTPMock
from smtpmock.conformance.catalogue import SECTIONS
from smtpmock.conformance.conversation import session_violations
from smtpmock.records.session import Origin, SessionRecord
from tests.raw_client import SECONDS, Client
from tests.violations.talk import (
    CLEAN,
    DATA,
    EHLO,
    MAIL,
    NOOP,
    QUIT,
    RCPT,
    RSET,
    Burst,
    named,
    offer,
    places,
    say,
)

MESSAGE = CLEAN + b".\r\n"
MAIL_UTF8 = b"MAIL FROM:<\xc3\xa4@example.com> SMTPUTF8\r\n"
LONG = b"x" * 505

# The code, what is said, the extensions that are offered, the place.
TRIGGERS = [
    ("bare-lf-command", (b"EHLO client.example.com\n", QUIT), (), 'in "EHLO client.example.com"'),
    ("bare-lf-command", (EHLO, b"NOOP\n", QUIT), (), 'in "NOOP"'),
    ("bare-cr-command", (EHLO, b"NOOP a\rb\r\n", QUIT), (), r'in "NOOP a\rb"'),
    ("bare-cr-command", (EHLO, b"FOO\r\x1b\r\n", QUIT), (), r'in "FOO\r\x1b"'),
    ("bare-cr-command", (EHLO, b"NOOP\r\r\n", QUIT), (), 'in "NOOP"'),
    ("bare-cr-command", (EHLO, b"\rNOOP\r\n", QUIT), (), 'in "NOOP"'),
    ("command-too-long", (EHLO, b"NOOP " + LONG + b"x\r\n", QUIT), (), f'in "NOOP {"x" * 54}…"'),
    ("command-too-long", (EHLO, b"FOO " + LONG * 40 + b"\r\n", QUIT), (), f'in "FOO {"x" * 55}…"'),
    (
        "command-too-long",
        (EHLO, b"AUTH PLAIN " + LONG * 40 + b"\r\n", QUIT),
        ("AUTH PLAIN",),
        'in "AUTH PLAIN (credentials)…"',
    ),
    (
        "command-too-long",
        (EHLO, b"MAIL FROM:<" + LONG + b"@example.com>\r\n", QUIT),
        (),
        f'in "MAIL FROM:<{"x" * 48}…"',
    ),
    ("non-ascii-command", (EHLO, b"NOOP gr\xc3\xbc\xc3\x9fe\r\n", QUIT), (), 'in "NOOP grüße"'),
    ("non-ascii-command", (EHLO, b"NOOP \xff\r\n", QUIT), (), r'in "NOOP \xff"'),
    ("smtputf8-address", (EHLO, b"MAIL FROM:<\xc3\xa4@example.com>\r\n", QUIT), (), 'in "MAIL FROM:<ä@example.com>"'),
    (
        "smtputf8-address",
        (EHLO, MAIL, b"RCPT TO:<b@b\xc3\xbccher.example>\r\n", QUIT),
        ("SMTPUTF8",),
        'in "RCPT TO:<b@bücher.example>"',
    ),
    ("path-space", (EHLO, b"MAIL FROM: <a@example.com>\r\n", QUIT), (), 'in "MAIL FROM: <a@example.com>"'),
    ("path-space", (EHLO, MAIL, b"RCPT TO:\t<b@example.com>\r\n", QUIT), (), r'in "RCPT TO:\t<b@example.com>"'),
    ("path-brackets", (EHLO, b"MAIL FROM:a@example.com\r\n", QUIT), (), 'in "MAIL FROM:a@example.com"'),
    ("path-brackets", (EHLO, MAIL, b"RCPT TO:<b@example.com\r\n", QUIT), (), 'in "RCPT TO:<b@example.com"'),
    ("path-brackets", (EHLO, b'MAIL FROM:"<a>"@example.com\r\n', QUIT), (), 'in "MAIL FROM:"<a>"@example.com"'),
    ("path-display-name", (EHLO, b"MAIL FROM:Ann <a@example.com>\r\n", QUIT), (), 'in "MAIL FROM:Ann <a@example.com>"'),
    ("path-display-name", (EHLO, MAIL, b"RCPT TO:Bob<b@example.com>\r\n", QUIT), (), 'in "RCPT TO:Bob<b@example.com>"'),
    ("helo-invalid", (b"EHLO my_host.example.com\r\n", QUIT), (), 'in "EHLO my_host.example.com"'),
    ("helo-invalid", (b"HELO\r\n", QUIT), (), 'in "HELO"'),
    ("helo-invalid", (b"EHLO -a.example.com\r\n", QUIT), (), 'in "EHLO -a.example.com"'),
    ("helo-invalid", (b"EHLO example.com.\r\n", QUIT), (), 'in "EHLO example.com."'),
    ("helo-invalid", (b"EHLO [127.0.0]\r\n", QUIT), (), 'in "EHLO [127.0.0]"'),
    ("helo-invalid", (b"EHLO bad:25\r\n", QUIT), (), 'in "EHLO bad:25"'),
    ("helo-invalid", (b"EHLO 999.0.0.1\r\n", QUIT), (), 'in "EHLO 999.0.0.1"'),
    ("helo-invalid", (b"EHLO b\xc3\xbccher.example\r\n", QUIT), (), 'in "EHLO bücher.example"'),
    ("helo-bare-address", (b"EHLO 127.0.0.1\r\n", QUIT), (), 'in "EHLO 127.0.0.1"'),
    ("helo-bare-address", (b"HELO 2001:db8::1\r\n", QUIT), (), 'in "HELO 2001:db8::1"'),
    ("helo-bare-address", (b"EHLO IPv6:::1\r\n", QUIT), (), 'in "EHLO IPv6:::1"'),
    ("helo-not-qualified", (b"EHLO localhost\r\n", QUIT), (), 'in "EHLO localhost"'),
    ("helo-not-qualified", (b"HELO 3f2a9c1b\r\n", QUIT), (), 'in "HELO 3f2a9c1b"'),
    ("pipelining-not-offered", (EHLO, Burst(NOOP + NOOP, 2), QUIT), (), 'in "NOOP"'),
    ("pipelining-not-offered", (EHLO, Burst(MAIL + RCPT, 2), QUIT), ("SIZE",), 'in "MAIL FROM:<a@example.com>"'),
    ("pipelining-not-offered", (EHLO, MAIL, RCPT, DATA, Burst(MESSAGE + QUIT, 2)), (), "after the message"),
    (
        "pipelining-not-offered",
        (b"HELO client.example.com\r\n", Burst(MAIL + RCPT, 2), QUIT),
        ("PIPELINING",),
        'in "MAIL FROM:<a@example.com>"',
    ),
    ("pipelining-past-wait", (EHLO, Burst(NOOP + RSET, 2), QUIT), ("PIPELINING",), 'in "NOOP"'),
    ("pipelining-past-wait", (Burst(EHLO + MAIL, 2), QUIT), ("PIPELINING",), 'in "EHLO client.example.com"'),
    ("pipelining-past-wait", (EHLO, MAIL, RCPT, Burst(DATA + MESSAGE, 2), QUIT), ("PIPELINING",), 'in "DATA"'),
    ("data-without-recipients", (EHLO, MAIL, b"RCPT TO:<nobody@example.com>\r\n", DATA, QUIT), (), 'in "DATA"'),
    (
        "data-without-recipients",
        (EHLO, MAIL, RCPT, RSET, MAIL, b"RCPT TO:<nobody@example.com>\r\n", DATA, QUIT),
        ("SIZE",),
        'in "DATA"',
    ),
    ("no-quit", (EHLO, MAIL, RCPT, DATA, MESSAGE), (), ""),
    ("no-quit", (EHLO, b"QUIT now\r\n"), (), ""),
    ("command-after-quit", (EHLO, Burst(QUIT + NOOP, 1)), ("PIPELINING",), 'in "QUIT"'),
    ("command-after-quit", (EHLO, Burst(QUIT + b"\r\n", 1)), (), 'in "QUIT"'),
]

# The code that it comes near to, what is said, the extensions that are offered.
NEAR_MISSES = [
    ("bare-lf-command", (EHLO, b"NOOP \r\n", QUIT), ()),
    ("bare-lf-command", (EHLO, Burst(b"NO", 0), b"OP\r\n", QUIT), ()),
    ("bare-cr-command", (EHLO, Burst(b"NOOP\r", 0), b"\n", QUIT), ()),
    ("bare-cr-command", (EHLO, b"NOOP a\tb\r\n", QUIT), ()),
    ("command-too-long", (EHLO, b"NOOP " + LONG + b"\r\n", QUIT), ()),
    ("command-too-long", (EHLO, b"MAIL FROM:<a@example.com> AUTH=" + LONG + b"\r\n", QUIT), ("AUTH PLAIN",)),
    ("command-too-long", (EHLO, b"AUTH XOAUTH2 " + b"x" * (12_288 - 15) + b"\r\n", QUIT), ("SIZE",)),  # RFC 4954 4
    ("non-ascii-command", (EHLO, b"NOOP ~!\x7f\r\n", QUIT), ()),
    ("non-ascii-command", (EHLO, MAIL_UTF8, b"RCPT TO:<b@b\xc3\xbccher.example>\r\n", QUIT), ("SMTPUTF8",)),
    ("smtputf8-address", (EHLO, MAIL_UTF8, RCPT, QUIT), ("SMTPUTF8", "8BITMIME")),
    (
        "smtputf8-address",
        (EHLO, b"MAIL FROM:<> SMTPUTF8\r\n", b"RCPT TO:<\xc3\xa4@example.com>\r\n", QUIT),
        ("SMTPUTF8",),
    ),
    ("smtputf8-address", (EHLO, b"MAIL FROM:<a@xn--bcher-kva.example>\r\n", QUIT), ()),
    ("path-space", (EHLO, b'MAIL FROM:<"a b"@example.com> SIZE=1\r\n', QUIT), ("SIZE",)),
    ("path-space", (EHLO, b"mail from:<a@example.com> \r\n", b"rcpt to:<b@example.com>\t\r\n", QUIT), ()),
    ("path-brackets", (EHLO, b"MAIL FROM:<>\r\n", b"RCPT TO:<Postmaster>\r\n", QUIT), ()),
    ("path-brackets", (EHLO, b'MAIL FROM:<"a>b"@example.com>\r\n', b'RCPT TO:<"<"@[127.0.0.1]>\r\n', QUIT), ()),
    ("path-brackets", (EHLO, b"MAIL FROM:<> BODY=8BITMIME\r\n", QUIT), ("8BITMIME",)),
    ("path-display-name", (EHLO, b"MAIL FROM:<@relay.example.com:a@example.com>\r\n", QUIT), ()),
    ("path-display-name", (EHLO, b'MAIL FROM:<"Ann <a@b>"@example.com>\r\n', QUIT), ()),
    ("helo-invalid", (b"EHLO 1-2.3.example\r\n", QUIT), ()),
    ("helo-invalid", (b"EHLO xn--bcher-kva.example\r\n", QUIT), ()),
    ("helo-invalid", (b"ehlo CLIENT.example.COM\r\n", QUIT), ()),
    ("helo-bare-address", (b"EHLO [127.0.0.1]\r\n", QUIT), ()),
    ("helo-bare-address", (b"EHLO [IPv6:2001:db8::1]\r\n", QUIT), ()),
    ("helo-bare-address", (b"EHLO 127.0.0.1.example.com\r\n", QUIT), ()),
    ("helo-not-qualified", (b"EHLO a.b\r\n", QUIT), ()),
    ("helo-not-qualified", (b"HELO [IPv6:::1]\r\n", QUIT), ()),
    ("pipelining-not-offered", (EHLO, Burst(MAIL + RCPT + DATA, 3), MESSAGE, QUIT), ("PIPELINING",)),
    ("pipelining-not-offered", (EHLO, MAIL, RCPT, DATA, Burst(MESSAGE + RSET + QUIT, 3)), ("PIPELINING",)),
    ("pipelining-not-offered", (EHLO, MAIL, RCPT, DATA, Burst(CLEAN, 0), b".\r\n", QUIT), ()),
    ("pipelining-past-wait", (EHLO, Burst(RSET + MAIL + RCPT + QUIT, 4)), ("PIPELINING",)),
    ("pipelining-past-wait", (EHLO, NOOP, Burst(RSET + NOOP, 2), QUIT), ("PIPELINING",)),
    ("data-without-recipients", (EHLO, MAIL, b"RCPT TO:<nobody@example.com>\r\n", RCPT, DATA, MESSAGE, QUIT), ()),
    ("data-without-recipients", (EHLO, MAIL, b"RCPT TO:<nobody@example.com>\r\n", RSET, QUIT), ()),
    (
        "data-without-recipients",
        (EHLO, Burst(MAIL + b"RCPT TO:<nobody@example.com>\r\n" + DATA, 3), QUIT),
        ("PIPELINING",),
    ),
    ("no-quit", (EHLO, QUIT), ()),
    ("no-quit", (QUIT,), ()),
    ("no-quit", (), ()),
    ("command-after-quit", (EHLO, Burst(RSET + b"QUIT \r\n", 2)), ("PIPELINING",)),
    ("command-after-quit", (EHLO, b"QUIT now\r\n", QUIT), ()),
]


@pytest.fixture
def mock():
    with SMTPMock(multiple_rcptto=True, not_registered_emails=["nobody@example.com"]) as running:
        yield running
    assert running.errors == []


@pytest.mark.parametrize(("code", "steps", "offers", "where"), named(TRIGGERS))
def test_it_is_found_where_it_is_and_nothing_else(mock, code, steps, offers, where):
    if offers:
        offer(mock, *offers)

    session = say(mock, *steps)

    assert places(session.violations) == [(code, where)]


@pytest.mark.parametrize(("code", "steps", "offers"), named(NEAR_MISSES))
def test_what_is_legal_is_not_accused(mock, code, steps, offers):
    if offers:
        offer(mock, *offers)

    session = say(mock, *steps)

    assert places(session.violations) == []


def test_every_code_of_the_conversation_has_a_trigger_and_two_near_misses():
    elsewhere = {"command-before-greeting", "command-after-starttls"}  # which have tests of their own
    codes = set(SECTIONS["The conversation"]) - elsewhere

    assert {row[0] for row in TRIGGERS} == codes
    near = [row[0] for row in NEAR_MISSES]
    assert {code for code in codes if near.count(code) >= 2} == codes


def test_a_command_before_the_greeting_is_found():
    listener = socket.create_server(("127.0.0.1", 0))
    with Client(listener.getsockname()[1], greeting=None) as client:
        client.send_bytes(EHLO)
        mock = SMTPMock()
        mock.start_on(listener)
        assert client.read_replies(2) == ["220 Welcome", "250 Received"]
        assert client.ask("QUIT") == ["221 Closing connection"]
        session = mock.wait_for_session(SECONDS)
    mock.stop()

    assert places(session.violations) == [("command-before-greeting", "")]


def test_a_client_that_waits_for_a_late_greeting_is_not_accused(mock):
    mock.on("connect", delay=0.05)

    assert places(say(mock, EHLO, QUIT).violations) == []


def test_a_client_that_waited_in_the_queue_for_its_greeting_is_not_accused():
    listener = socket.create_server(("127.0.0.1", 0))
    with Client(listener.getsockname()[1], greeting=None) as client:
        mock = SMTPMock()
        mock.start_on(listener)
        assert client.read_reply() == "220 Welcome"
        assert client.ask("QUIT") == ["221 Closing connection"]
        session = mock.wait_for_session(SECONDS)
    mock.stop()

    assert places(session.violations) == []


@pytest.mark.parametrize(
    ("stage", "words", "steps"),
    [
        pytest.param("NOOP", {"reply": "421 Shutting down"}, (EHLO, NOOP), id="it-was-told-421"),
        pytest.param("connect", {"reply": "421 Too busy"}, (), id="it-was-greeted-with-421"),
        pytest.param("NOOP", {"then": "close"}, (EHLO, Burst(NOOP, 0)), id="the-server-closed"),
        pytest.param("NOOP", {"then": "reset"}, (EHLO, Burst(NOOP, 0)), id="the-server-reset"),
        pytest.param("NOOP", {"then": "half"}, (EHLO, NOOP), id="the-server-closed-in-a-reply"),
        pytest.param("NOOP", {"then": "silence"}, (EHLO, Burst(NOOP, 0)), id="the-server-fell-silent"),
        pytest.param("QUIT", {"reply": "500 No"}, (EHLO, QUIT), id="its-quit-was-refused"),
        pytest.param("QUIT", {"delay": 0.1}, (EHLO, Burst(QUIT, 0)), id="it-did-not-wait-for-the-reply-to-quit"),
    ],
)
def test_a_client_that_could_do_no_better_is_not_accused_of_leaving(mock, stage, words, steps):
    mock.on(stage, **words)

    assert places(say(mock, *steps).violations) == []


def test_a_client_that_the_server_leaves_is_not_accused():
    with SMTPMock() as mock:
        client = Client(mock)
    client.close()

    [session] = mock.sessions()
    assert places(session.violations) == []


def test_a_client_that_was_timed_out_is_not_accused():
    with SMTPMock(session_timeout=0.05) as mock, Client(mock) as client:
        session = mock.wait_for_session(SECONDS)
        assert client.read_all() == ["421 Session timeout"]

    assert places(session.violations) == []


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        pytest.param("DATA", {"delay": 0.05}, id="late-354"),
        pytest.param("DATA", {"throttle": 10_000}, id="read-slowly"),
        pytest.param("body", {"delay": 0.05}, id="read-late"),
        pytest.param("body", {"throttle": 10_000}, id="read-slowly-from-the-first-bytes"),
        pytest.param("body", {"then": "close"}, id="closed"),
        pytest.param("body", {"then": "reset"}, id="reset"),
        pytest.param("body", {"then": "silence"}, id="silent"),
    ],
)
@pytest.mark.parametrize("offers", [("SIZE",), ("PIPELINING",)], ids=["not-offered", "offered"])
def test_a_message_is_no_pipelining_whatever_the_server_does_to_it(mock, stage, words, offers):
    offer(mock, *offers)
    mock.on(stage, **words)
    ended = words.get("then")

    session = say(mock, EHLO, MAIL, RCPT, DATA, Burst(MESSAGE, 0 if ended else 1), *(() if ended else (QUIT,)))

    assert places(session.violations) == []


def test_each_kind_of_haste_is_told_once(mock):
    session = say(mock, EHLO, Burst(NOOP * 3, 3), Burst(b"NOOP\nNOOP\n", 2), QUIT)

    assert places(session.violations) == [("pipelining-not-offered", 'in "NOOP"'), ("bare-lf-command", 'in "NOOP"')]


def test_violations_stand_in_the_order_in_which_they_were_committed(mock):
    session = say(mock, b"EHLO localhost\r\n", b"MAIL FROM: a@example.com\n", b"RCPT TO:Bob <b@example.com>\r\n")

    assert [found.code for found in session.violations] == [
        *("helo-not-qualified", "bare-lf-command", "path-space", "path-brackets", "path-display-name", "no-quit")
    ]
    assert [found.exchange.stage if found.exchange else None for found in session.violations] == [
        *("EHLO", "MAIL FROM", "MAIL FROM", "MAIL FROM", "RCPT TO", None)
    ]


def test_what_answers_a_334_is_no_command(mock):
    mock.on("NOOP", reply="334 Go on")

    session = say(mock, EHLO, NOOP, LONG * 2 + b"\r\n", NOOP, b"\xff\r\n", QUIT)

    assert places(session.violations) == []


@pytest.mark.parametrize("beginning", range(9))
def test_a_session_whose_beginning_was_forgotten_is_not_accused(mock, beginning):
    offer(mock, "SMTPUTF8", "SIZE")
    session = say(
        *(mock, EHLO, MAIL_UTF8, b"RCPT TO:<\xc3\xa4@example.com>\r\n", b"RCPT TO:<nobody@example.com>\r\n"),
        *(DATA, MESSAGE, QUIT),
    )
    assert len(session.exchanges) == 8

    origin = Origin(session.id, session.number, session.client, session.client_port, mock.host, 0.0)
    record = SessionRecord(origin, ended=1.0, exchanges=session.exchanges[beginning:], forgotten=beginning)
    assert session_violations(record) == ()


def test_a_long_command_is_shown_shortened_with_its_bytes_escaped(mock):
    session = say(mock, EHLO, b"FOO \x1b\xff\xc2\x85\r" + b"y" * 100 + b"\r\n", QUIT)

    assert {found.where for found in session.violations} == {rf'in "FOO \x1b\xff\x85\r{"y" * 41}…"'}
    assert [found.code for found in session.violations] == ["bare-cr-command", "non-ascii-command"]


STARTTLS = b"STARTTLS\r\n"


def test_clear_text_behind_starttls_is_found():
    with SMTPMock(tls="starttls") as mock:
        session = say(mock, EHLO, Burst(STARTTLS + NOOP, 1))

    assert places(session.violations) == [("command-after-starttls", 'in "STARTTLS"')]


def test_a_client_that_leaves_because_tls_does_not_begin_is_not_accused():
    with SMTPMock(tls="starttls") as mock:
        session = say(mock, EHLO, STARTTLS)

    assert places(session.violations) == []


def test_a_client_that_goes_on_under_tls_is_not_accused():
    with SMTPMock(tls="starttls") as mock:
        with smtplib.SMTP(mock.host, mock.port, local_hostname="client.example.com", timeout=SECONDS) as client:
            client.starttls()
            client.sendmail("a@example.com", "b@example.com", CLEAN)
        session = mock.wait_for_session(SECONDS)

    assert session.messages[0].is_consistent
    assert places(session.violations) == []


def test_a_client_that_logs_in_is_not_accused():
    with SMTPMock(auth={"ann": "s" * 400}) as mock:
        with smtplib.SMTP(mock.host, mock.port, local_hostname="client.example.com", timeout=SECONDS) as client:
            client.login("ann", "s" * 400, initial_response_ok=False)
        session = mock.wait_for_session(SECONDS)

    assert places(session.violations) == []


@pytest.mark.parametrize("extensions", [["CHUNKING"], ["CHUNKING", "PIPELINING"]], ids=["not-offered", "offered"])
def test_a_chunk_comes_with_its_command_and_is_no_pipelining(extensions):
    with SMTPMock(extensions=extensions) as mock:
        first, last = CLEAN[:40], CLEAN[40:]
        session = say(
            *(mock, EHLO, MAIL, RCPT, Burst(b"BDAT %d\r\n" % len(first) + first, 1)),
            *(Burst(b"BDAT %d LAST\r\n" % len(last), 0), Burst(last, 1), QUIT),
        )
        message = mock.message()

    assert message.raw == CLEAN
    assert places(session.violations) == places(message.violations) == []
