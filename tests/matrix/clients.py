"""Scenarios that send mail, well and badly; and a talk in plain bytes."""

from __future__ import annotations

import socket
from email.message import EmailMessage
from smtplib import SMTP, SMTPException
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smtpmock import SMTPMock

SECONDS = 0.8  # that clients wait for a server which stays silent


def mail(*recipients: str, subject: str = "Welcome", text: str = "Hello") -> EmailMessage:
    """A mail."""
    message = EmailMessage()
    message["From"] = "shop@example.com"
    message["To"] = ", ".join(recipients or ("bob@example.com",))
    message["Subject"] = subject
    message.set_content(text)
    return message


def send_once(mock: SMTPMock, message: EmailMessage | None = None) -> None:
    """Send a mail with smtplib, and raise what it raises."""
    with SMTP(mock.host, mock.port, timeout=SECONDS) as client:
        client.send_message(message or mail())


def send_and_forget(mock: SMTPMock) -> None:
    """Lose mail, and tell nobody."""
    try:
        send_once(mock)
    except (SMTPException, OSError):
        pass


def send_stubbornly(mock: SMTPMock) -> None:
    """Send until the client is told that the mail was accepted, three times at most."""
    for attempt in (1, 2, 3):
        try:
            send_once(mock)
            return
        except (SMTPException, OSError):
            if attempt == 3:
                raise


def send_all(mock: SMTPMock) -> None:
    """Send two mails to three recipients each, with TLS and a login where they are offered: this meets most faults."""
    for subject in ("Welcome", "Invoice"):
        with SMTP(mock.host, mock.port, timeout=SECONDS) as client:
            client.ehlo_or_helo_if_needed()
            if client.has_extn("STARTTLS"):
                client.starttls(context=mock.client_context())
                client.ehlo()
            if client.has_extn("AUTH"):
                client.login("shop", "secret")
            client.send_message(mail("ann@example.com", "bob@example.com", "cat@example.com", subject=subject))


def send_twice(mock: SMTPMock) -> None:
    """Send each mail twice as soon as anything goes wrong."""
    try:
        send_once(mock)
    except (SMTPException, OSError):
        send_once(mock)
        send_once(mock)


def talk(mock: SMTPMock) -> list[str]:
    """Send a mail to two recipients in plain bytes; return the codes of the replies, and how the server leaves."""
    heard: list[str] = []
    lines = (
        b"",
        b"EHLO client.example\r\n",
        b"MAIL FROM:<a@example.com>\r\n",
        b"RCPT TO:<b@example.com>\r\n",
        b"RCPT TO:<c@example.com>\r\n",
        b"DATA\r\n",
        b"Subject: Welcome\r\n\r\nHello\r\n.\r\n",
        b"QUIT\r\n",
    )
    with socket.create_connection((mock.host, mock.port), timeout=SECONDS) as connection:
        received = connection.makefile("rb")
        try:
            for line in lines:
                connection.sendall(line)
                reply = received.readline()
                while reply[3:4] == b"-":
                    reply = received.readline()
                if not reply.endswith(b"\n"):
                    return [*heard, f"half {reply.decode()}" if reply else "closed"]
                heard.append(reply[:3].decode(errors="replace"))
                if heard[-1] == "503":
                    return heard
            if received.readline() == b"":
                heard.append("closed")
        except TimeoutError:
            heard.append("silent")
        except ConnectionError:
            heard.append("reset")
        finally:
            received.close()
    return heard
