"""Pictures of sessions and mails as a whole: each element, each field, and where the bounds are."""

from __future__ import annotations

import re
from email.message import EmailMessage
from email.policy import SMTP as SMTP_LINES
from html.parser import HTMLParser
from smtplib import SMTP
from textwrap import dedent, indent

import pytest

from smtpmock import SMTPMock, sessions_html
from smtpmock.reports.html import STYLE
from tests.raw_client import ENVELOPE, SECONDS, Client


class Outline(HTMLParser):
    """The elements of a fragment as they are nested, a line each, with its class and the text that follows."""

    def __init__(self, fragment: str) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._depth = 0
        self.feed(fragment)
        self.close()
        assert self._depth == 0

    def handle_starttag(self, tag, attributes):
        named = [tag, *(f".{value.removeprefix('smtpmock-')}" for name, value in attributes if name == "class")]
        named += [f"[{name}]" for name, _ in attributes if name != "class"]
        self.lines.append("  " * self._depth + "".join(named))
        self._depth += 1

    def handle_endtag(self, tag):
        self._depth -= 1

    def handle_data(self, data):
        self.lines[-1] += f" {data}"


class Fields(HTMLParser):
    """The terms of a description list and their values."""

    def __init__(self, fragment: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._tag = self._term = ""
        self.feed(fragment)

    def handle_starttag(self, tag, attributes):
        self._tag = tag

    def handle_data(self, data):
        if self._tag == "dt":
            self._term = data
        elif self._tag == "dd":
            self.found.append((self._term, data))


def outline(fragment: str) -> str:
    assert fragment.startswith(STYLE)
    text = "\n".join(Outline(fragment.removeprefix(STYLE)).lines)
    text = re.sub(r"\b\d\d:\d\d:\d\d\.\d{3}\b", "12:00:00.000", text)
    text = re.sub(r"\+\d+\.\d{3}$", "+0.000", text, flags=re.MULTILINE)
    text = re.sub(r"(?<=ended after )\d+\.\d{3}", "0.000", text)
    text = re.sub(r"((?:helo-not-qualified|missing-message-id):|502 Command unrecognized\.) .*", r"\1 …", text)
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:2525", text)


def assert_outlined(fragment: str, expected: str) -> None:
    assert outline(fragment).splitlines() == dedent(expected).strip("\n").splitlines()


@pytest.fixture
def mock():
    with SMTPMock(multiple_rcptto=True, multiple_message_receiving=True) as mock:
        yield mock


def mail(text: str | None = "Hello", html: str | None = None, **headers: str) -> EmailMessage:
    message = EmailMessage()
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    if text is not None:
        message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    return message


def picture_of(mock: SMTPMock, message: EmailMessage | bytes, *recipients: str, sender: str = "a@example.com") -> str:
    """Sends a mail; returns its picture."""
    with SMTP(mock.host, mock.port, "client.example", timeout=SECONDS) as client:
        raw = message if isinstance(message, bytes) else message.as_bytes()
        client.sendmail(sender, recipients or ["b@example.com"], raw)
    return mock.messages(accepted=None)[-1].html_report()


def test_a_session(mock):
    mock.on("RSET", delay=0.0012)
    mock.on("connect", reply="220 <ready>")
    with Client(mock, greeting="220 <ready>") as client:
        client.ask("EHLO client", "RSET", "<FOO>", *ENVELOPE[1:])
        picture = sessions_html(mock.sessions(), "<here>")

    assert_outlined(
        picture,
        """
        div.smtpmock
          details[open]
            summary Session 1 from 127.0.0.1:2525, 12:00:00.000, still open
            div.talk
              div.ends
                span client 127.0.0.1:2525
                span server <here>
              span.at +0.000
              div.row
                div.says smtpmock-server
                  code 220 <ready>
                  span.note because of the rule connect reply='220 <ready>'
              span.at +0.000
              div.row
                div.says smtpmock-client
                  code EHLO client
                div.says smtpmock-server
                  code 250 Received
              span.wrong helo-not-qualified: …
              span.at +0.000
              div.row
                div.says smtpmock-client
                  code RSET
              span.at +0.000
              div.row
                div.says smtpmock-server
                  code 250 Ok
                  span.note after 0.001 s
              span.at +0.000
              div.row
                div.says smtpmock-client
                  code <FOO>
                div.says smtpmock-server smtpmock-refused
                  code 502 Command unrecognized. …
                  span.note because of msg_invalid_cmd
              span.at +0.000
              div.row
                div.says smtpmock-client
                  code MAIL FROM:<a@example.com>
                div.says smtpmock-server
                  code 250 Received
              span.at +0.000
              div.row
                div.says smtpmock-client
                  code RCPT TO:<b@example.com>
                div.says smtpmock-server
                  code 250 Received
        """,
    )


def test_a_refusal_by_a_rule_that_ends_the_session(mock):
    mock.on("NOOP", reply="451 <no>", delay=0.001, then="close")
    with Client(mock) as client:
        client.ask("NOOP")
    [*_, end] = outline(sessions_html(mock.sessions())).partition("code NOOP\n")

    assert [line.strip() for line in end.splitlines()] == [
        "span.at +0.000",
        "div.row",
        "div.says smtpmock-server smtpmock-refused",
        "code 451 <no>",
        "code (closes the connection)",
        "span.note after 0.001 s, because of the rule NOOP reply='451 <no>' delay=0.001 then='close'",
    ]


def test_a_command_without_a_reply(mock):
    mock.on("NOOP", then="close")
    with Client(mock) as client:
        client.ask("NOOP")
    lines = [line.strip() for line in outline(sessions_html(mock.sessions())).splitlines()]

    assert lines[-3:] == [
        "div.says smtpmock-server smtpmock-refused smtpmock-silent",
        "code (closes the connection)",
        "span.note because of the rule NOOP then='close'",
    ]


def test_a_mail_in_its_session(mock):
    with Client(mock) as client:
        client.ask(*ENVELOPE, "DATA")
        client.send("From: <a@example.com>", "Subject: <hi>", "", "hello", ".")
        assert client.read_reply() == "250 Received"
        [*_, end] = outline(sessions_html(mock.sessions())).partition("code 354")
    _, _, shown = end.partition("span.at +0.000\n")

    expected = dedent(
        """
        div.row
          div.says smtpmock-client
            code (the message)
            details
              summary <hi>, 47 B
              div.mail
                dl
                  dt envelope
                  dd a@example.com → b@example.com
                  dt From
                  dd <a@example.com>
                  dt Subject
                  dd <hi>
                  dt violation
                  dd missing-date: There is no Date header. (RFC 5322 3.6)
                  dt violation
                  dd missing-message-id: …
                div.bodies
                  figure
                    figcaption text
                    pre hello

          div.says smtpmock-server
            code 250 Received
        span.wrong missing-date, missing-message-id
        """
    )
    assert shown.splitlines() == indent(expected, " " * 6).strip("\n").splitlines()


def test_no_session():
    assert_outlined(
        sessions_html([], "<here>"),
        """
        div.smtpmock
          div.gone No client has connected to <here>.
        """,
    )


def test_a_handshake_that_failed_and_a_client_that_left():
    with SMTPMock(tls="implicit") as mock, Client(mock, greeting=None) as client:
        client.send("EHLO")
        session = mock.wait_for_session(SECONDS)
    with SMTPMock() as other, Client(other) as client:
        client.ask("NOOP")
        client.half_close()
        left = other.wait_for_session(SECONDS)

    failed, gone = ([line.strip() for line in outline(sessions_html([one])).splitlines()] for one in (session, left))
    assert f"span.wrong The TLS handshake failed: {session.tls_error}" in failed
    assert gone[-1].startswith("span.wrong no-quit: ")


def test_sessions_and_exchanges_that_are_cut_are_counted(mock):
    for _ in range(10):
        with Client(mock) as client:
            assert client.ask("QUIT") == ["221 Closing connection"]
    picture = sessions_html(mock.sessions()).removeprefix(STYLE)
    assert "smtpmock-gone" not in picture
    assert (picture.count("<details>"), picture.count("<details open>")) == (9, 1)
    with Client(mock) as client:
        client.ask(*["NOOP"] * 99)
        assert "smtpmock-gone" not in sessions_html(mock.sessions()[-1:]).removeprefix(STYLE)
        client.ask("NOOP")
        lines = outline(sessions_html(mock.sessions())).splitlines()

    assert lines[:2] == ["div.smtpmock", "  div.gone … 1 earlier session"]
    gone = lines.index("      div.gone … 1 earlier exchange")
    assert lines[gone - 1].strip() == "span server"


def test_of_a_session_the_last_twenty_mails_are_folded_in(mock):
    with Client(mock) as client:
        client.ask(ENVELOPE[0])
        for number in range(21):
            client.send(*ENVELOPE[1:], "DATA", f"Subject: {number}", "", ".")
            client.read_replies(4)

    picture = sessions_html(mock.sessions())

    assert re.findall(r"<summary>(\d+), ", picture) == [str(number) for number in range(1, 21)]


def test_the_fields_of_a_mail(mock):
    message = mail(
        From="a@example.com",
        Subject="Grüße",
        To="b@example.com",
        Cc="c@example.com",
        Reply_To="d@example.com",
        Date="Sat, 01 Jan 2022 10:00:00 +0000",
        Message_ID="<1@example.com>",
    )
    message.add_attachment(b"x" * 2000, maintype="application", subtype="pdf", filename="a.pdf")
    message.add_attachment(b"", maintype="image", subtype="png")

    raw = message.as_bytes(policy=SMTP_LINES)
    assert Fields(picture_of(mock, raw, "b@example.com", "e@example.com")).found == [
        ("envelope", "a@example.com → b@example.com, e@example.com"),
        ("From", "a@example.com"),
        ("To", "b@example.com"),
        ("Cc", "c@example.com"),
        ("Reply-To", "d@example.com"),
        ("Subject", "Grüße"),
        ("Date", "Sat, 01 Jan 2022 10:00:00 +0000"),
        ("Message-ID", "<1@example.com>"),
        ("attachment", "a.pdf, application/pdf, 2.0 kB"),
        ("attachment", "(no name), image/png, 0 B"),
        ("violation", f"{mock.message().violations[0]} part 4, image/png"),
    ]


def test_an_attempt_from_nobody_to_somebody_who_was_refused():
    with SMTPMock(not_registered_emails=["b@example.com"]) as mock:
        with Client(mock) as client:
            client.ask(ENVELOPE[0], "MAIL FROM:<>", ENVELOPE[2], "QUIT")
        [message] = mock.messages(accepted=False)

    assert Fields(message.html_report()).found[0] == ("envelope", "<> → b@example.com")


def test_of_many_fields_the_first_are_shown(mock):
    message = mail()
    for number in range(21):
        message.add_attachment(b"", maintype="image", subtype="png", filename=f"{number}")
    raw = b"".join(b"To: %d@example.com\r\n" % number for number in range(4)) + message.as_bytes()
    fields = Fields(picture_of(mock, raw)).found

    assert [value for term, value in fields if term == "To"] == [f"{number}@example.com" for number in range(3)]
    attached = [value.partition(",")[0] for term, value in fields if term == "attachment"]
    assert attached == [str(number) for number in range(20)]


def test_violations_of_a_mail_say_where(mock):
    raw = b"".join(b"X-%d: %b\r\n" % (number, b"x" * 1000) for number in range(25)) + b"\r\n"
    violations = [value for term, value in Fields(picture_of(mock, raw)).found if term == "violation"]

    [message] = mock.messages()
    assert len(message.violations) > 20
    assert any(found.where for found in message.violations[:20])
    assert violations == [f"{found} {found.where}".rstrip() for found in message.violations[:20]]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("x" * 3999, "x" * 3999),
        ("x" * 4000, "x" * 4000 + "\n… and 1 more character"),
        ("one\r\n\ttwo\x1b\r\n", "one\n\ttwo\\x1b\n"),
        ("", ""),
    ],
    ids=["whole", "cut", "lines", "empty"],
)
def test_the_text_of_a_mail(mock, text, shown):
    picture = picture_of(mock, b"\r\n" + text.encode())

    [found] = re.findall("<figcaption>text</figcaption><pre>(.*?)</pre>", picture, re.DOTALL)
    assert found.removesuffix("\n") == shown.removesuffix("\n")


