"""The evidence of a failed test, from its servers: mail, sessions, and mail that came too late or elsewhere."""

from __future__ import annotations

from email.message import EmailMessage
from smtplib import SMTP, SMTPRecipientsRefused
from textwrap import dedent
from threading import Thread

import pytest

from smtpmock import Evidence, ExpectationError, MessageTimeoutError, SMTPMock
from smtpmock.mailbox import registry
from smtpmock.reports.evidence import evidence
from smtpmock.reports.facts import ServerFacts
from smtpmock.reports.layout import WIDTH
from smtpmock.reports.unmet import MOST_UNMET
from tests.explained import send, shown
from tests.garbage import collect


@pytest.fixture
def mock():
    with SMTPMock(not_registered_emails=["nobody@example.com"]) as running:
        yield running


@pytest.fixture
def other():
    with SMTPMock() as running:
        yield running


def give_up(mock, **query):
    with pytest.raises(MessageTimeoutError):
        mock.wait_for_message(timeout=0, **query)


def test_mail_and_sessions_with_the_cause_of_a_refusal(mock):
    with SMTP(mock.host, mock.port, local_hostname="app.example") as client, pytest.raises(SMTPRecipientsRefused):
        client.sendmail("shop@example.com", ["nobody@example.com"], "hello")

    assert shown(mock.evidence()) == dedent("""\
        127.0.0.1:2525: 0 messages, 1 failed attempt, 1 session
        time          sender            recipients          subject  state
        12:00:00.000  shop@example.com  nobody@example.com  -        RCPT TO refused
                      550 User not found <- msg_rcptto_not_registered_email

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
        +0.000 C: QUIT
               S: 221 Closing connection""")


def test_nothing_but_the_moment_since(mock):
    send(mock)
    mark = mock.mark()

    assert shown(mock.evidence(mark)) == "127.0.0.1:2525: no client connected"


def test_session_from_before_is_shown_if_it_has_sent_since(mock):
    with SMTP(mock.host, mock.port) as client:
        client.sendmail("shop@example.com", ["bob@example.com"], "Subject: before")
        mark = mock.mark()
        client.sendmail("shop@example.com", ["bob@example.com"], "Subject: after")
        text = mock.evidence(mark)

    assert shown(text).startswith("127.0.0.1:2525: 1 message, 1 session\n")
    assert "before" not in text
    assert "Session 1 from" in text


def test_mail_that_came_after_the_wait_had_given_up(mock):
    give_up(mock, recipient="bob@example.com")
    send(mock)
    send(mock, "carol@example.com")
    evidence = shown(mock.evidence()).splitlines()

    assert evidence[:9] == [
        "'Welcome' to bob@example.com arrived 0.0 s after the wait for a message with",
        "  recipient='bob@example.com' had ended.",
        "",
        "127.0.0.1:2525: 2 messages, 2 sessions",
        "time          sender            recipients         subject  state",
        "12:00:00.000  shop@example.com  bob@example.com    Welcome  accepted",
        "              text: hello",
        "              ! arrived 0.0 s after the wait had ended",
        "12:00:00.000  shop@example.com  carol@example.com  Welcome  accepted",
    ]


def test_mail_that_came_after_a_check_that_did_not_wait(mock):
    for check in (mock.message, mock.assert_message_count):
        with pytest.raises(ExpectationError):
            check(subject="Welcome")
        send(mock)

        assert "! arrived 0.0 s after the check had failed" in shown(mock.evidence())
        mock.purge()


def test_too_few_messages_are_a_wait_that_gave_up(mock):
    send(mock)
    with pytest.raises(MessageTimeoutError):
        mock.wait_for_messages(2, timeout=0)
    send(mock)

    assert shown(mock.evidence()).startswith(
        "'Welcome' to bob@example.com arrived 0.0 s after the wait for 2 messages had\n  ended."
    )
    assert mock.evidence().count("! arrived") == 1


def test_a_query_that_was_met_later_is_no_concern(mock):
    give_up(mock, recipient="bob@example.com")
    send(mock)
    mock.wait_for_message(recipient="bob@example.com")

    assert "arrived" not in mock.evidence()


