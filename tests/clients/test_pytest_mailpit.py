"""pytest-mailpit, unchanged: its client, and its fixtures in a run of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from email.message import EmailMessage
from hashlib import sha256
from smtplib import SMTP
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from smtpmock import SMTPMock
from smtpmock.http.mailpit.message import NOT_DONE
from tests.raw_client import SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest_mailpit = pytest.importorskip("pytest_mailpit", reason="pytest-mailpit is not installed (Python 3.11 or later)")


@pytest.fixture
def mock() -> Iterator[SMTPMock]:
    with SMTPMock(http_port=0) as mock:
        yield mock
        assert mock.errors == []


@pytest.fixture
def client(mock):
    with pytest_mailpit.MailpitClient(mock.http_url, poll_interval=0.01) as client:
        yield client


def send(mock: SMTPMock, subject: str, to: str = "bob@example.com") -> str:
    mail = EmailMessage()
    mail["From"] = "Shop <shop@example.com>"
    mail["To"] = to
    mail["Subject"] = subject
    mail["Message-ID"] = f"<{subject}@example.com>"
    mail["List-Unsubscribe"] = "<https://example.com/stop>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content("Your code is 123456: https://example.com/confirm/7")
    mail.add_alternative("<p>Hello</p>", subtype="html")
    mail.add_attachment(b"%PDF", "application", "pdf", filename="a.pdf")
    with SMTP(mock.host, mock.port) as smtp:
        smtp.send_message(mail)
    return mock.messages()[-1].id


def test_client_reads(mock, client):
    one, two = send(mock, "one"), send(mock, "two", "carol@example.com")

    info = client.info()
    page = client.messages(start=1, limit=1)
    message = client.get_message(one)

    assert (info.messages, info.unread) == (2, 2)
    assert client.is_ready()
    assert [found.id for found in page.messages] == [one]
    assert [found.id for found in client.search_all("from:shop", page_size=1)] == [two, one]
    assert client.get_message().id == two
    assert (message.link("confirm"), message.code()) == ("https://example.com/confirm/7", "123456")
    assert message.unsubscribe_link(one_click=True) == "https://example.com/stop"
    assert client.get_attachment(message.attachment("a.pdf")) == b"%PDF"
    assert message.attachment("a.pdf").checksums["SHA256"] == sha256(b"%PDF").hexdigest()
    assert client.get_headers(one)["Subject"] == ["one"]
    assert client.get_raw(one) == mock.message(id=one).raw
    assert [found.is_read for found in mock.messages()] == [True, True]


def test_client_changes(mock, client):
    one, two, three = send(mock, "one"), send(mock, "two"), send(mock, "three")

    client.mark_read([one, two])
    client.mark_read([two], read=False)
    client.set_tags([one, three], ["late"])
    assert [(found.is_read, found.tags) for found in mock.messages()] == [
        (True, ("late",)),
        (False, ()),
        (False, ("late",)),
    ]
    client.delete_messages([one])
    client.delete_search("tag:late")
    assert [found.id for found in mock.messages()] == [two]
    client.delete_all()
    assert mock.messages() == []


def test_client_waits(mock, client):
    moment = datetime.now(timezone.utc) - timedelta(seconds=1)
    identity = send(mock, "one")

    assert client.wait_for_message(recipient="BOB@example.com", subject="ONE", since=moment).id == identity
    client.assert_no_message(recipient="dave@example.com", within=0)
    with pytest.raises(pytest_mailpit.MailpitAssertionError, match="Expected no message matching"):
        client.assert_no_message(recipient="bob@example.com", within=0)
    with pytest.raises(pytest_mailpit.MailpitAssertionError, match="none arrived"):
        client.wait_for_message(recipient="bob@example.com", since=moment + timedelta(days=1), timeout=0)


def test_client_learns_that_chaos_refuses(mock, client):
    client.set_chaos(pytest_mailpit.ChaosTriggers(recipient=pytest_mailpit.ChaosTrigger(550, 100)))

    with pytest.raises(pytest_mailpit.MailpitAssertionError, match=r"rejecting recipients \(550, 100%\)"):
        client.wait_for_message(recipient="bob@example.com", timeout=0)


def test_checks_that_smtpmock_does_not_do_fail(mock, client):
    send(mock, "one")
    message = client.get_message()

    with pytest.raises(pytest_mailpit.MailpitAPIError, match=NOT_DONE["link-check"]):
        message.assert_links_work()
    with pytest.raises(pytest_mailpit.MailpitAPIError, match=NOT_DONE["html-check"]):
        message.assert_html_support(100)


TESTS = """
    import smtplib
    import pytest

    def send(mailpit_smtp, recipient, subject="Hello"):
        with smtplib.SMTP(mailpit_smtp.host, mailpit_smtp.port) as client:
            mail = f"To: {recipient}\\r\\nSubject: {subject}\\r\\n\\r\\nHello"
            client.sendmail("shop@example.com", [recipient], mail)

    def test_inbox(mailpit_inbox, mailpit_smtp):
        send(mailpit_smtp, "somebody.else@example.com", "Stays")
        send(mailpit_smtp, mailpit_inbox.address)
        assert mailpit_inbox.wait_for_message(subject="Hello").text == "Hello\\n"
        mailpit_inbox.assert_no_message(subject="Goodbye", within=0)

    def test_chaos(mailpit_inbox, mailpit_smtp, mailpit_chaos):
        mailpit_chaos.reject_senders(451)
        with pytest.raises(smtplib.SMTPSenderRefused, match="451"):
            send(mailpit_smtp, mailpit_inbox.address)
        mailpit_chaos.reject_recipients(550)
        mailpit_chaos.reset()
        send(mailpit_smtp, mailpit_inbox.address)
        mailpit_chaos.reject_recipients(550)

    def test_failure_keeps_its_mail(mailpit_inbox, mailpit_smtp, mailpit_chaos):
        assert not mailpit_chaos.triggers.active
        send(mailpit_smtp, mailpit_inbox.address, "Kept")
        mailpit_inbox.wait_for_message(subject="Nothing", timeout=0)
"""


def test_plugin(mock, tmp_path):
    (tmp_path / "test_shop.py").write_text(dedent(TESTS), encoding="utf-8")
    options = ("-p", "pytest_mailpit.plugin", "-p", "no:cacheprovider", "-q", f"--mailpit-url={mock.http_url}")
    # The run is a worker of none, and it is not the one whose warnings are errors.
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHONWARNINGS"))}

    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "test_shop.py"],
        cwd=tmp_path,
        env={**own, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "MAILPIT_SMTP": mock.address},
        capture_output=True,
        text=True,
        timeout=3 * SECONDS,
    )

    assert "2 passed" in run.stdout, run.stdout
    assert "1 failed" in run.stdout
    assert "Expected 1 message matching" in run.stdout
    assert "warning" not in run.stdout
    # What a test that passed got is deleted; what a failed one got is kept, and tagged with its name.
    assert [(message.subject, message.tags) for message in mock.messages()] == [
        ("Stays", ()),
        ("Kept", ("failed test_failure_keeps_its_mail",)),
    ]
    assert mock.rules == ()
