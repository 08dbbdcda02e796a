"""The application shows everybody who gets a blind copy."""

from email.policy import SMTP as SMTP_POLICY
from smtplib import SMTP

from mailer import compose


def order(address, server):
    mail = compose(address, "Your order", "Thank you.", Bcc="archive@example.com")
    with SMTP(server.host, server.port, local_hostname="shop.example.com", timeout=60) as client:
        client.sendmail("shop@example.com", [address, "archive@example.com"], mail.as_bytes(policy=SMTP_POLICY))


def test_blind_copy(smtpmock):
    order("bob@example.com", smtpmock)
    mail = smtpmock.message(recipient="archive@example.com")
    assert "Bcc" not in mail.headers