def test_waits_before_the_moment_are_no_concern(mock):
    give_up(mock, recipient="bob@example.com")
    send(mock, "carol@example.com")
    mark = mock.mark()
    send(mock)

    assert "arrived" not in mock.evidence(mark)


def test_a_purge_of_everything_forgets_the_waits(mock):
    give_up(mock)
    mock.purge()
    send(mock)

    assert "arrived" not in mock.evidence()


def test_the_last_waits_are_remembered(mock):
    for number in range(MOST_UNMET + 1):
        give_up(mock, subject=f"number {number}!")
    send(mock, text="Subject: number 0!")
    assert "arrived" not in mock.evidence()

    send(mock, text="Subject: number 1!")
    assert "'number 1!' to bob@example.com arrived" in mock.evidence()


def test_a_function_that_cannot_examine_late_mail_does_not_match_it(mock):
    give_up(mock, subject=lambda subject: subject.index("x"))
    send(mock)

    assert shown(mock.evidence()).startswith("127.0.0.1:2525: 1 message")


def test_addresses_and_replies_are_wrapped_and_never_cut(mock):
    address = f"{'long' * 16}@{'sub.' * 30}example.com"
    reply = "550 5.1.1 " + " ".join(f"word{number}" for number in range(40))
    with mock.on("RCPT TO", recipient="gone@example.com", reply=reply):
        send(mock, address)
        with SMTP(mock.host, mock.port) as client, pytest.raises(SMTPRecipientsRefused):
            client.sendmail("shop@example.com", ["gone@example.com"], "hello")
    lines = mock.evidence().splitlines()

    assert max(map(len, lines)) <= WIDTH
    table = lines[1 : lines.index("")]
    start = table[0].index("recipients")
    width = table[0].index("subject") - start
    assert address in "".join(line[start : start + width].strip() for line in table[1:])
    said = " ".join(" ".join(line.split()) for line in table)
    assert f"{reply} <- the rule RCPT TO recipient='gone@example.com' reply='{reply}'" in said


def test_many_recipients_are_counted():
    with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
        client.sendmail("shop@example.com", [f"user{n}@example.com" for n in range(50)], "Subject: all")
        table = mock.evidence().split("\n\n")[0].splitlines()

    shown = " ".join(" ".join(line[32:59] for line in table[2:]).split())
    assert shown == f"{', '.join(f'user{n}@example.com' for n in range(10))} and 40 more"


def test_what_a_client_sent_cannot_speak_to_a_terminal_or_a_page(mock):
    send(mock, text="Subject: <script>alert(1)</script>\x1b[31m")

    assert "\x1b" not in mock.evidence()
    assert r"\x1b[31m" in mock.evidence()
    assert "<script>" not in mock.evidence_html()
    assert r"&lt;script&gt;alert(1)&lt;/script&gt;\x1b[31m" in mock.evidence_html()


def test_page_has_the_mail_the_sessions_and_the_lateness(mock):
    give_up(mock, recipient="bob@example.com")
    send(mock)
    html = shown(mock.evidence_html())

    assert "<p>127.0.0.1:2525: 1 message, 1 session</p>" in html
    assert "<td>shop@example.com</td><td>bob@example.com</td><td>Welcome</td><td>accepted</td>" in html
    assert "arrived 0.0 s after the wait had ended" in html
    assert "Session 1 from" in html


def test_parts_that_a_reader_would_miss(mock):
    mail = EmailMessage()
    mail["Subject"] = "Invoice"
    mail.set_content("<p>Attached.</p>", subtype="html")
    for number in range(6):
        mail.add_attachment(b"x" * number, maintype="application", subtype="pdf", filename=f"{number}\x1b.pdf")
    with SMTP(mock.host, mock.port) as client:
        client.sendmail("shop@example.com", ["bob@example.com"], mail.as_bytes())
    lines = shown(mock.evidence()).splitlines()

    assert lines[3:5] == [
        "              the message has an HTML part only",
        "              HTML: Attached.",
    ]
    attached = " ".join(" ".join(lines[5 : lines.index("")]).split())
    assert attached.startswith("attached: 0")
    assert attached.endswith(".pdf (4 B) and 1 more")
    assert "\x1b" not in attached