def test_the_text_of_a_mail_stands_beside_its_html(mock):
    picture = picture_of(mock, mail("Hello", "<p>Hello"))

    [*_, bodies] = outline(picture).partition("div.bodies\n")
    assert [line.strip() for line in bodies.splitlines() if line] == [
        "figure",
        "figcaption text",
        "pre Hello",
        "figure",
        "figcaption HTML",
        "iframe[sandbox][loading][srcdoc]",
    ]


@pytest.mark.parametrize(
    ("size", "caption"), [(49_999, "HTML"), (50_000, "HTML (first 50.0 kB)")], ids=["whole", "cut"]
)
def test_the_html_of_a_mail(mock, size, caption):
    lines = outline(picture_of(mock, b"Content-Type: text/html\r\n\r\n" + b"x" * size)).splitlines()

    assert [line.strip() for line in lines[-2:]] == [f"figcaption {caption}", "iframe[sandbox][loading][srcdoc]"]
    assert sum("figcaption" in line for line in lines) == 1


def test_a_line_is_cut_at_a_thousand_characters(mock):
    with Client(mock) as client:
        client.ask("NOOP " + "x" * 995, "NOOP " + "x" * 996)
        picture = sessions_html(mock.sessions())

    assert re.findall("<code>NOOP (x+…?)", picture) == ["x" * 995, "x" * 994 + "…"]


