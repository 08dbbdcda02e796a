"""The server refuses the recipient, and the application goes on as if nothing had happened."""

from smtplib import SMTPException

import pytest
from mailer import compose, send


def invite(addresses, server):
    for address in addresses:
        try:
            send(server, compose(address, "Invitation", "Join us."))
        except SMTPException:
            pass


@pytest.mark.smtpmock(not_registered_emails=["gone@example.com"])
def test_invitations(smtpmock):
    invite(["bob@example.com", "gone@example.com"], smtpmock)
    smtpmock.assert_message_count(2, subject="Invitation")