def test_the_beginning_of_a_text_is_shown_on_one_line_and_escaped(mock):
    send(mock, text="Subject: x\r\n\r\nDear Bob,\r\n\r\n\tyour code is \x1b[31m7.\r\n" + "0123456789" * 100_000)
    text = mock.evidence()
    lines = text.splitlines()

    assert lines[3] == r"              text: Dear Bob, your code is \x1b[31m7. 01234567890123456789012…"
    assert len(lines[3]) == WIDTH
    assert lines[4] == ""


def test_html_that_is_too_large_to_be_read_for_a_line_is_left_out(mock):
    send(mock, text="Subject: x\r\nContent-Type: text/html\r\n\r\n" + "<p>hello</p>\r\n" * 10_000)
    lines = mock.evidence().splitlines()

    assert lines[3:5] == ["              the message has an HTML part only", ""]


def test_very_much_is_bounded(mock):
    with SMTP(mock.host, mock.port) as client:
        for number in range(60):
            client.sendmail("shop@example.com", ["bob@example.com"], f"Subject: number {number}")
    lines = mock.evidence().splitlines()

    assert lines[2] == "… 10 earlier messages"
    assert "number 10 " in lines[3]
    assert len(lines) < 2 + 50 + 210


# Several servers


def test_every_server_that_ran_since_is_found_whoever_made_it(mock):
    evidence = Evidence()
    with SMTPMock() as later:
        send(later)
    send(mock)

    assert evidence.servers == (mock, later)
    assert [line for line in shown(evidence.text({later: "later"})).splitlines() if ": 1 message" in line] == [
        "127.0.0.1:2525: 1 message, 1 session",
        "later (127.0.0.1:2525): 1 message, 1 session",
    ]


def test_what_happened_before_is_not_shown(mock):
    with SMTPMock() as stopped:
        pass
    send(mock)
    evidence = Evidence()

    assert evidence.servers == (mock,)
    assert stopped not in evidence.servers
    assert shown(evidence.text()) == "127.0.0.1:2525: no client connected"
    assert evidence.mark(mock) == mock.mark()


def test_server_that_is_started_again_counts_from_the_moment():
    mock = SMTPMock()
    with mock:
        send(mock, text="Subject: before")
    evidence = Evidence()
    assert evidence.servers == ()
    with mock:
        send(mock, text="Subject: after")

    assert evidence.servers == (mock,)
    assert [line.split()[-2:] for line in evidence.summary()] == [["after", "accepted"]]


def test_only_the_last_servers_are_shown():
    facts = [ServerFacts(f"127.0.0.1:{number}", [], []) for number in range(12)]

    blocks = evidence(facts).split("\n\n")
    assert blocks[0] == "… 2 earlier servers"
    assert blocks[1:] == [f"127.0.0.1:{number}: no client connected" for number in range(2, 12)]


def test_without_servers_there_is_nothing():
    evidence = Evidence()

    assert (evidence.text(), evidence.html(), evidence.remarks(), evidence.summary()) == ("", "", "", [])


def test_mail_that_was_looked_for_at_another_server(mock, other):
    evidence = Evidence()
    give_up(mock, recipient="bob@example.com")
    send(other, "carol@example.com")
    send(other)

    remarks = " ".join(evidence.remarks({mock: "shop", other: "backup"}).split())
    assert remarks == (
        f"'Welcome' to bob@example.com arrived at backup ({other.address}), "
        f"but a message with recipient='bob@example.com' was looked for at shop ({mock.address})."
    )
    assert evidence.remarks({mock: "shop", other: "backup"}) in evidence.text({mock: "shop", other: "backup"})
    assert "was looked for at shop" in evidence.html({mock: "shop"})


@pytest.mark.usefixtures("unheld")
def test_servers_that_nobody_holds_are_forgotten():
    evidence = Evidence()
    with SMTPMock() as mock:
        assert evidence.servers == (mock,)
    del mock
    collect()

    assert evidence.servers == ()