@pytest.mark.parametrize(("subject", "shown"), [("x" * 101, "x" * 99 + "…"), ("", "(no subject)")])
def test_a_mail_is_named_after_its_subject(mock, subject, shown):
    picture_of(mock, f"Subject: {subject}\r\n\r\n".encode())

    assert f"<summary>{shown}, " in sessions_html(mock.sessions())


@pytest.mark.parametrize(
    ("kind", "content", "html", "is_shown"),
    [
        pytest.param("png", b"x" * 100_000, "<img src='cid:1'>", True, id="small"),
        pytest.param("png", b"x" * 100_001, "<img src='cid:1'>", False, id="large"),
        pytest.param("png", b"x", "<img src='cid:1'><img src='cid:1'>", False, id="twice"),
        pytest.param("png", b"x", "<img src='cid:2'>", False, id="another"),
        pytest.param("plain", b"x", "<img src='cid:1'>", False, id="no image"),
    ],
)
def test_an_image_of_the_mail_is_shown_where_it_is_small_and_asked_for_once(mock, kind, content, html, is_shown):
    message = mail(None)
    message.set_content(html, subtype="html")
    message.add_related(content, "image" if kind == "png" else "text", kind, cid="<1>")
    message.add_related(b"", "image", "gif")

    assert ("src=&quot;data:image/png;base64," in picture_of(mock, message)) is is_shown
