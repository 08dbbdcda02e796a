"""Send a mail to three recipients with smtplib."""

import os
import smtplib
import ssl
from pathlib import Path

MAIL = Path(__file__).with_name("mail.txt").read_text()
CAFILE = os.environ.get("SMTP_CAFILE")

with smtplib.SMTP(os.environ["SMTP_HOST"], int(os.environ["SMTP_PORT"]), timeout=3) as client:
    if CAFILE:
        client.starttls(context=ssl.create_default_context(cafile=CAFILE))
    client.login("shop", "secret")
    client.sendmail("shop@example.com", ["a@example.com", "b@example.com", "c@example.com"], MAIL)
