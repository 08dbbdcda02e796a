"""Clients that send one mail or very many, and a thread for a call that waits."""

from __future__ import annotations

import threading
from smtplib import SMTP

from tests.raw_client import SECONDS, Client


def send(mock, *recipients, subject="hi", sender="a@example.com"):
    with SMTP(mock.host, mock.port, timeout=SECONDS) as client:
        client.sendmail(sender, recipients or ["b@example.com"], f"Subject: {subject}\r\n\r\nhello")


def fail(mock):
    """A transaction that comes to nothing."""
    with SMTP(mock.host, mock.port, timeout=SECONDS) as client:
        client.docmd("HELO", "x.example")
        client.docmd("RCPT", "TO:<b@example.com>")


def in_thread(function, *args, **query):
    """Calls a function in a thread; returns what gives its result."""
    outcome = []
    thread = threading.Thread(target=lambda: outcome.append(function(*args, **query)))
    thread.start()

    def result():
        thread.join(SECONDS)
        [value] = outcome
        return value

    return result


def stream(mock, count, message):
    """Sends so many messages through one connection; `message` gives the recipient and the subject of each."""
    with Client(mock) as client:
        assert client.ask("EHLO x.example") == ["250 Received"]
        for start in range(0, count, 100):
            batch = range(start, min(start + 100, count))
            for recipient, subject in map(message, batch):
                client.send("MAIL FROM:<a@example.com>", f"RCPT TO:<{recipient}>", "DATA")
                client.send(f"Subject: {subject}", "", "hello", ".")
            codes = [reply[:3] for reply in client.read_replies(4 * len(batch))]
            assert codes == ["250", "250", "354", "250"] * len(batch)
