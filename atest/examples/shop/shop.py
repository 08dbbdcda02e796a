"""A small shop that sends mail, as an example of an application under test.

Its commands are ``sign-up ADDRESS``, ``invoice ADDRESS NUMBER`` and ``newsletter FILE-WITH-ADDRESSES``.
"""

from __future__ import annotations

import argparse
import secrets
import smtplib
import sys
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path

SENDER = "shop@example.com"
ARCHIVE = "archive@example.com"


def mail(recipient: str, subject: str, text: str) -> EmailMessage:
    """Return a message from the shop."""
    message = EmailMessage()
    message["From"] = f"The Shop <{SENDER}>"
    message["To"] = recipient
    message["Subject"] = subject
    message["Date"] = formatdate(localtime=True)
    message["Message-ID"] = make_msgid(domain="example.com")
    message.set_content(text)
    return message


def sign_up(server: smtplib.SMTP, recipient: str) -> None:
    """Ask a new customer to confirm the address."""
    link = f"https://shop.example.com/confirm/{secrets.token_urlsafe(24)}"
    code = f"{secrets.randbelow(10**6):06}"
    message = mail(
        recipient,
        "Welcome to the shop: please confirm your address",
        f"Hello!\n\nThank you for signing up. To confirm your address, open\n\n  {link}\n\nor enter the code {code}.\n",
    )
    message.add_alternative(
        "<div style='font-family:sans-serif;max-width:26em'>"
        "<h2 style='color:#2a6'>Welcome to the shop</h2><p>Thank you for <b>signing up</b>.</p>"
        f"<p><a style='background:#2a6;color:#fff;padding:.5em 1em;text-decoration:none' href='{link}'>"
        f"Confirm your address</a></p><p>or enter the code <b>{code}</b>.</p></div>",
        subtype="html",
    )
    server.send_message(message)


def invoice(server: smtplib.SMTP, recipient: str, number: int) -> None:
    """Send an invoice, and a blind copy to the archive."""
    message = mail(recipient, f"Your invoice {number}", "Thank you for your order. The invoice is attached.\n")
    message.add_attachment(pdf(f"Invoice {number}"), maintype="application", subtype="pdf", filename=f"{number}.pdf")
    message["Bcc"] = ARCHIVE  # send_message removes this header
    server.send_message(message)


def newsletter(server: smtplib.SMTP, addresses: list[str]) -> list[str]:
    """Send the newsletter to each address, and return the addresses that were refused."""
    refused = []
    for address in addresses:
        try:
            server.send_message(mail(address, "News of the week", "Everything is new, and cheaper.\n"))
        except smtplib.SMTPRecipientsRefused:
            refused.append(address)
    return refused


def pdf(text: str) -> bytes:
    """Return a PDF with one page that contains the text."""
    content = b"BT /F 24 Tf 60 700 Td (%s) Tj ET" % text.encode("ascii")
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    body = b"%PDF-1.4\n"
    places = []
    for number, found in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj%s endobj\n" % (number, found)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + end


def main() -> int:
    """Run the command line, and return 0 if all recipients were accepted."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--smtp", required=True, metavar="HOST:PORT")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("sign-up").add_argument("recipient")
    commands.add_parser("newsletter").add_argument("addresses", type=Path)
    for_invoice = commands.add_parser("invoice")
    for_invoice.add_argument("recipient")
    for_invoice.add_argument("number", type=int)
    arguments = parser.parse_args()

    host, _, port = arguments.smtp.rpartition(":")
    with smtplib.SMTP(host, int(port), local_hostname="shop.example.com", timeout=30) as server:
        if arguments.command == "sign-up":
            sign_up(server, arguments.recipient)
        elif arguments.command == "invoice":
            invoice(server, arguments.recipient, arguments.number)
        else:
            refused = newsletter(server, arguments.addresses.read_text(encoding="utf-8").split())
            if refused:
                print(f"Refused: {', '.join(refused)}")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
