"""An application that can be broken in one of many ways, as the subject of tests."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from threading import Event, Thread
from typing import TYPE_CHECKING

from robot.api.deco import keyword, library

if TYPE_CHECKING:
    from SMTPMockLibrary import MockServer

SECONDS = 30

_HTML = '<p>Dear {name},</p><p>welcome! <a href="{link}">Confirm your address</a></p>'
_TEXT = "Dear {name},\n\nwelcome! Confirm your address: {link}\n"


@library(scope="GLOBAL")
class Application:
    """A shop that sends a welcome mail, invoices and a newsletter, each correct unless `fault` says otherwise."""

    def __init__(self) -> None:
        self._may_go_on = Event()
        self._thread: Thread | None = None

    @keyword
    def sign_up(self, server: MockServer, email: str = "bob@example.com", fault: str = "") -> None:
        """Send a welcome mail with a link."""
        message = EmailMessage()
        message["From"] = "shop@example.com"
        message["To"] = "bob@exmaple.com" if fault == "wrong recipient" else email
        message["Subject"] = "Schöne Grüße vom Laden"
        if fault == "subject in the wrong encoding":
            message.replace_header("Subject", "Schöne Grüße vom Laden".encode().decode("latin-1"))
        host = "localhost:8000" if fault == "link to the wrong host" else "shop.example.com"
        link = f"https://{host}/confirm/7f3a"
        name = "{{ name }}" if fault == "placeholder" else "Bob"
        text, html = _TEXT.format(name=name, link=link), _HTML.format(name=name, link=link)
        if fault == "HTML part only":
            message.set_content(html, subtype="html")
        else:
            message.set_content(text)
            message.add_alternative(html, subtype="html")
        if fault == "too late":
            self._may_go_on.clear()
            self._thread = Thread(target=self._send_later, args=(server, message))
            self._thread.start()
        elif fault != "no mail":
            for _ in range(2 if fault == "sent twice" else 1):
                self._send(server, message)

    @keyword
    def complete(self) -> None:
        """Let the application do what it has not done yet."""
        self._may_go_on.set()
        if self._thread:
            self._thread.join(SECONDS)

    @keyword
    def order(self, server: MockServer, fault: str = "") -> None:
        """Send an invoice, with a copy for the archive that the customer must not see."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "shop@example.com", "bob@example.com", "Your order 4711"
        if fault == "Bcc in the headers":
            message["X-Envelope-Bcc"] = "archive@example.com"
        message.set_content("Thank you for your order. The invoice is attached.\n")
        content = b"" if fault == "empty PDF" else b"%PDF-1.7 an invoice"
        message.add_attachment(content, maintype="application", subtype="pdf", filename="invoice-4711.pdf")
        self._send(server, message, "bob@example.com", "archive@example.com")

    @keyword
    def send_newsletter(self, server: MockServer, readers: list[str], fault: str = "") -> None:
        """Send one mail to each reader."""
        for reader in readers:
            if fault == "one reader left out" and reader.startswith("reader17@"):
                continue
            message = EmailMessage()
            message["From"], message["To"], message["Subject"] = "news@example.com", reader, "News of the week"
            message.set_content("News.\n")
            self._send(server, message)

    def _send_later(self, server: MockServer, message: EmailMessage) -> None:
        self._may_go_on.wait(SECONDS)
        self._send(server, message)

    def _send(self, server: MockServer, message: EmailMessage, *recipients: str) -> None:
        try:
            with smtplib.SMTP(server.host, server.port, "shop.example.com", SECONDS) as client:
                client.send_message(message, to_addrs=recipients or None)
        except smtplib.SMTPException as error:
            print(f"Not sent: {error}")  # and nobody who uses the application learns of it
