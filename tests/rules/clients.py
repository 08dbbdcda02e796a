"""Clients that try again, as applications do, on top of the usual libraries.

An attempt ends in a word: "delivered"; "later 450" or "refused 550", by the code of the reply; "broken" where the
connection was lost; "timeout"; "nonsense" where the reply was none.
"""

from __future__ import annotations

import asyncio
import smtplib
from typing import TYPE_CHECKING

import pytest

from tests.raw_client import SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from smtpmock import SMTPMock

    Attempt = Callable[..., str]

MAIL = b"Subject: Invoice 7\r\nMessage-ID: <7@example.com>\r\n\r\nPay now.\r\n"
ATTEMPTS = 3


def by_code(code: int) -> str:
    return f"later {code}" if 400 <= code < 500 else f"refused {code}" if 500 <= code < 600 else "nonsense"


def with_smtplib(mock: SMTPMock, timeout: float = SECONDS) -> str:
    """An attempt with the standard library."""

    def send() -> None:
        with smtplib.SMTP(mock.host, mock.port, local_hostname="app.example", timeout=timeout) as client:
            client.sendmail("a@example.com", ["b@example.com"], MAIL)

    return _outcome(send)


def with_aiosmtplib(mock: SMTPMock, timeout: float = SECONDS) -> str:
    """An attempt with aiosmtplib."""
    aiosmtplib = pytest.importorskip("aiosmtplib")
    try:
        asyncio.run(
            aiosmtplib.send(
                MAIL,
                sender="a@example.com",
                recipients=["b@example.com"],
                hostname=mock.host,
                port=mock.port,
                local_hostname="app.example",
                timeout=timeout,
            )
        )
    except aiosmtplib.SMTPRecipientsRefused as error:
        return by_code(error.recipients[0].code)
    except aiosmtplib.SMTPTimeoutError:
        return "timeout"
    except aiosmtplib.SMTPConnectResponseError as error:
        return by_code(error.code)
    except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPConnectError):
        return "broken"
    except aiosmtplib.SMTPResponseException as error:
        return by_code(error.code)
    return "delivered"


def with_django(mock: SMTPMock, timeout: float = SECONDS) -> str:
    """An attempt with Django."""
    pytest.importorskip("django")
    from django.conf import settings
    from django.core.mail import EmailMessage
    from django.core.mail.backends.smtp import EmailBackend

    if not settings.configured:
        settings.configure()
    backend = EmailBackend(host=mock.host, port=mock.port, timeout=timeout)
    return _outcome(EmailMessage("Invoice 7", "Pay now.", "a@example.com", ["b@example.com"], connection=backend).send)


def _outcome(send: Callable[[], object]) -> str:
    """How an attempt ends that is made through smtplib."""
    try:
        send()
    except smtplib.SMTPRecipientsRefused as error:
        [(code, _)] = error.recipients.values()
        return by_code(code)
    except smtplib.SMTPResponseException as error:
        return by_code(error.smtp_code)
    except (smtplib.SMTPServerDisconnected, ConnectionError):
        return "broken"  # smtplib says so where time ran out, too
    return "delivered"


def try_again(attempt: Attempt, mock: SMTPMock) -> list[str]:
    """Tries until the mail is delivered or refused for good, at most three times; the clock moves on in between."""
    said = []
    while len(said) < ATTEMPTS:
        said.append(attempt(mock))
        if said[-1] == "delivered" or said[-1].startswith("refused"):
            break
        mock.clock.advance(300)
    return said


def carefully(mock: SMTPMock, patience: float = SECONDS) -> str:
    """An attempt that says "unknown" where the message may have been taken: it must not be sent again."""
    sent = False
    try:
        with smtplib.SMTP(mock.host, mock.port, local_hostname="app.example", timeout=SECONDS) as client:
            client.ehlo()
            client.mail("a@example.com")
            client.rcpt("b@example.com")
            code, _ = client.docmd("DATA")
            if code != 354:
                return by_code(code)
            sent = True
            client.send(MAIL + b".\r\n")
            client.sock.settimeout(patience)
            code, _ = client.getreply()
            client.sock.settimeout(SECONDS)
            return "delivered" if code == 250 else by_code(code)
    except (OSError, smtplib.SMTPServerDisconnected):
        return "unknown" if sent else "broken"
