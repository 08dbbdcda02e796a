"""Send a mail to three recipients with aiosmtplib."""

import asyncio
import os
from pathlib import Path

import aiosmtplib

MAIL = Path(__file__).with_name("mail.txt").read_text()

asyncio.run(
    aiosmtplib.send(
        MAIL,
        sender="shop@example.com",
        recipients=["a@example.com", "b@example.com", "c@example.com"],
        hostname=os.environ["SMTP_HOST"],
        port=int(os.environ["SMTP_PORT"]),
        username="shop",
        password="secret",
        timeout=3,
        start_tls=bool(os.environ.get("SMTP_CAFILE")),
        cert_bundle=os.environ.get("SMTP_CAFILE"),
    )
)
