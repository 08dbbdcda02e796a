"""How the applications send mail."""

from email.message import EmailMessage
from smtplib import SMTP


def compose(recipient, subject, text, **headers):
    mail = EmailMessage()
    mail["From"] = "shop@example.com"
    mail["To"] = recipient
    mail["Subject"] = subject
    mail["Date"] = "Mon, 02 Mar 2026 10:00:00 +0000"
    mail["Message-ID"] = "<1@shop.example.com>"
    for name, value in headers.items():
        mail[name] = value
    mail.set_content(text)
    return mail


def send(server, mail, recipients=None):
    with SMTP(server.host, server.port, local_hostname="shop.example.com", timeout=60) as client:
        client.send_message(mail, "shop@example.com", recipients)
