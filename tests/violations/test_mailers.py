"""The violations of mailers that are in use, exactly. The reasons, held against the standards, are in the page."""

from __future__ import annotations

import asyncio
import re
import smtplib
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.clients.mail import run
from tests.raw_client import SECONDS
from tests.violations.talk import offer

if TYPE_CHECKING:
    from smtpmock import SMTPMock

PAGE = Path(__file__).parent.parent.parent / "docs" / "violations.md"
MODULES = Path(__file__).parent.parent / "clients" / "node_modules"
HOST = "client.example.com"
PLAIN = (
    b"From: a@example.com\nTo: b@example.com\nSubject: hi\nDate: Sat, 01 Jan 2022 10:00:00 +0000\n"
    b"Message-ID: <1@example.com>\n\nhello\n.\n"
)
EIGHT_BITS = PLAIN.replace(
    b"\n\n", b"\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
).replace(b"hello", b"Gr\xc3\xbc\xc3\x9fe")


on_any_server = pytest.mark.parametrize(
    "offers", [("SIZE",), ("SIZE", "8BITMIME", "SMTPUTF8", "PIPELINING")], ids=["modest", "able"]
)


def assert_found(mock: SMTPMock, mailer: str, expected: set[str]) -> None:
    """These are the codes of all violations, once the only session has ended, and the page names the same."""
    session = mock.wait_for_session(SECONDS)
    message = mock.message()
    assert {violation.code for violation in (*session.violations, *message.violations)} == expected
    [row] = re.findall(rf"^\| {re.escape(mailer)} \| ([^|]*) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(re.findall(r"`([^`]+)`", row)) == expected


def email(text: str = "hello\n", **headers: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "a@example.com"
    mail["To"] = "b@example.com"
    mail["Subject"] = "Grüße"
    mail.set_content(text)
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    return mail


def complete(text: str) -> EmailMessage:
    return email(text, Date=formatdate(), Message_ID=make_msgid(domain="example.com"), Bcc="c@example.com")


def send_with_smtplib(mock, mail):
    with smtplib.SMTP(mock.host, mock.port, local_hostname=HOST, timeout=SECONDS) as client:
        client.send_message(mail)


def test_smtplib_says_nothing_of_its_own(mock):
    send_with_smtplib(mock, email())

    assert_found(mock, "smtplib, `send_message`", {"missing-date", "missing-message-id"})


def test_smtplib_sends_a_mail_with_all_headers_without_fault(mock):
    send_with_smtplib(mock, complete("hello\n.dot\n"))

    assert_found(mock, "smtplib, with Date and Message-ID", set())


@on_any_server
def test_smtplib_sends_eight_bits_unasked(mock, offers):
    offer(mock, *offers)
    send_with_smtplib(mock, complete("Grüße\n" * 3))

    assert not mock.message().raw.isascii()
    assert_found(mock, "smtplib, a text beyond ASCII", {"8bit-without-8bitmime"})


def test_smtplib_asks_for_an_internationalised_address(mock):
    offer(mock, "SIZE", "8BITMIME", "SMTPUTF8")
    mail = complete("Grüße\n" * 3)
    mail.replace_header("To", "bücher@example.com")
    send_with_smtplib(mock, mail)

    assert_found(mock, "smtplib, an address beyond ASCII", set())


def test_smtplib_sends_what_it_is_given(mock):
    with smtplib.SMTP(mock.host, mock.port, local_hostname="localhost", timeout=SECONDS) as client:
        client.sendmail("a@example.com", "b@example.com", b"Subject: hi\n\nhello\n")

    assert_found(
        mock,
        "smtplib, `sendmail` of bytes with LF, as `localhost`",
        {"helo-not-qualified", "bare-lf", "missing-from", "missing-date", "missing-message-id"},
    )


@on_any_server
def test_aiosmtplib_completes_nothing(mock, offers):
    offer(mock, *offers)
    aiosmtplib = pytest.importorskip("aiosmtplib")
    asyncio.run(aiosmtplib.send(email("Grüße\n" * 3), hostname=mock.host, port=mock.port, local_hostname=HOST))

    assert_found(mock, "aiosmtplib", {"missing-date", "missing-message-id"})


@pytest.mark.filterwarnings("ignore:Directly creating EmailBackend")  # as of Django 6.1
@on_any_server
def test_django_sends_eight_bits_unasked(mock, monkeypatch, offers):
    offer(mock, *offers)
    pytest.importorskip("django")
    from django.conf import settings
    from django.core.mail import EmailMultiAlternatives
    from django.core.mail.backends.smtp import EmailBackend
    from django.core.mail.utils import DNS_NAME

    if not settings.configured:
        settings.configure()
    monkeypatch.setattr(DNS_NAME, "_fqdn", HOST, raising=False)
    mail = EmailMultiAlternatives(
        *("Grüße", "Grüße\n.\n", "Änn <a@example.com>", ["b@example.com"]),
        bcc=["c@example.com"],
        connection=EmailBackend(host=mock.host, port=mock.port, timeout=SECONDS),
    )
    mail.attach_alternative("<p>Grüße</p>", "text/html")
    mail.attach("grün.txt", "Grüße", "text/plain")
    mail.attach("four.bin", b"\x00\x01\x02\xff", "application/octet-stream")
    assert mail.send() == 1

    assert not mock.message().raw.isascii()
    assert_found(mock, "Django", {"8bit-without-8bitmime"})


@on_any_server
def test_nodemailer_leaves_without_a_word(mock, tmp_path, offers):
    offer(mock, *offers)
    if not (MODULES / "nodemailer").is_dir():
        pytest.skip(f"Nodemailer is not installed: npm install --no-package-lock --prefix {MODULES.parent}")
    (tmp_path / "node_modules").symlink_to(MODULES)
    script = tmp_path / "send.mjs"
    script.write_bytes(Path(__file__).with_name("send.js").read_bytes())

    program = run("node", str(script), str(mock.port), HOST)

    assert (program.returncode, program.stderr) == (0, b"")
    assert_found(mock, "Nodemailer", {"no-quit", "encoded-word-in-parameter"})


def swaks(mock, content, *options):
    return run(
        *("swaks", "--server", mock.host, "--port", str(mock.port), "--ehlo", HOST, "--from", "a@example.com"),
        *("--to", "b@example.com", *options),
        stdin=content,
    )


@on_any_server
def test_swaks_completes_its_own_mail(mock, offers):
    offer(mock, *offers)
    program = swaks(mock, b"", "--body", "hello")

    assert (program.returncode, program.stderr) == (0, b"")
    assert_found(mock, "swaks", set())


@on_any_server
def test_swaks_sends_eight_bits_unasked(mock, offers):
    offer(mock, *offers)
    program = swaks(mock, EIGHT_BITS, "--data", "-")

    assert (program.returncode, program.stderr) == (0, b"")
    assert_found(mock, "swaks, a text beyond ASCII", {"8bit-without-8bitmime"})


def curl(mock, content, *options):
    return run(
        *("curl", "-sS", f"smtp://{mock.host}:{mock.port}/{HOST}", "--mail-from", "a@example.com"),
        *("--mail-rcpt", "b@example.com", "--upload-file", "-", *options),
        stdin=content,
    )


def test_curl_sends_the_line_ends_of_its_file(mock):
    program = curl(mock, PLAIN)

    assert (program.returncode, program.stderr) == (0, b"")
    assert_found(mock, "curl, a file with LF", {"bare-lf"})


def test_curl_converts_line_ends_if_it_is_told_to(mock):
    program = curl(mock, PLAIN, "--crlf")

    assert (program.returncode, program.stderr) == (0, b"")
    assert_found(mock, "curl with `--crlf`", set())


def test_curl_declares_the_size_before_it_converts_line_ends(mock, tmp_path):
    offer(mock, "SIZE")
    path = tmp_path / "mail"
    path.write_bytes(PLAIN)
    program = run(
        *("curl", "-sS", f"smtp://{mock.host}:{mock.port}/{HOST}", "--mail-from", "a@example.com"),
        *("--mail-rcpt", "b@example.com", "--upload-file", str(path), "--crlf"),
    )

    assert (program.returncode, program.stderr) == (0, b"")
    assert_found(mock, "curl with `--crlf`, where SIZE is offered", {"size-too-small"})


@on_any_server
def test_curl_sends_a_form_without_fault(mock, offers):
    offer(mock, *offers)
    program = run(
        *("curl", "-sS", f"smtp://{mock.host}:{mock.port}/{HOST}", "--mail-from", "a@example.com"),
        *("--mail-rcpt", "b@example.com", "-F", "=hello", "-H", "From: a@example.com"),
        *("-H", "Date: Sat, 01 Jan 2022 10:00:00 +0000", "-H", "Message-ID: <1@example.com>"),
    )

    assert (program.returncode, program.stderr) == (0, b"")
    assert_found(mock, "curl with `-F`", set())


def msmtp(mock, content):
    return run(
        *("msmtp", "--file=/dev/null", f"--host={mock.host}", f"--port={mock.port}", f"--domain={HOST}"),
        *("--from=a@example.com", "--", "b@example.com"),
        stdin=content,
    )


@on_any_server
def test_msmtp_sends_a_mail_without_fault(mock, offers):
    offer(mock, *offers)
    program = msmtp(mock, PLAIN)

    assert (program.returncode, program.stderr) == (0, b"")
    assert_found(mock, "msmtp", set())


@on_any_server
def test_msmtp_sends_eight_bits_unasked(mock, offers):
    offer(mock, *offers)
    program = msmtp(mock, EIGHT_BITS)

    assert (program.returncode, program.stderr) == (0, b"")
    assert_found(mock, "msmtp, a text beyond ASCII", {"8bit-without-8bitmime"})


def test_msmtp_names_itself_localhost(mock):
    program = run(
        *("msmtp", "--file=/dev/null", f"--host={mock.host}", f"--port={mock.port}", "--from=a@example.com"),
        *("--", "b@example.com"),
        stdin=PLAIN,
    )

    assert (program.returncode, program.stderr) == (0, b"")
    assert_found(mock, "msmtp without `domain`", {"helo-not-qualified"})
