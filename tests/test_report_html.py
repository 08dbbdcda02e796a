"""Sessions and mails as pictures."""

from __future__ import annotations

import re
from base64 import b64encode
from email.message import EmailMessage
from html import unescape
from html.parser import HTMLParser
from smtplib import SMTP

import pytest

from smtpmock import SMTPMock, sessions_html
from tests.raw_client import ENVELOPE, Client

ELEMENTS = {
    "code",
    "dd",
    "details",
    "details open",
    "div class",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "iframe sandbox loading srcdoc",
    "pre",
    "span",
    "span class",
    "style",
    "summary",
}
HOSTILE = "</pre></td></table><script>alert(1)</script><img src=x onerror=alert(1)>\"'"


class Reader(HTMLParser):
    """The elements of a fragment with the names of their attributes, its lines of dialogue, and its frames."""

    def __init__(self, fragment: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.lines: list[str] = []
        self.frames: list[str] = []
        self._open: list[str] = []
        self.feed(fragment)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        self.elements.add(" ".join((tag, *(name for name, _ in attributes))))
        self._open.append(tag)
        if tag == "iframe":
            self.frames.append(dict(attributes)["srcdoc"])

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open[-1] == "code":
            self.lines.append(data)


@pytest.fixture
def mock():
    with SMTPMock(multiple_rcptto=True, multiple_message_receiving=True) as mock:
        yield mock


def mail(text: str | None = "Hello", html: str | None = None, subject: str = "Hi") -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = subject
    if text is not None:
        message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    return message


def send(mock: SMTPMock, message: EmailMessage | bytes) -> None:
    with SMTP(mock.host, mock.port, "client.example", timeout=30) as client:
        raw = message if isinstance(message, bytes) else message.as_bytes()
        client.sendmail("a@example.com", ["b@example.com"], raw)


def test_dialogue_has_each_line_as_one_run_of_text(mock):
    with Client(mock) as client:
        client.deliver()
        client.ask("QUIT")

    assert Reader(sessions_html(mock.sessions())).lines == [
        "220 Welcome",
        "EHLO client.example",
        "250 Received",
        "MAIL FROM:<a@example.com>",
        "250 Received",
        "RCPT TO:<b@example.com>",
        "250 Received",
        "DATA",
        "354 Ready for receive message. End data with <CR><LF>.<CR><LF>",
        "(the message)",
        "250 Received",
        "QUIT",
        "221 Closing connection",
    ]


def test_refusal_is_marked_with_what_made_it(mock):
    with Client(mock) as client:
        client.ask("EHLO client.example", "FOO <&>", "QUIT")
        client.read_all()

    picture = sessions_html(mock.sessions())

    assert "<code>FOO &lt;&amp;&gt;</code>" in picture
    assert re.findall(r'smtpmock-refused"><code>(\d+) [^<]*</code><span class="smtpmock-note">([^<]*)<', picture) == [
        ("502", "because of msg_invalid_cmd")
    ]


def test_delayed_reply_stands_at_its_own_time():
    with SMTPMock(response_delay_noop=0.05) as mock, Client(mock) as client:
        client.ask("NOOP")
        [session] = mock.sessions()

    picture = session.html()

    assert '<code>250 Ok</code><span class="smtpmock-note">after 0.05 s</span>' in picture
    asked, answered = re.findall(r'at">\+([\d.]+)<', picture)[1:]
    assert float(answered) - float(asked) == pytest.approx(0.05, abs=0.002)


def test_rule_is_named_with_what_it_did(mock):
    mock.on("NOOP", then="close")
    with Client(mock) as client:
        client.ask("NOOP")

    picture = sessions_html(mock.sessions())

    assert "<code>(closes the connection)</code>" in picture
    assert "because of the rule NOOP then=&#x27;close&#x27;" in picture


def test_violation_is_shown(mock):
    with Client(mock) as client:
        client.ask("EHLO client")
        [session] = mock.sessions()

    [violation] = [found for found in session.violations if found.code == "helo-not-qualified"]
    assert f'<span class="smtpmock-wrong">{violation}</span>' in session.html()


def test_mail_is_folded_under_its_end(mock):
    send(mock, mail("One\n\ttwo  three\n", subject="Grüße"))

    picture = sessions_html(mock.sessions())

    assert re.search(r"<code>\(the message\)</code><details><summary>Grüße, \d+ B</summary>", picture)
    assert "<pre>One\n\ttwo  three\n" in picture


def test_each_mail_of_a_session_is_folded_under_its_own_end(mock):
    with SMTP(mock.host, mock.port, "client.example", timeout=30) as client:
        for number in (1, 2, 3):
            raw = mail(f"text {number}", subject=f"Mail {number}").as_bytes()
            client.sendmail(f"a{number}@example.com", ["b@example.com"], raw)

    picture = sessions_html(mock.sessions())

    # The command that began its transaction stands before each.
    begun = r"(?i:mail from):&lt;a(\d)@"
    found = re.findall(rf"<code>{begun}|<summary>Mail (\d), |<pre>text (\d)", picture)
    assert found == [place for number in "123" for place in ((number, "", ""), ("", number, ""), ("", "", number))]


def test_attempt_is_shown_with_its_sender_its_recipients_and_what_refused_it():
    with SMTPMock(
        multiple_rcptto=True, multiple_message_receiving=True, not_registered_emails=["c@example.com"]
    ) as mock:
        with Client(mock) as client:
            client.ask(*ENVELOPE, "RCPT TO:<c@example.com>", "RSET")
        [attempt] = mock.messages(accepted=False)

    picture = attempt.html_report()

    assert "<dt>envelope</dt><dd>a@example.com → b@example.com, c@example.com</dd>" in picture
    assert "<dt>state</dt><dd>RCPT TO refused</dd>" in picture
    assert (
        "<dt>refused</dt><dd>RCPT TO:&lt;c@example.com&gt;: 550 User not found "
        "(because of msg_rcptto_not_registered_email)</dd>"
    ) in picture


def test_accepted_mail_is_shown_with_the_recipients_that_were_refused():
    with SMTPMock(
        multiple_rcptto=True, multiple_message_receiving=True, not_registered_emails=["c@example.com"]
    ) as mock:
        with SMTP(mock.host, mock.port, "client.example", timeout=30) as client:
            client.sendmail("a@example.com", ["b@example.com", "c@example.com"], mail().as_bytes())
        picture = mock.message().html_report()

    assert "<dt>envelope</dt><dd>a@example.com → b@example.com</dd>" in picture
    assert "<dt>state</dt>" not in picture
    assert re.search(r"<dt>refused</dt><dd>rcpt TO:&lt;c@example.com&gt;: 550 User not found ", picture, re.IGNORECASE)


def test_of_very_many_refused_recipients_the_first_are_shown():
    with SMTPMock(multiple_rcptto=True, multiple_message_receiving=True) as mock:
        mock.on("RCPT TO", reply="550 No")
        with Client(mock) as client:
            client.ask(*ENVELOPE[:2], *(f"RCPT TO:<{number}@example.com>" for number in range(30)), "RSET")
        [attempt] = mock.messages(accepted=False)

    picture = attempt.html_report()

    assert picture.count("<dt>refused</dt>") == 11
    assert "<dt>refused</dt><dd>… and 20 more</dd>" in picture


def test_only_the_last_session_and_those_with_refusals_are_unfolded(mock):
    send(mock, mail())
    with Client(mock) as client:
        client.ask("FOO", "QUIT")
        client.read_all()
    send(mock, mail())

    sessions = mock.sessions()

    assert re.findall(r"(<details(?: open)?>)<summary>Session (\d)", sessions_html(sessions)) == [
        ("<details>", "1"),
        ("<details open>", "2"),
        ("<details open>", "3"),
    ]
    assert re.findall(r"<details open><summary>Session (\d)", sessions_html(sessions, about=[sessions[0].id])) == ["1"]


def test_many_sessions_are_cut_at_the_beginning(mock):
    for _ in range(12):
        with Client(mock) as client:
            client.ask("QUIT")
            client.read_all()

    picture = sessions_html(mock.sessions())

    assert "… 2 earlier sessions" in picture
    assert re.findall(r"<summary>Session (\d+) ", picture) == [str(number) for number in range(3, 13)]

    about_an_early_one = sessions_html(mock.sessions(), about=[mock.sessions()[1].id])

    assert re.findall(r"<summary>Session (\d+) ", about_an_early_one) == ["2", *map(str, range(4, 13))]
    about_all = sessions_html(mock.sessions(), about=[session.id for session in mock.sessions()])
    assert re.findall(r"<summary>Session (\d+) ", about_all) == [str(number) for number in range(3, 13)]


def test_long_session_is_cut_at_the_beginning(mock):
    with Client(mock) as client:
        client.ask(*["NOOP"] * 120)
        [session] = mock.sessions()

    picture = session.html()

    assert "… 21 earlier exchanges" in picture
    assert picture.count("<code>NOOP</code>") == 100


def test_long_texts_are_cut(mock):
    send(mock, mail("x" * 10_000, "<p>" + "y" * 60_000))

    [message] = mock.messages()
    picture = message.html_report()

    assert re.search(r"x\n… and \d+ more characters</pre>", picture)
    assert "<figcaption>HTML (first 50.0 kB)</figcaption>" in picture
    assert len(picture) < 60_000


def test_no_session_is_said_in_a_sentence():
    assert "No client has connected to 127.0.0.1:25." in sessions_html([], "127.0.0.1:25")


def test_what_a_mail_says_makes_no_element(mock):
    message = mail(HOSTILE, HOSTILE, f"{HOSTILE}")
    message["From"] = f'"{"<script>"}" <a@example.com>'
    message.add_attachment(b"x", maintype="image", subtype="png", filename=f"{HOSTILE}.png")
    send(mock, message)
    with Client(mock) as client:
        client.ask(f"MAIL {HOSTILE}", "QUIT")
        client.read_all()
    [message] = mock.messages(accepted=True)

    for picture in (sessions_html(mock.sessions()), message.html_report()):
        assert Reader(picture).elements <= ELEMENTS
        assert "&lt;script&gt;alert(1)" in picture


def test_no_byte_of_a_mail_or_command_breaks_the_page(mock):
    every_byte = bytes(code for code in range(256) if code not in b"\r\n")
    send(mock, b"Subject: " + every_byte + b"\r\n\r\n" + every_byte)
    with Client(mock) as client:
        client.send_bytes(b"NOOP " + every_byte + b"\r\n")
        client.read()
        picture = sessions_html(mock.sessions())

    assert re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", picture) == []
    assert picture.encode()
    assert Reader(picture).elements <= ELEMENTS


def test_frame_begins_with_its_policy_and_is_sandboxed(mock):
    send(mock, mail(None, '<meta http-equiv=Content-Security-Policy content="default-src *"><p>Hi</p>'))

    [message] = mock.messages()
    picture = message.html_report()
    [frame] = Reader(picture).frames

    assert '<iframe sandbox="" ' in picture
    assert re.match(
        r"<!DOCTYPE html><meta charset=utf-8><meta http-equiv=Content-Security-Policy "
        r"content=\"default-src 'none';frame-src 'none';child-src 'none';style-src 'unsafe-inline';img-src data:;",
        frame,
    )
    assert frame.rstrip().endswith("<p>Hi</p>")


def test_images_of_the_mail_itself_are_in_the_frame(mock):
    message = mail()
    message.add_alternative('<img src="cid:logo"><img src="http://192.0.2.1/x.png">', subtype="html")
    message.get_payload()[1].add_related(b"PNG", "image", "png", cid="<logo>")
    send(mock, message)

    [message] = mock.messages()
    [frame] = Reader(message.html_report()).frames

    assert '<img src="data:image/png;base64,UE5H">' in unescape(frame)


def test_credentials_are_not_shown(mock):
    with Client(mock) as client:
        client.ask("EHLO client.example", "AUTH PLAIN AGJvYgBzZWNyZXQ=", "QUIT")
        client.read_all()

    picture = sessions_html(mock.sessions())

    assert "<code>AUTH PLAIN" in picture
    assert "AGJvYgBzZWNyZXQ" not in picture


@pytest.mark.parametrize("mechanism", ["plain", "login", "cram_md5"])
def test_password_of_a_login_is_not_shown(mechanism):
    with SMTPMock(auth={"bob": "open sesame"}) as mock:
        with SMTP(mock.host, mock.port, "client.example", timeout=30) as client:
            client.ehlo()
            client.user, client.password = "bob", "open sesame"
            code, _ = client.auth(mechanism.upper().replace("_", "-"), getattr(client, f"auth_{mechanism}"))
        picture = sessions_html(mock.sessions())

    assert code == 235
    assert "235 Authentication succeeded" in picture
    for secret in (b"open sesame", b"\0bob\0open sesame"):
        assert secret.decode() not in picture
        assert b64encode(secret).decode() not in picture


def test_nothing_remote_is_asked_for(mock):
    send(mock, mail())

    assert re.findall(r"(?:href|src|url)\b", sessions_html(mock.sessions())) == []