def test_no_more_than_so_many_servers_are_known(monkeypatch):
    monkeypatch.setattr(registry, "MOST_KNOWN", 2)
    evidence = Evidence()
    with SMTPMock() as running:
        servers = [SMTPMock() for _ in range(4)]
        for server in servers:
            server.start()
            server.stop()

        assert evidence.servers == (running, servers[-1])


def test_one_line_for_each_message(mock):
    send(mock)

    assert [shown(line) for line in Evidence().summary()] == []
    evidence = Evidence()
    send(mock)
    assert [shown(line) for line in evidence.summary({mock: "shop"})] == [
        "shop (127.0.0.1:2525)  12:00:00.000  shop@example.com  bob@example.com  Welcome  accepted"
    ]


def test_dropped_messages_are_counted():
    text = evidence([ServerFacts("127.0.0.1:25", [], [], dropped=2)])

    assert text == "127.0.0.1:25: no client connected"


# For those who report


def test_servers_that_nobody_holds_are_held_on_request():
    evidence = Evidence(hold=True)
    with SMTPMock() as mock:
        send(mock)
    del mock
    collect()

    assert shown(evidence.text()).startswith("127.0.0.1:2525: 1 message, 1 session\n")
    assert Evidence.is_held()


@pytest.mark.usefixtures("unheld")
def test_only_the_last_servers_are_held(monkeypatch):
    monkeypatch.setattr(registry, "MOST_HELD", 2)
    evidence = Evidence(hold=True)
    for subject in ("one", "two", "three"):
        with SMTPMock() as mock:
            send(mock, text=f"Subject: {subject}")
    del mock
    collect()

    assert [line.split()[-2] for line in evidence.summary()] == ["two", "three"]


def test_what_the_failure_shows_itself_is_not_repeated(mock):
    send(mock)
    with pytest.raises(ExpectationError) as error:
        mock.message(subject="x")
    told = error.value.messages

    assert "shop@example.com  bob@example.com" not in mock.evidence(told=told)
    assert "Session 1 from" in mock.evidence(told=told)
    send(mock, "carol@example.com")
    assert mock.evidence(told=told).count("shop@example.com  ") == 2


def test_report_continues_where_the_last_one_ended(mock):
    evidence = Evidence()
    send(mock, text="Subject: one")
    first = evidence.report()
    nothing = evidence.report()
    send(mock, text="Subject: two")
    second = evidence.report()

    assert ("one" in first, "two" in first) == (True, False)
    assert nothing == ""
    assert ("one" in second, "two" in second) == (False, True)


def test_report_says_what_came_late_after_all(mock):
    evidence = Evidence()
    give_up(mock, recipient="bob@example.com")

    assert evidence.report({mock: "shop"}).endswith("no client connected")
    send(mock)
    assert "after the wait for a message" in evidence.report({mock: "shop"})


def test_server_that_the_test_did_not_use_is_left_out(mock, other):
    evidence = Evidence()
    send(other)

    assert [line for line in shown(evidence.report()).splitlines() if line.startswith("127")] == [
        "127.0.0.1:2525: 1 message, 1 session"
    ]
    assert shown(Evidence().report()) == ""
    assert shown(Evidence().report({mock: "shop"})) == "shop (127.0.0.1:2525): no client connected"


def test_late_mail_is_waited_for_no_longer_than_the_wait_took(mock):
    evidence = Evidence()
    give_up(mock)
    with pytest.raises(MessageTimeoutError):
        mock.wait_for_message(timeout=0.01, subject="never")
    evidence.wait_for_late_mail(most=3600)

    assert evidence.remarks() == ""


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("is_there", [False, True])
def test_late_mail_ends_the_wait_for_it(mock, fails, is_there):
    evidence = Evidence()
    with pytest.raises(MessageTimeoutError):
        mock.wait_for_message(timeout=0.01, subject=lambda subject: 1 / 0 if fails else True)
    for key, unmet in mock._unmet.items():
        mock._unmet[key] = unmet._replace(seconds=3600.0)
    sender = Thread(target=send, args=[mock])
    sender.start()
    if is_there:
        sender.join()
    evidence.wait_for_late_mail(most=3600)
    remarks = evidence.remarks()
    sender.join()

    assert ("after the wait" in remarks) is not fails
